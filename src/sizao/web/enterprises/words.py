"""What the pages of enterprises say: duties, units, notes and verdicts in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from sizao.feeds.tables.kinds.enterprise import ENTERPRISE_KINDS
from sizao.risk.duties import TOO_LITTLE, TOO_SMALL, duties
from sizao.web.pages.words import pick

OVERALL = "overall"


def kind_word(code: str) -> str:
    names = ENTERPRISE_KINDS.get(code, ENTERPRISE_KINDS["other"])
    return pick(names[0], names[1])


def duty_word(code: str) -> str:
    if code == OVERALL:
        return _("各项综合")
    duty = duties()[code]
    return pick(duty.name_zh, duty.name_en)


def unit_word(code: str) -> str:
    """The exposure of a duty."""
    return {
        "thousand_km": _("千公里"),
        "weighing": _("称重车次"),
        "vehicle_day": _("行驶车日"),
        "alarm": _("到期督办"),
        "vehicle": _("登记车辆"),
        "training_due": _("应培训人次"),
        "rectification_due": _("到期整改"),
    }[code]


def rate_word(row: Mapping[str, Any], name: str) -> str:
    """A rate as people say it: so many per 1,000 km, or a share."""
    value = row[name]
    if not duties()[row["duty"]].share:
        return f"{value:.2f}"
    return f"{value:.1%}" if value == 0 or value >= 0.001 else "<0.1%"


def source_word(code: str) -> str:
    """Who says that it is a duty."""
    source = duties()[code].source
    return pick(
        f"《{source['title']}》第 {source['article']} 条",
        f"art. {source['article']}, 《{source['title']}》",
    )


def missing_word(code: str) -> str:
    """What would have to be there for a duty to be counted."""
    return {
        "speeding": _("期间没有行驶里程"),
        "fatigue": _("期间没有行驶里程"),
        "overload": _("期间没有登记号牌的称重记录"),
        "offline": _("期间没有行驶车日"),
        "untreated_alarm": _("期间没有到期的督办请求（JT/T 809 0x9401）"),
        "inspection": _("登记中没有检验有效期"),
        "training": _("教育培训台账尚未接入，暂不评估"),
        "late_rectification": _("一年内没有到期的企业隐患"),
    }[code]


def unranked_word(note: str) -> str:
    """Why there is no rank; empty where there is one."""
    return {TOO_SMALL: _("车辆太少，不排名"), TOO_LITTLE: _("记录太少，不排名")}.get(note, "")


def verdict(row: Mapping[str, Any], worse: float) -> str:
    """How sure it is that an enterprise is worse than similar ones, in words for a leader."""
    sure, low, high = row["probability_worse"], row["lower"], row["upper"]
    like = row["similar"]
    if sure >= 0.9:
        return _("超过同类 {n:g} 倍，把握 {p}").format(n=worse, p=percent(sure))
    if low > like:
        return _("比同类差")
    if high < like:
        return _("比同类好")
    return _("与同类没有可确认的差别")


def percent(share: float) -> str:
    """Never 0 or 100 %: nobody is that sure."""
    return "<1%" if share < 0.01 else ">99%" if share > 0.99 else f"{share:.0%}"
