"""Today: what kind of day it is, weather in force, where and when crashes are expected."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
from django.urls import reverse
from django.utils import timezone

from sizao.core.errors import ConfigError
from sizao.core.workdays import announced
from sizao.risk.day_calendar import Calendar, read_calendar
from sizao.web.briefing.section import Line, Section
from sizao.web.cases.access import concerning
from sizao.web.cases.models import Case
from sizao.web.handover.open_items import kind_zh
from sizao.web.ports import installed, ports
from sizao.web.risk import files
from sizao.web.risk.models import Assessment
from sizao.web.units.models import Unit

SITES = 3
_DAYS = "一二三四五六日"


def forecast(unit: Unit, now: datetime) -> Section:
    """The day, the weather and the worst places with their hours."""
    day = timezone.localdate(now)
    calendar = _calendar()
    zh, en = _day_words(day, calendar)
    lines = [Line(zh, en)]
    weather = Case.objects.open().filter(concerning(unit), origin__in=("weather", "forecast"))
    for case in weather.order_by("-level")[:SITES]:
        name_zh, name_en = kind_zh(case.kind)
        lines.append(
            Line(f"{case.level_zh}：{name_zh} {case.place}。",
                 f"{case.level_code}: {name_en}, {case.place}.", reverse("case", args=[case.pk]))
        )  # fmt: skip
    if len(lines) == 1:
        lines.append(Line("没有生效的天气预警。", "No weather warning is in force.",
                          reverse("inbox")))  # fmt: skip
    lines += [Line(*told) for told in _places(unit, day, calendar)]
    return Section("today", "今日", "Today", lines)


def _calendar() -> Calendar:
    """The installation's own calendar; empty without one, or while it is wrong."""
    if not installed():
        return Calendar()
    path = ports().data.calendar
    try:
        return read_calendar(path) if path.exists() else Calendar()
    except ConfigError:
        return Calendar()


def _day_words(day: date, calendar: Calendar) -> tuple[str, str]:
    free = not announced().is_working(day)
    entries = calendar.on(day)
    schools = any(one.kind == "school_term" for one in calendar.entries)
    term = any(one.kind == "school_term" for one in entries)
    markets = [one.name for one in entries if one.kind in ("market", "event") and one.name]
    zh = f"{day:%m月%d日}，星期{_DAYS[day.weekday()]}，{'休息日' if free else '工作日'}"
    en = f"{day:%d %b}, {day:%A}, {'day off' if free else 'working day'}"
    if schools:
        zh += "，学校上课" if term and not free else "，学校不上课"
        en += ", school" if term and not free else ", no school"
    else:
        zh += "；没有导入校历和赶集日"
        en += "; no calendar of schools and markets"
    if markets:
        zh += f"，赶集、活动：{'、'.join(markets)}"
        en += f", markets and events: {', '.join(markets)}"
    return f"{zh}。", f"{en}."


def _places(unit: Unit, day: date, calendar: Calendar) -> list[tuple[str, str, str]]:
    """The worst sites of the day, each with its four worst hours, by the newest assessment."""
    run = Assessment.objects.filter(state=Assessment.State.DONE).first()
    if run is None:
        return [("还没有风险评估，今日高风险路段无法给出。", "No assessment of places yet.",
                 reverse("risk"))]  # fmt: skip
    found = files.results(run)
    hours = found.week[calendar.like(day) * 24 :][:24]
    total = hours.sum(axis=0)
    told = []
    for row in np.argsort(-total):
        site = found.rows[int(row)]
        if unit.parent_id is not None and site.get("area") != unit.area:
            continue
        own = np.concatenate((hours[:, row], hours[:3, row]))
        sums = np.array([own[at : at + 4].sum() for at in range(24)])
        start = int(sums.argmax())
        share = float(sums[start] / max(total[row], 1e-12))
        span = f"{start:02d}–{(start + 4) % 24:02d}"
        name = str(site.get("place") or site.get("name") or site["site"])
        told.append(
            (f"高风险：{name}，{span} 时占全天 {share:.0%}。",
             f"Risk: {name}, {span} h has {share:.0%} of the day.",
             reverse("risk-site", args=[site["site"]]))
        )  # fmt: skip
        if len(told) == SITES:
            break
    return told
