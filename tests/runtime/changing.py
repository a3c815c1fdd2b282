"""An installation whose rules and register change, and what judges if they change at a segment."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from sizao.detect.context import Context
from sizao.log.datadir import DataDir
from sizao.runtime.pipeline import Pipeline
from sizao.runtime.sources import Sources
from tests.runtime import city
from tests.runtime.helpers import Given

STATES = {
    "strict": ("speeding: {min_duration_s: 20}\n", None),
    "patient": ("speeding: {min_duration_s: 90}\n", None),
    "hazmat": ("speeding: {min_duration_s: 20}\n", "hazmat"),
}
"""Content of ``rules.yaml``, and the kind of every vehicle if they are all the same."""


def put(data: DataDir, state: str) -> None:
    """Replace the files."""
    rules, kind = STATES[state]
    data.rules.write_text(rules, encoding="utf-8")
    names = pq.read_table(data.register)["vehicle"].to_pylist()
    known = city.register(names)
    if kind is not None:
        kinds = pa.array([kind] * len(names), known.schema.field("kind").type)
        known = known.set_column(known.schema.get_field_index("kind"), "kind", kinds)
    pq.write_table(pa.Table.from_batches([known.cast(city.REGISTER)]), data.register)


class Switching(Given):
    """Give it to a pipeline, then call :meth:`follow`."""

    def __init__(self, data: DataDir, switches: Sequence[tuple[int, str]]) -> None:
        """switches : after which segment it is judged by what"""
        super().__init__(self._at)
        self._contexts: list[tuple[int, Context]] = []
        self._reached = lambda: 0
        for after, state in switches:
            put(data, state)
            self._contexts.append((after, Sources(data)()))

    def follow(self, pipeline: Pipeline) -> None:
        self._reached = lambda: pipeline.reached

    def _at(self) -> Context:
        reached = self._reached()
        return [context for after, context in self._contexts if after <= reached][-1]
