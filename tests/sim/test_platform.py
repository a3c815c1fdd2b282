"""The made-up platforms talk to each other, and to a real gateway, over real sockets."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from sizao.app.commands.link import command
from sizao.feeds.jt809.dialect import Dialect
from sizao.feeds.jt809.params import LinkParams
from sizao.sim import platform
from sizao.sim.platform import MadeUpCity, MadeUpProvince


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def now_us_here() -> int:
    return int(time.time() * 1_000_000)


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "did not happen"
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("edition", ["2011", "2019"])
def test_a_city_and_a_province(edition: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "ANSWER_S", 0.05)
    port = free_port()
    params = LinkParams(
        "sim",
        edition=edition,
        access_code=1,
        user=2,
        password="pw",
        down_link=("127.0.0.1", port),
        dialect=Dialect(vehicle_prefix="yes"),
    )

    async def scene() -> None:
        province = MadeUpProvince(params, ("127.0.0.1", 0), now_us_here)
        await province.start()
        city = MadeUpCity(
            params,
            ("127.0.0.1", province.port),
            ("127.0.0.1", port),
            now_us_here,
            vehicles=5,
            every_s=0.1,
        )
        await city.start()
        await until(lambda: province.pair.up("sub") and city.pair.up("sub"))
        await until(lambda: province.heard.get("positions", 0) >= 10)
        province.say(province.pair.ask("谁在值班？", now_us_here(), answer_s=30))
        await until(lambda: "0x1301" in province.heard)
        await until(lambda: "0x1401" in province.heard)
        assert province.heard["0x1401"] == 1
        await city.stop()
        await province.stop()

    asyncio.run(scene())


def test_the_command_plays_the_other_side(tmp_path: Path) -> None:
    links = {
        "name": "province",
        "role": "lower",
        "access_code": 1,
        "user": 2,
        "main": f"127.0.0.1:{free_port()}",
    }
    (tmp_path / "links.yaml").write_text(json.dumps({"links": [links]}), encoding="utf-8")
    secrets = tmp_path / "secrets.yaml"
    secrets.write_text("jt809:province: {password: pw}", encoding="utf-8")
    secrets.chmod(0o600)
    words = ["simulate", "province", "--data", str(tmp_path), "--seconds", "0.2"]
    result = CliRunner().invoke(command, words)
    assert result.exit_code == 0, result.output
    result = CliRunner().invoke(command, ["check", "--data", str(tmp_path), "--offline"])
    assert "province: lower platform, edition 2019" in result.output
    result = CliRunner().invoke(command, ["check", "--data", str(tmp_path)])
    assert result.exit_code == 1
    assert "cannot be reached" in result.output
