"""The registry of sources: who sends us what, how often, how complete, and may they.

A source is a party we receive records from. Its id is what every record carries in the column
``source``: a kind, mostly with a name after a colon. All terminals that connect directly are one
source, ``jt808``; each platform link, device, station or key is one of its own.

The registry is ``sources.yaml`` in the data folder (read by ``core/sources_file.py``); what
operators change at run time, keys and switches, is in ``core/source_access.py``.

>>> kind_of("jt809:province"), kind_of("jt808")
('jt809', 'jt808')
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sizao.core.clock import SHANGHAI
from sizao.core.schemas import TOPICS

HOUR_S = 3600
DAY_S = 86_400
FIRST_GRACE_S = 300.0
"""The least a new source is given beyond its interval."""
_SHANGHAI_S = 8 * HOUR_S


@dataclass(frozen=True)
class Kind:
    """A way in, and what happens to a sender of that kind that no entry names."""

    zh: str
    en: str
    topics: tuple[str, ...]
    """What such a source may promise."""
    unknown: str
    """``allow`` or ``refuse``, unless ``sources.yaml`` says otherwise."""


KINDS: dict[str, Kind] = {
    "jt808": Kind(
        "车载终端直连",
        "terminals connected directly",
        ("positions", "driver_cards", "device_alarms", "terminal_messages", "evidence"),
        "allow",
    ),
    "jt809": Kind(
        "部标平台链路",
        "platform link",
        ("positions", "driver_cards", "device_alarms", "platform_messages"),
        "refuse",
    ),
    "gat1400": Kind("视图库卡口", "checkpoint or view library", ("passages", "evidence"), "refuse"),
    "weigh": Kind("称重站点", "weigh station", ("weighings", "evidence"), "refuse"),
    "check": Kind("路面检查", "roadside checks", ("roadside_checks",), "refuse"),
    "weather": Kind("气象来源", "weather", ("weather_notices", "weather_readings"), "refuse"),
    "reports": Kind("群众和路员上报", "reports from people", ("reports", "evidence"), "refuse"),
    "crashes": Kind("事故记录导入", "crash records", ("crashes",), "allow"),
    "registers": Kind(
        "车辆和企业台账导入",
        "vehicle and enterprise registers",
        ("vehicles", "enterprises"),
        "allow",
    ),
    "replay": Kind("回放", "replayed recordings", ("positions",), "allow"),
}
"""Every kind of source. The key is the part of an id before the colon."""

IMPORTS = ("crashes", "vehicles", "enterprises")
"""What comes as files into the database instead of the log: promised, but not tallied by hour."""

PROMISES = (
    *(name for name, schema in TOPICS.items() if "source" in schema.names and name != "quarantine"),
    *IMPORTS,
)
"""What a contract may speak of."""

ID = re.compile(r"[a-z][a-z0-9]*(:[A-Za-z0-9][A-Za-z0-9_.-]{0,63})?")


def kind_of(source: str) -> str:
    """The kind in a source's id."""
    return source.partition(":")[0]


@dataclass(frozen=True)
class Owner:
    """Whom to call, by office and not by name."""

    party: str
    role: str = ""
    contact: str = ""
    """Number of the office's duty phone, or how else to reach it."""


@dataclass(frozen=True)
class Promise:
    """One line of a contract: a topic, how often, how complete, how late.

    Without ``interval_s`` and ``per_hour`` the topic is irregular: nothing is expected of it, and
    its completeness is unknown, not zero.
    """

    topic: str
    interval_s: float | None = None
    """A record each so many seconds ..."""
    per: str = "source"
    """... from the source as a whole, or from each ``vehicle`` while it is on the road."""
    per_hour: float | None = None
    """Or so many records an hour."""
    active: tuple[tuple[int, int], ...] = ((0, DAY_S),)
    """When, in seconds of the local day; outside of it nothing is expected or missed."""
    complete: float | None = None
    """Share of what is expected that the owner promises, 0 to 1."""
    max_delay_s: float | None = None
    """The owner promises that 95 of 100 records arrive within this."""
    silence_s: float | None = None
    """Alarm after so much active time without a record; None never alarms."""

    def expected(self, hour: int, until_s: float = math.inf) -> float | None:
        """Records due in an hour (number of hours since the epoch, UTC), up to a moment, from the
        source as a whole; None if that is not known beforehand."""
        if self.per == "vehicle":
            return None
        if self.per_hour is not None:
            rate = self.per_hour
        elif self.interval_s is not None:
            rate = HOUR_S / self.interval_s
        else:
            return None
        start_s = hour * HOUR_S
        end_s = max(start_s, min(start_s + HOUR_S, until_s))
        return rate * self.active_s(start_s, end_s) / HOUR_S

    def active_s(self, start_s: float, end_s: float) -> float:
        """Seconds between two moments, since the epoch, in which something is expected."""
        return sum(
            max(0.0, min(end_s, stop) - max(start_s, begin))
            for begin, stop in self._windows(start_s, end_s)
        )

    def silent_from(self, heard_s: float, until_s: float) -> float | None:
        """The moment when silence since ``heard_s`` became an alarm, None if not by ``until_s``.

        Only active time counts: a station that rests at night is not silent at night.
        """
        return self._after(self.silence_s, heard_s, until_s)

    def overdue_from(self, since_s: float, until_s: float) -> float | None:
        """The moment when the very first record was overdue, for a source that may send since
        ``since_s``; None if not by ``until_s``, or if nothing says when it is due.

        What the owner allows as silence is allowed at the beginning too. Where nothing is said of
        silence: one interval, and a grace of two more but at least five minutes, because of
        irregular senders one in twenty is still quiet after three times its mean interval.
        """
        return self._after(self._first_s(), since_s, until_s)

    def _first_s(self) -> float | None:
        if self.silence_s is not None:
            return self.silence_s
        every = HOUR_S / self.per_hour if self.per_hour else self.interval_s
        if every is None or self.per == "vehicle":
            return None
        return every + max(2 * every, FIRST_GRACE_S)

    def _after(self, allowed_s: float | None, from_s: float, until_s: float) -> float | None:
        """The moment at which so much active time had passed."""
        if allowed_s is None:
            return None
        left = allowed_s
        for begin, stop in self._windows(from_s, until_s):
            span = min(until_s, stop) - max(from_s, begin)
            if span <= 0:
                continue
            if span >= left:
                return max(from_s, begin) + left
            left -= span
        return None

    def _windows(self, start_s: float, end_s: float) -> list[tuple[float, float]]:
        """Active stretches that may touch a span, in order; one that is whole days is one."""
        if self.active == ((0, DAY_S),):
            return [(start_s, end_s)]
        first = int((start_s + _SHANGHAI_S) // DAY_S)
        last = int((end_s + _SHANGHAI_S) // DAY_S)
        return [
            (day * DAY_S - _SHANGHAI_S + begin, day * DAY_S - _SHANGHAI_S + stop)
            for day in range(first, last + 1)
            for begin, stop in self.active
        ]


@dataclass(frozen=True)
class Quota:
    """The most that is taken in one hour of feed time; None is no limit."""

    records_per_hour: int | None = None
    bytes_per_hour: int | None = None


@dataclass(frozen=True)
class Source:
    """One entry of the registry."""

    id: str
    name_zh: str
    name_en: str
    owner: Owner
    contract: tuple[Promise, ...] = ()
    quota: Quota = Quota()
    enabled: bool = True
    valid_from: date | None = None
    valid_until: date | None = None
    """The last day on which it may send."""
    note: str = ""

    @property
    def kind(self) -> str:
        return kind_of(self.id)

    def valid_at(self, at_s: float) -> bool:
        """Whether a moment lies in its days of validity."""
        if self.valid_from is None and self.valid_until is None:
            return True
        day = datetime.fromtimestamp(at_s, SHANGHAI).date()
        return (self.valid_from is None or day >= self.valid_from) and (
            self.valid_until is None or day <= self.valid_until
        )

    def promise(self, topic: str) -> Promise | None:
        return next((one for one in self.contract if one.topic == topic), None)


@dataclass(frozen=True)
class Refusal:
    """Why a source may not send now, for a person and for a program."""

    code: str
    """unknown_source, switched_off, not_yet_valid, expired, over_quota"""
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} ({self.en})"


@dataclass(frozen=True)
class Registry:
    """All sources by id, in the order of the file."""

    sources: Mapping[str, Source] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)
    """What ``sources.yaml`` says about unknown senders, by kind."""
    off: Mapping[str, str] = field(default_factory=dict)
    """Sources an operator switched off, with the reason."""

    def get(self, source: str) -> Source | None:
        return self.sources.get(source)

    def of_kind(self, kind: str) -> list[Source]:
        return [source for source in self.sources.values() if source.kind == kind]

    def refusal(self, source: str, at_s: float) -> Refusal | None:
        """Why the source may not send at a moment of feed time; None if it may."""
        entry = self.sources.get(source)
        if entry is None:
            kind = kind_of(source)
            default = KINDS[kind].unknown if kind in KINDS else "refuse"
            if self.unknown.get(kind, default) == "allow":
                return None
            return Refusal(
                "unknown_source",
                f"数据源 {source} 未登记，请先在 sources.yaml 登记",
                f"source {source} is not registered; add it to sources.yaml",
            )
        if source in self.off or not entry.enabled:
            why = self.off.get(source, "")
            return Refusal(
                "switched_off",
                f"数据源 {source} 已停用" + (f"：{why}" if why else ""),
                f"source {source} is switched off" + (f": {why}" if why else ""),
            )
        day = datetime.fromtimestamp(at_s, SHANGHAI).date()
        if entry.valid_from is not None and day < entry.valid_from:
            return Refusal(
                "not_yet_valid",
                f"数据源 {source} 自 {entry.valid_from} 起生效",
                f"source {source} is valid from {entry.valid_from}",
            )
        if entry.valid_until is not None and day > entry.valid_until:
            return Refusal(
                "expired",
                f"数据源 {source} 已于 {entry.valid_until} 到期",
                f"source {source} was valid until {entry.valid_until}",
            )
        return None
