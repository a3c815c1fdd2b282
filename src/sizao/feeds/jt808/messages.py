"""Every message Sizao can read or write, one line each.

A message that is not here still gets its header and checksum checked, and keeps its body as
``body_hex``. To add one: write its decoder in the file of its subject, add the line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sizao.feeds.jt808 import (
    batch,
    control,
    driver,
    evidence,
    location,
    media,
    parameters,
    registration,
    replies,
    text,
)

Decode = Callable[[bytes, str], dict[str, Any]]
"""Body and header version ("2013", "2019") to JSON keys. Raises Malformed."""
Encode = Callable[[Mapping[str, Any], str], bytes]
"""The inverse."""


class Message(NamedTuple):
    """One message: its name, its decoder, and its encoder where Sizao has to write it."""

    name: str
    decode: Decode
    encode: Encode | None = None
    proven: bool = True
    """A real frame of it is among the golden ones. If not, decoding keeps ``body_hex`` too, so
    that nothing is lost should the layout turn out to be read wrongly."""


MESSAGES: dict[int, Message] = {
    # terminal to platform
    0x0001: Message("terminal answer", replies.decode_general, replies.encode_general),
    0x0002: Message("heartbeat", replies.decode_empty, replies.encode_empty),
    0x0003: Message("logout", replies.decode_empty, replies.encode_empty, proven=False),
    0x0100: Message(
        "registration", registration.decode_registration, registration.encode_registration
    ),
    0x0102: Message(
        "authentication", registration.decode_authentication, registration.encode_authentication
    ),
    0x0104: Message("parameters", parameters.decode_parameters, parameters.encode_parameters),
    0x0108: Message("upgrade result", control.decode_upgrade_result),
    0x0200: Message("location", location.decode_report, location.encode_report),
    0x0201: Message("location answer", location.decode_answer),
    0x0301: Message("event report", control.decode_event_report),
    0x0302: Message("question answer", control.decode_question_answer),
    0x0303: Message("information request", control.decode_info_request),
    0x0702: Message("driver card", driver.decode_driver, driver.encode_driver),
    0x0704: Message("location batch", batch.decode_batch, batch.encode_fields),
    0x0705: Message("CAN frames", control.decode_can),
    0x0800: Message("media event", media.decode_event),
    0x0801: Message("media data", media.decode_data),
    0x0805: Message("shot answer", media.decode_shot_answer),
    0x0900: Message("transparent up", control.decode_transparent),
    0x0901: Message("compressed up", control.decode_compressed),
    0x0A00: Message("terminal RSA key", control.decode_rsa_key, proven=False),
    0x1210: Message("evidence announcement", evidence.decode_announcement),
    0x1211: Message("evidence file", evidence.decode_file),
    0x1212: Message("evidence file sent", evidence.decode_file),
    # platform to terminal
    0x8001: Message("platform answer", replies.decode_general, replies.encode_general),
    0x8003: Message("resend parts", replies.decode_resend, replies.encode_resend),
    0x8100: Message(
        "registration answer",
        registration.decode_registration_answer,
        registration.encode_registration_answer,
    ),
    0x8103: Message("set parameters", parameters.decode_settings, parameters.encode_settings),
    0x8104: Message("query parameters", replies.decode_empty, replies.encode_empty),
    0x8105: Message("terminal control", control.decode_terminal_control),
    0x8106: Message("query some parameters", parameters.decode_query),
    0x8201: Message("query location", replies.decode_empty, replies.encode_empty, proven=False),
    0x8202: Message("tracking", control.decode_tracking),
    0x8203: Message(
        "alarm confirmation", replies.decode_alarm_confirmation, replies.encode_alarm_confirmation
    ),
    0x8300: Message("text", text.decode_text, text.encode_text),
    0x8400: Message("call back", control.decode_call_back),
    0x8601: Message("delete circles", control.decode_deletion),
    0x8603: Message("delete rectangles", control.decode_deletion, proven=False),
    0x8605: Message("delete polygons", control.decode_deletion, proven=False),
    0x8607: Message("delete routes", control.decode_deletion, proven=False),
    0x8800: Message("media upload answer", media.decode_upload_answer),
    0x8801: Message("take pictures", media.decode_shot),
    0x8900: Message("transparent down", control.decode_transparent),
    0x8A00: Message("platform RSA key", control.decode_rsa_key),
    0x9208: Message("evidence request", evidence.decode_request),
    0x9212: Message("evidence file answer", evidence.decode_file_answer),
}
"""Message id to its line."""
