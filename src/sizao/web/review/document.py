"""The after-action review as an official document: PDF and Word from the same text."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils import timezone

from sizao.respond.costs import Costs
from sizao.respond.plans.model import PARTIES
from sizao.respond.review import Facts
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.drills.scoring import Scored
from sizao.web.review.models import Finding
from sizao.web.risk.report.document import Document, Section, Table
from sizao.web.units.territory import territory


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "—"
    return f"{timezone.localtime(datetime.fromtimestamp(seconds, UTC)):%m-%d %H:%M:%S}"


def _late(seconds: float | None) -> str:
    if seconds is None:
        return "未完成"
    minutes = abs(seconds) / 60
    return f"超时{minutes:.1f}分钟" if seconds > 0 else f"提前{minutes:.1f}分钟"


def document(
    case: Case, found: Facts, score: Scored, spent: Costs, findings: list[Finding], what: str
) -> Document:
    """The review of a case. Names of officers stand in the findings only where somebody wrote
    them; plates and drivers nowhere."""
    drill = "【演练】" if case.drill_id else ""
    sections = [
        Section(
            "基本情况",
            [
                f"{drill}案件{case.number}，{what}，地点{case.place or '不详'}，"
                f"最高等级{found.case.level.zh}，发布于{_clock(found.case.raised_s)}，"
                f"状态：{found.case.state.zh}。",
                f"投入：警力{spent.person_min:.0f}人·分钟（按每车2人计，项目默认），"
                f"车辆{spent.vehicle_min:.0f}车·分钟，道路全幅封闭{spent.closed_min:.0f}分钟"
                + ("（仍在增加）。" if spent.going_on else "。"),
            ],
        ),
        Section(
            "何时知道",
            [
                Table(
                    "获知情况的先后",
                    ["时间", "情况"],
                    [[_clock(one.at_s), one.zh] for one in found.known],
                    [1.2, 4.0],
                    [False, False],
                )
            ],
        ),
        Section(
            "时限",
            [
                Table(
                    "案件时限的承诺与实际",
                    ["时限", "应于", "实际", "结果"],
                    [
                        [one.zh, _clock(one.promised_s), _clock(one.done_s), _late(one.late_s)]
                        for one in found.clocks
                    ],
                    [1.6, 1.4, 1.4, 1.4],
                    [False, False, False, False],
                ),
                f"时限到期未办、已上报上一级{len(found.missed)}次。",
            ],
        ),
    ]
    if score.tasks:
        sections.append(
            Section(
                "预案执行",
                [
                    Table(
                        "各责任方守时情况",
                        ["责任方", "承办单位", "任务", "守时", "未打开", "未按预案"],
                        [
                            [party, unit, f"{one.tasks}", f"{one.kept}/{one.clocks}",
                             f"{one.never_opened}", f"{one.deviated}"]
                            for party, unit, one in score.parties
                        ],
                        [1.8, 1.8, 0.7, 0.8, 0.8, 0.9],
                        [False, False, True, True, True, True],
                    ),
                    Table(
                        "各项任务",
                        ["责任方", "任务", "下达", "接收", "结束"],
                        [
                            [party, one.zh, _clock(one.told_s), _clock(one.acknowledged_s),
                             f"{_clock(one.acted_s)} {one.state.zh}"]
                            for party, _, one in score.tasks
                        ],
                        [1.2, 2.6, 1.1, 1.1, 1.5],
                        [False, False, False, False, False],
                    ),
                ],
            )
        )  # fmt: skip
    sections.append(
        Section(
            "与预案不一致之处",
            [
                f"{PARTIES[task.party][0]}：“{task.zh}”{task.state.zh}，{task.reason or '未说明'}。"
                for _, task in found.deviations
            ]
            or ["无。"],
        )
    )
    sections.append(
        Section(
            "发现与整改",
            [
                one.text
                + (
                    f"整改措施：{one.action}，责任：{one.owner}，期限：{one.due:%Y-%m-%d}，"
                    + (f"已完成：{one.done_note}。" if one.done_at else "未完成。")
                    if one.action and one.due
                    else ""
                )
                for one in findings
            ]
            or ["尚未填写。"],
        )
    )
    unit = territory().root.name_zh
    return Document(
        title=f"{drill}处置情况复盘报告",
        subtitle=f"（案件{case.number}）",
        unit=unit,
        date=f"{timezone.localtime(feed_now()):%Y年%-m月%-d日}",
        sections=sections,
        notes=["本报告由时间线生成，时间线各条以哈希相连；只评单位，不评个人。"],
    )
