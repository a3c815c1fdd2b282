"""Roadside signs of a demonstration: simulated ones along the expressway, in ``channels.yaml``."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import yaml

from sizao.log.datadir import DataDir
from sizao.sim.sign import SimulatedSign

SIGNS = 4
_HEAD = "# Made by the demonstration: its simulated signs. Remove this line to keep your own.\n"


@contextmanager
def signs(data: DataDir) -> Iterator[list[SimulatedSign]]:
    """Signs that run as long as the context, and are in ``channels.yaml`` from now on.

    A file that somebody wrote is left alone, and no sign is made.
    """
    path = data.channels
    if path.exists() and not path.read_text(encoding="utf-8").startswith(_HEAD):
        yield []
        return
    from sizao.sim import city

    with ExitStack() as stack:
        made, endpoints = [], {}
        for number, place in enumerate(city.build().service_areas[:SIGNS], 1):
            sign = stack.enter_context(SimulatedSign(secret=secrets.token_urlsafe(12)))
            made.append(sign)
            endpoints[f"sign-{number}"] = {
                "channel": "sign", "url": sign.url, "secret": sign.secret,
                "at": [round(place["lat"], 5), round(place["lon"], 5)],
                "road": place["road"], "reach_km": 15,
            }  # fmt: skip
        text = _HEAD + yaml.safe_dump({"endpoints": endpoints}, allow_unicode=True)
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        yield made
