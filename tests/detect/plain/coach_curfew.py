"""``detect/rules/coach_curfew.py`` over a whole track."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby, pairwise

from tests.detect.plain import reopening
from tests.detect.plain.driving import MINUTE_US, Known, speed_of
from tests.detect.plain.found import Found
from tests.detect.plain.nights import span_of
from tests.detect.plain.sample import Sample, Track
from tests.detect.plain.world import Params, World

RULE = "coach_curfew"


def found(track: Track, params: Params, world: World | None = None) -> list[Found]:
    """Every report of one vehicle, the last ones at the end of the recording."""
    return reopening.found(track, params, judged, bound=track.kind in params["kinds"])


def judged(samples: Sequence[Sample], params: Params, over: bool) -> list[Known]:
    """Every night by itself."""

    def night_of(sample: Sample) -> date | None:
        return span_of(sample.time_us, params["curfew_start_min"], params["curfew_end_min"])

    nights = [(night, list(group)) for night, group in groupby(samples, night_of)]
    known: list[Known] = []
    for number, (night, group) in enumerate(nights):
        if night is None or group[0].service in params["exempt_services"]:
            continue
        fires = next(
            (k for k in range(2, len(group) + 1) if _fires(group[k - 2 : k], group[:k], params)),
            None,
        )
        if fires is None:
            continue
        fired = group[fires - 1]
        known.append(Known(fired.time_us, _report(0, group[:fires], fired, params)))
        last = _report(1, group, fired, params)
        if number + 1 < len(nights):
            known.append(Known(nights[number + 1][1][0].time_us, last))
        elif over:
            known.append(Known(None, last))
    return known


def _moves(sample: Sample, params: Params) -> bool:
    speed = speed_of(sample)
    return speed is not None and speed > params["moving_above_kmh"]


def _driven(night: Sequence[Sample], params: Params) -> list[tuple[Sample, Sample]]:
    """The driven pairs."""
    return [
        (before, now)
        for before, now in pairwise(night)
        if _moves(before, params)
        and _moves(now, params)
        and now.time_us - before.time_us <= params["max_gap_s"] * 1e6
    ]


def _fires(pair: Sequence[Sample], until_then: Sequence[Sample], params: Params) -> bool:
    """Whether the last pair is driven and the night's driving is enough with it."""
    if not _driven(pair, params):
        return False
    driven_us = sum(now.time_us - before.time_us for before, now in _driven(until_then, params))
    return driven_us >= params["min_driving_min"] * MINUTE_US


def _report(revision: int, night: Sequence[Sample], fired: Sample, params: Params) -> Found:
    driven = _driven(night, params)
    start_us = driven[0][0].time_us
    last = driven[-1][1]
    gap = any(
        now.time_us - before.time_us > params["max_gap_s"] * 1e6
        for before, now in pairwise(night)
        if before.time_us > start_us
    )
    drivers = [now.driver for _, now in driven if now.driver is not None]
    return Found(
        rule=RULE,
        vehicle=last.vehicle,
        revision=revision,
        start_us=start_us,
        end_us=last.time_us,
        fired_us=fired.time_us,
        received_us=fired.received_us,
        worst_us=last.time_us,
        measured=sum(now.time_us - before.time_us for before, now in driven) / MINUTE_US,
        limit=0.0,
        severity="curfew" if last.service else "service_unknown",
        lat=last.lat,
        lon=last.lon,
        segment=last.segment,
        stake_m=last.stake_m,
        driver=drivers[-1] if drivers else None,
        quality="gap" if gap else "",
    )
