"""The script of a drill: what is told to the desks, and when; from YAML or from a past case."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from sizao.core.errors import SaidError
from sizao.core.levels import WarningLevel
from sizao.respond.records import Event

KINDS = {
    "warning": ("发布预警", "a warning is issued"),
    "worse": ("事态升级", "it gets worse"),
    "note": ("情况通报", "word comes in"),
}
"""What can be played in. ``worse`` and ``note`` go to the case of the warning before them."""

PLACE = ("kind", "place", "road", "road_class", "stake_m", "area", "lat", "lon")


@dataclass(frozen=True)
class Inject:
    """One thing that is played in, ``at_s`` seconds after the start."""

    at_s: float
    kind: str
    level: str = ""
    zh: str = ""
    en: str = ""
    where: Mapping[str, Any] | None = None
    """Of a warning: the columns of PLACE."""

    def to_dict(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        return {**vars(self), "where": dict(self.where) if self.where else None}


@dataclass(frozen=True)
class Script:
    """A drill as it is planned."""

    zh: str
    en: str
    injects: tuple[Inject, ...]


def read(text: str) -> Script:
    """A script from its YAML. Raises SaidError in words that say where and what."""
    try:
        raw = yaml.safe_load(text)
        injects = tuple(_inject(number, one) for number, one in enumerate(raw["injects"], start=1))
        name = raw["name"]
        script = Script(name["zh"], name["en"], injects)
    except yaml.YAMLError as error:
        raise SaidError("不是有效的 YAML", "it is not valid YAML") from error
    except (KeyError, TypeError) as error:
        raise SaidError(f"缺少或写错了 {error}", f"{error} is missing or wrong") from error
    if not injects or injects[0].kind != "warning":
        raise SaidError(
            "第一条应是发布预警（kind: warning）",
            "the first entry must issue a warning (kind: warning)",
        )
    if any(later.at_s < before.at_s for before, later in itertools.pairwise(injects)):
        raise SaidError(
            "各条的时间须依次不早于前一条", "no entry may be earlier than the one before"
        )
    return script


def _inject(number: int, raw: Mapping[str, Any]) -> Inject:
    where_zh, where_en = f"第 {number} 条", f"entry {number}"
    kind, level = raw["kind"], str(raw.get("level", ""))
    if kind not in KINDS:
        raise SaidError(
            f"{where_zh}：没有 {kind}，可用：{'、'.join(KINDS)}",
            f"{where_en}: there is no {kind}; use one of {', '.join(KINDS)}",
        )
    if kind != "note" and level not in {one.code for one in WarningLevel}:
        raise SaidError(
            f"{where_zh}：level 要写红橙黄蓝之一（red、orange、yellow、blue）",
            f"{where_en}: level must be red, orange, yellow or blue",
        )
    minutes = raw["minute"]
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or minutes < 0:
        raise SaidError(
            f"{where_zh}：minute 应是不小于 0 的分钟数",
            f"{where_en}: minute must be a number of minutes, 0 or more",
        )
    place = None
    if kind == "warning":
        place = {key: raw[key] for key in PLACE if key in raw} | {"kind": raw.get("about", "crash")}
    return Inject(float(minutes) * 60, kind, level, raw.get("zh", ""), raw.get("en", ""), place)


@cache
def texts() -> Mapping[str, str]:
    """Name to text of the scripts of the package."""
    folder = resources.files("sizao.respond.drills") / "book"
    return {
        path.name.removesuffix(".yaml"): path.read_text(encoding="utf-8")
        for path in sorted(folder.iterdir(), key=lambda one: one.name)
        if path.name.endswith(".yaml")
    }


def of_case(number: str, events: Iterable[Event], where: Mapping[str, Any]) -> Script:
    """A past case as a script: what came in at its own pace; what people did is for people to do.

    where : columns of PLACE of the case
    """
    injects: list[Inject] = []
    begin: float | None = None
    level = ""
    for event in events:
        begin = event.at_s if begin is None else begin
        at_s = event.at_s - begin
        match event.action:
            case "raise":
                level = event.details["level"]
                injects.append(Inject(at_s, "warning", level, event.zh, event.en, dict(where)))
            case "join":
                kind = "worse" if event.details["level"] != level else "note"
                level = event.details["level"]
                injects.append(Inject(at_s, kind, level, event.zh, event.en))
            case "inject":
                injects.append(Inject(at_s, "note", "", event.zh, event.en))
    return Script(f"重演案件 {number}", f"Replay of case {number}", tuple(injects))
