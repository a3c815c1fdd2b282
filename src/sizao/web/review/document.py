"""The after-action review as an official document: PDF and Word from the same text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from django.utils import timezone

from sizao.respond.costs import Costs
from sizao.respond.measure_kinds import KINDS
from sizao.respond.plans.model import PARTIES
from sizao.respond.review import Facts
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.drills.scoring import Scored
from sizao.web.measures.models import ControlMeasure
from sizao.web.review.models import Finding
from sizao.web.risk.report.document import Document, Section, Table
from sizao.web.units.territory import territory


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "—"
    return f"{timezone.localtime(datetime.fromtimestamp(seconds, UTC)):%Y-%m-%d %H:%M:%S}"


def _minute(seconds: float | None) -> str:
    """To the minute: what a table of many tasks has room for."""
    return _clock(seconds)[:-3] if seconds is not None else "—"


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in "。！？；" else f"{text}。"


def _late(seconds: float | None) -> str:
    if seconds is None:
        return "未完成"
    minutes = abs(seconds) / 60
    return f"超时{minutes:.1f}分钟" if seconds > 0 else f"提前{minutes:.1f}分钟"


def _measures(measures: Sequence[ControlMeasure]) -> Table:
    """What was put up on the road and taken away again."""

    def at(moment: datetime | None) -> str:
        return "—" if moment is None else f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"

    return Table(
        "措施的下达、实施和解除",
        ["编号", "措施", "地点", "下达", "实施", "解除"],
        [
            [one.number, KINDS[one.kind].zh, one.place, at(one.ordered_at), at(one.begun_at),
             at(one.ended_at)]
            for one in measures
        ],
        [1.4, 1.0, 1.8, 1.2, 1.2, 1.2],
        [False] * 6,
    )  # fmt: skip


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
                            [party, one.zh, _minute(one.told_s), _minute(one.acknowledged_s),
                             one.state.zh if one.acted_s is None
                             else f"{_minute(one.acted_s)} {one.state.zh}"]
                            for party, _, one in score.tasks
                        ],
                        [1.3, 2.4, 1.1, 1.1, 1.6],
                        [False, False, False, False, False],
                    ),
                ],
            )
        )  # fmt: skip
    if measures := list(case.measures.order_by("ordered_at", "pk")):
        sections.append(Section("管制措施", [_measures(measures)]))
    sections.append(
        Section(
            "与预案不一致之处",
            [
                f"{PARTIES[task.party][0]}：“{task.zh}”{task.state.zh}，"
                f"{_sentence(task.reason or '未说明')}"
                for _, task in found.deviations
            ]
            or ["无。"],
        )
    )
    sections.append(
        Section(
            "发现与整改",
            [
                f"{number}．{_sentence(one.text)}"
                + (
                    f"整改措施：{_sentence(one.action)}责任：{one.owner}；"
                    f"期限：{one.due:%Y-%m-%d}；"
                    + (f"已完成：{_sentence(one.done_note)}" if one.done_at else "未完成。")
                    if one.action and one.due
                    else ""
                )
                for number, one in enumerate(findings, 1)
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
