"""The report put together: whose, of which month, by which ranking."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.hazards.models import Hazard
from sizao.web.reports.models import Report
from sizao.web.risk import files, words
from sizao.web.risk.models import Assessment
from sizao.web.risk.ranking import Row, rows_of
from sizao.web.risk.report import counts, facts, places
from sizao.web.risk.report.document import Document, Section, numbered
from sizao.web.risk.report.facts import Facts
from sizao.web.risk.report.firms import firms
from sizao.web.risk.report.period import Month
from sizao.web.treatments import services as treatments
from sizao.web.units.models import Unit, User


def build(user: User, month: Month, run: Assessment) -> Document:
    """The report of a month for the user's unit, by the ranking of a run."""
    unit = user.unit or Unit.objects.filter(parent=None).first()
    whole = unit is None or unit.parent_id is None
    areas = [] if whole or not unit.area else [unit.area]
    counted = facts.gather(month, areas)
    results = files.results(run)
    rows = [row for row in rows_of(results) if not areas or row["area"] in areas]
    name = unit.name_zh if unit is not None else ""
    top = places.top_sites(rows)
    changed, risen = places.changes(rows, results, run, month)
    fleet, worst = firms(user)
    steps = places.next_steps(results, run, top)
    sections = [
        _gist(counted, top, risen, worst),
        counts.overview(counted),
        counts.times(counted),
        counts.where(counted),
        places.places(results, run, top),
        changed,
        fleet,
        _done(user, month),
        steps,
        _quality(counted, run),
    ]
    return Document(
        title=f"{name}道路交通事故研判报告",
        subtitle=f"（{month.zh}）",
        unit=name,
        date=facts.today(feed_now()),
        sections=numbered([one for one in sections if one is not None]),
        notes=[
            "注：排序与概率供实地核查和勤务安排参考，不作为考核指标，不涉及任何个人。",
        ],
    )


# 本月要情


def _gist(counted: Facts, top: dict[str, list[Row]], risen: list[str], worst: list[str]) -> Section:
    """What somebody reads who reads nothing else: how many, where, what is new, who."""
    now, month = counted.now, counted.month
    level = counted.against("crashes", counted.last_year, month.back(12).days)
    beyond = "超出随机波动" if level.beyond_chance else "在随机波动范围内"
    hours = facts.hours(counted.year)
    start = counts.busiest(hours)
    share = sum(hours[(start + one) % 24] for one in range(4)) / max(sum(hours), 1)
    told = [
        f"总量：事故 {now.crashes} 起、死亡 {now.dead} 人、受伤 {now.injured} 人，"
        f"去年同月 {counted.last_year.crashes} 起、死亡 {counted.last_year.dead} 人，"
        f"起数变化{beyond}。"
    ]
    first = [words.place_word(one) for one in top["segment"][:2] + top["junction"][:1]]
    if first:
        told.append(
            f"时空：近12个月 {start} 时至 {(start + 4) % 24 or 24} 时占 {share:.0%}；"
            f"预计事故最多的是{'、'.join(first)}。"
        )
    if risen:
        told.append(f"变化：{len(risen)} 处点段今年明显多于估计，首先核查{'、'.join(risen[:2])}。")
    if worst:
        told.append(f"企业：{'、'.join(worst[:3])}的主体责任综合明显差于同类，宜约谈、上门检查。")
    return Section("本月要情", [f"（{_NUMBERS[at]}）{one}" for at, one in enumerate(told)])


_NUMBERS = "一二三四"


# 已做工作


def _done(user: User, month: Month) -> Section:
    cases = Case.objects.for_user(user).filter(raised_at__gte=month.start, raised_at__lt=month.end)
    reports = Report.objects.for_user(user).filter(
        reported_at__gte=month.start, reported_at__lt=month.end
    )
    raised, closed = cases.count(), cases.filter(closed=True).count()
    given, answered = reports.count(), reports.exclude(state__in=Report.OPEN).count()
    told = []
    if raised:
        told.append(f"本月形成预警处置案件 {raised} 件，办结 {closed} 件。")
    if given:
        told.append(f"收到道路安全上报 {given} 件，办结 {answered} 件。")
    hazards = Hazard.objects.for_user(user)
    entered = hazards.filter(found_at__gte=month.start, found_at__lt=month.end).count()
    cleared = hazards.filter(
        state="delisted", closed_at__gte=month.start, closed_at__lt=month.end
    ).count()
    if entered or cleared:
        told.append(f"登记隐患 {entered} 处，验收销号 {cleared} 处。")
    works = treatments.standing().filter(
        last__gte=timezone.localtime(month.start).date(),
        last__lt=timezone.localtime(month.end).date(),
    ).count()  # fmt: skip
    if works:
        told.append(f"完成点段治理 {works} 处，成效待满一个整年后评估。")
    return Section(
        "已做工作",
        ["".join(told) or "本月系统内没有预警处置、上报、隐患和治理记录。"],
    )


# 数据质量与方法


def _quality(counted: Facts, run: Assessment) -> Section:
    now, summary = counted.now, run.summary
    quality = summary["match_quality"]
    told = [
        f"本月 {now.crashes} 起中，没有坐标 {now.unlocated} 起，时刻不明 {now.hour_unknown} 起。"
        f"排序依据第 {run.pk} 次评估（{run.span}年，{summary['on_network']:,} 起落在路网上；"
        f"位置存疑 {quality['ambiguous']} 起，不在路上 {quality['unmatched']} 起，"
        f"没有坐标 {run.data.get('unlocated', 0)} 起）。"
    ]
    told += [words.break_word(found) for found in summary["breaks"]]
    told.append(
        f"方法：{words.method_word(run.method)}，先按道路类别、长度、路口形状和周边水平得出同类预期，"
        "再与自身记录加权，给出九成可信区间（系统版本 " + run.version + "）。"
        f"{_traffic(summary.get('traffic') or {})}漏报多的地方会显得安全。"
    )
    if run.backtest:
        tested = run.backtest
        low, high = (bound * 100 for bound in tested["capture_interval"]["0.05"])
        told.append(
            f"检验：只用{tested['train']}年数据排序，里程最前的5%命中{tested['test']}年"
            f"事故的 {tested['capture']['0.05']:.0%}（九成区间 {low:.0f}%–{high:.0f}%），"
            f"为平均水平的 {tested['pai']['0.05']:.1f} 倍。"
        )
    return Section("数据质量与方法说明", list(told))


def _traffic(found: dict[str, Any]) -> str:
    """What was known of traffic, which tells a dangerous road from a busy one."""
    if not found.get("counted"):
        return "本次评估没有可用的交通量，不能区分路况差与车流大；"
    from_fleet = found.get("from_fleet", 0)
    return (
        f"交通量：{found['counted']:,} 个路段有数（其中 {from_fleet:,} 个由营运车辆定位推算），"
        "其余路段不能区分路况差与车流大；"
    )
