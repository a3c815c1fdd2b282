"""What a simulation leaves in the data directory: ``junctions/TIMING/``.

job.json             junction, counts, both plans and seeds
outcome.json         the comparison; read into the database at the end
before.film, after.film  positions of the first run, see ``plan.microsim.outputs.film``
stop                 somebody wants it to end
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from sizao.web.junctions.models import Timing
from sizao.web.ports import installed, ports

FILMS = ("before", "after")


def folder(timing: Timing) -> Path:
    """The folder of a timing; it need not exist."""
    root = (ports().data if installed() else settings.DATA).root
    return Path(root) / "junctions" / str(timing.pk)


def film(timing: Timing, which: str) -> Path:
    return folder(timing) / f"{which}.film"
