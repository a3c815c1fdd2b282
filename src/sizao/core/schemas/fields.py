"""How a column is described: with a unit and a meaning."""

from __future__ import annotations

import pyarrow as pa

TIME = pa.timestamp("us", tz="UTC")


def field(name: str, kind: pa.DataType, unit: str, doc: str, *, null: bool = True) -> pa.Field:
    """A column with its unit ("" for none) and what it means; ``null`` is *not reported*."""
    return pa.field(name, kind, nullable=null, metadata={"unit": unit, "doc": doc})
