"""What the preview of a check shows: the first rows as they will be stored, points, fits."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sizao.feeds.tables.checking import Checked
from sizao.feeds.tables.kinds import kind_named
from sizao.feeds.tables.places import guess_datum
from sizao.feeds.tables.reasons import Bad
from sizao.feeds.tables.table import Table, blank
from sizao.feeds.tables.values.base import Column
from sizao.roads.network import Network
from sizao.web.imports.models import Batch

ROWS = 12
POINTS = 1500


def preview(
    batch: Batch, table: Table, checked: Checked, network: Network | None
) -> dict[str, Any]:
    """JSON for the page: ``fields``, ``rows``, ``points`` (WGS-84), ``fits``, ``reasons``."""
    kind = kind_named(batch.kind)
    names = [one.name for one in kind.fields if not one.helper]
    head = checked.good[:ROWS]
    used = [name for name in names if any(one.values.get(name) is not None for one in head)]
    found: dict[str, Any] = {
        "fields": used,
        "rows": [
            {"row": one.number, "values": [_plain(one.values.get(name)) for name in used]}
            for one in head
        ],
        "unused": list(checked.unused),
        "reasons": dict(checked.reasons().most_common()),
    }
    if kind.places:
        placed = [one for one in checked.good if one.values.get("lat") is not None]
        step = max(1, len(placed) // POINTS)
        found["placed"] = len(placed)
        found["points"] = [
            [round(one.values["lon"], 6), round(one.values["lat"], 6)] for one in placed[::step]
        ][:POINTS]
        found["fits"] = fits(batch, table, network)
    return found


def fits(batch: Batch, table: Table, network: Network | None) -> dict[str, Any]:
    """How the file's own coordinates lie to the roads under each system; {} without a network."""
    if network is None:
        return {}
    lat, lon = _coordinates(batch, table)
    guess = guess_datum(network, lat, lon)
    return {
        "points": guess.points,
        "datum": guess.datum,
        "fits": [
            {"datum": one.datum, "median_m": round(one.median_m, 1),
             "share_near": round(one.share_near, 3)}
            for one in guess.fits
        ],
    }  # fmt: skip


def _coordinates(batch: Batch, table: Table) -> tuple[list[float], list[float]]:
    """Latitudes and longitudes as the file has them, rows without both left out."""
    kind = kind_named(batch.kind)
    columns = batch.options["mapping"]["columns"]
    where = {name: index for index, name in enumerate(table.header)}
    pair = [(kind.by_field[name], where.get(columns.get(name, ""), -1)) for name in ("lat", "lon")]
    found: tuple[list[float], list[float]] = ([], [])
    if min(index for _, index in pair) < 0:
        return found
    for row in table.rows[:: max(1, len(table.rows) // 2000)]:
        values = []
        for one, index in pair:
            cell = row.cells[index] if index < len(row.cells) else None
            try:
                values.append(None if blank(cell) else one.parse(cell, Column()))
            except Bad:
                values.append(None)
        if None not in values:
            found[0].append(values[0])
            found[1].append(values[1])
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    return value
