"""The codec: any bytes in, the same alert out, and what the schema says of it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sizao.feeds.cap import Alert, Pair, Problem, Read, Reference, encode, read, values
from sizao.feeds.cap.problems import REASONS

from .alerts import NOW, alerts, national, schema, standard

BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>&b;</identifier></alert>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<alert><identifier>&x;</identifier></alert>"""


@given(alerts)
@settings(max_examples=60, deadline=None)
def test_what_was_written_is_read_back(alert: Alert) -> None:
    found = read(encode(alert))
    assert isinstance(found, Read)
    assert found.alert == alert
    assert set(found.departures) <= {"no_event", "bare_reference"}


@given(alerts)
@settings(max_examples=20, deadline=None)
def test_what_is_written_is_valid(alert: Alert) -> None:
    schema().validate(encode(alert))


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
@example(BOMB)
@example(b"<alert/>")
@example(b"\xff\xfe<\x00")
@settings(max_examples=80, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    found = read(data)
    assert isinstance(found, Read) or found.reason in REASONS


@given(st.integers(0, 2000), st.binary(max_size=4))
@settings(max_examples=80, deadline=None)
def test_a_damaged_document_is_read_or_refused(at: int, junk: bytes) -> None:
    whole = encode(standard())
    data = whole[:at] + junk + whole[at + len(junk) :]
    found = read(data)
    assert isinstance(found, Read) or found.reason in REASONS


@pytest.mark.parametrize("data", [BOMB, OUTSIDE])
def test_document_types_are_refused_before_they_act(data: bytes) -> None:
    assert read(data) == Problem("forbidden_xml", "DTDForbidden")


def test_the_control_an_ordinary_parser_takes_the_bomb() -> None:
    from xml.etree import ElementTree

    assert "hahahaha" in ElementTree.tostring(ElementTree.fromstring(BOMB), "unicode")


def test_size_and_depth_are_bounded() -> None:
    assert read(b" " * 2000, max_bytes=1000) == Problem("too_large", "2,000 bytes, at most 1,000")
    deep = b"<alert>" + b"<a>" * 50_000 + b"</a>" * 50_000 + b"</alert>"
    found = read(deep)
    assert isinstance(found, Problem)
    assert found.reason == "forbidden_xml"


@pytest.mark.parametrize("encoding", ["UTF-8", "GBK", "GB2312", "gb18030"])
def test_chinese_encodings(encoding: str) -> None:
    found = read(national(encoding))
    assert isinstance(found, Read)
    assert found.alert.sender == "某市气象台"
    assert "encoding" not in found.departures


def test_gbk_that_calls_itself_utf8_is_read_and_said() -> None:
    found = read(national("UTF-8").decode().encode("gbk"))
    assert isinstance(found, Read)
    assert found.alert.infos[0].headline.startswith("某市气象台发布大雾橙色预警")
    assert "encoding" in found.departures


def test_the_national_dialect() -> None:
    found = read(national())
    assert isinstance(found, Read)
    alert, info = found.alert, found.alert.infos[0]
    assert alert.sent == datetime(2026, 11, 25, 7, 45, tzinfo=UTC)
    assert alert.references == (Reference("", "51040041600000_20261125103000", None),)
    assert info.event_codes == (Pair("eventType", "11B17"),)
    assert info.severity == "Orange"
    assert info.areas[0].geocodes == (Pair("", "510402000000"), Pair("", "510403000000"))
    assert set(found.departures) == {
        "namespace", "element_names", "time_form", "no_event", "severity_word", "bare_geocode",
        "bare_reference",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["identifier", "sender", "sent"])
def test_what_cannot_be_done_without(name: str) -> None:
    data = encode(standard()).decode()
    start, end = data.index(f"<{name}>"), data.index(f"</{name}>")
    assert read((data[:start] + data[end + len(name) + 3 :]).encode()) == Problem(
        "missing_field", name
    )


def test_other_documents_are_not_cap() -> None:
    assert read(b"<rss/>") == Problem("not_cap", "the root element is 'rss'")
    found = read(b"not xml")
    assert isinstance(found, Problem)
    assert found.reason == "not_xml"


def test_a_signature_is_noticed() -> None:
    signature = b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/></alert>'
    data = encode(standard()).replace(b"</alert>", signature)
    found = read(data)
    assert isinstance(found, Read)
    assert found.signed


@pytest.mark.parametrize(
    ("text", "expected", "departure"),
    [
        ("2026-11-25T16:00:00+08:00", NOW, None),
        ("2026-11-25T08:00:00-00:00", NOW, None),
        ("2026-11-25T08:00:00Z", NOW, "time_form"),
        ("2026-11-25 16:00:00+08:00", NOW, "time_form"),
        ("2026-11-25T16:00:00", NOW, "no_zone"),
        ("20261125160000", NOW, "no_zone"),
        ("2026-11-25T16:00:00.5+0800", NOW, None),
        ("2026-02-30T16:00:00+08:00", None, None),
        ("2026-11-25T16:00:00+23:00", None, None),
        ("0001-01-01T00:00:00+08:00", None, None),
        ("yesterday", None, None),
    ],
)
def test_times(text: str, expected: datetime | None, departure: str | None) -> None:
    seen: set[str] = set()
    assert values.read_time(text, seen) == expected
    assert departure is None or departure in seen


def test_shapes_that_are_wrong_are_left_out_and_said() -> None:
    seen: set[str] = set()
    assert values.read_polygon("26,101 27,101 27,102 26,101", seen) is not None
    assert not seen
    assert values.read_polygon("101,26 101,27 102,27", seen) == (
        (26.0, 101.0), (27.0, 101.0), (27.0, 102.0), (26.0, 101.0),
    )  # fmt: skip
    assert seen == {"lon_lat", "unclosed"}
    for text in ("", "1,2", "1,2 3,4", "a,b c,d e,f a,b", "95,1 95,2 95,3 95,1", "1,2 3,nan 1,1"):
        assert values.read_polygon(text, set()) is None, text
    for text in ("", "1,2", "1,2 -3", "1,2 inf", "1 2"):
        assert values.read_circle(text, set()) is None, text


def test_characters_that_xml_has_not_are_replaced() -> None:
    alert = dataclasses.replace(standard(), note="a\x00b\ud800c")
    found = read(encode(alert))
    assert isinstance(found, Read)
    assert found.alert.note == "a\ufffdb\ufffdc"
