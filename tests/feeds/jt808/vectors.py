"""Golden frames: the constructed ones in this folder (CC0), and the collected ones if at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve()
COLLECTED = HERE.parents[3] / "../shared/vectors/jt808.jsonl"
CONSTRUCTED = HERE.parent / "golden/constructed.jsonl"


def load(*kinds: str) -> list[Any]:
    """Vectors of these kinds as pytest parameters, the constructed ones always."""
    source = COLLECTED if COLLECTED.exists() else CONSTRUCTED
    lines = source.read_text(encoding="utf-8").splitlines()
    vectors = [json.loads(line) for line in lines]
    return [pytest.param(v, id=v["id"]) for v in vectors if v["kind"] in kinds]


def raw_of(vector: dict[str, Any]) -> bytes:
    """The raw frame of a vector, without delimiters."""
    data = bytes.fromhex(vector["hex"])
    assert data[0] == data[-1] == 0x7E
    return data[1:-1]


def flat(fields: dict[str, Any]) -> dict[str, Any]:
    """Decoded fields with ``error`` as the vectors write it: its kind alone."""
    return {
        key: value["kind"] if key == "error" and isinstance(value, dict) else value
        for key, value in fields.items()
    }
