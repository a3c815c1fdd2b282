"""What can go wrong with a report besides ``TransitionError``."""

from __future__ import annotations

from sizao.core.errors import ConflictError, SizaoError


class ReportConflictError(ConflictError):
    """Somebody changed the report since it was read. ``zh`` and ``en`` say who, when and what."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} ({en})")
        self.zh, self.en = zh, en


class SubmissionError(SizaoError):
    """A report that cannot be taken as it was sent.

    status : HTTP status (GeoReport v2: 400 what is missing or wrong, 403 the key, 404 the service)
    field : the field at fault, for the form
    """

    def __init__(self, status: int, field: str, zh: str, en: str) -> None:
        super().__init__(f"{zh} ({en})")
        self.status, self.field, self.zh, self.en = status, field, zh, en
