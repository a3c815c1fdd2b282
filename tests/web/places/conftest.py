"""Readings, notices and forecasts through real logs, as the intake writes them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from sizao.core.schemas import PLATFORM_MESSAGE, WEATHER_NOTICE, WEATHER_READING
from tests.web.conftest import World


class Sky:
    """What the installation is told of places."""

    def __init__(self, world: World, log: Any) -> None:
        self.world = world
        self.log = log

    def reading(self, station: str = "qx1", **over: Any) -> dict[str, Any]:
        row = dict.fromkeys(WEATHER_READING.names)
        row |= {
            "station": station, "time": self.world.now, "received": self.world.now, "lat": 26.585,
            "lon": 101.716, "visibility_m": 12_000.0, "rain_mm_h": 0.0, "air_c": 8.0,
            "road_c": 9.0, "road_state": "dry", "source": "weather:city",
        }  # fmt: skip
        return {**row, **over}

    def notice(self, **over: Any) -> dict[str, Any]:
        row = dict.fromkeys(WEATHER_NOTICE.names)
        row |= {
            "notice": "n1", "time": self.world.now, "received": self.world.now,
            "sent": self.world.now, "until": self.world.now + timedelta(hours=6),
            "action": "alert", "kind": "fog", "level": "orange", "status": "actual",
            "headline": "大雾橙色预警", "area": "510402", "area_name": "东区",
            "issuer": "市气象台", "source": "weather:city",
        }  # fmt: skip
        return {**row, **over}

    def tell(self, topic: str, *rows: dict[str, Any]) -> None:
        schema = {"weather_readings": WEATHER_READING, "weather_notices": WEATHER_NOTICE}[topic]
        self.log.append({topic: pa.RecordBatch.from_pylist(list(rows), schema=schema)})

    def readings(self, *rows: dict[str, Any]) -> None:
        self.tell("weather_readings", *rows)
        self.world.round()

    def platform(self, **over: Any) -> None:
        row = dict.fromkeys(PLATFORM_MESSAGE.names)
        row |= {
            "message": "m1", "time": self.world.now, "received": self.world.now,
            "link": "province", "direction": "in", "kind": "0x9400/0x9402", "state": "received",
            "body": '{"alarm_source": 3, "alarm_type": 6, "content": "G5 K118 堵塞2公里"}',
        }  # fmt: skip
        batch = pa.RecordBatch.from_pylist([{**row, **over}], schema=PLATFORM_MESSAGE)
        self.world.feeds_log.append({"platform_messages": batch})
        self.world.round()


@pytest.fixture
def sky(world: World, intake_log: Any) -> Sky:
    return Sky(world, intake_log)
