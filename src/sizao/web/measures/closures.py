"""The road network as it is now: without the roads that control measures have closed."""

from __future__ import annotations

import threading

from sizao.roads.routing import Router
from sizao.web.measures.models import ControlMeasure
from sizao.web.ports import installed, ports

_kept: tuple[int, frozenset[int], Router] | None = None
_turn = threading.Lock()


def closed_segments(digest: str) -> frozenset[int]:
    """Segments that nobody may pass now: closures of the whole road, for every vehicle, in force.

    A closure ordered on another network names other segments and is left out.
    """
    closures = ControlMeasure.objects.in_force().filter(
        kind="closure", lanes="", vehicles="", network=digest
    )
    return frozenset(int(piece[0]) for one in closures.only("segments") for piece in one.segments)


def router() -> Router | None:
    """Travel times with the closures in force; None without a network. Kept while they stay."""
    global _kept
    base = ports().routing if installed() else None
    network = ports().network if installed() else None
    if base is None or network is None:
        return base
    closed = closed_segments(_digest(network))
    if not closed:
        return base
    with _turn:
        if _kept is None or _kept[0] != id(base) or _kept[1] != closed:
            _kept = (id(base), closed, Router(network, closed=closed, grid=base.grid))
        return _kept[2]


_digests: dict[int, str] = {}


def _digest(network) -> str:
    """The network's digest, computed once: it reads the whole network."""
    key = id(network)
    if key not in _digests:
        _digests.clear()
        _digests[key] = network.digest()
    return _digests[key]
