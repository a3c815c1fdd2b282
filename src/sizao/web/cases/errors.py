"""What can go wrong with a case besides ``TransitionError``."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from sizao.core.errors import ConflictError


class CaseConflictError(ConflictError):
    """Somebody changed the case since it was read: ``events`` says who, what and when."""

    def __init__(self, version: int, events: list[Any]) -> None:
        said_zh = "；".join(
            f"{timezone.localtime(event.at):%H:%M:%S} {event.actor_name}：{event.text_zh}"
            for event in events
        )
        said_en = "; ".join(
            f"{timezone.localtime(event.at):%H:%M:%S} {event.actor}: {event.text_en}"
            for event in events
        )
        self.zh = f"您看到的页面已过时，请按最新情况再操作。{said_zh}"
        self.en = f"The case changed since you opened it. {said_en}"
        self.version = version
        self.events = events
        super().__init__(f"{self.zh} ({self.en})")


class NotAllowedError(Exception):
    """The account may see the case but not act on it. ``zh`` and ``en`` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} ({en})")
        self.zh, self.en = zh, en
