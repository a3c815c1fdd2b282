"""Record schemas: what travels between stages, as Arrow columns with a unit each.

Every field's metadata holds ``unit`` and ``doc``; ``docs/reference/records.md`` is checked
against them. Times are UTC microseconds. Angles are degrees, WGS-84. A null means "not
reported", never zero.
"""

from __future__ import annotations

import pyarrow as pa

from sizao.core.errors import ColumnError
from sizao.core.schemas.conclusions import (
    ASSESSMENT,
    DETECTION,
    QUARANTINE,
    QUARANTINE_ORDER,
)
from sizao.core.schemas.fields import TIME
from sizao.core.schemas.roadside import (
    DROPPED_FILE,
    PASSAGE,
    REPORT,
    ROADSIDE_CHECK,
    WEATHER_NOTICE,
    WEATHER_READING,
    WEIGHING,
)
from sizao.core.schemas.tables import (
    CRASH,
    LIVE,
    REGISTER,
)
from sizao.core.schemas.terminals import (
    COMMAND,
    COMMAND_RESULT,
    DEVICE_ALARM,
    DRIVER_CARD,
    EVIDENCE,
    PLATFORM_MESSAGE,
    PLATFORM_ORDER,
    POSITION,
    TERMINAL_MESSAGE,
)

__all__ = [
    "ASSESSMENT",
    "COMMAND",
    "COMMAND_RESULT",
    "CRASH",
    "DETECTION",
    "DEVICE_ALARM",
    "DRIVER_CARD",
    "DROPPED_FILE",
    "EVIDENCE",
    "LIVE",
    "PASSAGE",
    "PLATFORM_MESSAGE",
    "PLATFORM_ORDER",
    "POSITION",
    "QUARANTINE",
    "QUARANTINE_ORDER",
    "REGISTER",
    "REPORT",
    "ROADSIDE_CHECK",
    "TERMINAL_MESSAGE",
    "TIME",
    "TOPICS",
    "WEATHER_NOTICE",
    "WEATHER_READING",
    "WEIGHING",
    "check",
    "empty",
]

TOPICS: dict[str, pa.Schema] = {
    "positions": POSITION,
    "driver_cards": DRIVER_CARD,
    "device_alarms": DEVICE_ALARM,
    "evidence": EVIDENCE,
    "terminal_messages": TERMINAL_MESSAGE,
    "platform_messages": PLATFORM_MESSAGE,
    "passages": PASSAGE,
    "weighings": WEIGHING,
    "roadside_checks": ROADSIDE_CHECK,
    "weather_notices": WEATHER_NOTICE,
    "weather_readings": WEATHER_READING,
    "reports": REPORT,
    "dropped_files": DROPPED_FILE,
    "quarantine": QUARANTINE,
    "quarantine_orders": QUARANTINE_ORDER,
    "commands": COMMAND,
    "command_results": COMMAND_RESULT,
    "platform_orders": PLATFORM_ORDER,
    "detections": DETECTION,
    "assessments": ASSESSMENT,
}
"""Every topic of the log and the schema of its records."""


def check(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return ``batch`` if it has exactly the schema's columns and types.

    Raises ColumnError naming the first difference: a stage that hands over the wrong columns
    is a broken promise, not bad input.
    """
    if batch.schema.equals(schema):
        return batch
    for field in schema:
        index = batch.schema.get_field_index(field.name)
        if index < 0:
            raise ColumnError(f"missing column {field.name!r}")
        if batch.schema.field(index).type != field.type:
            raise ColumnError(
                f"column {field.name!r} is {batch.schema.field(index).type}, expected {field.type}"
            )
    if batch.num_columns != len(schema):
        extra = sorted(set(batch.schema.names) - set(schema.names))
        raise ColumnError(f"unexpected columns {extra}")
    return batch


def empty(schema: pa.Schema) -> pa.RecordBatch:
    """A batch of the schema with no rows."""
    return pa.RecordBatch.from_pylist([], schema=schema)
