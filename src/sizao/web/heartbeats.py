"""How the parts of the installation are, by the heartbeats they write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sizao.log.datadir import COMPILING, read_status
from sizao.web.config import config
from sizao.web.ports import ports

PARTS = ("gateway", "pipeline", "web")
"""All must run. The simulated city is no part of an installation."""

OPTIONAL = ("intake", "archive")
"""Looked at once it has run: an installation without checkpoints and stations has none."""

FEEDING = ("gateway", "intake", "pipeline")
"""Without these no new warning comes, which somebody who waits for one must know."""

TROUBLE_S = 60.0
"""A watchdog asks after seconds; people are told when a busy minute does not explain it."""


def part_states(now_s: float) -> dict[str, dict[str, Any]]:
    """State of each part: ``ok``, ``stale`` (no heartbeat), ``missing``, ``failing``, or
    ``compiling`` with how much of it is ``done`` (a pipeline's first start after an upgrade).

    now_s : wall seconds since the epoch
    """
    found: dict[str, dict[str, Any]] = {}
    for part in (*PARTS, *OPTIONAL):
        status = read_status(ports().data, part)
        if status is None and part in OPTIONAL:
            continue
        if status is None:
            found[part] = {"status": "missing"}
            continue
        age = now_s - status["at_s"]
        state = "ok" if age <= config.heartbeat_s.read() else "stale"
        error = status["counters"].get("error")
        if state == "ok" and part == "web" and error:
            state = "failing"
        found[part] = {"status": state, "age_s": round(age, 1)}
        if state == "failing":
            found[part]["error"] = error
    compiling = read_status(ports().data, COMPILING)
    if compiling and now_s - compiling["at_s"] <= config.heartbeat_s.read():
        found["pipeline"] = {"status": "compiling", **compiling["counters"]}
    return found


@dataclass(frozen=True)
class Trouble:
    """A part that keeps warnings from coming.

    state : ``missing``, ``stale`` or ``compiling``
    minutes : since its last heartbeat; 0 unless stale
    done, of : how many loops are compiled; 0 unless compiling
    """

    part: str
    state: str
    minutes: int = 0
    done: int = 0
    of: int = 0


def troubles(now_s: float) -> list[Trouble]:
    """What the people at the desks are to know, in the order of :data:`FEEDING`."""
    found = []
    states = part_states(now_s)
    for part in FEEDING:
        state = states.get(part, {"status": "ok"})
        if state["status"] == "stale" and state["age_s"] < TROUBLE_S:
            continue
        if state["status"] != "ok":
            found.append(
                Trouble(
                    part,
                    state["status"],
                    int(state.get("age_s", 0) // 60),
                    state.get("done", 0),
                    state.get("of", 0),
                )
            )
    return found
