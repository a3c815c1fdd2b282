"""A weighing as sent to a WEIGHING row.

Masses are kept as sent. Where they contradict each other the row says so in ``quality`` and a
person or a rule decides; only what cannot be a road vehicle is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sizao.core.ids import content_id
from sizao.feeds.forms import Problem, believable_time
from sizao.feeds.images import MAX_IMAGES, Image, decode_image
from sizao.feeds.taken import Taken, raw_json
from sizao.feeds.weighing.form import FORM, MAX_AXLES

SUM_TOLERANCE = 0.05
"""The sum of the axle loads may differ from the gross mass by this share before the row is marked
``sum_differs``. Proposed by this project: instruments in motion state 5 % for the gross mass."""


def read_weighing(
    sent: Any, *, source: str, station: str, received_us: int, raw: bytes | None = None
) -> Taken:
    """One weighing: a JSON object, or a CSV row as a mapping. Never raises.

    station : code used where the record names none
    raw : the bytes it came as; default: the object as JSON
    """
    if not isinstance(sent, Mapping):
        problem = Problem("bad_value", "a weighing is an object")
        return Taken("", problems=[problem], raw=raw if raw is not None else raw_json(sent))
    values, problems = FORM.read(sent)
    station = values["station"] or station
    images = _images(sent.get("images"), problems)
    spoilt = FORM.spoilt(values, problems)
    if values["time"] is not None and (late := believable_time(values["time"], received_us)):
        problems.insert(0, late)
        spoilt = True
    loads: list[float] | None = values["axle_loads_kg"] or None
    if loads is not None and not 2 <= len(loads) <= MAX_AXLES:
        problems.append(
            Problem("impossible_value", f"axle_loads_kg: {len(loads)} axles, not 2 to {MAX_AXLES}")
        )
        spoilt = True
    gross = values["gross_kg"]
    if gross is None and loads is None and not spoilt:
        problems.append(Problem("missing_field", "gross_kg or axle_loads_kg is required"))
        spoilt = True
    name = values["id"] or content_id(
        "weighing", station, *(str(values[field.name]) for field in FORM.fields)
    )
    taken = Taken(name, problems=problems)
    if problems:
        taken.raw = raw if raw is not None else raw_json(sent)
    if spoilt:
        return taken
    quality = _quality(values["axles"], gross, loads)
    taken.key = (station, name, str(values["time"]))
    taken.images = images
    taken.row = {name: value for name, value in values.items() if name != "id"} | {
        "weighing": name,
        "station": station,
        "received": received_us,
        "axles": values["axles"] if values["axles"] is not None else loads and len(loads),
        "gross_kg": gross if gross is not None else sum(loads or ()),
        "axle_loads_kg": loads,
        "quality": ",".join(quality) or None,
        "source": source,
    }
    return taken


def _quality(axles: int | None, gross: float | None, loads: Sequence[float] | None) -> list[str]:
    found = []
    if loads is not None and axles is not None and len(loads) != axles:
        found.append("axles_differ")
    if loads is not None and gross is not None and abs(sum(loads) - gross) > SUM_TOLERANCE * gross:
        found.append("sum_differs")
    if gross is None:
        found.append("gross_from_axles")
    return found


def _images(sent: Any, problems: list[Problem]) -> list[Image]:
    """Pictures: base64 texts, or objects with ``data`` and perhaps ``name``."""
    if sent is None:
        return []
    if not isinstance(sent, list) or len(sent) > MAX_IMAGES:
        problems.append(Problem("bad_image", f"images: no list of at most {MAX_IMAGES}"))
        return []
    found = []
    for number, one in enumerate(sent, 1):
        name = one.get("name") if isinstance(one, Mapping) else None
        data = one.get("data") if isinstance(one, Mapping) else one
        image = decode_image(data, name if isinstance(name, str) else None)
        if isinstance(image, str):
            problems.append(Problem("bad_image", f"images: number {number}: {image}"))
        else:
            found.append(image)
    return found
