"""The sums and the estimate, in a process of its own: ``python -m sizao.web.enterprises.compute``.

Takes the folder with ``job.json``. Reads the track archive, the only place where vehicles are told
apart, and writes rows of enterprises. Touches no database.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sizao.web.child import answer


def compute(folder: Path) -> dict[str, Any]:
    """Write ``result.json``: ``rows`` of ``risk.enterprises.SCHEMA``, ``firms``, what each
    enterprise drove, and ``none``, duties in which nobody had an event.

    Raises ConfigError or LogError, in words for people.
    """
    from sizao.core.errors import ConfigError

    job = json.loads((folder / "job.json").read_text("utf-8"))
    driven = _driven(job)
    counted = list(_counted(job, driven))
    if not counted:
        raise ConfigError("nothing of any enterprise's duties was recorded")
    happened = {duty for _, duty, events, _ in counted if events}
    result = {
        "firms": driven,
        "rows": _assessed(counted, job),
        "none": sorted({duty for _, duty, _, _ in counted} - happened),
    }
    (folder / "result.json").write_text(json.dumps(result), "utf-8")
    return result


def _driven(job: Mapping[str, Any]) -> dict[str, Any]:
    """A row of ``risk.enterprise_km.SCHEMA`` by enterprise."""
    import numpy as np

    from sizao.log.archive import files
    from sizao.risk.enterprise_km import EnterpriseKm

    root = Path(job["archive"])

    def read(found: Any) -> EnterpriseKm:
        sums = EnterpriseKm(job["of"], [(name, day) for name, day in job["offline"]])
        for date, day in sorted(found.days.items()):
            if job["first_day"] <= date <= job["last_day"]:
                for file in day.files:
                    _add(sums, [root / file.name], job["first_s"])
        fresh = [file for file in found.fresh if file.last_s >= job["first_s"]]
        if fresh:
            # In the order of the log: one vehicle's reports lie in many of them.
            _add(sums, [root / file.name for file in fresh], job["first_s"])
        return sums

    def _add(sums: EnterpriseKm, paths: list[Path], first_s: int) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        names = ["vehicle", "time_s", "speed_dkmh"]
        table = pa.concat_tables([pq.read_table(path, columns=names) for path in paths])
        coded = table["vehicle"].cast("string").combine_chunks().dictionary_encode()
        time = table["time_s"].to_numpy().astype(np.float64)
        late = time >= first_s
        sums.add(
            coded.dictionary.to_pylist(),
            coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)[late],
            time[late],
            table["speed_dkmh"].cast("float64").to_numpy()[late] / 10,
        )

    rows = files.reading(root, read, (FileNotFoundError,)).release().to_pylist()
    return {row["enterprise"]: row for row in rows}


def _counted(
    job: Mapping[str, Any], driven: Mapping[str, Any]
) -> Iterator[tuple[str, str, float, float]]:
    """Enterprise, duty, events, exposure."""
    for firm in job["firms"]:
        own = driven.get(firm, {"km": 0.0, "vehicle_days": 0, "offline_days": 0})
        if own["km"] > 0:
            for duty in ("speeding", "fatigue"):
                yield firm, duty, job["driving"][duty].get(firm, 0), own["km"] / 1000
        if own["vehicle_days"]:
            yield firm, "offline", own["offline_days"], own["vehicle_days"]
        for duty, counts in job["shares"].items():
            if firm in counts:
                yield firm, duty, *counts[firm]


def _assessed(
    counted: list[tuple[str, str, float, float]], job: Mapping[str, Any]
) -> list[dict[str, Any]]:
    from datetime import date

    import numpy as np

    from sizao.risk.enterprise_ranking import in_force
    from sizao.risk.enterprises import Records, assess

    firms, duties, events, exposure = zip(*counted, strict=True)
    about = job["firms"]
    records = Records(
        np.array(firms),
        np.array([about[firm]["kind"] for firm in firms]),
        np.array(duties),
        np.array(events, np.float64),
        np.array(exposure, np.float64),
        np.array([about[firm]["vehicles"] for firm in firms], np.float64),
    )
    found: list[dict[str, Any]] = assess(
        records, in_force(date.fromisoformat(job["last_day"]))
    ).to_pylist()
    return found


if __name__ == "__main__":
    answer(compute, nice=15)
