"""The rule book: regulations and project defaults as dated data, with their certainty.

Each entry of ``rules/*.yaml`` has an id, names in both languages, parameters with units, a
source (title, year, article) and a certainty: ``found`` in a page that was looked up,
``recalled`` from memory and to be checked, ``proposed`` by this project. Whoever shows a number
shows its certainty too.

>>> entry("fatigue.continuous_any").value("max_continuous")
240
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from sizao.core.errors import ConfigError

CERTAINTIES = {"found": "已查证", "recalled": "待核实", "proposed": "项目默认"}


@dataclass(frozen=True)
class Entry:
    """One rule: what it says, in numbers, and who says so."""

    id: str
    name_zh: str
    name_en: str
    kind: str
    parameters: Mapping[str, Any]
    source: Mapping[str, Any]
    certainty: str
    note: str = ""

    def value(self, name: str) -> Any:
        """A parameter's value, with or without a unit beside it.

        Raises ConfigError if the rule has no such parameter.
        """
        try:
            parameter = self.parameters[name]
        except KeyError:
            raise ConfigError(f"rule {self.id} has no parameter {name!r}") from None
        if isinstance(parameter, Mapping) and "value" in parameter:
            return parameter["value"]
        return parameter

    def citation(self) -> str:
        """Title, year and article in one line, with the certainty in words if not found."""
        title = self.source.get("title", "none")
        if title == "none":
            return "项目默认值（无法定来源）"
        parts = [f"《{title}》"]
        if self.source.get("year") not in (None, "none", "unknown"):
            parts.append(f"（{self.source['year']}）")
        parts.append(_article_zh(str(self.source.get("article", "none"))))
        if self.certainty != "found":
            parts.append(f"【{CERTAINTIES[self.certainty]}】")
        return "".join(parts)


def _article_zh(article: str) -> str:
    """An article's number as Chinese texts cite it; anything that is no number is left out.

    >>> [_article_zh(text) for text in ("38", "62(7)", "8-12", "9, 11", "annex", "unknown")]
    ['第38条', '第62条第（7）项', '第8至12条', '第9、11条', '附件', '']
    """
    if article == "annex":
        return "附件"
    item = re.fullmatch(r"(\d+)\((\d+)\)", article)
    if item:
        return f"第{item[1]}条第（{item[2]}）项"
    numbers = re.match(r"\d+(?:\s*[-,]\s*\d+)*", article)
    if not numbers:
        return ""
    text = re.sub(r"\s*,\s*", "、", numbers[0]).replace("-", "至")
    return f"第{text}条"


@cache
def rulebook() -> Mapping[str, Entry]:
    """All entries by id. Raises ConfigError on a duplicate id or an unknown certainty."""
    entries: dict[str, Entry] = {}
    folder = resources.files("sizao.core") / "rules"
    for path in sorted(folder.iterdir(), key=lambda item: item.name):
        if not path.name.endswith(".yaml"):
            continue
        for raw in yaml.safe_load(path.read_text(encoding="utf-8")):
            loaded = Entry(**raw)
            if loaded.id in entries:
                raise ConfigError(f"{path.name}: rule id {loaded.id} appears twice")
            if loaded.certainty not in CERTAINTIES:
                raise ConfigError(f"{path.name}: {loaded.id}: certainty {loaded.certainty!r}?")
            entries[loaded.id] = loaded
    return entries


def entry(rule_id: str) -> Entry:
    """The entry with this id. Raises ConfigError if there is none."""
    try:
        return rulebook()[rule_id]
    except KeyError:
        raise ConfigError(f"no rule {rule_id!r} in the rule book") from None
