"""A roadside check as sent to a ROADSIDE_CHECK row.

Values are kept as sent; contradictions are marked in ``quality`` and left to people and rules. What
goes to quarantine are the fields of the form alone, so that a sender's column of names never
enters the log by way of a mistake elsewhere in the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sizao.core.ids import content_id
from sizao.feeds.forms import Problem, believable_time
from sizao.feeds.roadside.form import FORM
from sizao.feeds.taken import Taken, raw_json

_SAYS = ("breath_mg_100ml", "blood_mg_100ml", "persons")


def read_check(
    sent: Any, *, source: str, station: str, received_us: int, raw: bytes | None = None
) -> Taken:
    """One check: a JSON object, or a CSV row as a mapping. Never raises.

    station : code used where the record names none
    raw : the bytes it came as; only kept where they are no object, see above
    """
    if not isinstance(sent, Mapping):
        problem = Problem("bad_value", "a check is an object")
        return Taken("", problems=[problem], raw=raw if raw is not None else raw_json(sent))
    values, problems = FORM.read(sent)
    station = values["station"] or station
    spoilt = FORM.spoilt(values, problems)
    if values["time"] is not None and (late := believable_time(values["time"], received_us)):
        problems.insert(0, late)
        spoilt = True
    if not spoilt and not values["refused"] and all(values[name] is None for name in _SAYS):
        problems.append(Problem("missing_field", f"{', '.join(_SAYS)} or refused: one is required"))
        spoilt = True
    name = values["id"] or content_id(
        "check", station, *(str(values[field.name]) for field in FORM.fields)
    )
    taken = Taken(name, problems=problems)
    if problems:
        taken.raw = raw_json({key: sent[key] for key in sent if key in FORM.names})
    if spoilt:
        return taken
    taken.key = (station, name, str(values["time"]))
    taken.row = {key: value for key, value in values.items() if key != "id"} | {
        "check": name,
        "station": station,
        "received": received_us,
        "how": values["how"] or "officer",
        "quality": ",".join(_quality(values)) or None,
        "source": source,
    }
    return taken


def _quality(values: Mapping[str, Any]) -> list[str]:
    found = []
    if values["refused"] and values["breath_mg_100ml"] is not None:
        found.append("refused_and_blown")
    if values["blood"] == "pending" and values["blood_mg_100ml"] is not None:
        found.append("blood_contradicts")
    if (values["children_free"] or 0) > (values["persons"] or 0):
        found.append("children_exceed_persons")
    return found
