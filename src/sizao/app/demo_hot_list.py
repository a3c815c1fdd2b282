"""A made-up hot list for a demonstration: two entries in force, one request that waits.

By the same services as anybody's: demo-detachment asks, a made-up leader of the detachment who
cannot sign in approves. The plates are of the simulated city, so that checkpoints meet them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

ENTRIES = (
    ("hit_and_run", "check", "虚构：G353 擦碰护栏后驶离", "虚构-0001", 20),
    ("unsettled", "notify", "虚构：多次超载逾期未处理", "虚构-0002", 10),
    ("false_plate", "record", "虚构：疑似套牌，先核对照片", "虚构-0003", 25),
)
"""Class of reason, handling, details, case, days. The last one waits for approval."""


def seed_hot_list(now: datetime) -> int:
    """Make the entries, once; how many. Django must be set up, migrated and wired."""
    from sizao.feeds.plates import plate
    from sizao.web.fleet.models import Vehicle
    from sizao.web.hotlist import services
    from sizao.web.hotlist.checking import Wanted
    from sizao.web.hotlist.models import Entry
    from sizao.web.units.models import User

    user = User.objects.filter(username="demo-detachment").select_related("unit").first()
    if user is None or Entry.objects.exists():
        return 0
    plates = Vehicle.objects.filter(kind="heavy_truck").exclude(plate="").order_by("pk")
    leader, _ = User.objects.get_or_create(
        username="sample-hot-list-leader",
        defaults={"role": "leader", "unit": user.unit, "is_active": False,
                  "display_name": "虚构支队领导"},
    )  # fmt: skip
    made = 0
    for vehicle, (reason, handling, details, case, days) in zip(plates, ENTRIES, strict=False):
        wanted = Wanted(
            str(plate(vehicle.plate)), vehicle.plate_colour, reason, details, case, now,
            now + timedelta(days=days), handling, "",
        )  # fmt: skip
        request = services.ask(user, [wanted], reason=details)
        if reason != ENTRIES[-1][0]:
            services.decide(leader, request, True, "虚构数据")
        made += 1
    return made
