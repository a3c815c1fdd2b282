"""From one fact about a place to a warning, a repeat, or nothing. Runs inside a transaction."""

from __future__ import annotations

import json
import math
from datetime import datetime

from sizao.core.ids import content_id
from sizao.warn import merge
from sizao.warn.explain import explain
from sizao.warn.facts import Facts
from sizao.warn.nearness import Spot
from sizao.warn.table import Decision, find
from sizao.web.cases.models import Case
from sizao.web.cases.projection import moment
from sizao.web.desk.known import OPEN_STATES, open_rows, open_warnings
from sizao.web.desk.raising import Notice, local_unit, raise_warning
from sizao.web.live import outbox
from sizao.web.places.models import Fact
from sizao.web.tables.books import Edition, edition
from sizao.web.warnings.models import Warning, WarningRepeat


def deliver_fact(
    facts: Facts,
    now: datetime,
    *,
    source: str = "",
    place: str = "",
    received: datetime | None = None,
) -> Warning | None:
    """Grade a fact, merge it, keep it, and issue what follows. Returns the new warning, if any.

    place : how the place is called; without it, stake or the unit responsible

    The same fact again changes nothing; a later word about the same (another forecast of the same
    hours) is a fact of its own that repeats or worsens what the first one raised.
    """
    told = facts.to_dict()
    key = content_id("fact", facts.detection, _content(told))
    if Fact.objects.filter(pk=key).exists():
        return None
    held = edition("places", facts.local.date())
    table = held.table()
    decision = find(facts, table)
    fact = Fact(
        id=key, reference=facts.detection, origin=facts.origin, source=source, kind=facts.rule,
        at=moment(facts.start_s), received=received or now, facts=told,
        table_version=held.name, row_id=decision.row_id if decision else "",
        became=Fact.Became.NOTHING,
    )  # fmt: skip
    warning = None
    # A forecast speaks of hours to come, a reading of minutes ago: only the past can be stale.
    if (
        decision is not None
        and now.timestamp() - facts.end_s > table.stale_s
        and not _ahead(facts, now)
    ):
        fact.became = Fact.Became.LATE
    elif decision is not None:
        warning = _follow(fact, facts, decision, held, now, place)
    fact.save()
    return warning


def _ahead(facts: Facts, now: datetime) -> bool:
    """Whether it still holds: a notice is as good as its end says, however old its beginning."""
    return facts.until_s is not None and facts.until_s > now.timestamp()


def _follow(
    fact: Fact, facts: Facts, decision: Decision, held: Edition, now: datetime, place: str
) -> Warning | None:
    spot = Spot(facts.lat, facts.lon, facts.road, facts.stake_m, facts.area)
    made = list(
        Warning.objects.filter(origin=facts.origin, origin_ref=facts.detection)
        .select_related("case")
        .order_by("-level")
    )
    if made and made[0].level >= decision.level.value and made[0].case.state not in OPEN_STATES:
        fact.became, fact.warning = Fact.Became.REPEAT, made[0]
        return None  # somebody closed the case, and it is no worse than it was
    found = merge.decide(
        merge.Detected(
            facts.detection, "", facts.rule, decision.level, facts.end_s, decision.merge_s,
            spot, decision.gather_m,
        ),
        open_warnings(open_rows([facts.rule])),
    )  # fmt: skip
    if isinstance(found, merge.Repeat):
        fact.became = Fact.Became.REPEAT
        fact.warning = _count(found, fact, facts)
        return None
    case = refers_to = None
    if isinstance(found, merge.Update):
        case = Case.objects.select_related("unit", "local_unit").get(pk=found.case)
        refers_to = found.refers_to
    warning = raise_warning(
        notice_of(facts, decision, held, place, fact.received), now, refers_to=refers_to, case=case
    )
    fact.became = Fact.Became.UPDATE if case else Fact.Became.NEW
    fact.warning = warning
    return warning


def _count(found: merge.Repeat, fact: Fact, facts: Facts) -> Warning:
    warning = Warning.objects.select_related("case").get(pk=found.of)
    WarningRepeat.objects.create(
        warning=warning,
        origin=facts.origin,
        detection=facts.detection,
        # Numbered by what was said of the same before, so that a later word is a row of its own.
        revision=warning.repeats.filter(detection=facts.detection).count(),
        at=moment(facts.end_s),
        measured=_number(facts.measured),
        counts=found.counts,
        lat=facts.lat,
        lon=facts.lon,
        road=facts.road,
        stake_m=facts.stake_m,
    )
    if found.counts:
        case, counted = warning.case, warning.repeats.filter(counts=True).count()
        outbox.repeat_event(warning.pk, case, case.number, case.reach, counted)
    return warning


def notice_of(
    facts: Facts, decision: Decision, held: Edition, place: str, received: datetime | None = None
) -> Notice:
    """What is to be issued about a graded fact."""
    unit = local_unit(facts.area, facts.road_class, facts.lat, facts.lon)
    where = place or facts.place or f"{unit.name_zh}辖区"
    return Notice(
        origin=facts.origin,
        origin_ref=facts.detection,
        kind=facts.rule,
        level=decision.level,
        command_level=decision.command_level,
        onset=moment(facts.start_s),
        fired=moment(facts.fired_s),
        last=moment(facts.end_s),
        received=received,
        until=moment(facts.until_s),
        place=where,
        road=facts.road,
        road_class=facts.road_class,
        stake_m=facts.stake_m,
        area=facts.area,
        lat=facts.lat,
        lon=facts.lon,
        outline=facts.outline,
        measured=_number(facts.measured),
        limit=_number(facts.limit),
        measured_unit=facts.measured_unit,
        severity=facts.severity,
        quality=",".join(facts.quality)[:64],
        row_id=decision.row_id,
        table_date=decision.table_date,
        table_version=held.name,
        explanation=explain(
            facts, decision, place=where, place_en=place or facts.place or unit.name_en
        ).to_dict(),
    )


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _content(told: dict[str, object]) -> str:
    """What makes a word about the same another word: not when it was read."""
    lasting = {key: value for key, value in told.items() if key != "fired_s"}
    return json.dumps(lasting, ensure_ascii=False, sort_keys=True)
