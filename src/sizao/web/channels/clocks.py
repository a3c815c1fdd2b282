"""The clock of a notice: somebody must acknowledge it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sizao.web import audit
from sizao.web.channels import outbox
from sizao.web.channels.models import Notice
from sizao.web.channels.telling import announce, tell
from sizao.web.clocks.services import Ran


class NoticeClocks:
    """Nobody acknowledged: the next channel with the whole time anew; after the last channel the
    unit above is told, which for an agency is the police unit it works with."""

    clocks = ("notice.acknowledge",)

    def overdue(self, now: datetime) -> Iterable[int]:
        rows = _waiting().filter(acknowledge_by__lt=now)
        return rows.order_by("acknowledge_by").values_list("pk", flat=True)

    def fire(self, key: int, now: datetime) -> list[Ran]:
        notice = _waiting().select_related("party__parent", "case__unit").filter(pk=key).first()
        if notice is None or notice.acknowledge_by >= now:
            return []
        due = notice.acknowledge_by
        notice.missed_at = notice.missed_at or now
        channel = outbox.release_next(notice, now)
        notice.acknowledge_by = (
            now + timedelta(seconds=notice.acknowledge_s) if channel else None
        )  # fmt: skip
        notice.save(update_fields=["missed_at", "acknowledge_by"])
        told = None if channel else _tell_above(notice)
        audit.record(
            None, "notice.missed", "notice", notice.pk,
            {"party": notice.party.code, "next": channel, "told": told},
        )  # fmt: skip
        announce(notice, "missed")
        return [Ran("notice.acknowledge", f"notice:{notice.pk}", due)]


def _waiting():
    return Notice.objects.filter(
        acknowledge_by__isnull=False, acknowledged_at=None, lifted_at=None
    )  # fmt: skip


def _tell_above(notice: Notice) -> str | None:
    above = notice.party.parent
    if above is None:
        return None
    tell(
        above,
        key=("missed", notice.key),
        title=(
            f"{notice.party.name_zh}未确认：{notice.title_zh}",
            f"{notice.party.name_en} did not acknowledge: {notice.title_en}",
        ),
        text=("请用电话等方式核实对方是否知悉。", "Make sure by telephone that they know."),
        case=notice.case,
        about=f"notice:{notice.pk}",
        level=notice.level,
        place=notice.place,
        at=(notice.lat, notice.lon),
        channels=("inbox", "browser"),
        exercise=notice.exercise,
    )
    return above.code
