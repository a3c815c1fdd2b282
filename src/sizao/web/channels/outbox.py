"""The durable outbox: a delivery a channel, in the transaction of the notice."""

from __future__ import annotations

from datetime import datetime

from sizao.core.ids import content_id
from sizao.web.channels.models import Delivery, Notice

_State = Delivery.State


def queue(notice: Notice, now: datetime) -> None:
    """A delivery for each channel of a notice. The inbox has it at once, the next channel is to be
    tried, the others are held in reserve. An exercise stays in the house."""
    for order, channel in enumerate(notice.channels):
        if notice.exercise and channel not in ("inbox", "browser"):
            continue
        state = _State.DELIVERED if order == 0 else _State.WAITING if order == 1 else _State.HELD
        Delivery.objects.create(
            notice=notice,
            key=content_id("delivery", notice.key, channel),
            channel=channel,
            order=order,
            state=state,
            made_at=now,
            next_at=now if state == _State.WAITING else None,
            sent_at=now if order == 0 else None,
            delivered_at=now if order == 0 else None,
        )


def seen(notice: Notice, now: datetime, channel: str = "inbox") -> None:
    """Somebody the notice is for has read it."""
    Delivery.objects.filter(notice=notice, channel=channel, read_at=None).update(
        state=_State.READ, read_at=now
    )


def release_next(notice: Notice, now: datetime) -> str:
    """Let the next channel in reserve be tried. Returns which; empty if none is left."""
    held = Delivery.objects.filter(notice=notice, state=_State.HELD).order_by("order").first()
    if held is None:
        return ""
    held.state, held.next_at = _State.WAITING, now
    held.save(update_fields=["state", "next_at"])
    return held.channel


def withdraw(notice: Notice) -> None:
    """What has not left yet need not leave any more."""
    Delivery.objects.filter(notice=notice, state__in=(_State.HELD, _State.WAITING)).update(
        state=_State.CANCELLED, next_at=None
    )
