"""Roadside checks over real sockets and from a drop folder; a repaired one replays once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from sizao.runtime.intake import drops
from tests.runtime.intake.desk import Desk
from tests.runtime.intake.test_drops import until


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drops, "LOOK_S", 0.05)
    monkeypatch.setattr(drops, "SETTLED_S", 0.0)


def check(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"JC{number}",
        "time": "2026-09-21 21:30:00",
        "plate": "川D·I0001",
        "plate_colour": "黄",
        "breath_mg_100ml": 92,
    } | changes


def test_checks_become_rows_once_and_bad_ones_are_named(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        async def post(sent: Any, source: str = "check:dd-dong") -> httpx.Response:
            return await client.post(
                "/intake/roadside-checks", json=sent, headers=desk.bearer(source)
            )

        answer = (await post({"roadside-checks": [check(1), check(2, breath_mg_100ml=900)]})).json()
        assert (answer["accepted"], answer["refused"]) == (1, 1)
        assert (await post(check(1))).json()["repeated"] == 1
        assert (await post(check(3), "weigh:cz-ping")).status_code == 403
        (row,) = desk.rows("roadside_checks")
        assert (row["check"], row["station"], row["source"]) == ("JC1", "dd-dong", "check:dd-dong")
        (held,) = desk.rows("quarantine")
        assert held["reason"] == "impossible_value"

    Desk(tmp_path).run(scene)


def test_a_csv_file_in_the_drop_folder(tmp_path: Path) -> None:
    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        folder = desk.data.drop / "roadside-checks" / "dd-dong"
        folder.mkdir(parents=True)
        heads = "检查编号,检查时间,车牌号,车牌颜色,实载人数"
        draft = folder / "a.csv.part"
        draft.write_text(f"{heads}\nJC9,2026-09-21 20:00:00,川DI0002,黄,57\n", encoding="gb18030")
        draft.rename(folder / "a.csv")
        await until(lambda: desk.rows("roadside_checks"))
        (row,) = desk.rows("roadside_checks")
        assert (row["check"], row["persons"], row["station"]) == ("JC9", 57, "dd-dong")

    Desk(tmp_path).run(scene)
