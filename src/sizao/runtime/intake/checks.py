"""Roadside checks by ``POST /intake/roadside-checks`` and from a drop folder."""

from __future__ import annotations

from sizao.feeds.roadside.form import FORM
from sizao.feeds.roadside.record import read_check
from sizao.runtime.intake.drops import Feed
from sizao.runtime.intake.records import Records

FEED = Feed("roadside-checks", "check", "roadside_checks", FORM, read_check)


class Checks(Records):
    """What officers, and counters of passengers, find at the roadside."""

    feed = FEED
    key_columns = ("station", "check", "time")
