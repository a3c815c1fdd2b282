"""An alarm that another platform tells (JT/T 809, 0x9402 and 0x9403) as a fact about a place.

Only what is about a road (blocked, dangerous) is taken: what is about a vehicle goes to the desk's
page of the link, where somebody answers it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from sizao.core.ids import content_id
from sizao.warn.facts import Facts

KINDS = ("0x9402", "0x9403")
_ABOUT_ROADS = {0x06: "congestion", 0x07: "obstruction"}
"""Alarm codes of JT/T 809-2011, table of alarm types: 路段堵塞, 危险路段."""


def facts_of(message: Mapping[str, Any]) -> Facts | None:
    """The fact of one row of PLATFORM_MESSAGE, None for all others."""
    if message["direction"] != "in" or message["kind"].rpartition("/")[2] not in KINDS:
        return None
    body = json.loads(message["body"])
    kind = _ABOUT_ROADS.get(body.get("alarm_type", -1))
    if kind is None:
        return None
    at_s = message["time"].timestamp()
    return Facts(
        detection=content_id("place", "neighbour", message["message"], kind),
        rule=kind,
        severity="platform_alarm",
        vehicle="",
        measured=math.nan,
        limit=math.nan,
        measured_unit="",
        start_s=at_s,
        end_s=at_s,
        fired_s=at_s,
        origin="neighbour",
        said=str(body.get("content") or "")[:500],
    )
