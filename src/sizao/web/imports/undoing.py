"""Undoing the last import of a kind: what it made goes, what it changed is as before."""

from __future__ import annotations

from sizao.core.errors import ConfigError
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.fleet import register
from sizao.web.fleet.models import Enterprise, Vehicle
from sizao.web.imports.models import Batch, Change, Crash
from sizao.web.imports.storing import restore
from sizao.web.units.models import User
from sizao.web.writing import write

_CHUNK = 500


def can_undo(batch: Batch) -> bool:
    """Only the newest import of its kind: an older one may have been built upon."""
    if batch.state != Batch.State.DONE:
        return False
    newest = Batch.objects.filter(kind=batch.kind, state=Batch.State.DONE).order_by(
        "-ended_at", "-pk"
    )
    return newest.values_list("pk", flat=True).first() == batch.pk


def consequence(batch: Batch) -> dict[str, int]:
    """What undoing would do: records deleted, and given back their earlier values."""
    changes = Change.objects.filter(batch=batch)
    back = changes.filter(before__isnull=False).count()
    if batch.kind == "crash":
        return {"deleted": Crash.objects.filter(batch=batch).count() - back, "restored": back}
    return {"deleted": changes.filter(before__isnull=True).count(), "restored": back}


def undo(user: User | None, batch_id: int) -> dict[str, int]:
    """Undo a batch in one transaction. Returns what :func:`consequence` announced.

    Enterprises that vehicles of other imports refer to stay. Raises ConfigError if it is not the
    last import of its kind.
    """
    with write():
        batch = Batch.objects.select_for_update().get(pk=batch_id)
        if not can_undo(batch):
            raise ConfigError(f"import {batch.pk} is not the last one of its kind")
        if batch.kind != "crash":
            register.begin_change()
        done = _crashes(batch) if batch.kind == "crash" else _registers(batch)
        batch.state = Batch.State.UNDONE
        batch.undone_at = feed_now()
        batch.undone_by = user.username if user is not None else "system"
        batch.save()
        audit.record(user, "import.undo", "import", batch.pk, {"kind": batch.kind, **done})
    register.publish_if_stale()
    return done


def _crashes(batch: Batch) -> dict[str, int]:
    back = {change.key: change.before for change in Change.objects.filter(batch=batch)}
    restored = 0
    for start in range(0, len(back), _CHUNK):
        numbers = list(back)[start : start + _CHUNK]
        for crash in Crash.objects.filter(batch=batch, number__in=numbers):
            restore(crash, back[crash.number])
            crash.save()
            restored += 1
    deleted, _ = Crash.objects.filter(batch=batch).delete()
    return {"deleted": deleted, "restored": restored}


def _registers(batch: Batch) -> dict[str, int]:
    deleted = restored = 0
    changes = list(Change.objects.filter(batch=batch))
    # Vehicles first: an enterprise goes only if no vehicle is left that refers to it.
    for name, model in (("vehicle", Vehicle), ("enterprise", Enterprise)):
        mine = {change.key: change.before for change in changes if change.model == name}
        made = [key for key, before in mine.items() if before is None]
        for start in range(0, len(made), _CHUNK):
            gone = model.objects.filter(pk__in=made[start : start + _CHUNK])
            if name == "enterprise":
                gone = gone.filter(vehicles=None)
            deleted += gone.count()
            gone.delete()
        for key, before in mine.items():
            one = model.objects.filter(pk=key).first() if before is not None else None
            if one is not None:
                restore(one, before)
                one.save()
                restored += 1
    return {"deleted": deleted, "restored": restored}
