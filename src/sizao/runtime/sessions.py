"""Sessions for the gateway: one of ``feeds.jt808`` a connection, all knowing the same drivers."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sizao.core.clock import Clock
from sizao.core.errors import ConfigError, LogError
from sizao.feeds.jt808.auth import AuthStore
from sizao.feeds.jt808.cards import Cards
from sizao.feeds.jt808.policy import EvidencePolicy, SessionParams
from sizao.feeds.jt808.positions import Limits
from sizao.feeds.jt808.reassembly import ReassemblyLimits
from sizao.feeds.jt808.session import Session
from sizao.log.interface import LogReader
from sizao.log.spool import Spool

logger = logging.getLogger(__name__)

NewSession = Callable[[str], Session]
"""Makes the session of a connection from its peer's address."""

NEVER_S = 1e12
ANSWER_S = 60.0
"""Wall seconds a terminal has to answer a text before it is reported as expired."""


def sessions(
    auth: AuthStore,
    clock: Clock,
    cards: Cards,
    *,
    require_auth: bool = True,
    max_age_s: float | None = None,
    evidence: EvidencePolicy | None = None,
    spool: Spool | None = None,
) -> NewSession:
    """Sessions that share a clock, a secret and the cards.

    The session counts in feed time; silence is the gateway's business, in wall time, because a
    fast clock must not make connections look idle.
    """
    params = SessionParams(
        require_auth=require_auth,
        idle_s=NEVER_S,
        answer_s=ANSWER_S * clock.factor,
        limits=replace(Limits(), age_s=max_age_s),
        reassembly=_in_feed_time(ReassemblyLimits(), clock.factor),
        evidence=evidence,
    )
    return lambda peer: Session(peer, auth, params, now_us(clock), cards, spool)


def _in_feed_time(limits: ReassemblyLimits, factor: float) -> ReassemblyLimits:
    """Patience for missing parts, meant in wall time, on a clock that runs ``factor`` fast."""
    return replace(
        limits,
        ask_after_us=round(limits.ask_after_us * factor),
        give_up_us=round(limits.give_up_us * factor),
        media_give_up_us=round(limits.media_give_up_us * factor),
        remember_us=round(limits.remember_us * factor),
    )


def now_us(clock: Clock) -> int:
    """Feed time in microseconds since the epoch."""
    return round(clock.time_s() * 1_000_000)


def remembered_cards(log: LogReader) -> Cards:
    """Which card is in which reader, from the log: a restart must not lose the drivers."""
    cards = Cards()
    after = 0
    try:
        while segments := log.read("driver_cards", after):
            for segment in segments:
                times = segment.batch.column("time").cast("int64").to_pylist()
                names = segment.batch.column("vehicle").to_pylist()
                drivers = segment.batch.column("driver").to_pylist()
                for name, time_us, driver in zip(names, times, drivers, strict=True):
                    cards.record(name, time_us, driver)
            after = segments[-1].seq
    except LogError as error:
        # Drivers are then unknown until the next card: worse than before, better than no gateway.
        logger.error("driver cards could not be read again: %s", error)
    return cards


def secret(path: Path) -> bytes:
    """The installation's secret for authentication codes, made at the first start.

    Only its owner may read the file. Raises ConfigError if it cannot be had.
    """
    try:
        if not path.exists():
            path.touch(mode=0o600, exist_ok=True)
            path.write_bytes(secrets.token_hex(32).encode())
        found = path.read_bytes().strip()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    if len(found) < 16:
        raise ConfigError(f"{path}: too short for a secret; delete it and start again")
    return found
