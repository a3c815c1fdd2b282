"""An order goes before its result: one that outlived it would be sent again."""

from __future__ import annotations

from pathlib import Path

import pytest

from sizao.core.rulebook import entry
from sizao.runtime.embedded.housekeeping import DAY_S, topic_days
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.orders import OrderBook
from sizao.web.desk import retention
from tests.runtime.helpers import START_US
from tests.runtime.test_orders import command, decided, results


def sent_again(folder: Path) -> list[int]:
    """Days on which a restarted gateway sends an order of day 0 that was sent then."""
    days = []
    with (
        SqliteLog(folder / "commands.sqlite", writer=True, now=lambda: 0.0) as orders,
        SqliteLog(folder / "feeds.sqlite", writer=True, now=lambda: 1.0) as feeds,
    ):
        orders.append({"commands": command("c1", expires=None)})
        feeds.append({"command_results": results(("c1", "sent"))})
        for day in range(0, 500, 10):
            retention.prune_orders(orders, day * DAY_S)
            feeds.prune("command_results", (day - topic_days()["command_results"]) * DAY_S)
            book = OrderBook()
            book.restore(one.batch for one in feeds.read("command_results", 0))
            for one in orders.read("commands", 0):
                book.add(one.batch)
            if decided(book, START_US, "13800000001"):
                days.append(day)
        left = orders.first("commands") <= orders.last("commands")
        assert left == (len(days) > 0), "kept for ever"
    return days


def test_no_order_is_sent_again_when_its_result_is_past_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sent_again(tmp_path) == []
    # The control: orders that are never deleted, as they once were.
    monkeypatch.setattr(retention, "order_days", lambda: {"commands": 1e6})
    (tmp_path / "control").mkdir()
    assert sent_again(tmp_path / "control")[0] == 370


def test_each_order_is_kept_shorter_than_what_became_of_it() -> None:
    results_of = {"commands": "command_results", "platform_orders": "platform_messages"}
    days = retention.order_days()
    assert set(days) == set(results_of)
    assert all(days[topic] < topic_days()[results] for topic, results in results_of.items())
    assert entry("retention.detections").value("keep") >= 366 + 31, "the same month a year before"
