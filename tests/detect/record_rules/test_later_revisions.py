"""A later revision belongs to what fired, though parameters or the register changed meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from sizao.core.schemas import TOPICS
from sizao.detect import records, registry
from sizao.detect.records import Facts, RecordContext, RecordState
from tests.detect.judging import passage, register_of
from tests.detect.record_rules.test_dsm_fatigue import LATER, alarm
from tests.detect.record_rules.test_roadside import breath, check
from tests.detect.record_rules.test_section_speed import PLACES

KNOWN = {"vehicle": "10001", "plate": "川DI0001", "plate_colour": 2, "kind": "heavy_truck"}

CASES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any]]] = {
    # 120 km/h of 100; a minute later the plate is back at the beginning: two vehicles.
    "section_speed": (
        [passage(0, "A"), passage(597, "B")],
        [passage(660, "A")],
        {"length_error_percent": 1.0},
    ),
    "dsm_fatigue": ([alarm(0), alarm(60), alarm(120)], [LATER], {"gap_min": 9.0}),
    "drink_driving": (
        [breath(1, 30.0, blood="pending")],
        [check(2, 1.0, refers_to="c1", blood_mg_100ml=10.0)],
        {"drink_from": 19.0},
    ),
}


def _told(rule: str, *, changed: bool, moved: bool) -> list[dict[str, Any]]:
    before, after, changes = CASES[rule]
    facts = Facts(register_of(KNOWN), PLACES)
    context = RecordContext.build(
        registry.RECORD_RULES, facts, only=frozenset({rule}), changes={rule: {}}
    )
    later = RecordContext.build(
        registry.RECORD_RULES,
        replace(facts, register=register_of({**KNOWN, "vehicle": "10007"})) if moved else facts,
        only=frozenset({rule}),
        changes={rule: changes if changed else {}},
    )
    topic = context.rules[0].topic
    state, rows = RecordState(), []
    for part, judged_by in ((before, context), (after, later)):
        batch = pa.RecordBatch.from_pylist(part, schema=TOPICS[topic])
        found, state = records.step(topic, batch, state, judged_by)
        state = RecordState.from_bytes(state.to_bytes())
        rows += found.to_pylist()
        if part is before:
            due, state = records.release(None, state, judged_by)
            rows += due.to_pylist()
    due, _ = records.release(None, state, later)
    return rows + due.to_pylist()


@pytest.mark.parametrize("rule", CASES)
@pytest.mark.parametrize("moved", [False, True], ids=["same register", "another register"])
@pytest.mark.parametrize("changed", [False, True], ids=["same rules", "another parameter"])
def test_it_keeps_its_name(rule, changed, moved):
    first, last = _told(rule, changed=changed, moved=moved)
    assert (first["revision"], last["revision"]) == (0, 1)
    assert last["id"] == first["id"]
    assert last["rule_version"] == first["rule_version"]
    assert last["vehicle"] == first["vehicle"]
