"""Storing what was checked: part of one transaction, prepared before it begins.

SQLite lets one connection write, and the desk must not wait for a hundred thousand rows to be
turned into SQL. So rows become tuples first; the transaction only hands them over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import connection, models

from sizao.feeds.tables.checking import Checked
from sizao.web.fleet import register
from sizao.web.fleet.models import Enterprise, Vehicle
from sizao.web.imports.models import Batch, Change, Crash

Store = Callable[[], dict[str, int]]
"""Writes inside the caller's transaction; returns how many were ``new`` and ``updated``."""

_CRASH_FIELDS = [
    field.name
    for field in Crash._meta.concrete_fields
    if field.name not in ("id", "source", "number", "batch", "row")
]


def prepare(batch: Batch, checked: Checked) -> Store:
    """What :func:`~sizao.web.imports.services.run_store` calls in its transaction."""
    return {"crash": _crashes, "vehicle": _vehicles, "enterprise": _enterprises}[batch.kind](
        batch, checked
    )


def insert(model: type[models.Model], objects: Iterable[models.Model]) -> Callable[[], None]:
    """Rows as tuples now; the returned function inserts them in one statement each.

    Raises IntegrityError there if one exists: somebody else imported it meanwhile.
    """
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    rows = [
        tuple(field.get_db_prep_save(field.pre_save(one, add=True), connection) for field in fields)
        for one in objects
    ]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})"

    def act() -> None:
        if rows:
            with connection.cursor() as cursor:
                cursor.executemany(statement, rows)

    return act


def _crashes(batch: Batch, checked: Checked) -> Store:
    fresh = [_crash(batch, one.key, one.number, one.values) for one in checked.good
             if not one.exists]  # fmt: skip
    put = insert(Crash, fresh)
    known = {one.key: one for one in checked.good if one.exists}

    def act() -> dict[str, int]:
        put()
        changes: list[Change] = []
        updated: list[Crash] = []
        for crash in _by_number(batch.source, list(known)):
            good = known[crash.number]
            before = snapshot(crash)
            for name, value in _columns(good.values).items():
                if value not in (None, ""):
                    setattr(crash, name, value)
            if snapshot(crash) == before:
                continue
            changes.append(Change(batch=batch, model="crash", key=crash.number, before=before))
            crash.batch, crash.row = batch, good.number
            updated.append(crash)
        Change.objects.bulk_create(changes, batch_size=1000)
        Crash.objects.bulk_update(updated, [*_CRASH_FIELDS, "batch", "row"], batch_size=200)
        return {"new": len(fresh), "updated": len(updated)}

    return act


def _by_number(source: str, numbers: Sequence[str]) -> Iterable[Crash]:
    for start in range(0, len(numbers), 500):
        yield from Crash.objects.filter(source=source, number__in=numbers[start : start + 500])


def _crash(batch: Batch, number: str, row: int, values: dict[str, Any]) -> Crash:
    empty = {name: "" for name in _CRASH_FIELDS if _is_text(Crash, name)}
    given = {name: value for name, value in _columns(values).items() if value is not None}
    return Crash(source=batch.source, number=number, batch=batch, row=row, **{**empty, **given})


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    found = {name: values.get(name) for name in _CRASH_FIELDS}
    found["parties"] = ",".join(values.get("parties") or [])
    return found


def _is_text(model: type[models.Model], name: str) -> bool:
    return isinstance(model._meta.get_field(name), models.CharField)


def snapshot(one: models.Model) -> dict[str, Any]:
    """A record's columns as JSON can hold them; :func:`restore` is the way back."""
    return {
        field.attname: field.value_to_string(one)
        if _is_date(field)
        else field.value_from_object(one)
        for field in one._meta.concrete_fields
    }


def restore(one: models.Model, before: dict[str, Any]) -> None:
    """Give a record the columns of a snapshot."""
    for field in one._meta.concrete_fields:
        value = before[field.attname]
        if _is_date(field):
            value = field.to_python(value) if value else None
        setattr(one, field.attname, value)


def _is_date(field: models.Field) -> bool:
    return isinstance(field, models.DateField | models.DateTimeField)


def _vehicles(batch: Batch, checked: Checked) -> Store:
    def act() -> dict[str, int]:
        register.begin_change()
        changes: list[Change] = []
        _new_enterprises(batch, checked, changes)
        counts = _put(
            batch, Vehicle, "vehicle",
            {one.key: _vehicle_columns(one.values) for one in checked.good}, changes,
            defaults={"kind": "other"},
        )  # fmt: skip
        Change.objects.bulk_create(changes, batch_size=1000)
        return counts

    return act


def _vehicle_columns(values: dict[str, Any]) -> dict[str, Any]:
    return {"enterprise_id": values.get("enterprise"),
            **{name: values.get(name) for name in register.FIELDS}}  # fmt: skip


def _new_enterprises(batch: Batch, checked: Checked, changes: list[Change]) -> None:
    """Enterprises that vehicles name with id and name, and that nobody registered yet."""
    named = {
        one.values["enterprise"]: one.values.get("enterprise_name") or one.values["enterprise"]
        for one in checked.good
        if one.values.get("enterprise")
    }
    known = set(Enterprise.objects.filter(pk__in=named).values_list("pk", flat=True))
    fresh = [Enterprise(id=key, name=name) for key, name in named.items() if key not in known]
    Enterprise.objects.bulk_create(fresh, batch_size=1000)
    changes += [Change(batch=batch, model="enterprise", key=one.pk) for one in fresh]


def _enterprises(batch: Batch, checked: Checked) -> Store:
    names = ("name", "kind", "area", "duty_phone")

    def act() -> dict[str, int]:
        register.begin_change()
        changes: list[Change] = []
        rows = {one.key: {name: one.values.get(name) for name in names} for one in checked.good}
        counts = _put(batch, Enterprise, "enterprise", rows, changes, defaults={})
        Change.objects.bulk_create(changes, batch_size=1000)
        return counts

    return act


def _put(
    batch: Batch,
    model: type[models.Model],
    name: str,
    rows: dict[str, dict[str, Any]],
    changes: list[Change],
    defaults: dict[str, Any],
) -> dict[str, int]:
    """Create or change records by primary key. What the file does not say stays as it is."""
    known = {one.pk: one for one in model.objects.all() if one.pk in rows}
    fresh: list[models.Model] = []
    changed: list[models.Model] = []
    for key, columns in rows.items():
        given = {column: value for column, value in columns.items() if value not in (None, "")}
        one = known.get(key)
        if one is None:
            fresh.append(model(pk=key, **{**defaults, **given}))
            changes.append(Change(batch=batch, model=name, key=key))
            continue
        before = snapshot(one)
        for column, value in given.items():
            setattr(one, column, value)
        if snapshot(one) != before:
            changed.append(one)
            changes.append(Change(batch=batch, model=name, key=key, before=before))
    model.objects.bulk_create(fresh, batch_size=500)
    columns = [field.name for field in model._meta.concrete_fields if not field.primary_key]
    model.objects.bulk_update(changed, columns, batch_size=200)
    return {"new": len(fresh), "updated": len(changed)}
