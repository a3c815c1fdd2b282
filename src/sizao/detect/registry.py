"""The rules that run, in an explicit list. To add one, see docs/how-to/add-a-rule.md."""

from __future__ import annotations

from sizao.detect.record_rules.capacity_alarm import CapacityAlarm
from sizao.detect.record_rules.cloned_plate import ClonedPlate
from sizao.detect.record_rules.drink_driving import DrinkDriving
from sizao.detect.record_rules.dsm_fatigue import DsmFatigue
from sizao.detect.record_rules.hot_list import HotList
from sizao.detect.record_rules.over_capacity import OverCapacity
from sizao.detect.record_rules.over_dimensions import OverDimensions
from sizao.detect.record_rules.over_permitted_mass import OverPermittedMass
from sizao.detect.record_rules.over_rated_payload import OverRatedPayload
from sizao.detect.record_rules.over_road_limit import OverRoadLimit
from sizao.detect.record_rules.overload_repeat import OverloadRepeat
from sizao.detect.record_rules.passage_unreported import PassageUnreported
from sizao.detect.record_rules.section_speed import SectionSpeed
from sizao.detect.records import RecordRule
from sizao.detect.road_rules.slow_traffic import SlowTraffic
from sizao.detect.rules.area_forbidden import AreaForbidden
from sizao.detect.rules.area_limit import AreaLimit
from sizao.detect.rules.coach_curfew import CoachCurfew
from sizao.detect.rules.coach_day_total import CoachDayTotal
from sizao.detect.rules.coach_night_fatigue import CoachNightFatigue
from sizao.detect.rules.coach_night_speed import CoachNightSpeed
from sizao.detect.rules.coach_week_total import CoachWeekTotal
from sizao.detect.rules.fatigue import Fatigue
from sizao.detect.rules.impossible_jump import ImpossibleJump
from sizao.detect.rules.long_downgrade import LongDowngrade
from sizao.detect.rules.offline_moving import OfflineMoving
from sizao.detect.rules.route_departure import RouteDeparture
from sizao.detect.rules.speeding import Speeding
from sizao.detect.rules.stopped_on_expressway import StoppedOnExpressway
from sizao.detect.rules.terminal_alarm import TerminalAlarm
from sizao.detect.rules.terminal_fault import TerminalFault
from sizao.detect.rules.terminal_moved import TerminalMoved
from sizao.detect.rules.wrong_way import WrongWay
from sizao.detect.stage import Rule

RULES: tuple[Rule, ...] = (
    Speeding(),
    Fatigue(),
    TerminalAlarm(),
    AreaForbidden(),
    AreaLimit(),
    RouteDeparture(),
    CoachNightSpeed(),
    CoachNightFatigue(),
    LongDowngrade(),
    StoppedOnExpressway(),
    TerminalFault(),
    ImpossibleJump(),
    OfflineMoving(),
    TerminalMoved(),
    WrongWay(),
    CoachCurfew(),
    CoachDayTotal(),
    CoachWeekTotal(),
)
"""Every rule. The order is that of columns in ``EngineState`` and of the live board's list."""


ROAD_RULES: tuple[Rule, ...] = (SlowTraffic(),)
"""Rules over positions whose subject is a place: vehicles do touch each other there."""

RECORD_RULES: tuple[RecordRule, ...] = (
    OverRoadLimit(),
    OverPermittedMass(),
    OverRatedPayload(),
    OverDimensions(),
    OverloadRepeat(),
    ClonedPlate(),
    HotList(),
    SectionSpeed(),
    PassageUnreported(),
    DrinkDriving(),
    OverCapacity(),
    DsmFatigue(),
    CapacityAlarm(),
)
"""Every rule over records that are not positions."""


def ids() -> set[str]:
    """Ids of all rules of all kinds."""
    return {rule.id for rule in every()}


def every() -> tuple[Rule | RecordRule, ...]:
    """All of them."""
    return (*RULES, *ROAD_RULES, *RECORD_RULES)
