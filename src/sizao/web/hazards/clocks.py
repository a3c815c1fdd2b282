"""The clocks of hazards: reminders, the deadline of the work, the interim protection."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sizao.web import audit
from sizao.web.clocks.ledger import unfired
from sizao.web.clocks.services import Ran
from sizao.web.hazards.models import Hazard, HazardNotice
from sizao.web.hazards.projection import moment
from sizao.web.hazards.services import ring

_CLOCKS = {"remind": "hazard.remind", "escalate": "hazard.rectify"}


class HazardClocks:
    """A hazard whose day comes near is reminded of; one that is late goes one command level up, and
    again each further span."""

    clocks: tuple[str, ...] = ("hazard.remind", "hazard.rectify")

    def overdue(self, now: datetime) -> Iterable[int]:
        rows = Hazard.objects.open().filter(rings_at__lt=now)
        return rows.order_by("rings_at").values_list("pk", flat=True)

    def fire(self, key: int, now: datetime) -> list[Ran]:
        related = ("unit", "local_unit", "duty_unit", "duty_party")
        hazard = Hazard.objects.select_related(*related).get(pk=key)
        return [
            Ran(_CLOCKS[event.action], f"hazard:{hazard.number}", _due(event.details["missed_s"]))
            for event in ring(hazard, now)
        ]


def _due(missed_s: float) -> datetime:
    due = moment(missed_s)
    assert due is not None
    return due


class ProtectionClocks:
    """What protects a place until the work is done has run out: the unit in command is told, and
    whoever has to do the work and can sign in here."""

    clocks = ("hazard.protect",)

    def overdue(self, now: datetime) -> Iterable[int]:
        rows = Hazard.objects.open().bare(now).filter(protected_until__lt=now)
        return unfired(rows, "hazard.protect", "hazard", "number", "protected_until")

    def fire(self, key: int, now: datetime) -> list[Ran]:
        rows = Hazard.objects.open().bare(now).filter(pk=key, protected_until__lt=now)
        hazard = rows.select_related("unit", "duty_unit", "duty_party").first()
        if hazard is None or hazard.protected_until is None:
            return []
        concerned = (hazard.unit, hazard.duty_unit, hazard.duty_party)
        units = {unit.pk: unit for unit in concerned if unit is not None}
        HazardNotice.objects.bulk_create(
            HazardNotice(
                hazard=hazard, seq=hazard.version, at=now, unit=unit, action="bare",
                text_zh="临时防护已到期，隐患尚未验收，请续设防护或加快整改",
                text_en="The interim protection has run out and the hazard is not accepted yet",
            )
            for unit in units.values()
        )  # fmt: skip
        audit.record(
            None, "hazard.bare", "hazard", hazard.number, {"until": hazard.protected_until}
        )
        return [Ran("hazard.protect", f"hazard:{hazard.number}", hazard.protected_until)]
