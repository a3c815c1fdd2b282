"""The report put together: whose, of which month, by which ranking."""

from __future__ import annotations

from django.utils import timezone

from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.reports.models import Report
from sizao.web.risk import files, words
from sizao.web.risk.models import Assessment
from sizao.web.risk.ranking import rows_of
from sizao.web.risk.report import counts, facts, places
from sizao.web.risk.report.document import Document, Section
from sizao.web.risk.report.facts import Facts
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
    now = feed_now()
    return Document(
        title=f"{name}道路交通事故研判报告",
        subtitle=f"（{month.zh}）",
        unit=name,
        date=facts.today(now),
        sections=[
            counts.overview(counted),
            counts.times(counted),
            counts.where(counted),
            places.places(results, run, top),
            places.changes(rows, results, run, month),
            _done(user, month),
            places.next_steps(results, run, top),
            _quality(counted, run),
        ],
        notes=[
            "注：排序与概率供实地核查和勤务安排参考，不作为考核指标，不涉及任何个人。",
        ],
    )


# 六、已做工作


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
    works = treatments.standing().filter(
        last__gte=timezone.localtime(month.start).date(),
        last__lt=timezone.localtime(month.end).date(),
    ).count()  # fmt: skip
    if works:
        told.append(f"完成点段治理 {works} 处，成效待满一个整年后评估。")
    return Section(
        "已做工作",
        ["".join(told) or "本月系统内没有预警处置、上报和治理记录；其他工作请人工补充。"],
    )


# 八、数据质量与方法


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
        "未接入交通量时，不能区分路况差与车流大；漏报多的地方会显得安全。"
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
