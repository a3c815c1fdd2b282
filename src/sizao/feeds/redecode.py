"""Quarantine read again: would it decode now, and into what?

After a fix (a decoder that learned a dialect, a limit that was set too narrow) what was kept in
quarantine may be good. :func:`again` reads one record as its feed would today, judged at its own
moment of receipt. Pure: nothing is sent, nothing is stored.

What was refused for *who* sent it and not for what it says stays refused: see :data:`NEVER`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sizao.core.schemas import TOPICS
from sizao.core.sources import kind_of
from sizao.feeds.cap.taken import take
from sizao.feeds.gat1400.passages import read_passage
from sizao.feeds.jt808.redecode import explain_jt808, media_of, redecode_jt808
from sizao.feeds.jt808.uploads import Upload
from sizao.feeds.jt809.redecode import LinkReader, explain_jt809
from sizao.feeds.roadside.record import read_check
from sizao.feeds.stations.record import read_reading
from sizao.feeds.taken import Taken, as_tuple
from sizao.feeds.weighing.record import read_weighing

Row = tuple[Any, ...]

_GAP = re.compile(r"\(\d+ characters left out\)")

NEVER: Mapping[str, tuple[str, str]] = {
    "phone_mismatch": (
        "当时拒绝的是发送者，不是内容：不重放",
        "it was refused for who sent it, not for what it says",
    ),
    "not_logged_in": (
        "登录之前的报文：不重放",
        "it came before the login: it was refused for who sent it",
    ),
    "bad_image": (
        "记录本身当时已采用，图片没有留存：不重放",
        "the record itself was used; the picture was not kept",
    ),
}
"""Reasons that no better decoder heals, with why."""


@dataclass(frozen=True)
class Kept:
    """One quarantine record."""

    source: str
    peer: str
    reason: str
    detail: str
    raw: bytes
    received_us: int


@dataclass
class Again:
    """What a record gives now."""

    records: list[tuple[str, list[Row]]] = field(default_factory=list)
    """(topic, rows) in column order; only if all of it decodes."""
    reason: str = ""
    """Why not, as a quarantine reason; empty if it decodes."""
    detail: str = ""
    media: list[Upload] = field(default_factory=list)
    """Files that it holds: each gives a row of ``evidence`` once it is in the store."""

    @property
    def good(self) -> bool:
        return not self.reason

    @property
    def rows(self) -> int:
        return sum(len(rows) for _, rows in self.records) + len(self.media)


Links = Mapping[str, LinkReader]
"""Readers of platform links by source: a link's frames need its edition, dialect and keys."""


def again(kept: Kept, links: Links = MappingProxyType({})) -> Again:
    """Decode a record as today. Never raises."""
    if kept.reason in NEVER:
        return Again(reason=kept.reason, detail=NEVER[kept.reason][1])
    if kind_of(kept.source) == "jt809":
        return _link(kept, links)
    decoder = _DECODERS.get(kind_of(kept.source))
    if decoder is None:
        return Again(reason="no_decoder", detail=f"nothing reads {kind_of(kept.source)} again")
    try:
        found = decoder(kept)
    except Exception as error:  # a fault of ours on one record must not stop the others
        return Again(reason="internal_error", detail=f"{type(error).__name__}: {error}"[:300])
    return _late(found)


def _late(found: Again) -> Again:
    found.records = [(topic, _caught_up(topic, rows)) for topic, rows in found.records if rows]
    return found


def _link(kept: Kept, links: Links) -> Again:
    reader = links.get(kept.source)
    if reader is None:
        return Again(reason="no_decoder", detail="the link is not in links.yaml")
    try:
        records, reason, detail = reader.read(kept.raw, kept.received_us)
    except Exception as error:  # as above
        return Again(reason="internal_error", detail=f"{type(error).__name__}: {error}"[:300])
    return _late(Again(records, reason, detail))


def explain(kept: Kept, links: Links = MappingProxyType({})) -> dict[str, Any]:
    """The record decoded as far as it goes, for a person. Never raises."""
    try:
        if kind_of(kept.source) == "jt809":
            return explain_jt809(kept.raw, links.get(kept.source))
        if kind_of(kept.source) in ("jt808", "replay"):
            return explain_jt808(kept.raw, kept.detail)
        return _explain_text(kept.raw)
    except Exception as error:
        return {"error": {"kind": "internal_error", "detail": f"{type(error).__name__}: {error}"}}


def _explain_text(raw: bytes) -> dict[str, Any]:
    """JSON as data, other text as text; anything else is for the hexadecimal view."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return {"error": {"kind": "not_text", "detail": f"no UTF-8 at byte {error.start}"}}
    try:
        return {"json": json.loads(text)}
    except (ValueError, RecursionError):
        return {"text": text[:20_000]}


def _caught_up(topic: str, rows: Sequence[Row]) -> list[Row]:
    """Rows marked as come later, where the schema can say so."""
    names = TOPICS[topic].names
    if "catch_up" not in names:
        return list(rows)
    place = names.index("catch_up")
    return [(*row[:place], True, *row[place + 1 :]) for row in rows]


def _jt808(kept: Kept) -> Again:
    medium = media_of(kept.raw, kept.peer, kept.reason, kept.detail, kept.source, kept.received_us)
    if medium is not None:
        return Again(media=[medium])
    outcome, reason, detail = redecode_jt808(
        kept.raw, kept.peer, kept.detail, kept.source, kept.received_us
    )
    return Again([] if reason else outcome, reason, detail)


def _taken(topic: str, items: Sequence[Taken]) -> Again:
    """Only if every item is good and nothing of it was left out."""
    for item in items:
        if item.problems or item.row is None:
            problem = item.problems[0]
            return Again(reason=problem.reason, detail=item.why()[:300])
    rows = [as_tuple(item.row, TOPICS[topic]) for item in items if item.row is not None]
    return Again([(topic, rows)])


def _json(kept: Kept) -> Any:
    """The object, without the pictures, which quarantine does not keep."""
    try:
        return _without_gaps(json.loads(kept.raw.decode("utf-8-sig")))
    except (ValueError, RecursionError):
        return None


def _without_gaps(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_gaps(one) for name, one in value.items() if not _is_gap(one)}
    if isinstance(value, list):
        return [_without_gaps(one) for one in value if not _is_gap(one)]
    return value


def _is_gap(value: Any) -> bool:
    """What ``images.without_pictures`` puts in the place of a picture."""
    return isinstance(value, str) and bool(_GAP.fullmatch(value))


def _weighing(kept: Kept) -> Again:
    station = kept.source.partition(":")[2]
    item = read_weighing(
        _json(kept), source=kept.source, station=station, received_us=kept.received_us
    )
    return _taken("weighings", [item])


def _check(kept: Kept) -> Again:
    station = kept.source.partition(":")[2]
    item = read_check(
        _json(kept), source=kept.source, station=station, received_us=kept.received_us
    )
    return _taken("roadside_checks", [item])


def _passage(kept: Kept) -> Again:
    device = kept.source.partition(":")[2]
    item = read_passage(
        _json(kept), source=kept.source, device=device, received_us=kept.received_us
    )
    return _taken("passages", [item])


def _weather(kept: Kept) -> Again:
    """A station's reading if it is JSON, else a notice."""
    sent = _json(kept)
    if isinstance(sent, dict):
        station = kept.source.partition(":")[2]
        item = read_reading(sent, source=kept.source, station=station, received_us=kept.received_us)
        return _taken("weather_readings", [item])
    return _taken("weather_notices", take(kept.raw, kept.source, kept.received_us))


_DECODERS: dict[str, Callable[[Kept], Again]] = {
    "jt808": _jt808,
    "replay": _jt808,
    "weigh": _weighing,
    "check": _check,
    "gat1400": _passage,
    "weather": _weather,
}
"""Kind of source to what reads it again; a new feed adds its line."""
