"""Weighings by ``POST /intake/weighings`` and from a drop folder."""

from __future__ import annotations

from sizao.feeds.weighing.form import FORM
from sizao.feeds.weighing.record import read_weighing
from sizao.runtime.intake.drops import Feed
from sizao.runtime.intake.records import Records

FEED = Feed("weighings", "weigh", "weighings", FORM, read_weighing)


class Weighings(Records):
    """Weigh stations and weighing in motion."""

    feed = FEED
    key_columns = ("station", "weighing", "time")
