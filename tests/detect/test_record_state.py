"""What record rules remember, over an upgrade of the program."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest

from sizao.core.schemas import PASSAGE
from sizao.detect import records, registry
from sizao.detect.record_rules.section_speed import SectionSpeed
from sizao.detect.records import RecordContext, RecordState
from tests.detect.judging import START, passage
from tests.detect.record_rules.test_section_speed import facts, journey

RULE = "section_speed"


def stepped(
    state: RecordState, rows: Sequence[dict[str, Any]] = ()
) -> tuple[list[dict[str, object]], RecordState]:
    context = RecordContext.build(registry.RECORD_RULES, facts(), only=frozenset({RULE}))
    rows = rows or journey(700.0, direction="1")
    batch = pa.RecordBatch.from_pylist(list(rows), schema=PASSAGE)
    found, state = records.step("passages", batch, state, context)
    rest, state = records.release(None, state, context)
    return [*found.to_pylist(), *rest.to_pylist()], state


def earlier(layouts: dict[str, Any]) -> RecordState:
    """As a release wrote it that kept one passage at a beginning and no direction."""
    us = int(START.timestamp() * 1e6) - 600_000_000
    key = f"2:{passage(0, 'A')['plate']}"
    memory = {
        "last": {key: {"A": [us, "A-600", None]}},
        "seen": {key: [[us, "A", "A-600"]]},
        "doubts": {},
        "told": {},
    }
    state = {
        "memory": {RULE: memory},
        "held": {},
        "counters": {"rows": 0, "future": 0, "detections": 0},
    }
    return RecordState.from_bytes(json.dumps({**state, **layouts}).encode())


def test_memory_of_another_layout_begins_anew_and_that_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        found, state = stepped(earlier({}))
    assert [row["severity"] for row in found] == ["lt10"]
    assert f"rule {RULE} remembers in another way now" in caplog.text
    caplog.clear()
    again = RecordState.from_bytes(state.to_bytes())
    assert again.layouts == state.layouts == {RULE: SectionSpeed.memory_layout}
    stepped(again)
    assert not caplog.text


def test_a_row_held_by_a_release_that_knew_less_of_it() -> None:
    began = passage(0, "A")
    us = {name: round(began[name].timestamp() * 1e6) for name in ("time", "received")}
    layouts = {RULE: SectionSpeed.memory_layout}
    state = json.dumps({"held": {RULE: {"rows": [{**began, **us}]}}, "layouts": layouts})
    found, _ = stepped(RecordState.from_bytes(state.encode()), journey(700.0)[1:])
    assert [row["severity"] for row in found] == ["lt10"]


def test_without_that_it_could_not_be_read() -> None:
    with pytest.raises((IndexError, TypeError)):
        stepped(earlier({"layouts": {RULE: SectionSpeed.memory_layout}}))
