"""Loading units, patrols and accounts. Each function is one transaction and may be repeated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sizao.core.agencies import AGENCIES
from sizao.core.errors import ConfigError
from sizao.web import audit
from sizao.web.units.models import PatrolUnit, Unit, User
from sizao.web.writing import write

_LEVELS = {"partner": 0, "squadron": 1, "brigade": 2, "detachment": 3}


def load_units(rows: Iterable[Mapping[str, Any]]) -> int:
    """Create or update units, parents before children.

    A row has ``code, name_zh, name_en, level`` (detachment, brigade, squadron), ``parent``
    (code or empty), ``area``, ``lat`` and ``lon`` (or both as ``at``) and optionally ``roads``
    (or ``road_class``): road classes served wherever they run, ``expressway``. A row of level
    partner names its ``agency`` (``core.agencies``). Returns the number of units. Raises
    ConfigError for an unknown level, agency or parent, having changed nothing.
    """
    with write():
        known = {unit.code: unit for unit in Unit.everyone.all()}
        pending = list(rows)
        total = len(pending)
        while pending:
            later = []
            for row in pending:
                parent = row.get("parent") or None
                if parent is not None and parent not in known:
                    later.append(row)
                    continue
                known[row["code"]] = _put_unit(row, known.get(parent) if parent else None)
            if len(later) == len(pending):
                codes = ", ".join(str(row["code"]) for row in later)
                raise ConfigError(f"units without a known parent: {codes}")
            pending = later
        audit.record(None, "load", "units", "all", {"units": total})
    return total


def _put_unit(row: Mapping[str, Any], parent: Unit | None) -> Unit:
    try:
        level = _LEVELS[row["level"]]
    except KeyError:
        raise ConfigError(f"unit {row['code']}: unknown level {row['level']!r}") from None
    agency = row.get("agency") or ""
    if (level == 0) != (agency in AGENCIES):
        raise ConfigError(f"unit {row['code']}: unknown agency {agency!r} for a {row['level']}")
    unit = Unit.everyone.filter(code=row["code"]).first() or Unit(code=row["code"])
    unit.agency = agency
    unit.name_zh, unit.name_en, unit.level, unit.parent = (
        row["name_zh"], row["name_en"], level, parent,
    )  # fmt: skip
    unit.area = row.get("area") or ""
    roads = row.get("roads") or row.get("road_class") or ""
    unit.roads = roads if isinstance(roads, str) else ",".join(roads)
    unit.lat, unit.lon = row.get("at") or (row.get("lat"), row.get("lon"))
    unit.save()
    return unit


def load_patrols(rows: Iterable[Mapping[str, Any]]) -> int:
    """Create or update patrols: ``call_sign, unit`` (code), ``vehicle`` (terminal phone), and
    optionally ``kind`` (of ``respond.unit_kinds``) and ``skills`` (comma list).

    State and task of a known patrol are kept. Raises ConfigError for an unknown unit.
    """
    count = 0
    with write():
        units = {unit.code: unit for unit in Unit.objects.all()}
        for row in rows:
            if row["unit"] not in units:
                raise ConfigError(f"patrol {row['call_sign']}: unknown unit {row['unit']!r}")
            PatrolUnit.objects.update_or_create(
                call_sign=row["call_sign"],
                defaults={
                    "unit": units[row["unit"]],
                    "vehicle": row.get("vehicle") or "",
                    "kind": row.get("kind") or "patrol_car",
                    "skills": row.get("skills") or "",
                },
            )
            count += 1
        audit.record(None, "load", "patrols", "all", {"patrols": count})
    return count


@dataclass(frozen=True)
class DemoAccount:
    """An account of a demonstration; its password is no secret."""

    username: str
    password: str
    role: str
    name_zh: str
    name_en: str
    place: str
    """Whose: of the detachment, of the demo brigade, its first squadron, or a partner agency."""


DEMO_ACCOUNTS = (
    DemoAccount("demo-detachment", "sizao-zhidui", "operator", "支队指挥员", "Detachment operator",
                "detachment"),
    DemoAccount("demo-leader", "sizao-lingdao", "leader", "支队领导", "Detachment leader",
                "detachment"),
    DemoAccount("demo-brigade", "sizao-dadui", "leader", "大队领导", "Brigade leader", "brigade"),
    DemoAccount("demo-squadron", "sizao-zhongdui", "officer", "中队民警", "Squadron officer",
                "squadron"),
    DemoAccount("demo-auditor", "sizao-shenji", "auditor", "审计员", "Auditor", "detachment"),
    DemoAccount("demo-partner", "sizao-liandong", "partner", "高速公路值班员", "Highway operator",
                "partner"),
)  # fmt: skip

DEMO_PARTIES = {
    "city": ("市政府总值班室", "City Duty Office"),
    "transport": ("市交通运输局", "Transport Bureau"),
    "highway": ("高速公路经营管理公司", "Expressway Operator"),
    "weather": ("市气象台", "City Weather Office"),
    "emergency": ("市应急管理局", "Emergency Management Bureau"),
    "health": ("市卫生健康委（120）", "Health Commission (120)"),
    "fire": ("市消防救援支队", "Fire and Rescue Detachment"),
    "education": ("市教育局", "Education Bureau"),
}
"""Agency to the made-up party's names."""


def load_demo_parties() -> int:
    """A party of each agency beside the detachment, where there is none yet. Returns how many
    were made; 0 without units."""
    root = Unit.objects.filter(parent=None).first()
    have = set(Unit.parties.values_list("agency", flat=True))
    rows = [
        {"code": f"party-{agency}", "name_zh": zh, "name_en": en, "level": "partner",
         "agency": agency, "parent": root.code}
        for agency, (zh, en) in DEMO_PARTIES.items()
        if root is not None and agency not in have
    ]  # fmt: skip
    return load_units(rows) if rows else 0


def create_demo_accounts(brigade: str = "") -> list[DemoAccount]:
    """Make the accounts, once. Needs units; ``brigade`` is the code of the demo brigade.

    Without it the brigade with the most squadrons is taken, and its first squadron. Raises
    ConfigError when there are no units.
    """
    load_demo_parties()
    with write():
        root = Unit.objects.filter(parent=None).first()
        brigades = Unit.objects.filter(level=Unit.Level.BRIGADE)
        chosen = (
            brigades.filter(code=brigade).first()
            if brigade
            else max(brigades, key=lambda unit: (unit.children.count(), -unit.pk), default=None)
        )
        squadron = chosen.children.order_by("code").first() if chosen else None
        if root is None or chosen is None or squadron is None:
            raise ConfigError("demo accounts need a detachment, a brigade and a squadron")
        operator = Unit.parties.filter(agency="highway").first()
        places = {
            "detachment": root, "brigade": chosen, "squadron": squadron, "partner": operator,
        }  # fmt: skip
        for account in DEMO_ACCOUNTS:
            if User.objects.filter(username=account.username).exists():
                continue
            user = User(
                username=account.username,
                role=account.role,
                unit=places[account.place],
                display_name=account.name_zh,
            )
            user.set_password(account.password)
            user.save()
            audit.record(None, "create", "user", account.username, {"role": account.role})
    return list(DEMO_ACCOUNTS)


def set_preferences(user: User, *, language: str | None = None, theme: str | None = None) -> User:
    """Change a user's language (``zh-hans``, ``en``) or theme (``dark``, ``light``, empty).

    None leaves it. Raises ConfigError for anything else.
    """
    if language is not None and language not in ("", "zh-hans", "en"):
        raise ConfigError(f"no language {language!r}")
    if theme is not None and theme not in User.Theme.values:
        raise ConfigError(f"no theme {theme!r}")
    with write():
        fields = {
            key: value
            for key, value in (("language", language), ("theme", theme))
            if value is not None
        }
        User.objects.filter(pk=user.pk).update(**fields)
        audit.record(user, "preferences", "user", user.username, fields)
    for key, value in fields.items():
        setattr(user, key, value)
    return user
