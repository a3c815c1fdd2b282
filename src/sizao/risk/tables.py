"""Comma-separated files as columns, with every bad row reported and the rest kept.

The quick way reads typed columns at once. Only where some cell is not what its column should be
is the file read again as text, to find out which rows are to blame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from sizao.core.errors import ConfigError

# Only a cell that is empty is missing: a road may be called "None" and a street "NA".
_NULLS = ["", "nan", "NaN"]
_TRUE = ["true", "True", "TRUE", "1", "yes", "t"]
_FALSE = ["false", "False", "FALSE", "0", "no", "f"]


@dataclass(frozen=True)
class Rejected:
    """A row that was left out. ``row`` counts data rows from 1, as below the header."""

    row: int
    reason: str


@dataclass(frozen=True)
class Table:
    """Columns of one file. Arrays have one entry a kept row, ``row`` says which it was."""

    columns: Mapping[str, pa.Array]
    row: npt.NDArray[np.int64]
    rejected: list[Rejected]

    def __len__(self) -> int:
        return len(self.row)

    def floats(self, name: str) -> npt.NDArray[np.float64]:
        """A column as float64, NaN where empty; all NaN if the file has no such column."""
        if name not in self.columns:
            return np.full(len(self), np.nan)
        column = self.columns[name].cast(pa.float64())
        found: npt.NDArray[np.float64] = column.to_numpy(zero_copy_only=False)
        return found.astype(np.float64)

    def ints(self, name: str, missing: int = 0) -> npt.NDArray[np.int64]:
        """A column as int64, ``missing`` where empty or if the file has no such column."""
        if name not in self.columns:
            return np.full(len(self), missing, np.int64)
        found: npt.NDArray[np.int64] = (
            self.columns[name].cast(pa.int64()).fill_null(missing).to_numpy(zero_copy_only=False)
        )
        return found

    def texts(self, name: str) -> npt.NDArray[np.str_]:
        """A column as text, "" where empty or if the file has no such column."""
        if name not in self.columns:
            return np.full(len(self), "", dtype=np.str_)
        # Encoded first: a column of road classes has a dozen different values.
        coded = self.columns[name].fill_null("").dictionary_encode()
        words = np.asarray(coded.dictionary.to_pylist() or [""], dtype=np.str_)
        found: npt.NDArray[np.str_] = words[coded.indices.to_numpy()]
        return found

    def flags(self, name: str) -> npt.NDArray[np.bool_]:
        """A column as bool, False where empty or if the file has no such column."""
        if name not in self.columns:
            return np.zeros(len(self), np.bool_)
        found: npt.NDArray[np.bool_] = (
            self.columns[name].fill_null(False).to_numpy(zero_copy_only=False)
        )
        return found

    def reject(self, bad: Mapping[str, npt.NDArray[np.bool_]]) -> Table:
        """The table without the rows that are bad; of several reasons the first is reported."""
        worst = np.zeros(len(self), np.bool_)
        rejected = list(self.rejected)
        for reason, rows in bad.items():
            rejected += [Rejected(int(self.row[i]), reason) for i in np.flatnonzero(rows & ~worst)]
            worst |= rows
        if not worst.any():
            return self
        keep = pa.array(~worst)
        columns = {name: column.filter(keep) for name, column in self.columns.items()}
        return Table(columns, self.row[~worst], sorted(rejected, key=lambda one: one.row))


def read(path: Path, required: Mapping[str, Any], optional: Mapping[str, Any]) -> Table:
    """Read a .csv or .csv.gz file in UTF-8 with a header.

    required, optional : column name to Arrow type; other columns are left aside

    A row with the wrong number of cells, with an empty required cell, or with a cell that is not
    of its column's type is rejected and the rest is kept. Raises ConfigError if the file cannot
    be read or lacks a required column.
    """
    try:
        names = _header(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise ConfigError(f"{path}: cannot be read as a table: {error}") from error
    missing = [name for name in required if name not in names]
    if missing:
        raise ConfigError(f"{path}: no column {', '.join(missing)}; it has {', '.join(names)}")
    types = {name: kind for name, kind in {**required, **optional}.items() if name in names}
    try:
        whole = csv.read_csv(path, convert_options=_convert(types))
        table = Table(_columns(whole), np.arange(1, len(whole) + 1), [])
    except pa.ArrowInvalid:
        table = _row_by_row(path, types)
    return table.reject(
        {f"no_{name}": pc.is_null(table.columns[name]).to_numpy(False) for name in required}
    )


def _header(path: Path) -> list[str]:
    # Text only and no threads, so that nothing below the header can go wrong.
    with csv.open_csv(
        path,
        read_options=csv.ReadOptions(use_threads=False),
        parse_options=csv.ParseOptions(invalid_row_handler=lambda row: "skip"),
        convert_options=csv.ConvertOptions(column_types={}, check_utf8=False),
    ) as reader:
        return list(reader.schema.names)


def _convert(types: Mapping[str, Any]) -> csv.ConvertOptions:
    return csv.ConvertOptions(
        column_types=dict(types),
        include_columns=list(types),
        null_values=_NULLS,
        true_values=_TRUE,
        false_values=_FALSE,
        strings_can_be_null=True,
    )


def _columns(table: pa.Table) -> dict[str, pa.Array]:
    return {name: _one(table[name]) for name in table.column_names}


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks else pa.array([], column.type)


def _row_by_row(path: Path, types: Mapping[str, Any]) -> Table:
    """The careful way: text columns, each cast with the rows that cannot be cast set aside."""
    broken: list[int] = []

    def skip(row: csv.InvalidRow) -> str:
        broken.append(row.number)
        return "skip"

    try:
        text = csv.read_csv(
            path,
            # One thread: only then do broken rows come with their number.
            read_options=csv.ReadOptions(use_threads=False),
            parse_options=csv.ParseOptions(invalid_row_handler=skip),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(types, pa.binary()),
                include_columns=list(types),
                null_values=_NULLS,
                strings_can_be_null=True,
                check_utf8=False,
            ),
        )
    except (OSError, pa.ArrowInvalid) as error:
        raise ConfigError(f"{path}: cannot be read as a table: {error}") from error
    # Row numbers of broken rows count from 1 with the header as row 1.
    numbers = np.setdiff1d(np.arange(1, len(text) + len(broken) + 1), np.array(broken) - 1)
    rejected = [Rejected(number - 1, "wrong_number_of_cells") for number in broken]
    columns: dict[str, pa.Array] = {}
    bad: dict[str, npt.NDArray[np.bool_]] = {}
    for name, kind in types.items():
        columns[name], wrong = _cast(_one(text[name]), kind)
        if wrong.any():
            bad[f"bad_{name}"] = wrong
    return Table(columns, numbers, rejected).reject(bad)


def _cast(column: pa.Array, kind: Any) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """A column of bytes as ``kind``, and which of its cells could not be read."""
    wrong = np.zeros(len(column), np.bool_)
    cells: list[Any] = []
    for number, cell in enumerate(column.to_pylist()):
        try:
            cells.append(None if cell is None else _value(cell.decode("utf-8").strip(), kind))
        except (UnicodeDecodeError, ValueError):
            wrong[number] = True
            cells.append(None)
    return pa.array(cells, kind), wrong


def _value(cell: str, kind: Any) -> Any:
    if pa.types.is_floating(kind):
        return float(cell)
    if pa.types.is_integer(kind):
        value = int(cell)
        if not -(2**63) <= value < 2**63:
            raise ValueError(cell)
        return value
    if pa.types.is_boolean(kind):
        if cell not in _TRUE + _FALSE:
            raise ValueError(cell)
        return cell in _TRUE
    return cell
