"""What a case cost in time: of people, of vehicles, and of closed road."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

CREW = 2
"""Officers in a patrol car: a project default, because nobody keeps who sat in which car."""


@dataclass(frozen=True)
class Span:
    """From when to when, seconds; ``end_s`` None: it still goes on."""

    start_s: float
    end_s: float | None

    def seconds(self, now_s: float) -> float:
        return max(0.0, (now_s if self.end_s is None else self.end_s) - self.start_s)


@dataclass(frozen=True)
class Costs:
    """Minutes up to a moment."""

    person_min: float
    vehicle_min: float
    closed_min: float
    """Minutes in which any of its roads was closed altogether: two closures at once count once."""
    going_on: bool
    """Something still runs, so the figures grow."""


def costs(
    vehicles: Iterable[Span], closures: Iterable[Span], now_s: float, crew: float = CREW
) -> Costs:
    """Sum the spans in which vehicles were out and roads were closed.

    vehicles : one a vehicle sent, from being sent to being free again
    """
    out, shut = list(vehicles), list(closures)
    vehicle_s = sum(span.seconds(now_s) for span in out)
    return Costs(
        person_min=vehicle_s * crew / 60,
        vehicle_min=vehicle_s / 60,
        closed_min=_union_s(shut, now_s) / 60,
        going_on=any(span.end_s is None for span in (*out, *shut)),
    )


def _union_s(spans: list[Span], now_s: float) -> float:
    total, reached = 0.0, float("-inf")
    for span in sorted(spans, key=lambda one: one.start_s):
        end = now_s if span.end_s is None else span.end_s
        total += max(0.0, end - max(span.start_s, reached))
        reached = max(reached, end)
    return total
