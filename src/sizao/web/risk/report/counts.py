"""Sections of the report that count: totals, times, areas and forms."""

from __future__ import annotations

import numpy as np

from sizao.feeds.tables.kinds import _words as spellings
from sizao.risk.compare import FEW, Change, chance_of_more
from sizao.web.risk.report import charts, facts
from sizao.web.risk.report.document import Block, Chart, Section, Table
from sizao.web.risk.report.facts import Facts, Totals
from sizao.web.units.models import Unit

REGISTER = "来源：交通事故台账，以处理结论为准，日后可能更正。"
"""Where counts are from."""

# 总体情况


def overview(counted: Facts) -> Section:
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
            f"{month.zh}事故情况",
            ["指标", "本月", "上月", "去年同月", f"1—{month.month}月累计", "去年同期累计"],
            [
                [label, *(_number(getattr(one, key), key)
                          for one in (now, before, year, to_date, last_date))]
                for label, key in _MEASURES
                if key != "loss_cny" or to_date.loss_cny or last_date.loss_cny
            ],
            [2.2, 1, 1, 1.2, 1.6, 1.6],
            [False, True, True, True, True, True],
            REGISTER,
        )
    )  # fmt: skip
    months = [month.back(back) for back in range(24, -1, -1)]
    values = [counted.by_month.get(str(one), Totals()).crashes for one in months]
    blocks.append(
        Chart(
            "months",
            "近25个月事故起数（深色为本月与去年同月）",
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


# 时间分布


def times(counted: Facts) -> Section:
    of_year = facts.hours(counted.year)
    now = facts.hours(counted.rows)
    total = max(sum(of_year), 1)
    start = busiest(of_year)
    share = sum(of_year[(start + i) % 24] for i in range(4)) / total
    days = facts.weekdays(counted.year)
    worst = int(np.argmax(days))
    told = (
        f"近12个月中，{start}时至{(start + 4) % 24 or 24}时最集中，占 {share:.0%}；"
        f"一周中{_DAYS[worst]}最多，占 {days[worst] / max(sum(days), 1):.0%}"
        f"（七天平均为 14%）。本月 {counted.now.crashes} 起的时刻分布见下图，"
        "起数少的时段高低多属偶然，勤务安排以近12个月为准。"
    )
    scale = sum(now) / total
    return Section(
        "时间分布",
        [
            told,
            Chart(
                "hours",
                "各小时事故起数（柱为本月，虚线为近12个月折算到本月）",
                charts.bars([f"{hour}" for hour in range(24)], now,
                            line=[round(value * scale, 2) for value in of_year], every=2),
                "、".join(f"{hour}时 {value} 起" for hour, value in enumerate(now)),
            ),
        ],
    )  # fmt: skip


def busiest(hours: list[int]) -> int:
    """The hour at which the four with the most crashes begin."""
    return max(range(24), key=lambda hour: sum(hours[(hour + i) % 24] for i in range(4)))


_DAYS = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")


# 空间与形态


def where(counted: Facts) -> Section:
    areas = {unit.area: unit.name_zh for unit in
             Unit.objects.filter(level=Unit.Level.BRIGADE).exclude(area="")}  # fmt: skip
    now, year = facts.counted(counted.rows, "area"), facts.counted(counted.year, "area")
    blocks: list[Block] = [
        Table(
            "各辖区事故起数",
            ["辖区", "本月（起）", "近12个月（起）", "月均（起）", "本月与月均"],
            [
                [areas.get(code, code) or "未记录", str(now[code]), str(number),
                 f"{number / 12:.1f}", _against_mean(now[code], number)]
                for code, number in year.most_common(8)
            ],
            [2.2, 1.1, 1.5, 1.1, 2.4],
            [False, True, True, True, False],
            "“超出随机波动”指与月均相比，偶然达到的概率低于5%。" + REGISTER,
        ),
    ]  # fmt: skip
    forms, of_year = (
        facts.counted(counted.rows, "collision"),
        facts.counted(counted.year, "collision"),
    )
    total, all_year = max(sum(forms.values()), 1), max(sum(of_year.values()), 1)
    blocks.append(
        Table(
            "事故形态",
            ["形态", "本月（起）", "本月占比", "近12个月（起）", "近12个月占比"],
            [
                [_form(code), str(forms[code]), f"{forms[code] / total:.0%}", str(number),
                 f"{number / all_year:.0%}"]
                for code, number in of_year.most_common(6)
            ],
            [2, 1.1, 1.1, 1.5, 1.5],
            [False, True, True, True, True],
            REGISTER,
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
