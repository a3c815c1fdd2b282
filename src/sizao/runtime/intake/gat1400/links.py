"""The platforms of ``gat1400.yaml``: we register at those above and subscribe to those below."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from sizao.core.ids import content_id
from sizao.feeds.gat1400.status import OK, codes
from sizao.feeds.gat1400.subscriptions import subscribe_message
from sizao.runtime.intake.door import Door
from sizao.runtime.intake.gat1400.client import PlatformClient, PlatformError
from sizao.runtime.intake.gat1400.config import Config, Platform

logger = logging.getLogger(__name__)

KEEPALIVE_S = 60.0
RETRY_S = 10.0
ASK_AGAIN_S = 3600.0
"""A lower platform that lost our subscription gets it again after this at the latest."""
YEAR_US = 366 * 86_400 * 1_000_000


class Links:
    """Our side of all links to other platforms."""

    def __init__(self, door: Door, config: Config) -> None:
        self._door = door
        self._config = config
        self.state: dict[str, str] = {}
        """By platform: registered, subscribed, or why not."""

    async def run(self) -> None:
        """Keep all links until cancelled."""
        tasks = [self._upper(one) for one in self._config.uppers]
        tasks += [self._lower(one) for one in self._config.lowers]
        if tasks:
            await asyncio.gather(*tasks)
        else:
            await asyncio.Event().wait()

    async def _upper(self, upper: Platform) -> None:
        """Register, then keep alive; register again when that fails."""
        own = self._config.id
        while True:
            client = self._client(upper)
            sent: dict[str, Any] = {"RegisterObject": {"DeviceID": own}}
            if await self._told(upper, client, "/VIID/System/Register", sent, "registered"):
                alive = {"KeepaliveObject": {"DeviceID": own}}
                while True:
                    await asyncio.sleep(KEEPALIVE_S)
                    if not await self._told(
                        upper, client, "/VIID/System/Keepalive", alive, "registered"
                    ):
                        break
            else:
                await asyncio.sleep(RETRY_S)

    async def _lower(self, lower: Platform) -> None:
        """Subscribe, and again each hour: the lower platform replaces the one before."""
        while True:
            now_us = self._door.now_us()
            sent = subscribe_message(
                content_id("subscription", self._config.id, lower.id),
                title="过车信息订阅",
                address=f"{self._config.address}/VIID/SubscribeNotifications",
                resource=lower.resource,
                org=self._config.id,
                begin_us=now_us,
                end_us=now_us + YEAR_US,
                pause_s=lower.pause_s,
            )
            done = await self._told(
                lower, self._client(lower), "/VIID/Subscribes", sent, "subscribed"
            )
            await asyncio.sleep(ASK_AGAIN_S if done else RETRY_S)

    def _client(self, platform: Platform) -> PlatformClient:
        password = self._door.senders.secret(platform.source, "password")
        return PlatformClient(platform.url, self._config.id, password)

    async def _told(
        self, platform: Platform, client: PlatformClient, path: str, sent: Any, state: str
    ) -> bool:
        loop = asyncio.get_running_loop()
        try:
            status, answer = await loop.run_in_executor(
                self._door.hosts, client.request, "POST", path, sent
            )
            found = codes(answer)
            if status < 300 and found and _all_ok(found):
                problem = ""
            else:
                problem = f"{client.url}{path}: HTTP {status}, codes {found}"
        except PlatformError as error:
            problem = str(error)
        if self.state.get(platform.id) != (problem or state):
            logger.log(
                logging.WARNING if problem else logging.INFO,
                "%s: %s",
                platform.id,
                problem or state,
            )
        self.state[platform.id] = problem or state
        return not problem


def _all_ok(found: Sequence[int]) -> bool:
    return all(code == OK for code in found)
