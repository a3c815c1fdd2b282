"""The lines of a case's timeline, in both languages: plain enough for three in the morning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sizao.core.levels import CommandLevel, WarningLevel
from sizao.respond.steps import MEASURES, Step


def raised(
    level: WarningLevel, command_level: CommandLevel, report: str = "", call: str = ""
) -> tuple[str, str]:
    """The first line: by a warning, or by the report or the call of that number."""
    if call:
        return (
            f"接警 {call} 立案，定为{level.zh}，由{command_level.zh}处置",
            f"Case raised by call {call}, graded {level.code}, for the {command_level.code}",
        )
    if report:
        return (
            f"群众上报 {report} 立案，定为{level.zh}，由{command_level.zh}处置",
            f"Case raised by report {report}, graded {level.code}, for the {command_level.code}",
        )
    return (
        f"{level.zh}预警立案，由{command_level.zh}处置",
        f"Case raised by a {level.code} warning, for the {command_level.code}",
    )


def joined(before: WarningLevel, after: WarningLevel, report: str = "") -> tuple[str, str]:
    """A further warning joined, or the report of that number."""
    if report:
        return f"群众上报 {report} 并入本案，等级不变", f"Report {report} joined; the level stays"
    if after > before:
        return (
            f"后续预警并入本案，由{before.zh}升为{after.zh}",
            f"A further warning joined: {before.code} became {after.code}",
        )
    return "后续预警并入本案，等级不变", "A further warning joined; the level stays"


def said(step: Step, details: Mapping[str, Any]) -> tuple[str, str]:
    """What a person did, with what they said about it."""
    zh, en = step.zh, step.en
    match step.action:
        case "dispatch":
            zh = f"派出{'、'.join(details['units'])}"
            en = f"Dispatched {', '.join(details['units'])}"
        case "control":
            name_zh, name_en = MEASURES[details["measure"]]
            zh, en = f"采取控制措施：{name_zh}", f"Control measure: {name_en}"
            if "text" in details:
                zh, en = f"{zh}“{details['text']}”", f"{en}: {details['text']}"
    if "reason" in details:
        zh, en = f"{zh}：{details['reason']}", f"{en}: {details['reason']}"
    return zh, en
