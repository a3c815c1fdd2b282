"""Asking for a change of a rule, deciding it, and what is in force.

An accepted change is in the database first; ``rules.yaml`` in the data folder is its copy, made
right after and read by the pipeline within a second. A copy that could not be written is made at
the next start of the desk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import yaml
from django.db import IntegrityError

from sizao.core import durable
from sizao.core.errors import ConfigError, TransitionError
from sizao.detect.params import overridden
from sizao.log.datadir import DataDir
from sizao.web import audit, twoperson
from sizao.web.clock import feed_now
from sizao.web.desk.detections import detections as window
from sizao.web.ports import ports
from sizao.web.refusals import untranslated
from sizao.web.rules import entering
from sizao.web.rules.access import may_change
from sizao.web.rules.catalogue import rules
from sizao.web.rules.models import Change
from sizao.web.units.models import User
from sizao.web.writing import write

COUNTED = timedelta(days=30)

_HEAD = """\
# Made by the desk from accepted changes of rules; the page 检测规则 has their history.
# Do not edit: the next accepted change writes it anew.
"""


def in_force(rule: str) -> Change | None:
    """The accepted change that holds now; None where the rule book's numbers do."""
    accepted = Change.objects.filter(rule=rule, state=Change.State.ACCEPTED)
    return accepted.order_by("-decided_at", "-pk").first()


def held(rule: str) -> tuple[str, bool]:
    """Version in force and whether the rule is on."""
    known, change = rules()[rule], in_force(rule)
    whole = {**known.defaults, **(change.params if change else {})}
    return known.rule.version(whole), change is None or change.enabled


def seen(rule: str) -> str:
    """What a form was filled from: the version in force and whether the rule was on."""
    version, enabled = held(rule)
    return f"{version}/{'on' if enabled else 'off'}"


def ask(
    user: User,
    rule: str,
    params: Mapping[str, Any],
    enabled: bool,
    reason: str,
    *,
    basis: str = "",
) -> Change:
    """Ask for parameters that differ from the defaults.

    basis : ``seen`` when the form was made. A form holds every number, so one filled before
        another change came into force would quietly take that change back.

    Raises TransitionError in words for people: no right, no reason, a wrong value, nothing
    changed, a change of this rule that waits already, or (``stale``) one decided meanwhile.
    """
    if not may_change(user):
        raise TransitionError(
            "只有支队指挥员和领导可以申请变更规则",
            "Only commanders and leaders of the detachment may ask to change a rule.",
        )
    known = rules().get(rule)
    if known is None:
        raise TransitionError("没有这条规则", "There is no such rule.")
    if basis and basis != seen(rule):
        raise TransitionError(
            "您打开页面之后，这条规则的参数已经变更。下面是现行参数，请核对后重新填写",
            "This rule was changed after you opened the page. These are the numbers in force: "
            "check them and fill in yours again",
            code="stale",
        )
    if not reason.strip():
        raise TransitionError("请写明变更理由", "Say why.")
    differing = {name: value for name, value in params.items() if value != known.defaults.get(name)}
    for name, value in differing.items():
        if name in known.defaults:
            entering.check(rule, name, value)
    try:
        whole = overridden(known.defaults, differing, rule)
    except ConfigError as error:
        raise untranslated("参数有误", "The numbers are wrong", error) from error
    now = in_force(rule)
    before = (now.params, now.enabled) if now else ({}, True)
    if (differing, enabled) == before:
        raise TransitionError(
            "与现行参数相同，没有可变更的内容",
            "These are the numbers in force: there is nothing to change.",
        )
    try:
        with write():
            change = Change.objects.create(
                rule=rule,
                enabled=enabled,
                params=differing,
                version=known.rule.version(whole),
                reason=reason.strip(),
                asked_by=user,
                asked_at=feed_now(),
            )
            audit.record(user, "rule.ask", "rule", rule, _told(change))
    except IntegrityError as error:
        raise TransitionError(
            "这条规则已有一项变更在等待批准", "A change of this rule waits for approval already."
        ) from error
    return change


def decide(user: User, change: Change, accept: bool, remark: str = "") -> Change:
    """Accept or refuse, by another person than the one who asked; who asked may withdraw.

    Raises TransitionError in words for people.
    """
    if not may_change(user):
        raise TransitionError(
            "只有支队指挥员和领导可以批准变更",
            "Only commanders and leaders of the detachment may approve a change.",
        )
    with write():
        change = twoperson.decide(user, change, accept, remark)
        audit.record(user, f"rule.{change.state}", "rule", change.rule, _told(change))
    if accept:
        publish(ports().data)
    return change


def document() -> dict[str, Any]:
    """What ``rules.yaml`` says: rule to parameters that differ, or False."""
    told: dict[str, Any] = {}
    accepted = Change.objects.filter(state=Change.State.ACCEPTED)
    for change in accepted.order_by("decided_at", "pk"):
        told[change.rule] = dict(change.params) if change.enabled else False
    return {rule: said for rule, said in told.items() if rule in rules() and said != {}}


def publish(data: DataDir) -> bool:
    """Bring ``rules.yaml`` up to the database; whether it had to be written."""
    text = _HEAD + yaml.safe_dump(document(), allow_unicode=True, sort_keys=True)
    try:
        if data.rules.read_text(encoding="utf-8") == text:
            return False
    except FileNotFoundError:
        if text.endswith("\n{}\n"):
            return False  # nothing was ever changed: no file is the same
    durable.replace(data.rules, text.encode())
    return True


def counts() -> tuple[dict[str, int], bool]:
    """Detections of each rule in the last 30 days, and whether that is all of them: the desk keeps
    the newest in memory and no more."""
    since = feed_now() - COUNTED
    newest = list(window(ports().detections).newest())
    found = Counter(row["rule"] for row in newest if row["fired"] >= since)
    return dict(found), not newest or newest[-1]["fired"] < since or len(newest) < 20_000


def _told(change: Change) -> dict[str, Any]:
    return {
        "version": change.version,
        "enabled": change.enabled,
        "params": change.params,
        "reason": change.reason,
        "remark": change.remark,
    }
