"""How bad a crash was: the accident grade in force, and the traffic classes of 1991.

The two use the same words for other numbers, so they are two fields everywhere and their codes
differ in type: one death is ``ordinary`` by Order 493 and ``major`` by the classes of 1991. The
numbers stand in ``rules/severity.yaml``.

>>> grade_2007(dead=3), class_1991(dead=3)
('considerable', 'extraordinary')
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from sizao.core.rulebook import entry

_RANGE = re.compile(r"(\w+)\s+(\d+)\.\.(\d+)")
_BOUND = re.compile(r"(\w+)\s*(<|>=|=)\s*(\d+)")


def grades_2007() -> dict[str, str]:
    """Code to Chinese word, mildest first (Order 493 of 2007, article 3)."""
    return _words("severity.production_safety", worst_first=True)


def classes_1991() -> dict[str, str]:
    """Code to Chinese word, mildest first (公通字〔1991〕113号)."""
    return _words("severity.traffic_1991", worst_first=False)


def grade_2007(
    *, dead: int | None = None, serious: int | None = None, loss_cny: float | None = None
) -> str | None:
    """The grade: the worst that deaths, serious injuries or direct loss reaches.

    None if none of the three is known. Lower bounds are inclusive. A value that is not known
    counts for nothing, so the grade is then the least it can be.
    """
    known = ((dead, "deaths_min"), (serious, "serious_injuries_min"), (loss_cny, "loss_min_cny"))
    if all(value is None for value, _ in known):
        return None
    for grade in entry("severity.production_safety").value("grades"):
        if any(value is not None and value >= grade[bound] for value, bound in known):
            return str(grade["code"])
    return None


def class_1991(
    *,
    dead: int | None = None,
    serious: int | None = None,
    light: int | None = None,
    loss_cny: float | None = None,
) -> str | None:
    """The class of 1991, or None if nothing that is known reaches one.

    The order's ranges overlap (a loss below 1,000 CNY is minor and also "below 30,000"): of each
    number alone the mildest class that holds it counts, and of those the worst. The loss is taken
    as a motor vehicle's.
    """
    return _class_1991(dead, serious, light, loss_cny)


@lru_cache(maxsize=8192)
def _class_1991(
    dead: int | None, serious: int | None, light: int | None, loss_cny: float | None
) -> str | None:
    values: dict[str, float | None] = {
        "deaths": dead,
        "serious_injuries": serious,
        "light_injuries": light,
    }
    values |= {"loss": loss_cny, "loss_motor": loss_cny}
    by_number: dict[str, int] = {}
    worst = -1
    for rank, grade in enumerate(entry("severity.traffic_1991").value("grades")):
        for condition in grade["any_of"]:
            if not _holds(condition, values):
                continue
            if " and " in condition:
                worst = max(worst, rank)
            else:
                by_number.setdefault(condition.split()[0].removesuffix("_motor"), rank)
    worst = max([worst, *by_number.values()])
    return list(classes_1991())[worst] if worst >= 0 else None


def _holds(condition: str, values: dict[str, float | None]) -> bool:
    return all(_part_holds(part, values) for part in condition.split(" and "))


def _part_holds(part: str, values: dict[str, float | None]) -> bool:
    if found := _RANGE.match(part):
        value = values.get(found[1])
        low, high = int(found[2]), int(found[3])
        # Money is continuous: "30,000 to 60,000" ends below 60,000. People are counted.
        top = high if found[1].startswith("loss") else high + 1
        return value is not None and low <= value < top
    if found := _BOUND.match(part):
        value, limit = values.get(found[1]), int(found[3])
        if value is None:
            return False
        return bool({"<": value < limit, ">=": value >= limit, "=": value == limit}[found[2]])
    return False


@cache
def _words(rule: str, *, worst_first: bool) -> dict[str, str]:
    grades = entry(rule).value("grades")
    return {one["code"]: one["zh"] for one in (reversed(grades) if worst_first else grades)}
