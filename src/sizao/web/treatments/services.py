"""Entering, importing and withdrawing treatments, and what an assessment takes of them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone

from sizao.core.errors import ConfigError, TransitionError
from sizao.govern.hazards.records import State
from sizao.risk import treatments as files
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.hazards.models import Hazard
from sizao.web.refusals import untranslated
from sizao.web.reports.place import place_of
from sizao.web.treatments.access import may_enter
from sizao.web.treatments.models import Treatment
from sizao.web.units.models import User
from sizao.web.writing import write

DONE = (State.RECTIFIED.value, State.ACCEPTED.value, State.DELISTED.value)
"""States of a hazard whose works are over."""

MAX_BYTES = 5_000_000


def standing() -> QuerySet[Treatment]:
    """Everything that was not withdrawn."""
    return Treatment.objects.filter(withdrawn_at=None)


def proposals(user: User) -> list[Hazard]:
    """Hazards of places whose works are over and that are not entered yet, the newest first."""
    found = Hazard.objects.for_user(user).filter(
        state__in=DONE, rectified_at__isnull=False, lat__isnull=False, treatment=None
    )
    return list(found.order_by("-rectified_at")[:50])


def enter(user: User, one: files.Treatment, *, hazard: Hazard | None = None,
          origin: str = Treatment.Origin.HAND) -> Treatment:  # fmt: skip
    """Enter a treatment. Raises TransitionError in words for people."""
    if not may_enter(user):
        raise TransitionError(
            "只有支队指挥员、领导和管理员可以录入治理",
            "Only operators and leaders of the detachment and administrators enter treatments.",
        )
    if one.last < one.first:
        raise TransitionError("完工不能早于开工", "The works end before they begin.")
    if one.last > timezone.localtime(feed_now()).date():
        raise TransitionError("完工后再录入", "Enter it once the works are over.")
    if not (-90 <= one.lat <= 90 and -180 <= one.lon <= 180):
        raise TransitionError("坐标不在地球上", "No such place on earth.")
    if not one.kind.strip() or not one.source.strip():
        raise TransitionError("请写明措施和来源", "Name the measure and its source.")
    try:
        with write():
            made = Treatment.objects.create(
                kind=one.kind.strip()[:48],
                name=one.name.strip()[:120] or one.kind,
                place=place_of(one.lat, one.lon).words[:96] or f"{one.lat:.4f}, {one.lon:.4f}",
                lat=round(one.lat, 6),
                lon=round(one.lon, 6),
                first=one.first,
                last=one.last,
                cost=None if one.cost is None else Decimal(f"{one.cost:.2f}"),
                source=one.source.strip()[:200],
                selected_from=one.selected[0] if one.selected else None,
                selected_to=one.selected[-1] if one.selected else None,
                origin=origin,
                hazard=hazard,
                recorded_by=user,
                recorded_at=feed_now(),
            )
            audit.record(user, "treatment.enter", "treatment", made.pk, _told(made))
    except IntegrityError as error:
        raise TransitionError("这一项已经录入过", "It has been entered before.") from error
    return made


def withdraw(user: User, made: Treatment, why: str) -> Treatment:
    """Withdraw a wrong entry. Raises TransitionError in words for people.

    It stays, with the reason: who looks at an effect must see what was taken away.
    """
    if not may_enter(user):
        raise TransitionError("没有权限", "Not allowed.")
    if not why.strip():
        raise TransitionError("请写明撤回理由", "Say why.")
    with write():
        locked = Treatment.objects.select_for_update().get(pk=made.pk)
        if locked.withdrawn_at is not None:
            raise TransitionError("已经撤回", "It has been withdrawn already.")
        locked.withdrawn_by, locked.withdrawn_at = user, feed_now()
        locked.withdrawn_why = why.strip()[:500]
        locked.hazard = None
        locked.save()
        audit.record(
            user, "treatment.withdraw", "treatment", made.pk, {"why": locked.withdrawn_why}
        )
    return locked


@dataclass(frozen=True)
class Imported:
    """What came of a file: new rows, rows known before, and rows that cannot be."""

    new: int
    known: int
    rejected: list[tuple[int, str]]


def read_file(user: User, name: str, content: bytes) -> Imported:
    """Enter the treatments of a CSV. A second time nothing is entered twice.

    Raises TransitionError if the file cannot be read.
    """
    if len(content) > MAX_BYTES:
        raise TransitionError("文件超过 5 MB", "The file is over 5 MB.")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "treatments.csv"
        path.write_bytes(content.removeprefix(b"\xef\xbb\xbf"))
        try:
            found, rejected = files.read_treatments(path)
        except ConfigError as error:
            said = ConfigError(str(error).replace(str(path), name))
            raise untranslated("文件读不了", "The file cannot be read", said) from error
    new = known = 0
    problems = [(one.row, files.REASONS.get(one.reason, one.reason)) for one in rejected]
    for one in found:
        if standing().filter(
            kind=one.kind, lat=round(one.lat, 6), lon=round(one.lon, 6), first=one.first,
            last=one.last,
        ).exists():  # fmt: skip
            known += 1
            continue
        try:
            enter(user, _with_source(one, name), origin=Treatment.Origin.FILE)
            new += 1
        except TransitionError as error:
            problems.append((0, f"{one.name} {one.first}: {error}"))
    return Imported(new, known, problems)


def _with_source(one: files.Treatment, name: str) -> files.Treatment:
    return replace(one, source=one.source or name)


def as_file_row(made: Treatment) -> files.Treatment:
    """A row as the pure part takes it. ``recorded`` is the day of the entry."""
    selected = None
    if made.selected_from is not None and made.selected_to is not None:
        selected = range(made.selected_from, made.selected_to + 1)
    return files.Treatment(
        made.kind, made.name, made.lat, made.lon, made.first, made.last,
        None if made.cost is None else float(made.cost), made.source,
        timezone.localtime(made.recorded_at).date(), selected,
    )  # fmt: skip


def to_csv(rows: QuerySet[Treatment]) -> str:
    """The file that ``sizao effects --treatments`` reads."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*files.COLUMNS, *files.OPTIONAL])
    for made in rows:
        one = as_file_row(made)
        selected = f"{one.selected[0]}-{one.selected[-1]}" if one.selected else ""
        values: dict[str, Any] = {
            "kind": one.kind, "name": one.name, "lat": one.lat, "lon": one.lon,
            "from": one.first, "to": one.last, "cost": one.cost, "source": one.source,
            "recorded": one.recorded, "selected": selected,
        }  # fmt: skip
        writer.writerow(
            [
                "" if values[key] is None else values[key]
                for key in (*files.COLUMNS, *files.OPTIONAL)
            ]
        )
    return out.getvalue()


def for_assessment() -> list[dict[str, Any]]:
    """What an assessment judges: plain values with the number of each row."""
    found = []
    for made in standing().order_by("pk"):
        one = as_file_row(made)
        found.append(
            {
                "id": made.pk, "kind": one.kind, "name": one.name, "lat": one.lat, "lon": one.lon,
                "first": one.first.isoformat(), "last": one.last.isoformat(),
                "recorded": one.recorded.isoformat() if one.recorded else None,
                "selected": [one.selected[0], one.selected[-1]] if one.selected else None,
            }
        )  # fmt: skip
    return found


def stamp() -> str:
    """Changes with what stands: an assessment made with another one is renewed."""
    rows = standing()
    newest = rows.order_by("-pk").values_list("pk", flat=True).first() or 0
    return f"{rows.count()}:{newest}"


def day(text: str) -> date:
    """A day that was typed. Raises TransitionError."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise TransitionError("日期写成 2023-05-20", "Write days like 2023-05-20.") from None


def _told(made: Treatment) -> dict[str, Any]:
    return {"kind": made.kind, "name": made.name, "place": made.place, "origin": made.origin,
            "first": made.first.isoformat(), "last": made.last.isoformat(),
            "hazard": made.hazard.number if made.hazard else ""}  # fmt: skip
