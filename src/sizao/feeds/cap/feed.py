"""The list that a warning service publishes: Atom, RSS, or a single CAP document.

A poller reads the list, fetches the documents whose ``key`` it has not seen, and remembers the
keys. Nothing here opens a connection.

Source: RFC 4287 (Atom), RSS 2.0; OASIS CAP Feeds 1.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree

from sizao.feeds.cap import xml
from sizao.feeds.cap.problems import Problem

MAX_ENTRIES = 500
"""Entries of a list that are looked at, the first ones: lists have the newest first."""

MAX_LIST_BYTES = 4 << 20

_MIMES = ("application/cap+xml", "application/common-alerting-protocol+xml")


@dataclass(frozen=True)
class Entry:
    """One entry of a list: a document, or where it is."""

    key: str
    """Identifies it with its version: what a poller remembers."""
    url: str = ""
    document: bytes = b""
    """The document itself where the list holds it."""


def read_list(data: bytes, base_url: str) -> list[Entry] | Problem:
    """The entries in the order of the list, each key once. Links are made absolute."""
    parsed = xml.parse(data, MAX_LIST_BYTES)
    if isinstance(parsed, Problem):
        return parsed
    root, _ = parsed
    match xml.local(root):
        case "alert":
            return [Entry(_identifier(root), "", data)]
        case "feed":
            found = [_atom(one, base_url) for one in _named(root, "entry")]
        case "rss" | "RDF":
            channels = _named(root, "channel") or [root]
            items = [*_named(channels[0], "item"), *_named(root, "item")]
            found = [_rss(one, base_url) for one in items]
        case other:
            return Problem("not_a_feed", f"the root element is {other[:64]!r}")
    entries: dict[str, Entry] = {}
    for entry in found[:MAX_ENTRIES]:
        if entry is not None:
            entries.setdefault(entry.key, entry)
    return list(entries.values())


def _named(element: Any, name: str) -> list[Any]:
    return [child for child in element if xml.local(child) == name]


def _first(element: Any, *names: str) -> str:
    for name in names:
        for child in _named(element, name):
            if text := xml.text(child):
                return text
    return ""


def _identifier(alert: Any) -> str:
    return f"{_first(alert, 'identifier')} {_first(alert, 'sent', 'sendTime')}".strip()


def _inside(element: Any) -> Any | None:
    """A CAP document in the entry's content, as some services put it there."""
    for child in (element, *element):
        for alert in _named(child, "alert"):
            return alert
    return None


def _atom(entry: Any, base_url: str) -> Entry | None:
    alert = _inside(entry)
    if alert is not None:
        return Entry(_identifier(alert), "", ElementTree.tostring(alert, "utf-8"))
    links = [one for one in _named(entry, "link") if one.get("href")]
    chosen = next((one for one in links if one.get("type", "").lower() in _MIMES), None)
    if chosen is None:
        main = [one for one in links if one.get("rel", "alternate") == "alternate"]
        chosen = next(iter(main or links), None)
    key = f"{_first(entry, 'id')} {_first(entry, 'updated', 'published')}".strip()
    return _linked(key, chosen.get("href") if chosen is not None else "", base_url)


def _rss(item: Any, base_url: str) -> Entry | None:
    alert = _inside(item)
    if alert is not None:
        return Entry(_identifier(alert), "", ElementTree.tostring(alert, "utf-8"))
    link = _first(item, "link")
    key = f"{_first(item, 'guid', 'link')} {_first(item, 'pubDate', 'date')}".strip()
    return _linked(key, link, base_url)


def _linked(key: str, link: str, base_url: str) -> Entry | None:
    try:
        url = urljoin(base_url, link.strip())
    except ValueError:
        return None
    if not link or not url.startswith(("http://", "https://")):
        return None  # never a file: or anything else that the list's author chooses
    return Entry(key or url, url)
