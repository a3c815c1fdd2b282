"""Loading the register, and looking vehicles up."""

from __future__ import annotations

import pyarrow as pa

from sizao.core.schemas import REGISTER, check
from sizao.web import audit
from sizao.web.fleet import directory, register
from sizao.web.writing import write


def load_register(batch: pa.RecordBatch) -> int:
    """Create or update a vehicle for each row of a REGISTER batch. Returns their number.

    Vehicles that are not in the batch stay: warnings refer to them. Raises ColumnError if the
    batch breaks the schema.
    """
    rows = check(batch, REGISTER).to_pylist()
    with write():
        register.put(rows)
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
