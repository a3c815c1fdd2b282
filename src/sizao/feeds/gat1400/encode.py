"""MotorVehicle objects and messages as a sender writes them: for subscribers and for simulation."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sizao.feeds.gat1400.colours import TO_GAT1400
from sizao.feeds.gat1400.status import local_time


def motor_vehicle(
    row: Mapping[str, Any], pictures: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """A PASSAGE row as a MotorVehicle object; ``pictures`` are SubImageInfo objects."""
    time_us = _micros(row["time"])
    plate = row.get("plate")
    colour = row.get("plate_colour")
    sent: dict[str, Any] = {
        "MotorVehicleID": row["passage"],
        "InfoKind": 1,
        "SourceID": row["passage"],
        "TollgateID": row.get("tollgate"),
        "DeviceID": row["checkpoint"],
        "PassTime": local_time(time_us),
        "LaneNo": row.get("lane"),
        "Direction": row.get("direction"),
        "HasPlate": "1" if plate else "0",
        "PlateNo": plate,
        "PlateClass": row.get("plate_class"),
        "PlateColor": None if colour is None else TO_GAT1400.get(colour, "99"),
        "PlateReliability": _text(row.get("plate_reliability")),
        "VehicleClass": row.get("vehicle_class"),
        "VehicleColor": row.get("vehicle_colour"),
        "VehicleBrand": row.get("vehicle_brand"),
        "Speed": row.get("speed_kmh"),
    }
    for number, url in enumerate((row.get("picture_urls") or ())[:5], 1):
        sent[f"StorageUrl{number}"] = url
    found = {name: value for name, value in sent.items() if value is not None}
    if pictures:
        found["SubImageList"] = {"SubImageInfoObject": list(pictures)}
    return found


def picture(
    data: bytes, name: str, device: str, time_us: int, file_format: str = "Jpeg"
) -> dict[str, Any]:
    """A SubImageInfo object with the picture in it. Type 01: the whole vehicle."""
    return {
        "ImageID": name,
        "DeviceID": device,
        "ShotTime": local_time(time_us),
        "Type": "01",
        "FileFormat": file_format,
        "Data": base64.b64encode(data).decode(),
    }


def motor_vehicles(objects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The body of POST /VIID/MotorVehicles, in the more common of the two spellings."""
    return {"MotorVehicleListObject": {"MotorVehicleObject": list(objects)}}


def _text(number: float | None) -> str | None:
    """The standard has it as a text."""
    return None if number is None else f"{number:g}"


def _micros(time: Any) -> int:
    """Integer microseconds, or an aware datetime as Arrow gives it."""
    if isinstance(time, datetime):
        return round(time.astimezone(UTC).timestamp() * 1_000_000)
    return int(time)
