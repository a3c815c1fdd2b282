"""Prometheus counters of the web process itself; the other parts' come from status files."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

registry = CollectorRegistry()

http_requests = Counter(
    "sizao_http_requests_total", "HTTP answers.", ["method", "status"], registry=registry
)
desk_rounds = Counter("sizao_desk_rounds_total", "Rounds of the warning desk.", registry=registry)
desk_errors = Counter(
    "sizao_desk_errors_total", "Rounds that failed and will be tried again.", registry=registry
)
desk_delivered = Counter(
    "sizao_desk_delivered_total", "Detection rows delivered.", registry=registry
)
desk_behind = Gauge(
    "sizao_desk_behind_segments", "Detection segments not yet delivered.", registry=registry
)
desk_round_s = Histogram(
    "sizao_desk_round_seconds", "Time of one round of the desk.", registry=registry,
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)  # fmt: skip
evidence_free = Gauge(
    "sizao_evidence_free_bytes", "Free space on the disk of the evidence.", registry=registry
)
evidence_floor = Gauge(
    "sizao_evidence_floor_bytes", "Free space below which evidence is refused.", registry=registry
)
deliveries = Counter(
    "sizao_deliveries_total", "Attempts to deliver a notice outside the house.",
    ["channel", "state"], registry=registry,
)  # fmt: skip
streams = Gauge("sizao_streams", "Open live streams.", ["stream"], registry=registry)
