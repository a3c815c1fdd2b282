"""Every reason for which a feed may quarantine, in Chinese and English: one list of lists."""

from __future__ import annotations

from collections.abc import Mapping

from sizao.feeds.cap.problems import REASONS as CAP
from sizao.feeds.jt808.reasons import REASONS as JT808
from sizao.feeds.jt809.reasons import REASONS as JT809
from sizao.feeds.record_reasons import RECORD_REASONS

REFUSED: Mapping[str, tuple[str, str]] = {
    "over_quota": ("超出本小时配额，未留存", "over the hour's quota; nothing of it was kept"),
    "no_decoder": ("这类来源不能离线重解", "nothing reads this kind of source again"),
}
"""Reasons that no decoder gives."""


def reason_words(reason: str) -> tuple[str, str]:
    """A reason code in words; the code itself where nobody explained it.

    >>> reason_words("bad_checksum")[1]
    'the checksum does not match'
    """
    for reasons in (JT808, RECORD_REASONS, JT809, CAP, REFUSED):
        if reason in reasons:
            zh, en = reasons[reason]
            return zh, en
    return reason, reason
