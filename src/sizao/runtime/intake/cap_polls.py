"""Fetching lists of CAP documents: one Atom, RSS or CAP address a source, again and again.

``cap-lists.yaml`` in the data folder names them::

    lists:
      - source: weather:city
        url: https://weather.example.org/cap/feed.xml
        every_s: 120
        hosts: [files.example.org]

Documents are fetched only from the host of the list and from ``hosts``: otherwise whoever writes
the list could let us ask any machine of the closed network. What was taken is remembered in
``cap-lists.json``, after the append; a document that could not be fetched is tried again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from starlette.responses import Response

from sizao.core import durable
from sizao.core.errors import ConfigError
from sizao.core.sources import kind_of
from sizao.feeds.cap.feed import MAX_LIST_BYTES, Entry, read_list
from sizao.feeds.cap.problems import Problem
from sizao.feeds.cap.xml import MAX_BYTES
from sizao.feeds.taken import Taken
from sizao.runtime.intake.door import Door
from sizao.runtime.intake.refusal import Refusal

logger = logging.getLogger(__name__)

FILE = "cap-lists.yaml"
STATE = "cap-lists.json"
LEAST_S = 10.0
PATIENCE_S = 20.0
REMEMBERED = 2_000
"""Keys kept a list: four times what is looked at, so that an entry does not come back."""
LOOK_S = 1.0

Take = Callable[[bytes, str, str], Awaitable[Response]]


@dataclass(frozen=True)
class List:
    """One address of ``cap-lists.yaml``."""

    source: str
    url: str
    every_s: float = 120.0
    hosts: tuple[str, ...] = ()

    def allows(self, url: str) -> bool:
        parts = urlsplit(url)
        wanted = (urlsplit(self.url).hostname, *self.hosts)
        return parts.scheme in ("http", "https") and parts.hostname in wanted


def load_lists(path: Path) -> list[List]:
    """The file's lists; none without a file. Raises ConfigError that names the entry."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: {error}") from error
    entries = raw.get("lists") if isinstance(raw, dict) else None
    if not isinstance(entries, list):
        raise ConfigError(f"{path}: expected lists: with an entry for each address")
    found = []
    for number, entry in enumerate(entries, 1):
        where = f"{path}: entry {number}"
        if not isinstance(entry, dict) or set(entry) - {"source", "url", "every_s", "hosts"}:
            raise ConfigError(f"{where}: use source, url, every_s, hosts")
        try:
            one = List(
                str(entry["source"]), str(entry["url"]), float(entry.get("every_s", 120.0)),
                tuple(str(host) for host in entry.get("hosts", ())),
            )  # fmt: skip
        except KeyError as error:
            raise ConfigError(f"{where}: {error.args[0]} is missing") from None
        except (TypeError, ValueError) as error:
            raise ConfigError(f"{where}: {error}") from None
        if kind_of(one.source) != "weather":
            raise ConfigError(f"{where}: source {one.source!r} is no weather:NAME")
        if not one.allows(one.url):
            raise ConfigError(f"{where}: {one.url!r} is no http or https address")
        if one.every_s < LEAST_S:
            raise ConfigError(f"{where}: every_s is {one.every_s:g}, at least {LEAST_S:g}")
        found.append(one)
    return found


@dataclass
class Memory:
    """What is known of one list."""

    etag: str = ""
    modified: str = ""
    digest: str = ""
    """Of the last body that was wholly dealt with."""
    keys: list[str] = field(default_factory=list)


class Polls:
    """All lists. ``take`` keeps a document."""

    def __init__(self, door: Door, take: Take) -> None:
        self.door = door
        self._take = take
        self._path = door.data.root / FILE
        self._state = door.data.root / STATE
        self._memory = _load(self._state)
        self._due: dict[str, float] = {}
        self._told: dict[str, str] = {}
        self._mark: int | None = None
        self._lists: list[List] = []
        self._figures: dict[str, dict[str, object]] = {}

    def figures(self) -> dict[str, object]:
        return dict(self._figures)

    async def run(self) -> None:
        """Until cancelled. One list at a time: they are few, and a slow one has its patience."""
        while True:
            self._reread()
            for one in self._lists:
                if time.monotonic() >= self._due.get(one.url, 0.0):
                    self._due[one.url] = time.monotonic() + one.every_s
                    await self.poll(one)
            await asyncio.sleep(LOOK_S)

    def _reread(self) -> None:
        try:
            mark = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            mark = None
        if mark == self._mark:
            return
        self._mark = mark
        try:
            self._lists = load_lists(self._path)
        except ConfigError as error:
            logger.error("%s; going on with the lists before", error)

    async def poll(self, one: List) -> None:
        """Fetch a list and what is new on it; never raises for what others did wrong."""
        memory = self._memory.setdefault(one.url, Memory())
        figures = self._figures.setdefault(one.url, {"polls": 0, "documents": 0, "error": ""})
        figures["polls"] = int(str(figures["polls"])) + 1
        try:
            self.door.senders.admit(one.source)
            headers = {"If-None-Match": memory.etag, "If-Modified-Since": memory.modified}
            got = await self._fetch(one, one.url, MAX_LIST_BYTES, headers)
            if got is not None and got.digest != memory.digest:
                try:
                    await self._read(one, got.body, memory, figures)
                    memory.etag, memory.modified, memory.digest = got.etag, got.modified, got.digest
                finally:
                    await asyncio.to_thread(_save, self._state, self._memory)
        except (Refusal, _FetchError, OSError) as error:
            self._tell(one, figures, getattr(error, "detail", str(error)))
        else:
            self._tell(one, figures, "")

    async def _read(
        self, one: List, body: bytes, memory: Memory, figures: dict[str, object]
    ) -> None:
        """Take every new entry. Raises _FetchError if one has to be tried again."""
        found = read_list(body, one.url)
        if isinstance(found, Problem):
            received_us = self.door.now_us()
            item = Taken("", problems=[found], raw=body)
            await self.door.take("weather_notices", one.source, one.url[:64], [item], received_us)
            return
        known = set(memory.keys)
        failures = []
        for entry in reversed(found):  # the oldest first, so that an update follows its alert
            if entry.key in known:
                continue
            try:
                document = entry.document or await self._document(one, entry)
                await self._take(document, one.source, (entry.url or one.url)[:64])
            except (Refusal, _FetchError) as error:
                failures.append(f"{entry.url or entry.key}: {getattr(error, 'detail', error)}")
                continue
            figures["documents"] = int(str(figures["documents"])) + 1
            memory.keys.append(entry.key)
        del memory.keys[:-REMEMBERED]
        if failures:
            # What was taken is remembered first; poll() does that also when this is raised.
            raise _FetchError(f"{len(failures)} documents could not be had: {failures[0]}")

    async def _document(self, one: List, entry: Entry) -> bytes:
        got = await self._fetch(one, entry.url, MAX_BYTES, {})
        if got is None:
            raise _FetchError("answered 304 without being asked")
        return got.body

    async def _fetch(
        self, one: List, url: str, most: int, headers: Mapping[str, str]
    ) -> _Got | None:
        secret = self.door.senders.secret(one.source, "authorization")
        # Only to the list's own host: another must not learn the key.
        if secret and urlsplit(url).hostname == urlsplit(one.url).hostname:
            headers = {**headers, "Authorization": secret}
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.door.files, _get, one, url, most, headers)

    def _tell(self, one: List, figures: dict[str, object], what: str) -> None:
        """Once when it begins, once when it is over: a list may be away for days."""
        figures["error"] = what
        if what != self._told.get(one.url, ""):
            self._told[one.url] = what
            if what:
                logger.warning("%s (%s): %s", one.url, one.source, what)
            else:
                logger.info("%s (%s): answers again", one.url, one.source)


class _FetchError(Exception):
    """Another host did not give what was asked for."""


@dataclass(frozen=True)
class _Got:
    body: bytes
    etag: str
    modified: str
    digest: str


class _SameHosts(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to where the list may lead."""

    def __init__(self, one: List) -> None:
        self._one = one

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        if not self._one.allows(newurl):
            raise _FetchError(f"redirects to {newurl}, which is not among its hosts")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _get(one: List, url: str, most: int, headers: Mapping[str, str]) -> _Got | None:
    """The body, bounded; None for 304. Raises _FetchError."""
    if not one.allows(url):
        raise _FetchError(f"{url} is not on a host of the list; add it to hosts")
    request = urllib.request.Request(url, headers={"User-Agent": "sizao", "Accept": "*/*"})
    for name, value in headers.items():
        if value:
            request.add_header(name, value)
    opener = urllib.request.build_opener(_SameHosts(one))
    try:
        with opener.open(request, timeout=PATIENCE_S) as answer:
            body = answer.read(most + 1)
            etag, modified = answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", "")
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 304:
            return None
        raise _FetchError(f"HTTP {error.code}") from None
    except (OSError, ValueError, urllib.error.URLError) as error:
        raise _FetchError(str(getattr(error, "reason", error))[:200]) from None
    except Exception as error:  # http.client has a tree of its own
        raise _FetchError(f"{type(error).__name__}: {error}"[:200]) from None
    if len(body) > most:
        raise _FetchError(f"more than {most:,} bytes")
    return _Got(body, etag, modified, hashlib.sha256(body).hexdigest())


def _load(path: Path) -> dict[str, Memory]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return {url: Memory(**memory) for url, memory in raw.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError):
        # Forgetting costs one more round; what was kept before is recognised by the log.
        logger.exception("%s: damaged; starting without it", path)
        return {}


def _save(path: Path, memory: Mapping[str, Memory]) -> None:
    durable.replace(path, json.dumps({url: vars(one) for url, one in memory.items()}).encode())
