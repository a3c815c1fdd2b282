"""The next days by edge and hour: the average week times the day, the weather and the flow.

Everything that was learned stays as it is; what arrives during the day (a new weather forecast,
observed flow) only changes factors. :meth:`Ahead.updated` is therefore cheap and pure: the same
base and the same facts give the same forecast, in whatever order the facts came.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.risk import day_factors, weather_ratio
from sizao.risk.crashes import Crashes
from sizao.risk.day_calendar import Calendar, Entry
from sizao.risk.day_factors import DayFactors
from sizao.risk.forecasting import Forecast
from sizao.risk.sites import Sites
from sizao.risk.weather_hours import KINDS, WeatherHours
from sizao.risk.weather_ratio import Ratios
from sizao.risk.week_shapes import HOURS

Floats = npt.NDArray[np.float64]

FLOW_POWER = 0.7
"""Crashes go with flow to this power: between the 0.47 and 0.77 measured for SPFs; proposed."""

FLOW_HALF_H = 3.0
"""Hours after which half of an unusual flow is thought to be left; proposed."""

_FLOW_RANGE = (0.25, 4.0)

SCHEMA = pa.schema(
    [
        pa.field("u", pa.int64()),
        pa.field("v", pa.int64()),
        pa.field("time", pa.timestamp("s")),
        pa.field("hour_of_week", pa.int16()),
        pa.field("expected", pa.float32()),
        pa.field("factor", pa.float32()),
    ]
)
"""``time`` is the local start of the hour; ``hour_of_week`` is that whose hours the day has (a
holiday's are a Sunday's); ``factor`` is expected over that hour of an average week."""

_PIECE = 1 << 12


@dataclass(frozen=True)
class FlowFact:
    """Flow of an edge in an hour over what is usual then.

    edge : number; hour : hours since 1970, local; ratio : 1 is as usual
    """

    edge: int
    hour: int
    ratio: float


@dataclass(frozen=True, eq=False)
class Ahead:
    """A forecast of ``days`` from ``first`` on.

    station : (e,), nearest weather station of each edge; flow : facts so far
    """

    base: Forecast
    first: date
    days: int
    calendar: Calendar
    factors: DayFactors
    ratios: Ratios
    weather: WeatherHours | None = None
    station: npt.NDArray[np.int64] | None = None
    flow: tuple[FlowFact, ...] = ()

    @property
    def first_hour(self) -> int:
        """Hours since 1970, local, of column 0."""
        return int(np.datetime64(self.first, "h").astype(np.int64))

    @property
    def week_hour(self) -> npt.NDArray[np.int64]:
        """The hour of the week that each hour is like, (24 days,)."""
        like = [self.calendar.like(self.first + timedelta(days=i)) for i in range(self.days)]
        hours = np.asarray(like)[:, None] * 24 + np.arange(24)
        return hours.ravel()

    def factor(self, edges: slice = slice(None)) -> Floats:
        """Factor on the average week's hour, shape (edges, 24 days)."""
        sites = self.base.sites
        days = [self.first + timedelta(days=i) for i in range(self.days)]
        number = len(range(*edges.indices(len(sites))))
        network = np.array([self.factors.network(self.calendar, day) for day in days])
        found = np.tile(np.repeat(network, 24), (number, 1))
        for entry, (on, off) in self.factors.local.items():
            here = day_factors.near(sites, entry)[edges]
            local = np.array([on if entry.holds(day) else off for day in days])
            found[here] *= np.repeat(local, 24)
        if self.weather is not None:
            found *= self.ratios.factor(self._weather(edges))
        start, stop, _ = edges.indices(len(sites))
        hours = self.first_hour + np.arange(24 * self.days)
        for fact in self.flow:
            if start <= fact.edge < stop:
                log = FLOW_POWER * np.log(np.clip(fact.ratio, *_FLOW_RANGE))
                since = hours - fact.hour
                left = np.where(since >= 0, 0.5 ** (np.maximum(since, 0) / FLOW_HALF_H), 0.0)
                found[fact.edge - start] *= np.exp(log * left)
        return found

    def _weather(self, edges: slice) -> npt.NDArray[np.int8]:
        """Class of the weather at edges and hours, -1 unknown."""
        assert self.weather is not None
        assert self.station is not None
        hours = self.first_hour + np.arange(24 * self.days)
        by_station = self.weather.at(np.arange(len(self.weather.lat))[:, None], hours[None, :])
        return by_station[self.station[edges]]

    def weather_at(self, edge: int) -> npt.NDArray[np.int8]:
        """Class of the weather of each hour at an edge, -1 unknown: (24 days,)."""
        return self._weather(slice(edge, edge + 1))[0]

    def is_near(self, edge: int, entry: Entry) -> bool:
        """Whether an edge lies within a market's or event's radius."""
        return bool(day_factors.near(self.base.sites, entry)[edge])

    def usual(self, edges: slice = slice(None)) -> Floats:
        """What an average week has in the same hours, (edges, 24 days)."""
        return self.base.cells(edges)[:, self.week_hour]

    def cells(self, edges: slice = slice(None)) -> Floats:
        """Expected crashes of each hour, (edges, 24 days)."""
        expected: Floats = self.usual(edges) * self.factor(edges)
        return expected

    def updated(self, weather: WeatherHours | None = None, flow: Sequence[FlowFact] = ()) -> Ahead:
        """The forecast after newer facts. Of several flows of an edge the latest hour counts.

        Raises ConfigError if the weather is of other stations.
        """
        latest: dict[int, FlowFact] = {}
        for fact in sorted((*self.flow, *flow), key=lambda one: (one.edge, one.hour, one.ratio)):
            latest[fact.edge] = fact
        return replace(
            self,
            weather=_merged(self.weather, weather),
            station=self.station
            if weather is None or self.station is not None
            else _stations(self.base.sites, weather),
            flow=tuple(latest.values()),
        )

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Rows by edge, then hour, schema SCHEMA."""
        sites = self.base.sites
        n = 24 * self.days
        time = (self.first_hour + np.arange(n)).astype("datetime64[h]").astype("datetime64[s]")
        week_hour = self.week_hour.astype(np.int16)
        for start in range(0, len(sites), _PIECE):
            piece = slice(start, min(start + _PIECE, len(sites)))
            number = piece.stop - piece.start
            factor = self.factor(piece)
            columns = [
                pa.array(np.repeat(sites.u[piece], n)),
                pa.array(np.repeat(sites.v[piece], n)),
                pa.array(np.tile(time, number)),
                pa.array(np.tile(week_hour, number)),
                pa.array((self.usual(piece) * factor).astype(np.float32).ravel()),
                pa.array(factor.astype(np.float32).ravel()),
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def look_ahead(
    base: Forecast,
    crashes: Crashes,
    years: range,
    first: date,
    days: int = 7,
    calendar: Calendar | None = None,
    weather: WeatherHours | None = None,
) -> Ahead:
    """Learn the factors of days and weather from the years, and put them on the next days.

    Raises ConfigError if a lunar rule is asked about a day outside its table.
    """
    calendar = calendar or Calendar()
    inside = crashes.in_years(years)
    hour = crashes.hour_of_week()
    known = inside & (hour >= 0)
    week = np.bincount(hour[known], minlength=HOURS) / max(int(known.sum()), 1)
    factors = day_factors.learn(crashes, years, week, calendar)
    station = None if weather is None else _stations(base.sites, weather)
    ratios = weather_ratio.learn(
        weather, None if weather is None else _by_station(crashes.of(known), years, weather)
    )
    return Ahead(base, first, days, calendar, factors, ratios, weather, station)


def _stations(sites: Sites, weather: WeatherHours) -> npt.NDArray[np.int64]:
    lat = (sites.lat[sites.a] + sites.lat[sites.b]) / 2
    lon = (sites.lon[sites.a] + sites.lon[sites.b]) / 2
    return weather.nearest(lat, lon)


def _by_station(crashes: Crashes, years: range, weather: WeatherHours) -> Floats:
    """Crashes nearest to each station by hour, NaN in hours outside the years."""
    hours = weather.kind.shape[1]
    month = ((crashes.year - 1970) * 12 + crashes.month - 1).astype("datetime64[M]")
    day = month.astype("datetime64[D]").astype(np.int64) + crashes.day - 1
    column = day * 24 + crashes.hour - weather.first_hour
    station = weather.nearest(crashes.lat, crashes.lon)
    inside = (column >= 0) & (column < hours)
    counts = np.zeros(weather.kind.shape)
    np.add.at(counts, (station[inside], column[inside]), 1.0)
    start = int(np.datetime64(f"{years.start}", "h").astype(np.int64)) - weather.first_hour
    stop = int(np.datetime64(f"{years.stop}", "h").astype(np.int64)) - weather.first_hour
    counts[:, : max(0, min(start, hours))] = np.nan
    counts[:, max(0, min(stop, hours)) :] = np.nan
    return counts


def _merged(old: WeatherHours | None, new: WeatherHours | None) -> WeatherHours | None:
    if old is None or new is None:
        return new if old is None else old
    return old.merged(new)


def summary(ahead: Ahead) -> dict[str, object]:
    """What was learned, for people and programs."""
    log = ahead.factors.log
    return {
        "from": str(ahead.first),
        "days": ahead.days,
        "days_like": [
            {
                "date": str(day),
                "factor": round(ahead.factors.network(ahead.calendar, day), 4),
                "entries": [entry.kind for entry in ahead.calendar.on(day)],
            }
            for day in (ahead.first + timedelta(days=i) for i in range(ahead.days))
        ],
        "kinds_of_days": {
            str(key): [round(float(np.exp(value)), 4), round(ahead.factors.log_error[key], 4)]
            for key, value in log.items()
            if isinstance(key, str)
        },
        "markets": [
            {"name": entry.name, "kind": entry.kind, "on": round(on, 4), "off": round(off, 4)}
            for entry, (on, off) in ahead.factors.local.items()
        ],
        "weather": {
            name: {
                "ratio": round(ahead.ratios.by_kind[name].ratio, 4),
                "log_error": round(ahead.ratios.by_kind[name].log_error, 4),
                "pairs": ahead.ratios.by_kind[name].pairs,
                "learned": round(ahead.ratios.by_kind[name].learned, 4),
            }
            for name in KINDS
        },
    }
