"""Golden frames: the constructed ones in this folder (CC0), and the collected ones if at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ..vectors import COLLECTED as FOLDER

COLLECTED = FOLDER / "jt809.jsonl"
CONSTRUCTED = Path(__file__).resolve().parent / "golden/constructed.jsonl"


def load(*kinds: str) -> list[Any]:
    """Vectors of these kinds as pytest parameters, the constructed ones always."""
    source = COLLECTED if COLLECTED.exists() else CONSTRUCTED
    vectors = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    return [pytest.param(v, id=v["id"]) for v in vectors if v["kind"] in kinds]
