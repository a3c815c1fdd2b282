"""The filters that every list shares: since, level, kind, unit, limit, offset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from ninja import Field, Schema

from sizao.core.errors import ConfigError
from sizao.core.levels import WarningLevel
from sizao.web.units.models import Unit, User


class Filters(Schema):
    """Query parameters of a list."""

    since: datetime | None = Field(None, description="ISO 8601; without a zone, UTC")
    level: str = Field("", description="blue, yellow, orange, red; several with commas")
    kind: str = Field("", description="Rule id, or vehicle kind; several with commas")
    unit: str = Field("", description="Code of a unit: it and the units below it")
    limit: int = Field(100, ge=1, le=1000)
    offset: int = Field(0, ge=0)

    def since_utc(self) -> datetime | None:
        if self.since is None or self.since.tzinfo is not None:
            return self.since
        return self.since.replace(tzinfo=UTC)

    def levels(self) -> list[WarningLevel]:
        """The levels asked for. Raises ConfigError for a name that is none."""
        try:
            return [WarningLevel.parse(name) for name in _split(self.level)]
        except KeyError as error:
            raise ConfigError(
                f"level {error.args[0].lower()!r}: use blue, yellow, orange or red"
            ) from None

    def kinds(self) -> list[str]:
        return _split(self.kind)

    def unit_for(self, user: User) -> Unit | None:
        """The unit asked for. Raises Http404 if the user may not see it or there is none."""
        if not self.unit:
            return None
        found = Unit.objects.for_user(user).filter(code=self.unit).first()
        if found is None:
            raise Http404(self.unit)
        return found


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def page(rows: QuerySet | Sequence[Any], filters: Filters, build: Callable[[Any], Any]) -> dict:
    """``{"items", "count"}``: one page, and how many there are in all."""
    count = rows.count() if isinstance(rows, QuerySet) else len(rows)
    chosen: Iterable[Any] = (
        rows[filters.offset : filters.offset + filters.limit]
        if isinstance(rows, QuerySet)
        else islice(rows, filters.offset, filters.offset + filters.limit)
    )
    return {"items": [build(row) for row in chosen], "count": count}
