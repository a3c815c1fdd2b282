"""Guangdong's variant: terminal ids of 30 characters, so an identity of 40 bytes and items that are
24 bytes longer (0x64 and 0x65: 71).

Source: T/GDRTA 002-2019 as public implementations read it; the text was not at hand.
"""

from __future__ import annotations

from sizao.feeds.jt808.alarms import IDENTITIES, WIDE_IDENTITY, Dialect, items_with

DIALECT = Dialect(
    "guangdong", "Guangdong (T/GDRTA 002-2019)", WIDE_IDENTITY, items_with(IDENTITIES["wide"])
)
