"""Which table holds on a day: the package's dated files, and over them what was approved here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable

from django.db.models import Max

from sizao.warn.table import Table, place_folder, read_table
from sizao.web.config import config
from sizao.web.tables.models import Version

BOOKS: dict[str, tuple[str, str]] = {
    "detections": ("检测分级", "Detections"),
    "places": ("路况分级", "State of roads"),
}
"""Table to its names: over what vehicles did, and over what is known of a place."""


@dataclass(frozen=True)
class Edition:
    """One dated state of a table."""

    book: str
    starts: date
    name: str
    """``2026-01-01`` of the package, ``2026-12-01#7`` of this installation."""
    text: str

    @property
    def own(self) -> bool:
        """Made here, not part of the package."""
        return "#" in self.name

    def table(self) -> Table:
        return _read(self.text, self.name)


@lru_cache(maxsize=16)
def _read(text: str, name: str) -> Table:
    return read_table(text, name=name)


def folder(book: str) -> Traversable:
    """Where the package keeps a table; that of roads by the installation's province."""
    if book == "places":
        return place_folder(config.province.read())
    return resources.files("sizao.warn") / "tables"


def editions(book: str) -> list[Edition]:
    """Every state of a table, the oldest first; of one day, the package's before our own."""
    found = [*_packaged(book, folder(book))]
    accepted = Version.objects.filter(book=book, state=Version.State.ACCEPTED)
    found += [
        Edition(book, one.starts, one.name, one.text)
        for one in accepted.order_by("decided_at", "pk")
    ]
    return sorted(found, key=lambda one: (one.starts, one.own))


@lru_cache(maxsize=8)
def _packaged(book: str, place: Traversable) -> tuple[Edition, ...]:
    return tuple(_files(book, place))


def _files(book: str, place: Traversable) -> Iterator[Edition]:
    for item in place.iterdir():
        if item.name.endswith(".yaml"):
            day = item.name.removesuffix(".yaml")
            yield Edition(book, date.fromisoformat(day), day, item.read_text(encoding="utf-8"))


_kept: dict[str, tuple[object, list[Edition]]] = {}


def edition(book: str, day: date) -> Edition:
    """The state in force on a day; the first one before its own day.

    Asked for every detection, so the list is kept until another version is decided.
    """
    stamp = (
        Version.objects.filter(book=book, state=Version.State.ACCEPTED).aggregate(
            last=Max("pk"), at=Max("decided_at")
        ),
        config.province.read(),
    )
    kept = _kept.get(book)
    if kept is None or kept[0] != stamp:
        kept = _kept[book] = (stamp, editions(book))
    found = [one for one in kept[1] if one.starts <= day]
    return found[-1] if found else kept[1][0]
