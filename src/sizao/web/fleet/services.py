"""Loading the register, and looking vehicles up."""

from __future__ import annotations

import pyarrow as pa

from sizao.core.schemas import REGISTER, check
from sizao.web import audit
from sizao.web.fleet import directory
from sizao.web.fleet.models import Enterprise, Vehicle
from sizao.web.writing import write

_CHUNK = 1000


def load_register(batch: pa.RecordBatch) -> int:
    """Create or update a vehicle for each row of a REGISTER batch. Returns their number.

    Vehicles that are not in the batch stay: warnings refer to them. Raises ColumnError if the
    batch breaks the schema.
    """
    rows = check(batch, REGISTER).to_pylist()
    enterprises = {
        row["enterprise"]: row["enterprise_name"] or row["enterprise"]
        for row in rows
        if row["enterprise"]
    }
    with write():
        Enterprise.objects.bulk_create(
            [Enterprise(id=key, name=name) for key, name in enterprises.items()],
            update_conflicts=True, unique_fields=["id"], update_fields=["name"],
            batch_size=_CHUNK,
        )  # fmt: skip
        Vehicle.objects.bulk_create(
            [
                Vehicle(
                    id=row["vehicle"],
                    plate=row["plate"] or "",
                    plate_colour=row["plate_colour"],
                    kind=row["kind"],
                    enterprise_id=row["enterprise"] or None,
                    area=row["area"] or "",
                )
                for row in rows
            ],
            update_conflicts=True, unique_fields=["id"], batch_size=_CHUNK,
            update_fields=["plate", "plate_colour", "kind", "enterprise", "area"],
        )  # fmt: skip
        audit.record(None, "load", "register", "all", {"vehicles": len(rows)})
    directory.forget()
    return len(rows)


def mask_plate(plate: str) -> str:
    """A plate with its middle hidden, for roles that do not need it.

    >>> mask_plate("川D·12345")
    '川D·1***5'
    """
    head, dot, tail = plate.partition("·")
    if not dot:
        head, tail = plate[:2], plate[2:]
    if len(tail) < 3:
        return head + dot + "*" * len(tail)
    return f"{head}{dot}{tail[0]}{'*' * (len(tail) - 2)}{tail[-1]}"
