"""Which column is which field: proposed from names and values, then kept for each source.

As a file (``--mapping``) it is YAML::

    kind: crash
    datum: wgs84                  # or gcj02, bd09
    zone: Asia/Shanghai           # in which times without an offset are written
    columns: {id: 事故编号, time: 事故时间, lat: 纬度, lon: 经度}
    constants: {area: "510402"}   # the same for every row
    values: {weather: {"1": 晴}}  # this file's own codes; "" means not reported
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from sizao.core.coordinates import DATUMS
from sizao.core.errors import ConfigError
from sizao.feeds.tables.fields import Field, Kind, normal, whole
from sizao.feeds.tables.kinds import kind_named
from sizao.feeds.tables.personal import Personal, personal_columns
from sizao.feeds.tables.reasons import Bad
from sizao.feeds.tables.table import Cell, Table, blank
from sizao.feeds.tables.values.base import Column


@dataclass(frozen=True)
class TableMapping:
    """How one source's tables are read.

    columns : field to the column's name in the header
    constants : field to a value for every row, as it would be typed
    values : field to what cells of this source mean; "" means not reported
    """

    kind: str
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    datum: str = "wgs84"
    zone: str = "Asia/Shanghai"

    def as_dict(self) -> dict[str, Any]:
        """What :func:`from_dict` reads, for storing."""
        return {
            "kind": self.kind,
            "datum": self.datum,
            "zone": self.zone,
            "columns": dict(self.columns),
            "constants": dict(self.constants),
            "values": {name: dict(words) for name, words in self.values.items()},
        }

    def missing(self) -> list[tuple[str, ...]]:
        """Groups of fields of which at least one needs a column; empty if it can be used."""
        given = {*self.columns, *self.constants}
        return [group for group in kind_named(self.kind).groups if not given & {*group}]


def from_dict(raw: Any, where: str = "mapping") -> TableMapping:
    """Check what was loaded. Raises ConfigError naming the first thing that is wrong."""
    if not isinstance(raw, Mapping) or not isinstance(raw.get("kind"), str):
        raise ConfigError(f"{where}: needs `kind: crash`, `vehicle` or `enterprise`")
    kind = kind_named(raw["kind"])
    unknown = set(raw) - {"kind", "datum", "zone", "columns", "constants", "values"}
    if unknown:
        raise ConfigError(f"{where}: unknown entries {', '.join(sorted(map(str, unknown)))}")
    for part in ("columns", "constants", "values"):
        given = raw.get(part) or {}
        if not isinstance(given, Mapping):
            raise ConfigError(f"{where}: `{part}` must be a mapping of fields")
        for name in given:
            if name not in kind.by_field:
                known = ", ".join(kind.by_field)
                raise ConfigError(f"{where}: {part}: no field {name!r} in {kind.name}: {known}")
    values = raw.get("values") or {}
    if not all(isinstance(words, Mapping) for words in values.values()):
        raise ConfigError(f"{where}: each entry of `values` maps cells to words")
    datum, zone = raw.get("datum") or "wgs84", raw.get("zone") or "Asia/Shanghai"
    if datum not in DATUMS:
        raise ConfigError(f"{where}: datum {datum!r}: known are {', '.join(DATUMS)}")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise ConfigError(f"{where}: no time zone {zone!r}") from None
    return TableMapping(
        kind=kind.name,
        columns=_texts(raw.get("columns")),
        constants=_texts(raw.get("constants")),
        values={name: _texts(words) for name, words in values.items()},
        datum=datum,
        zone=zone,
    )


def from_yaml(text: str, where: str = "mapping") -> TableMapping:
    """A mapping file. Raises ConfigError."""
    try:
        return from_dict(yaml.safe_load(text), where)
    except yaml.YAMLError as error:
        raise ConfigError(f"{where}: not YAML: {error}") from error


def _texts(raw: Any) -> dict[str, str]:
    return {str(key): "" if value is None else str(value) for key, value in (raw or {}).items()}


@dataclass(frozen=True)
class Proposal:
    """A mapping to be looked at by a person.

    unsure : columns that fit several fields equally well, and which; they are left unmapped
    personal : columns that are never kept
    """

    mapping: TableMapping
    unsure: Mapping[str, tuple[str, ...]]
    personal: Sequence[Personal]


def propose(table: Table, kind: Kind, saved: TableMapping | None = None) -> Proposal:
    """Fit the table's columns to the kind's fields.

    What was ``saved`` for the source goes first, as far as its columns are there; then names
    that are known, then names that begin or end with a known one. Several fields may claim one
    name (事故等级 is a word of two scales): the values decide, and if they cannot, nobody does.
    """
    personal = personal_columns(table.header, table.rows, telephones(table, kind))
    barred = {one.column for one in personal}
    columns: dict[str, str] = {}
    if saved is not None and saved.kind == kind.name:
        columns = {
            name: column
            for name, column in saved.columns.items()
            if column in table.header and column not in barred
        }
    unsure: dict[str, tuple[str, ...]] = {}
    for how in ("whole", "name", "part"):
        for index, column in enumerate(table.header):
            if column in barred or column in columns.values() or column in unsure:
                continue
            claims = [one for one in kind.fields if _claims(one, column, how)]
            claims = [one for one in claims if one.name not in columns]
            if not claims:
                continue
            best = _fitting(claims, table, index)
            if len(best) == 1:
                columns[best[0].name] = column
            elif how == "name":
                unsure[column] = tuple(one.name for one in best)
    mapping = TableMapping(
        kind=kind.name,
        columns=columns,
        constants=saved.constants if saved else {},
        values=saved.values if saved else {},
        datum=saved.datum if saved else "wgs84",
        zone=saved.zone if saved else "Asia/Shanghai",
    )
    return Proposal(mapping, unsure, personal)


def telephones(table: Table, kind: Kind) -> frozenset[str]:
    """Columns whose name says that they hold devices' or offices' numbers."""
    fields = [one for one in kind.fields if one.telephone]
    return frozenset(
        column for column in table.header if any(normal(column) in one.names for one in fields)
    )


def _claims(one: Field, column: str, how: str) -> bool:
    name = normal(column)
    if how == "whole":
        return whole(column) in one.whole_names
    if how == "name":
        return name in one.names
    return any(
        len(known) >= (4 if known.isascii() else 3)
        and (name.startswith(known) or name.endswith(known))
        for known in one.names
    )


def _fitting(claims: list[Field], table: Table, index: int) -> list[Field]:
    """The claimants that read most of the column's values; all of them if none reads any."""
    if len(claims) == 1:
        return claims
    values = table.samples(index, 40)
    column = Column(table.header[index], table.epoch_1904)
    shares = [sum(_reads(one, value, column) for value in values) for one in claims]
    return [one for one, share in zip(claims, shares, strict=True) if share == max(shares)]


def _reads(one: Field, value: Cell, column: Column) -> bool:
    if blank(value):
        return False
    try:
        one.parse(value, column)
    except Bad:
        return False
    return True
