"""Ground truth of what on-board cameras told: alarms of drivers who nod off, of coaches too full.

From the plan (``cameras.py``) and the moments at which terminals sent, nothing from the bytes. The
definition is that of ``detect/record_rules/dsm_fatigue.py``, written again by hand: alarms at most
so far apart are one episode, which counts with its third, or with one of level 2. Whether a camera
is right about a driver is not judged here, only what becomes of its alarms.
"""

from __future__ import annotations

from typing import Any

from sizao.core.rulebook import entry
from sizao.sim.cameras import Shown
from sizao.sim.truth import Offence

RULES = ("dsm_fatigue", "capacity_alarm")
SURE_S = 100_000
"""``visible`` of what is bound to be found."""


class CameraTruth:
    """Tell it every alarm that was sent, in any order; :meth:`close` makes ``offences``."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.offences: list[Offence] = []
        self._phone = [str(row["vehicle"]) for row in rows]
        self._own = {rule: entry(f"detect.{rule}") for rule in RULES}
        self._rule = {
            str(kind): rule for rule, own in self._own.items() for kind in own.value("kinds")
        }
        self._alarms: dict[tuple[str, int], dict[int, int]] = {}

    def take(self, one: Shown) -> None:
        """An alarm; the same one sent twice counts once."""
        rule = self._rule.get(one.kind)
        if rule is None or one.speed_kmh < float(self._own[rule].value("min_speed")):
            return
        levels = self._alarms.setdefault((rule, one.vehicle), {})
        levels[one.time_s] = max(one.level, levels.get(one.time_s, 0))

    def close(self) -> None:
        """The end of the run: everything was told."""
        for (rule, vehicle), levels in sorted(self._alarms.items()):
            gap_s = int(self._own[rule].value("gap")) * 60
            spell: list[int] = []
            for at in sorted(levels):
                if spell and at - spell[-1] > gap_s:
                    self._spell(rule, vehicle, spell, levels)
                    spell = []
                spell.append(at)
            self._spell(rule, vehicle, spell, levels)
        self._alarms = {}

    def _spell(self, rule: str, vehicle: int, spell: list[int], levels: dict[int, int]) -> None:
        enough = int(self._own[rule].value("min_alarms"))
        onsets = [at for at in spell if levels[at] >= 2] + spell[enough - 1 :]
        if onsets:
            number, limit, nowhere = float(len(spell)), enough - 1.0, float("nan")
            self.offences.append(
                Offence(
                    rule, self._phone[vehicle], spell[0], min(onsets), spell[-1], number, limit,
                    SURE_S, nowhere, nowhere, "",
                )
            )  # fmt: skip
