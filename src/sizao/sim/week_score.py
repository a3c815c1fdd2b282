"""The hours of a week scored: a few coaches that drive on for eight days before the scored span.

Nobody can be 44 h at the wheel in a run of three days. So a small fleet of its own, coaches out of
the same mould, begins eight days earlier: a day more than the rule's window, so that at the start
of the scored span it is full and has begun to forget. Motion, terminals with their faults, bytes,
matching and rule are those of ``score.py``; the truth is ``hours_truth.py`` as ever. What began
before the scored span, offence or detection, is matched and not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.core.vehicles import COACHES, KIND_CODES
from sizao.detect import engine
from sizao.detect.context import Context
from sizao.detect.state import EngineState
from sizao.sim.city import City
from sizao.sim.fleet import Fleet, fleet
from sizao.sim.intake import Intake
from sizao.sim.terminal import Terminals
from sizao.sim.traffic import Traffic
from sizao.sim.truth import Offence, Truth
from sizao.sim.world import STEP_S, World

RULE = "coach_week_total"

COACHES_A_VEHICLE = 0.014
"""So many coaches for each vehicle of the scored fleet: seventy for five thousand."""

BEFORE_S = 8 * 86_400

_DRAWN_A_COACH = 8
"""Vehicles drawn for one coach to be found among them; more than one in five is."""


@dataclass(frozen=True, eq=False)
class Week:
    """What happened and what was seen, the days before included. ``fault`` as of Terminals."""

    fleet: Fleet
    fault: npt.NDArray[np.int8]
    offences: list[Offence]
    frames: int = 0
    positions: int = 0


def coaches(city: City, number: int, seed: int) -> Fleet:
    """``number`` made-up coaches."""
    drawn = fleet(city, number * _DRAWN_A_COACH, seed)
    rows = np.flatnonzero(np.isin(drawn.kind, [KIND_CODES[kind] for kind in COACHES]))
    return drawn.take(rows[:number])


def run(
    city: City,
    seed: int,
    vehicles: int,
    start_s: int,
    seconds: int,
    take: Callable[[list[Mapping[str, Any]]], None],
) -> Week | None:
    """Coaches for a fleet of ``vehicles``, scored for ``seconds`` from ``start_s`` on; None if the
    fleet is too small for one. ``take`` gets rows of DETECTION as they come."""
    number = int(vehicles * COACHES_A_VEHICLE)
    if number == 0:
        return None
    cars = coaches(city, number, seed)
    begin_s = start_s - BEFORE_S
    terminals, truth = Terminals(city.network, cars, seed), Truth(city.network, cars)
    world = World(Traffic(city, cars, seed, begin_s), terminals, truth)
    context = Context.build(city.network, cars.register, only=frozenset({RULE}))
    state, intake = EngineState(), Intake()
    offences: list[Offence] = []
    frames = positions = 0
    end_s = start_s + seconds
    while world.now_s < end_s:
        parts, ended = world.advance(min(STEP_S, end_s - world.now_s))
        if world.now_s == end_s:
            parts.append(terminals.drain())
        offences += [one for one in ended if one.rule == RULE]
        for part in parts:
            batch = intake.take(part)
            frames += len(part)
            positions += len(batch)
            detections, state = engine.step(batch, state, context)
            take(detections.to_pylist())
    offences += [one for one in world.truth.close() if one.rule == RULE]
    take(engine.close(state, context).to_pylist())
    return Week(cars, terminals.fault, offences, frames, positions)
