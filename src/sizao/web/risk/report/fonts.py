"""Fonts of the report: those of the installation's folder first, then those that come with it."""

from __future__ import annotations

from pathlib import Path

import pylopdf_fonts_zh_cn as bundled

from sizao.web.risk import files

SERIF, SANS = "Noto Serif SC", "Noto Sans SC"


def folders() -> list[Path]:
    """Where the typesetter looks. ``fonts/`` in the data folder may hold an office's own faces."""
    own = files.root().parent / "fonts"
    found = [bundled.serif_path().parent]
    return [own, *found] if own.is_dir() else found
