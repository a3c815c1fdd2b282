"""``pytest tests/feeds --vectors DIR``: hold the decoders to your own captures.

Without the option the captures collected beside the checkout are used, where there are any.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .vectors import lines, own_lines


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--vectors",
        metavar="DIR",
        help="folder of captures (*.jsonl) to check instead of the collected ones",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a line of every file; a folder that gives none is an error, not a pass."""
    if "capture" not in metafunc.fixturenames:
        return
    folder = metafunc.config.getoption("--vectors", default=None)
    if folder is None:
        found = own_lines()
    else:
        found = lines(Path(folder))
        if not found:
            raise pytest.UsageError(f"--vectors {folder}: no captures (*.jsonl) there")
    metafunc.parametrize("capture", [pytest.param(line, id=line.name) for line in found])
