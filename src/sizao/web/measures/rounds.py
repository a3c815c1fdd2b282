"""What the desk does for control measures in each of its rounds."""

from __future__ import annotations

from sizao.web.live.board import board
from sizao.web.measures import limits, services, signs, texts
from sizao.web.ports import Ports


def follow(ports: Ports) -> None:
    """What begins by itself, texts on signs and to vehicles, the file that a kill left old."""
    now = ports.now()
    services.begin_due(now)
    signs.follow(now)
    texts.text_areas(lambda: board(ports), now)
    limits.publish_if_stale()
