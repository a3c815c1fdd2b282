"""The work of a forecast, in a process of its own: ``python -m sizao.web.forecast.compute FOLDER``.

Like ``web/risk/compute.py`` it touches no database: it reads what :mod:`services` put into the
folder, writes the results beside it, and ends with ``{"error": ...}`` where it cannot be done.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sizao.web.child import answer

ZONE = ZoneInfo("Asia/Shanghai")

SHARE = 0.002
"""Share of kilometre-hours handed to the desk: what the national table can grade (yellow)."""


def compute(folder: Path) -> dict[str, Any]:
    """Make the forecast and write it. Raises ConfigError, in words for people."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from sizao.risk import ahead_sites, base_file, flow_facts, week_ahead
    from sizao.risk.assessing import assessments
    from sizao.risk.day_calendar import announced, read_calendar
    from sizao.risk.network_sites import sites_of
    from sizao.risk.register_crashes import located
    from sizao.risk.week_ahead import look_ahead
    from sizao.roads.network import Network

    job = json.loads((folder / "job.json").read_text("utf-8"))
    assessment = Path(job["assessment"])
    placed = sites_of(Network.load(job["network"]))
    base = base_file.load(assessment / "base.npz", placed.sites)
    crashes = pq.read_table(assessment / "crashes.parquet").drop_columns(["site"])
    calendar = announced()
    if job["calendar"]:
        calendar = calendar.joined(read_calendar(Path(job["calendar"])))
    ahead = look_ahead(
        base,
        located(crashes, ZONE).crashes,
        range(job["first_year"], job["last_year"] + 1),
        date.fromisoformat(job["first_day"]),
        job["days"],
        calendar,
        _weather(folder / "weather.npz"),
    )
    flow = job["flow"]
    counts = {
        name: {int(hour): number for hour, number in hours.items()}
        for name, hours in flow["counts"].items()
    }
    places = {name: (place[0], place[1]) for name, place in flow["places"].items()}
    ahead = ahead.updated(flow=flow_facts.facts(placed.sites, places, counts, flow["hour"]))
    made = datetime.fromisoformat(job["made"])
    spans = pa.Table.from_batches([assessments(ahead, made, SHARE, timedelta(hours=job["told_h"]))])
    pq.write_table(spans, folder / "spans.parquet")
    hours = ahead_sites.by_site(placed, ahead)
    (folder / "hours.f32").write_bytes(hours.astype("<f4").tobytes())
    (folder / "causes.json").write_text(
        json.dumps(ahead_sites.causes(placed, ahead), ensure_ascii=False), "utf-8"
    )
    total = hours.sum(axis=1, dtype=np.float64)
    result = {
        **week_ahead.summary(ahead),
        "expected": round(float(total.sum()), 3),
        "usual": round(float(ahead_sites.usual(placed, ahead).sum()), 3),
        "worst_hour": int(total.argmax()),
        "spans": len(spans),
        "flow": len(ahead.flow),
    }
    (folder / "result.json").write_text(json.dumps(result, ensure_ascii=False), "utf-8")
    return result


def _weather(path: Path) -> Any:
    import numpy as np

    from sizao.risk.weather_hours import WeatherHours

    if not path.exists():
        return None
    with np.load(path) as kept:
        return WeatherHours(kept["lat"], kept["lon"], int(kept["first_hour"]), kept["kind"])


if __name__ == "__main__":
    answer(compute, nice=10)
