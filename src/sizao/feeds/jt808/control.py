"""Steering a terminal: attributes, upgrades, commands, doors, tracking, server time, keys.

Source: JT/T 808-2013, the clause of each layout; what only 2019 has is marked so.
"""

from __future__ import annotations

from typing import Any

from sizao.feeds.jt808.codecs import (
    U8,
    U16,
    U32,
    Fields,
    LengthOf,
    Raw,
    RestText,
    SizedRaw,
    SizedText,
    Text,
    Word,
)
from sizao.feeds.jt808.fields import Reader
from sizao.feeds.jt808.layout import F, Layout, Widths, edition


def _attributes(maker: int, model: int, terminal: int) -> Layout:
    return Layout(
        "8.15",
        F("terminal_type", U16, "bits", "kinds of vehicle, disk, one piece or several"),
        F("maker_id", Text(maker), "", "maker"),
        F("terminal_model", Text(model), "", "model"),
        F("terminal_id", Text(terminal), "", "the maker's number of the terminal"),
        F("iccid", Raw(10), "BCD", "SIM card"),
        F("hardware_version", SizedText(), "", "version of the hardware"),
        F("firmware_version", SizedText(), "", "version of the firmware"),
        F("gnss_modules", U8, "bits", "0 GPS, 1 Beidou, 2 GLONASS, 3 Galileo"),
        F("radio_modules", U8, "bits", "0 GPRS, 1 CDMA, 2 TD-SCDMA, 3 WCDMA, 4 CDMA2000, 5 LTE"),
    )


ATTRIBUTES = Widths(
    "8.15",
    {
        "2013": _attributes(5, 20, 7),
        "2019": _attributes(11, 30, 30),
        "2019-5": _attributes(5, 30, 30),
        "2011": _attributes(5, 8, 7),
    },
)
"""0x0107: what the terminal is. Makers differ in the width of the maker id."""

_UPGRADE = "0 terminal, 12 card reader, 52 satellite receiver"


def _upgrade(maker: int) -> Layout:
    return Layout(
        "8.16",
        F("upgrade_type", U8, "", _UPGRADE),
        F("maker_id", Text(maker), "", "maker"),
        F("upgrade_version", SizedText(), "", "version of the package"),
        F("data_length", LengthOf("data_hex", U32), "B", "length of the package"),
        F("data_hex", SizedRaw("data_length"), "", "the package"),
    )


UPGRADE = Widths("8.16", {"2013": _upgrade(5), "2013-11": _upgrade(11)})
"""0x8108: a package to install. A maker id of 11 characters is seen beside the standard's 5."""

UPGRADE_RESULT = Layout(
    "8.17",
    F("upgrade_type", U8, "", _UPGRADE),
    F("result", U8, "", "0 done, 1 failed, 2 cancelled"),
)
"""0x0108: how an upgrade went."""

COMMAND = Layout(
    "8.13",
    F(
        "command",
        U8,
        "",
        "1 upgrade, 2 connect, 3 off, 4 reset, 5 factory, 6 data off, 7 radio off",
    ),
    F("args", RestText(), "", "arguments of commands 1 and 2, separated by semicolons"),
)
"""0x8105: do this now."""

TRACKING = Layout(
    "8.21",
    F("interval_s", U16, "s", "report so often; 0 stops, and the message ends here"),
    F("validity_s", U32, "s", "for so long", absent=None),
)
"""0x8202: report more often for a while."""

SERVER_TIME = Layout("2019 only", F("time_utc_bcd", Raw(6), "BCD", "YYMMDDhhmmss in UTC"))
"""0x8004: the platform's clock, for a terminal without a satellite fix."""

DOORS = 0x0001


class Controls:
    """The list of 0x8500 in 2019: id u16 and a parameter whose width the id decides."""

    kind = "list"

    def read(self, reader: Reader, seen: Fields, version: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for _ in range(seen["count"]):
            number = Word(2, 4).read(reader, seen, version)
            if int(number, 16) != DOORS:
                # Only its maker knows how long the parameter is: the rest stays raw.
                found.append({"id": number, "raw": reader.rest().hex()})
                break
            found.append({"id": number, "value": reader.u8()})
        return found

    def write(self, value: Any, fields: Fields, version: str) -> bytes:
        return b"".join(
            int(one["id"], 16).to_bytes(2, "big")
            + (bytes.fromhex(one["raw"]) if "raw" in one else bytes((one["value"],)))
            for one in value
        )


VEHICLE_CONTROL = Layout(
    "8.33",
    F("flag", U8, "bits", "2011, 2013: bit 0 locks the doors", when=edition("2011", "2013")),
    F("count", U16, "", "2019: controls that follow", when=edition("2019")),
    F("controls", Controls(), "", "2019: id 0x0001 is the doors, 1 locks", when=edition("2019")),
)
"""0x8500: doors and the like."""

RSA_KEY = Layout(
    "8.64, 8.65",
    F("rsa_e", U32, "", "exponent"),
    F("rsa_n_hex", Raw(128), "", "modulus"),
)
"""0x8A00 and 0x0A00: a public key."""
