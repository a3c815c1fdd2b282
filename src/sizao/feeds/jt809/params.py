"""How a pair of links is run: who we are to the peer, and every limit in one place."""

from __future__ import annotations

from dataclasses import dataclass, field

from sizao.feeds.jt808.positions import DEFAULT_LIMITS, Limits
from sizao.feeds.jt809.cipher import Keys
from sizao.feeds.jt809.dialect import PLAIN, Dialect
from sizao.feeds.jt809.header import VERSION_2011, VERSION_2019


@dataclass(frozen=True)
class LinkParams:
    """One peer. Times are seconds of feed time."""

    name: str
    edition: str = "2019"
    access_code: int = 0
    user: int = 0
    password: str = ""
    platform_id: str = ""
    """Our own 11 characters, or the lower platform's."""
    keys: Keys | None = None
    encrypt: bool = False
    """Encipher what we send; what comes is deciphered whenever its flag says so."""
    key: int = 0
    """The header's key for what we send."""
    dialect: Dialect = PLAIN
    addresses: tuple[str, ...] = ()
    """Upper: addresses the lower platform may log in from; empty for any."""
    down_link: tuple[str, int] = ("", 0)
    """Lower: where the upper platform shall connect the sub link to. Upper: used in place of what
    the login says, if set (lower platforms behind address translation name the wrong one)."""
    keepalive_s: float = 60.0
    dead_s: float = 180.0
    """Silence after which a link counts as dead: three keepalives."""
    answer_s: float = 30.0
    """How long a login or a sub link connection may go unanswered."""
    redial_s: float = 20.0
    """Upper: between attempts at the sub link."""
    confirm_s: float = 10.0
    """Lower: keepalives sent while positions go out, whose answers confirm them."""
    count_every: int = 10_000
    """Upper: tell how many positions were received (0x9101) after so many, 0 for never."""
    duty_answer_s: int = 120
    """Seconds for an answer to a duty check of 2011, which does not say."""
    duty_every_s: float = 0.0
    """Upper: ask who is on duty so often, 0 for never."""
    duty_question: str = "请回复值班人员姓名"
    limits: Limits = DEFAULT_LIMITS

    @property
    def source(self) -> str:
        """``source`` column of the rows."""
        return f"jt809:{self.name}"

    @property
    def version(self) -> bytes:
        return VERSION_2011 if self.edition == "2011" else VERSION_2019


@dataclass
class Counts:
    """What a pair of links has done since it was made."""

    frames: int = 0
    positions: int = 0
    sent_positions: int = 0
    messages_in: int = 0
    messages_out: int = 0
    quarantined: dict[str, int] = field(default_factory=dict)
    logins: int = 0
    duty_late: int = 0
    duty_missed: int = 0
