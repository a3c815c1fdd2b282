"""The event a case belongs to: everything open that has the same cause, by ``warn.correlate``."""

from __future__ import annotations

from collections.abc import Iterable

from sizao.core.levels import WarningLevel
from sizao.warn import merge
from sizao.warn.correlate import Event, Item, gather
from sizao.warn.table import Table
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.desk.known import OPEN_STATES, spot_of
from sizao.web.tables.books import edition
from sizao.web.warnings.models import Warning


def event_of(case: Case) -> Event | None:
    """The event that holds the case's warnings; None for a case without warnings.

    Built anew each time out of the rows, so that it is the same whatever came first. Two cases can
    turn out to be one event when what lies between them arrives last: each then names the other.
    """
    own = case.warnings.first()
    if own is None:
        return None
    rows = Warning.objects.filter(kind__in=merge.family(own.kind), case__state__in=OPEN_STATES)
    rows = rows | Warning.objects.filter(case=case)
    found = rows.select_related("case").prefetch_related("repeats").distinct()
    events = gather(items_of(found))
    return next((event for event in events if case.number in event.cases), None)


def items_of(warnings: Iterable[Warning]) -> list[Item]:
    """Warnings with their repeats as items, with the windows of the rows that made them."""
    tables: dict[str, Table] = {}
    items = []
    for one in warnings:
        book = "detections" if one.origin == "detection" else "places"
        table = tables.setdefault(book, edition(book, feed_now().date()).table())
        gather_m, merge_s = table.reach(one.kind)
        row = next((row for row in table.rows if row.id == one.row_id), None)
        window = max(merge_s, row.merge_s if row else 0.0)
        common = (WarningLevel(one.level),)
        reference = one.detection or one.origin_ref
        items.append(
            Item(
                f"{reference}@{one.last.timestamp():.0f}", one.kind, *common,
                one.onset.timestamp(), one.last.timestamp(), spot_of(one), window, gather_m,
                one.vehicle, one.case.number,
            )
        )  # fmt: skip
        for again in one.repeats.all():
            at_s = again.at.timestamp()
            items.append(
                Item(
                    f"{again.detection}@{at_s:.0f}", one.kind, *common, at_s, at_s,
                    spot_of(again), window, gather_m, again.vehicle, one.case.number,
                )
            )  # fmt: skip
    return items
