"""A span of the risk forecast (an assessment) as a fact, with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sizao.core.ids import content_id
from sizao.warn.facts import Facts


def facts_of(row: Mapping[str, Any], now: datetime) -> Facts | None:
    """The fact of one row of ASSESSMENT; None once the span is over, or without a usual level.

    ``measured`` is expected over usual, ``share`` how much of the network ahead is at least as bad.
    The reference is site and span, not the forecast: a later one about the same is the same fact.
    """
    if row["kind"] != "forecast" or row["until"] <= now or not row["usual"]:
        return None
    reference = f"{row['site']}@{row['time'].isoformat()}"
    return Facts(
        detection=content_id("place", "forecast", reference, "crash_risk"),
        rule="crash_risk",
        severity="",
        vehicle="",
        measured=row["expected"] / row["usual"],
        limit=1.0,
        measured_unit="ratio",
        start_s=row["time"].timestamp(),
        end_s=row["until"].timestamp(),
        fired_s=row["time"].timestamp(),
        rule_version=row["model"],
        origin="forecast",
        road=row["road"] or "",
        lat=row["lat"],
        lon=row["lon"],
        until_s=row["until"].timestamp(),
        share=1.0 if row["share"] is None else row["share"],
        said="; ".join(row["reasons"] or ()),
    )
