"""HTTP digest (RFC 7616 with MD5 and qop auth, as GA/T 1400.4 asks), both sides, without sockets.

MD5 is what the standard's devices speak. It hides the password on the way and nothing else: keep
checkpoints on a network of their own.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_PART = re.compile(r'\s*([A-Za-z0-9_-]{1,32})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,|$)')
LONGEST = 4096


def parse(header: str | None) -> dict[str, str] | None:
    """The parts of a ``Digest`` header (Authorization or WWW-Authenticate); None if it is none.

    >>> parse('Digest realm="viid", nc=00000001, qop=auth')
    {'realm': 'viid', 'nc': '00000001', 'qop': 'auth'}
    """
    if header is None or len(header) > LONGEST or header[:7].lower() != "digest ":
        return None
    rest = header[7:].strip()
    parts: dict[str, str] = {}
    while rest:
        found = _PART.match(rest)
        if found is None:
            return None
        quoted, plain = found[2], found[3]
        parts[found[1].lower()] = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain
        rest = rest[found.end() :]
    return parts


def response(parts: dict[str, str], method: str, password: str) -> str:
    """The response that fits the parts of an Authorization header."""
    ha1 = _md5(f"{parts['username']}:{parts['realm']}:{password}")
    ha2 = _md5(f"{method}:{parts['uri']}")
    return _md5(f"{ha1}:{parts['nonce']}:{parts['nc']}:{parts['cnonce']}:auth:{ha2}")


@dataclass
class Nonces:
    """What a server remembers: the nonces it gave, when, and how often each was used.

    A nonce ends after ``life_s``; a count must be higher than every one before it, so that a
    recorded request cannot be played again. When there are more than ``most``, the oldest go:
    their holders are asked again.
    """

    make: Callable[[], str]
    life_s: float = 300.0
    most: int = 10_000
    _given: OrderedDict[str, tuple[float, int]] = field(default_factory=OrderedDict)

    def give(self, now_s: float) -> str:
        """A fresh nonce."""
        nonce = self.make()
        self._given[nonce] = (now_s, 0)
        while len(self._given) > self.most:
            self._given.popitem(last=False)
        return nonce

    def use(self, nonce: str, count: int, now_s: float) -> str:
        """``ok``, ``stale`` (unknown or too old: ask again) or ``replayed``."""
        given_s, used = self._given.get(nonce, (-1e18, 0))
        if now_s - given_s > self.life_s:
            self._given.pop(nonce, None)
            return "stale"
        if count <= used:
            return "replayed"
        self._given[nonce] = (given_s, count)
        return "ok"


@dataclass(frozen=True)
class Verdict:
    """``code``: ok, none, malformed, wrong, stale or replayed. ``user`` as the header claims."""

    code: str
    user: str = ""


def check(
    header: str | None,
    method: str,
    path: str,
    *,
    realm: str,
    nonces: Nonces,
    password_of: Callable[[str], str | None],
    now_s: float,
) -> Verdict:
    """Judge an Authorization header. ``password_of`` gives a user's password, None if unknown.

    The comparison takes the same time for a wrong password and an unknown user. A nonce is used
    up by right answers only, or else anybody could spoil somebody's.
    """
    parts = parse(header)
    if header is None or not header.strip():
        return Verdict("none")
    needed = ("username", "realm", "nonce", "uri", "response", "nc", "cnonce", "qop")
    if parts is None or any(name not in parts for name in needed):
        return Verdict("malformed")
    user = parts["username"]
    if (
        parts["qop"].lower() != "auth"
        or parts.get("algorithm", "MD5").upper() != "MD5"
        or not re.fullmatch(r"[0-9a-fA-F]{8}", parts["nc"])
        or parts["realm"] != realm
        or not _same_path(parts["uri"], path)
    ):
        return Verdict("malformed", user)
    password = password_of(user)
    expected = response(parts, method, password if password is not None else "?")
    same = hmac.compare_digest(
        expected.encode(), parts["response"].lower().encode("utf-8", "replace")
    )
    if password is None or not same:
        return Verdict("wrong", user)
    return Verdict(nonces.use(parts["nonce"], int(parts["nc"], 16), now_s), user)


def challenge(realm: str, nonce: str, *, stale: bool = False) -> str:
    """The value of WWW-Authenticate."""
    text = f'Digest realm="{realm}", qop="auth", nonce="{nonce}", algorithm=MD5'
    return f"{text}, stale=true" if stale else text


@dataclass
class Client:
    """The device's side: keeps the server's challenge and counts its uses."""

    user: str
    password: str
    make_cnonce: Callable[[], str]
    _challenge: dict[str, str] | None = None
    _count: int = 0

    def challenged(self, header: str | None) -> bool:
        """Take a WWW-Authenticate header. False if it is none that can be answered."""
        parts = parse(header)
        if parts is None or "nonce" not in parts or "realm" not in parts:
            return False
        offered = [word.strip().lower() for word in parts.get("qop", "").split(",")]
        if "auth" not in offered or parts.get("algorithm", "MD5").upper() != "MD5":
            return False
        self._challenge, self._count = parts, 0
        return True

    def authorization(self, method: str, uri: str) -> str | None:
        """The Authorization header of a request, None before a challenge."""
        if self._challenge is None:
            return None
        self._count += 1
        parts = {
            "username": self.user,
            "realm": self._challenge["realm"],
            "nonce": self._challenge["nonce"],
            "uri": uri,
            "nc": f"{self._count:08x}",
            "cnonce": self.make_cnonce(),
            "qop": "auth",
        }
        parts["response"] = response(parts, method, self.password)
        if "opaque" in self._challenge:
            parts["opaque"] = self._challenge["opaque"]
        bare = ("nc", "qop")
        return "Digest " + ", ".join(
            f"{name}={value}" if name in bare else f'{name}="{value}"'
            for name, value in parts.items()
        )


def _same_path(uri: str, path: str) -> bool:
    """Some devices put the whole URL into uri, or leave out the query."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return parts.path == path.partition("?")[0]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
