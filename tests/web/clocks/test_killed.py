"""Every clock once more, with a desk that is a process of its own and is killed with SIGKILL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sizao.respond.clock_registry import CLOCKS
from tests.web.conftest import NOON, fill_again
from tests.web.processes import Desks, desks

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

NOW_S = NOON.timestamp()
TEN_DAYS_S = 10 * 86_400.0
LEDGER = "clocks_miss"


@pytest.fixture(scope="module")
def several(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desks]:
    with django_db_blocker.unblock():
        fill_again()
    with desks(tmp_path_factory.mktemp("killed")) as found:
        yield found


@pytest.mark.parametrize("clock", CLOCKS)
def test_it_fires_once_at_restart_whenever_the_process_was_killed(several: Desks, clock: str):
    several.renew()
    due_s = several.run("begin", NOW_S, given={"clock": clock})
    given = {"clock": clock, "due_s": due_s}
    # The desk runs, nothing is due, and it is killed where it stands.
    assert several.run("idle", NOW_S, killed=True) == "killed"
    # Ten days later it is started, fires, and is killed before it commits.
    later_s = due_s + TEN_DAYS_S
    assert several.run("fire", later_s, given=given, kill=(LEDGER, 1)) == "killed"
    assert several.run("tally", later_s, given=given) == [0, 0], "neither effect nor record is left"
    # Started once more it fires for good, and not again at the next start.
    assert several.run("fire", later_s, given=given) == [1, 1]
    assert several.run("fire", later_s + 1, given=given) == [1, 1]


def test_control_a_record_by_itself_lets_a_killed_clock_fire_twice(several: Desks):
    """The callback keeps no column of its own for what was acted on: the ledger is all there is."""
    clock = "call.callback"
    several.renew()
    due_s = several.run("begin", NOW_S, given={"clock": clock})
    later_s = due_s + TEN_DAYS_S
    assert several.run("forgetful", later_s, kill=(LEDGER, 1)) == "killed"
    several.run("round", later_s)
    given = {"clock": clock, "due_s": due_s}
    assert several.run("tally", later_s, given=given) == [1, 2], "told, killed, told again"
