"""What the live board knows of one vehicle, if the reader may see it there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sizao.core.places import ROAD_CLASSES, stake
from sizao.warn.words import ROAD_CLASSES_EN
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.live.board import board, scope_of
from sizao.web.pages import words
from sizao.web.ports import installed
from sizao.web.units.models import User


@dataclass(frozen=True)
class Seen:
    """The last state of a vehicle. Numbers are None when not reported."""

    at: datetime
    lat: float | None
    lon: float | None
    speed_kmh: float | None
    limit_kmh: float | None
    heading_deg: float | None
    place: str
    road_class: str
    active: list[str]
    """Names of the rules with an open episode."""
    online: bool

    @property
    def over(self) -> bool:
        """Faster than allowed at the last report."""
        return (
            self.speed_kmh is not None
            and self.limit_kmh is not None
            and self.speed_kmh > self.limit_kmh
        )


def may_look(user: User, vehicle: str) -> bool:
    """Whether a vehicle is in the user's area now, or in one of the user's cases."""
    if last_seen(user, vehicle) is not None:
        return True
    return Case.objects.for_user(user).filter(vehicle=vehicle).exists()


def last_seen(user: User, vehicle: str) -> Seen | None:
    """The vehicle's last state; None if it never reported or is outside the user's area."""
    if not installed():
        return None
    now = board()
    row = now.row_of.get(vehicle)
    if row is None or not now.visible(scope_of(user))[row]:
        return None
    facts: dict[str, Any] = now.batch.slice(row, 1).to_pylist()[0]
    road_class = facts["road_class"] or ""
    return Seen(
        at=facts["time"].astimezone(UTC),
        lat=facts["lat"],
        lon=facts["lon"],
        speed_kmh=facts["speed_kmh"],
        limit_kmh=facts["limit_kmh"],
        heading_deg=facts["heading_deg"],
        place=stake(facts["road"], facts["stake_m"]),
        road_class=words.pick(
            ROAD_CLASSES.get(road_class, ""), ROAD_CLASSES_EN.get(road_class, "").capitalize()
        ),
        active=[words.kind_word(rule) for rule in (facts["active"] or "").split(",") if rule],
        online=bool(now.online(int(feed_now().timestamp() * 1e6))[row]),
    )
