"""The head of a sub-message: plate and colour where it concerns a vehicle, id, data length.

With a vehicle: plate[21], colour u8, id u16, length u32. Without: id u16, length u32. 2011 puts
the vehicle before all but 0x1300 and 0x9300; 2019 leaves it out of 0x1400, 0x9400 and 0x9201
too. Senders mix them up, so the bytes have the last word.

Source: JT/T 809-2011 clause 4.5; -2019 the same clause.
"""

from __future__ import annotations

from dataclasses import dataclass

from sizao.feeds.jt808.fields import pad, text
from sizao.feeds.jt808.problems import Malformed
from sizao.feeds.jt809.dialect import Dialect
from sizao.feeds.jt809.messages import family_of

PLATE = 21
_VEHICLE = PLATE + 1
_HEAD = 6


@dataclass(frozen=True, slots=True)
class Sub:
    """A sub-message whose data are still bytes."""

    plate: str | None
    """None: the form without a vehicle."""
    colour: int | None
    sub: int
    declared: int
    data: bytes


def has_vehicle(sub: int, edition: str, dialect: Dialect) -> bool:
    """Whether the standard (or the link) puts plate and colour before this sub-message."""
    family = family_of(sub)
    if family in (0x1102, 0x1300, 0x9300):
        return False
    if family in (0x1400, 0x9400):
        if dialect.vehicle_prefix != "edition":
            return dialect.vehicle_prefix == "yes"
        return edition == "2011"
    return not (sub == 0x9201 and edition == "2019")


def split(business: int, body: bytes, edition: str, dialect: Dialect) -> Sub:
    """Take the head apart. Raises Malformed ``bad_length`` if there is none."""
    found = [sub for sub in (_with(body), _without(body)) if sub and _belongs(sub.sub, business)]
    if not found:
        raise Malformed("bad_length", f"{len(body)} bytes hold no sub-message of this family")
    if len(found) == 1:
        return found[0]
    whole = [sub for sub in found if sub.declared == len(sub.data)]
    if len(whole) == 1:
        return whole[0]
    wanted = [s for s in found if (s.plate is not None) is has_vehicle(s.sub, edition, dialect)]
    return (wanted or found)[0]


def join(
    sub: int,
    data: bytes,
    edition: str,
    dialect: Dialect,
    plate: str | None = None,
    colour: int | None = None,
) -> bytes:
    """The inverse of :func:`split`. A vehicle that the form has no room for is left out."""
    head = sub.to_bytes(2, "big") + len(data).to_bytes(4, "big")
    # An alarm need not concern a vehicle, whatever the edition.
    nobody = plate is None and family_of(sub) in (0x1400, 0x9400)
    if nobody or not has_vehicle(sub, edition, dialect):
        return head + data
    return pad(plate or "", PLATE) + bytes((colour or 0,)) + head + data


def _belongs(sub: int, business: int) -> bool:
    return family_of(sub) == business


def _with(body: bytes) -> Sub | None:
    if len(body) < _VEHICLE + _HEAD:
        return None
    bare = _without(body[_VEHICLE:])
    assert bare is not None
    return Sub(text(body[:PLATE]), body[PLATE], bare.sub, bare.declared, bare.data)


def _without(body: bytes) -> Sub | None:
    if len(body) < _HEAD:
        return None
    sub, declared = int.from_bytes(body[:2], "big"), int.from_bytes(body[2:6], "big")
    return Sub(None, None, sub, declared, body[_HEAD:])
