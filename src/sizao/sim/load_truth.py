"""Ground truth of weighings: what each vehicle really weighed and measured when it was weighed.

Against three limits kept apart, as the law does: the road's by axles, the permitted gross mass and
the rated payload of the register; against the outline limits; and how often in a year. An offence
is *expected* to be found if no allowed error of the instruments can hide it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sizao.core.rulebook import entry
from sizao.sim.gates import Crossing
from sizao.sim.truth import Offence
from sizao.sim.weighing import LADEN, MASS_ERROR, SIZE_ERROR_M, WeighStations

RULES = (
    "over_road_limit",
    "over_permitted_mass",
    "over_rated_payload",
    "over_dimensions",
    "overload_repeat",
)
SURE_S = 100_000
"""``visible`` of what is bound to be found."""

_ROUNDED_M = 0.005
_DAY_S = 86_400


class LoadTruth:
    """Tell it every weighing in order of time; ``offences`` grows."""

    def __init__(
        self,
        rows: list[dict[str, Any]],
        sites: Mapping[str, Mapping[str, Any]],
        stations: WeighStations,
    ) -> None:
        """``rows``: the register."""
        self.offences: list[Offence] = []
        self._rows, self._sites, self._stations = rows, sites, stations
        self._margin = float(entry("detect.weighing").value("margin_low_speed")) / 100
        self._outline = {
            name: float(entry("load.dimensions").value(name))
            for name in ("length", "width", "height")
        }
        self._frame_m = float(entry("detect.dimensions").value("margin"))
        law, own = entry("load.repeat"), entry("detect.overload_repeat")
        self._times = int(law.value("vehicle_count_1y"))
        self._share = float(law.value("firm_share_of_fleet"))
        self._window_s = int(own.value("window")) * _DAY_S
        self._apart_s = int(own.value("apart")) * 3600
        self._fleet = Counter(row["enterprise"] for row in rows if row["enterprise"])
        self._cases: dict[int, list[int]] = {}
        self._above: dict[str, bool] = {}

    def weighed(self, one: Crossing) -> None:
        """A vehicle was weighed."""
        row = self._rows[one.vehicle]
        kind = str(row["kind"])
        if kind not in LADEN:
            return
        mass = self._stations.gross_kg(one.vehicle, one.time_s)
        combination = kind == "semi_tractor"
        self._too_heavy("over_road_limit", one, mass, LADEN[kind][2])
        permitted = row["gross_kg"]
        if permitted is not None and (row["towed_kg"] is not None or not combination):
            towed = row["towed_kg"] or 0.0
            self._too_heavy("over_permitted_mass", one, mass, permitted + towed)
        if permitted is not None and row["payload_kg"] is not None and not combination:
            empty = permitted - row["payload_kg"]
            self._too_heavy("over_rated_payload", one, mass, permitted, less=empty)
        if self._stations.measures(one):
            self._too_large(one)
        if mass > LADEN[kind][2]:
            self._repeats(one)

    def _too_heavy(
        self, rule: str, one: Crossing, mass: float, limit: float, less: float = 0.0
    ) -> None:
        if mass > limit:
            sure = mass * (1 - MASS_ERROR) * (1 - self._margin) > limit
            self._add(rule, one, mass - less, limit - less, sure)

    def _too_large(self, one: Crossing) -> None:
        sizes = self._stations.size_m(one.vehicle, one.time_s)
        for (name, limit), size in zip(self._outline.items(), sizes, strict=True):
            if size > limit:
                sure = size - SIZE_ERROR_M - _ROUNDED_M > limit + self._frame_m
                self._add("over_dimensions", one, size, limit, sure, severity=name)

    def _repeats(self, one: Crossing) -> None:
        """Cases of a vehicle in a year, and the share of a fleet that has one."""
        now, firm = one.time_s, self._rows[one.vehicle]["enterprise"]
        own = [at for at in self._cases.get(one.vehicle, []) if now - at < self._window_s]
        if own and now - own[-1] < self._apart_s:
            return
        self._cases[one.vehicle] = [*own, now]
        if len(own) + 1 > self._times:
            count = float(len(own) + 1)
            self._add("overload_repeat", one, count, self._times, True, severity="vehicle")
        if not firm:
            return
        caught = sum(
            1
            for vehicle, cases in self._cases.items()
            if now - cases[-1] < self._window_s and self._rows[vehicle]["enterprise"] == firm
        )
        limit = self._share * self._fleet[firm]
        if caught > limit and not self._above.get(firm):
            subject = f"enterprise:{firm}"
            self._add(
                "overload_repeat", one, caught, limit, True, severity="enterprise", subject=subject
            )
        self._above[firm] = caught > limit

    def _add(
        self,
        rule: str,
        one: Crossing,
        worst: float,
        limit: float,
        sure: bool,
        severity: str = "",
        subject: str = "",
    ) -> None:
        site = self._sites[str(self._stations.sites[one.gate.site]["code"])]
        at, phone = one.time_s, subject or str(self._rows[one.vehicle]["vehicle"])
        place = (site["lat"], site["lon"], str(site["name"]))
        seconds = SURE_S if sure else 0
        self.offences.append(
            Offence(
                rule, phone, at, at, at, float(worst), float(limit), seconds, *place,
                severity=severity,
            )
        )  # fmt: skip
