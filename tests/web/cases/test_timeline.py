"""A case's timeline as a chain: whatever is changed in it is found where it is."""

from __future__ import annotations

import importlib
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from sizao.web.audit.chain import GENESIS, seal
from sizao.web.cases.models import Case, CaseEvent, Receipt
from sizao.web.cases.services import act
from sizao.web.cases.timeline import check, check_all, content
from tests.web.conftest import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def handled(world: World) -> Case:
    """Four lines: raised, signed, dispatched, a control measure."""
    case = world.raise_case()
    user = world.user("op-zd")
    case = act(user, case.pk, "sign", case.version)
    case = act(user, case.pk, "dispatch", case.version, units=["东一01"])
    return act(user, case.pk, "control", case.version)


def sql(statement: str, *values: object) -> None:
    """As somebody with the database file open would."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_an_untouched_timeline_holds(handled: Case):
    report = check(handled)
    assert report.intact
    assert report.chain.entries == 4
    rows = list(handled.events.order_by("seq"))
    assert rows[0].prev_hash == GENESIS
    assert [row.prev_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]


@pytest.mark.parametrize(
    ("tampering", "broken_at"),
    [
        ("UPDATE cases_caseevent SET actor_name = 'x' WHERE seq = 2", 2),
        ("UPDATE cases_caseevent SET text_zh = '误报' WHERE seq = 3", 3),
        ("UPDATE cases_caseevent SET at = '2020-01-01 00:00:00' WHERE seq = 4", 4),
        ("UPDATE cases_caseevent SET data = '{}' WHERE seq = 1", 1),
        ("DELETE FROM cases_caseevent WHERE seq = 2", 2),
        ("DELETE FROM cases_caseevent WHERE seq = 4", 4),
        ("UPDATE cases_caseevent SET prev_hash = hash WHERE seq = 1", 1),
    ],
)
def test_any_tampering_is_found_where_it_is(handled: Case, tampering: str, broken_at: int):
    sql(tampering)
    assert check(handled).broken_at == broken_at


def rewrite(case: Case) -> None:
    """A careful forger: one line changed, and every hash after it made to fit."""
    before = GENESIS
    for row in case.events.order_by("seq"):
        if row.seq == 2:
            row.actor_name = "别人"
        sealed = seal(content(case.number, row), before)
        sql(
            "UPDATE cases_caseevent SET actor_name = %s, prev_hash = %s, hash = %s WHERE id = %s",
            row.actor_name, before, sealed, row.pk,
        )  # fmt: skip
        before = sealed


def test_a_timeline_written_anew_is_found_by_the_audit_log(handled: Case):
    rewrite(handled)
    report = check(handled)
    assert report.chain.intact, "control: its own chain says nothing"
    assert report.broken_at == 2


def test_lines_cannot_change_cases(world: World, handled: Case):
    other = world.raise_case(vehicle="19800000002")
    sql("UPDATE cases_caseevent SET seq = 99 WHERE case_id = %s", other.pk)
    sql("UPDATE cases_caseevent SET case_id = %s WHERE case_id = %s AND seq = 1",
        other.pk, handled.pk)  # fmt: skip
    assert {report.number: report.intact for report in check_all()} == {
        handled.number: False,
        other.number: False,
    }


def test_lines_from_before_are_sealed_by_the_migration(handled: Case):
    known = list(handled.events.order_by("seq").values_list("hash", flat=True))
    sql("UPDATE cases_caseevent SET prev_hash = '', hash = ''")
    assert not check(handled).intact
    migration = importlib.import_module("sizao.web.cases.migrations.0005_chain")
    migration.seal_all(Plain, SimpleNamespace(connection=connection))
    assert check(handled).intact
    assert list(handled.events.order_by("seq").values_list("hash", flat=True)) == known


class Plain:
    """Models as a migration has them: without the manager that refuses updates."""

    @staticmethod
    def get_model(app: str, name: str):
        from django.db import models

        model = apps.get_model(app, name)
        manager = models.Manager()
        manager.model = model
        return type("Historical", (), {"objects": manager})


def test_the_page_says_whether_the_chain_holds(world: World, handled: Case):
    client = world.client("op-zd")
    assert 'data-chain="whole"' in client.get(f"/cases/{handled.pk}/").content.decode()
    sql("UPDATE cases_caseevent SET text_zh = '改' WHERE seq = 3")
    page = client.get(f"/cases/{handled.pk}/").content.decode()
    assert 'data-chain="broken"' in page
    assert "第 3 条起" in page


def test_the_first_opening_is_kept_once_and_audited(world: World, handled: Case):
    for who in ("op-zd", "op-zd", "off-dd1"):
        world.client(who).get(f"/cases/{handled.pk}/")
    assert list(Receipt.objects.values_list("user__username", flat=True)) == ["op-zd", "off-dd1"]
    assert check(handled).intact
    assert CaseEvent.objects.filter(case=handled).count() == 4, "reading is no event of the case"


def test_the_command_says_what_is_broken(
    world: World, handled: Case, monkeypatch: pytest.MonkeyPatch
):
    from click.testing import CliRunner

    from sizao.app.commands.audit import command

    world.data.database.touch()
    monkeypatch.setattr("sizao.app.wiring.setup_django", lambda data: None)
    asked = ["verify", "--data", str(world.data.root)]
    done = CliRunner().invoke(command, asked)
    assert done.exit_code == 0, done.output
    assert "1 timelines, 4 lines, 0 broken" in done.output
    sql("UPDATE cases_caseevent SET text_zh = '改' WHERE seq = 3")
    done = CliRunner().invoke(command, asked)
    assert done.exit_code == 1
    assert f"case {handled.number}: broken at line 3" in done.output
