"""Try one entry of ``links.yaml`` for real and say in words what happened."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from sizao.feeds.jt809.door import first_frame, knock
from sizao.feeds.jt809.links import LOGIN_RESULTS
from sizao.feeds.jt809.lower import Lower
from sizao.feeds.jt809.outcome import MAIN, SUB, Outcome
from sizao.feeds.jt809.vehicles import Directory
from sizao.runtime.platforms.config import Address, LinkConfig

CONNECT_S, ANSWER_S, SUB_S = 5.0, 10.0, 30.0
"""Patience, in wall seconds; upper platforms take their time to dial back."""


@dataclass(frozen=True)
class Finding:
    """One thing that was tried."""

    ok: bool
    said: str


async def check(link: LinkConfig, sub_s: float = SUB_S) -> list[Finding]:
    """Lower: log in, wait for the sub link, log out. Upper: see whether its door can be had."""
    if link.role == "upper":
        return [await _door(link.main, "main link")]
    return await _Trial(link).run(sub_s)


async def _door(address: Address, what: str) -> Finding:
    where = f"{address[0]}:{address[1]}"
    try:
        server = await asyncio.start_server(lambda reader, writer: None, *address)
    except OSError as error:
        return Finding(
            False,
            f"{what}: cannot listen on {where}: {error.strerror}. A running gateway has it,"
            " or the address is none of this machine's.",
        )
    server.close()
    return Finding(True, f"{what}: {where} is free to listen on")


class _Trial:
    """A lower platform's login, once."""

    def __init__(self, link: LinkConfig) -> None:
        self._link = link
        self._pair = Lower(link.params, Directory())
        self._sub_came = asyncio.Event()
        self._sub_said = ""

    async def run(self, sub_s: float) -> list[Finding]:
        findings: list[Finding] = []
        server: asyncio.Server | None = None
        if self._link.sub is not None:
            try:
                server = await asyncio.start_server(self._sub, *self._link.sub)
            except OSError:
                findings.append(await _door(self._link.sub, "sub link"))
        try:
            findings += await self._main(sub_s if server is not None else 0.0)
        finally:
            if server is not None:
                server.close()
        return findings

    async def _main(self, sub_s: float) -> list[Finding]:
        host, port = self._link.main
        try:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await asyncio.open_connection(host, port)
        except TimeoutError:
            return [
                Finding(
                    False,
                    f"main link: {host}:{port} does not answer in {CONNECT_S:g} s: is the address"
                    " right, does a firewall let us out?",
                )
            ]
        except OSError as error:
            why = error.strerror or str(error)
            return [Finding(False, f"main link: {host}:{port} cannot be reached: {why}")]
        try:
            return [*await self._login(reader, writer), *await self._wait_for_sub(sub_s)]
        finally:
            if self._pair.up(MAIN):
                self._write(self._pair.end(1, _now_us()), writer)
            writer.close()

    async def _login(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> list[Finding]:
        peer = "{}:{}".format(*self._link.main)
        self._write(self._pair.connected(MAIN, _now_us(), peer), writer)
        try:
            async with asyncio.timeout(ANSWER_S):
                while self._pair.result is None:
                    data = await reader.read(65_536)
                    if not data:
                        return [Finding(False, f"main link: {_HUNG_UP}")]
                    out = self._pair.receive(MAIN, data, _now_us())
                    for row in out.quarantine:
                        return [
                            Finding(False, f"main link: what came is no answer: {row[3]} {row[4]}")
                        ]
        except TimeoutError:
            return [Finding(False, f"main link: no answer to the login in {ANSWER_S:g} s. {_MUTE}")]
        except OSError as error:
            return [Finding(False, f"main link: {error.strerror or error}. {_HUNG_UP}")]
        result = self._pair.result
        zh, en = LOGIN_RESULTS.get(result, ("未知", "a result the standard does not have"))
        good = result == 0
        return [Finding(good, f"main link: login answered with {result}: {zh} ({en})")]

    async def _wait_for_sub(self, sub_s: float) -> list[Finding]:
        if not self._pair.up(MAIN) or not sub_s:
            return []
        host, port = self._link.params.down_link
        try:
            async with asyncio.timeout(sub_s):
                await self._sub_came.wait()
        except TimeoutError:
            said = (
                f"sub link: the upper platform did not connect to {host}:{port} in {sub_s:g} s."
                " Can it reach that address? Set announce to how it does."
            )
            return [Finding(False, said)]
        return [Finding(self._pair.up(SUB), f"sub link: {self._sub_said}")]

    async def _sub(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard = b""
        try:
            async with asyncio.timeout(ANSWER_S):
                while (raw := first_frame(heard)) is None:
                    data = await reader.read(4096)
                    if not data:
                        self._sub_said = "connected and hung up"
                        return
                    heard += data
            found = knock(raw, {self._link.params.access_code: self._pair}, "")
            if found.pair is None:
                self._sub_said = f"connected, but {found.reason}"
                writer.write(found.reply)
                return
            self._pair.connected(SUB, _now_us())
            self._write(self._pair.receive(SUB, heard, _now_us()), writer, SUB)
            self._sub_said = "connected with the right verify code"
        except (OSError, TimeoutError):
            self._sub_said = "connected and said nothing"
        finally:
            self._sub_came.set()
            writer.close()

    @staticmethod
    def _write(out: Outcome, writer: asyncio.StreamWriter, channel: str = MAIN) -> None:
        writer.write(b"".join(frame for where, frame in out.sends if where == channel))


_HUNG_UP = (
    "The other side hung up without an answer: it does not know our address or access code, or"
    " expects the other edition, or enciphered bodies."
)
_MUTE = "It may expect the other edition or enciphered bodies, or be no JT/T 809 platform."


def _now_us() -> int:
    return int(time.time() * 1_000_000)
