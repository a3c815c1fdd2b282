"""Sections of the report about places: the top sites, what changed, what to check."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from sizao.risk.compare import chance_of_more
from sizao.web.imports.models import Crash
from sizao.web.risk import sitefacts, words
from sizao.web.risk.files import Results
from sizao.web.risk.models import Assessment
from sizao.web.risk.nearest import nearest_sites
from sizao.web.risk.proposals import proposals
from sizao.web.risk.ranking import Row, ordered
from sizao.web.risk.report import charts
from sizao.web.risk.report.document import Block, Chart, Section, Table
from sizao.web.risk.report.period import Month
from sizao.web.risk.shapes import shapes_of
from sizao.web.units.models import Unit

TOP_SEGMENTS, TOP_JUNCTIONS, CHANGED = 10, 5, 5
TOLD = {"segment": 3, "junction": 2}
"""How many of each kind have a paragraph of their own."""


# 重点点段


def top_sites(rows: list[Row]) -> dict[str, list[Row]]:
    return {
        kind: ordered([row for row in rows if row["kind"] == kind], "rank")[:most]
        for kind, most in (("segment", TOP_SEGMENTS), ("junction", TOP_JUNCTIONS))
    }


def places(results: Results, run: Assessment, top: dict[str, list[Row]]) -> Section:
    blocks: list[Block] = [
        f"按近{len(run.years)}个完整年度（{run.span}年）事故记录，结合同类道路水平综合估计，"
        "每公里（路口为每处）预计事故最多的点段如下。“估计”已剔除偶然高低，括号内为九成可信区间。"
    ]
    number = 0
    marks = []
    for kind, caption in (("segment", "重点路段"), ("junction", "重点路口")):
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
                Table(f"{caption}（{run.span}年，单位：起）",
                      ["序号", "地点", "记录", "同类预期", "估计", "九成区间", "比同类差"],
                      lines, [11.5, 59, 11.5, 19, 12, 24, 19],
                      [True, False, True, True, True, True, True],
                      "“比同类差”为概率。来源：交通事故台账、路网，系统估计。")
            )  # fmt: skip
            blocks += [_told(results, run, row) for row in top[kind][: TOLD[kind]]]
    shapes = shapes_of(results)
    segments = [row for row in results.rows if row["kind"] == "segment"]
    limit = float(np.quantile([row["rate"] for row in segments], 0.97)) or 1.0
    blocks.append(
        Chart(
            "map", "风险分布与重点点段（编号同上两表；线越粗，每公里预计事故越多）",
            charts.network(
                [shapes.lines[row] for row in range(len(segments))],
                [row["rate"] / limit if row["rate"] > 0.3 * limit else 0.0 for row in segments],
                marks,
                height=300,
            ),
            "编号位置见上两表",
        )
    )  # fmt: skip
    return Section("重点点段", blocks)


def _told(results: Results, run: Assessment, row: Row) -> str:
    """A place in a paragraph: what the estimate is, and what stands out."""
    found = sitefacts.stands_out(results, run, results.by_site[row["site"]], 0.9)[:2]
    stands = "；突出特征：" + "、".join(
        f"{one.value}占{one.share:.0f}%（同类{one.usual:.0f}%）" for one in found
    ) if found else ""  # fmt: skip
    return f"{words.place_word(row)}：{words.sentence(row, len(run.years)).rstrip('。')}{stands}。"


def _sure(share: float) -> str:
    return ">99%" if share > 0.99 else f"{share:.0%}"


# 变化


def changes(
    rows: list[Row], results: Results, run: Assessment, month: Month
) -> tuple[Section, list[str]]:
    """Places with more crashes since the run's years than its estimate would give by chance, and
    their names, the surest first."""
    since = dt.datetime(run.last_year + 1, 1, 1, tzinfo=month.start.tzinfo)
    days = (month.end - since).days
    if days < 28:
        return Section("变化", ["评估年度之后的记录不足一个月，暂不判断变化。"]), []
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
                "新近偏多的点段", ["地点", "记录（起）", "按估计应有（起）", "偶然达到的概率"],
                [[words.place_word(row), str(seen), f"{mean:.1f}",
                  "<1%" if chance < 0.01 else f"{chance:.0%}"]
                 for chance, seen, mean, row in found[:CHANGED]],
                [4.2, 1.1, 1.7, 1.7], [False, True, True, True],
            )
        )  # fmt: skip
    return Section("变化", blocks), [words.place_word(row) for *_, row in found]


def _assigned(results: Results, points: Any) -> dict[int, int]:
    """Crashes after the run's years by the row of the nearest site, within 60 m."""
    rows = nearest_sites(results, list(points))
    found: dict[int, int] = {}
    for row in rows:
        if row >= 0:
            found[row] = found.get(row, 0) + 1
    return found


# 下步建议


def next_steps(results: Results, run: Assessment, top: dict[str, list[Row]]) -> Section:
    """What to check, each with the places it is for and who leads there."""
    home = Unit.objects.filter(level=Unit.Level.BRIGADE, roads="").exclude(area="")
    brigades = {unit.area: unit.name_zh for unit in home}
    leads: dict[str, list[str]] = {}
    for row in top["segment"][:5] + top["junction"][:3]:
        found = sitefacts.stands_out(results, run, results.by_site[row["site"]], 0.85)
        told = [zh for zh, _en in proposals([(one.column, one.pattern.value) for one in found])]
        who = brigades.get(row["area"])
        place = words.place_word(row) + (f"（{who}）" if who else "")
        for lead in told or [SURVEY]:
            leads.setdefault(lead, []).append(place)
    # The check that most places need comes first; a survey is what is left to do elsewhere.
    order = sorted(leads, key=lambda lead: (lead == SURVEY, -len(leads[lead])))
    blocks: list[Block] = [
        "以下按事故特征提出核查要点，括号内为牵头单位，具体措施以现场核查和专家意见为准。"
    ]
    blocks += [
        f"{number}．{lead}。地点：{'、'.join(leads[lead])}。"
        for number, lead in enumerate(order, 1)
    ]
    return Section("下步建议", blocks)


SURVEY = "特征不明显，先组织现场踏勘"
