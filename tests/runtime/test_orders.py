"""An order is sent once, and every row of its results says what is known."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from sizao.core.schemas import COMMAND, COMMAND_RESULT
from sizao.runtime.orders import OrderBook, result_row
from tests.runtime.helpers import START_US

MINUTE = 60_000_000


def command(name: str, **columns: Any) -> pa.RecordBatch:
    row = {
        "command": name,
        "time": START_US,
        "vehicle": "13800000001",
        "kind": "text",
        "text": "您已超速，请减速",
        "expires": START_US + 10 * MINUTE,
    } | columns
    return pa.RecordBatch.from_pylist([row], schema=COMMAND)


def decided(book: OrderBook, now_us: int, *connected: str) -> list[tuple[str, str]]:
    decisions = book.decide(now_us, lambda vehicle: vehicle in connected)
    return [(one.order.command, one.state) for one in decisions]


def results(*states: tuple[str, str]) -> pa.RecordBatch:
    rows = [
        {"command": name, "time": START_US, "vehicle": "1", "state": state, "detail": None}
        for name, state in states
    ]
    return pa.RecordBatch.from_pylist(rows, schema=COMMAND_RESULT)


def test_a_connected_terminal_is_sent_to_once() -> None:
    book = OrderBook()
    book.add(command("c1"))
    assert decided(book, START_US, "13800000001") == [("c1", "sent")]
    assert decided(book, START_US, "13800000001") == []
    book.add(command("c1"))
    assert decided(book, START_US, "13800000001") == []


def test_an_absent_terminal_is_sent_to_when_it_comes() -> None:
    book = OrderBook()
    book.add(command("c1"))
    assert decided(book, START_US) == [("c1", "offline")]
    assert decided(book, START_US + MINUTE) == []
    assert decided(book, START_US + 2 * MINUTE, "13800000001") == [("c1", "sent")]


def test_an_order_expires() -> None:
    book = OrderBook()
    book.add(command("c1"))
    book.add(command("c2", expires=START_US - 1))
    book.add(command("c3", expires=None))
    assert decided(book, START_US) == [("c1", "offline"), ("c2", "expired"), ("c3", "offline")]
    assert decided(book, START_US + 10 * MINUTE, "13800000001") == [
        ("c1", "expired"),
        ("c3", "sent"),
    ]
    assert len(book) == 0


def test_an_unknown_kind_is_refused_in_words() -> None:
    book = OrderBook()
    book.add(command("c1", kind="lock_doors"))
    (one,) = book.decide(START_US, lambda vehicle: True)
    assert one.state == "refused"
    assert "lock_doors" in one.detail
    assert result_row(one, 5) == ("c1", 5, "13800000001", "refused", one.detail)


def test_a_restart_takes_up_what_is_open_and_repeats_nothing() -> None:
    book = OrderBook()
    book.restore([results(("c1", "sent")), results(("c2", "offline"), ("c3", "acknowledged"))])
    for name in ("c1", "c2", "c3", "c4"):
        book.add(command(name))
    assert decided(book, START_US) == [("c4", "offline")]
    assert decided(book, START_US, "13800000001") == [("c2", "sent"), ("c4", "sent")]


def test_a_decision_that_was_not_recorded_is_made_again() -> None:
    book = OrderBook()
    book.add(command("c1"))
    (one,) = book.decide(START_US, lambda vehicle: True)
    book.put_back(one.order, None)
    assert decided(book, START_US, "13800000001") == [("c1", "sent")]
    book.put_back(one.order, "offline")
    assert decided(book, START_US) == []
    assert decided(book, START_US, "13800000001") == [("c1", "sent")]
