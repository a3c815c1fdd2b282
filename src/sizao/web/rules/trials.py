"""Trying a version of a rule on the archive, in the background: ``sizao detect --from`` as a child.

The replay reads everybody's tracks, or passages and weighings where a rule goes by those, so it
takes a purpose and is audited; what it leaves are counts and, for ``KEPT``, the episodes that would
come, go or change. It changes nothing that is in force.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from sizao.core.errors import ConfigError, TransitionError
from sizao.detect.params import overridden
from sizao.web import audit
from sizao.web.background import Background
from sizao.web.clock import feed_now
from sizao.web.ports import ports
from sizao.web.refusals import untranslated
from sizao.web.rules import entering, services
from sizao.web.rules.access import may_change
from sizao.web.rules.catalogue import rules
from sizao.web.rules.figures import figures
from sizao.web.rules.models import Trial
from sizao.web.units.models import User
from sizao.web.writing import write

log = logging.getLogger("sizao.rules")

LONGEST = timedelta(days=31)
"""What a page may ask for; the command takes up to 92 days."""
KEPT = timedelta(days=30)
"""How long the episodes of a trial stay; its counts stay with the version."""
WARM_UP_H = 24
WEEK_H = 168
"""Hours replayed before the span, so that rules remember: a rule over seven days needs seven."""
_KEEP = ("positions", "vehicles", "records", "warm_up_h", "seconds")
"""Of the command's summary; the rest is counted anew, by unit too."""
_PURPOSE = 4
"""Fewer characters than this say nothing."""

_children: dict[int, subprocess.Popen[str]] = {}
_turn = threading.Lock()


def ask(
    user: User, rule: str, params: Mapping[str, Any], enabled: bool,
    since: datetime | None, until: datetime | None, purpose: str,
) -> Trial:  # fmt: skip
    """Queue a trial. ``params`` are those that are to differ from the rule book.

    Raises TransitionError in words for people.
    """
    if not may_change(user):
        raise TransitionError("只有支队指挥员和领导可以试算", "Only the detachment may try rules.")
    known = rules().get(rule)
    if known is None:
        raise TransitionError("没有这条规则，不能试算", "There is no such rule to try.")
    if len(purpose.strip()) < _PURPOSE:
        raise TransitionError(
            "试算要读取全部车辆的轨迹，请写明目的",
            "A trial reads the tracks of all vehicles: say what for.",
        )
    if since is None or until is None or not since < until:
        raise TransitionError("请填写起止时间，结束要晚于开始", "Give a beginning and a later end.")
    if until - since > LONGEST:
        raise TransitionError(
            f"一次最多试算 {LONGEST.days} 天", f"At most {LONGEST.days} days at a time."
        )
    differing = {name: value for name, value in params.items() if value != known.defaults.get(name)}
    for name, value in differing.items():
        if name in known.defaults:
            entering.check(rule, name, value)
    try:
        whole = overridden(known.defaults, differing, rule)
    except ConfigError as error:
        raise untranslated("参数有误", "The numbers are wrong", error) from error
    version = known.rule.version(whole)
    if (version, enabled) == services.held(rule):
        raise TransitionError(
            "与现行参数相同，没有可试算的内容", "The same as in force: there is nothing to try."
        )
    line.mend_once()  # before there is a row that is ours
    with write():
        trial = Trial.objects.create(
            rule=rule, enabled=enabled, params=differing, version=version,
            since=since, until=until, purpose=purpose.strip()[:200], by=user, asked_at=feed_now(),
        )  # fmt: skip
        audit.record(user, "rule.try", "rule", rule, _told(trial))
    line.submit(trial.pk)
    return trial


def cancel(user: User, trial: Trial) -> Trial:
    """Stop a trial that waits or runs. Raises TransitionError for one that has ended."""
    if not may_change(user):
        raise TransitionError("只有支队指挥员和领导可以试算", "Only the detachment may try rules.")
    with write():
        trial = Trial.objects.select_for_update().get(pk=trial.pk)
        if not trial.busy:
            raise TransitionError("试算已经结束", "The trial has ended.")
        trial.state, trial.ended_at = Trial.State.CANCELLED, feed_now()
        trial.save()
        audit.record(user, "rule.try.cancel", "rule", trial.rule, _told(trial))
    with _turn:
        child = _children.get(trial.pk)
    if child is not None:
        child.terminate()
    return trial


def of_version(rule: str, version: str, enabled: bool) -> list[Trial]:
    """Trials of a version, the newest first."""
    line.mend_once()
    return list(Trial.objects.filter(rule=rule, version=version, enabled=enabled)[:10])


def episodes_file(trial: Trial) -> Path:
    """Where the episodes of a trial are, schema ``runtime.archive.whatif.CHANGE``."""
    return ports().data.trials / f"{trial.pk}.parquet"


def run(trial_id: int) -> Trial:
    """Do a trial that waits. Raises ConfigError with what the child said."""
    trial = Trial.objects.get(pk=trial_id)
    if not _move(trial, Trial.State.WAITING, state=Trial.State.RUNNING):
        return trial  # cancelled before its turn
    out = episodes_file(trial)
    out.parent.mkdir(exist_ok=True)
    summary = _replayed(trial, out)
    if summary is None:
        out.unlink(missing_ok=True)
        return trial
    told = figures(trial.rule, out)
    keep = {name: summary[name] for name in _KEEP}
    _move(
        trial, Trial.State.RUNNING, state=Trial.State.DONE, progress=1.0, ended_at=feed_now(),
        summary={**keep, **told},
    )  # fmt: skip
    return trial


def _replayed(trial: Trial, out: Path) -> dict[str, Any] | None:
    """The child's summary; None if it was cancelled."""
    known = rules()[trial.rule]
    # The whole version is written down: numbers in force that it takes back must not stay.
    wanted = {**known.defaults, **trial.params} if trial.enabled else False
    warm_up = WEEK_H if trial.rule == "coach_week_total" else WARM_UP_H
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder) / "new.yaml"
        new.write_text(yaml.safe_dump({trial.rule: wanted}), encoding="utf-8")
        command = [
            sys.executable, "-m", "sizao", "detect", "--from", trial.since.isoformat(),
            "--to", trial.until.isoformat(), "--rules", str(new), "--out", str(out),
            "--warm-up-hours", str(warm_up), "--json", "--unchanged", "--progress",
            "--data", str(ports().data.root),
        ]  # fmt: skip
        # Standard output to a file: nobody reads it while progress is followed on the other.
        with (Path(folder) / "summary.json").open("w+", encoding="utf-8") as told:
            with subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=told, stderr=subprocess.PIPE, text=True,
                encoding="utf-8",
            ) as child:  # fmt: skip
                with _turn:
                    _children[trial.pk] = child
                try:
                    os.setpriority(os.PRIO_PROCESS, child.pid, 10)  # pages and pipeline come first
                    said = _follow(trial, child)
                except BaseException:
                    child.kill()
                    raise
                finally:
                    with _turn:
                        del _children[trial.pk]
            trial.refresh_from_db()
            if trial.state == Trial.State.CANCELLED:
                return None
            if child.returncode:
                raise ConfigError(said or f"the replay ended with code {child.returncode}")
            told.seek(0)
            return dict(json.loads(told.read()))


def _follow(trial: Trial, child: subprocess.Popen[str]) -> str:
    """Note progress as it is told; returns the last thing said that was none."""
    said = ""
    for text in child.stderr or ():
        found = re.fullmatch(r"(\d+)/(\d+)\s*", text)
        if found is None:
            said = text.strip() or said
            continue
        share = int(found[1]) / max(1, int(found[2]))
        if not _move(trial, Trial.State.RUNNING, progress=min(share, 0.99)):
            child.terminate()  # cancelled before the child was known
    return said


def _move(trial: Trial, expected: str, **values: Any) -> bool:
    """Change a trial that is still in a state; whether it was."""
    with write():
        moved = bool(Trial.objects.filter(pk=trial.pk, state=expected).update(**values))
    trial.refresh_from_db()
    return moved


def _do(trial_id: int) -> None:
    try:
        run(trial_id)
    except Exception as error:
        log.exception("trial %d failed", trial_id)
        _give_up(Trial.objects.get(pk=trial_id), str(error) or type(error).__name__)


def _give_up(trial: Trial, why: str) -> None:
    episodes_file(trial).unlink(missing_ok=True)
    with write():
        Trial.objects.filter(pk=trial.pk, state__in=Trial.BUSY).update(
            state=Trial.State.FAILED, error=why[:500], ended_at=feed_now()
        )


def mend(at_work: Collection[int]) -> None:
    """Close trials that a process before this one left unfinished."""
    for trial in Trial.objects.filter(state__in=Trial.BUSY).exclude(pk__in=at_work):
        _give_up(trial, "试算期间程序停止，请重新试算")


def prune(now: datetime) -> int:
    """Delete the episodes of trials past their time. Returns how many files."""
    gone = 0
    for path in ports().data.trials.glob("*.parquet"):
        trial = Trial.objects.filter(pk=path.stem).first() if path.stem.isdigit() else None
        if trial is None or trial.asked_at < now - KEPT:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def _told(trial: Trial) -> dict[str, Any]:
    return {
        "trial": trial.pk,
        "version": trial.version,
        "enabled": trial.enabled,
        "params": trial.params,
        "from": trial.since.isoformat(),
        "to": trial.until.isoformat(),
        "purpose": trial.purpose,
    }


line = Background("trials", _do, int, mend)
