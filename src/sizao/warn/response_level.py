"""Emergency response levels of an expressway, I to IV: which the numbers reach, and why.

A proposal for a person, never a decision: who starts a response is named in each level.

Source: 高速公路交通应急管理程序规定 (2008), rule ``response.expressway_level``; its numbers are
shown with how sure they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from sizao.core.rulebook import entry

RULE = "response.expressway_level"
ROMAN = {1: "Ⅰ级", 2: "Ⅱ级", 3: "Ⅲ级", 4: "Ⅳ级"}
LEADS = {
    "ministry": ("公安部", "the ministry"),
    "province_joint": ("相关省级公安机关联合", "the provinces concerned jointly"),
    "province": ("省级公安机关", "the province"),
    "city_joint": ("相关市级公安机关联合", "the cities concerned jointly"),
}
_SCOPES = {
    "adjoining_provinces": ("涉及相邻省份", "adjoining provinces concerned"),
    "cities_in_province": ("涉及省内地市", "cities of the province concerned"),
}


@dataclass(frozen=True)
class Blockage:
    """What a person expects of a blocked expressway."""

    hours: float
    """For how long traffic is or will be blocked."""
    cities: int
    """Cities of the own province concerned, the own one included."""
    provinces: int
    """Provinces concerned, the own one included."""


@dataclass(frozen=True)
class Criterion:
    """One level's criteria, with whether the numbers reach them."""

    level: int
    met: bool
    zh: str
    en: str
    lead_zh: str
    lead_en: str


def criteria(blockage: Blockage | None = None) -> tuple[Criterion, ...]:
    """All levels, the gravest first. Without a blockage none is met."""
    found = []
    for one in entry(RULE).value("levels"):
        hours, scope, least = one["blocked_min_h"], one["scope"], one["scope_min"]
        zh, en = _SCOPES[scope]
        met = False
        if blockage is not None:
            number = blockage.provinces if scope == "adjoining_provinces" else blockage.cities
            met = blockage.hours >= hours and number >= least
        found.append(
            Criterion(
                one["level"],
                met,
                f"预计阻断{hours}小时以上，{zh}{least}个以上",
                f"blocked for {hours} h or more, {least} or more {en}",
                *LEADS[one["lead"]],
            )
        )
    return tuple(sorted(found, key=lambda one: one.level))


def proposed(blockage: Blockage) -> Criterion | None:
    """The gravest level that the numbers reach; None below all of them."""
    return next((one for one in criteria(blockage) if one.met), None)
