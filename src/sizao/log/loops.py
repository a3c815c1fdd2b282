"""The compiled loops that write and read the log, made or loaded before anybody waits for them.

What reads is among them also for who only writes: other processes then find it compiled.
"""

from __future__ import annotations

import pyarrow as pa

from sizao.core.schemas import POSITION
from sizao.log import partitions
from sizao.log.decoding import decode_segment
from sizao.log.encoding import FEW, sort_by_partition
from sizao.log.packed import packed
from sizao.log.tally import tally


def warm_up() -> None:
    """Put made-up positions through."""
    batch = made_up()
    sort_by_partition(batch)
    partitions.warm_up()
    narrow = packed([batch])
    assert narrow is not None
    decode_segment(narrow.data.tobytes())
    tally("positions", batch)


def made_up() -> pa.RecordBatch:
    """So many positions that compiled loops pay, of one vehicle; of each value some are missing,
    but of what every position has."""
    whole = {"vehicle": "made up", "source": "", "driver": None}
    columns = {
        field.name: pa.array([whole[field.name]] * FEW, field.type)
        if field.name in whole
        else pa.array(
            [None if field.nullable and at % 3 else 0 for at in range(FEW)], pa.int64()
        ).cast(field.type)
        for field in POSITION
    }
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=POSITION)
