"""0x1200 and 0x9200: vehicles, positions, drivers, waybills.

Source: JT/T 809-2011 clause 4.5.8; -2019 answers name the message they answer.
"""

from __future__ import annotations

from sizao.feeds.jt809.fields import TIME, U8, U32, WORD, Counted, PlatformId, Text
from sizao.feeds.jt809.layouts import Layout

_WHO = (("platform_id", PlatformId()), ("producer_id", Text(11)))


def _registration(model: int) -> Layout:
    fields = (*_WHO, ("terminal_model", Text(model)), ("terminal_id", Text(7)), ("sim", Text(12)))
    return Layout(fields, ("2011",))


REGISTRATION = (
    _registration(8),
    _registration(20),
    Layout(
        (
            *_WHO,
            ("terminal_model", Text(30)),
            ("imei", Text(15)),
            ("terminal_id", Text(30)),
            ("sim", Text(13)),
        ),
        ("2019",),
    ),
)
ANSWERED = Layout((("source_data_type", WORD), ("source_msg_sn", U32), ("result", U8)), ("2019",))
"""How 2019 answers: which message, and the result."""
RESULT = Layout((("result", U8),), ("2011",))
REGISTERED = (ANSWERED, RESULT)
RESULT_OR_ANSWERED = (RESULT, ANSWERED)
TAKEN = (
    Layout((), ("2011",)),
    Layout((("source_data_type", WORD), ("source_msg_sn", U32)), ("2019",)),
    ANSWERED,
)
PERIOD = (Layout((("start_time", TIME), ("end_time", TIME))),)
REASON = (Layout((("reason", U8),)),)
DRIVER = (
    Layout(
        (
            ("driver_name", Text(16)),
            ("driver_id", Text(20)),
            ("licence", Text(40)),
            ("org_name", Text(200)),
        ),
        ("2011",),
    ),
    Layout(
        (
            ("driver_name", Text(16)),
            ("driver_id", Text(20)),
            ("licence", Text(40)),
            ("org_name", Text(200)),
            ("valid_until", TIME),
        ),
        ("2019",),
    ),
)


WAYBILL = (Layout((("ewaybill", Counted()),)),)
VEHICLE = (Layout((("car_info", Text()),)),)
"""Static data of a vehicle: ``NAME:=VALUE;NAME:=VALUE`` text."""
