"""``register.parquet``: the copy of the register that pipeline and gateway read.

The database is the one truth. A change marks the copy stale in its own transaction; the file is
replaced after the commit, at once by who changed something and else by the desk's next round. So
a kill between the two leaves an old file and a mark, and never a file that says what the
database does not.
"""

from __future__ import annotations

import pyarrow as pa
from django.db.models import F

from sizao.core.schemas import REGISTER
from sizao.log import register
from sizao.web.fleet import directory
from sizao.web.fleet.models import Enterprise, Publication, Vehicle
from sizao.web.writing import write

FIELDS = (
    "plate", "plate_colour", "kind", "area", "plate_class", "gross_kg", "payload_kg", "towed_kg",
    "seats", "axles", "inspection_until", "scrap_until", "service",
)  # fmt: skip
"""Fields of a vehicle that have the same name in the file."""

_ONE = 1
_CHUNK = 1000


def begin_change() -> None:
    """Call inside the transaction of a change, before it: marks the copy stale.

    The first change ever takes over vehicles of a file that somebody made by hand, so that they
    do not vanish from it.
    """
    row, first = Publication.objects.get_or_create(pk=_ONE)
    if first:
        _adopt()
    Publication.objects.filter(pk=row.pk).update(wanted=F("wanted") + 1)


def publish_if_stale() -> bool:
    """Replace the file if something changed since. Call outside a transaction."""
    row = Publication.objects.filter(pk=_ONE).first()
    if row is None or row.done >= row.wanted:
        return False
    register.save(table(), directory.path())
    with write():
        Publication.objects.filter(pk=_ONE, done__lt=row.wanted).update(done=row.wanted)
    directory.forget()
    return True


def table() -> pa.Table:
    """The register as it is in the database, schema REGISTER, in terminal order."""
    rows = [
        {
            "vehicle": vehicle.pk,
            "enterprise": vehicle.enterprise_id,
            "enterprise_name": vehicle.enterprise.name if vehicle.enterprise else None,
            **{name: _reported(getattr(vehicle, name)) for name in FIELDS},
        }
        for vehicle in Vehicle.objects.select_related("enterprise").order_by("pk")
    ]
    return pa.Table.from_pylist(rows, schema=REGISTER)


def _reported(value: object) -> object:
    return None if value == "" else value


def _adopt() -> None:
    try:
        rows = register.load(directory.path()).to_pylist()
    except FileNotFoundError:
        return
    known = set(Vehicle.objects.values_list("pk", flat=True))
    fresh = [row for row in rows if row["vehicle"] not in known]
    put(fresh)


def put(rows: list[dict]) -> None:
    """Create or update a vehicle for each row of REGISTER; part of the caller's transaction."""
    firms = {row["enterprise"]: row for row in rows if row["enterprise"]}
    Enterprise.objects.bulk_create(
        [
            Enterprise(id=key, name=row["enterprise_name"] or key)
            for key, row in firms.items()
        ],
        update_conflicts=True, unique_fields=["id"], update_fields=["name"], batch_size=_CHUNK,
    )  # fmt: skip
    texts = ("plate", "area", "plate_class", "service")
    Vehicle.objects.bulk_create(
        [
            Vehicle(
                id=row["vehicle"],
                enterprise_id=row["enterprise"] or None,
                **{name: row[name] or "" if name in texts else row[name] for name in FIELDS},
            )
            for row in rows
        ],
        update_conflicts=True, unique_fields=["id"], batch_size=_CHUNK,
        update_fields=["enterprise", *FIELDS],
    )  # fmt: skip
