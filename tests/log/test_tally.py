"""Counts by source and hour: against a plain recount, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.core.schemas import COMMAND, POSITION, QUARANTINE, TOPICS, WEATHER_NOTICE, empty
from sizao.log.sketch import REGISTERS, estimate, merge, sketch_of
from sizao.log.tally import EDGES_S, HOUR_US, Tally, over_quota, percentile, tally, used

START = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
HOUR = int(START.timestamp()) // 3600

names = st.sampled_from(["jt808", "jt809:a", "jt809:b", "", None, "省平台"])
moments = st.integers(0, 3 * 3600 * 1000).map(lambda ms: START + timedelta(milliseconds=ms))
delays = st.one_of(st.integers(-5_000_000, 90_000_000), st.integers(-(10**12), 10**13)).map(
    lambda us: timedelta(microseconds=us)
)


def position(
    source: str | None, received: datetime, delay: timedelta, **more: Any
) -> dict[str, Any]:
    return {"vehicle": "1", "time": received - delay, "received": received, "source": source} | more


def recount(topic: str, rows: list[dict[str, Any]]) -> Counter[tuple[str, int, str]]:
    """What the module promises, in the plainest words."""
    found: Counter[tuple[str, int, str]] = Counter()
    for row in rows:
        key = (row["source"] or "", int(row["received"].timestamp()) // 3600)
        if topic == "quarantine":
            found[*key, f"quarantined/{row['reason']}"] += 1
            found[*key, "bytes/quarantined"] += len(row["raw"])
            continue
        found[*key, f"accepted/{topic}"] += 1
        late = row["received"] - row["time"]
        edges = [edge for edge in EDGES_S if timedelta(seconds=edge) <= late]
        found[*key, f"delay/{edges[-1] if edges else 'early'}"] += 1
        if row.get("status") is None or row["status"] & 1:
            found[*key, "moving/positions"] += 1
    return found


@pytest.fixture(scope="module", params=["few rows", "many rows"])
def way(request: pytest.FixtureRequest) -> Iterator[str]:
    """Plain, as for few rows, or compiled, as for many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sizao.log.tally.FEW", 1 if request.param == "many rows" else 10**9)
        yield request.param


@given(
    rows=st.lists(
        st.builds(
            position, names, moments, delays, status=st.one_of(st.none(), st.integers(0, 2**32 - 1))
        ),
        max_size=60,
    )
)
@settings(max_examples=80, deadline=None)
def test_positions_are_counted_as_a_plain_recount_would(
    way: str, rows: list[dict[str, Any]]
) -> None:
    batch = pa.RecordBatch.from_pylist(rows, schema=POSITION)
    assert tally("positions", batch).counts == recount("positions", rows)
    # A slice shares its buffers with what lies before it.
    assert tally("positions", batch.slice(len(rows) // 3)).counts == recount(
        "positions", rows[len(rows) // 3 :]
    )


@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "received": moments,
                "source": names.map(lambda name: name or "x"),
                "reason": st.sampled_from(["bad_checksum", "no_frame"]),
                "raw": st.binary(max_size=9),
            }
        ),
        max_size=30,
    )
)
@settings(max_examples=40, deadline=None)
def test_quarantine_is_counted_by_reason_and_bytes(rows: list[dict[str, Any]]) -> None:
    batch = pa.RecordBatch.from_pylist(rows, schema=QUARANTINE)
    assert +tally("quarantine", batch).counts == +recount("quarantine", rows)


def test_every_topic_can_be_counted() -> None:
    for topic, schema in TOPICS.items():
        assert not tally(topic, empty(schema))
        blank = pa.RecordBatch.from_arrays(
            [pa.nulls(1, field.type) for field in schema], schema.names
        )
        counted = {"source", "received"} <= set(schema.names)
        assert bool(tally(topic, blank)) is counted
    command = pa.RecordBatch.from_pylist([dict.fromkeys(COMMAND.names)], schema=COMMAND)
    assert not tally("commands", command)


def test_a_notice_about_tomorrow_is_not_early() -> None:
    row = {
        "notice": "n",
        "action": "alert",
        "time": START + timedelta(days=1),
        "received": START,
        "sent": START - timedelta(seconds=9),
        "source": "weather:a",
    }
    counts = tally("weather_notices", pa.RecordBatch.from_pylist([row], WEATHER_NOTICE)).counts
    assert counts["weather:a", HOUR, "delay/8"] == 1
    unsent = tally(
        "weather_notices", pa.RecordBatch.from_pylist([row | {"sent": None}], WEATHER_NOTICE)
    ).counts
    assert unsent == {("weather:a", HOUR, "accepted/weather_notices"): 1}


def test_when_a_source_was_heard() -> None:
    rows = [position("a", START + timedelta(minutes=m), timedelta()) for m in (50, 3, 70)]
    found = tally("positions", pa.RecordBatch.from_pylist(rows, POSITION))
    start_us = HOUR * HOUR_US
    assert found.heard == {("a", "positions"): (start_us + 180_000_000, start_us + 4_200_000_000)}


@given(
    st.lists(
        st.tuples(
            st.text(max_size=20),
            st.sampled_from(["jt808", "jt809:a", "jt809:b", "省平台"]),
            moments,
            delays,
            st.one_of(st.none(), st.integers(0, 2**32 - 1)),
        ),
        min_size=1,
        max_size=60,
    ),
    st.integers(0, 3),
)
@settings(max_examples=60, deadline=None)
def test_the_compiled_pass_finds_what_the_plain_one_finds(
    rows: list[tuple[Any, ...]], skip: int
) -> None:
    batch = pa.RecordBatch.from_pylist(
        [
            position(source, received, delay, status=status) | {"vehicle": vehicle}
            for vehicle, source, received, delay, status in rows
        ],
        POSITION,
    ).slice(skip)
    found = []
    for few in (1, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sizao.log.tally.FEW", few)
            one = tally("positions", batch)
            sketches = {key: sketch.tobytes() for key, sketch in one.sketches.items()}
            found.append((+one.counts, one.heard, sketches))
    assert found[0] == found[1]


def test_more_sources_than_the_compiled_pass_tells_apart_are_counted_all_the_same() -> None:
    rows = [position(f"jt809:{number % 70}", START, timedelta()) for number in range(300)]
    assert tally("positions", pa.RecordBatch.from_pylist(rows, POSITION)).counts == recount(
        "positions", rows
    )


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95, 0.99, 1.0])
def test_percentiles_are_as_near_as_promised(share: float) -> None:
    late = [0.3 * 1.02**step for step in range(500)]
    rows = [position("a", START, timedelta(seconds=second)) for second in late]
    counts = tally("positions", pa.RecordBatch.from_pylist(rows, POSITION)).counts
    delays = {
        what.removeprefix("delay/"): number
        for (_, _, what), number in counts.items()
        if what.startswith("delay/")
    }
    true = sorted(late)[min(int(share * len(late)), len(late) - 1)]
    found = percentile(delays, share)
    assert found is not None
    assert abs(found - true) <= max(1.0, true / 3)


def test_a_percentile_of_nothing_is_unknown() -> None:
    assert percentile({}, 0.5) is None
    assert percentile({"early": 3}, 0.99) == 0
    assert percentile({str(EDGES_S[-1]): 3}, 0.99) == EDGES_S[-1]


def test_buckets_are_as_narrow_as_the_docstring_says() -> None:
    inner = [edge for edge in EDGES_S if 2 <= edge <= 21_600]
    assert all(above <= 1.5 * below for below, above in pairwise(inner))


def test_what_was_used_leaves_out_what_was_refused() -> None:
    rows = [(*key, number) for key, number in over_quota("a", 7200.0, 5, 100).items()]
    rows += [
        ("a", 2, "accepted/weighings", 3),
        ("a", 2, "quarantined/bad_json", 1),
        ("a", 2, "bytes/received", 40),
        ("a", 1, "accepted/weighings", 9),
    ]
    assert used(rows, 2) == {"a": (4, 40)}


@pytest.mark.parametrize("count", [1, 40, 2_000, 60_000])
def test_a_sketch_counts_different_vehicles(count: int) -> None:
    vehicles = pa.array([str(10_000_000_000 + number) for number in range(count)])
    times = np.zeros(count, np.int64)
    once = sketch_of(vehicles, times)
    assert estimate(once) == pytest.approx(count, rel=0.05, abs=0.6)
    assert (merge(once, sketch_of(vehicles, times)) == once).all()
    # The same vehicles five minutes later are others.
    both = merge(once, sketch_of(vehicles, times + 300_000_000))
    assert estimate(both) == pytest.approx(2 * count, rel=0.05, abs=1.2)
    assert (sketch_of(vehicles, times, np.zeros(count, bool)) == 0).all()


@given(st.lists(st.text(max_size=20), min_size=1, max_size=300, unique=True))
@settings(max_examples=40, deadline=None)
def test_any_names_make_a_sketch_that_slices_agree_with(texts: list[str]) -> None:
    vehicles = pa.array(texts)
    times = np.zeros(len(texts), np.int64)
    half = len(texts) // 2
    whole = sketch_of(vehicles, times)
    parts = [
        sketch_of(piece, times[: len(piece)])
        for piece in (vehicles.slice(0, half), vehicles.slice(half))
        if len(piece)
    ]
    for part in parts[1:]:
        parts[0] = merge(parts[0], part)
    assert (parts[0] == whole).all()
    assert len(whole) == REGISTERS


def test_an_empty_tally_is_false() -> None:
    assert not Tally()
