"""A reading as sent to a WEATHER_READING row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sizao.feeds.forms import Problem, believable_time
from sizao.feeds.stations.form import FORM, MEASURED
from sizao.feeds.taken import Taken, raw_json


def read_reading(
    sent: Any, *, source: str, station: str, received_us: int, raw: bytes | None = None
) -> Taken:
    """One reading: a JSON object, or a CSV row as a mapping. Never raises.

    station : code used where the record names none
    raw : the bytes it came as; default: the object as JSON
    """
    if not isinstance(sent, Mapping):
        problem = Problem("bad_value", "a reading is an object")
        return Taken("", problems=[problem], raw=raw if raw is not None else raw_json(sent))
    values, problems = FORM.read(sent)
    station = values["station"] or station
    spoilt = FORM.spoilt(values, problems)
    if values["time"] is not None and (late := believable_time(values["time"], received_us)):
        problems.insert(0, late)
        spoilt = True
    if all(values[name] is None for name in MEASURED):
        problems.append(Problem("missing_field", f"none of {', '.join(MEASURED)}"))
        spoilt = True
    if values["lat"] is None or values["lon"] is None or values["lat"] == values["lon"] == 0:
        values["lat"] = values["lon"] = None
    taken = Taken(f"{station}@{values['time']}", problems=problems)
    if problems:
        taken.raw = raw if raw is not None else raw_json(sent)
    if not spoilt:
        taken.key = (station, str(values["time"]))
        taken.row = values | {"station": station, "received": received_us, "source": source}
    return taken
