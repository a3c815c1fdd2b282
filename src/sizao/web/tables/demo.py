"""The decision tables of a demonstration: a draft is under way, for whoever wants to try it."""

from __future__ import annotations

from sizao.web.tables import editing, services
from sizao.web.tables.models import Version
from sizao.web.units.models import User


def seed(username: str = "demo-detachment") -> None:
    """Begin a draft of the table of the state of roads, unless somebody ever began one."""
    user = User.objects.filter(username=username).first()
    if user is None or Version.objects.exists():
        return
    version = services.begin(user, "places")
    services.edit(
        user, version.pk, 0,
        lambda text: editing.with_row(text, "visibility-500", {"c-below_measured": "800"}),
        {"row": "visibility-500"},
    )  # fmt: skip
