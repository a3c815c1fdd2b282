"""The grade's explanation in the reader's language, out of what was kept with the warning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sizao.web.cases.models import Case
from sizao.web.pages import words
from sizao.web.warnings.models import Warning


@dataclass(frozen=True)
class RuleText:
    """A rule that the grade leans on, as the page shows it."""

    name: str
    text: str
    citation: str
    certainty: str
    note: str


@dataclass(frozen=True)
class Explained:
    """Why a case has its grade: the words of its worst warning, and how the others relate."""

    warning: Warning | None
    what: str
    grade: str
    because: list[str]
    rules: list[RuleText]
    advice: list[str]
    """Control of the road that the row advises."""
    quality: list[str]
    caution: str
    certainty: str
    history: list[Warning]
    """Every warning of the case, oldest first."""
    evidence: list[tuple[str, str]]
    """What each observation was to the rule, and its id."""
    last: datetime | None

    @property
    def measured(self) -> str:
        """The worst warning's value, with what it is a number of."""
        w = self.warning
        if w is None or w.measured is None:
            return ""
        return words.counted(w.kind, w.severity, w.measured, w.measured_unit)

    @property
    def limit(self) -> str:
        """Its limit, where there is one to read."""
        w = self.warning
        if w is None or w.limit is None:
            return ""
        return words.limited(w.kind, w.severity, w.limit, w.measured_unit)

    @classmethod
    def of(cls, case: Case) -> Explained:
        """The explanation of a case whose warnings were fetched worst first."""
        found = list(case.warnings.all())
        worst = found[0] if found else None
        said: dict[str, Any] = worst.explanation if worst else {}
        language = words.pick("zh", "en")

        def take(name: str) -> Any:
            return said.get(f"{name}_{language}", said.get(name))

        return cls(
            warning=worst,
            what=take("what") or "",
            grade=take("grade") or "",
            because=list(take("because") or ()),
            rules=[
                RuleText(
                    rule.get(f"name_{language}", ""),
                    rule.get(f"text_{language}", ""),
                    words.citation(rule.get("citation", "")),
                    rule.get("certainty", "proposed"),
                    rule.get("note", ""),
                )
                for rule in said.get("rules", ())
            ],
            advice=list(take("advice") or ()),
            quality=list(take("quality") or ()),
            caution=take("caution") or "",
            certainty=said.get("certainty", "proposed"),
            history=sorted(found, key=lambda one: one.issued),
            evidence=_evidence(worst),
            last=getattr(worst, "last", None) if worst else None,
        )


def _evidence(warning: Warning | None) -> list[tuple[str, str]]:
    names = [words.pick("首个观测", "first"), words.pick("最重观测", "worst"),
             words.pick("末个观测", "last")]  # fmt: skip
    if warning is None:
        return []
    return list(zip(names, warning.evidence, strict=False))
