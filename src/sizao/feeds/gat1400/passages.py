"""MotorVehicle objects to PASSAGE rows.

Many devices send numbers and flags as strings, leave out what they do not know or send it empty,
and write "无牌" or "车牌" where there is no plate. All of that is read; a value that cannot be is
left out and reported, and only an object without a readable passing time is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sizao.core.ids import content_id
from sizao.feeds.forms import Field, Form, Problem, believable_time
from sizao.feeds.gat1400.colours import PLATE_COLOURS
from sizao.feeds.images import MAX_IMAGES, Image, decode_image
from sizao.feeds.plates import plate
from sizao.feeds.taken import Taken, raw_json

FORM = Form(
    (
        Field("MotorVehicleID", "text", doc="Identifier of the passage", high=64),
        Field("DeviceID", "text", doc="Checkpoint device; default: the sender", high=64),
        Field("TollgateID", "text", doc="Tollgate the device belongs to", high=64),
        Field("PassTime", "time", doc="Passing time, China's civil time"),
        Field("AppearTime", "time", doc="Taken where PassTime is missing"),
        Field("LaneNo", "integer", doc="Lane", low=0, high=255),
        Field("Direction", "text", doc="Direction code, kept as sent", high=32),
        Field("HasPlate", "flag", doc="0: the plate is left out whatever PlateNo says"),
        Field("PlateNo", "text", doc="Plate", convert=plate),
        Field("PlateColor", "text", "ColorType", "Plate colour", words=PLATE_COLOURS),
        Field("PlateClass", "text", "GA/T 16.7", "Plate class, kept as sent", high=8),
        Field(
            "PlateReliability",
            "number",
            "%",
            "How sure the camera is of PlateNo; 0 is sent by those who do not tell",
            low=0,
            high=100,
            missing=frozenset({0.0}),
        ),
        Field("VehicleClass", "text", "GA/T 16.4", "Vehicle class, kept as sent", high=8),
        Field("VehicleColor", "text", "ColorType", "Body colour, kept as sent", high=8),
        Field("VehicleBrand", "text", doc="Brand code, kept as sent", high=32),
        Field("Speed", "number", "km/h", "Measured speed; 0 to 300 is believed", low=0, high=300),
    )
)
"""Fields of a MotorVehicle object that are used. Others are passed over."""

URLS = tuple(f"StorageUrl{number}" for number in range(1, 6))


def read_passage(
    sent: Any, *, source: str, device: str, received_us: int, raw: bytes | None = None
) -> Taken:
    """One MotorVehicle object. Never raises.

    device : DeviceID used where the object names none
    """
    if not isinstance(sent, Mapping):
        problem = Problem("bad_value", "a MotorVehicle is an object")
        return Taken("", problems=[problem], raw=raw if raw is not None else raw_json(sent))
    values, problems = FORM.read(sent)
    time_us = values["PassTime"] if values["PassTime"] is not None else values["AppearTime"]
    checkpoint = values["DeviceID"] or device
    if time_us is None:
        problems.insert(0, Problem("missing_field", "PassTime is required"))
    elif late := believable_time(time_us, received_us):
        problems.insert(0, late)
        time_us = None
    images, urls = _pictures(sent, problems)
    name = values["MotorVehicleID"] or content_id(
        "passage", checkpoint, *(str(values[field.name]) for field in FORM.fields)
    )
    taken = Taken(name, problems=problems)
    if problems:
        taken.raw = raw if raw is not None else raw_json(sent)
    if time_us is None:
        return taken
    taken.key = (checkpoint, name, str(time_us))
    taken.images = images
    has_plate = values["HasPlate"] is not False
    taken.row = {
        "passage": name,
        "checkpoint": checkpoint,
        "time": time_us,
        "received": received_us,
        "plate": values["PlateNo"] if has_plate else None,
        "plate_colour": values["PlateColor"] if has_plate else None,
        "plate_class": values["PlateClass"],
        "plate_reliability": values["PlateReliability"] if has_plate else None,
        "vehicle_class": values["VehicleClass"],
        "vehicle_colour": values["VehicleColor"],
        "vehicle_brand": values["VehicleBrand"],
        "tollgate": values["TollgateID"],
        "lane": values["LaneNo"],
        "direction": values["Direction"],
        "speed_kmh": values["Speed"],
        "picture_urls": urls or None,
        "source": source,
    }
    return taken


def _pictures(sent: Mapping[str, Any], problems: list[Problem]) -> tuple[list[Image], list[str]]:
    """Pictures that came along, and addresses of those that did not."""
    images: list[Image] = []
    urls = [_url(sent.get(name)) for name in URLS]
    subs = sent.get("SubImageList")
    if isinstance(subs, Mapping):
        subs = subs.get("SubImageInfoObject")
    if isinstance(subs, Mapping):
        subs = [subs]
    if isinstance(subs, list) and len(subs) > MAX_IMAGES:
        problems.append(Problem("bad_image", f"SubImageList: more than {MAX_IMAGES} pictures"))
        subs = subs[:MAX_IMAGES]
    for number, info in enumerate(subs if isinstance(subs, list) else (), 1):
        if not isinstance(info, Mapping):
            problems.append(Problem("bad_image", f"SubImageList: number {number} is no object"))
            continue
        urls.append(_url(info.get("StoragePath")))
        if info.get("Data") in (None, ""):
            continue
        shot, _ = _SHOT_TIME.read(info.get("ShotTime"))
        name, _ = _IMAGE_ID.read(info.get("ImageID"))
        image = decode_image(info["Data"], name, shot)
        if isinstance(image, str):
            problems.append(Problem("bad_image", f"SubImageList: number {number}: {image}"))
        else:
            images.append(image)
    return images, list(dict.fromkeys(url for url in urls if url))


_SHOT_TIME = Field("ShotTime", "time")
_IMAGE_ID = Field("ImageID", "text", high=64)
_URL = Field("url", "text", high=500)


def _url(value: Any) -> str:
    found, _ = _URL.read(value)
    return found or ""
