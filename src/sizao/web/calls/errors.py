"""What can go wrong with a call besides ``TransitionError``."""

from __future__ import annotations

from sizao.core.errors import ConflictError


class CallConflictError(ConflictError):
    """Somebody changed the call since it was read. ``zh`` and ``en`` say who, when and what."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} ({en})")
        self.zh, self.en = zh, en
