"""Plates, their colours, terminals, telephones, vehicle kinds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sizao.core.vehicles import KINDS
from sizao.feeds.tables.reasons import Bad
from sizao.feeds.tables.table import Cell, Words
from sizao.feeds.tables.values.base import ROUNDED, Column, plain
from sizao.feeds.tables.values.words import Choice

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(rf"[{_PROVINCES}][A-Z][A-Z0-9]{{4,6}}[挂学警港澳超领使试]?")


@dataclass(frozen=True)
class Plate:
    """A whole plate, of seven characters or eight; kept without the dot."""

    takes = Words("完整号牌：川DI0001、川D·I0001挂", "a whole plate")

    def __call__(self, value: Cell, column: Column) -> str:
        text = re.sub(r"[\s·•・.\-—]+", "", plain(value)).upper()
        if not _PLATE.fullmatch(text) or not 7 <= len(text) <= 8:
            raise Bad("bad_plate")
        return text


COLOURS: dict[str, tuple[str, ...]] = {
    "1": ("蓝色", "blue", "蓝", "蓝牌", "蓝底白字"),
    "2": (
        "黄色",
        "yellow",
        "黄",
        "黄牌",
        "黄底黑字",
        "黄绿",
        "黄绿色",
        "黄绿双拼",
        "93",
        "yellow_green",
    ),
    "3": ("黑色", "black", "黑", "黑牌", "黑底白字"),
    "4": ("白色", "white", "白", "白牌", "白底黑字"),
    "5": ("绿色", "green", "绿", "绿牌", "渐变绿", "渐变绿色", "94"),
    "9": ("其他", "other"),
}
"""JT/T 697.7 as the register has it. A new-energy plate's gradient counts as green and a plate half
yellow as yellow, as ``feeds.plates`` has them: a camera's plate must match the register's."""


@dataclass(frozen=True)
class Colour:
    """A plate colour as its JT/T 697.7 number."""

    takes = Words("蓝、黄、黑、白、绿，或 JT/T 697.7 代码", "a colour word or JT/T 697.7 code")

    def __call__(self, value: Cell, column: Column) -> int:
        return int(Choice(COLOURS)(value, column))


@dataclass(frozen=True)
class Terminal:
    """The number of a terminal, without leading zeros, as the log names vehicles."""

    takes = Words("终端号：数字，最多 20 位", "terminal number: up to 20 digits")

    def __call__(self, value: Cell, column: Column) -> str:
        text = re.sub(r"[\s\-]+", "", plain(value))
        if ROUNDED.fullmatch(text) or (isinstance(value, float) and abs(value) >= 1e15):
            raise Bad("rounded")
        digits = text.lstrip("0")
        if not re.fullmatch(r"[0-9]{5,20}", text) or not digits:
            raise Bad("bad_phone")
        return digits


@dataclass(frozen=True)
class Telephone:
    """An office's telephone number."""

    takes = Words("电话：数字、+、-、空格", "a telephone number")

    def __call__(self, value: Cell, column: Column) -> str:
        text = plain(value)
        if ROUNDED.fullmatch(text):
            raise Bad("rounded")
        if not re.fullmatch(r"[0-9+() \-转,/;]{3,40}", text):
            raise Bad("bad_phone")
        return text


KIND_WORDS: dict[str, tuple[str, ...]] = {
    "school_bus": (KINDS["school_bus"], "school bus", "专用校车"),
    "hazmat": (
        KINDS["hazmat"], "hazmat", "危险货物", "危险品", "危货", "危化品", "危运", "罐式危险",
    ),
    "tour_coach": (KINDS["tour_coach"], "tour coach", "旅游客车", "旅游客运", "包车客运", "包车"),
    "line_coach": (KINDS["line_coach"], "line coach", "班线客运", "班线", "班车", "客运班车"),
    "highway_passenger": (KINDS["highway_passenger"], "highway passenger", "公路客车", "大型客车"),
    "semi_tractor": (KINDS["semi_tractor"], "semi tractor", "半挂牵引", "牵引车", "牵引"),
    "heavy_truck": (
        KINDS["heavy_truck"], "heavy truck", "重型货车", "重货", "重型自卸", "重型普通货车",
        "重型厢式", "重型仓栅", "重型罐式", "重型载货", "重型",
    ),
    "minivan": (KINDS["minivan"], "minivan", "微型客车", "微型面包"),
    "rural_tricycle": (KINDS["rural_tricycle"], "rural tricycle", "三轮汽车", "三轮车", "三轮"),
    "police": (KINDS["police"], "police", "警用汽车", "警用"),
    "other": (KINDS["other"], "other", "其他", "其它"),
}  # fmt: skip
"""Vehicle kind to the words that registers use, the special before the general."""
