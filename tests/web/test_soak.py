"""The soak in its short form: a real web process, twenty people, one SQLite file."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_people_and_desk_write_together_without_a_lock_error():
    done = subprocess.run(
        [sys.executable, "-m", "sizao", "bench", "soak", "--seconds", "60", "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["lock_errors"] == 0, found
    assert found["server_errors"] == 0, found
    assert found["desk_errors"] == 0, found
    assert found["broken_streams"] == 0, found
    assert found["audit_intact"], found
    assert found["writes"] > 100, found
    assert found["desk_behind"] <= 5, found
    # How long anybody waited is for `sizao bench soak` on a quiet machine to say, not for a test.
