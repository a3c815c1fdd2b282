"""The work of a run, in a process of its own: ``python -m sizao.web.risk.compute FOLDER``.

The web process has pages to answer, and an assessment is seconds to minutes of arithmetic. This
touches no database: it reads the folder that :mod:`services` filled, writes the results beside
it, and prints a JSON line as each step begins.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sizao.web.child import answer, say

ZONE = ZoneInfo("Asia/Shanghai")


def compute(folder: Path, step: Callable[[str, float], None]) -> dict[str, Any]:
    """Assess and write the results; returns what stands in ``result.json``.

    Raises ConfigError, in words for people, where no assessment can be made.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from sizao.risk import base_file
    from sizao.risk.assessment import Options, assess
    from sizao.risk.network_sites import sites_of
    from sizao.risk.register_crashes import located
    from sizao.risk.traffic import with_traffic
    from sizao.roads.network import Network

    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    step("read", 0.0)
    network = Network.load(job["network"])
    placed = sites_of(network)
    fleet = _fleet(folder / "fleet.parquet", placed, job.get("fleet_days", 0.0))
    placed, extra, traffic = with_traffic(placed, job.get("counts", {}), fleet)
    records = located(pq.read_table(folder / "crashes.parquet"), ZONE)
    options = Options(range(job["first_year"], job["last_year"] + 1), job["method"],
                      job["threshold"])  # fmt: skip
    found = assess(network, placed, records.crashes, options, step, extra)
    pq.write_table(found.table, folder / "sites.parquet")
    pq.write_table(
        records.table.append_column("site", pa.array(found.crash_site, pa.int32())),
        folder / "crashes.parquet",
    )
    base_file.save(folder / "base.npz", found.base)
    (folder / "week.f32").write_bytes(found.week.astype("<f4").tobytes())
    (folder / "values.f32").write_bytes(_values(found.table))
    shapes = json.dumps(_shapes(placed, found.table), separators=(",", ":")).encode()
    (folder / "shapes.json.gz").write_bytes(gzip.compress(shapes, mtime=0))
    spots = json.dumps([_stretch(one, placed) for one in found.stretches], ensure_ascii=False)
    (folder / "stretches.json").write_text(spots, encoding="utf-8")
    judged = _judged(job.get("treatments", []), placed, records.crashes, extra)
    (folder / "treatments.json").write_text(json.dumps(judged), encoding="utf-8")
    result = {"summary": {**found.summary, "traffic": traffic}, "backtest": found.backtest}
    (folder / "result.json").write_text(
        json.dumps(result, ensure_ascii=False), encoding="utf-8"
    )  # fmt: skip
    return result


def _fleet(path: Path, placed: Any, days: float) -> Any:
    """What the fleet did, if the run was given it."""
    if not path.exists():
        return None
    import pyarrow.parquet as pq

    from sizao.risk.fleet_hours import fleet_of

    return fleet_of(pq.read_table(path), placed.sites, days)


def _judged(given: list[dict[str, Any]], placed: Any, crashes: Any, extra: Any) -> list[Any]:
    """What came of each treatment, or why it must not be said; rows of the table by number."""
    if not given:
        return []
    from sizao.risk.treatment_effects import judge_all

    return judge_all(placed, crashes, extra, given)


def _values(table: Any) -> bytes:
    import numpy as np

    names = ("observed", "predicted", "expected", "lower", "upper", "rate", "p_worse",
             "p_threshold", "own_weight")  # fmt: skip
    columns = [table[name].to_numpy().astype("<f4") for name in names]
    listed = np.array([len(one) for one in table["rules"].to_pylist()], "<f4")
    return np.stack([*columns, listed]).tobytes()


def _shapes(placed: Any, table: Any) -> dict[str, Any]:
    """GeoJSON: a line a segment, a point a junction; the id is the row."""
    import numpy as np

    sites = placed.sites
    order = np.argsort(sites.piece_edge, kind="stable")
    first = np.searchsorted(sites.piece_edge[order], np.arange(len(sites) + 1))
    lat, lon = np.round(sites.piece_lat, 5), np.round(sites.piece_lon, 5)
    features = []
    for row, (kind, road_class, y, x) in enumerate(
        zip(*(table[name].to_pylist() for name in ("kind", "road_class", "lat", "lon")),
            strict=True)
    ):  # fmt: skip
        if kind == "segment":
            pieces = order[first[row] : first[row + 1]]
            line = [[lon[pieces[0], 0], lat[pieces[0], 0]]]
            line += [[lon[one, 1], lat[one, 1]] for one in pieces]
            shape: dict[str, Any] = {"type": "LineString", "coordinates": line}
        else:
            shape = {"type": "Point", "coordinates": [round(x, 5), round(y, 5)]}
        features.append(
            {"type": "Feature", "id": row, "properties": {"c": road_class}, "geometry": shape}
        )
    return {"type": "FeatureCollection", "features": features}


def _stretch(one: Any, placed: Any) -> dict[str, Any]:
    found = asdict(one)
    found["length_m"] = round(one.end_m - one.start_m, 1)
    found["why"] = dict(one.why)
    return found


if __name__ == "__main__":
    answer(lambda place: compute(place, lambda name, share: say(step=name, share=share)), nice=10)
