"""Warning colours and command levels.

The colours run from blue (IV, least) to red (I, worst): 突发事件应对法 (2007) art. 42, recalled;
see ``warning.colour_level`` in the rule book. Here a larger number is worse, so that they compare.
"""

from __future__ import annotations

from enum import IntEnum


class WarningLevel(IntEnum):
    """How bad: compare with ``<`` and ``max``; store and show the name."""

    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4

    @property
    def code(self) -> str:
        """Lower-case name as used in files, URLs and the API: ``red``."""
        return self.name.lower()

    @property
    def zh(self) -> str:
        return {1: "蓝色", 2: "黄色", 3: "橙色", 4: "红色"}[self.value]

    @classmethod
    def parse(cls, code: str) -> WarningLevel:
        """Read a lower-case name. Raises KeyError for anything else."""
        return cls[code.upper()]


class CommandLevel(IntEnum):
    """Who commands: squadron (中队), brigade (大队), detachment (支队), city (市)."""

    SQUADRON = 1
    BRIGADE = 2
    DETACHMENT = 3
    CITY = 4

    @property
    def code(self) -> str:
        return self.name.lower()

    @property
    def zh(self) -> str:
        return {1: "中队", 2: "大队", 3: "支队", 4: "市级"}[self.value]

    @classmethod
    def parse(cls, code: str) -> CommandLevel:
        return cls[code.upper()]

    def up(self) -> CommandLevel:
        """One level up; the city stays the city."""
        return CommandLevel(min(self.value + 1, CommandLevel.CITY.value))
