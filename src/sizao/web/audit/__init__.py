"""The audit log: append-only, each entry sealed by the hash of the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sizao.web.audit.models import AuditEntry


def record(
    actor: Any, action: str, object_type: str, object_id: object, data: dict[str, Any] | None = None
) -> AuditEntry:
    """See :func:`sizao.web.audit.services.record`."""
    from sizao.web.audit import services  # the models load after the app registry

    return services.record(actor, action, object_type, object_id, data)
