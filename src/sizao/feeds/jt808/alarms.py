"""Active-safety items of a location report: 0x64 driving assistance, 0x65 driver state,
0x66 tyres, 0x67 blind spot; and the rows of topic ``device_alarms`` they become.

The ids are reused by other makers with other lengths, so the length decides and the id alone
never does: what does not fit stays raw. The speed in these items is whole km/h, unlike the base
report. Their coordinates carry no hemisphere of their own and are given as sent.

What is common to all dialects is here; each dialect is a file in :mod:`.vendors`.

Source: T/JSATL 12-2017 tables 4-15 to 4-20.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sizao.feeds.jt808.codecs import I16, U8, U16, U32, Place, Raw, Text, Time
from sizao.feeds.jt808.layout import Each, F, Layout


def identity(terminal: int, reserved: int) -> Layout:
    """The alarm identity that evidence files refer to."""
    return Layout(
        "T/JSATL 12 table 4-16",
        F("terminal_id", Text(terminal), "", "the maker's number of the terminal"),
        F("time", Time(), "", "when the alarm began"),
        F("sequence", U8, "", "number of the alarm at that time"),
        F("attachment_count", U8, "", "files the terminal has of it"),
        F("reserved", Raw(reserved), "", "zeros"),
    )


IDENTITIES = {"narrow": identity(7, 1), "wide": identity(30, 2)}
"""Of 16 bytes, and of 40 (Guangdong)."""
IDENTITY, WIDE_IDENTITY = 16, 40


def is_wide(alarm_ident: Mapping[str, Any]) -> bool:
    """Whether a decoded identity is one of 40 bytes."""
    return len(alarm_ident["reserved"]) == 4


def identity_bytes(alarm_ident: Mapping[str, Any]) -> bytes:
    """The identity as it goes over the wire."""
    layout = IDENTITIES["wide" if is_wide(alarm_ident) else "narrow"]
    return layout.encode(alarm_ident, "")


_ALARM = (
    F("alarm_id", U32, "", "number of the alarm since the terminal started"),
    F("flag_state", U8, "", "0 a moment, 1 start, 2 end"),
)
_TYPE = (*_ALARM, F("alarm_type", U8, "", "see the kinds below"))
_GRADED = (*_TYPE, F("level", U8, "", "1 or 2, as the device graded it"))


def _place(alarm_ident: Layout) -> tuple[F, ...]:
    return (
        F("speed_kmh", U8, "km/h", "whole km/h, unlike the report"),
        F("altitude_m", U16, "m", "altitude"),
        F("lat", Place(None), "deg", "latitude, unsigned"),
        F("lon", Place(None), "deg", "longitude, unsigned"),
        F("time", Time(), "", "time of the alarm"),
        F("vehicle_state", U16, "bits", "0 ACC, 1 left, 2 right, 3 wiper, 4 brake, 5 card, 10 fix"),
        F("alarm_ident", alarm_ident, "", "identity"),
    )


_WHEEL = Layout(
    "T/JSATL 12 table 4-19",
    F("position", U8, "", "wheel, from the front left, row by row"),
    F("alarm_type", U16, "bits", "see the kinds below"),
    F("pressure_kpa", U16, "kPa", "pressure"),
    F("temp_c", I16, "degC", "temperature"),
    F("battery_pct", U16, "%", "battery of the sensor"),
)


def items_with(alarm_ident: Layout) -> dict[int, Layout]:
    """The four items by id, with this kind of identity in them."""
    place = _place(alarm_ident)
    return {
        0x64: Layout(
            "T/JSATL 12 table 4-15",
            *_GRADED,
            F("front_speed_kmh", U8, "km/h", "vehicle in front"),
            F("front_distance_100ms", U8, "100 ms", "time gap to it"),
            F("deviate_type", U8, "", "1 left, 2 right"),
            F("road_sign_type", U8, "", "1 speed, 2 height, 3 weight"),
            F("road_sign_value", U8, "", "what the sign says"),
            *place,
        ),
        0x65: Layout(
            "T/JSATL 12 table 4-17",
            *_GRADED,
            F("fatigue_degree", U8, "", "1 to 10, of type fatigue"),
            F("reserved", Raw(4), "", "zeros"),
            *place,
        ),
        0x66: Layout(
            "T/JSATL 12 table 4-18",
            *_ALARM,
            *place,
            F("wheels", Each(_WHEEL, U8), "", "wheels with an alarm"),
        ),
        0x67: Layout("T/JSATL 12 table 4-20", *_TYPE, *place),
    }


@dataclass(frozen=True)
class Dialect:
    """One reading of the items: which identity they carry, hence how long they are."""

    name: str
    title: str
    """What the reference page calls it."""
    size: int
    """Bytes of the identity."""
    items: Mapping[int, Layout]

    def fits(self, item: int, value: bytes) -> bool:
        """Whether an item has one of this dialect's lengths."""
        more = self.size - IDENTITY
        if item == 0x66:
            # 40 bytes before the number of wheels, nine for each.
            return len(value) > 40 + more and len(value) == 41 + more + 9 * value[40 + more]
        lengths = {0x64: 47, 0x65: 47, 0x67: 41}
        return item in lengths and len(value) == lengths[item] + more


FAMILIES = {0x64: "adas", 0x65: "dsm", 0x66: "tpms", 0x67: "bsd"}
"""Item id to the key of its fields, which is also the first half of a kind."""

KINDS: dict[str, dict[int, str]] = {
    "adas": {
        1: "forward_collision",
        2: "lane_departure",
        3: "too_close",
        4: "pedestrian",
        5: "frequent_lane_change",
        6: "sign_limit",
        7: "obstacle",
        0x10: "sign_event",
        0x11: "snapshot",
    },
    "dsm": {
        1: "fatigue",
        2: "phone",
        3: "smoking",
        4: "distraction",
        5: "driver_abnormal",
        0x10: "snapshot",
        0x11: "driver_change",
    },
    "bsd": {1: "rear", 2: "left", 3: "right"},
    "tpms": {
        0: "timed_report",
        1: "pressure_high",
        2: "pressure_low",
        3: "temperature_high",
        4: "sensor_abnormal",
        5: "pressure_uneven",
        6: "slow_leak",
        7: "battery_low",
    },
}
"""Second half of a kind: of tyres by bit number, else by type."""


def kinds(family: str, alarm: Mapping[str, Any]) -> list[str]:
    """The kinds an item reports, such as ``dsm.fatigue``; an unknown type keeps its number."""
    names = KINDS[family]
    if family != "tpms":
        number = alarm["alarm_type"]
        return [f"{family}.{names.get(number, f'type_{number:02x}')}"]
    word = 0
    for wheel in alarm["wheels"]:
        word |= wheel["alarm_type"]
    bits = [bit for bit in range(16) if word >> bit & 1] or [0]
    return [f"{family}.{names.get(bit, f'bit_{bit}')}" for bit in bits]
