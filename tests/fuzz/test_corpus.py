"""The fuzz target holds for every input that was found worth keeping."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .fuzz_jt808 import run_one
from .fuzz_jt809 import run_one as run_809

CORPUS = Path(__file__).resolve().parent / "corpus"


@pytest.mark.parametrize("file", sorted((CORPUS / "jt808").iterdir()), ids=lambda file: file.name)
def test_jt808(file: Path) -> None:
    run_one(file.read_bytes())


@pytest.mark.parametrize("file", sorted((CORPUS / "jt809").iterdir()), ids=lambda file: file.name)
def test_jt809(file: Path) -> None:
    run_809(file.read_bytes())


def test_the_corpus_is_small() -> None:
    files = [file for file in CORPUS.rglob("*") if file.is_file()]
    assert len(files) >= 50
    assert sum(file.stat().st_size for file in files) < 200_000


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=3, max_size=600))
def test_any_bytes_cuts_and_repetitions(data: bytes) -> None:
    run_one(data)


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=3, max_size=600))
def test_any_bytes_on_a_platform_link(data: bytes) -> None:
    run_809(data)
