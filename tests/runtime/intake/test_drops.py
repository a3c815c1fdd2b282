"""Files from drop folders: good rows once, bad rows named, whatever happens in between."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from sizao.feeds.redecode import Kept, again
from sizao.log.evidence import EvidenceStore
from sizao.runtime.intake import drops
from tests.runtime.intake.desk import Desk
from tests.runtime.intake.test_weighings import weighing

HEAD = "检测单号,检测时间,总重(kg),轴重(kg),车牌号\n"
DIRTY = HEAD + (
    "W1,2026-09-21 21:30:00,18000,6000;12000,川DI0001\n"
    "W2,2026-09-21 21:31:00,heavy,6000;12000,川DI0002\n"
    "W3,2026-13-21 21:32:00,18000,6000;12000,川DI0003\n"
    "W4,2026-09-21 21:33:00,18000,6000;12000,川DI0004,more\n"
    "W1,2026-09-21 21:30:00,18000,6000;12000,川DI0001\n"
    "W5,2026-09-21 21:34:00,18000,6000;12000,=HYPERLINK()\n"
)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drops, "LOOK_S", 0.05)
    monkeypatch.setattr(drops, "SETTLED_S", 0.0)


def leave(desk: Desk, text: str | bytes, name: str = "a.csv", folder: str = "cz-ping") -> Path:
    place = desk.data.drop / "weighings" / folder
    place.mkdir(parents=True, exist_ok=True)
    draft = place / f"{name}.part"
    draft.write_bytes(text.encode("gb18030") if isinstance(text, str) else text)
    return draft.rename(place / name)


async def until(condition: Callable[[], Any]) -> None:
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come about")


def report(desk: Desk, state: str) -> list[list[str]]:
    (path,) = (desk.data.drop / "weighings" / "cz-ping" / state).glob("*.report.csv")
    text = path.read_bytes().decode("utf-8-sig")
    path.unlink()
    return list(csv.reader(io.StringIO(text)))


def test_a_dirty_file_names_each_bad_row_and_imports_the_rest(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        path = leave(desk, DIRTY)
        await until(lambda: not path.exists())
        assert sorted(row["weighing"] for row in desk.rows("weighings")) == ["W1", "W5"]
        head, summary, *rows = report(desk, "done")
        assert head == ["row", "state", "reason", "detail"]
        assert summary[3] == "2 accepted, 1 repeated, 3 refused"
        assert [row[:3] for row in rows] == [
            ["3", "refused", "bad_value"],
            ["4", "refused", "bad_value"],
            ["5", "refused", "bad_value"],
            ["6", "repeated", ""],
        ]
        assert "gross_kg: 'heavy'" in rows[0][3]
        assert "6 cells under 5 headings" in rows[2][3]
        held = {row["raw"][:2]: row for row in desk.rows("quarantine")}
        assert set(held) == {b"W4", b'{"'}
        assert len(desk.rows("quarantine")) == 3
        (one,) = (row for row in desk.rows("quarantine") if b"W2" in row["raw"])
        mended = one["raw"].replace(b"heavy", b"18000")
        received_us = round(one["received"].timestamp() * 1e6)
        kept = Kept(one["source"], "", one["reason"], one["detail"], mended, received_us)
        assert again(kept).good, "what a fix can read is read again"
        (file,) = desk.rows("dropped_files")
        assert (file["rows"], file["refused"], file["source"]) == (6, 3, "weigh:cz-ping")
        assert EvidenceStore(desk.data.evidence).read(file["file"]) == DIRTY.encode("gb18030")

    Desk(tmp_path).run(scene)


def test_strict_is_all_or_nothing(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        desk.intake.door.strict = True
        for way in desk.intake.ways:
            if way.name == "weighings":
                way.drops._strict = True  # type: ignore[attr-defined]  # of drops only
        path = leave(desk, DIRTY)
        await until(lambda: not path.exists())
        assert desk.rows("weighings") == desk.rows("dropped_files") == []
        _, summary, *rows = report(desk, "refused")
        assert "nothing was imported" in summary[3]
        assert [row[0] for row in rows] == ["3", "4", "5"]
        good = leave(desk, HEAD + DIRTY.splitlines()[1], "b.csv")
        await until(lambda: not good.exists())
        assert [row["weighing"] for row in desk.rows("weighings")] == ["W1"]

    Desk(tmp_path).run(scene)


def test_a_crash_between_append_and_move_imports_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: with the memory of files emptied, the rows are there twice."""
    # Records without an identifier, in another order: only the file itself is known again.
    text = HEAD + "".join(f",2026-09-21 21:{n:02d}:00,18000,,\n" for n in range(20))

    async def crash(desk: Desk, client: httpx.AsyncClient) -> None:
        with monkeypatch.context() as broken:
            broken.setattr(drops.Drops, "_put_away", _no_space)
            path = leave(desk, text)
            await until(lambda: len(desk.rows("weighings")) == 20)
            await asyncio.sleep(0.2)
            assert path.exists()

    Desk(tmp_path).run(crash)

    async def again(desk: Desk, client: httpx.AsyncClient) -> None:
        path = desk.data.drop / "weighings" / "cz-ping" / "a.csv"
        await until(lambda: not path.exists())
        assert len(desk.rows("weighings")) == 20
        assert "imported before" in report(desk, "done")[1][3]

    forgetful = Desk(tmp_path)
    forgetful.intake.door.seen.window_s = -1.0
    forgetful.run(again)

    async def control(desk: Desk, client: httpx.AsyncClient) -> None:
        path = leave(desk, text)
        await until(lambda: not path.exists())
        assert len(desk.rows("weighings")) == 40

    monkeypatch.setattr(drops.Drops, "recall", lambda self: None)
    forgetful = Desk(tmp_path)
    forgetful.intake.door.seen.window_s = -1.0
    forgetful.run(control)


def _no_space(*_: Any) -> None:
    raise OSError(28, "no space left on device")


def test_files_that_are_not_for_us_stay(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        unknown = leave(desk, DIRTY, folder="nobody")
        hidden = leave(desk, DIRTY, name=".a.csv")
        half = leave(desk, DIRTY, name="b.csv.part")
        no_table = leave(desk, b"\xff\xff\xff\xff", name="c.csv")
        await until(lambda: not no_table.exists())
        assert "neither UTF-8" in report(desk, "refused")[1][3]
        assert unknown.exists()
        assert hidden.exists()
        assert half.exists()
        assert desk.rows("weighings") == []

    Desk(tmp_path).run(scene)


def test_a_reading_by_post_and_one_by_file(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        sent = {
            "weather-readings": [
                {"time": "20260921213000", "visibility_m": "180", "road_state": "湿"},
                {"time": "20260921214000", "air_c": 300},
            ]
        }
        headers = desk.bearer("weather:qx-01")
        answer = await client.post("/intake/weather-readings", json=sent, headers=headers)
        assert (answer.json()["accepted"], answer.json()["refused"]) == (1, 1)
        place = desk.data.drop / "weather-readings" / "qx-01"
        place.mkdir(parents=True)
        (place / "x.csv").write_text("观测时间,能见度\n20260921215000,90\n", encoding="utf-8")
        await until(lambda: len(desk.rows("weather_readings")) == 2)
        rows = sorted(desk.rows("weather_readings"), key=lambda row: row["time"])
        assert [row["visibility_m"] for row in rows] == [180.0, 90.0]
        assert {row["source"] for row in rows} == {"weather:qx-01"}
        again = await client.post("/intake/weighings", json=weighing(1), headers=headers)
        assert again.status_code == 403

    Desk(tmp_path).run(scene)
