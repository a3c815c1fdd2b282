"""Figures of each source for Prometheus. A figure that is not known has no sample: a missing line
is not a zero."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge

from sizao.web.clock import feed_now
from sizao.web.sources.services import source_rows


def source_gauges(registry: CollectorRegistry) -> None:
    """Add the gauges of all sources to a registry."""

    def gauge(name: str, doc: str, *labels: str) -> Gauge:
        return Gauge(f"sizao_source_{name}", doc, ["source", *labels], registry=registry)

    silent = gauge("silent", "1 while a silence of the source goes on.")
    age = gauge("age_seconds", "Feed time since the last accepted record.")
    accepted = gauge("accepted_24h", "Records accepted in the last 24 hours.")
    quarantined = gauge("quarantined_24h", "Records quarantined in the last 24 hours.", "reason")
    delay = gauge("delay_p95_seconds", "95 % of the last 24 hours' records came within this.")
    complete = gauge("completeness_ratio", "Accepted of expected in the last 24 hours.")
    now = feed_now()
    for row in source_rows():
        silent.labels(row.id).set(bool(row.events))
        accepted.labels(row.id).set(row.day.accepted_total)
        if row.last is not None:
            age.labels(row.id).set((now - row.last).total_seconds())
        for reason, number in row.day.quarantined.items():
            quarantined.labels(row.id, reason).set(number)
        late = row.day.delay(0.95)
        if late is not None:
            delay.labels(row.id).set(late)
        share = row.day.completeness
        if share is not None:
            complete.labels(row.id).set(share)
