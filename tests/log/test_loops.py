"""After the warm-up no loop that writes or reads the log or the archive is compiled or loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import sys
from pathlib import Path
import pyarrow as pa
from tests.loops_met import Met
met = Met.listening()
from sizao.log import loops
from sizao.log.archive import arrivals
from sizao.log.archive.store import ArchiveStore
from sizao.runtime.embedded.log import SqliteLog
if sys.argv[2] == "warm":
    arrivals.warm_up()
met.forget()
folder, n = Path(sys.argv[1]), 3_000
names = pa.array([f"{13_800_000_000 + number}" for number in range(n)])
one = loops.made_up().take(pa.array([number % 2 for number in range(n)])).set_column(
    0, loops.made_up().schema.field("vehicle"), names
)
driven = one.set_column(14, one.schema.field("driver"), pa.array(["A", None] * (n // 2)))
with SqliteLog(folder / "feeds.sqlite", writer=True) as log, ArchiveStore(folder / "kept") as kept:
    for batches in ([one], [driven], [one, driven]):
        for batch in batches:
            log.append({"positions": batch})
    found = [segment.batch for segment in log.read("positions", 0, 10**9)]
    assert sum(map(len, found)) == 4 * n
    for number, batch in enumerate(found, 1):
        kept.take([batch], number, 0.0)
    assert kept.compact() and kept.manifest.rows
    stored = arrivals.Arrivals()
    stored.add_stored([one.data for one in log.stored("positions", 0, 10**9)])
    kept.put(stored, len(found) + 1, 0.0)
    assert kept.compact() and kept.tidy(newest=True)
print(*sorted(met.loaded))
"""


@pytest.mark.parametrize(("how", "expected"), [("warm", False), ("cold", True)])
def test_nothing_is_compiled_or_loaded_after_the_warm_up(
    tmp_path: Path, how: str, expected: bool
) -> None:
    """Control: without the warm-up they are, also that of a table of names that grows."""
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), how],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert bool(said.stdout.split()) is expected, said.stdout
    if how == "cold":
        assert set(said.stdout.split()) >= {
            "_move", "_scatter_bits", "_take", "_take_narrow", "_gather", "widen", "_look_up",
        }  # fmt: skip
