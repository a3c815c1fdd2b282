"""Texts that cases sent before there were measures: moved with their place in the log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ALIAS = "moved"


@pytest.fixture
def executor(tmp_path: Path, django_db_blocker: Any) -> Iterator[Any]:
    """A database of its own, so that going back in time disturbs nobody."""
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    default = connections.databases["default"]
    connections.databases[ALIAS] = {
        **default, "NAME": str(tmp_path / "old.sqlite"), "CONN_MAX_AGE": 0,
    }  # fmt: skip
    with django_db_blocker.unblock():
        yield MigrationExecutor(connections[ALIAS])
        connections[ALIAS].close()
    del connections.databases[ALIAS]
    del connections[ALIAS]


def test_texts_move_there_and_back_with_their_receipts(executor: Any) -> None:
    from django.utils import timezone

    old = [("measures", None), ("cases", "0003_origin")]
    new = [("cases", "0004_texts_moved")]
    apps = executor.migrate(old).apps
    now = timezone.now()
    unit = apps.get_model("units", "Unit").objects.using(ALIAS).create(code="zd", level=3)
    case = apps.get_model("cases", "Case").objects.using(ALIAS).create(
        number="1", level=1, command_level=1, unit=unit, local_unit=unit, kind="speeding",
        vehicle="1", onset_at=now, fired_at=now, raised_at=now, changed_at=now,
    )  # fmt: skip
    apps.get_model("cases", "ControlMeasure").objects.using(ALIAS).create(
        case=case, command="c1", vehicle="1", text="请减速", state="acknowledged", log_seq=7,
        ordered_at=now, expires_at=now,
    )  # fmt: skip
    executor.loader.build_graph()
    apps = executor.migrate(new).apps
    text = apps.get_model("measures", "TerminalText").objects.using(ALIAS).get()
    assert (text.case_id, text.command, text.state, text.log_seq) == (
        case.pk, "c1", "acknowledged", 7,
    )  # fmt: skip
    executor.loader.build_graph()
    apps = executor.migrate(old).apps
    back = apps.get_model("cases", "ControlMeasure").objects.using(ALIAS).get()
    assert (back.command, back.log_seq, back.text) == ("c1", 7, "请减速")
