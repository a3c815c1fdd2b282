"""What a party does with a notice: acknowledge, reply. One transaction each, audited."""

from __future__ import annotations

from sizao.core.errors import TransitionError
from sizao.web import audit
from sizao.web.channels import outbox
from sizao.web.channels.access import may_answer
from sizao.web.channels.models import Notice, Reply
from sizao.web.channels.telling import announce
from sizao.web.clock import feed_now
from sizao.web.units.models import User
from sizao.web.writing import write

LONGEST = 500


def read(user: User, notice_id: int) -> Notice:
    """A notice that the user may see; that somebody of the party opened it is kept.

    Raises Notice.DoesNotExist.
    """
    rows = Notice.objects.for_user(user).select_related("party", "case", "acknowledged_by")
    notice = rows.get(pk=notice_id)
    if may_answer(user, notice):
        with write():
            outbox.seen(notice, feed_now())
    return notice


def acknowledge(user: User, notice_id: int, version: int) -> Notice:
    """Say that it was received and is acted on.

    Raises Notice.DoesNotExist for what the user may not see, TransitionError for what it may not
    answer, and when somebody of the party was faster.
    """
    with write():
        notice = _mine(user, notice_id)
        if notice.acknowledged_at is not None:
            raise TransitionError(
                f"已由{notice.acknowledged_by}确认，无须再确认。",
                f"{notice.acknowledged_by} has acknowledged it already.",
                code="state",
            )
        _unchanged(notice, version)
        notice.acknowledged_at, notice.acknowledged_by = feed_now(), user
        notice.version += 1
        notice.save(update_fields=["acknowledged_at", "acknowledged_by", "version"])
        outbox.seen(notice, notice.acknowledged_at)
        outbox.withdraw(notice)
        audit.record(
            user, "notice.acknowledge", "notice", notice.pk, {"party": notice.party.code}
        )  # fmt: skip
        announce(notice, "acknowledged")
    return notice


def reply(user: User, notice_id: int, text: str) -> Reply:
    """Write back; the police's desk sees it in the case. Raises as :func:`acknowledge`."""
    words = text.strip()
    if not words:
        raise TransitionError("请写明回复内容。", "Write what you want to say.", code="empty")
    if len(words) > LONGEST:
        raise TransitionError(
            f"回复请不超过 {LONGEST} 字。", f"At most {LONGEST} characters.", code="long"
        )
    with write():
        notice = _mine(user, notice_id)
        made = Reply.objects.create(notice=notice, at=feed_now(), by=user, text=words)
        notice.version += 1
        notice.save(update_fields=["version"])
        audit.record(
            user, "notice.reply", "notice", notice.pk,
            {"party": notice.party.code, "length": len(words)},
        )  # fmt: skip
        announce(notice, "replied")
    return made


def _mine(user: User, notice_id: int) -> Notice:
    notice = (
        Notice.objects.for_user(user)
        .select_related("party", "case", "acknowledged_by")
        .select_for_update(of=("self",))
        .get(pk=notice_id)
    )
    if not may_answer(user, notice):
        raise TransitionError(
            "这份通报不是发给您的，只能查看。", "This was not addressed to you.", code="role"
        )
    return notice


def _unchanged(notice: Notice, version: int) -> None:
    if notice.version != version:
        raise TransitionError(
            "您看到的页面已过时，请看过最新情况再操作。",
            "This changed since you opened it; look again.",
            code="state",
        )
