"""Imports into the database: whole or not at all, twice the same as once, and back again."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from sizao.core.errors import ConfigError
from sizao.core.schemas import CRASH, REGISTER, check
from sizao.feeds.tables import samples
from sizao.log import register as register_file
from sizao.web.audit.models import AuditEntry
from sizao.web.audit.services import verify_chain
from sizao.web.fleet import directory, register
from sizao.web.fleet.models import Enterprise, Publication, Vehicle
from sizao.web.imports import crashes, files, jobs, services, storing
from sizao.web.imports.models import Batch, Change, Crash, ReportRow, SavedMapping
from sizao.web.imports.reports import mend_csv
from sizao.web.imports.undoing import can_undo, consequence, undo
from tests.feeds.tables import files as made
from tests.web.conftest import TRUCK, World

ROOT = Path(__file__).resolve().parents[3]


def run(world: World, kind: str, data: bytes, source: str = "122", **options) -> Batch:
    """All steps as the pages take them."""
    user = world.user("op-zd")
    batch = services.open_batch(user, kind=kind, source=source, file_name="a.csv", data=data)
    services.run_read(batch.pk)
    batch.refresh_from_db()
    if options:
        Batch.objects.filter(pk=batch.pk).update(options={**batch.options, **options})
    services.run_check(batch.pk)
    services.run_store(batch.pk, user)
    batch.refresh_from_db()
    return batch


def test_a_dirty_file_of_crashes_is_stored_as_far_as_it_is_good(world: World):
    batch = run(world, "crash", made.crash_csv())
    assert batch.state == "done"
    assert batch.counts["new"] == Crash.objects.count() == len(made.CRASHES_GOOD)
    bad = {row.row: [one["code"] for one in row.problems] for row in batch.report.filter(lot="bad")}
    assert bad == made.CRASHES_BAD
    crash = Crash.objects.get(source="122", number="S-001")
    assert (crash.batch_id, crash.row) == (batch.pk, 2)
    assert crash.severity_2007 == "ordinary"
    assert not (files.folder() / str(batch.pk)).exists(), "the upload is deleted after the import"
    entry = AuditEntry.objects.get(action="import.done")
    assert entry.data["new"] == len(made.CRASHES_GOOD)
    assert entry.actor == "op-zd"
    assert verify_chain().intact


def test_the_report_can_be_mended_and_imported_again(world: World):
    batch = run(world, "crash", made.crash_csv())
    text, count = mend_csv(batch)
    assert count == len(made.CRASHES_BAD)
    mended = text.replace("2024-02-30 10:00", "2024-02-29 10:00")
    again = run(world, "crash", mended.encode())
    assert again.counts["new"] == 1
    assert Crash.objects.filter(number="S-003", batch=again).exists()
    assert "某甲" not in text


def test_the_same_file_twice_changes_nothing(world: World):
    run(world, "crash", made.crash_csv())
    again = run(world, "crash", made.crash_csv())
    assert again.state == "failed"
    assert "没有可以导入的行" in again.error["zh"]
    updated = run(world, "crash", made.crash_csv(), existing="update")
    assert (updated.counts["new"], updated.counts["updated"]) == (0, 0)
    other = run(world, "crash", made.crash_csv(), source="保险")
    assert other.counts["new"] == len(made.CRASHES_GOOD), "another source has numbers of its own"
    notes = {one["code"] for row in other.report.filter(lot="note") for one in row.problems}
    assert "perhaps_twice" in notes


def test_strict_stores_nothing_if_anything_is_wrong(world: World):
    batch = run(world, "crash", made.crash_csv(), strict=True)
    assert batch.state == "failed"
    assert not Crash.objects.exists()


def test_crashes_are_read_as_columns(world: World):
    run(world, "crash", made.crash_csv())
    batch = check(crashes.read(), CRASH)
    assert batch["crash"].to_pylist() == ["S-001", "S-002", "S-006", "S-007", "S-014"]
    since = dt.datetime(2024, 1, 10, tzinfo=dt.UTC)
    assert len(crashes.read(since)) == 2
    assert len(crashes.read(sources=("other",))) == 0
    assert batch["weather"].to_pylist()[2] is None


class Stop(Exception):
    """Something breaks in the middle."""


@pytest.mark.parametrize("kind", ["crash", "vehicle", "enterprise"])
def test_nothing_is_half_imported_when_it_breaks_in_the_middle(world: World, monkeypatch, kind):
    """Rows are written, then the transaction's last step raises: nothing of it is there."""
    register.begin_change()
    register.publish_if_stale()
    before = world.data.register.read_bytes()
    count = Crash.objects.count(), Vehicle.objects.count(), Enterprise.objects.count()
    wanted = Publication.objects.get().wanted
    written = []

    def broken(batch):
        written.append((Crash.objects.count(), Vehicle.objects.count(), Enterprise.objects.count()))
        raise Stop

    monkeypatch.setattr(services, "_remember", broken)
    data = {"crash": made.crash_csv(), "vehicle": made.vehicle_xlsx(),
            "enterprise": made.enterprise_csv()}[kind]  # fmt: skip
    with pytest.raises(Stop):
        run(world, kind, data)
    assert written[0] != count, "the control: at that moment rows had been written"
    assert count == (
        Crash.objects.count(), Vehicle.objects.count(), Enterprise.objects.count()
    )  # fmt: skip
    assert world.data.register.read_bytes() == before
    assert Publication.objects.get().wanted == wanted
    assert not Change.objects.exists()


def test_the_database_and_the_file_of_the_register_go_together(world: World):
    batch = run(world, "vehicle", made.vehicle_xlsx(), source="车管所")
    assert batch.state == "done", batch.error
    table = register_file.load(world.data.register)
    check(table.combine_chunks().to_batches()[0], REGISTER)
    rows = {row["vehicle"]: row for row in table.to_pylist()}
    assert set(rows) == set(Vehicle.objects.values_list("pk", flat=True))
    assert rows["10000000001"]["gross_kg"] == 25_000
    assert rows["10000000001"]["enterprise"] == "e1"
    assert rows["10000000011"]["kind"] == "other"
    assert TRUCK in rows, "vehicles that are not in the file stay"
    assert directory.directory()["10000000002"].plate == "川DI0002"


def test_an_import_changes_only_what_the_file_says(world: World):
    header = ("终端号", "总质量")
    batch = run(world, "vehicle", made.csv_bytes(header, [(TRUCK, "31吨")]))
    assert (batch.counts["new"], batch.counts["updated"]) == (0, 1)
    truck = Vehicle.objects.get(pk=TRUCK)
    assert truck.gross_kg == 31_000
    assert (truck.kind, truck.enterprise_id, truck.plate) == ("heavy_truck", "e1", "川D·A0001")


def test_a_plate_finds_its_terminal(world: World):
    batch = run(world, "vehicle", made.csv_bytes(("号牌号码", "轴数"), [("川DA0001", 6)]))
    assert batch.counts["updated"] == 1
    assert Vehicle.objects.get(pk=TRUCK).axles == 6


def test_a_kill_after_the_commit_leaves_a_mark_and_the_desk_renews_the_file(
    world: World, monkeypatch
):
    with monkeypatch.context() as patched:
        patched.setattr(register_file, "save", _killed)
        with pytest.raises(Stop):
            run(world, "vehicle", made.csv_bytes(("终端号", "总质量"), [(TRUCK, "31吨")]))
    assert Vehicle.objects.get(pk=TRUCK).gross_kg == 31_000
    assert not world.data.register.exists(), "the control: the file is not there yet"
    world.round()
    rows = {row["vehicle"]: row for row in register_file.load(world.data.register).to_pylist()}
    assert rows[TRUCK]["gross_kg"] == 31_000


def _killed(*_):
    raise Stop


def test_a_file_made_by_hand_is_taken_over_once(world: World):
    row = {"vehicle": "10000009999", "plate": "川DI9999", "kind": "hazmat", "enterprise": "h1",
           "enterprise_name": "手工登记公司"}  # fmt: skip
    register_file.save(pa.Table.from_pylist([row], schema=REGISTER), world.data.register)
    run(world, "vehicle", made.csv_bytes(("终端号", "总质量"), [(TRUCK, "31吨")]))
    assert Vehicle.objects.get(pk="10000009999").enterprise.name == "手工登记公司"
    assert {TRUCK, "10000009999"} <= set(
        register_file.load(world.data.register)["vehicle"].to_pylist()
    )


def test_an_older_register_file_reads_with_its_new_columns_empty(tmp_path: Path):
    import pyarrow.parquet as pq

    old = pa.Table.from_pylist([{"vehicle": "1", "kind": "other"}], schema=REGISTER).select(
        ["vehicle", "plate", "plate_colour", "kind", "enterprise", "enterprise_name", "area"]
    )
    pq.write_table(old, tmp_path / "old.parquet")
    assert register_file.load(tmp_path / "old.parquet").schema.names == REGISTER.names
    pq.write_table(old.append_column("extra", pa.array(["x"])), tmp_path / "odd.parquet")
    with pytest.raises(ConfigError, match="not a register"):
        register_file.load(tmp_path / "odd.parquet")
    with pytest.raises(FileNotFoundError):
        register_file.load(tmp_path / "none.parquet")


def test_undoing_gives_back_what_was(world: World):
    run(world, "crash", made.crash_csv())
    before = list(Crash.objects.order_by("pk").values())
    header = ("事故编号", "事故时间", "纬度", "经度", "死亡人数")
    rows = [
        ("S-001", "2024-01-05 14:03", 26.585, 101.716, 4),
        ("N-1", "2024-01-06", 26.5, 101.7, 0),
    ]
    second = run(world, "crash", made.csv_bytes(header, rows), existing="update")
    assert (second.counts["new"], second.counts["updated"]) == (1, 1)
    assert Crash.objects.get(number="S-001").dead == 4
    first = Batch.objects.order_by("pk").first()
    assert not can_undo(first)
    with pytest.raises(ConfigError, match="not the last one"):
        undo(world.user("op-zd"), first.pk)
    assert consequence(second) == {"deleted": 1, "restored": 1}
    assert undo(world.user("op-zd"), second.pk) == {"deleted": 1, "restored": 1}
    assert list(Crash.objects.order_by("pk").values()) == before
    second.refresh_from_db()
    assert (second.state, second.undone_by) == ("undone", "op-zd")
    assert AuditEntry.objects.filter(action="import.undo").count() == 1
    assert can_undo(first)


def test_undoing_registers(world: World):
    before = list(Vehicle.objects.order_by("pk").values())
    firms = list(Enterprise.objects.order_by("pk").values())
    header = ("终端号", "总质量", "检验有效期止", "企业编号", "企业名称")
    rows = [(TRUCK, "31吨", "2026-05-31", "n1", "新公司"), ("10000000009", "", "", "n1", "新公司")]
    batch = run(world, "vehicle", made.csv_bytes(header, rows))
    assert Enterprise.objects.filter(pk="n1").exists()
    assert consequence(batch) == {"deleted": 2, "restored": 1}
    undo(None, batch.pk)
    assert list(Vehicle.objects.order_by("pk").values()) == before
    assert list(Enterprise.objects.order_by("pk").values()) == firms
    assert "10000000009" not in register_file.load(world.data.register)["vehicle"].to_pylist()


def test_enterprises_that_others_refer_to_stay(world: World):
    batch = run(world, "enterprise", made.enterprise_csv())
    Vehicle.objects.filter(pk=TRUCK).update(enterprise_id="f1")
    undo(None, batch.pk)
    assert set(
        Enterprise.objects.filter(pk__in=["f1", "f2", "f6"]).values_list("pk", flat=True)
    ) == {"f1"}


def test_a_mapping_is_kept_for_its_source_only_when_it_was_used(world: World):
    data = made.csv_bytes(
        ("编码", "何时", "Y坐标", "X坐标"), [("1", "2024-01-05 10:00", 26.5, 101.7)]
    )
    batch = services.open_batch(None, kind="crash", source="局", file_name="a.csv", data=data)
    services.run_read(batch.pk)
    batch.refresh_from_db()
    assert "time" not in batch.options["mapping"]["columns"]
    assert not SavedMapping.objects.exists()
    mapping = {**batch.options["mapping"], "columns": {
        "id": "编码", "time": "何时", "lat": "Y坐标", "lon": "X坐标"}}  # fmt: skip
    Batch.objects.filter(pk=batch.pk).update(options={**batch.options, "mapping": mapping})
    services.run_check(batch.pk)
    assert services.run_store(batch.pk).state == "done"
    next_time = services.open_batch(
        None, kind="crash", source="局", file_name="b.csv", data=data.replace(b"1,2024", b"2,2024")
    )
    services.run_read(next_time.pk)
    next_time.refresh_from_db()
    assert next_time.options["mapping"]["columns"]["time"] == "何时"


def test_a_wrong_mapping_goes_back_to_the_mapping_screen(world: World):
    batch = services.open_batch(
        None, kind="crash", source="x", file_name="a.csv", data=b"a,b\n1,2\n"
    )
    services.run_read(batch.pk)
    services.run_check(batch.pk)
    batch.refresh_from_db()
    assert batch.state == "mapping"
    assert "no column is mapped to time" in batch.error["en"]
    assert batch.error["zh"].startswith("核对没有完成，请改正。程序给出的原因：")


def test_a_file_that_is_no_table_says_what_to_do(world: World):
    batch = services.open_batch(
        None, kind="crash", source="x", file_name="a.xls",
        data=b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old",
    )  # fmt: skip
    services.run_read(batch.pk)
    batch.refresh_from_db()
    assert batch.state == "failed"
    assert ".xlsx" in batch.error["zh"]
    with pytest.raises(ConfigError, match="upload it again"):
        files.data_of(batch.pk)
    with pytest.raises(ConfigError, match="name the source"):
        services.open_batch(None, kind="crash", source=" ", file_name="a", data=b"")


def test_what_a_stopped_process_left_open_is_closed(world: World):
    batch = services.open_batch(None, kind="crash", source="x", file_name="a", data=b"a")
    Batch.objects.filter(pk=batch.pk).update(state="storing")
    assert services.mend({batch.pk}) == 0, "it is being worked on"
    assert services.mend(set()) == 1
    batch.refresh_from_db()
    assert batch.state == "failed"
    assert "没有导入" in batch.error["zh"]


def test_an_upload_that_nobody_confirmed_is_deleted_after_a_day(world: World, monkeypatch):
    batch = services.open_batch(None, kind="crash", source="x", file_name="a", data=b"a,b\n1,2")
    services.run_read(batch.pk)
    monkeypatch.setattr(files, "KEEP_S", -1.0)
    services.open_batch(None, kind="crash", source="y", file_name="b", data=b"a")
    batch.refresh_from_db()
    assert batch.state == "failed"


def test_records_imported_by_somebody_else_meanwhile(world: World, monkeypatch):
    """Two imports of one file that were both checked: the second stores nothing."""
    user = world.user("op-zd")
    batch = services.open_batch(
        user, kind="crash", source="122", file_name="a", data=made.crash_csv()
    )
    services.run_read(batch.pk)
    real = storing.prepare

    def meanwhile(mine, checked):
        store = real(mine, checked)
        other = services.open_batch(None, kind="crash", source="z", file_name="a", data=b"a")
        Crash.objects.create(
            source="122", number="S-014", time=world.now, batch=other, row=1, place="别人的"
        )
        return store

    monkeypatch.setattr(services, "prepare", meanwhile)
    batch = services.run_store(batch.pk, user)
    assert batch.state == "failed"
    assert "重新检查" in batch.error["zh"]
    assert Crash.objects.count() == 1


@pytest.mark.parametrize("kind", ["crash", "vehicle", "enterprise"])
@pytest.mark.parametrize("form", [samples.as_csv, samples.as_xlsx])
def test_the_samples_import_without_a_word(world: World, kind, form):
    batch = run(world, kind, form(kind))
    assert batch.state == "done", batch.error
    assert batch.counts["good"] == batch.counts["rows"]
    assert not ReportRow.objects.filter(batch=batch).exists()
    assert not batch.look["unsure"]
    assert set(batch.options["mapping"]["columns"]) == {
        one.name for one in services.kind_named(kind).fields if not one.helper
    }


KILLED = """
import os, signal, sys
sys.path.insert(0, {root!r})
from sizao.log.datadir import DataDir
from sizao.app.commands import _imports
from pathlib import Path
from typing import Any
data = DataDir(Path({data!r}))
_imports.prepare(data)
from sizao.web.imports import services
from sizao.web.imports.models import Crash
def kill(batch):
    assert Crash.objects.count() == {count}, "the rows are written"
    os.kill(os.getpid(), signal.SIGKILL)
services._remember = kill
batch = services.open_batch(None, kind="crash", source="122", file_name="a",
                            data=Path({file!r}).read_bytes())
services.run_read(batch.pk)
services.run_store(batch.pk)
"""


def test_a_killed_process_leaves_nothing_and_the_file_imports_afterwards(tmp_path: Path):
    data, file = tmp_path / "data", tmp_path / "c.csv"
    file.write_bytes(made.crash_csv())
    script = textwrap.dedent(KILLED).format(
        root=str(ROOT), data=str(data), file=str(file), count=len(made.CRASHES_GOOD)
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    for name in ("DJANGO_SETTINGS_MODULE", "SIZAO_DATA"):
        environment.pop(name, None)
    killed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    import sqlite3

    with sqlite3.connect(data / "desk.sqlite") as database:
        assert database.execute("SELECT count(*) FROM imports_crash").fetchone() == (0,)
        assert database.execute("SELECT state FROM imports_batch").fetchall() == [("mapping",)]
    database.close()
    done = subprocess.run(
        [sys.executable, "-m", "sizao", "crashes", "import", str(file), "--source", "122",
         "--data", str(data)],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '"state": "done"' in done.stdout
    for row in made.CRASHES_BAD:
        assert f"row {row}, " in done.stderr


@pytest.mark.parametrize("step", ["read", "check"])
def test_an_import_given_up_while_it_is_worked_on_stays_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The step is at work in its thread: it ends at its next look, and brings nothing back."""
    user = world.user("op-zd")
    batch = services.open_batch(
        user, kind="crash", source="122", file_name="a.csv", data=made.crash_csv()
    )
    if step == "check":
        services.run_read(batch.pk)
        services.begin(batch, Batch.State.MAPPING, Batch.State.CHECKING)
    name = "propose" if step == "read" else "check"
    real = getattr(services, name)

    def meanwhile(*given: Any, **named: Any) -> Any:
        services.discard(user, batch.pk)
        return real(*given, **named)

    monkeypatch.setattr(services, name, meanwhile)
    jobs.run(jobs.Job(step, batch.pk, user.pk))
    batch.refresh_from_db()
    assert batch.state == Batch.State.FAILED
    assert batch.error["en"] == "given up"
