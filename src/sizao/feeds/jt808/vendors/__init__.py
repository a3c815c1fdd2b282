"""Dialects of the active-safety items, each in a file of its own.

The item's length decides: two dialects may not share a length. To add one, write its file and
put it on the list.
"""

from __future__ import annotations

from sizao.feeds.jt808.alarms import Dialect
from sizao.feeds.jt808.vendors import guangdong, jsatl12

DIALECTS: tuple[Dialect, ...] = (jsatl12.DIALECT, guangdong.DIALECT)
"""Every dialect, the most common first."""


def dialect_of(item: int, value: bytes) -> Dialect | None:
    """The dialect whose length an item has; None if it is another maker's."""
    for dialect in DIALECTS:
        if dialect.fits(item, value):
            return dialect
    return None
