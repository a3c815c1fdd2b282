"""What the risk pages say: codes as words, and each site in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from sizao.core.places import ROAD_CLASSES
from sizao.core.rulebook import rulebook
from sizao.feeds.tables.kinds import _words as spellings
from sizao.risk.severity import cost_sets
from sizao.web.pages.words import pick

METHODS = {"pooled": ("综合估计（借用周边信息）", "pooled with the surroundings"),
           "eb": ("经验贝叶斯（教科书基线）", "textbook Empirical Bayes"),
           "count": ("按历史起数排序", "ranking by past counts")}  # fmt: skip
STEPS = {
    "read": ("读取事故与路网", "reading crashes and roads"),
    "snap": ("事故匹配到道路", "matching crashes to roads"),
    "estimate": ("估计各路段、路口", "estimating segments and junctions"),
    "rank": ("排序", "ranking"),
    "rules": ("比对事故多发点段规则", "comparing black-spot rules"),
    "backtest": ("用留出年份回测", "judging by the year held back"),
    "done": ("保存结果", "keeping the results"),
}
STATES = {
    "waiting": ("等待", "waiting"),
    "working": ("正在评估", "at work"),
    "done": ("完成", "done"),
    "failed": ("未完成", "failed"),
}
CLASSES_EN = {
    "expressway": "expressway",
    "urban_expressway": "urban expressway",
    "national": "national road",
    "provincial": "provincial road",
    "county": "county road",
    "village": "village road",
    "urban": "street",
    "ramp": "ramp",
}
FACTORS = {
    "collision": spellings.COLLISIONS,
    "light_condition": spellings.LIGHT,
    "surface": spellings.SURFACE,
    "weather": spellings.WEATHER,
    "parties": spellings.PARTIES,
}
"""Columns of a crash record whose values are compared with similar sites."""


def method_word(code: str) -> str:
    return pick(*METHODS.get(code, (code, code)))


def step_word(code: str) -> str:
    return pick(*STEPS.get(code, (code, code)))


def state_word(code: str) -> str:
    return pick(*STATES[code])


def class_word(code: str) -> str:
    return pick(ROAD_CLASSES.get(code, code), CLASSES_EN.get(code, code))


def kind_word(code: str) -> str:
    return _("路口") if code == "junction" else _("路段")


def value_word(column: str, code: str) -> str:
    """A value of a crash record: ``rear_end`` is 追尾."""
    names = FACTORS[column].get(code)
    return pick(*names[:2]) if names else code or _("未知")


def factor_word(column: str) -> str:
    return {
        "collision": _("事故形态"),
        "light_condition": _("照明"),
        "surface": _("路面"),
        "weather": _("天气"),
        "parties": _("当事方"),
        "hours": _("时段"),
    }[column]


def rule_word(rule: str) -> str:
    entry = rulebook()[rule]
    return pick(entry.name_zh, entry.name_en)


def note_word(code: str) -> str:
    """What a site's estimate rests on."""
    return {
        "worse": _("把握 95% 以上比同类差"),
        "mostly_predicted": _("自身记录少，主要依据同类"),
        "short": _("比路口影响范围还短"),
        "ambiguous": _("三分之一以上事故位置存疑"),
        "tied": _("并列"),
        "few": _("不足 3 起"),
    }[code]


def cost_sets_words() -> list[tuple[str, str]]:
    return [(code, pick(one.name_zh, one.name_en)) for code, one in cost_sets().items()]


def place_word(site: Mapping[str, Any]) -> str:
    """Where it is, with what it is."""
    if site["kind"] == "junction":
        return pick(f"{site['place']} 路口", f"{site['place']} junction")
    return str(site["place"])


def sentence(site: Mapping[str, Any], years: int) -> str:
    """A site in one sentence that needs no statistics to read."""
    same = _("同类路口") if site["kind"] == "junction" else _("同类路段")
    told = _(
        "近 {years} 年记录 {observed} 起，{same}同期预期 {predicted:.1f} 起，"
        "结合自身记录后估计 {expected:.1f} 起（九成可信区间 {lower:.1f}–{upper:.1f} 起）"
    ).format(years=years, same=same, **site)
    return told + _("；") + verdict(site)


def verdict(site: Mapping[str, Any]) -> str:
    """How sure it is that the site is worse than similar ones."""
    sure = site["p_worse"]
    if sure >= 0.95:
        return _("比同类差，把握 {sure}。").format(sure=_percent(sure))
    if sure >= 0.8:
        return _("很可能比同类差（{sure}），宜实地核查。").format(sure=_percent(sure))
    if sure >= 0.2:
        return _("与同类没有明显差别（更差的可能 {sure}）。").format(sure=_percent(sure))
    return _("比同类好（更差的可能只有 {sure}）。").format(sure=_percent(sure))


def _percent(share: float) -> str:
    """Never 100 %: nobody is that sure."""
    return f"{min(share, 0.99):.0%}" if share > 0.01 else "<1%"


def break_word(found: Mapping[str, Any]) -> str:
    """A reporting break in words."""
    if found["kind"] == "partial_year":
        return _("{year} 年记录不完整：约 {share:.0%} 的月份几乎没有记录。").format(
            year=found["year"], share=abs(found["change"])
        )
    way = _("少") if found["change"] < 0 else _("多")
    return _(
        "{year} 年全网事故同时比上年{way} {share:.0%}（约自 {since} 起）：这是上报口径或交通量的"
        "变化，不能当作哪条路变好或变坏。"
    ).format(year=found["year"], way=way, share=abs(found["change"]), since=found["since"])


def day_words() -> list[str]:
    """Monday to Sunday."""
    return [_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日")]
