"""A plate that is looked for passed a checkpoint (布控比对).

Definition
----------
A passage with a plate is compared with every entry of the hot list that is in force at the time of
the passage (``from`` inclusive, ``until`` exclusive). It fires, at once and finally, once an entry
and passage:

- severity ``exact``: the same text, and no contradiction of colour (both known and different means
  another plate);
- severity ``probable``: the text differs in exactly one place, by characters that cameras confuse
  (``confusable``: 0 O D Q, 8 B, 1 I, 2 Z, 5 S, 6 G). It is marked as probable everywhere, because
  about one passage in some thousands is one by chance.

The first character (the province) is never taken for another. ``measured`` is the number of
characters that differ, ``limit`` the greatest allowed. ``evidence`` names the passage, the entry
and the version of the list.

Who may put a plate on the list, for what and how long, is not this rule's: it reads what the desk
has approved. A passage that matches nothing leaves nothing behind.

Source: the project's own comparison; confusions ``detect.hot_list`` (proposed).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from sizao.core.errors import ConfigError
from sizao.detect.hold import Row
from sizao.detect.params import Book, Params
from sizao.detect.records import Facts, Found, Memory, RecordRuleBase, subject

_Index = dict[str, list[Mapping[str, Any]]]
_indexes: WeakKeyDictionary[Facts, dict[str, _Index]] = WeakKeyDictionary()


class HotList(RecordRuleBase):
    """The rule; the module's docstring is its definition."""

    id = "hot_list"
    topic = "passages"
    measured_unit = "count"

    def params_from(self, book: Book) -> Params:
        groups = book["detect.hot_list"].value("confusable")
        letters = "".join(groups)
        if len(set(letters)) != len(letters):
            raise ConfigError("detect.hot_list: a character stands in two groups")
        return {"confusable": list(groups)}

    def look(self, row: Row, memory: Memory, params: Params, facts: Facts) -> Iterable[Found]:
        if not row["plate"]:
            return
        same = {letter: group[0] for group in params["confusable"] for letter in group}
        for entry in _index(facts, same).get(_form(row["plate"], same), []):
            differing = _differences(row["plate"], entry["plate"])
            if differing > 1 or not entry["from"] <= row["time"] < entry["until"]:
                continue
            colours = {entry["plate_colour"], row["plate_colour"]} - {None, 0}
            if len(colours) > 1:
                continue
            place = facts.places.get(row["checkpoint"], {})
            known = facts.of_plate(row["plate"], row["plate_colour"])
            yield Found(
                vehicle=subject(row["plate"], row["plate_colour"], known),
                vehicle_kind=str(known["kind"]) if known else "other",
                start=int(row["time"]),
                end=int(row["time"]),
                fired=int(row["time"]),
                received=int(row["received"]),
                measured=float(differing),
                limit=1.0,
                severity="probable" if differing else "exact",
                evidence=(
                    f"passages:{row['passage']}",
                    f"hot_list:{entry['entry']}",
                    *([f"hot_list_version:{entry['version']}"] if "version" in entry else []),
                ),
                lat=place.get("lat"),
                lon=place.get("lon"),
                road=place.get("road"),
                road_class=place.get("road_class"),
                stake_m=place.get("stake_m"),
                area=place.get("area"),
                part=f"{entry['entry']}:{row['passage']}",
            )


def _form(plate: str, same: Mapping[str, str]) -> str:
    """The plate with confusable characters made one; the province as it is."""
    return plate[:1] + "".join(same.get(letter, letter) for letter in plate[1:])


def _differences(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def _index(facts: Facts, same: Mapping[str, str]) -> _Index:
    """Entries by form, made once for each list and way of confusing."""
    made = _indexes.setdefault(facts, {})
    way = "".join(f"{one}{other}" for one, other in sorted(same.items()))
    if way not in made:
        index: _Index = {}
        for entry in facts.hot_list:
            index.setdefault(_form(entry["plate"], same), []).append(entry)
        made[way] = index
    return made[way]
