"""The sum itself, in a process of its own: ``python -m sizao.web.exposure.compute FOLDER``.

Reads the track archive, the only place where vehicles are told apart, and writes rows in which
nobody is (``risk/fleet_hours.py``). Touches no database.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sizao.web.child import answer


def compute(folder: Path) -> dict[str, Any]:
    """Add the archive up and write ``fleet.parquet`` and ``result.json``.

    Raises ConfigError or LogError, in words for people.
    """
    import numpy as np
    import pyarrow.parquet as pq

    from sizao.log.archive import files
    from sizao.risk.fleet_hours import Gathering
    from sizao.risk.network_sites import sites_of
    from sizao.roads.network import Network

    job = json.loads((folder / "job.json").read_text("utf-8"))
    root = Path(job["archive"])
    sites = sites_of(Network.load(job["network"])).sites

    def read(found: Any) -> Gathering:
        gathering = Gathering(sites)
        for date, day in sorted(found.days.items()):
            if job["first_day"] <= date <= job["last_day"]:
                # A day that is not tidy yet has a vehicle in several files, of several buckets.
                for bucket in range(day.buckets):
                    own = [file for file in day.files if file.bucket == bucket % file.buckets]
                    _add(gathering, [root / file.name for file in own], bucket, day.buckets)
        fresh = [file for file in found.fresh if file.last_s >= job["first_s"]]
        if fresh:
            # In the order of the log: one vehicle's reports lie in many of them.
            _add(gathering, [root / file.name for file in fresh])
        return gathering

    gathering = files.reading(root, read, (FileNotFoundError,))
    places = np.array(job["fatigue"], np.float64).reshape(-1, 2)
    gathering.add_fatigue(places[:, 0], places[:, 1])
    table, summary = gathering.release()
    pq.write_table(table, folder / "fleet.parquet", compression="zstd")
    (folder / "result.json").write_text(json.dumps(summary), "utf-8")
    return summary


def _add(gathering: Any, paths: list[Path], bucket: int = 0, buckets: int = 1) -> None:
    """Vehicles of one bucket, or all, with every row that the files have of them."""
    import numpy as np
    import pyarrow as pa

    from sizao.log.archive import columns
    from sizao.log.archive.arrivals import partitions_of

    if not paths:
        return
    table = columns.joined([columns.read(path) for path in paths])
    if buckets > 1:
        table = table.filter(pa.array(partitions_of(table) % buckets == bucket))
    batch = columns.unpack(table)
    coded = batch["vehicle"].dictionary_encode()
    gathering.add(
        coded.dictionary.to_pylist(),
        coded.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        batch["time"].cast(pa.int64()).to_numpy() / 1e6,
        batch["lat"].to_numpy(zero_copy_only=False),
        batch["lon"].to_numpy(zero_copy_only=False),
        batch["speed_kmh"].to_numpy(zero_copy_only=False).astype(np.float64),
    )


if __name__ == "__main__":
    answer(compute, nice=15)
