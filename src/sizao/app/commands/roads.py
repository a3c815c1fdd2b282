"""``sizao roads``: import, look into and ask a road network. Each prints one JSON object."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import click

from sizao.core.errors import ConfigError

_FILE = click.Path(path_type=Path, dir_okay=False)


def _show(**answer: Any) -> None:
    click.echo(json.dumps(answer, ensure_ascii=False, indent=1))


@click.group()
def command() -> None:
    """Import and inspect road networks."""


@command.command("import")
@click.argument("file", type=_FILE)
@click.option("--out", required=True, type=_FILE, help="Network to write, e.g. network.npz.")
@click.option("--strict", is_flag=True, help="Import nothing if anything is wrong.")
@click.option("--areas", type=_FILE, help="GeoJSON polygons with a property code: the counties.")
@click.option("--layer", default="", help="Layer of a .gpkg with several.")
def import_(file: Path, out: Path, strict: bool, areas: Path | None, layer: str) -> None:
    """Make a network of FILE: GeoJSON (.json, .geojson), GeoPackage (.gpkg) or OpenStreetMap
    (.pbf, .osm)."""
    from sizao.app.road_files import imported_lines
    from sizao.roads.areas import assign_areas
    from sizao.roads.network import Network
    from sizao.roads.osm import read_osm

    is_lines = file.suffix.lower() in (".json", ".geojson", ".gpkg")
    imported = imported_lines(file, layer) if is_lines else read_osm(file)
    what = "feature" if is_lines else "way"
    for rejected in imported.rejected:
        click.echo(f"{what} {rejected.number}: {rejected.reason}", err=True)
    if strict and imported.rejected:
        raise ConfigError(f"{file}: {len(imported.rejected)} problems, nothing imported (--strict)")
    without_area = assign_areas(imported.lines, areas) if areas else None
    network = Network.from_lines(imported.lines)
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    network.save(draft)
    draft.replace(out)
    _show(
        out=str(out),
        **network.summary(),
        lines=len(imported.lines),
        skipped=imported.skipped,
        clipped=imported.clipped,
        lines_without_area=without_area,
        rejected=[{what: item.number, "reason": item.reason} for item in imported.rejected],
    )


@command.command()
@click.argument("network", type=_FILE)
def info(network: Path) -> None:
    """Count what NETWORK has."""
    from sizao.roads.network import Network

    _show(**Network.load(network).summary())


@command.command()
@click.argument("network", type=_FILE)
@click.argument("ref")
@click.argument("stake")
@click.option("--direction", default="", help="Carriageway, e.g. 下行.")
def locate(network: Path, ref: str, stake: str, direction: str) -> None:
    """Where on NETWORK is STAKE (120300 or K120+300) of the road REF (G5)?"""
    from sizao.roads.network import Network

    roads = Network.load(network)
    segment, offset_m, lat, lon = roads.locate(ref, _stake_m(stake), direction)
    _show(
        place=roads.place(segment, offset_m),
        lat=round(lat, 7),
        lon=round(lon, 7),
        segment=segment,
        offset_m=round(offset_m, 3),
    )


@command.command()
@click.argument("network", type=_FILE)
@click.argument("lat", type=float)
@click.argument("lon", type=float)
def at(network: Path, lat: float, lon: float) -> None:
    """Which road of NETWORK is nearest to LAT LON?"""
    from sizao.roads.grid import build_grid, nearest
    from sizao.roads.network import Network

    roads = Network.load(network)
    segment, offset_m, distance_m = nearest(roads, build_grid(roads), lat, lon)
    _show(
        place=roads.place(segment, offset_m),
        distance_m=round(distance_m, 1),
        segment=segment,
        offset_m=round(offset_m, 3),
    )


def _stake_m(text: str) -> float:
    found = re.fullmatch(r"[Kk](\d+)(?:\+(\d{1,3}(?:\.\d+)?))?", text)
    if found:
        return int(found[1]) * 1000.0 + float(found[2] or 0)
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"stake {text!r} is neither metres nor like K120+300") from None
