"""What the desk does for control measures in each of its rounds."""

from __future__ import annotations

from sizao.web.live.board import board
from sizao.web.measures import limits, services, texts
from sizao.web.ports import Ports


def follow(ports: Ports) -> None:
    """Clocks, texts to who is in an area, and the file that a kill may have left old."""
    now = ports.now()
    services.tick(now)
    texts.text_areas(lambda: board(ports), now)
    limits.publish_if_stale()
