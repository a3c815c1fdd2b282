"""What moves an hour of the forecast, in words, for the network or for one place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.utils.translation import gettext as _

from sizao.risk.posterior import COVER, Posterior
from sizao.risk.weather_hours import KINDS
from sizao.risk.week_ahead import FLOW_HALF_H, FLOW_POWER
from sizao.web.forecast.files import Ahead
from sizao.web.pages.words import pick
from sizao.web.risk.ranking import Row

WEATHER = {
    "dry": ("干燥", "dry"),
    "rain": ("有雨", "rain"),
    "heavy_rain": ("大雨", "heavy rain"),
    "fog": ("雾", "fog"),
    "snow_ice": ("冰雪", "snow or ice"),
}
DAYS = {
    "holiday": ("节假日", "holiday"),
    "workday": ("调休上班", "worked instead"),
    "school_term": ("学期内", "school term"),
    "market": ("赶集日", "market day"),
    "event": ("大型活动", "event"),
}
_SPREAD = 2 * 1.645
"""Standard errors between the bounds of a 90 % interval."""


@dataclass(frozen=True)
class Cause:
    """One thing that moves the hour. ``factor`` None: it says how the hour is read, not by how
    much."""

    word: str
    factor: float | None

    @property
    def percent(self) -> int | None:
        return None if self.factor is None else round((self.factor - 1) * 100)


def weather_word(code: int) -> str:
    return pick(*WEATHER[KINDS[code]]) if code >= 0 else _("天气未知，按常年平均")


def causes(ahead: Ahead, hour: int, row: int | None) -> list[Cause]:
    """What moves an hour of the forecast: everywhere, and where ``row`` is given at that site."""
    day = ahead.days[hour // 24]
    when = date.fromisoformat(day["date"])
    found = []
    if day["like"] != when.weekday():
        word = _("时段按周日") if day["like"] == 6 else _("时段按工作日")
        found.append(Cause(word, None))
    found.append(Cause(_("{month} 月").format(month=when.month), day["month"]))
    for kind, name, factor in day["entries"]:
        found.append(Cause(_named(kind, name), factor))
    found += _weather(ahead, hour, row)
    if row is not None:
        found += _local(ahead, hour // 24, row)
        found += _flow(ahead, hour, row)
    else:
        found += _markets(ahead, hour // 24)
    return found


def _named(kind: str, name: str) -> str:
    word = pick(*DAYS[kind])
    return f"{word} {name}" if name and name != word else word


def _weather(ahead: Ahead, hour: int, row: int | None) -> list[Cause]:
    stations, ratios = ahead.causes["weather"], ahead.causes["ratios"]
    if not stations:
        return [Cause(weather_word(-1), None)]
    if row is not None:
        code = stations[ahead.causes["station"][row]][hour]
        return [Cause(weather_word(code), ratios[code] if code >= 0 else None)]
    counted = Counter(of_station[hour] for of_station in stations)
    told = [
        _("{word} {n} 站").format(word=weather_word(code), n=n)
        for code, n in sorted(counted.items(), reverse=True)
    ]
    return [Cause(_("、").join(told), None)]


def _local(ahead: Ahead, day: int, row: int) -> list[Cause]:
    found = []
    for one in ahead.causes["local"]:
        if row in one["rows"]:
            held = one["days"][day]
            word = _named(one["kind"], one["name"])
            found.append(
                Cause(
                    word if held else _("不是{day}").format(day=word), one["on" if held else "off"]
                )
            )
    return found


def _markets(ahead: Ahead, day: int) -> list[Cause]:
    """Markets and events of the day, for the whole network: where it is worth looking."""
    return [
        Cause(_("{day}（附近）").format(day=_named(one["kind"], one["name"])), one["on"])
        for one in ahead.causes["local"]
        if one["days"][day]
    ]


def _flow(ahead: Ahead, hour: int, row: int) -> list[Cause]:
    told = ahead.causes["flow"].get(str(row))
    if told is None or hour < told[0]:
        return []
    left = 0.5 ** ((hour - told[0]) / FLOW_HALF_H)
    factor = min(max(told[1], 0.25), 4.0) ** (FLOW_POWER * left)
    return [Cause(_("流量为平常的 {ratio:.1f} 倍").format(ratio=told[1]), factor)]


@dataclass(frozen=True)
class Level:
    """Crashes of an hour: expected with a 90 % interval, and what an average week has."""

    expected: float
    lower: float
    upper: float
    usual: float

    @property
    def ratio(self) -> float:
        return self.expected / self.usual if self.usual else 1.0


def level(ahead: Ahead, hour: int, row: int, site: Row, usual: float) -> Level:
    """The level of the site in a row of the assessment.

    The place is as unsure as its estimate, the weather as its ratio.
    """
    expected = float(ahead.hours[hour, row])
    relative = ((site["upper"] - site["lower"]) / _SPREAD / max(site["expected"], 1e-9)) ** 2
    stations = ahead.causes["weather"]
    if stations:
        code = stations[ahead.causes["station"][row]][hour]
        relative += ahead.causes["log_errors"][code] ** 2 if code >= 0 else 0.0
    lower, upper = Posterior(np.array([expected]), np.array([relative * expected**2])).interval(
        COVER
    )
    return Level(expected, float(lower[0]), float(upper[0]), usual)
