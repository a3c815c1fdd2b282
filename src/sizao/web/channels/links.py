"""From a notice to what it is about, where the reader may open it."""

from __future__ import annotations

from django.urls import reverse

from sizao.web.channels.models import Notice
from sizao.web.units.models import User


def link_of(user: User, notice: Notice) -> str:
    """The address of what a notice is about; empty if there is none for this reader."""
    sort, _, name = notice.about.partition(":")
    match sort:
        case "hazard":
            return reverse("partner-hazard" if user.is_partner else "hazard", args=(name,))
        case "task":
            return reverse("tasks")
        case "measure" | "measure-by-hand" | "lifted-measure" if not user.is_partner:
            return reverse("measure", args=(int(name),))
    return ""
