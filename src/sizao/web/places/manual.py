"""A warning that a person issues: checked, shown before it goes out, issued once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.signing import BadSignature, Signer
from django.utils.crypto import get_random_string

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel, WarningLevel
from sizao.respond import routing
from sizao.warn.causes import CAUSES
from sizao.warn.explain import PlaceGrade, explain_place
from sizao.warn.nearness import Spot, outline
from sizao.web import audit
from sizao.web.channels import telling
from sizao.web.clock import feed_now
from sizao.web.desk.raising import Notice, raise_warning
from sizao.web.pages import words
from sizao.web.reports.place import Place, place_of
from sizao.web.units.models import Unit, User
from sizao.web.units.territory import territory
from sizao.web.wake import wake_desk
from sizao.web.warnings.models import Warning
from sizao.web.writing import write

KINDS = tuple(kind for kind in CAUSES if kind not in ("crash_risk", "neighbour"))
"""What a person may warn of: forecasts and neighbours have sources of their own."""

BESIDE_M = 300.0
"""A tap on a small map means the road this near."""
MOST_RADIUS_KM = 50.0
MOST_HOURS = 72.0


@dataclass(frozen=True)
class Draft:
    """A form that was checked."""

    key: str
    """Made with the form: sent twice, it is one warning."""
    kind: str
    level: WarningLevel
    command_level: CommandLevel
    text: str
    text_en: str
    reason: str
    lat: float
    lon: float
    radius_km: float
    hours: float
    place: str
    beside: Place

    @property
    def unit(self) -> Unit:
        """The unit that would command."""
        return territory().commanding(self.beside.unit, self.command_level)

    @property
    def outline(self) -> dict[str, object] | None:
        return outline([Spot(self.lat, self.lon)], self.radius_km * 1000)


def new_key() -> str:
    """A signed key for a fresh form."""
    return Signer(salt="manual-warning").sign(get_random_string(20))


def may_issue(user: User) -> bool:
    """Operators and leaders, each for the places of the own unit."""
    return user.role in (User.Role.OPERATOR, User.Role.LEADER) and bool(user.path)


def check(user: User, given: Mapping[str, str]) -> Draft:
    """What the form says. Raises TransitionError in words for people, naming the field."""
    if not may_issue(user):
        raise TransitionError(
            "只有指挥员和领导可以发布预警", "Operators and leaders issue warnings"
        )
    try:
        key = Signer(salt="manual-warning").unsign(given.get("key", ""))
    except BadSignature:
        raise TransitionError(
            "表单已过期，请重新填写", "The form is too old; fill it in again"
        ) from None
    kind = given.get("kind", "")
    if kind not in KINDS:
        raise TransitionError("请选择预警类型", "Choose what to warn of")
    try:
        level = WarningLevel.parse(given.get("level", ""))
        command_level = CommandLevel.parse(given.get("command_level", ""))
    except KeyError:
        raise TransitionError("请选择等级和指挥层级", "Choose level and command level") from None
    text, reason = given.get("text", "").strip(), given.get("reason", "").strip()
    if not text:
        raise TransitionError("请写明情况", "Say what is the matter")
    if not reason:
        raise TransitionError("请写明定级理由", "Say why it has this level")
    lat = _number(given, "lat", -90, 90, "请在地图上点选位置", "Choose the place on the map")
    lon = _number(given, "lon", -180, 180, "请在地图上点选位置", "Choose the place on the map")
    radius_km = _number(
        given, "radius_km", 0.1, MOST_RADIUS_KM,
        f"影响半径须在0.1至{MOST_RADIUS_KM:g}公里之间", f"Radius: 0.1 to {MOST_RADIUS_KM:g} km",
    )  # fmt: skip
    hours = _number(
        given, "hours", 0.25, MOST_HOURS,
        f"有效时间须在0.25至{MOST_HOURS:g}小时之间", f"It holds for 0.25 to {MOST_HOURS:g} hours",
    )  # fmt: skip
    beside = place_of(lat, lon, BESIDE_M)
    if not user.sees_all and not beside.unit.path.startswith(user.path):
        raise TransitionError(
            f"该处属{beside.unit.name_zh}，请联系其上级单位发布",
            f"The place belongs to {beside.unit.name_en}; its unit is to issue it",
        )
    return Draft(
        key, kind, level, command_level, text[:500], given.get("text_en", "").strip()[:500],
        reason[:200], lat, lon, radius_km, hours,
        given.get("place", "").strip()[:96] or beside.words or f"{beside.unit.name_zh}辖区", beside,
    )  # fmt: skip


def _number(
    given: Mapping[str, str], name: str, least: float, most: float, zh: str, en: str
) -> float:
    try:
        value = float(given.get(name, ""))
    except ValueError:
        raise TransitionError(zh, en) from None
    if not least <= value <= most:
        raise TransitionError(zh, en)
    return value


def recipients(draft: Draft, now: datetime) -> list[str]:
    """Names of everybody who would be told, by the routing table in force."""
    subject = routing.Subject(
        kind=draft.kind, level=draft.level, command_level=draft.command_level, at=now,
        area=draft.beside.area, road_class=draft.beside.road_class, vehicle_kind="other",
    )  # fmt: skip
    found: dict[str, None] = {}
    for one in routing.route(subject, telling.table()):
        parties: list[Unit]
        if one.agency:
            every = Unit.parties.filter(agency=one.agency)
            parties = [party for party in every if party.area in ("", draft.beside.area)]
        else:
            named = {"command": draft.unit, "local": draft.beside.unit}
            parties = [named.get(one.police, territory().root)]
        for party in parties:
            found[words.pick(party.name_zh, party.name_en or party.name_zh)] = None
    return list(found)


def issue(user: User, draft: Draft) -> Warning:
    """Issue it in one transaction with its audit entry; the same form again is the same warning."""
    now = feed_now()
    name_zh, name_en = CAUSES[draft.kind]
    grade = PlaceGrade(
        draft.level, draft.command_level, draft.reason, draft.reason,
        because=((f"由{user}发布", f"issued by {user.get_username()}"),),
    )  # fmt: skip
    what = (
        f"{draft.place}{name_zh}：{draft.text.rstrip('。')}。",
        f"{draft.place}, {name_en}: {draft.text_en or draft.text}",
    )
    notice = Notice(
        origin="manual",
        origin_ref=draft.key,
        kind=draft.kind,
        level=draft.level,
        command_level=draft.command_level,
        onset=now,
        until=now + timedelta(hours=draft.hours),
        place=draft.place,
        road=draft.beside.road,
        road_class=draft.beside.road_class,
        stake_m=draft.beside.stake_m,
        area=draft.beside.area,
        lat=draft.lat,
        lon=draft.lon,
        outline=draft.outline,
        explanation=explain_place(what, grade).to_dict(),
    )
    with write():
        known = Warning.objects.filter(origin="manual", origin_ref=draft.key).first()
        if known is not None:
            return known
        warning = raise_warning(notice, now, user=user)
        audit.record(
            user, "warning.issue", "warning", warning.pk,
            {"kind": draft.kind, "level": draft.level.code, "place": draft.place,
             "case": warning.case.number, "reason": draft.reason},
        )  # fmt: skip
    wake_desk()
    return warning
