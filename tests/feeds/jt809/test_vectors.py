"""Every golden frame decodes to exactly its keys, and is written again byte for byte."""

from __future__ import annotations

from typing import Any

import pytest

from sizao.feeds.jt809.decode import decode_frame, open_frame
from sizao.feeds.jt809.dialect import Dialect
from sizao.feeds.jt809.encode import encode_body, encode_frame
from sizao.feeds.jt809.framing import Framer
from sizao.feeds.jt809.lines import decode_line
from sizao.feeds.jt809.messages import MESSAGES, SUBMESSAGES, UNPROVEN
from sizao.feeds.jt809.problems import KINDS

from .adapter import keys_of
from .vectors import COLLECTED, load

NOT_THE_SAME = {
    "jt809-1201-a1f64089": "pads its texts on the left, the standard on the right",
}
"""Frames whose bytes the standard does not fix."""
DIALECTS = {
    "jt809-9403-617e2918": Dialect(platform_id="integer"),
    "jt809-ream-06986460": Dialect(platform_id="integer"),
}
"""Frames of peers with an option of the link."""


def test_collected_vectors_are_there() -> None:
    if not COLLECTED.exists():
        pytest.skip("the collected vectors are not beside this checkout; constructed ones only")
    assert len(load("frame", "frame_header_only", "stream", "stream_chunks")) >= 89


@pytest.mark.parametrize("vector", load("frame"))
def test_frame_has_exactly_the_expected_keys(vector: dict[str, Any]) -> None:
    fields = decode_line(vector["hex"], keys_of(vector))
    expected = vector["expected"]
    if "error" in expected:
        assert fields["error"]["kind"] == expected["error"]
        assert expected["error"] in KINDS
    else:
        assert fields == expected


@pytest.mark.parametrize("vector", load("frame", "frame_header_only", "stream", "stream_chunks"))
def test_encoding_gives_the_same_bytes(vector: dict[str, Any]) -> None:
    """encode(decode(frame)) is the frame: escapes, CRC, cipher and all."""
    keys = keys_of(vector)
    dialect = DIALECTS.get(vector["id"], Dialect())
    for raw in Framer().feed(bytes.fromhex(vector["hex"])):
        fields = decode_frame(raw, keys)
        if "error" in fields:
            continue
        message = int(fields.get("sub_type", fields["business_type"]), 16)
        header = open_frame(raw).header
        body = (
            bytes.fromhex(fields["body_hex"])
            if "body_hex" in fields
            else encode_body(message, fields, fields["version"], dialect)
        )
        again = encode_frame(
            message if "sub_type" in fields else header.business,
            # The 2019 login repeats the code in its body, whose value the decoder shows.
            header.access_code,
            fields["msg_sn"],
            body,
            sent=header.sent,
            version=bytes.fromhex(fields["protocol_version_flag"]),
            key=fields["encrypt_key"],
            keys=keys if fields["encrypt_flag"] else None,
        )
        same = again == b"\x5b" + raw + b"\x5d"
        assert same is (vector["id"] not in NOT_THE_SAME)


@pytest.mark.parametrize("vector", load("stream", "stream_chunks"))
def test_stream_byte_by_byte(vector: dict[str, Any]) -> None:
    framer = Framer()
    data = bytes.fromhex(vector["hex"])
    raws = [raw for byte in data for raw in framer.feed(bytes((byte,)))]
    assert raws == Framer().feed(data)


def test_what_is_called_unproven_has_no_golden_frame() -> None:
    if not COLLECTED.exists():
        pytest.skip("the collected vectors are not beside this checkout")
    vectors = [p.values[0] for p in load("frame")]
    golden = {
        int(v["sub_message_id"] or v["message_id"], 16)
        for v in vectors
        if "error" not in v["expected"]
    }
    assert {*MESSAGES, *SUBMESSAGES} - golden == UNPROVEN
