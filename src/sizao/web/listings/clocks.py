"""The clock of interim reports of a listing: each on its day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from sizao.govern.hazards.clocks import end_of
from sizao.web.clocks.services import Ran
from sizao.web.hazards.projection import moment
from sizao.web.listings.models import Interim, Listing
from sizao.web.listings.services import remind


class InterimClocks:
    """A report that did not come on its day: the unit in command is told, once."""

    clocks: tuple[str, ...] = ("listing.interim",)

    def overdue(self, now: datetime) -> Iterable[int]:
        rows = _waiting().filter(due__lt=timezone.localtime(now).date())
        return rows.order_by("due").values_list("pk", flat=True)

    def fire(self, key: int, now: datetime) -> list[Ran]:
        one = _waiting().select_related("listing__hazard__unit").filter(pk=key).first()
        if one is None:
            return []
        remind(one, now)
        due = moment(end_of(one.due))
        assert due is not None
        return [Ran("listing.interim", f"interim:{one.pk}", due)]


def _waiting():
    return Interim.objects.filter(
        listing__state=Listing.State.IN_FORCE, at=None, reminded_at=None
    )  # fmt: skip
