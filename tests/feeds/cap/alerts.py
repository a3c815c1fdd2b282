"""Alerts for the tests: strategies, the schema, and documents as services send them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from sizao.feeds.cap import Alert, Area, Circle, Info, Pair, Reference, Resource, records

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


@cache
def schema() -> Any:
    import xmlschema

    return xmlschema.XMLSchema(str(HERE / "cap12.xsd"))


def clean(text: str) -> str:
    return text.strip()


_characters = st.characters(
    exclude_categories=["Cs", "Cc"], include_characters="\t\n\r", exclude_characters="\ufffe\uffff"
)
texts = st.text(_characters, max_size=30).map(clean)
words = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12).map(clean)
moments = st.builds(
    lambda at, minutes: at.replace(tzinfo=timezone(timedelta(minutes=minutes)), microsecond=0),
    st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1)),  # noqa: DTZ001 - zones come after
    st.integers(-13 * 60, 14 * 60),
)
maybe_moments = st.none() | moments
pairs = st.builds(Pair, texts, texts)
degrees = st.tuples(
    st.floats(-60, 60, allow_subnormal=False), st.floats(60, 179, allow_subnormal=False)
)
circles = st.builds(lambda at, r: Circle(*at, r), degrees, st.floats(0, 500))
rings = st.lists(degrees, min_size=3, max_size=6).map(lambda ring: (*ring, ring[0]))
numbers = st.none() | st.floats(-1e6, 1e6)


def many(one: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(one, max_size=most).map(tuple)


areas = st.builds(Area, texts, many(rings), many(circles), many(pairs), numbers, numbers)
resources = st.builds(
    Resource, texts, texts, st.none() | st.integers(0, 10**12), words, texts, texts
)
infos = st.builds(
    Info,
    categories=st.lists(st.sampled_from(records.CATEGORIES), min_size=1, max_size=2).map(tuple),
    event=texts,
    urgency=st.sampled_from(records.URGENCIES),
    severity=st.sampled_from(records.SEVERITIES),
    certainty=st.sampled_from(records.CERTAINTIES),
    language=st.sampled_from(["", "zh-CN", "en-US", "en"]),
    response_types=many(st.sampled_from(records.RESPONSE_TYPES)),
    audience=texts,
    event_codes=many(pairs),
    effective=maybe_moments,
    onset=maybe_moments,
    expires=maybe_moments,
    sender_name=texts,
    headline=texts,
    description=texts,
    instruction=texts,
    web=words,
    contact=texts,
    parameters=many(pairs),
    resources=many(resources),
    areas=many(areas),
)
alerts = st.builds(
    Alert,
    identifier=words.filter(bool),
    sender=words.filter(bool),
    sent=moments,
    status=st.sampled_from(records.STATUSES),
    msg_type=st.sampled_from(records.MSG_TYPES),
    scope=st.sampled_from(records.SCOPES),
    source=texts,
    restriction=texts,
    addresses=texts,
    codes=many(texts.filter(bool)),
    note=texts,
    references=many(
        st.builds(Reference, words.filter(bool), words.filter(bool), moments)
        | st.builds(Reference, st.just(""), words.filter(bool), st.none())
    ),
    incidents=texts,
    infos=many(infos),
)

NATIONAL = """<?xml version="1.0" encoding="{encoding}"?>
<alert>
    <identifier>51040041600000_20261125154500</identifier>
    <sender>某市气象台</sender>
    <senderCode>51040041600000</senderCode>
    <sendTime>2026-11-25 15:45:00+08:00</sendTime>
    <status>Actual</status>
    <msgType>Update</msgType>
    <scope>Public</scope>
    <code>
        <method><methodName>SMS</methodName><message>……</message></method>
    </code>
    <note/>
    <references>51040041600000_20261125103000</references>
    <info>
        <language>zh-CN</language>
        <eventType>11B17</eventType>
        <urgency>Unknown</urgency>
        <severity>Orange</severity>
        <certainty>Unknown</certainty>
        <effective>2026-11-25 15:45:00+08:00</effective>
        <onset/>
        <expires/>
        <senderName>值班员</senderName>
        <headline>某市气象台发布大雾橙色预警[II级/严重]</headline>
        <description>预计未来6小时部分路段能见度低于200米。</description>
        <instruction/>
        <web/>
        <area>
            <areaDesc>东区,西区</areaDesc>
            <polygon/>
            <circle/>
            <geocode>510402000000,510403000000</geocode>
        </area>
    </info>
</alert>
"""
"""The dialect of GB/T 35965.1 as a Chinese warning centre sends it; contents made up."""


def national(encoding: str = "UTF-8") -> bytes:
    return NATIONAL.format(encoding=encoding).encode(
        "gb18030" if encoding.lower().startswith("gb") else encoding
    )


def standard(**over: Any) -> Alert:
    """A fog warning in two languages as the standard has it."""

    def info(language: str, event: str, headline: str) -> Info:
        return Info(
            categories=("Met",),
            event=event,
            urgency="Expected",
            severity="Severe",
            certainty="Likely",
            language=language,
            onset=NOW + timedelta(hours=1),
            expires=NOW + timedelta(hours=7),
            sender_name="Weather Service",
            headline=headline,
            areas=(
                Area(
                    "East",
                    polygons=(((26.5, 101.7), (26.6, 101.7), (26.6, 101.8), (26.5, 101.7)),),
                    geocodes=(Pair("GB/T 2260", "510402"),),
                ),
            ),
        )

    given: dict[str, Any] = {
        "identifier": "fog-1",
        "sender": "weather@example.org",
        "sent": NOW,
        "status": "Actual",
        "msg_type": "Alert",
        "scope": "Public",
        "infos": (info("en-US", "Dense fog", "Dense fog"), info("zh-CN", "大雾", "大雾预警")),
    }
    return Alert(**{**given, **over})
