"""docs/reference/case.md says what the step table, the clocks and the names say."""

from __future__ import annotations

from pathlib import Path

import pytest

from sizao.core.levels import WarningLevel
from sizao.respond.clocks import CLOCKS, limit_s
from sizao.respond.records import State
from sizao.respond.steps import MEASURES, STEPS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "case.md"


def lines() -> list[str]:
    found = [f"| `{state.value}` | {state.zh} | {state.en} |" for state in State]
    for step in STEPS.values():
        needs = [
            word
            for word, wanted in (
                ("words", step.needs_reason),
                ("units", step.needs_units),
                ("another person", step.by_another),
            )
            if wanted
        ]
        before = ", ".join(state.value for state in State if state in step.before)
        roles = ", ".join(role for role in ("operator", "leader", "officer") if role in step.roles)
        found.append(
            f"| `{step.action}` | {step.zh} | {step.key or '—'} | {before} | {step.after.value} "
            f"| {roles} | {', '.join(needs) or '—'} |"
        )
    for clock, (zh, en) in CLOCKS.items():
        minutes = " | ".join(
            f"{limit_s(clock, level) / 60:g}" for level in sorted(WarningLevel, reverse=True)
        )
        found.append(f"| `{clock}` | {zh} | {en} | {minutes} |")
    found += [f"| `{code}` | {zh} | {en} |" for code, (zh, en) in MEASURES.items()]
    return found


@pytest.mark.parametrize("line", lines())
def test_the_page_has_every_row(line: str) -> None:
    shown = PAGE.read_text(encoding="utf-8").splitlines()
    assert line in shown, "docs/reference/case.md needs:\n" + "\n".join(lines())


def test_the_page_has_no_row_too_many() -> None:
    # What follows the last heading named here has tables of its own.
    page = PAGE.read_text(encoding="utf-8").partition("## When what it rests on changes")[0]
    shown = [text for text in page.splitlines() if text[:3] == "| `"]
    assert sorted(shown) == sorted(lines())
