"""The clock of every stage of a scenario, kept for the page that shows them.

With SIZAO_SCREENSHOTS=1 a scenario that went well writes ``docs/assets/scenarios/NAME.json``;
``scripts/reference.py`` makes ``docs/reference/scenarios.md`` of all of them.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

from .conftest import ROOT

KEPT = ROOT / "docs/assets/scenarios"


class Shows(Protocol):
    """A screen."""

    def shot(self, name: str) -> None:
        """Keep a screenshot for the documentation when SIZAO_SCREENSHOTS=1."""
        ...


@dataclass
class Scenario:
    """One scripted run from what happens to what becomes of it."""

    name: str
    title_zh: str
    title_en: str
    begun: float = field(default_factory=time.monotonic)
    stages: list[dict[str, Any]] = field(default_factory=list)

    def stage(self, zh: str, en: str, desk: Shows | None = None) -> None:
        """Something came about now; ``desk`` gives the screenshot that shows it."""
        one = {"s": round(time.monotonic() - self.begun, 1), "zh": zh, "en": en}
        if desk is not None:
            one["shot"] = f"scenario-{self.name}-{len(self.stages) + 1}"
            desk.shot(one["shot"])
        self.stages.append(one)

    def done(self) -> None:
        """All of it came about."""
        assert [one["s"] for one in self.stages] == sorted(one["s"] for one in self.stages)
        if os.environ.get("SIZAO_SCREENSHOTS") != "1":
            return
        KEPT.mkdir(parents=True, exist_ok=True)
        told = {
            "title_zh": self.title_zh,
            "title_en": self.title_en,
            "load": round(os.getloadavg()[0]),
            "stages": self.stages,
        }
        text = json.dumps(told, ensure_ascii=False, indent=1)
        (KEPT / f"{self.name}.json").write_text(text + "\n", encoding="utf-8")
