"""How long the desk's own log keeps orders to terminals and platforms."""

from __future__ import annotations

from sizao.core.rulebook import entry
from sizao.log.interface import LogWriter

DAY_S = 86_400


def order_days() -> dict[str, float]:
    """Days an order is kept, by topic: rule ``retention.orders``. Fewer than what became of it is
    kept in the gateway's log: an order that outlives its result would be sent again."""
    rule = entry("retention.orders")
    return {topic: float(rule.value(topic)) for topic in rule.parameters}


def prune_orders(log: LogWriter, wall_s: float) -> int:
    """Delete orders past their time, a helping of each topic; how many segments went."""
    return sum(
        log.prune(topic, wall_s - days * DAY_S, at_most=1_000)
        for topic, days in order_days().items()
    )
