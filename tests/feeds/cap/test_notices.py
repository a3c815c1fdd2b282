"""From documents to weather notices, and the lists they come in."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from shapely import from_wkt

from sizao.core.schemas import WEATHER_NOTICE
from sizao.feeds.cap import Alert, Area, Circle, Pair, Problem, Read, Reference, encode, read
from sizao.feeds.cap.feed import Entry, read_list
from sizao.feeds.cap.notices import rows
from sizao.feeds.cap.problems import REASONS

from .alerts import NOW, alerts, national, standard


def rows_of(data: bytes | Alert, received: Any = NOW) -> list[dict[str, Any]]:
    found = read(encode(data) if isinstance(data, Alert) else data)
    assert isinstance(found, Read)
    made = rows(found, received, "weather:test")
    assert not isinstance(made, Problem)
    return made


def test_the_chinese_half_of_a_document() -> None:
    (row,) = rows_of(standard())
    assert row["notice"] == "fog-1"
    assert row["kind"] == "fog"
    assert row["headline"] == "大雾预警"
    assert row["time"] == NOW + timedelta(hours=1)
    assert row["until"] == NOW + timedelta(hours=7)
    assert row["area"] == "510402"
    assert row["polygon"] == "POLYGON ((101.7 26.5, 101.7 26.6, 101.8 26.6, 101.7 26.5))"
    assert row["level"] == "orange"
    assert row["quality"] == "level_from_severity"
    assert row["status"] == "actual"


def test_the_national_dialect() -> None:
    (row,) = rows_of(national())
    assert row["kind"] == "fog"
    assert row["level"] == "orange"
    assert row["quality"] is None
    assert row["area"] == "510402,510403"
    assert row["refers_to"] == "51040041600000_20261125103000"
    assert row["action"] == "update"
    # The person on duty, whose name the dialect sends, is nobody's business.
    assert row["issuer"] == "某市气象台"
    assert "值班员" not in str(row)


def _with(**over: Any) -> Alert:
    alert = standard()
    return dataclasses.replace(
        alert, infos=tuple(dataclasses.replace(info, **over) for info in alert.infos)
    )


@pytest.mark.parametrize(
    ("over", "level", "mark"),
    [
        ({"parameters": (Pair("awareness_level", "4; red; Extreme"),)}, "red", None),
        ({"parameters": (Pair("预警级别", "Ⅲ级"),)}, "yellow", None),
        ({"severity": "Blue"}, "blue", None),
        ({"severity": "Unknown", "headline": "大雾红色预警"}, "red", "level_from_headline"),
        ({"severity": "Minor"}, "blue", "level_from_severity"),
        ({"severity": "Unknown"}, None, "no_level"),
    ],
)
def test_where_the_colour_is_found(over: dict[str, Any], level: str, mark: str | None) -> None:
    (row,) = rows_of(_with(**over))
    assert (row["level"], row["quality"]) == (level, mark)


@pytest.mark.parametrize(
    ("event", "code", "kind"),
    [
        ("道路结冰", "", "road_ice"), ("", "11B06", "wind"), ("Heavy rain", "", "rain"),
        ("暴雪", "", "snow"), ("雷雨大风", "", "wind"), ("地震", "", "other"),
        ("团雾", "", "fog"), ("anything", "11B21", "road_ice"),
    ],
)  # fmt: skip
def test_kinds(event: str, code: str, kind: str) -> None:
    codes = (Pair("eventCode", code),) if code else ()
    (row,) = rows_of(_with(event=event, event_codes=codes, headline=""))
    assert row["kind"] == kind


def test_several_events_are_several_rows() -> None:
    alert = standard()
    ice = dataclasses.replace(alert.infos[1], event="道路结冰", headline="道路结冰预警")
    made = rows_of(dataclasses.replace(alert, infos=(*alert.infos, ice)))
    assert [(row["notice"], row["kind"]) for row in made] == [
        ("fog-1", "fog"),
        ("fog-1", "road_ice"),
    ]


def test_a_cancellation_may_be_bare() -> None:
    reference = Reference("weather@example.org", "fog-1", NOW)
    cancel = standard(identifier="fog-2", msg_type="Cancel", references=(reference,), infos=())
    (row,) = rows_of(cancel)
    assert (row["action"], row["refers_to"], row["level"]) == ("cancel", "fog-1", None)


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"msg_type": "Ack"}, "not_for_use"),
        ({"status": "Draft"}, "not_for_use"),
        ({"status": "System"}, "not_for_use"),
        ({"infos": ()}, "missing_field"),
        ({"sent": NOW + timedelta(days=2)}, "bad_time"),
    ],
)
def test_what_is_no_notice(over: dict[str, Any], reason: str) -> None:
    found = read(encode(standard(**over)))
    assert isinstance(found, Read)
    made = rows(found, NOW, "weather:test")
    assert isinstance(made, Problem)
    assert made.reason == reason


@pytest.mark.parametrize("status", ["Exercise", "Test"])
def test_exercises_stay_exercises(status: str) -> None:
    (row,) = rows_of(standard(status=status))
    assert row["status"] == status.lower()


def test_an_expired_document_is_kept_and_marked() -> None:
    (row,) = rows_of(standard(), NOW + timedelta(days=1))
    assert "expired" in row["quality"]


def test_circles_become_outlines() -> None:
    (row,) = rows_of(_with(areas=(Area("here", circles=(Circle(26.5, 101.7, 10.0),)),)))
    shape = from_wkt(row["polygon"])
    assert shape.is_valid
    # A degree of latitude has 111.2 km, of longitude there 99.5 km.
    assert shape.area * 111.2 * 99.5 == pytest.approx(314.2, rel=0.01)


@given(alerts)
@settings(max_examples=40, deadline=None)
def test_any_alert_makes_rows_of_the_schema_or_a_reason(alert: Alert) -> None:
    found = read(encode(alert))
    assert isinstance(found, Read)
    made = rows(found, NOW, "weather:test")
    if isinstance(made, Problem):
        assert made.reason in REASONS
    else:
        batch = pa.RecordBatch.from_pylist(made, schema=WEATHER_NOTICE)
        assert len(batch) == len({(row["notice"], row["kind"]) for row in made})
        for row in made:
            assert set(row) == set(WEATHER_NOTICE.names)


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>a</id><updated>1</updated>
<link rel="alternate" href="/page.html"/><link type="application/cap+xml" href="cap/1.xml"/></entry>
<entry><id>b</id><content type="text/xml">{alert}</content></entry>
<entry><id>a</id><updated>1</updated><link href="again.xml"/></entry>
<entry><id>c</id><link href="file:///etc/passwd"/></entry><entry><id>d</id></entry></feed>"""
RSS = """<rss version="2.0"><channel><item><guid>g</guid><pubDate>now</pubDate>
<link>http://example.org/1.xml</link></item></channel></rss>"""


def test_atom() -> None:
    alert = encode(standard()).decode().partition("?>")[2]
    found = read_list(ATOM.format(alert=alert).encode(), "http://example.org/list/")
    assert isinstance(found, list)
    assert [entry.key for entry in found] == ["a 1", "fog-1 2026-11-25T08:00:00-00:00"]
    assert found[0].url == "http://example.org/list/cap/1.xml"
    inside = read(found[1].document)
    assert isinstance(inside, Read)
    assert inside.alert == standard()


def test_rss_and_a_document_alone() -> None:
    assert read_list(RSS.encode(), "http://x/") == [Entry("g now", "http://example.org/1.xml")]
    data = encode(standard())
    assert read_list(data, "http://x/") == [Entry("fog-1 2026-11-25T08:00:00-00:00", "", data)]


def test_what_is_no_list() -> None:
    assert read_list(b"<html/>", "http://x/") == Problem("not_a_feed", "the root element is 'html'")
    assert isinstance(read_list(b"", "http://x/"), Problem)


def test_the_reference_names_every_reason() -> None:
    root = Path(__file__).resolve().parents[3]
    page = (root / "docs/reference/cap.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z_]+)` \| [^|]*[一-鿿]", page, re.M)) >= set(REASONS)
