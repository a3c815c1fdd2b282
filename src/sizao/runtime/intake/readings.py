"""Readings of weather stations by ``POST /intake/weather-readings`` and from a drop folder."""

from __future__ import annotations

from sizao.feeds.stations.form import FORM
from sizao.feeds.stations.record import read_reading
from sizao.runtime.intake.drops import Feed
from sizao.runtime.intake.records import Records

FEED = Feed("weather-readings", "weather", "weather_readings", FORM, read_reading)


class Readings(Records):
    """Weather stations beside the road."""

    feed = FEED
    key_columns = ("station", "time")
