"""``sizao terminal``: be one JT/T 808 terminal and see what the platform says."""

from __future__ import annotations

import asyncio
import json
import math
import sys
from pathlib import Path
from typing import Any, TextIO

import click

from sizao.app.options import PORT
from sizao.core.errors import ConfigError
from sizao.feeds.jt808.messages import MESSAGES
from sizao.sim.errand import Errand, run
from sizao.sim.handset import Handset, Identity, alarm_item
from sizao.sim.track_file import Point, read_track
from sizao.sim.uploader import File

FILE_TYPES = {
    **dict.fromkeys(("jpg", "jpeg", "png", "bmp"), 0),
    **dict.fromkeys(("wav", "mp3", "aac"), 1),
    **dict.fromkeys(("mp4", "avi", "h264", "mkv"), 2),
    **dict.fromkeys(("txt", "csv", "json", "bin"), 3),
}
"""Suffix to file type of T/JSATL 12."""

_HEADER = frozenset(
    {"message_id", "properties", "body_length", "encryption", "subpackage", "phone_raw", "phone"}
    | {"version", "protocol_version", "checksum", "checksum_ok"}
)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the platform.")
@click.option("--port", type=PORT, default=6808, show_default=True, help="Port of the platform.")
@click.option("--udp", is_flag=True, help="By UDP instead of TCP.")
@click.option("--phone", default="10000000001", show_default=True, help="Phone of the terminal.")
@click.option(
    "--version",
    type=click.Choice(["2011", "2013", "2019"]),
    default="2013",
    show_default=True,
    help="Edition of the standard it speaks.",
)
@click.option("--plate", default="川DI0001", show_default=True, help="Plate it registers with.")
@click.option("--plate-colour", type=click.IntRange(0, 99), default=2, show_default=True)
@click.option("--at", metavar="LAT,LON", default="26.58,101.72", show_default=True)
@click.option("--speed-kmh", type=click.FloatRange(0, 6553), default=0.0, show_default=True)
@click.option("--heading-deg", type=click.IntRange(0, 360), default=0, show_default=True)
@click.option("--alarm-bits", type=int, default=0, help="Alarm word, such as 1 for an emergency.")
@click.option("--count", type=click.IntRange(0), default=1, show_default=True, help="Positions.")
@click.option(
    "--every-s",
    type=click.FloatRange(0),
    default=10.0,
    show_default=True,
    help="Time from one position to the next, where the track has none.",
)
@click.option(
    "--track",
    type=click.File(encoding="utf-8"),
    help="Drive along a file: CSV with lat, lon, time ... or a JSON object a line.",
)
@click.option(
    "--pace",
    type=click.FloatRange(0),
    default=0.0,
    show_default=True,
    help="Send so many times as fast as driven; 0: at once.",
)
@click.option("--shift", is_flag=True, help="Let the track begin now.")
@click.option(
    "--alarm",
    metavar="KIND",
    help="Report an active-safety alarm, such as dsm.fatigue, with the last position.",
)
@click.option(
    "--file",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Evidence of the alarm, sent when the platform asks. May be given several times.",
)
@click.option(
    "--stay-s",
    type=click.FloatRange(0),
    default=3.0,
    show_default=True,
    help="Listen for so long after everything was answered.",
)
@click.option("--wait-s", default=10.0, show_default=True, help="Patience for answers.")
def command(
    host: str,
    port: int,
    udp: bool,
    phone: str,
    version: str,
    plate: str,
    plate_colour: int,
    at: str,
    speed_kmh: float,
    heading_deg: int,
    alarm_bits: int,
    count: int,
    every_s: float,
    track: TextIO | None,
    pace: float,
    shift: bool,
    alarm: str | None,
    files: tuple[Path, ...],
    stay_s: float,
    wait_s: float,
) -> None:
    """Register, authenticate, report positions, answer what the platform says, hang up.

    Each message is a line: > what the terminal says, < what the platform says. Orders of the
    platform are answered as a terminal would; when it asks for the files of the alarm (0x9208)
    they are sent. The summary goes to standard error; the exit code is 1 if anything was not
    answered or not taken.
    """
    if not phone.isdigit() or len(phone) > (20 if version == "2019" else 12):
        raise click.BadParameter("12 digits, 20 in the edition of 2019", param_hint="--phone")
    if files and alarm is None:
        raise click.UsageError("--file is the evidence of an --alarm")
    handset = Handset(Identity(phone=phone, version=version, plate=plate, plate_color=plate_colour))
    if track is not None:
        points = read_track(track, track.name)
    else:
        more = {"speed_kmh": speed_kmh, "heading_deg": heading_deg, "alarm": alarm_bits}
        points = [Point(*_place(at), more=more)] * count
    if alarm is not None:
        if not points:
            raise click.UsageError("--alarm needs a position to come with")
        _check_alarm(alarm)
    errand = Errand(
        points=points,
        every_s=every_s,
        pace=pace,
        shift=shift,
        alarm=alarm,
        files=[_file(path, number) for number, path in enumerate(files)],
        stay_s=stay_s,
        wait_s=wait_s,
    )
    result = asyncio.run(run(handset, errand, host, port, udp=udp, tell=_print))
    summary = {name: value for name, value in vars(result).items() if value != []}
    click.echo(json.dumps(summary, ensure_ascii=False), err=True)
    if not result.good:
        sys.exit(1)


def _print(from_platform: bool, frame: dict[str, Any]) -> None:
    """One message, one line."""
    known = MESSAGES.get(int(frame.get("message_id", "0x0"), 16))
    name = f"{known.zh} {known.name}" if known is not None else ""
    body = {key: value for key, value in frame.items() if key not in _HEADER}
    said = json.dumps(body, ensure_ascii=False)
    click.echo(f"{'<' if from_platform else '>'} {frame.get('message_id', '?')} {name} {said}")


def _place(text: str) -> tuple[float, float]:
    try:
        lat, lon = (float(part) for part in text.split(","))
    except ValueError:
        lat, lon = math.nan, math.nan
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        raise click.BadParameter("latitude and longitude, as in 26.58,101.72", param_hint="--at")
    return lat, lon


def _check_alarm(kind: str) -> None:
    try:
        alarm_item(kind, 1_767_225_600_000_000, 0, 0, terminal_id="", files=0)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--alarm") from error


def _file(path: Path, number: int) -> File:
    """A file under a name as T/JSATL 12 forms it: type, channel, alarm, number, rest."""
    kind = FILE_TYPES.get(path.suffix.lstrip(".").lower(), 4)
    name = f"{kind:02d}_65_0_{number}_{path.name}"
    if len(name.encode("gbk", "replace")) > 50:
        name = f"{kind:02d}_65_0_{number}_evidence{path.suffix}"
    try:
        return File(name, kind, path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
