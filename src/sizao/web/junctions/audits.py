"""Audits: one walk round a junction, an answer for each arm and item, and what changed since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import IntegrityError
from django.utils.translation import gettext as _

from sizao.core.errors import ConfigError, ConflictError
from sizao.log.evidence import EvidenceStore
from sizao.web import audit as journal
from sizao.web.clock import feed_now
from sizao.web.junctions.items import edition, item_word, items
from sizao.web.junctions.models import Audit, Finding, Junction
from sizao.web.junctions.register import shape_of, step
from sizao.web.ports import ports
from sizao.web.reports.photos import MAX_BYTES, clean
from sizao.web.units.models import User
from sizao.web.writing import write


@dataclass(frozen=True)
class Said:
    """One answer as it came from the form."""

    item: str
    answer: str
    note: str = ""
    photo: bytes = b""


@dataclass(frozen=True)
class Progress:
    """How far an audit is. missing : items without an answer, by arm"""

    missing: Mapping[str, int]

    @property
    def complete(self) -> bool:
        return not any(self.missing.values())


def begin(user: User, junction: Junction) -> Audit:
    """The junction's open audit, or a new one. Two who begin at once share one."""
    try:
        with write():
            found = junction.audits.filter(finished_at=None).first()
            if found is None:
                found = Audit.objects.create(
                    junction=junction, edition=edition(), started_at=feed_now(),
                    by=user.get_username(), by_name=user.display_name,
                )  # fmt: skip
                journal.record(user, "audit.begin", "junction", junction.pk, {"audit": found.pk})
            return found
    except IntegrityError:
        return junction.audits.get(finished_at=None)


def answer(user: User, audit_id: int, arm: str, said: Iterable[Said]) -> Audit:
    """Write answers about an arm; a later answer replaces an earlier one.

    Raises ConfigError for an unknown arm, item or answer, for "not applicable" or "defect"
    without a word, and for a photo that is none; ConflictError once the audit is finished.
    """
    given = list(said)
    for one in given:
        if one.item not in items() or one.answer not in Finding.Answer.values:
            raise ConfigError(_("{item}：没有这种结论。").format(item=one.item[:20]))
        if one.answer != Finding.Answer.GOOD and not one.note.strip():
            raise ConfigError(
                _("{item}：“有问题”和“不适用”须写明说明。").format(item=item_word(one.item))
            )
    photos = {one.item: _photo(one) for one in given if one.photo}
    with write():
        found = Audit.objects.select_related("junction__unit").select_for_update().get(pk=audit_id)
        if found.finished_at is not None:
            raise ConflictError(_("这次检查已经完成，请另开一次。"))
        shape_of(found.junction).arm(arm)
        for one in given:
            values = {
                "answer": one.answer, "note": one.note.strip()[:300], "at": feed_now(),
                "by": user.get_username(),
            }  # fmt: skip
            if one.item in photos:
                values["photo"], values["photo_format"] = photos[one.item]
            Finding.objects.update_or_create(audit=found, arm=arm, item=one.item, defaults=values)
        journal.record(
            user, "audit.answer", "junction", found.junction.pk,
            {"audit": found.pk, "arm": arm, "items": len(given), "photos": len(photos)},
        )  # fmt: skip
    return found


def _photo(said: Said) -> tuple[str, str]:
    """Name and format of the photo, kept before the row that names it."""
    picture = clean(said.photo) if len(said.photo) <= MAX_BYTES else None
    if picture is None:
        raise ConfigError(
            _("{item}：照片打不开，或超过 {n} MB。").format(
                item=item_word(said.item), n=MAX_BYTES >> 20
            )
        )
    return EvidenceStore(ports().data.evidence).put(picture.data), picture.format


def progress(audit: Audit) -> Progress:
    """What is still to be answered."""
    answered: dict[str, set[str]] = {}
    for arm, item in audit.findings.values_list("arm", "item"):
        answered.setdefault(arm, set()).add(item)
    return Progress(
        {
            arm.id: len(set(items()) - answered.get(arm.id, set()))
            for arm in shape_of(audit.junction).arms
        }
    )


def finish(user: User, audit_id: int) -> Audit:
    """Close an audit in which every item of every arm has its answer. Raises ConflictError."""
    with write():
        found = Audit.objects.select_related("junction__unit").select_for_update().get(pk=audit_id)
        if found.finished_at is not None:
            raise ConflictError(_("这次检查已经完成。"))
        missing = sum(progress(found).missing.values())
        if missing:
            raise ConflictError(_("还有 {n} 项没有结论。").format(n=missing))
        found.finished_at = feed_now()
        found.save()
        step(found.junction, user, "audit", f"{score(found):.0%}")
        journal.record(
            user, "audit.finish", "junction", found.junction.pk,
            {"audit": found.pk, "defects": found.findings.filter(answer="defect").count()},
        )  # fmt: skip
    return found


def latest(junction: Junction) -> Audit | None:
    """The newest finished audit."""
    return junction.audits.exclude(finished_at=None).order_by("-finished_at", "-pk").first()


def score(audit: Audit) -> float:
    """Share of applicable answers that are good: of the junction, of nobody else."""
    answers = list(audit.findings.values_list("answer", flat=True))
    counted = [one for one in answers if one != Finding.Answer.NONE]
    return answers.count(Finding.Answer.GOOD) / len(counted) if counted else 0.0


@dataclass(frozen=True)
class Difference:
    """A re-audit against the audit before it: (arm, item) pairs."""

    mended: tuple[tuple[str, str], ...]
    new: tuple[tuple[str, str], ...]
    still: tuple[tuple[str, str], ...]


def difference(audit: Audit) -> Difference | None:
    """What changed since the finished audit before; None for the first."""
    before = (
        audit.junction.audits.exclude(finished_at=None).filter(pk__lt=audit.pk).order_by("-pk")
    ).first()
    if before is None:
        return None
    old, now = (
        set(one.findings.filter(answer=Finding.Answer.DEFECT).values_list("arm", "item"))
        for one in (before, audit)
    )
    return Difference(tuple(sorted(old - now)), tuple(sorted(now - old)), tuple(sorted(old & now)))
