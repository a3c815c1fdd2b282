"""The pages of an import: upload, mapping, preview, confirmation, report, undoing; one worker."""

from __future__ import annotations

import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from sizao.web.audit.models import AuditEntry
from sizao.web.fleet.models import Vehicle
from sizao.web.imports import jobs, services
from sizao.web.imports.models import Batch, Crash
from tests.feeds.tables import files as made
from tests.web.conftest import World


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps run within the request, so that a test sees their outcome."""
    monkeypatch.setattr(
        jobs,
        "submit",
        lambda step, batch, user: jobs.run(jobs.Job(step, batch, user and user.pk)),
    )


def upload(client: Client, data: bytes, name: str = "a.csv", **given: str):
    fields = {"kind": "crash", "source": "122", **given}
    return client.post("/imports/upload/", {**fields, "file": SimpleUploadedFile(name, data)})


def act(client: Client, batch: Batch, action: str, **given: object):
    return client.post(f"/imports/{batch.pk}/act/", {"action": action, **given})


def screen(batch: Batch, **over: str) -> dict[str, str]:
    """What the mapping screen sends when nobody changes anything."""
    batch.refresh_from_db()
    taken = {column: name for name, column in batch.options["mapping"]["columns"].items()}
    given = {
        f"c-{index}": taken.get(column["name"], "")
        for index, column in enumerate(batch.look["columns"])
    }
    return {**given, "datum": "wgs84", "existing": "skip", "strict": "", **over}


def test_from_upload_to_undo(world: World, inline) -> None:
    client = world.client("op-zd")
    answer = upload(client, made.crash_csv())
    batch = Batch.objects.get()
    assert answer.headers["Location"] == f"/imports/{batch.pk}/"
    page = client.get(answer.headers["Location"]).content.decode()
    assert "当事人姓名" in page
    assert "CSV，GB18030 编码，逗号分隔" in page
    assert "某甲" not in page, "a personal column shows no sample"
    assert '<option value="time"' in page
    assert act(client, batch, "check", **screen(batch)).status_code == 302
    page = client.get(f"/imports/{batch.pk}/").content.decode()
    assert not Crash.objects.exists(), "a check changes nothing"
    assert "导入 5 行" in page
    assert "没有这一天" in page
    assert "sz-places" in page
    act(client, batch, "confirm")
    assert Crash.objects.count() == 5
    page = client.get(f"/imports/{batch.pk}/").content.decode()
    assert "导入完成" in page
    for row in made.CRASHES_BAD:
        assert f'data-row-number="{row}"' in page
    file = client.get(f"/imports/{batch.pk}/problems.csv")
    assert file.content.decode().startswith("\ufeff事故编号")
    assert AuditEntry.objects.filter(action="export", object_id=str(batch.pk)).exists()
    assert "将删除这次新增的 <b>5</b> 条记录" in page
    act(client, batch, "undo")
    assert not Crash.objects.exists()
    assert "已撤销" in client.get("/imports/").content.decode()


def test_the_mapping_is_there_next_time(world: World, inline) -> None:
    client = world.client("lead-zd")
    data = made.csv_bytes(("编码", "何时", "Y", "X"), [("1", "2024-01-05 10:00", 26.5, 101.7)])
    upload(client, data)
    first = Batch.objects.get()
    answer = act(client, first, "check", **screen(first, **{"c-1": ""}))
    assert answer.status_code == 422
    assert "还缺一列：事故时间" in answer.content.decode()
    answer = act(client, first, "check", **screen(first, **{"c-1": "time", "c-0": "time"}))
    assert answer.status_code == 422
    assert "有两列都对应到" in answer.content.decode()
    given = {"c-0": "id", "c-1": "time", "c-2": "lat", "c-3": "lon", "datum": "gcj02"}
    act(client, first, "check", **screen(first, **given))
    act(client, first, "confirm")
    assert Crash.objects.get().lat != 26.5, "converted"
    upload(client, data.replace(b"\n1,", b"\n2,"))
    page = client.get(f"/imports/{Batch.objects.latest('pk').pk}/").content.decode()
    assert "用的是这个来源上次的对应" in page
    assert '<option value="gcj02" selected>' in " ".join(page.split())


def test_back_and_another_header_row(world: World, inline) -> None:
    client = world.client("op-zd")
    upload(client, made.vehicle_xlsx(), "v.xlsx", kind="vehicle")
    batch = Batch.objects.get()
    act(client, batch, "read", sheet="台账", header_row="4")
    batch.refresh_from_db()
    assert batch.look["header_row"] == 4
    act(client, batch, "read", sheet="台账", header_row="3")
    batch.refresh_from_db()
    assert batch.options["mapping"]["columns"]["plate"] == "号牌号码"
    act(client, batch, "read", sheet="台账", header_row="x")
    batch.refresh_from_db()
    assert batch.look["header_row"] == 3, "found again"
    act(client, batch, "check", **screen(batch, **{"k-area": "510402"}))
    batch.refresh_from_db()
    assert batch.state == "checked", batch.error
    act(client, batch, "back")
    batch.refresh_from_db()
    assert batch.state == "mapping"
    act(client, batch, "confirm")
    batch.refresh_from_db()
    assert batch.state == "mapping", "nothing is stored without a check"


def test_a_constant_for_the_whole_table(world: World, inline) -> None:
    client = world.client("admin")
    upload(client, made.csv_bytes(("终端号", "轴数"), [("10000000077", "3")]), kind="vehicle")
    batch = Batch.objects.get()
    act(client, batch, "check", **screen(batch, **{"k-kind": "hazmat", "existing": "update"}))
    act(client, batch, "confirm")
    assert Vehicle.objects.get(pk="10000000077").kind == "hazmat"


def test_giving_up_deletes_the_file(world: World, inline) -> None:
    from sizao.web.imports import files

    client = world.client("op-zd")
    upload(client, made.crash_csv())
    batch = Batch.objects.get()
    assert (files.folder() / str(batch.pk)).exists()
    act(client, batch, "discard")
    assert not (files.folder() / str(batch.pk)).exists()
    assert act(client, batch, "discard").status_code == 409
    assert act(client, batch, "dance").status_code == 400
    assert act(client, batch, "undo").status_code == 409


def test_uploads_that_cannot_be_taken(world: World, inline, monkeypatch) -> None:
    client = world.client("op-zd")
    assert client.post("/imports/upload/", {"kind": "crash", "source": "x"}).status_code == 422
    assert upload(client, b"a,b", source=" ").status_code == 422
    assert upload(client, b"a,b", kind="bicycle").status_code == 422
    monkeypatch.setattr("sizao.web.imports.pages.MAX_BYTES", 2)
    answer = upload(client, b"a,b")
    assert "文件太大" in answer.content.decode()
    assert not Batch.objects.exists()
    monkeypatch.undo()


def test_the_auditor_sees_masked_plates_and_changes_nothing(world: World, inline) -> None:
    upload(world.client("op-zd"), made.vehicle_xlsx(), "v.xlsx", kind="vehicle")
    batch = Batch.objects.get()
    services.run_check(batch.pk)
    page = world.client("audit").get(f"/imports/{batch.pk}/").content.decode()
    assert "川D12" not in page
    assert "川D12" in world.client("op-zd").get(f"/imports/{batch.pk}/").content.decode()
    assert act(world.client("audit"), batch, "confirm").status_code == 403


def test_a_fault_of_ours_closes_the_import_and_says_so(world: World, inline, monkeypatch) -> None:
    def broken(*_):
        raise RuntimeError("no disk")

    monkeypatch.setattr(services, "run_read", broken)
    upload(world.client("op-zd"), made.crash_csv())
    batch = Batch.objects.get()
    assert batch.state == "failed"
    assert "没有导入任何一行" in batch.error["zh"]
    assert "no disk" in batch.error["en"]


def test_samples_are_files(world: World) -> None:
    client = world.client("op-zd")
    assert client.get("/imports/sample/crash.xlsx").content.startswith(b"PK")
    assert client.get("/imports/sample/vehicle.csv").status_code == 200
    assert client.get("/imports/sample/crash.pdf").status_code == 404


def test_the_worker_does_the_steps_while_requests_go_on(threaded: World) -> None:
    client = threaded.client("op-zd")
    upload(client, made.crash_csv())
    batch = Batch.objects.get()

    def wait_for(state: str) -> None:
        until = time.monotonic() + 30
        while Batch.objects.get(pk=batch.pk).state != state:
            assert time.monotonic() < until, Batch.objects.get(pk=batch.pk).state
            assert client.get(f"/imports/{batch.pk}/?part=progress").status_code == 200
            time.sleep(0.05)

    wait_for("mapping")
    done = client.get(f"/imports/{batch.pk}/?part=progress")
    assert done.headers["HX-Refresh"] == "true"
    act(client, batch, "check", **screen(batch))
    wait_for("checked")
    act(client, batch, "confirm")
    wait_for("done")
    assert Crash.objects.count() == 5
    assert not jobs.line.busy
    connection.close()
