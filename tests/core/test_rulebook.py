"""The rule book: the package's copy agrees with the regulations it was drawn from."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sizao.core.errors import ConfigError
from sizao.core.rulebook import CERTAINTIES, Entry, entry, rulebook

SHARED = Path(__file__).resolve().parents[3] / "shared" / "rules"


def test_the_continuous_driving_rule_is_the_law() -> None:
    rule = entry("fatigue.continuous_any")
    assert (rule.value("max_continuous"), rule.value("min_rest")) == (240, 20)
    assert rule.certainty == "found"
    assert rule.citation() == "《中华人民共和国道路交通安全法实施条例》（2004）第62条第（7）项"


@pytest.mark.parametrize(
    ("article", "cited"),
    [
        ("38", "第38条"),
        ("38(5)", "第38条第（5）项"),
        ("8-12", "第8至12条"),
        ("9, 11", "第9、11条"),
        ("42 (renumbered in 2024 text)", "第42条"),
        ("annex", "附件"),
        ("unknown", ""),
        ("limit-setting article (number unchecked)", ""),
    ],
)
def test_articles_are_cited_as_chinese_texts_do(article: str, cited: str) -> None:
    source = {"title": "某办法", "year": "unknown", "article": article}
    rule = Entry("x", "", "", "law", {}, source, "found")
    assert rule.citation() == f"《某办法》{cited}"


def test_what_is_not_found_says_so() -> None:
    assert "待核实" in entry("warning.colour_level").citation()
    assert entry("warning.handling_clock").citation() == "项目默认值（无法定来源）"


def test_unknown_rules_and_parameters_are_named() -> None:
    with pytest.raises(ConfigError, match=r"no\.such"):
        entry("no.such")
    with pytest.raises(ConfigError, match="no_such"):
        entry("fatigue.continuous_any").value("no_such")


def test_every_entry_is_complete() -> None:
    for rule in rulebook().values():
        assert rule.name_zh, rule.id
        assert rule.name_en, rule.id
        assert rule.certainty in CERTAINTIES
        assert {"title", "year", "article"} <= set(rule.source), rule.id
        assert rule.citation()


def test_numbers_agree_with_the_collected_regulations() -> None:
    """A number changed here by mistake, or there on purpose, must be noticed."""
    if not SHARED.exists():
        pytest.skip("the collected regulations are not beside this checkout")
    ours = rulebook()
    compared = 0
    for path in SHARED.glob("*.yaml"):
        for raw in yaml.safe_load(path.read_text(encoding="utf-8")):
            if raw["id"] in ours and raw["certainty"] == "found":
                assert dict(ours[raw["id"]].parameters) == raw["parameters"], raw["id"]
                compared += 1
    assert compared >= 10
