"""What ``sizao link check`` finds out, against a real upper platform."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sizao.feeds.jt809.params import LinkParams
from sizao.runtime.platforms.check import Finding, check
from sizao.runtime.platforms.config import LinkConfig

from .chain import LINK, Platform, free_port

HERE = ("127.0.0.1", 0)


def found(folder: Path, change: Callable[[LinkConfig], LinkConfig]) -> list[Finding]:
    """Findings of a lower platform against a running upper one."""

    async def run() -> list[Finding]:
        upper = Platform(folder, [LinkConfig(LINK, "upper", HERE)])
        await upper.start()
        try:
            port = free_port()
            params = replace(LINK, down_link=("127.0.0.1", port))
            main = ("127.0.0.1", upper.service.ports[HERE])
            link = LinkConfig(params, "lower", main, ("127.0.0.1", port))
            return await check(change(link), sub_s=5.0)
        finally:
            await upper.stop()

    return asyncio.run(run())


def changed(**changes: object) -> Callable[[LinkConfig], LinkConfig]:
    def change(link: LinkConfig) -> LinkConfig:
        params: LinkParams = replace(link.params, **changes)  # type: ignore[arg-type]  # any field
        return replace(link, params=params)

    return change


def test_a_good_link(tmp_path: Path) -> None:
    main, sub = found(tmp_path, lambda link: link)
    assert main == Finding(True, "main link: login answered with 0: 成功 (accepted)")
    assert sub == Finding(True, "sub link: connected with the right verify code")


def test_what_is_wrong_is_said_in_words(tmp_path: Path) -> None:
    (one,) = found(tmp_path / "a", changed(password="x"))
    assert one == Finding(False, "main link: login answered with 4: 密码错误 (wrong password)")
    (one,) = found(tmp_path / "b", changed(access_code=3))
    assert "wrong access code" in one.said
    (one,) = found(tmp_path / "c", changed(edition="2011"))
    assert not one.ok
    (one,) = found(tmp_path / "d", lambda link: replace(link, main=("127.0.0.1", free_port())))
    assert "cannot be reached" in one.said
    _, sub = found(tmp_path / "e", changed(down_link=("127.0.0.1", free_port())))
    assert "did not connect" in sub.said


def test_the_door_of_an_upper_platform() -> None:
    (one,) = asyncio.run(check(LinkConfig(LINK, "upper", HERE)))
    assert one.ok
    (one,) = asyncio.run(check(LinkConfig(LINK, "upper", ("192.0.2.1", 1))))
    assert "cannot listen" in one.said
