"""A warning that is issued is routed in the transaction that issues it; a case that ends lifts."""

from __future__ import annotations

from django.db.models.signals import post_save
from django.dispatch import receiver

from sizao.web.cases.models import Case
from sizao.web.channels import telling
from sizao.web.warnings.models import Warning
from sizao.web.warnings.services import issued


@receiver(issued, sender=Warning, dispatch_uid="channels-warning")
def tell(sender, warning: Warning, **_) -> None:
    telling.tell_of_warning(warning)


@receiver(post_save, sender=Case, dispatch_uid="channels-case")
def changed(sender, instance: Case, created: bool, **_) -> None:
    if not created:
        telling.follow_case(instance)
