"""Which tests share a worker where there are several (``pytest -n 2 --dist loadfile``).

A file's tests stay together, for what they share. So do all that use the demonstration: it is
started once.
"""

from __future__ import annotations

from typing import Any

import pytest

DEMONSTRATION = "tests/e2e/"
APART = "tests/e2e/test_storm.py"
"""Its web process is its own: it need not wait for the demonstration."""
BEFORE = "tests/web/test_soak.py"
"""Two thousand vehicles at twenty times the speed: beside the demonstration neither keeps up."""


def together(test: str) -> str:
    """A name that tests of one worker have in common, from the id of one of them."""
    path = test.partition("::")[0]
    shares = path.startswith(DEMONSTRATION) and path != APART
    return DEMONSTRATION if shares or path == BEFORE else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hook of pytest-xdist; its other ways of dealing tests out are left as they are."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduler(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return together(nodeid)

    return Scheduler(config, log)
