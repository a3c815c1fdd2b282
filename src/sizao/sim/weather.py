"""Simulated weather stations: they report the rain that slows the simulated traffic down.

It rains over a whole division for two hours at a time (``_motion.py``); visibility, the state of
the road and temperatures follow from that and from the hour. There is no fog and no ice in the
simulated city, and the stations do not invent any.
"""

from __future__ import annotations

import math
from typing import Any

from sizao.feeds.gat1400.status import local_time
from sizao.sim._motion import _unit
from sizao.sim.chance import share
from sizao.sim.city import AREAS, City

EVERY_S = 300
"""Feed seconds between two readings of a station."""

RAIN_SHARE = 0.12
"""Share of two-hour blocks with rain, as ``_motion.advance`` draws them."""
BLOCK_S = 7200


def raining(seed: int, area: str, time_s: int) -> bool:
    """Whether it rains over a division, as the traffic sees it."""
    return bool(_unit(seed, list(AREAS).index(area), 51, time_s // BLOCK_S) < RAIN_SHARE)


class WeatherStations:
    """A station at each service area and one in each division's first checkpoint."""

    def __init__(self, city: City, seed: int) -> None:
        self._seed = seed
        places = {str(site["code"]): site for site in city.service_areas}
        for area in AREAS:
            site = next((one for one in city.checkpoints if one["area"] == area), None)
            if site is not None:
                places[str(site["code"])] = site
        self.places = {f"qx-{code}": site for code, site in places.items()}
        self._told_s: int | None = None

    def feed(self, now_s: int) -> list[dict[str, Any]]:
        """Readings due since the last call."""
        block = now_s // EVERY_S
        first = block if self._told_s is None else max(self._told_s + 1, block - 12)
        self._told_s = block
        return [
            self._reading(name, site, one * EVERY_S)
            for one in range(first, block + 1)
            for name, site in self.places.items()
        ]

    def _reading(self, name: str, site: dict[str, Any], time_s: int) -> dict[str, Any]:
        area = str(site["area"])
        rain = raining(self._seed, area, time_s)
        wet = rain or raining(self._seed, area, time_s - 1800)
        hour = (time_s / 3600 + 8) % 24
        noise = share(self._seed, name, time_s)
        air_c = 18 + 7 * math.sin((hour - 9) / 24 * 2 * math.pi) - (3 if rain else 0)
        sun_c = max(0.0, 12 * math.sin((hour - 7) / 24 * 2 * math.pi)) * (0 if rain else 1)
        return {
            "station": name,
            "time": local_time(time_s * 1_000_000),
            "lat": round(float(site["lat"]), 5),
            "lon": round(float(site["lon"]), 5),
            "visibility_m": round(1_800 + 2_500 * noise if rain else 9_000 + 9_000 * noise),
            "rain_mm_h": round(1.5 + 7 * noise, 1) if rain else 0,
            "air_c": round(air_c + noise - 0.5, 1),
            "road_c": round(air_c + sun_c + noise, 1),
            "wind_ms": round(0.5 + 3.5 * noise + (2 if rain else 0), 1),
            "road_state": "wet" if rain else "damp" if wet else "dry",
        }
