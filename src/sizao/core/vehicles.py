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

SERVICES: dict[str, str] = {
    "long_distance": "长途客运",
    "short_line": "短途班线",
    "airport_fixed_line": "机场固定班线",
    "high_speed_rail_express": "高铁快线",
    "relay_short_leg": "接驳运输短途驳载",
}
"""What a coach is licensed to run, as far as rules ask: code to Chinese name. ``short_line`` is a
line of at most the one-way length that ``fatigue.coach_curfew`` exempts."""

SERVICE_CODES: dict[str, int] = {service: code for code, service in enumerate(SERVICES, 1)}
"""Small integers for columns; 0 is a service that nobody has told."""

KIND_CODES: dict[str, int] = {kind: code for code, kind in enumerate(KINDS)}
"""Small integers for columns inside kernels. Order is part of saved state: append only."""
