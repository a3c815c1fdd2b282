"""The Jiangsu standard, which most makers follow: an identity of 16 bytes.

Source: T/JSATL 12-2017 tables 4-15 to 4-20.
"""

from __future__ import annotations

from sizao.feeds.jt808.alarms import IDENTITIES, IDENTITY, Dialect, items_with

DIALECT = Dialect(
    "jsatl12", "T/JSATL 12-2017 (Jiangsu)", IDENTITY, items_with(IDENTITIES["narrow"])
)
