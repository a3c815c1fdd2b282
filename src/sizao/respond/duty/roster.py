"""A roster as values: who is on duty when, and what does not fit.

Only whether a person is available is known, never why not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from itertools import pairwise

from sizao.core.rulebook import entry

HOUR_S = 3600.0
WEEK_S = 7 * 24 * HOUR_S
LOCAL = timezone(timedelta(hours=8))
"""Beijing time: nights are local."""

POSTS: dict[str, tuple[str, str]] = {
    "commander": ("值班长", "duty commander"),
    "operator": ("指挥接警", "operator"),
    "patrol": ("巡逻备勤", "patrol on duty"),
    "reserve": ("机动", "reserve"),
}
"""Code to Chinese and English name."""


@dataclass(frozen=True)
class Duty:
    """One person at one post from ``start_s`` to before ``end_s``."""

    id: int
    person: str
    unit: str
    post: str
    start_s: float
    end_s: float

    def covers(self, at_s: float) -> bool:
        return self.start_s <= at_s < self.end_s


@dataclass(frozen=True)
class Away:
    """A span in which a person is not available."""

    person: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Conflict:
    """Something that does not fit. ``duties`` are ids; a gap has none."""

    kind: str
    """overlap, rest, long, nights, away, gap."""
    duties: tuple[int, ...]
    zh: str
    en: str
    at_s: float


@dataclass(frozen=True)
class Limits:
    """Of the rule ``duty.rest``, seconds and counts."""

    rest_s: float
    shift_s: float
    nights: int
    night_from_h: int
    night_to_h: int


def limits() -> Limits:
    """The limits in the rule book."""
    rule = entry("duty.rest")
    begin, _, end = str(rule.value("night")).partition("-")
    return Limits(
        rest_s=float(rule.value("rest_min")) * HOUR_S,
        shift_s=float(rule.value("shift_max")) * HOUR_S,
        nights=int(rule.value("nights_max_in_7_days")),
        night_from_h=int(begin[:2]),
        night_to_h=int(end[:2]),
    )


def on_duty(duties: Iterable[Duty], at_s: float) -> list[Duty]:
    """Those on duty at a moment. The end of a shift is the next one's."""
    return [one for one in duties if one.covers(at_s)]


def conflicts(duties: Sequence[Duty], away: Sequence[Away], rules: Limits) -> list[Conflict]:
    """What does not fit about persons, in order of time."""
    found: list[Conflict] = []
    by_person: dict[str, list[Duty]] = {}
    for one in sorted(duties, key=lambda duty: (duty.start_s, duty.id)):
        by_person.setdefault(one.person, []).append(one)
    for person, own in by_person.items():
        found += _of_person(person, own, rules)
    for one in duties:
        for span in away:
            if span.person == one.person and _meet(one, span):
                found.append(
                    Conflict("away", (one.id,), f"{one.person} 该时段不可排班",
                             f"{one.person} is not available then", one.start_s)
                )  # fmt: skip
                break
    return sorted(found, key=lambda one: one.at_s)


def _of_person(person: str, own: list[Duty], rules: Limits) -> list[Conflict]:
    found = []
    for before, after in pairwise(own):
        gap_s = after.start_s - before.end_s
        pair = (before.id, after.id)
        if gap_s < 0:
            found.append(
                Conflict("overlap", pair, f"{person} 同时排了两个班", f"{person} has two at once",
                         after.start_s)
            )  # fmt: skip
        elif 0 < gap_s < rules.rest_s:
            hours, least = gap_s / HOUR_S, rules.rest_s / HOUR_S
            found.append(
                Conflict("rest", pair, f"{person} 两班只隔 {hours:g} 小时，应不少于 {least:g} 小时",
                         f"{person} has {hours:g} h between two, at least {least:g} h",
                         after.start_s)
            )  # fmt: skip
    for spell in _spells(own):
        hours, most = (spell[-1].end_s - spell[0].start_s) / HOUR_S, rules.shift_s / HOUR_S
        if hours > most:
            found.append(
                Conflict("long", tuple(one.id for one in spell),
                         f"{person} 连续值班 {hours:g} 小时，应不超过 {most:g} 小时",
                         f"{person} is on for {hours:g} h, at most {most:g} h", spell[0].start_s)
            )  # fmt: skip
    nights = [one for one in own if _is_night(one, rules)]
    for at, one in enumerate(nights):
        week = [two for two in nights[: at + 1] if one.start_s - two.start_s < WEEK_S]
        if len(week) > rules.nights:
            found.append(
                Conflict("nights", tuple(two.id for two in week),
                         f"{person} 7 天内 {len(week)} 个夜班，应不超过 {rules.nights} 个",
                         f"{person} has {len(week)} nights in 7 days, at most {rules.nights}",
                         one.start_s)
            )  # fmt: skip
    return found


def _spells(own: list[Duty]) -> list[list[Duty]]:
    """Runs of duties without a break between them."""
    spells: list[list[Duty]] = []
    for one in own:
        if spells and spells[-1][-1].end_s == one.start_s:
            spells[-1].append(one)
        else:
            spells.append([one])
    return spells


def _meet(one: Duty, span: Away) -> bool:
    return one.start_s < span.end_s and span.start_s < one.end_s


def _is_night(one: Duty, rules: Limits, zone: tzinfo = LOCAL) -> bool:
    """Whether three hours or more of it lie in the night."""
    hours = 0.0
    at = one.start_s
    while at < one.end_s:
        local = datetime.fromtimestamp(at, UTC).astimezone(zone)
        if local.hour >= rules.night_from_h or local.hour < rules.night_to_h:
            hours += min(HOUR_S, one.end_s - at) / HOUR_S
        at += HOUR_S
    return hours >= 3


def gaps(
    duties: Sequence[Duty], wanted: Mapping[str, Sequence[str]], start_s: float, end_s: float
) -> list[Conflict]:
    """Spans in which a post that is always manned is not.

    wanted : unit code to its posts; start_s, end_s : where to look
    """
    found = []
    for unit, posts in wanted.items():
        for post in posts:
            spans = sorted(
                (max(one.start_s, start_s), min(one.end_s, end_s))
                for one in duties
                if one.unit == unit and one.post == post
                and one.start_s < end_s and one.end_s > start_s
            )  # fmt: skip
            at = start_s
            for begin, end in [*spans, (end_s, end_s)]:
                if begin > at:
                    zh, en = POSTS[post]
                    hours = (begin - at) / HOUR_S
                    found.append(
                        Conflict("gap", (), f"{zh}空岗 {hours:g} 小时",
                                 f"no {en} for {hours:g} h", at)
                    )  # fmt: skip
                at = max(at, end)
    return found
