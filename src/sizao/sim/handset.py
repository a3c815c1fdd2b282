"""One terminal that does what the platform says: the pure half of ``sizao terminal``.

It keeps parameters and areas, answers every message of the standard, and makes the frames it
sends. Sockets are :mod:`.handset_link`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sizao.feeds.jt808 import encode_body, encode_message
from sizao.feeds.jt808.alarms import FAMILIES, KINDS
from sizao.feeds.jt808.fields import bcd_time, iso_time, word
from sizao.feeds.jt808.header import Header
from sizao.feeds.jt808.items import encode_item
from sizao.feeds.jt808.location import encode_location
from sizao.feeds.jt808.parameters import PARAMETERS
from sizao.feeds.jt808.replies import OK, UNSUPPORTED

Answer = tuple[int, dict[str, Any]]
"""Message id and fields of something to say."""

SHAPES = {0x8600: 1, 0x8602: 2, 0x8604: 3, 0x8606: 4}
"""Messages that set areas, and the shape 0x8608 asks for them by."""
DELETIONS = {0x8601: 1, 0x8603: 2, 0x8605: 3, 0x8607: 4}

TAKEN = frozenset(
    {
        *(0x8105, 0x8108, 0x8202, 0x8203, 0x8204, 0x8300, 0x8301, 0x8303, 0x8304, 0x8400),
        *(0x8401, 0x8701, 0x8803, 0x8804, 0x8805, 0x8900, 0x8A00, 0x9208),
    }
)
"""Orders that are only acknowledged."""


@dataclass(frozen=True)
class Identity:
    """What a terminal says of itself."""

    phone: str
    version: str = "2013"
    """Edition of the standard: 2011, 2013 or 2019."""
    plate: str = "川DI0001"
    plate_color: int = 2
    province_id: int = 51
    city_id: int = 400
    maker_id: str = "SIZAO"
    model: str = "SIM-1"
    terminal_id: str = "S000001"
    imei: str = "000000000000000"
    software: str = "sizao-terminal"


class Handset:
    """A terminal's memory, and the ``Speaker`` of its :class:`sizao.sim.link.Link`."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.parameters: dict[int, int | str] = {0x01: 60, 0x29: 10, 0x55: 80, 0x57: 14_400}
        self.areas: dict[int, dict[int, dict[str, Any]]] = {1: {}, 2: {}, 3: {}, 4: {}}
        self.location = encode_location(time_us=1_767_225_600_000_000, lat=0, lon=0, status=1)
        """Body of the last position."""
        self.locked = False
        self._serial = 0

    # Speaking.

    def frame(self, vehicle: int, message_id: int, fields: Mapping[str, Any]) -> bytes:
        """A message; a long one is several frames."""
        version = self.identity.version
        if message_id == 0x0200:
            body = self.location
        elif message_id in (0x0201, 0x0500):
            body = int(fields["reply_serial"]).to_bytes(2, "big") + self.location
        else:
            body = encode_body(message_id, fields, version)
        frames = encode_message(message_id, self.identity.phone, self._serial, body, version)
        self._serial = (self._serial + len(frames)) & 0xFFFF
        return b"".join(frames)

    def registration(self, vehicle: int) -> bytes:
        """0x0100."""
        me = self.identity
        fields = {
            "province_id": me.province_id,
            "city_id": me.city_id,
            "maker_id": me.maker_id,
            "terminal_model": me.model,
            "terminal_id": me.terminal_id,
            "plate_color": me.plate_color,
            "plate": me.plate,
        }
        return self.frame(0, 0x0100, fields)

    def authentication(self, vehicle: int, code: str) -> bytes:
        """0x0102."""
        me = self.identity
        fields = {"auth_code": code, "imei": me.imei, "software_version": me.software}
        return self.frame(0, 0x0102, fields)

    def position(
        self,
        at_us: int,
        lat: float,
        lon: float,
        *,
        items: Sequence[Mapping[str, Any]] = (),
        **more: Any,
    ) -> bytes:
        """0x0200; ``more`` are arguments of ``encode_location``. Remembered for 0x8201."""
        self.location = encode_location(time_us=at_us, lat=lat, lon=lon, items=items, **more)
        frame = self.frame(0, 0x0200, {})
        # An alarm is of its moment: the answer to a later query does not repeat it.
        quiet = [one for one in items if int(str(one["id"]), 16) not in FAMILIES]
        self.location = self.location[:28] + b"".join(encode_item(one) for one in quiet)
        return frame

    # Hearing.

    def answer(self, header: Header, fields: Mapping[str, Any]) -> list[Answer]:
        """What to say to a message of the platform; nothing to an answer."""
        message_id, serial = header.message_id, header.serial
        if message_id in (0x8001, 0x8100, 0x8003, 0x8004, 0x8800, 0x9212):
            return []
        general = {"reply_serial": serial, "reply_message_id": word(message_id), "result": OK}
        done: Answer = (0x0001, general)
        reply = {"reply_serial": serial}
        if message_id == 0x8103:
            for one in fields["params"]:
                if "value" in one:
                    self.parameters[int(one["id"], 16)] = one["value"]
            return [done]
        if message_id in (0x8104, 0x8106):
            return [(0x0104, reply | self._parameters(fields.get("param_ids")))]
        if message_id == 0x8107:
            return [(0x0107, self._attributes())]
        if message_id == 0x8201:
            return [(0x0201, reply)]
        if message_id == 0x8302:
            answers = fields["answers"]
            return [done, *([(0x0302, reply | {"answer_id": answers[0]["id"]})] if answers else [])]
        if message_id == 0x8500:
            self.locked = bool(fields.get("flag", 0) & 1) or any(
                one.get("value") for one in fields.get("controls", ())
            )
            return [(0x0500, reply)]
        if message_id in SHAPES or message_id in DELETIONS or message_id == 0x8608:
            return self._areas(message_id, fields, done)
        if message_id == 0x8700:
            return [(0x0700, reply | {"command": fields["command"], "data_hex": ""})]
        if message_id == 0x8702:
            return [(0x0702, {"status": 2, "time": self._time()})]
        if message_id == 0x8801:
            return [(0x0805, reply | {"result": 1, "media_ids": []})]
        if message_id == 0x8802:
            return [(0x0802, reply | {"count": 0, "items": []})]
        return [done if message_id in TAKEN else (0x0001, general | {"result": UNSUPPORTED})]

    def _parameters(self, wanted: Sequence[str] | None) -> dict[str, Any]:
        numbers = self.parameters if wanted is None else [int(one, 16) for one in wanted]
        known = [number for number in numbers if number in self.parameters]
        params = [self._parameter(number, self.parameters[number]) for number in known]
        return {"count": len(params), "params": params}

    @staticmethod
    def _parameter(number: int, value: int | str) -> dict[str, Any]:
        if isinstance(value, str):
            return {"id": word(number), "value": value, "length": len(value.encode("gbk"))}
        width = PARAMETERS[number].width if number in PARAMETERS else 4
        return {"id": word(number), "value": value, "length": width}

    def _attributes(self) -> dict[str, Any]:
        me = self.identity
        return {
            "layout": me.version,
            "terminal_type": 1,
            "maker_id": me.maker_id,
            "terminal_model": me.model,
            "terminal_id": me.terminal_id,
            "iccid": "0" * 20,
            "hardware_version": "1",
            "firmware_version": me.software,
            "gnss_modules": 3,
            "radio_modules": 32,
        }

    def _areas(self, message_id: int, fields: Mapping[str, Any], done: Answer) -> list[Answer]:
        if message_id == 0x8608:
            kept = self.areas.get(fields["shape"], {})
            found = [kept[one] for one in (fields["ids"] or kept) if one in kept]
            return [(0x0608, {"shape": fields["shape"], "count": len(found), "areas": found})]
        if message_id in DELETIONS:
            kept = self.areas[DELETIONS[message_id]]
            for one in fields["ids"] or list(kept):
                kept.pop(one, None)
            return [done]
        kept = self.areas[SHAPES[message_id]]
        if fields.get("setting") == 0:
            kept.clear()
        for one in fields.get("areas", [fields]):
            kept[one["id"]] = {k: v for k, v in one.items() if k not in ("body_hex", "trailing")}
        return [done]

    def _time(self) -> str:
        return iso_time(self.location[22:28]) or "2026-01-01T00:00:00+08:00"


def alarm_item(
    kind: str,
    at_us: int,
    lat: float,
    lon: float,
    *,
    terminal_id: str,
    files: int,
    sequence: int = 1,
    speed_kmh: float = 0.0,
    level: int = 2,
) -> dict[str, Any]:
    """An active-safety item of a kind such as ``dsm.fatigue``, in the form of T/JSATL 12.

    Raises ValueError, naming the kinds there are, for another.
    """
    family, _, name = kind.partition(".")
    numbers = {word: number for number, word in KINDS.get(family, {}).items()}
    if name not in numbers or family == "tpms":
        known = ", ".join(
            f"{one}.{word}"
            for one, words in KINDS.items()
            if one != "tpms"
            for word in words.values()
        )
        raise ValueError(f"no alarm {kind!r}; there are {known}")
    item = next(number for number, one in FAMILIES.items() if one == family)
    time = iso_time(bcd_time(at_us))
    fields: dict[str, Any] = {
        "alarm_id": sequence,
        "flag_state": 0,
        "alarm_type": numbers[name],
        "level": level,
        "fatigue_degree": 8,
        "reserved": "00000000",
        "front_speed_kmh": 0,
        "front_distance_100ms": 0,
        "deviate_type": 0,
        "road_sign_type": 0,
        "road_sign_value": 0,
        "speed_kmh": min(round(speed_kmh), 255),
        "altitude_m": 0,
        "lat": abs(lat),
        "lon": abs(lon),
        "time": time,
        "vehicle_state": 1,
        "alarm_ident": {
            "terminal_id": terminal_id,
            "time": time,
            "sequence": sequence,
            "attachment_count": files,
            "reserved": "00",
        },
    }
    return {"id": f"0x{item:02X}", family: fields}
