"""Crash records of the register (schema CRASH) as the arrays that models take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sizao.risk.crashes import Crashes

GENERAL = ("fatal", "injury")
"""Procedure classes that the black-spot rules count as handled by the general procedure.

The register knows death, injury and damage and not the procedure itself; where somebody was hurt
the general procedure is the rule (道路交通事故处理程序规定, 2017).
"""


@dataclass(frozen=True, eq=False)
class Located:
    """Crashes with a place, and how many have none."""

    crashes: Crashes
    table: pa.Table
    """Their rows of schema CRASH, in the same order."""
    unlocated: int


def located(batch: pa.RecordBatch | pa.Table, zone: ZoneInfo) -> Located:
    """Crashes that have coordinates, times in local time. ``batch`` has schema CRASH."""
    table = pa.table(batch) if isinstance(batch, pa.RecordBatch) else batch
    placed = pc.and_(pc.is_valid(table["lat"]), pc.is_valid(table["lon"]))
    found = table.filter(placed)
    local = [moment.astimezone(zone) for moment in found["time"].to_pylist()]
    hour_known = found["hour_known"].to_pylist()
    injured, serious = _people(found, "injured"), _people(found, "serious")
    procedure = _texts(found, "procedure")
    crashes = Crashes(
        lat=found["lat"].to_numpy(),
        lon=found["lon"].to_numpy(),
        year=_ints(one.year for one in local),
        month=_ints(one.month for one in local),
        day=_ints(one.day for one in local),
        hour=_ints(one.hour if known else -1 for one, known in zip(local, hour_known, strict=True)),
        deaths=_deaths(_people(found, "dead"), procedure),
        serious_injuries=serious,
        injuries=np.where((injured < 0) & (procedure == "injury"), 1, injured),
        pattern=_texts(found, "collision"),
        road_factor=np.zeros(len(found), np.bool_),
        general_procedure=np.isin(procedure, GENERAL),
        has_harm=True,
    )
    return Located(crashes, found, len(table) - len(found))


def _deaths(
    deaths: npt.NDArray[np.int64], procedure: npt.NDArray[np.str_]
) -> npt.NDArray[np.int64]:
    """A crash recorded as fatal without a number had at least one death."""
    least = np.where(procedure == "fatal", 1, np.where(procedure == "", -1, 0))
    return np.where(deaths >= 0, deaths, least)


def _people(table: pa.Table, name: str) -> npt.NDArray[np.int64]:
    return np.asarray(pc.fill_null(table[name].cast(pa.int64()), -1), np.int64)


def _texts(table: pa.Table, name: str) -> npt.NDArray[np.str_]:
    return np.array([text or "" for text in table[name].to_pylist()], np.str_)


def _ints(values: Any) -> npt.NDArray[np.int64]:
    return np.fromiter(values, np.int64)
