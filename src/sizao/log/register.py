"""The vehicle register as a file: replaced whole, read by pipeline, gateway and web.

The database of the web process is the truth; this file is its copy, made by every import. Before
the first import an installation may put a file of its own here.
"""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sizao.core import durable
from sizao.core.errors import ColumnError, ConfigError
from sizao.core.schemas import REGISTER, check


def load(path: Path) -> pa.Table:
    """The register with exactly the columns of REGISTER.

    Columns that an older file does not have are null. Raises FileNotFoundError without a file,
    ConfigError if it is no register.
    """
    try:
        table = pq.read_table(path)
        for field in REGISTER:
            if field.nullable and field.name not in table.column_names:
                table = table.append_column(field, pa.nulls(len(table), field.type))
        table = table.select([*REGISTER.names, *_extra(table)])
        for batch in table.to_batches():
            check(batch, REGISTER)
        return table.cast(REGISTER)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, pa.ArrowException, ColumnError) as error:
        raise ConfigError(f"{path}: not a register: {error}") from error


def _extra(table: pa.Table) -> list[str]:
    return [name for name in table.column_names if name not in REGISTER.names]


def save(table: pa.Table, path: Path) -> None:
    """Replace the file: a reader sees the old register or the new one, never half."""
    durable.replace(path, encoded(table))


def encoded(table: pa.Table) -> bytes:
    """The bytes of a register file."""
    buffer = io.BytesIO()
    pq.write_table(table.cast(REGISTER), buffer)
    return buffer.getvalue()
