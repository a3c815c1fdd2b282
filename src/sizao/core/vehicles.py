"""Vehicle kinds, as ``rules/vehicles_and_monitoring.yaml`` names them, and their classes."""

from __future__ import annotations

KINDS: dict[str, str] = {
    "line_coach": "班线客车",
    "tour_coach": "旅游包车",
    "highway_passenger": "公路客运",
    "hazmat": "危险货物运输车",
    "semi_tractor": "半挂牵引车",
    "heavy_truck": "重型载货汽车",
    "school_bus": "校车",
    "minivan": "面包车",
    "rural_tricycle": "农村三轮车",
    "police": "警车",
    "other": "其他车辆",
}
"""Code to Chinese name. ``other`` is what an unregistered terminal is taken for."""

COACHES = frozenset({"line_coach", "tour_coach", "highway_passenger"})
"""Kinds bound by 道路旅客运输企业安全管理规范."""

HEAVY = frozenset(
    {
        "line_coach",
        "tour_coach",
        "highway_passenger",
        "hazmat",
        "semi_tractor",
        "heavy_truck",
        "school_bus",
    }
)
"""The heavy class of the 2022 points order (公安部令163号): see ``speed.points``."""

KIND_CODES: dict[str, int] = {kind: code for code, kind in enumerate(KINDS)}
"""Small integers for columns inside kernels. Order is part of saved state: append only."""
