"""What can go wrong with a hazard besides ``TransitionError``."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from sizao.core.errors import ConflictError


class HazardConflictError(ConflictError):
    """Somebody changed the hazard since it was read. ``zh`` and ``en`` say who, when and what."""

    def __init__(self, version: int, events: list[Any]) -> None:
        zh = "；".join(
            f"{timezone.localtime(one.at):%Y-%m-%d %H:%M:%S} {one.actor_name}：{one.text_zh}"
            for one in events
        )
        en = "; ".join(
            f"{timezone.localtime(one.at):%Y-%m-%d %H:%M:%S} {one.actor}: {one.text_en}"
            for one in events
        )
        self.zh = f"您看到的页面已过时，请按最新情况再操作。{zh}"
        self.en = f"The hazard changed since you opened it. {en}"
        self.version, self.events = version, events
        super().__init__(f"{self.zh} ({self.en})")
