"""Fence files: what is read, and what is refused with which words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sizao.core.errors import ConfigError
from sizao.roads.fences import KINDS, PROPERTIES, Window, load, parse, read_fence

SQUARE = [[101.7, 26.5], [101.8, 26.5], [101.8, 26.6], [101.7, 26.6], [101.7, 26.5]]


def feature(geometry=None, **properties):
    given = {"number": 1, "name": "老城区", "kind": "forbidden", "legal_basis": "通告"}
    given |= properties
    return {
        "type": "Feature",
        "geometry": geometry or {"type": "Polygon", "coordinates": [SQUARE]},
        "properties": {name: value for name, value in given.items() if value is not None},
    }


def test_a_polygon_with_a_hole():
    hole = [[x * 0.1 + 101.75 * 0.9, y * 0.1 + 26.55 * 0.9] for x, y in SQUARE]
    fence = read_fence(feature({"type": "Polygon", "coordinates": [SQUARE, hole]}))
    assert [len(ring) for ring in fence.rings] == [4, 4]
    assert fence.rings[0][1] == (26.5, 101.8)
    assert fence.in_force(0)
    assert fence.concerns("minivan")


def test_times_and_dates():
    fence = read_fence(
        feature(
            times=[
                {"days": [1, 7], "from": "22:00", "to": "05:30"},
                {"from": "00:00", "to": "24:00"},
            ],
            dates=[["1970-01-01", "1970-01-03"]],
            except_dates=[["1970-01-02", "1970-01-02"]],
            valid_from="1970-01-01T08:00+08:00",
            valid_until="1970-01-02T00:00",
        )
    )
    assert fence.windows == (
        Window(0b1000001, 22 * 3600, 5 * 3600 + 1800),
        Window(127, 0, 86_400),
    )
    assert (fence.spans, fence.except_spans) == (((0, 2),), ((1, 1),))
    assert fence.valid_us == (0, 16 * 3600 * 1_000_000)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"number": 0}, "number 0 is not"),
        ({"number": True}, "number True is not"),
        ({"name": " "}, "no name"),
        ({"kind": "park"}, "kind 'park'"),
        ({"legal_basis": None}, "no legal_basis"),
        ({"vehicle_kinds": ["lorry"]}, "no kind 'lorry'"),
        ({"vehicle_kinds": "hazmat"}, "not a list"),
        ({"kind": "route"}, "vehicles are to be given"),
        ({"vehicles": ["1"]}, "vehicles are to be given"),
        ({"kind": "route", "vehicles": ["1"], "vehicle_kinds": ["hazmat"]}, "cannot have"),
        ({"kind": "limit"}, "limit_kmh None"),
        ({"kind": "downgrade", "limit_kmh": 40}, "grade_pct None"),
        ({"times": [{"days": [0], "from": "07:00", "to": "08:00"}]}, "days [0]"),
        ({"times": [{"from": "7:00", "to": "08:00"}]}, "from '7:00'"),
        ({"times": [{"from": "24:00", "to": "08:00"}]}, "from '24:00'"),
        ({"dates": [["2026-10-02", "2026-10-01"]]}, "before 2026-10-02"),
        ({"dates": ["2026-10-02"]}, "is not [YYYY-MM-DD"),
        ({"valid_from": "soon"}, "is not a moment"),
        ({"valid_from": "2026-01-02", "valid_until": "2026-01-02"}, "not after"),
        ({"geometry": {"type": "Point", "coordinates": [101.7, 26.5]}}, "radius_m None"),
        ({"geometry": {"type": "LineString", "coordinates": SQUARE}}, "half_width_m None"),
        (
            {"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0]]]}},
            "polygon",
        ),
        ({"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, "x"]]]}}, "geometry"),
        ({"geometry": {"type": "Polygon", "coordinates": []}}, "empty"),
        (
            {"geometry": {"type": "Point", "coordinates": [401.7, 26.5]}, "radius_m": 9},
            "on the globe",
        ),
        ({"geometry": {"type": "GeometryCollection"}}, "is no Polygon"),
    ],
)
def test_what_is_refused(wrong, says):
    with pytest.raises(ConfigError) as caught:
        read_fence(feature(**wrong))
    assert says in str(caught.value)


def test_a_bad_feature_is_listed_and_the_rest_read():
    parsed = parse({"features": [feature(), feature(number=None), feature(), feature(number=2), 5]})
    assert [fence.number for fence in parsed.fences] == [1, 2]
    assert [(one.number, one.reason[:8]) for one in parsed.rejected] == [
        (2, "number N"),
        (3, "number 1"),
        (5, "not an o"),
    ]


def test_a_file_is_taken_whole_or_not_at_all(tmp_path):
    path = tmp_path / "fences.geojson"
    path.write_text(json.dumps({"features": [feature()]}), encoding="utf-8")
    assert load(path)[0].name == "老城区"
    path.write_text(json.dumps({"features": [feature(), 5]}), encoding="utf-8")
    with pytest.raises(ConfigError, match="1 bad fences; feature 2: not an object"):
        load(path)
    for text, says in (("[]", "FeatureCollection"), ("{", "not JSON")):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match=says):
            load(path)
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none")


def test_the_page_lists_every_property_and_kind():
    text = (Path(__file__).resolve().parents[2] / "docs/reference/fences.md").read_text("utf-8")
    for name, meaning in PROPERTIES.items():
        assert f"| `{name}` | {meaning} |" in text
    for kind, label in KINDS.items():
        assert f"| `{kind}` | {label} |" in text
