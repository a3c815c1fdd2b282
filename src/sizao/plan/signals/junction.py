"""A junction as its arms and lanes, and which way a movement leads.

A movement is written ``ARM.TURN``: ``N.L`` is the left turn out of arm N. Traffic keeps right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sizao.core.errors import SaidError

TURNS = ("L", "T", "R")
"""Left, through, right. A U-turn counts as a left turn: it uses its lane and its time."""

TURN_NAMES = {"L": ("左转", "left"), "T": ("直行", "through"), "R": ("右转", "right")}
"""A turn in Chinese and English."""

_LEADS = {"L": 90.0, "T": 180.0, "R": 270.0}
"""Bearing of the exit, clockwise from the arm the traffic comes from."""
_TOLERANCE_DEG = 60.0
MOST_LANES = 8


@dataclass(frozen=True)
class Lane:
    """An approach lane: turns that may leave it, of TURNS; width in metres."""

    turns: frozenset[str]
    width_m: float = 3.25


@dataclass(frozen=True)
class Arm:
    """One arm.

    bearing_deg : from the junction outwards, clockwise from north
    lanes : approach lanes from the median (left) to the kerb (right)
    exit_lanes : lanes that lead away, 0 for a one-way street into the junction
    speed_kmh : 85th percentile or limit of the approach
    grade_pct : positive uphill towards the junction
    crossing_m : length of the pedestrian crossing over this arm, 0: there is none
    refuge : the crossing has an island to wait on in its middle
    right_free : right turns pass by an island, outside the signal
    """

    id: str
    name: str
    bearing_deg: float
    lanes: tuple[Lane, ...]
    exit_lanes: int
    speed_kmh: float = 40.0
    grade_pct: float = 0.0
    crossing_m: float = 0.0
    refuge: bool = False
    right_free: bool = False

    @property
    def width_m(self) -> float:
        """Carriageway, both ways."""
        usual = self.lanes[0].width_m if self.lanes else 3.25
        return sum(lane.width_m for lane in self.lanes) + self.exit_lanes * usual


@dataclass(frozen=True)
class Junction:
    """A junction; ``arms`` clockwise from north. ``central``: in a city centre (HCM area type)."""

    name: str
    arms: tuple[Arm, ...]
    central: bool = False

    def arm(self, name: str) -> Arm:
        """Raises SaidError for an unknown arm."""
        for one in self.arms:
            if one.id == name:
                return one
        raise SaidError(f"这个路口没有进口 {name}", f"the junction has no arm {name!r}")

    def exit_of(self, movement: str) -> Arm | None:
        """Where a movement leads; None where there is no arm that way with a lane out."""
        start, turn = split(movement)
        arm = self.arm(start)
        others = [one for one in self.arms if one.id != start and one.exit_lanes]
        want = arm.bearing_deg + _LEADS[turn]
        taken = min(others, key=lambda one: apart(one.bearing_deg, want), default=None)
        if taken is None or apart(taken.bearing_deg, want) > _TOLERANCE_DEG:
            return None
        return taken

    def movements(self) -> list[str]:
        """Every movement that a lane allows and an arm receives, by arm, left to right."""
        found = []
        for arm in self.arms:
            allowed = frozenset[str]().union(*(lane.turns for lane in arm.lanes))
            found += [
                name
                for turn in TURNS
                if turn in allowed and self.exit_of(name := f"{arm.id}.{turn}")
            ]
        return found

    def opposing(self, arm: str) -> str | None:
        """The arm that faces this one; None at the stem of a T."""
        faced = self.exit_of(f"{arm}.T")
        return faced.id if faced else None


def split(movement: str) -> tuple[str, str]:
    """``N.L`` as arm and turn. Raises SaidError for anything else."""
    arm, _, turn = movement.rpartition(".")
    if not arm or turn not in TURNS:
        raise SaidError(
            f"“{movement}”不是流向：写成 进口.L（左）、进口.T（直）或 进口.R（右）",
            f"{movement!r} is no movement: write ARM.L, ARM.T or ARM.R",
        )
    return arm, turn


def spoken(junction: Junction, movement: str) -> str:
    """A movement as people say it in Chinese: ``N.L`` is 北进口左转."""
    arm, turn = split(movement)
    name = next((one.name for one in junction.arms if one.id == arm), arm)
    return f"{name}{TURN_NAMES[turn][0]}"


def apart(one_deg: float, other_deg: float) -> float:
    """Angle between two bearings, 0 to 180.

    >>> apart(350, 20)
    30.0
    """
    return float(abs((one_deg - other_deg + 180) % 360 - 180))


def junction_of(raw: Mapping[str, Any]) -> Junction:
    """The junction of a file, checked. Raises SaidError, in words, for what cannot be."""
    arms = []
    for given in raw.get("arms") or ():
        try:
            lanes = tuple(_lane(one) for one in given["lanes"])
            arms.append(
                Arm(
                    id=str(given["id"]),
                    name=str(given.get("name") or given["id"]),
                    bearing_deg=float(given["bearing_deg"]) % 360,
                    lanes=lanes,
                    exit_lanes=int(given.get("exit_lanes", 1)),
                    speed_kmh=float(given.get("speed_kmh", 40)),
                    grade_pct=float(given.get("grade_pct", 0)),
                    crossing_m=float(given.get("crossing_m", 0)),
                    refuge=bool(given.get("refuge", False)),
                    right_free=bool(given.get("right_free", False)),
                )
            )
        except (KeyError, TypeError, ValueError) as error:
            name = given.get("name") or given.get("id") if isinstance(given, Mapping) else given
            raise SaidError(
                f"进口“{str(name)[:20]}”填写不全或有误",
                f"arm {given!r:.80}: {error}",
            ) from None
    arms.sort(key=lambda one: one.bearing_deg)
    _check(arms)
    return Junction(str(raw.get("name", "")), tuple(arms), bool(raw.get("central", False)))


def _lane(given: Any) -> Lane:
    if isinstance(given, str):
        given = {"turns": given}
    turns = frozenset(str(given["turns"]))
    if not turns or not turns <= set(TURNS):
        raise ValueError(f"a lane leads left (L), through (T) or right (R), not {given['turns']!r}")
    return Lane(turns, float(given.get("width_m", 3.25)))


def _check(arms: list[Arm]) -> None:
    names = [arm.id for arm in arms]
    if not 3 <= len(arms) <= 6:
        raise SaidError(
            f"路口须有 3 至 6 个进口，现在是 {len(arms)} 个", "a junction has 3 to 6 arms"
        )
    if len(set(names)) < len(names) or any("." in name or not name for name in names):
        raise SaidError(
            "每个进口须有自己的编号，不能重复，不能含“.”",
            "arms need names of their own, without a dot",
        )
    for arm in arms:
        if len(arm.lanes) > MOST_LANES or not 0 <= arm.exit_lanes <= MOST_LANES:
            raise SaidError(
                f"{arm.name}：进、出各最多 {MOST_LANES} 条车道",
                f"arm {arm.id}: at most {MOST_LANES} lanes each way",
            )
        if not (5 <= arm.speed_kmh <= 120 and -12 <= arm.grade_pct <= 12):
            raise SaidError(
                f"{arm.name}：车速须为 5 至 120 km/h，坡度须为 -12 至 12 %",
                f"arm {arm.id}: speed 5 to 120 km/h, grade -12 to 12 %",
            )
        if not 0 <= arm.crossing_m <= 80:
            raise SaidError(
                f"{arm.name}：过街长度须为 0 至 80 米",
                f"arm {arm.id}: a crossing is 0 to 80 m long",
            )
        if any(not 2.3 <= lane.width_m <= 6 for lane in arm.lanes):
            raise SaidError(
                f"{arm.name}：车道宽须为 2.3 至 6 米",
                f"arm {arm.id}: lanes are 2.3 to 6 m wide",
            )
    for one, other in zip(arms, [*arms[1:], arms[0]], strict=True):
        if apart(one.bearing_deg, other.bearing_deg) < 20:
            raise SaidError(
                f"{one.name}与{other.name}的方位相差不到 20 度",
                f"arms {one.id} and {other.id} are less than 20 degrees apart",
            )
    if not any(arm.lanes for arm in arms):
        raise SaidError("没有一个进口有进口车道", "no arm has a lane towards the junction")


def as_data(junction: Junction) -> dict[str, Any]:
    """The junction as :func:`junction_of` takes it."""
    return {
        "name": junction.name,
        "central": junction.central,
        "arms": [
            {
                **{key: value for key, value in vars(arm).items() if key != "lanes"},
                "lanes": [
                    {"turns": "".join(t for t in TURNS if t in lane.turns), "width_m": lane.width_m}
                    for lane in arm.lanes
                ],
            }
            for arm in junction.arms
        ],
    }
