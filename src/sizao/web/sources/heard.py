"""When each source was last heard, by topic: from the logs, and for files from the imports."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max

from sizao.core.sources import IMPORTS, Registry, Source
from sizao.log.source_figures import last_heard
from sizao.log.tally import TallyReader
from sizao.web.imports.models import Batch

_TOPICS = {"crash": "crashes", "vehicle": "vehicles", "enterprise": "enterprises"}
"""Kind of an import to the topic of a contract."""


def heard(readers: Iterable[TallyReader], registry: Registry) -> dict[str, dict[str, int]]:
    """Last accepted record, microseconds since the epoch, by source and topic."""
    found = last_heard(readers)
    files = imported()
    for source in registry.sources.values():
        if source.kind not in ("crashes", "registers"):
            continue
        for (topic, name), moment in files.items():
            if source.promise(topic) is not None and _is(source, name):
                topics = found.setdefault(source.id, {})
                topics[topic] = max(topics.get(topic, 0), round(moment.timestamp() * 1e6))
    return found


def imported() -> dict[tuple[str, str], datetime]:
    """Moment of the last import that stands, by topic and the name it was given."""
    rows = (
        Batch.objects.filter(state=Batch.State.DONE, ended_at__isnull=False)
        .values_list("kind", "source")
        .annotate(last=Max("ended_at"))
        .order_by()
    )
    return {(_TOPICS[kind], name): last for kind, name, last in rows if _TOPICS[kind] in IMPORTS}


def _is(source: Source, name: str) -> bool:
    """People name an import as they call its sender; an entry without a name takes them all."""
    _, colon, own = source.id.partition(":")
    return not colon or name in (source.id, own, source.name_zh, source.name_en)
