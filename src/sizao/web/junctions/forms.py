"""What the forms of the junction pages send, as the pure parts take it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from sizao.core.errors import ConfigError
from sizao.plan.signals.junction import Junction as Shape
from sizao.web.junctions.audits import Said
from sizao.web.junctions.items import items

ARM_ROWS = 6
PHASE_ROWS = 6
_LANE = re.compile(r"[LTR]{1,3}(@\d(\.\d+)?)?")


def shape(post: QueryDict) -> dict[str, Any]:
    """Arms of the form; rows without a name are empty. Raises ConfigError for a bad number."""
    arms = []
    for row in range(ARM_ROWS):
        name = post.get(f"arm-{row}-id", "").strip()
        if not name:
            continue
        arms.append(
            {
                "id": name[:8],
                "name": post.get(f"arm-{row}-name", "").strip()[:40] or name,
                "bearing_deg": number(post, f"arm-{row}-bearing"),
                "lanes": list(_lanes(post.get(f"arm-{row}-lanes", ""))),
                "exit_lanes": int(number(post, f"arm-{row}-exit", 1)),
                "speed_kmh": number(post, f"arm-{row}-speed", 40),
                "grade_pct": number(post, f"arm-{row}-grade", 0),
                "crossing_m": number(post, f"arm-{row}-crossing", 0),
                "refuge": bool(post.get(f"arm-{row}-refuge")),
                "right_free": bool(post.get(f"arm-{row}-free")),
            }
        )
    return {"arms": arms, "central": bool(post.get("central"))}


def _lanes(text: str) -> Iterator[dict[str, Any]]:
    """``L T TR@3.5``: from the median to the kerb, width in metres behind an @."""
    for word in re.split(r"[\s,，、]+", text.strip().upper()):
        if not word:
            continue
        if not _LANE.fullmatch(word):
            raise ConfigError(
                _("车道“{word}”写法有误：用 L、T、R 组合，如 L T TR@3.5。").format(word=word[:12])
            )
        turns, _at, width = word.partition("@")
        yield {"turns": turns, **({"width_m": float(width)} if width else {})}


def lanes_text(shape: Shape, arm_id: str) -> str:
    """The lanes of an arm as the form writes them."""
    return " ".join(
        "".join(t for t in "LTR" if t in lane.turns)
        + (f"@{lane.width_m:g}" if lane.width_m != 3.25 else "")
        for lane in shape.arm(arm_id).lanes
    )


def plan(post: QueryDict) -> dict[str, Any]:
    """Phases of the form; rows without a movement are empty."""
    phases = []
    for row in range(PHASE_ROWS):
        movements = post.getlist(f"phase-{row}-m")
        if not movements:
            continue
        phase: dict[str, Any] = {
            "movements": movements,
            "green_s": int(number(post, f"phase-{row}-green")),
        }
        for field, key in (("yellow", "yellow_s"), ("red", "all_red_s")):
            if post.get(f"phase-{row}-{field}", "").strip():
                phase[key] = int(number(post, f"phase-{row}-{field}"))
        phases.append(phase)
    return {"phases": phases}


def count(post: QueryDict, shape: Shape) -> dict[str, Any]:
    """The typed grid: vehicles and heavy ones by movement, walkers by arm."""
    vehicles, heavy, walkers = {}, {}, {}
    for movement in shape.movements():
        seen = int(number(post, f"v-{movement}", 0))
        large = int(number(post, f"h-{movement}", 0))
        if large > seen:
            raise ConfigError(_("大型车不能多于全部车辆。"))
        vehicles[movement] = seen
        if large:
            heavy[movement] = large / seen
    for arm in shape.arms:
        people = int(number(post, f"w-{arm.id}", 0))
        if people:
            walkers[arm.id] = people
    return {**period(post), "vehicles": vehicles, "heavy": heavy, "walkers": walkers}


def period(post: QueryDict) -> dict[str, float]:
    """How long was counted, and the peak hour factor."""
    return {"minutes": number(post, "minutes", 60), "peak": number(post, "peak", 1)}


def answers(post: QueryDict, files: Mapping[str, Any]) -> list[Said]:
    """Answers about one arm; items without one are left open."""
    found = []
    for code in items():
        given = post.get(f"a-{code}", "")
        if not given:
            continue
        upload = files.get(f"p-{code}")
        photo = upload.read() if upload else b""
        found.append(Said(code, given, post.get(f"n-{code}", ""), photo))
    return found


def number(post: QueryDict, name: str, usual: float | None = None) -> float:
    """A number of the form. Raises ConfigError, which names the field, for what is none."""
    text = post.get(name, "").strip()
    if not text and usual is not None:
        return usual
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if -1e7 < value < 1e7:
        return value
    field = _field(name)
    if not text:
        raise ConfigError(_("{field}没有填写。").format(field=field))
    raise ConfigError(_("{field}：“{text}”不是数字。").format(field=field, text=text[:20]))


_FIELDS = {
    "lat": _lazy("纬度"),
    "lon": _lazy("经度"),
    "bearing": _lazy("方位角（度）"),
    "exit": _lazy("出口车道数"),
    "speed": _lazy("车速（km/h）"),
    "grade": _lazy("坡度（%）"),
    "crossing": _lazy("过街长（米）"),
    "green": _lazy("绿灯（秒）"),
    "yellow": _lazy("黄灯（秒）"),
    "red": _lazy("全红（秒）"),
    "minutes": _lazy("时长（分钟）"),
    "peak": _lazy("高峰小时系数"),
}


def _field(name: str) -> str:
    """What people call a field: the row that it is in, and what it says there."""
    kind, _dash, rest = name.partition("-")
    if kind not in ("arm", "phase"):
        return str(_FIELDS.get(name, _("流量")))
    row, _dash, what = rest.partition("-")
    where = _("第 {n} 个进口，{what}") if kind == "arm" else _("第 {n} 相位，{what}")
    return where.format(n=int(row) + 1, what=_FIELDS.get(what, what))
