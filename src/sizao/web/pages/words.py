"""Words: the user's language for what the stages name in both, and the scripts' own strings."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel, WarningLevel
from sizao.core.rulebook import CERTAINTIES
from sizao.core.vehicles import KINDS
from sizao.respond.calls.table import kind_names
from sizao.respond.clocks import CLOCKS
from sizao.respond.records import ORIGINS, State
from sizao.respond.steps import ROLE_NAMES
from sizao.respond.unit_kinds import STATES
from sizao.warn.causes import CAUSES
from sizao.warn.words import RULES, VEHICLE_KINDS_EN
from sizao.warn.words import unit as unit_words
from sizao.web.reports.catalogue import case_kinds

LEVEL_CODES = ("red", "orange", "yellow", "blue")
"""Worst first, as lists show them."""

_CERTAINTY_MARK = re.compile(r"\s*[\[【](?:已查证|待核实|项目默认)[\]】]$")
_LEVELS_EN = {"red": "Red", "orange": "Orange", "yellow": "Yellow", "blue": "Blue"}
_COMMAND_EN = {1: "squadron", 2: "brigade", 3: "detachment", 4: "city"}
_CERTAINTY_EN = {"found": "verified", "recalled": "to be checked", "proposed": "project default"}
_DELIVERY = {
    "queued": ("待发送", "waiting"),
    "sent": ("已发送", "sent"),
    "acknowledged": ("终端已应答", "acknowledged"),
    "refused": ("终端拒绝", "refused"),
    "offline": ("终端离线", "offline"),
    "expired": ("已过期", "expired"),
}


def english() -> bool:
    """Whether the page is in English; anything else is Chinese."""
    return (get_language() or "").startswith("en")


def pick(zh: Any, en: Any) -> Any:
    """The one of the two that the user reads."""
    return en if english() else zh


def level_word(code: str) -> str:
    return pick(WarningLevel.parse(code).zh, _LEVELS_EN[code])


def command_word(level: int) -> str:
    return pick(CommandLevel(level).zh, _COMMAND_EN[level])


def state_word(code: str) -> str:
    state = State(code)
    return pick(state.zh, state.en.capitalize())


def kind_word(rule: str) -> str:
    """Name of a case's kind: of a detection rule, of a state of the road, or of what people
    report or call in."""
    told = case_kinds() | kind_names()
    zh, en = RULES.get(rule) or CAUSES.get(rule) or told.get(rule, (rule, rule))
    return pick(zh, en.capitalize())


def kinds() -> list[str]:
    """Every kind a case can have."""
    return [*RULES, *CAUSES, *case_kinds(), *kind_names()]


def origin_word(origin: str) -> str:
    """What a warning or case was made from."""
    return pick(*ORIGINS.get(origin, (origin, origin))).capitalize()


def vehicle_word(kind: str) -> str:
    zh, en = vehicle_pair(kind)
    return pick(zh, en.capitalize())


def vehicle_pair(kind: str) -> tuple[str, str]:
    kind = kind if kind in KINDS else "other"
    return KINDS[kind], VEHICLE_KINDS_EN[kind]


def clock_word(clock: str) -> str:
    if clock not in CLOCKS:
        return ""
    zh, en = CLOCKS[clock]
    return pick(zh, {"sign": "sign by", "first_action": "act by", "feedback": "resolve by",
                     "verify": "verify by"}.get(clock, en))  # fmt: skip


def certainty_word(code: str) -> str:
    return pick(CERTAINTIES.get(code, code), _CERTAINTY_EN.get(code, code))


def role_word(role: str) -> str:
    zh, en = ROLE_NAMES.get(role, (role, role))
    return pick(zh, en.capitalize())


def delivery_word(state: str) -> str:
    return pick(*_DELIVERY.get(state, (state, state)))


def patrol_word(state: str) -> str:
    return pick(*STATES.get(state, (state, state)))


def quantity(value: float, unit: str) -> str:
    """A value with its unit as people say it: 262 min is 4 h 22 min, half a minute 30 s."""
    if unit == "min" and 0 < round(value * 60) < 600:
        minutes, seconds = divmod(round(value * 60), 60)
        told = [
            pick(f"{minutes} 分" if seconds else f"{minutes} 分钟", f"{minutes} min"),
            pick(f"{seconds} 秒", f"{seconds} s"),
        ]
        return " ".join(told[0 if minutes else 1 : 2 if seconds else 1])
    if unit == "min" and value >= 60:
        hours, minutes = divmod(round(value), 60)
        if not minutes:
            return pick(f"{hours} 小时", f"{hours} h")
        return pick(f"{hours} 小时 {minutes:02d} 分", f"{hours} h {minutes:02d} min")
    if unit == "min":
        return pick(f"{value:.0f} 分钟", f"{value:.0f} min")
    # Outlines of vehicles are measured to the centimetre.
    digits = 2 if unit == "m" else 1
    return f"{said(value, digits)} {pick(*unit_words(unit)).strip()}".strip()


def refusal(error: Exception) -> str:
    """Why not, in the reader's language where the error has both."""
    if isinstance(error, TransitionError):
        return pick(error.zh, error.en)
    return str(error)


def said(value: float, digits: int) -> str:
    """A number with at most so many decimals, none from a thousand on, its thousands grouped.

    >>> said(51578.9, 1), said(4.30, 2)
    ('51,579', '4.3')
    """
    text = f"{value:,.{0 if abs(value) >= 1000 else digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


_COUNTED = {
    "hot_list": ("{} 个字符不同", "{} character differs", "{} characters differ"),
    "dsm_fatigue": ("{} 次报警", "{} alarm", "{} alarms"),
    "capacity_alarm": ("{} 次报警", "{} alarm", "{} alarms"),
    "over_capacity": ("{} 人", "{} person", "{} people"),
    "overload_repeat": ("{} 次", "{} time", "{} times"),
    "overload_repeat/enterprise": ("{} 辆", "{} vehicle", "{} vehicles"),
}
"""What a rule counts, one and several in English: its numbers have no unit, but they are numbers of
something."""


def counted(rule: str, severity: str, value: float, unit: str) -> str:
    """A measured value or limit of a detection, with what it is a number of; nothing for a bit of
    an alarm word, which is a place and no amount."""
    if unit == "bit":
        return ""
    told = _COUNTED.get(f"{rule}/{severity}") or _COUNTED.get(rule)
    if unit == "count" and told is not None:
        zh, one, several = told
        return str(pick(zh, one if value == 1 else several)).format(said(value, 1))
    return quantity(value, unit)


def limited(rule: str, severity: str, value: float, unit: str) -> str:
    """The limit of a detection as :func:`counted` says a value; nothing where there is none to
    read: where something is forbidden altogether, and for a grave alarm, which needs no number."""
    if not value or (rule, severity) == ("dsm_fatigue", "dsm_level_2"):
        return ""
    return counted(rule, severity, value, unit)


def citation(text: str) -> str:
    """A rule's source as the rule book cites it, without the certainty, which has a badge.

    Titles of Chinese law stay Chinese; that there is no such source is said in English too.
    """
    bare = _CERTAINTY_MARK.sub("", text)
    return pick(bare, bare if "《" in bare else "project default, no legal source")


def script_words() -> dict[str, str]:
    """The strings that scripts show, in the user's language."""
    return {
        "left": _("剩"),
        "late": _("超时"),
        "just_now": _("刚刚"),
        "seconds_ago": _("{n} 秒前"),
        "minutes_ago": _("{n} 分钟前"),
        "hours_ago": _("{n} 小时前"),
        "days": _("{n} 天"),
        "conn_online": _("实时"),
        "conn_connecting": _("连接中"),
        "conn_offline": _("连接中断，正在重连"),
        "muted_left": _("静音 {left}"),
        "notify_granted": _("桌面通知已开启：发给本单位的通报会弹出。"),
        "notify_denied": _("浏览器已拒绝桌面通知；要开启，请在地址栏左侧的网站设置中允许。"),
        "notify_unsupported": _("这个浏览器不支持桌面通知，或本站没有用 HTTPS。"),
        "denied": _("没有权限做这一步。"),
        "failed": _("服务器没有完成这一步，请稍后再试。"),
        "unreachable": _("连不上服务器，这一步没有提交。"),
        "no_track": _("这段时间没有轨迹"),
        "track_failed": _("轨迹没有读出来，不等于没有轨迹。请稍后再试。"),
        "no_data": _("无数据"),
        "interval": _("95% 区间"),
        "numerator": _("分子"),
        "denominator": _("分母"),
        "target": _("目标"),
        "map": _("地图"),
        "warning": _("预警"),
        "zoom_in": _("放大"),
        "zoom_out": _("缩小"),
        "play": _("播放"),
        "pause": _("暂停"),
        "speed": _("速度"),
        "limit": _("限速"),
        "gap": _("无数据"),
        "gaps": _("{n} 处中断"),
        "points": _("{n} 个位置"),
        "corners": _("{n} 个角点"),
        "corner": _("角点 {n}"),
        "crossing": _("边互相交叉，请拖动角点改正。"),
        "no_corners": _("坐标有误：每行一个点，先纬度后经度，如 26.58, 101.72。"),
        "no_clock": _("时刻有误，请写成 22:30 这样。"),
        "circle": _("以一点为圆心"),
    }
