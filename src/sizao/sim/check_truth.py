"""Ground truth of roadside checks: who had drunk, who refused, which coach was too full.

From the cases themselves (``roadside_checks.py``), by the letter of the law and without a line of
the rules. Where blood was taken, blood decides once it is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sizao.core.rulebook import entry
from sizao.sim.roadside_checks import BLOOD_S, Case
from sizao.sim.truth import Offence

SURE_S = 100_000

RULES = ("drink_driving", "over_capacity")


class CheckTruth:
    """Give it every case, and the time; ``offences`` grows."""

    def __init__(self, rows: list[dict[str, Any]], sites: Mapping[str, Mapping[str, Any]]) -> None:
        self.offences: list[Offence] = []
        self._rows, self._sites = rows, sites
        self._waiting: list[Case] = []
        self._drink = float(entry("alcohol.drink").value("min"))
        self._drunk = float(entry("alcohol.drunk").value("min"))
        self._free = float(entry("detect.over_capacity").value("free_children")) / 100

    def take(self, cases: Iterable[Case], now_s: int) -> None:
        """New cases, and those whose blood has come by now."""
        for case in cases:
            if case.blood_mg is not None:
                self._waiting.append(case)
            else:
                self._drank(case, case.mg)
            self._filled(case)
        for case in [case for case in self._waiting if case.time_s + BLOOD_S <= now_s]:
            assert case.blood_mg is not None
            self._waiting.remove(case)
            self._drank(case, case.blood_mg)

    def close(self) -> None:
        """The end of the run: blood that never came decides nothing."""
        for case in self._waiting:
            self._drank(case, None if case.refused else case.mg)

    def _drank(self, case: Case, mg: float | None) -> None:
        if mg is None:
            self._add("drink_driving", case, 0.0, self._drink, "refusal")
        elif mg >= self._drunk:
            self._add("drink_driving", case, mg, self._drunk, "drunk")
        elif mg >= self._drink:
            # Whether it is said to be a repetition depends on what else is known of the plate.
            self._add("drink_driving", case, mg, self._drink, "")

    def _filled(self, case: Case) -> None:
        if case.persons is None or case.children is None:
            return
        seats = int(self._rows[case.vehicle]["seats"])
        counted = case.persons - min(case.children, int(seats * self._free + 1e-9))
        if counted > seats:
            self._add("over_capacity", case, float(counted), float(seats), "")

    def _add(self, rule: str, case: Case, worst: float, limit: float, severity: str) -> None:
        site = self._sites[case.post]
        at, phone = case.time_s, str(self._rows[case.vehicle]["vehicle"])
        sure = 0 if case.broken else SURE_S
        place = (site["lat"], site["lon"], str(site["name"]))
        self.offences.append(
            Offence(rule, phone, at, at, at, worst, limit, sure, *place, severity=severity)
        )
