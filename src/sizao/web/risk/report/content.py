"""The report as text, tables and charts, without saying how it is set."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sizao.feeds.tables.kinds import _words as spellings
from sizao.risk.compare import FEW, Change, chance_of_more
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.imports.models import Crash
from sizao.web.reports.models import Report
from sizao.web.risk import files, sitefacts, words
from sizao.web.risk.files import Results
from sizao.web.risk.models import Assessment
from sizao.web.risk.nearest import nearest_sites
from sizao.web.risk.proposals import proposals
from sizao.web.risk.ranking import Row, ordered, rows_of
from sizao.web.risk.report import charts, facts
from sizao.web.risk.report.facts import Facts, Totals
from sizao.web.risk.report.period import Month
from sizao.web.risk.shapes import shapes_of
from sizao.web.units.models import Unit, User

TOP_SEGMENTS, TOP_JUNCTIONS, CHANGED = 10, 5, 5


@dataclass
class Table:
    """``widths`` are shares of the text width; ``right`` says which columns are numbers."""

    caption: str
    header: list[str]
    rows: list[list[str]]
    widths: list[float]
    right: list[bool]


@dataclass
class Chart:
    """``about`` is what it shows, for who cannot see it."""

    name: str
    caption: str
    svg: str
    about: str


Block = str | Table | Chart


@dataclass
class Section:
    """One numbered section; ``blocks`` in order, a str is a paragraph."""

    title: str
    blocks: list[Block] = field(default_factory=list)


@dataclass
class Document:
    """The whole report."""

    title: str
    subtitle: str
    unit: str
    date: str
    sections: list[Section]
    notes: list[str]


def build(user: User, month: Month, run: Assessment) -> Document:
    """The report of a month for the user's unit, by the ranking of a run."""
    unit = user.unit or Unit.objects.filter(parent=None).first()
    whole = unit is None or unit.parent_id is None
    areas = [] if whole or not unit.area else [unit.area]
    counted = facts.gather(month, areas)
    results = files.results(run)
    rows = [row for row in rows_of(results) if not areas or row["area"] in areas]
    name = unit.name_zh if unit is not None else ""
    top = _top(rows)
    now = feed_now()
    return Document(
        title=f"{name}道路交通事故研判报告",
        subtitle=f"（{month.zh}）",
        unit=name,
        date=facts.today(now),
        sections=[
            _overview(counted),
            _times(counted),
            _where(counted, run),
            _places(results, run, top),
            _changes(rows, results, run, month),
            _done(user, month),
            _next(results, run, top),
            _quality(counted, run),
        ],
        notes=[
            "注：排序与概率供实地核查和勤务安排参考，不作为考核指标，不涉及任何个人。",
        ],
    )


# 一、总体情况


def _overview(counted: Facts) -> Section:
    now, before, year = counted.now, counted.before, counted.last_year
    month = counted.month
    against_before = counted.against("crashes", before, month.back(1).days)
    against_year = counted.against("crashes", year, month.back(12).days)
    told = (
        f"{month.zh}，台账记录道路交通事故 {now.crashes} 起，其中死亡事故 {now.fatal} 起；"
        f"死亡 {now.dead} 人，受伤 {now.injured} 人。"
        f"起数{_change(against_before, '上月')}{_change(against_year, '去年同月')}"
    )
    to_date, last_date = counted.to_date(), counted.to_date(1)
    blocks: list[Block] = [told]
    blocks.append(
        Table(
            f"表1　{month.zh}事故情况",
            ["指标", "本月", "上月", "去年同月", f"1—{month.month}月累计", "去年同期累计"],
            [
                [label, *(_number(getattr(one, key), key)
                          for one in (now, before, year, to_date, last_date))]
                for label, key in _MEASURES
                if key != "loss_cny" or to_date.loss_cny or last_date.loss_cny
            ],
            [2.2, 1, 1, 1.2, 1.6, 1.6],
            [False, True, True, True, True, True],
        )
    )  # fmt: skip
    months = [month.back(back) for back in range(24, -1, -1)]
    values = [counted.by_month.get(str(one), Totals()).crashes for one in months]
    blocks.append(
        Chart(
            "months",
            "图1　近25个月事故起数（深色为本月与去年同月）",
            charts.bars(
                [f"{one.month}月" if one.month != 1 else f"{one.year}" for one in months],
                values, marked=[12, 24], every=2,
            ),
            "、".join(f"{one.zh} {value} 起" for one, value in zip(months, values, strict=True)),
        )
    )  # fmt: skip
    return Section("总体情况", blocks)


_MEASURES = (("事故（起）", "crashes"), ("死亡事故（起）", "fatal"), ("死亡（人）", "dead"),
             ("受伤（人）", "injured"), ("直接财产损失（万元）", "loss_cny"))  # fmt: skip


def _number(value: float, key: str) -> str:
    return f"{value / 10_000:,.1f}" if key == "loss_cny" else f"{value:,}"


def _change(found: Change, than: str) -> str:
    """A comparison in words; a percentage only where the base is large enough to bear one."""
    if found.now == 0 and found.before == 0:
        return f"与{than}均为零。"
    difference = abs(found.difference)
    way = (
        "持平"
        if difference == 0
        else ("多" if found.difference > 0 else "少") + f" {difference} 起"
    )
    told = f"比{than}{way}" if difference else f"与{than}{way}"
    if found.ratio is not None and found.before >= FEW and difference:
        bounds = f"{_signed(found.low - 1)}～{_signed(found.high - 1)}"
        told += f"（{_signed(found.ratio - 1)}，95%区间 {bounds}）"
    elif difference:
        told += "（起数少，不计百分比）"
    return told + ("，超出随机波动。" if found.beyond_chance else "，在随机波动范围内。")


def _signed(share: float) -> str:
    return "不限" if share == float("inf") else f"{share:+.0%}".replace("-", "−")


# 二、时间分布


def _times(counted: Facts) -> Section:
    of_year = facts.hours(counted.year)
    now = facts.hours(counted.rows)
    total = max(sum(of_year), 1)
    start = max(range(24), key=lambda hour: sum(of_year[(hour + i) % 24] for i in range(4)))
    share = sum(of_year[(start + i) % 24] for i in range(4)) / total
    days = facts.weekdays(counted.year)
    worst = int(np.argmax(days))
    told = (
        f"近12个月中，{start}时至{(start + 4) % 24 or 24}时最集中，占 {share:.0%}；"
        f"一周中{_DAYS[worst]}最多，占 {days[worst] / max(sum(days), 1):.0%}"
        f"（七天平均为 14%）。本月 {counted.now.crashes} 起的时刻分布见图2，"
        "起数少的时段高低多属偶然，勤务安排以近12个月为准。"
    )
    scale = sum(now) / total
    return Section(
        "时间分布",
        [
            told,
            Chart(
                "hours",
                "图2　各小时事故起数（柱为本月，虚线为近12个月折算到本月）",
                charts.bars([f"{hour}" for hour in range(24)], now,
                            line=[round(value * scale, 2) for value in of_year], every=2),
                "、".join(f"{hour}时 {value} 起" for hour, value in enumerate(now)),
            ),
        ],
    )  # fmt: skip


_DAYS = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")


# 三、空间与形态


def _where(counted: Facts, run: Assessment) -> Section:
    areas = {unit.area: unit.name_zh for unit in
             Unit.objects.filter(level=Unit.Level.BRIGADE).exclude(area="")}  # fmt: skip
    now, year = facts.counted(counted.rows, "area"), facts.counted(counted.year, "area")
    blocks: list[Block] = [
        Table(
            "表2　各辖区事故起数",
            ["辖区", "本月", "近12个月", "月均", "本月与月均"],
            [
                [areas.get(code, code) or "未记录", str(now[code]), str(number),
                 f"{number / 12:.1f}", _against_mean(now[code], number)]
                for code, number in year.most_common(8)
            ],
            [2.2, 0.8, 1, 0.8, 2.4],
            [False, True, True, True, False],
        ),
    ]  # fmt: skip
    forms, of_year = (
        facts.counted(counted.rows, "collision"),
        facts.counted(counted.year, "collision"),
    )
    total, all_year = max(sum(forms.values()), 1), max(sum(of_year.values()), 1)
    blocks.append(
        Table(
            "表3　事故形态",
            ["形态", "本月", "本月占比", "近12个月", "近12个月占比"],
            [
                [_form(code), str(forms[code]), f"{forms[code] / total:.0%}", str(number),
                 f"{number / all_year:.0%}"]
                for code, number in of_year.most_common(6)
            ],
            [2, 1, 1, 1.2, 1.4],
            [False, True, True, True, True],
        )
    )  # fmt: skip
    leading = [code for code, _ in of_year.most_common(2) if code]
    told = "近12个月以" + "、".join(_form(code) for code in leading) + "为主。" if leading else ""
    causes = [
        name
        for name, _ in facts.counted(counted.year, "cause").most_common(5)
        if name and name != "其他"
    ]
    if causes:
        told += "记录的主要原因依次为" + "、".join(causes[:3]) + "。"
    return Section("空间分布与事故形态", [told or "台账没有记录事故形态。", *blocks])


def _form(code: str) -> str:
    return spellings.COLLISIONS[code][0] if code in spellings.COLLISIONS else "未记录"


def _against_mean(now: int, year: int) -> str:
    chance = chance_of_more(now, year / 12, 0.0)
    if chance < 0.05:
        return "偏多，超出随机波动"
    return "偏少，超出随机波动" if chance > 0.975 and year >= 36 else "正常波动"


# 四、重点点段


def _top(rows: list[Row]) -> dict[str, list[Row]]:
    return {
        kind: ordered([row for row in rows if row["kind"] == kind], "rank")[:most]
        for kind, most in (("segment", TOP_SEGMENTS), ("junction", TOP_JUNCTIONS))
    }


def _places(results: Results, run: Assessment, top: dict[str, list[Row]]) -> Section:
    blocks: list[Block] = [
        f"按近{len(run.years)}个完整年度（{run.span}年）事故记录，结合同类道路水平综合估计，"
        "每公里（路口为每处）预计事故最多的点段如下。“估计”已剔除偶然高低，括号内为九成可信区间。"
    ]
    number = 0
    marks = []
    for kind, caption in (("segment", "表4　重点路段"), ("junction", "表5　重点路口")):
        lines = []
        for row in top[kind]:
            number += 1
            marks.append((row["lon"], row["lat"], str(number)))
            lines.append([
                str(number), words.place_word(row), str(row["observed"]),
                f"{row['predicted']:.1f}", f"{row['expected']:.1f}",
                f"{row['lower']:.1f}–{row['upper']:.1f}", _sure(row["p_worse"]),
            ])  # fmt: skip
        if lines:
            blocks.append(
                Table(caption, ["序号", "地点", "记录", "同类预期", "估计", "九成区间", "比同类差"],
                      lines, [0.7, 3.9, 0.7, 1.2, 0.8, 1.3, 1.2],
                      [True, False, True, True, True, True, True])
            )  # fmt: skip
    shapes = shapes_of(results)
    segments = [row for row in results.rows if row["kind"] == "segment"]
    limit = float(np.quantile([row["rate"] for row in segments], 0.97)) or 1.0
    blocks.append(
        Chart(
            "map", "图3　风险分布与重点点段（编号同表4、表5；线越粗，每公里预计事故越多）",
            charts.network(
                [shapes.lines[row] for row in range(len(segments))],
                [row["rate"] / limit if row["rate"] > 0.3 * limit else 0.0 for row in segments],
                marks,
            ),
            "编号位置见表4、表5",
        )
    )  # fmt: skip
    first = top["segment"][:3] + top["junction"][:2]
    for row in first:
        found = sitefacts.stands_out(results, run, results.by_site[row["site"]], 0.9)[:2]
        stands = "；突出特征：" + "、".join(
            f"{one.value}占{one.share:.0f}%（同类{one.usual:.0f}%）" for one in found
        ) if found else ""  # fmt: skip
        blocks.append(
            f"{words.place_word(row)}：{words.sentence(row, len(run.years)).rstrip('。')}{stands}。"
        )
    return Section("重点点段", blocks)


def _sure(share: float) -> str:
    return ">99%" if share > 0.99 else f"{share:.0%}"


# 五、变化


def _changes(rows: list[Row], results: Results, run: Assessment, month: Month) -> Section:
    """Places with more crashes since the run's years than its estimate would give by chance."""
    since = dt.datetime(run.last_year + 1, 1, 1, tzinfo=month.start.tzinfo)
    days = (month.end - since).days
    if days < 28:
        return Section("变化", ["评估年度之后的记录不足一个月，暂不判断变化。"])
    later = Crash.objects.filter(time__gte=since, time__lt=month.end, lat__isnull=False)
    near = _assigned(results, later.values_list("lat", "lon"))
    share = days / 365.2425 / len(run.years)
    found = []
    for row in rows:
        seen = near.get(results.by_site[row["site"]], 0)
        if seen < 3:
            continue
        mean = row["expected"] * share
        width = (row["upper"] - row["lower"]) / 3.29
        chance = chance_of_more(seen, mean, (width * share) ** 2)
        if chance < 0.05:
            found.append((chance, seen, mean, row))
    found.sort(key=lambda one: one[0])
    # With hundreds of sites looked at, some are rare by chance alone: said, not hidden.
    told = (
        f"{run.last_year + 1}年1月至{month.month}月，事故明显多于估计（偶然达到的概率低于5%）的点段"
        f"共 {len(found)} 处。逐一检查的点段很多，其中一部分属偶然，宜先核查现场有无施工、改道、"
        "新增出入口等变化。"
        if found
        else f"{run.last_year + 1}年1月至{month.month}月，没有发现事故明显多于估计的点段。"
    )
    blocks: list[Block] = [told]
    if found:
        blocks.append(
            Table(
                "表6　新近偏多的点段", ["地点", "记录", "按估计应有", "偶然达到的概率"],
                [[words.place_word(row), str(seen), f"{mean:.1f}",
                  "<1%" if chance < 0.01 else f"{chance:.0%}"]
                 for chance, seen, mean, row in found[:CHANGED]],
                [4.5, 0.8, 1.3, 1.6], [False, True, True, True],
            )
        )  # fmt: skip
    return Section("变化", blocks)


def _assigned(results: Results, points: Any) -> dict[int, int]:
    """Crashes after the run's years by the row of the nearest site, within 60 m."""
    rows = nearest_sites(results, list(points))
    found: dict[int, int] = {}
    for row in rows:
        if row >= 0:
            found[row] = found.get(row, 0) + 1
    return found


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
    return Section(
        "已做工作",
        ["".join(told) or "本月系统内没有预警处置和上报记录；其他工作请人工补充。"],
    )


# 七、下步建议


def _next(results: Results, run: Assessment, top: dict[str, list[Row]]) -> Section:
    blocks: list[Block] = ["以下为按事故特征提出的核查要点，具体措施以现场核查和专家意见为准。"]
    for number, row in enumerate(top["segment"][:5] + top["junction"][:3], 1):
        found = sitefacts.stands_out(results, run, results.by_site[row["site"]], 0.85)
        leads = proposals([(one.column, one.pattern.value) for one in found])
        blocks.append(
            f"{number}．{words.place_word(row)}："
            + ("；".join(leads) if leads else "特征不明显，先组织现场踏勘") + "。"
        )  # fmt: skip
    return Section("下步建议", blocks)


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
