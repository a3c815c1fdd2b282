"""Treatments of a demonstration: made-up works at places where the made-up crashes are many.

Nothing was done to the made-up crashes, so an honest page finds no effect beyond chance.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

from sizao.risk.treatments import Treatment as Given

WORKS = (
    ("junction_lighting", "增设照明（虚构）", 180_000.0),
    ("speed_cameras", "区间测速（虚构）", 260_000.0),
    ("centreline_rumble_strips", "中心线振动标线（虚构）", 42_000.0),
    ("other", "增设示警桩（虚构）", 35_000.0),
)
"""Kind, what exactly, cost in yuan."""


def seed_treatments(now: datetime) -> int:
    """Enter some works of two years ago if there are none; returns how many."""
    from sizao.web.imports.models import Crash
    from sizao.web.treatments import services
    from sizao.web.treatments.models import Treatment
    from sizao.web.units.models import User

    user = User.objects.filter(username="demo-detachment").first()
    if user is None or Treatment.objects.exists():
        return 0
    year = now.year - 2
    picked = range(year - 1, year)
    begin = datetime(picked[0], 1, 1, tzinfo=UTC)
    cells = Counter(
        (round(lat, 3), round(lon, 3))
        for lat, lon in Crash.objects.filter(
            time__gte=begin, time__lt=begin + timedelta(days=365), lat__isnull=False
        ).values_list("lat", "lon")
    )
    made = 0
    for (kind, name, cost), ((lat, lon), _) in zip(WORKS, cells.most_common(len(WORKS)),
                                                   strict=False):  # fmt: skip
        found = services.enter(
            user,
            Given(
                kind, name, lat, lon, date(year, 3, 1),
                date(year, 5, 20), cost, "虚构合同", None, picked,
            ),
        )  # fmt: skip
        # As if somebody had entered it when the works were over.
        Treatment.objects.filter(pk=found.pk).update(recorded_at=datetime(year, 6, 1, tzinfo=UTC))
        made += 1
    return made
