"""Who sends by Open311: a key of the registry of sources, and the channel in the source's name.

A source ``reports:persuader-yunling`` sends as persuader, ``reports:road_staff`` as road staff, any
other as citizen. The page /report is the source ``reports``.
"""

from __future__ import annotations

import threading
from pathlib import Path

from sizao.core.errors import ConfigError
from sizao.core.source_book import SourceBook
from sizao.core.sources import kind_of
from sizao.web.clock import feed_now
from sizao.web.ports import ports
from sizao.web.reports.catalogue import CHANNELS
from sizao.web.reports.errors import SubmissionError

FORM = "reports"
"""Source of what comes by the page."""

_kept: tuple[Path, SourceBook] | None = None
_turn = threading.Lock()


def book() -> SourceBook:
    """The registry of this installation, read again when its files change.

    Raises ConfigError while a file was wrong from the start.
    """
    global _kept
    root = ports().data.root
    with _turn:
        if _kept is None or _kept[0] != root:
            _kept = (root, SourceBook(root))
        return _kept[1]


def channel_of(source: str) -> str:
    """The channel that a source's name begins with.

    >>> [channel_of(name) for name in ("reports:persuader-a", "reports:road_staff", "reports:app")]
    ['persuader', 'road_staff', 'citizen']
    """
    name = source.partition(":")[2]
    for channel in CHANNELS:
        if name == channel or name.startswith((f"{channel}-", f"{channel}.")):
            return channel
    return "citizen"


def source_of(key: str) -> str | None:
    """The source whose key this is, if it brings reports; None for anything else."""
    found = book().source_of_key(key, feed_now().timestamp()) if key else None
    return found if found is not None and kind_of(found) == "reports" else None


def form_is_off() -> bool:
    """Whether an operator switched the page's source off.

    A damaged registry does not close the page: people must be able to report.
    """
    try:
        return FORM in book().access.off
    except ConfigError:
        return False


def admit(key: str) -> str:
    """The source of a key that may send now. Raises SubmissionError (403)."""
    try:
        source = source_of(key)
    except ConfigError as error:
        raise SubmissionError(
            503, "api_key", "数据源登记文件有误，暂不能上报。", f"The registry is damaged: {error}"
        ) from error
    if source is None:
        raise SubmissionError(
            403, "api_key", "密钥缺失或无效。", "Missing or invalid API key (api_key)."
        )
    refusal = book().refusal(source, feed_now().timestamp())
    if refusal is not None:
        raise SubmissionError(403, "api_key", refusal.zh, refusal.en)
    return source
