"""Drink driving: what alcohol tests at the roadside showed (酒驾、醉驾).

Definition
----------
A check with a plate is judged if it has a breath result, a blood result or a refusal. A blood
result goes before a breath result. With x in mg/100 mL:

- ``drunk``: x >= ``drunk_from`` (80); ``limit`` is 80;
- ``drink``: ``drink_from`` (20) <= x < 80; ``limit`` is 20. ``drink_again`` if another check of the
  same plate and colour was found positive (20 or more, or refused) within ``repeat_within_d`` days
  before: a hint to look whether it is the same person, which no record here can tell;
- ``refusal``: the test was refused and nothing was measured; ``measured`` is 0, ``limit`` 20;
- below 20 nothing.

It fires at once. ``start`` is the time of the check. It stays open (``final`` false) while blood is
``pending``, else it is final.

*A later record corrects it*: a check that ``refers_to`` an earlier one within ``result_within_d``
days (a blood result, a corrected entry) is judged in its place and gives the next revision of the
same detection, now final, with both records as evidence; under 20 its severity is ``cleared``. One
that refers to a check nobody knows, or knew too long ago, stands for itself and ``quality`` says
``refers_unknown``. A check that gave nothing is forgotten at once, unless its blood is pending: if
the blood then shows something, the detection begins with that, at the first check's time.

``quality``: ``blood_pending``; ``by_blood``; ``calibration_expired`` where the tester's last
verification lies more than ``calibration_valid_d`` days back or after the check,
``calibration_unknown`` where none was told; what the record itself says.

The subject is the vehicle. There is no name in the log, and nothing about a person is ever
concluded from how somebody drives.

Source: GB 19522 art. 4, ``alcohol.drink``, ``alcohol.drunk`` (found); 道路交通安全法 (2021) art. 91
``alcohol.sanctions`` (recalled); ``detect.drink_driving`` (proposed).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sizao.core.clock import SHANGHAI
from sizao.detect.hold import Row
from sizao.detect.params import Book, Params, number
from sizao.detect.record_rules import roadside
from sizao.detect.records import Facts, Found, Memory, RecordRuleBase

_DAY_US = 86_400_000_000


class DrinkDriving(RecordRuleBase):
    """The rule; the module's docstring is its definition."""

    id = "drink_driving"
    topic = "roadside_checks"
    measured_unit = "mg/100mL"

    def params_from(self, book: Book) -> Params:
        own, blood = "detect.drink_driving", "mg_per_100mL_blood"
        return {
            "drink_from": number(book, "alcohol.drink", "min", blood),
            "drunk_from": number(book, "alcohol.drunk", "min", blood),
            "calibration_valid_d": number(book, own, "calibration_valid", "day"),
            "repeat_within_d": number(book, own, "repeat_within", "day"),
            "result_within_d": number(book, own, "result_within", "day"),
        }

    def look(self, row: Row, memory: Memory, params: Params, facts: Facts) -> Iterable[Found]:
        now = int(row["time"])
        cases: dict[str, dict[str, Any]] = memory.setdefault("cases", {})
        names: dict[str, str] = memory.setdefault("names", {})
        positive: dict[str, list[list[Any]]] = memory.setdefault("positive", {})
        _forget(memory, now, params)
        own, earlier = (f"{row['station']}/{row[name]}" for name in ("check", "refers_to"))
        root = names.get(earlier, own) if row["refers_to"] else own
        first = cases.get(root)
        said = _said(row, params)
        if said is None:
            return
        severity, measured, limit, quality = said
        case = first or {
            "start": now,
            "plate": row["plate"],
            "colour": row["plate_colour"],
            "part": own,
            "evidence": [],
            "revision": -1,
            "fired": now,
            "received": row["received"],
            "place": roadside.place(row, facts),
        }
        if not case["plate"]:
            return
        if row["refers_to"] and root == own:
            quality.append("refers_unknown")
        case["evidence"].append(f"roadside_checks:{row['check']}")
        key = f"{case['colour'] or 0}:{case['plate']}"
        others = [one for one in positive.get(key, []) if one[1] != case["part"]]
        positive[key] = others
        silent = severity == "cleared" and case["revision"] < 0
        if not silent or row["blood"] == "pending":
            cases[root], names[own] = case, root
        if silent:
            return
        if severity == "drink" and others:
            severity = "drink_again"
        if severity != "cleared":
            positive[key] = [*others, [case["start"], case["part"]]]
        if case["revision"] < 0:
            case["fired"], case["received"] = now, row["received"]
            case["version"] = self.version(params)
            case["vehicle"] = roadside.vehicle(case, facts)
        case["revision"] += 1
        yield roadside.found(
            facts,
            case,
            measured=measured,
            limit=limit,
            severity=severity,
            quality=quality,
            final=row["blood"] != "pending",
        )


def _said(row: Row, params: Params) -> tuple[str, float, float, list[str]] | None:
    """Severity, value, limit and quality of one record; None if it is about something else."""
    quality = [part for part in (row["quality"] or "").split(",") if part]
    by_blood = row["blood_mg_100ml"] is not None
    value = row["blood_mg_100ml"] if by_blood else row["breath_mg_100ml"]
    if value is None and not row["refused"]:
        return None
    if row["blood"] == "pending":
        quality.append("blood_pending")
    if value is None:
        return "refusal", 0.0, float(params["drink_from"]), quality
    quality += ["by_blood"] if by_blood else _calibration(row, params)
    # As sent: 79.9 is stored in 32 bits as 79.9000015.
    value = round(float(value), 3)
    if value >= params["drunk_from"]:
        return "drunk", value, float(params["drunk_from"]), quality
    severity = "drink" if value >= params["drink_from"] else "cleared"
    return severity, value, float(params["drink_from"]), quality


def _calibration(row: Row, params: Params) -> list[str]:
    if not row["calibrated"]:
        return ["calibration_unknown"]
    checked = datetime.fromtimestamp(row["time"] / 1e6, SHANGHAI).date()
    age_d = (checked - date.fromisoformat(row["calibrated"])).days
    return [] if 0 <= age_d <= params["calibration_valid_d"] else ["calibration_expired"]


def _forget(memory: Memory, now: int, params: Mapping[str, Any]) -> None:
    """By event time, once a day of it."""
    if now - memory.setdefault("swept", now) < _DAY_US:
        return
    memory["swept"] = now
    oldest = now - params["result_within_d"] * _DAY_US
    for root in [root for root, case in memory["cases"].items() if case["start"] < oldest]:
        del memory["cases"][root]
    for name in [name for name, root in memory["names"].items() if root not in memory["cases"]]:
        del memory["names"][name]
    since = now - params["repeat_within_d"] * _DAY_US
    for key, cases in list(memory["positive"].items()):
        memory["positive"][key] = [one for one in cases if one[0] >= since]
        if not memory["positive"][key]:
            del memory["positive"][key]
