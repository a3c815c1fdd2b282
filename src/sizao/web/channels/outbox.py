"""The durable outbox: what a notice's deliveries are, and how each of them stands.

Everything here runs in the caller's transaction. What talks to the world is ``sender.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from sizao.core.ids import content_id
from sizao.respond.backoff import next_try_s
from sizao.web.channels.adapters.base import Outcome
from sizao.web.channels.endpoints import OUTSIDE, Endpoint, endpoints
from sizao.web.channels.models import Attempt, Delivery, Notice
from sizao.web.gathered import put
from sizao.web.ports import installed, ports

_State = Delivery.State

_TO_SEND = (_State.WAITING, _State.CLEARING)
_ON_ROAD = (_State.SENT, _State.DELIVERED)
"""Of a sign: to be renewed at ``next_at``."""

RENEW = timedelta(minutes=25)
"""A sign is told again that its message holds."""

BROWSER_S = 60.0
"""A browser of the party must have shown the notification in this time, or the next channel is
tried."""


def queue(notice: Notice, now: datetime, signs: Iterable[str] = ()) -> None:
    """The deliveries of a new notice: the inbox has it at once, the next channel that is set up is
    to be tried, the others are held in reserve; signs near the place, or those named, are set at
    once. An exercise stays in the house."""
    known = endpoints(ports().data.channels)[0] if installed() else {}
    first = True
    for order, channel in enumerate(notice.channels):
        if channel == "inbox":
            _make(notice, channel, order, "", _State.DELIVERED, now)
        elif channel == "sign":
            named = [known[name] for name in signs if name in known and not notice.exercise]
            for endpoint in named or _signs(notice, known.values()):
                _make(notice, channel, order, endpoint.name, _State.WAITING, now)
        elif channel in OUTSIDE:
            for endpoint in _of(notice, channel, known.values()):
                state = _State.WAITING if first else _State.HELD
                _make(notice, channel, order, endpoint.name, state, now)
                first = False
        else:
            state = _State.WAITING if first else _State.HELD
            _make(notice, channel, order, "", state, now)
            first = False


def _of(notice: Notice, channel: str, known: Iterable[Endpoint]) -> list[Endpoint]:
    if notice.exercise:
        return []
    code = notice.party.code
    return [one for one in known if one.channel == channel and one.serves(code)]


def _signs(notice: Notice, known: Iterable[Endpoint]) -> list[Endpoint]:
    return [] if notice.exercise or notice.warning is None else signs_near(notice.warning, known)


def signs_near(warning, known: Iterable[Endpoint]) -> list[Endpoint]:
    """The signs that a warning concerns."""
    place = (warning.lat, warning.lon, warning.road)
    return [one for one in known if one.channel == "sign" and one.concerns(*place)]


def any_sign(warning) -> bool:
    """Whether there is a sign to set."""
    known = endpoints(ports().data.channels)[0] if installed() else {}
    return bool(signs_near(warning, known.values()))


def _make(
    notice: Notice, channel: str, order: int, endpoint: str, state: str, now: datetime
) -> None:
    here = state == _State.DELIVERED
    put(
        Delivery(
            notice=notice,
            key=content_id("delivery", notice.key, channel, endpoint),
            channel=channel,
            order=order,
            endpoint=endpoint,
            state=state,
            made_at=now,
            next_at=now if state == _State.WAITING else None,
            sent_at=now if here else None,
            delivered_at=now if here else None,
        )
    )


def due(now: datetime) -> QuerySet[Delivery]:
    """What is to be tried now."""
    return Delivery.objects.filter(
        Q(state__in=_TO_SEND) | Q(channel="sign", state__in=_ON_ROAD), next_at__lte=now
    )


def claim(now: datetime, limit: int, full: Iterable[str] = ()) -> list[Delivery]:
    """What is to be tried now, marked as leaving. Commit before anything leaves.

    full : endpoints that take no more in this minute; what is for them waits, uncounted
    """
    rows = due(now).exclude(endpoint__in=list(full))
    rows = rows.select_related("notice__party", "notice__warning")
    claimed = []
    for delivery in rows.order_by("next_at", "pk")[:limit]:
        if delivery.channel == "browser":
            _browser(delivery, now)
            continue
        delivery.attempts += 1
        if delivery.state == _State.WAITING:
            delivery.state, delivery.next_at = _State.SENDING, None
        else:  # clearing or renewing a sign stays what it is: twice does what once does
            delivery.next_at = now + timedelta(seconds=next_try_s(2) or 0)
        delivery.save(update_fields=["attempts", "state", "next_at"])
        claimed.append(delivery)
    return claimed


def _browser(delivery: Delivery, now: datetime) -> None:
    """The stream has announced the notice; a browser that shows it says so within a minute."""
    if delivery.sent_at is None:
        delivery.sent_at, delivery.attempts = now, 1
        delivery.next_at = now + timedelta(seconds=BROWSER_S)
        delivery.save(update_fields=["sent_at", "attempts", "next_at"])
        return
    failed = Outcome(False, retry=False, detail="没有打开页面并允许通知的浏览器")
    conclude(delivery, failed, now)


def recover() -> int:
    """At the start: what was leaving when the process ended may have left. It is sent again under
    the same key, and its attempts say that the other side may have it twice. Returns how many."""
    left = Delivery.objects.filter(state=_State.SENDING)
    return left.update(state=_State.WAITING, doubtful=True, next_at=F("made_at"))


def conclude(delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    """Write down what became of an attempt, and what follows: a later try, or the next channel."""
    fresh = Delivery.objects.select_related("notice").get(pk=delivery.pk)
    Attempt.objects.create(
        delivery=fresh,
        number=delivery.attempts,
        at=now,
        ok=outcome.ok,
        status=outcome.status,
        detail=outcome.detail[:300],
        perhaps_twice=fresh.doubtful,
    )
    fresh.doubtful = False
    fresh.detail = outcome.detail[:300]
    if fresh.state == _State.CLEARING:
        if outcome.ok or not outcome.retry:
            fresh.state, fresh.next_at = _State.CANCELLED, None
        # Else the claim has set the next try: what stays on the road is never given up.
    elif outcome.ok:
        fresh.state = _State.DELIVERED if outcome.delivered else _State.SENT
        fresh.sent_at = fresh.sent_at or now
        fresh.next_at = now + RENEW if fresh.channel == "sign" else None
        fresh.receipt = outcome.receipt[:128]
        if outcome.delivered:
            fresh.delivered_at = fresh.delivered_at or now
        if fresh.notice.lifted_at is not None and fresh.channel == "sign":
            fresh.state, fresh.next_at = _State.CLEARING, now  # it was lifted meanwhile
    elif fresh.state in _ON_ROAD:
        pass  # it could not be renewed; the claim has set the next try
    else:
        wait = next_try_s(delivery.attempts) if outcome.retry else None
        fresh.state = _State.FAILED if wait is None else _State.WAITING
        fresh.next_at = None if wait is None else now + timedelta(seconds=wait)
    fresh.save()
    if fresh.state == _State.FAILED and fresh.channel != "sign":
        fall_back(fresh.notice, now)


def fall_back(notice: Notice, now: datetime) -> str:
    """The next channel, if nothing else is under way or has reached the party already."""
    if notice.acknowledged_at or notice.lifted_at:
        return ""
    outside = notice.deliveries.exclude(channel__in=("inbox", "sign"))
    done = (_State.WAITING, _State.SENDING, _State.SENT, _State.DELIVERED, _State.READ)
    return "" if outside.filter(state__in=done).exists() else release_next(notice, now)


def release_next(notice: Notice, now: datetime) -> str:
    """Let the next channel in reserve be tried, all its endpoints. Returns which; empty if none
    is left."""
    held = Delivery.objects.filter(notice=notice, state=_State.HELD)
    first = held.order_by("order").first()
    if first is None:
        return ""
    held.filter(order=first.order).update(state=_State.WAITING, next_at=now)
    return first.channel


def seen(notice: Notice, now: datetime, channel: str = "inbox") -> None:
    """Somebody the notice is for has read it."""
    Delivery.objects.filter(notice=notice, channel=channel, read_at=None).update(
        state=_State.READ, read_at=now
    )


def arrived(delivery: Delivery, now: datetime, *, ok: bool, read: bool, detail: str = "") -> bool:
    """A receipt of the other side. Returns whether it told anything new; a receipt that comes
    again, or late after a better one, does not."""
    rank = [_State.FAILED, _State.SENT, _State.DELIVERED, _State.READ]
    state = _State.FAILED if not ok else _State.READ if read else _State.DELIVERED
    if delivery.state in rank and rank.index(delivery.state) >= rank.index(state) and ok:
        return False
    if delivery.state in (_State.FAILED, _State.CANCELLED, _State.READ) and not ok:
        return False
    delivery.state, delivery.next_at = state, None
    delivery.detail = detail[:300]
    if ok:
        delivery.sent_at = delivery.sent_at or now
        delivery.delivered_at = delivery.delivered_at or now
        delivery.read_at = now if read else delivery.read_at
    delivery.save()
    if not ok:
        fall_back(delivery.notice, now)
    return True


def withdraw(notice: Notice) -> None:
    """What has not left yet need not leave any more; signs are cleared."""
    Delivery.objects.filter(notice=notice, state__in=(_State.HELD, _State.WAITING)).update(
        state=_State.CANCELLED, next_at=None
    )


def clear_signs(notice: Notice, now: datetime) -> None:
    """Take the notice off the road."""
    Delivery.objects.filter(
        notice=notice, channel="sign", state__in=(_State.SENT, _State.DELIVERED, _State.READ)
    ).update(state=_State.CLEARING, next_at=now, attempts=0)


def try_again(delivery: Delivery, now: datetime) -> None:
    """Somebody wants a failed delivery tried once more, from the beginning."""
    delivery.state, delivery.attempts, delivery.next_at = _State.WAITING, 0, now
    delivery.sent_at = None
    delivery.save(update_fields=["state", "attempts", "next_at", "sent_at"])
