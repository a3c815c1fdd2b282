"""Every way in, in order. A new one is a file of its own and a line here."""

from __future__ import annotations

from collections.abc import Callable

from sizao.runtime.intake.cap import Cap
from sizao.runtime.intake.checks import Checks
from sizao.runtime.intake.door import Door
from sizao.runtime.intake.gat1400.way import Gat1400
from sizao.runtime.intake.readings import Readings
from sizao.runtime.intake.replays import Replays
from sizao.runtime.intake.way import Way
from sizao.runtime.intake.weighings import Weighings

WAYS: tuple[Callable[[Door], Way], ...] = (Gat1400, Weighings, Checks, Readings, Cap, Replays)
