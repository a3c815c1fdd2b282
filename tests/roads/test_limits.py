"""Limits in force: every number comes from the rule book and is looked up there here too."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.core.places import ROAD_CLASS_CODES, ROAD_CLASSES
from sizao.core.rulebook import entry
from sizao.core.vehicles import KIND_CODES, KINDS
from sizao.roads.limits import explain, limit_kmh, limits_on
from sizao.roads.network import Network

from .worlds import line

NONE = float("nan")


@pytest.mark.parametrize(
    ("road_class", "kind", "posted", "lanes", "limit", "default"),
    [
        # A sign decides, whatever the law's default.
        ("urban", "other", 40, 0, 40, False),
        ("county", "heavy_truck", 60, 0, 60, False),
        # ... but raises nobody above the vehicle's own cap (实施条例 78; 危货办法 46; 校车条例 35).
        ("expressway", "other", 120, 2, 120, False),
        ("expressway", "minivan", 120, 2, 120, False),
        ("expressway", "heavy_truck", 120, 2, 100, False),
        ("expressway", "line_coach", 120, 2, 100, False),
        ("expressway", "hazmat", 100, 2, 80, False),
        ("expressway", "school_bus", 100, 2, 80, False),
        ("national", "hazmat", 80, 1, 60, False),
        ("urban_expressway", "hazmat", 80, 3, 60, False),
        ("national", "school_bus", 70, 1, 60, False),
        # No sign: 实施条例 45.
        ("urban", "heavy_truck", NONE, 1, 50, True),
        ("urban", "heavy_truck", NONE, 0, 50, True),
        ("national", "heavy_truck", NONE, 1, 70, True),
        ("village", "other", NONE, 0, 40, True),
        # No sign where the article has no number: project defaults.
        ("urban", "other", NONE, 2, 70, True),
        ("provincial", "other", NONE, 2, 80, True),
        ("urban_expressway", "other", NONE, 2, 80, True),
        ("ramp", "other", NONE, 1, 60, True),
        ("expressway", "other", NONE, 2, 120, True),
        ("expressway", "semi_tractor", NONE, 2, 100, True),
        ("national", "hazmat", NONE, 1, 60, True),
        # Nonsense on the sign is capped by the highest legal speed.
        ("national", "other", 150, 1, 120, False),
    ],
)
def test_limit_of_the_law(road_class, kind, posted, lanes, limit, default):
    found, from_default = limit_kmh(
        np.array([ROAD_CLASS_CODES[road_class]]),
        np.array([KIND_CODES[kind]]),
        np.array([posted], np.float32),
        np.array([lanes]),
    )
    assert found.dtype == np.float32
    assert (found[0], from_default[0]) == (limit, default)
    basis = explain(road_class, kind, posted, lanes)
    assert basis.limit_kmh == limit, "the explanation must agree with the kernel"
    if basis.rule_id:
        assert entry(basis.rule_id).citation() in basis.text_zh
    else:
        assert limit == posted


def test_every_class_and_kind_has_a_limit():
    classes = np.repeat(np.arange(len(ROAD_CLASSES)), len(KINDS))
    kinds = np.tile(np.arange(len(KINDS)), len(ROAD_CLASSES))
    limit, default = limit_kmh(classes, kinds, np.full(len(kinds), np.nan, np.float32))
    assert np.isfinite(limit).all()
    assert default.all()


def test_unmatched_is_unknown_and_a_foreign_kind_counts_as_other():
    limit, default = limit_kmh(
        np.array([-1, 0, 0]), np.array([0, 99, -3]), np.array([60, 120, 120], np.float32)
    )
    assert np.isnan(limit[0])
    assert limit[1:].tolist() == [120, 120]
    assert not default.any()
    assert np.isnan(explain("", "other", 60).limit_kmh)


def test_limits_on_segments_use_the_sign_of_the_kind():
    network = Network.from_features(
        [
            line(
                [(0, 0), (9, 0)], oneway=True, limit_kmh=80, limit_kmh_by_kind={"heavy_truck": 50}
            ),
            line([(0, 0), (0, 9)], oneway=True),
        ]
    )
    truck, car = KIND_CODES["heavy_truck"], KIND_CODES["minivan"]
    limit, default = limits_on(
        network, np.array([0, 0, 1, -1]), np.array([truck, car, truck, truck])
    )
    assert limit[:3].tolist() == [50, 80, 70]
    assert np.isnan(limit[3])
    assert default.tolist() == [False, False, True, False]


def test_empty_columns():
    limit, default = limit_kmh(*(np.empty(0, np.int8),) * 2, np.empty(0, np.float32))
    assert limit.shape == default.shape == (0,)
