"""Write the reference pages that come straight from the code; ``--check`` only compares."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pyarrow as pa

from sizao.app.cli import COMMANDS, cli
from sizao.core.schemas import CRASH, LIVE, REGISTER, TOPICS
from sizao.feeds.jt808 import tables as jt808_tables
from sizao.feeds.jt809 import tables as jt809_tables
from sizao.feeds.tables import reference as import_tables
from sizao.sim import score

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
MADE = "<!-- Made by scripts/reference.py from the code; do not edit by hand. -->\n\n"


def records() -> str:
    """The page of record schemas: a table for each."""
    parts = [
        MADE,
        "# Records\n\n",
        "What travels between stages, as Arrow columns. Times are UTC microseconds, angles degrees"
        " WGS-84. A null means *not reported*, never zero. All but the last three are topics"
        " of the log; crashes are kept in the database, the other two are files of the data"
        " folder.\n",
    ]
    for name, schema in {**TOPICS, "crashes": CRASH, "register": REGISTER, "live": LIVE}.items():
        parts.append(
            f"\n## {name}\n\n| field | type | unit | null | meaning |\n|---|---|---|---|---|\n"
        )
        parts += [_row(field) for field in schema]
    return "".join(parts)


def _row(field: pa.Field) -> str:
    unit = field.metadata[b"unit"].decode()
    null = "yes" if field.nullable else "no"
    return (
        f"| `{field.name}` | {field.type} | {unit} | {null} | {field.metadata[b'doc'].decode()} |\n"
    )


def commands() -> str:
    """The page of commands: each one's own help text."""
    parts = [MADE, "# Commands\n\n", "`sizao COMMAND --help` says the same.\n"]
    for name in COMMANDS:
        context = click.Context(cli, info_name="sizao", max_content_width=88, terminal_width=88)
        command = cli.get_command(context, name)
        assert command is not None
        parts.append(f"\n## sizao {name}\n")
        parts.append(_help(command, context, name))
        if isinstance(command, click.Group):
            inner = click.Context(command, info_name=name, parent=context)
            for sub in command.list_commands(inner):
                child = command.get_command(inner, sub)
                assert child is not None
                parts.append(f"\n### sizao {name} {sub}\n")
                parts.append(_help(child, inner, sub))
    return "".join(parts)


def _help(command: click.Command, parent: click.Context, name: str) -> str:
    context = click.Context(
        command, info_name=name, parent=parent, max_content_width=88, terminal_width=88
    )
    return f"\n```text\n{command.get_help(context).rstrip()}\n```\n"


def filled(name: str, tables: dict[str, Callable[[], str]]) -> str:
    """A page with prose by hand and, between ``<!-- MARK -->`` and ``<!-- /MARK -->``, tables."""
    text = (REFERENCE / name).read_text(encoding="utf-8")
    for mark, table in tables.items():
        head, rest = text.split(f"<!-- {mark} -->\n")
        tail = rest.split(f"<!-- /{mark} -->\n")[1]
        text = f"{head}<!-- {mark} -->\n{table()}<!-- /{mark} -->\n{tail}"
    return text


def scenarios() -> str:
    """The page of scripted runs, from what ``tests/e2e`` kept of them."""
    parts = [
        MADE,
        "# Scenarios\n\n",
        "Scripted runs of the whole product in a real browser, from what a feed reports to what"
        " became of it; each is a test in `tests/e2e`, the school gate in `tests/web/hazards`."
        " Seconds count from the beginning of the run"
        " on a machine of two cores that also runs the whole city; a person's thinking is not in"
        " them. `SIZAO_SCREENSHOTS=1 pytest -m browser tests/e2e` writes them anew.\n",
    ]
    for path in sorted((REFERENCE.parent / "assets" / "scenarios").glob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        parts.append(f"\n## {told['title_en']} {told['title_zh']}\n\n")
        if told.get("load", 0) > 4:
            parts.append(f"At a load of {told['load']} on two cores, by other work.\n\n")
        parts.append("| s | stage | 阶段 |\n|---:|---|---|\n")
        for one in told["stages"]:
            parts.append(f"| {one['s']:.1f} | {one['en']} | {one['zh']} |\n")
        for one in told["stages"]:
            if shot := one.get("shot"):
                parts.append(f"\n![{one['en']}](../assets/screenshots/{shot}.png)\n")
    return "".join(parts)


def detection_score() -> str:
    """The page of the detection score, from what ``sizao score --json`` said of a run."""
    said = json.loads((REFERENCE.parent / "assets" / "detection-score.json").read_text("utf-8"))
    runs = said["runs"]
    seeds = ", ".join(str(run["seed"]) for run in runs)
    positions = sum(run["positions"] for run in runs)
    minutes = sum(run["cpu_s"] for run in runs) / 60
    parts = [
        MADE,
        "# Detection score\n\n",
        f"Every scored rule against the simulated city's [ground truth](ground-truth.md): "
        f"{said['vehicles']:,} vehicles, {said['hours']:g} h from midnight, seeds {seeds}; "
        f"{positions:,} positions decoded, matched and judged in {minutes:.0f} minutes of one"
        f" processor core.{_how_large(said)}\n\n"
        "```text\n"
        "sizao score --vehicles 5000 --hours 72 --seeds 1,2,3 --jobs 2 --json"
        " > docs/assets/detection-score.json\n"
        "python scripts/reference.py\n"
        "```\n\n",
        f"Goals: precision and recall {score.GOAL} for each rule, {score.MOTION_GOAL} for incidents"
        f" from motion. Fewer than {_FEW} offences or detections are marked as few: they say that"
        " a rule works, not how well.\n\n",
        "*Unjudged* is the share of offences that recall leaves out: nobody could be expected to"
        " see them, because too little of them was reported, by a sound terminal and outside"
        " tunnels, for the rule's own minimum and margins; what is asked for is on the page"
        " [ground truth](ground-truth.md), rule by rule. They are not easy cases taken in and hard"
        " ones left out of everything: *of all* counts each of them, and a detection of one is"
        " right. *Withdrawn* are detections that were told and taken back by a last revision"
        " before the end; they count neither as right nor as wrong, and what only they told is"
        " missed.\n\n",
        "| rule | offences | expected | unjudged | detected | withdrawn | precision | recall |"
        " of all | false / 1,000 veh. h | delay s, median | p95 | goal |\n"
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|\n",
    ]
    missed = []
    for rule, one in said["rules"].items():
        goal = score.MOTION_GOAL if rule in score.MOTION else score.GOAL
        verdict = _verdict(one, goal)
        if verdict.startswith("missed"):
            missed.append(f"`{rule}`")
        cells = [
            *(f"{one[name]:,}" for name in ("offences", "expected")),
            _percent(one["offences"], one["expected"]),
            f"{one['detections']:,}",
            # Runs before 2026-11-26 do not say it.
            f"{one['withdrawn']:,}" if "withdrawn" in one else "",
            *(_share(one[name]) for name in ("precision", "recall", "recall_of_all")),
            f"{one['false_per_1000_vehicle_hours']:.3f}",
            *(_seconds(one[name]) for name in ("delay_median_s", "delay_p95_s")),
            f"{goal}: {verdict}",
        ]
        parts.append(f"| `{rule}` | {' | '.join(cells)} |\n")
    parts.append(f"\nBelow their goal in this run: {', '.join(missed) or 'none'}.\n")
    return "".join(parts)


_FEW = 30
_GOAL_HOURS = 5_000 * 72 * 3


def _how_large(said: dict[str, Any]) -> str:
    share = said["vehicles"] * said["hours"] * len(said["runs"]) / _GOAL_HOURS
    if share >= 1:
        return " It was made by"
    return (
        f" **This is {share:.1%} of the run that the goals are for**, which is three days with"
        " three seeds of 5,000 vehicles, one to two hours of one core:"
    )


def _verdict(one: dict[str, float | None], goal: float) -> str:
    shares = [one["precision"], one["recall"]]
    if any(share is not None and share < goal for share in shares):
        said = "missed"
    else:
        said = "met" if None not in shares else "nothing to judge"
    few = min(one["expected"] or 0, one["detections"] or 0) < _FEW
    return f"{said}, few" if few and said != "nothing to judge" else said


def _percent(offences: int, expected: int) -> str:
    return f"{1 - expected / offences:.1%}" if offences else ""


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


JT809 = {
    "messages": jt809_tables.message_table,
    "unproven": jt809_tables.unproven,
    "dialects": jt809_tables.dialect_table,
    "codes": jt809_tables.code_tables,
    "kinds": jt809_tables.kind_table,
    "reasons": jt809_tables.reason_table,
}

PAGES = {
    "records.md": records,
    "commands.md": commands,
    "scenarios.md": scenarios,
    "detection-score.md": detection_score,
    "jt808.md": lambda: filled("jt808.md", jt808_tables.TABLES),
    "jt809.md": lambda: filled("jt809.md", JT809),
    "imports.md": lambda: filled("imports.md", import_tables.TABLES),
}


def main() -> int:
    stale = []
    for name, render in PAGES.items():
        path, text = REFERENCE / name, render()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
    if stale and "--check" in sys.argv:
        print(f"out of date: {', '.join(stale)}; run python scripts/reference.py")
        return 1
    print(f"reference: {len(PAGES)} pages, {len(stale)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
