"""Readers of what the links of an installation have in quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sizao.feeds.jt809.redecode import LinkReader
from sizao.runtime.platforms.config import LinkConfig
from sizao.runtime.platforms.register import RegisterFile


def link_readers(links: Sequence[LinkConfig], register: Path) -> dict[str, LinkReader]:
    """By source, with the plates of the register. Raises ConfigError for a bad register."""
    if not links:
        return {}
    directory = RegisterFile(register).directory
    return {one.params.source: LinkReader(one.params, directory) for one in links}
