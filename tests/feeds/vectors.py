"""Captured frames with expected values, whatever the protocol: loading, kinds, comparison.

A capture is a JSON object a line. ``kind`` says what to do with it:

- ``frame``: decode ``hex``; every key of ``expected`` must be there and equal.
- ``frame_header_only``: the same; only the header and the raw body are expected.
- ``stream``: feed ``hex`` as one chunk; ``expected.frames`` in order, each by its keys.
- ``stream_chunks``: the same bytes in the pieces of ``chunks``.
- ``reassembly``: feed ``frames`` in order; ``expected`` is about the joined message.

An unknown kind, protocol or key is a failure, never a skip: a capture that nobody looked at must
not look like one that passed. A protocol joins with one file: ``tests/feeds/NAME/adapter.py`` with
an object ``ADAPTER`` that does what :class:`Adapter` says, and its name in :data:`PROTOCOLS`.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

HERE = Path(__file__).resolve()
COLLECTED = HERE.parents[2] / "../shared/vectors"
"""Captures collected for this project, where they are at hand."""

PROTOCOLS = ("jt808", "jt809")
"""Protocols that have an adapter."""

Vector = Mapping[str, Any]

KEYS = frozenset(
    {
        *("id", "source_repo", "license", "protocol", "version", "kind", "message_id"),
        *("sub_message_id", "hex", "expected", "verified", "note", "cross_check"),
        *("frames", "chunks"),
    }
)
"""Keys a capture may have; ``protocol``, ``kind`` and ``expected`` it must have."""


@dataclass(frozen=True)
class Stream:
    """What came out of a stream."""

    frames: list[dict[str, Any]]
    """Good frames, decoded, in order."""
    errors: list[str] = field(default_factory=list)
    """Kinds of error, of frames that were refused and of what was left at the end."""
    refused: int = 0
    """How many complete frames were refused."""


class Adapter(Protocol):
    """One protocol. Every method gets the capture too, for a profile or a key that it names.

    Decoded frames are dicts with the keys that ``sizao decode`` prints; ``error``, if there is
    one, is an object with ``kind`` or the kind itself.
    """

    def frame(self, data: bytes, vector: Vector) -> dict[str, Any]:
        """Decode one frame, delimiters included."""
        ...

    def stream(self, chunks: Sequence[bytes], vector: Vector) -> Stream:
        """Feed the chunks to a fresh connection."""
        ...

    def reassembly(self, frames: Sequence[bytes], vector: Vector) -> dict[str, Any]:
        """Feed frames to a fresh connection and describe the message they are parts of:
        ``complete``, ``total``, ``missing``, ``body_sha256``, and its decoded keys."""
        ...


def adapter(protocol: str) -> Adapter:
    """The adapter of a protocol. Raises KeyError for one that has none."""
    if protocol not in PROTOCOLS:
        raise KeyError(protocol)
    found: Adapter = importlib.import_module(f"tests.feeds.{protocol}.adapter").ADAPTER
    return found


@dataclass(frozen=True)
class Line:
    """A line of a file of captures."""

    file: str
    number: int
    text: str

    @property
    def name(self) -> str:
        """Name of the test: the capture's id where it has one."""
        try:
            found = json.loads(self.text)["id"]
        except (ValueError, KeyError, TypeError):
            found = f"line{self.number}"
        return f"{self.file}:{found}"


def lines(folder: Path) -> list[Line]:
    """Every line of every ``*.jsonl`` of a folder."""
    return [line for file in sorted(folder.glob("*.jsonl")) for line in _lines(file)]


def own_lines() -> list[Line]:
    """Lines of the collected captures of every protocol that has an adapter; where there are
    none, of the constructed ones beside its tests."""
    found = []
    for protocol in PROTOCOLS:
        file = COLLECTED / f"{protocol}.jsonl"
        golden = lines(HERE.parent / protocol / "golden")
        found += _lines(file) if file.exists() else golden
    return found


def _lines(file: Path) -> list[Line]:
    rows = file.read_text(encoding="utf-8").splitlines()
    return [Line(file.name, number, text) for number, text in enumerate(rows, 1) if text.strip()]


def problems(text: str) -> list[str]:
    """What a capture, one line of JSON, is at odds with; empty if all is as expected."""
    try:
        vector = json.loads(text)
    except ValueError as error:
        return [f"not JSON: {error}"]
    if not isinstance(vector, dict):
        return ["not a JSON object"]
    found = [f"unknown key {key!r}" for key in sorted(vector.keys() - KEYS)]
    found += [f"no {key!r}" for key in ("protocol", "kind", "expected") if key not in vector]
    if found:
        return found
    if not isinstance(vector["expected"], dict) or not vector["expected"]:
        return ["expects nothing"]
    try:
        known = adapter(vector["protocol"])
    except KeyError:
        return [f"unknown protocol {vector['protocol']!r}"]
    kind = _KINDS.get(vector["kind"])
    if kind is None:
        return [f"unknown kind {vector['kind']!r}"]
    try:
        return list(kind(known, vector))
    except (KeyError, ValueError, TypeError) as error:
        return [f"cannot be played: {type(error).__name__}: {error}"]


def flat(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Decoded fields with ``error`` as captures write it: its kind alone."""
    return {
        key: value["kind"] if key == "error" and isinstance(value, dict) else value
        for key, value in fields.items()
    }


def differences(expected: Mapping[str, Any], got: Mapping[str, Any]) -> Iterator[str]:
    """Keys of ``expected`` that are missing or differ."""
    got = flat(got)
    for key, value in expected.items():
        if key not in got:
            yield f"{key}: not decoded, expected {value!r}"
        elif got[key] != value or isinstance(got[key], bool) != isinstance(value, bool):
            yield f"{key}: got {got[key]!r}, expected {value!r}"


def _frame(known: Adapter, vector: Vector) -> Iterator[str]:
    got = flat(known.frame(bytes.fromhex(vector["hex"]), vector))
    yield from differences(vector["expected"], got)
    # Streams and parts are about framing: what their bodies hold is not asserted.
    if "error" in got and "error" not in vector["expected"]:
        yield f"error: got {got['error']!r}, expected none"


def _stream(known: Adapter, vector: Vector) -> Iterator[str]:
    yield from _played(known, vector, [bytes.fromhex(vector["hex"])])


def _stream_chunks(known: Adapter, vector: Vector) -> Iterator[str]:
    chunks = [bytes.fromhex(chunk) for chunk in vector["chunks"]]
    if "hex" in vector and b"".join(chunks) != bytes.fromhex(vector["hex"]):
        yield "the chunks are not the bytes of hex"
    yield from _played(known, vector, chunks)


def _played(known: Adapter, vector: Vector, chunks: Sequence[bytes]) -> Iterator[str]:
    expected = vector["expected"]
    yield from (
        f"unknown expectation {key!r}" for key in expected.keys() - {"frames", "error", "has_error"}
    )
    found = known.stream(chunks, vector)
    frames = expected.get("frames", [])
    if len(found.frames) != len(frames):
        yield f"{len(found.frames)} frames, expected {len(frames)}"
    for number, (wanted, got) in enumerate(zip(frames, found.frames, strict=False), 1):
        yield from (f"frame {number}: {one}" for one in differences(wanted, got))
    if "error" in expected and expected["error"] not in found.errors:
        yield f"errors are {found.errors}, expected {expected['error']!r}"
    if "has_error" in expected and expected["has_error"] is not bool(found.refused):
        yield f"{found.refused} frames refused, has_error is {expected['has_error']}"


def _reassembly(known: Adapter, vector: Vector) -> Iterator[str]:
    frames = [bytes.fromhex(frame) for frame in vector["frames"]]
    yield from differences(vector["expected"], known.reassembly(frames, vector))


_KINDS: dict[str, Callable[[Adapter, Vector], Iterator[str]]] = {
    "frame": _frame,
    "frame_header_only": _frame,
    "stream": _stream,
    "stream_chunks": _stream_chunks,
    "reassembly": _reassembly,
}
