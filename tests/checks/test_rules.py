"""Every rule through every shared check, and the checks through rules that are wrong."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import sizao.detect.record_rules
import sizao.detect.road_rules
import sizao.detect.rules
from sizao.detect import registry, sparse
from sizao.detect.rules.speeding import Speeding
from sizao.detect.stage import Memory
from tests.checks import rule_checks
from tests.checks.rule_checks import CHECKS


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("rule", registry.RULES, ids=lambda rule: rule.id)
def test_rule(rule, check):
    check(rule)


def test_every_rule_file_is_in_the_registry():
    folder = Path(sizao.detect.rules.__path__[0])
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert files == {rule.id for rule in registry.RULES}


def test_every_road_rule_is_in_the_registry_and_keeps_what_all_rules_keep():
    folder = Path(sizao.detect.road_rules.__path__[0])
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert files == {rule.id for rule in registry.ROAD_RULES}
    for rule in registry.ROAD_RULES:
        rule_checks.zero_state_means_never_seen(rule)
        rule_checks.the_version_names_every_parameter(rule)
        rule_checks.it_is_documented(rule)
        rule_checks.rows_that_say_nothing_find_nothing(rule)
        rule_checks.closing_leaves_the_state_alone(rule)


def test_every_record_rule_is_in_the_registry_and_documented():
    folder = Path(sizao.detect.record_rules.__path__[0])
    shared = {"__init__", "contradiction", "mass", "roadside"}
    files = {path.stem for path in folder.glob("*.py")} - shared
    assert files == {rule.id for rule in registry.RECORD_RULES}
    page = rule_checks.REFERENCE.read_text(encoding="utf-8")
    for rule in registry.RECORD_RULES:
        assert f"## `{rule.id}`" in page, f"docs/reference/rules.md has no section on {rule.id}"


def test_every_check_is_in_the_list():
    tree = ast.parse(Path(rule_checks.__file__).read_text(encoding="utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert functions - {"corpus_batch", "only", "play", "same", "whole"} == {
        check.__name__ for check in CHECKS
    }


class Forgetful(Speeding):
    """A control: forgets at each batch."""

    def step(self, columns, memory, params, world):
        fresh = Memory(np.zeros_like(memory.each), sparse.new(self.few_dtype))
        return super().step(columns, fresh, params, world)


class Mixing(Speeding):
    """A control: takes all vehicles for one."""

    def step(self, columns, memory, params, world):
        mixed = columns._replace(slot=np.zeros_like(columns.slot))
        return super().step(mixed, memory, params, world)


@pytest.mark.parametrize(
    ("broken", "check"),
    [
        (Forgetful, rule_checks.where_a_batch_is_cut_does_not_matter),
        (Forgetful, rule_checks.saved_and_restored_between_all_batches),
        (Mixing, rule_checks.vehicles_do_not_touch_each_other),
    ],
)
def test_checks_catch_a_rule_that_is_wrong(monkeypatch, broken, check):
    monkeypatch.setattr(registry, "RULES", (broken(),))
    with pytest.raises(AssertionError):
        check(broken())
