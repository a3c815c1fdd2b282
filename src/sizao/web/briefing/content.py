"""What the briefing says: numbers of the last day, today, what is late, what needs a decision.

No person and no plate is in it. Every line has an address that shows where it comes from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from sizao.core.levels import WarningLevel
from sizao.govern.rates import Ratio, ratio
from sizao.govern.statistics import wilson
from sizao.web.briefing.section import Line, Section
from sizao.web.briefing.today import forecast
from sizao.web.calls.models import Call, CallToll
from sizao.web.cases.access import concerning
from sizao.web.cases.models import Case
from sizao.web.handover.open_items import KINDS, Item, collect
from sizao.web.imports.models import Crash
from sizao.web.roster.models import Shift
from sizao.web.units.models import PatrolUnit, Unit, under
from sizao.web.warnings.models import Warning

DAY = timedelta(hours=24)
TOP = 5
LEVELS_EN = {"red": "red", "orange": "orange", "yellow": "yellow", "blue": "blue"}


def build(unit: Unit, since: datetime, now: datetime) -> list[Section]:
    """All sections for a unit and those below it, at ``now``; ``since`` is the last briefing's."""
    open_items = collect(unit, now)
    return [
        _decisions(unit, open_items, now),
        _warnings(unit, since, now),
        _crashes(unit, now),
        forecast(unit, now),
        _late(open_items, now),
        _staffing(unit, now),
        _compared(unit, now),
    ]


def _warnings(unit: Unit, since: datetime, now: datetime) -> Section:
    mine = Warning.objects.filter(issued__lte=now).filter(concerning(unit, "case__"))
    last_day = mine.filter(issued__gt=now - DAY)
    counts: Mapping[int, int] = dict(
        last_day.values_list("level").annotate(n=Count("pk")).values_list("level", "n")
    )
    parts = [(level, counts.get(level.value, 0)) for level in sorted(WarningLevel, reverse=True)]
    zh = "，".join(f"{level.zh} {n} 件" for level, n in parts)
    en = ", ".join(f"{LEVELS_EN[level.code]} {n}" for level, n in parts)
    lines = [Line(f"近24小时发布预警 {sum(counts.values())} 件：{zh}。",
                  f"Warnings in 24 h: {sum(counts.values())} ({en}).",
                  reverse("inbox"))]  # fmt: skip
    if since < now - DAY or since > now - DAY:
        n = mine.filter(issued__gt=since).count()
        at = timezone.localtime(since)
        lines.append(
            Line(f"自上次早报（{at:%Y-%m-%d %H:%M}）以来 {n} 件。",
                 f"{n} since the last briefing ({at:%Y-%m-%d %H:%M}).", reverse("inbox"))
        )  # fmt: skip
    cases = Case.objects.filter(concerning(unit), raised_at__gt=now - DAY, raised_at__lte=now)
    decided = kept = 0
    for signed, promised in cases.values_list("signed_at", "first_deadlines"):
        limit = promised.get("sign")
        if limit is None or (signed is None and now.timestamp() <= limit):
            continue
        decided += 1
        kept += signed is not None and signed.timestamp() <= limit
    lines.append(_share(kept, decided))
    opened, closed = cases.count(), Case.objects.filter(
        concerning(unit), verified_at__gt=now - DAY, verified_at__lte=now
    ).count()  # fmt: skip
    going = Case.objects.open().filter(concerning(unit)).count()
    lines.append(
        Line(f"新立案 {opened} 件，核实办结 {closed} 件，未结 {going} 件。",
             f"Cases raised: {opened}, verified: {closed}, open: {going}.", reverse("cases"))
    )  # fmt: skip
    return Section("warnings", "预警和处置", "Warnings and cases", lines)


def _share(kept: int, decided: int) -> Line:
    bounds = wilson(kept, decided)
    if bounds is None:
        return Line("按时签收：近24小时没有到期的。", "Signed in time: none was due.",
                    reverse("indicators"))  # fmt: skip
    low, high = (round(one * 100) for one in bounds)
    few_zh, few_en = ("，件数少，仅供参考", "; few, unsure") if decided < 10 else ("", "")
    return Line(
        f"按时签收 {kept}/{decided}（{kept / decided:.0%}，95%区间 {low}%–{high}%{few_zh}）。",
        f"Signed in time {kept}/{decided} ({kept / decided:.0%}, 95% {low}–{high}%{few_en}).",
        reverse("indicators"),
    )


def _crash_calls(unit: Unit):
    return Call.objects.filter(under(unit.path, "unit"), kind__in=("crash", "fire", "leak"),
                               joined_to=None)  # fmt: skip


def _crashes(unit: Unit, now: datetime) -> Section:
    rows = list(
        _crash_calls(unit).filter(received_at__gt=now - DAY, received_at__lte=now)
        .select_related("unit")
    )  # fmt: skip
    last = {
        one.call_id: one for one in CallToll.objects.filter(call__in=rows).order_by("pk")
    }  # fmt: skip
    dead = sum((last[one.pk].dead if one.pk in last else one.dead) or 0 for one in rows)
    hurt = sum(one.injured or 0 for one in rows)
    lines = [
        Line(f"接报事故 {len(rows)} 起，死亡 {dead} 人，受伤 {hurt} 人（来电所报，未经认定）。",
             f"Crashes called in: {len(rows)}, dead: {dead}, hurt: {hurt} "
             "(as told, not established).",
             reverse("calls"))
    ]  # fmt: skip
    places = Counter((one.unit.name_zh, one.unit.name_en) for one in rows)
    if places:
        zh = "，".join(f"{names[0]} {n} 起" for names, n in places.most_common(TOP))
        en = ", ".join(f"{names[1]} {n}" for names, n in places.most_common(TOP))
        lines.append(Line(f"按地点：{zh}。", f"By place: {en}.", reverse("calls")))
    records = Crash.objects.filter(time__gt=now - DAY, time__lte=now)
    if unit.parent_id is not None:
        records = records.filter(area=unit.area)
    if n := records.count():
        lines.append(Line(f"事故台账另有 {n} 起。", f"{n} more in the records.",
                          reverse("risk")))  # fmt: skip
    return Section("crashes", "事故", "Crashes", lines)


def _late(items: list[Item], now: datetime) -> Section:
    late = [one for one in items if one.due_s is not None and one.due_s < now.timestamp()]
    counts = Counter(one.kind for one in late)
    lines = []
    for kind, (zh, en) in KINDS.items():
        if n := counts.get(kind):
            first = next(one for one in late if one.kind == kind)
            lines.append(
                Line(f"{zh} {n} 项超时，最早的：{first.zh}。", f"{n} {en} late, first: {first.en}.",
                     first.url)
            )  # fmt: skip
    if not lines:
        lines = [Line("没有超时事项。", "Nothing is late.", reverse("handovers"))]
    return Section("late", "超时事项", "Late", lines)


def _staffing(unit: Unit, now: datetime) -> Section:
    patrols = PatrolUnit.objects.filter(under(unit.path, "unit"))
    states = Counter(patrols.values_list("state", flat=True))
    out = states["assigned"] + states["on_scene"]
    on = Shift.objects.standing().filter(under(unit.path, "unit"), start__lte=now, end__gt=now)
    posts = Counter(on.values_list("post", flat=True))
    zh = f"当班 {sum(posts.values())} 人（值班长 {posts['commander']}，"
    zh += f"指挥接警 {posts['operator']}，巡逻备勤 {posts['patrol']}）；"
    zh += f"警力 {patrols.count()} 组，在外 {out} 组。"
    en = f"On duty: {sum(posts.values())} (commanders: {posts['commander']}, operators: "
    en += f"{posts['operator']}, on patrol: {posts['patrol']}); patrols: {patrols.count()}, "
    en += f"out: {out}."
    lines = [Line(zh, en, reverse("roster"))]
    empty = [
        one for one in Unit.objects.filter(path__startswith=unit.path, level__gte=2)
        if not on.filter(unit=one, post="commander").exists()
    ]  # fmt: skip
    if empty:
        lines.append(
            Line(f"没有值班长在岗：{'、'.join(one.name_zh for one in empty[:TOP])}"
                 + (f"等 {len(empty)} 个单位。" if len(empty) > TOP else "。"),
                 f"No commander on duty: {', '.join(one.name_en for one in empty[:TOP])}"
                 + (f" and {len(empty) - TOP} more." if len(empty) > TOP else "."),
                 reverse("roster"))
        )  # fmt: skip
    return Section("staffing", "警力", "Staffing", lines)


def _compared(unit: Unit, now: datetime) -> Section:
    """The last day against the seven before it: a ratio of rates with its interval."""
    week = now - DAY - timedelta(days=7)

    def compare(rows, column: str) -> Ratio:
        last = rows.filter(**{f"{column}__gt": now - DAY, f"{column}__lte": now}).count()
        before = rows.filter(**{f"{column}__gt": week, f"{column}__lte": now - DAY}).count()
        return ratio(last, before, 1, 7)

    warned = Warning.objects.filter(concerning(unit, "case__"))
    measured = [
        ("预警", "warnings", compare(warned, "issued")),
        ("红橙预警", "red and orange", compare(warned.filter(level__gte=3), "issued")),
        ("接报事故", "crashes called in", compare(_crash_calls(unit), "received_at")),
        ("超时升级的案件", "cases that escalated",
         compare(Case.objects.filter(concerning(unit), escalations__gt=0), "raised_at")),
    ]  # fmt: skip
    head = [("指标", "measure"), ("近24小时", "last 24 h"), ("前7日日均", "a day, 7 before"),
            ("倍数（95%区间）", "ratio (95 %)"), ("判断", "reading")]  # fmt: skip
    table = [head]
    for zh, en, one in measured:
        high = "∞" if one.high is None else f"{one.high:.1f}"
        times = "—" if one.value is None else f"{one.value:.1f}（{one.low:.1f}–{high}）"
        reading = (
            ("数太小", "too few") if one.few
            else ("有变化", "changed") if one.differs else ("正常波动", "within chance")
        )  # fmt: skip
        table.append([(zh, en), _same(one.now), _same(f"{one.expected:.1f}"),
                      (times, times.replace("（", " (").replace("）", ")")), reading])  # fmt: skip
    return Section("compared", "与前7日比较", "Against the seven days before", [], table)


def _same(value: Any) -> tuple[str, str]:
    return str(value), str(value)


def _decisions(unit: Unit, items: list[Item], now: datetime) -> Section:
    """What needs the leader: the worst open cases, what nobody signed, what runs past its time."""
    lines = []
    worst = (
        Case.objects.open().filter(concerning(unit))
        .filter(Q(level=WarningLevel.RED.value) | Q(escalations__gt=0))
        .order_by("-level", "deadline")
    )  # fmt: skip
    for case in worst[:TOP]:
        told = next((one for one in items if one.key == f"case:{case.number}"), None)
        if told is not None:
            again = f"，已升级 {case.escalations} 次" if case.escalations else ""
            again_en = f"; escalations: {case.escalations}" if case.escalations else ""
            lines.append(Line(f"{told.zh}{again}。", f"{told.en}{again_en}.", told.url))
    for one in items:
        late = one.due_s is not None and one.due_s < now.timestamp()
        if one.kind in ("notice", "measure") and late:
            lines.append(Line(f"{one.zh}，已超时。", f"{one.en}: late.", one.url))
    if not lines:
        lines = [Line("没有需要领导决定的事项。", "Nothing needs a decision.", reverse("cases"))]
    return Section("decisions", "请领导决定", "For decision", lines[:8])
