"""When a unit moves in the tree, the cases that concern it follow."""

from __future__ import annotations

from django.dispatch import receiver

from sizao.web.cases.models import Case
from sizao.web.live.models import OutboxEvent
from sizao.web.units.models import moved


@receiver(moved)
def follow(sender, old: str, new: str, **_):
    """Rewrite the paths in what decides who sees a case or an event."""
    for model in (Case, OutboxEvent):
        for row in model._default_manager.filter(reach__contains=f"|{old}").only("pk", "reach"):
            reach = row.reach.replace(f"|{old}", f"|{new}")
            model.objects.filter(pk=row.pk).update(reach=reach)
