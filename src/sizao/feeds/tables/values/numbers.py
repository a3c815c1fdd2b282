"""Numbers with their unit, and stakes."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from sizao.feeds.tables.reasons import Bad
from sizao.feeds.tables.table import Cell, Words
from sizao.feeds.tables.values.base import Column, plain

_UNITS: dict[str, dict[str, float]] = {
    "kg": {"吨": 1000, "t": 1000, "千克": 1, "公斤": 1, "kg": 1},
    "CNY": {"万元": 10_000, "亿元": 100_000_000, "元": 1, "圆": 1, "cny": 1, "rmb": 1},
    "m": {"公里": 1000, "千米": 1000, "km": 1000, "米": 1, "m": 1},
    "count": {"人": 1, "名": 1, "个": 1, "辆": 1, "座": 1, "轴": 1, "起": 1},
    "deg": {"°": 1, "度": 1},
    "": {},
}
_NUMBER = re.compile(r"([+-]?(?:\d[\d,]*)?\.?\d+(?:[eE][+-]?\d+)?)\s*(\D*)")
_IN_BRACKETS = re.compile(r"[(（\[【]\s*(?:单位[:：]?)?\s*([^)）\]】]+?)\s*[)）\]】]\s*$")


@dataclass(frozen=True)
class Number:
    """A number in a unit, within plausible bounds, both inclusive."""

    unit: str
    low: float
    high: float
    whole: bool = False

    @property
    def takes(self) -> Words:
        low, high = (f"{int(one):,}" for one in (self.low, self.high))
        zh = f"{'整数' if self.whole else '数'} {low}–{high}"
        en = f"{'whole number' if self.whole else 'number'} {low} to {high}"
        units = list(_UNITS[self.unit])
        latin = [unit for unit in units if unit.isascii()]
        return Words(
            f"{zh}，可带单位（{'、'.join(units)}）" if units else zh,
            f"{en}, a unit may follow ({', '.join(latin)})" if latin else en,
        )

    def __call__(self, value: Cell, column: Column) -> float | int:
        number = self._read(value, column)
        if not math.isfinite(number):
            raise Bad("no_number")
        if not self.low <= number <= self.high:
            raise Bad("out_of_range", low=f"{int(self.low):,}", high=f"{int(self.high):,}")
        if not self.whole:
            return float(number)
        if number != int(number):
            raise Bad("not_whole")
        return int(number)

    def _read(self, value: Cell, column: Column) -> float:
        if isinstance(value, bool):
            raise Bad("no_number")
        if isinstance(value, int | float):
            return float(value) * self._factor(column.header)
        found = _NUMBER.fullmatch(plain(value))
        if not found:
            raise Bad("no_number")
        number = float(found[1].replace(",", ""))
        unit = found[2].strip().lower()
        if not unit:
            return number * self._factor(column.header)
        if unit not in _UNITS[self.unit]:
            raise Bad("no_number")
        return number * _UNITS[self.unit][unit]

    def _factor(self, header: str) -> float:
        found = _IN_BRACKETS.search(header)
        return _UNITS[self.unit].get(found[1].lower(), 1.0) if found else 1.0


@dataclass(frozen=True)
class StakeText:
    """A stake in metres: K120+300, 120公里300米, 120.3 (kilometres), 120300 (metres)."""

    takes = Words(
        "桩号：K120+300、120公里300米、120.3（公里）、120300（米）",
        "stake: K120+300, 120.3 (km), 120300 (m)",
    )

    def __call__(self, value: Cell, column: Column) -> float:
        text = plain(value).upper().replace(" ", "")
        found = re.fullmatch(r"(?:[A-Z]\d{1,4}K|K)?(\d{1,5})\+(\d{1,3}(?:\.\d+)?)(?:M|米)?", text)
        found = found or re.fullmatch(r"K?(\d{1,5})(?:公里|KM|千米)(?:(\d{1,3})(?:米|M)?)?", text)
        if found:
            return int(found[1]) * 1000.0 + float(found[2] or 0)
        if bare := re.fullmatch(r"K?(\d{1,4}(?:\.\d{1,3})?)", text):
            return round(float(bare[1]) * 1000.0, 3)
        if re.fullmatch(r"\d{5,7}", text):  # no road has ten thousand kilometres
            return float(text)
        raise Bad("bad_stake")
