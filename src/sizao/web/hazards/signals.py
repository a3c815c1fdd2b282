"""When a unit moves in the tree, the hazards that concern it follow."""

from __future__ import annotations

from django.dispatch import receiver

from sizao.web.hazards.models import Hazard
from sizao.web.units.models import moved


@receiver(moved)
def follow(sender, old: str, new: str, **_):
    """Rewrite the paths in what decides who sees a hazard."""
    for row in Hazard.objects.filter(reach__contains=f"|{old}").only("pk", "reach"):
        Hazard.objects.filter(pk=row.pk).update(reach=row.reach.replace(f"|{old}", f"|{new}"))
