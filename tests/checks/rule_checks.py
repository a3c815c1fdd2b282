"""What every rule must hold to, as an explicit list. To add a check, write a function.

Each takes the rule alone; ``test_rules.py`` runs each with each. A failure says what the author of
a new rule has forgotten.
"""

from __future__ import annotations

import importlib
import itertools
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sizao.core.ids import observation_id
from sizao.core.schemas import DETECTION, POSITION, check
from sizao.detect import engine, sparse
from sizao.detect.engine import Context, EngineState
from sizao.detect.stage import Memory, Rule
from sizao.log.encoding import encode
from tests.checks import corpus, corpus_motion, corpus_places
from tests.detect.tracks import Row, batch_of

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "rules.md"
KEYS = [("fired", "ascending"), ("id", "ascending"), ("revision", "ascending")]


def only(rule: Rule) -> Context:
    return Context.build(only=frozenset({rule.id}), **corpus_places.around(rule.id))


def play(
    rule: Rule,
    rows: Sequence[Row],
    limits: np.ndarray,
    cuts: Sequence[int] = (),
    *,
    restart: bool = False,
    end: bool = True,
) -> pa.RecordBatch:
    """Detections of rows cut into batches before each of ``cuts``, in one order."""
    context, state, found = only(rule), EngineState(), []
    edges = [0, *sorted(cuts), len(rows)]
    batch = corpus_batch() if rows is corpus.stream()[0] else batch_of(rows)
    for start, stop in itertools.pairwise(edges):
        if restart:
            state = EngineState.from_bytes(state.to_bytes())
            assert state.restarted == []
        piece = batch.slice(start, stop - start)
        detections, state = engine.step(piece, state, context, limits[start:stop])
        found.append(detections)
    if end:
        found.append(engine.close(state, context))
    table = pa.Table.from_batches(found, DETECTION).sort_by(KEYS).combine_chunks()
    return table.to_batches()[0] if len(table) else found[0].slice(0, 0)


@cache
def corpus_batch() -> pa.RecordBatch:
    return batch_of(corpus.stream()[0])


@cache
def whole(rule: Rule) -> pa.RecordBatch:
    """Detections of the corpus in one batch: what most checks compare with."""
    return play(rule, *corpus.stream())


def same(left: pa.RecordBatch, right: pa.RecordBatch) -> None:
    """Byte for byte; the rows first, because their difference can be read."""
    assert left.to_pylist() == right.to_pylist()
    assert encode(left) == encode(right)


def fires_on_the_corpus(rule: Rule) -> None:
    """Otherwise every check below would prove nothing."""
    found = whole(rule).to_pylist()
    assert len({row["id"] for row in found}) >= 5
    assert {0, 1} <= {row["revision"] for row in found}


def an_empty_batch_changes_nothing(rule: Rule) -> None:
    rows, limits = corpus.stream()
    same(play(rule, rows, limits, [0, 0, 500, 500]), whole(rule))
    assert len(play(rule, [], limits[:0])) == 0


def one_row_is_enough_to_run(rule: Rule) -> None:
    rows, limits = corpus.stream()
    for at in random.Random(1).sample(range(len(rows)), 40):
        for row in play(rule, rows[at : at + 1], limits[at : at + 1]).to_pylist():
            assert row["start"] == row["end"] == rows[at]["time"]


def rows_that_say_nothing_find_nothing(rule: Rule) -> None:
    rows, limits = corpus.stream()
    keep = ("vehicle", "time", "received")
    bare = [{name: row[name] for name in keep} for row in rows]
    assert len(play(rule, bare, np.full_like(limits, np.nan))) == 0


def missing_values_are_ordinary(rule: Rule) -> None:
    """Any optional value may be missing: nothing breaks, nothing is made of nothing."""
    rows, limits = corpus.stream()
    chance = random.Random(2)
    optional = [name for name in POSITION.names if name not in ("vehicle", "time", "received")]
    holed = [row | dict.fromkeys(chance.sample(optional, 5)) for row in rows]
    for row in play(rule, holed, limits).to_pylist():
        assert row["measured"] == row["measured"]
        assert row["limit"] == row["limit"]


def duplicates_change_nothing(rule: Rule) -> None:
    rows, limits = corpus.stream()
    twice = [row for row in rows for _ in range(2)]
    same(play(rule, twice, limits.repeat(2)), whole(rule))
    # A re-sent packet may even say something else under the same event time: the first counts.
    other = [copy for row in rows for copy in (row, row | {"speed_kmh": 250.0, "alarm": 2**32 - 1})]
    same(play(rule, other, limits.repeat(2)), whole(rule))


def late_rows_change_nothing(rule: Rule) -> None:
    rows, limits = corpus.stream()
    newest: dict[str, object] = {}
    punctual = []
    for at, row in enumerate(rows):
        if row["vehicle"] not in newest or row["time"] > newest[row["vehicle"]]:
            newest[row["vehicle"]] = row["time"]
            punctual.append(at)
    assert len(punctual) < len(rows)
    same(play(rule, [rows[at] for at in punctual], limits[punctual]), whole(rule))


def where_a_batch_is_cut_does_not_matter(rule: Rule) -> None:
    rows, limits = corpus.stream()

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.integers(0, len(rows)), max_size=30))
    def any_cut(cuts: list[int]) -> None:
        same(play(rule, rows, limits, cuts), whole(rule))

    any_cut()


def a_batch_may_be_one_row(rule: Rule) -> None:
    for track in (corpus.tracks()[0], corpus.tracks()[-1]):
        rows, limits = track.rows[:600], track.limit_column()[:600]
        same(play(rule, rows, limits, range(1, 600)), play(rule, rows, limits))


def saved_and_restored_between_all_batches(rule: Rule) -> None:
    rows, limits = corpus.stream()
    cuts = sorted(random.Random(3).sample(range(len(rows)), 60))
    same(play(rule, rows, limits, cuts, restart=True), whole(rule))


def vehicles_do_not_touch_each_other(rule: Rule) -> None:
    rows, limits = corpus.stream()
    together = whole(rule).to_pylist()
    for vehicle in (*corpus.VEHICLES, *corpus.COACHES, *corpus_motion.VEHICLES):
        own = [at for at, row in enumerate(rows) if row["vehicle"] == vehicle]
        alone = play(rule, [rows[at] for at in own], limits[own]).to_pylist()
        assert alone == [row for row in together if row["vehicle"] == vehicle]


def detections_are_whole(rule: Rule) -> None:
    found = whole(rule)
    check(found, DETECTION)
    known = {observation_id(row["vehicle"], row["time"]) for row in corpus.stream()[0]}
    revisions = defaultdict(list)
    for row in found.to_pylist():
        revisions[row["id"]].append(row["revision"])
        assert row["rule"] == rule.id
        assert row["measured_unit"] == rule.measured_unit
        assert row["rule_version"] == rule.version(rule.default_params())
        assert row["start"] <= row["end"]
        assert row["start"] <= row["fired"]
        assert row["fired"] < row["received"]
        assert row["measured"] > row["limit"]
        assert row["severity"]
        assert row["final"] == (row["revision"] > 0)
        assert len(row["evidence"]) == 3
        assert set(row["evidence"]) <= known
        assert (row["lat"] is None) == (row["lon"] is None)
    assert all(sorted(numbers) == list(range(len(numbers))) for numbers in revisions.values())
    assert all(len(numbers) >= 2 for numbers in revisions.values()), "an episode was never closed"


def closing_leaves_the_state_alone(rule: Rule) -> None:
    rows, limits = corpus.stream()
    context = only(rule)
    _, state = engine.step(batch_of(rows[:900]), EngineState(), context, limits[:900])
    before = state.to_bytes()
    first, second = engine.close(state, context), engine.close(state, context)
    same(first, second)
    counted = state.counters["detections"] - len(first) - len(second)
    state.counters["detections"] = counted
    assert state.to_bytes() == before
    assert engine.active(state, context).count(rule.id) == len(set(first["vehicle"].to_pylist()))


def zero_state_means_never_seen(rule: Rule) -> None:
    fresh = Memory(np.zeros(9, rule.state_dtype), sparse.new(rule.few_dtype))
    assert not len(rule.active(fresh))
    assert len(rule.close(fresh, rule.default_params()).slot) == 0


def the_version_names_every_parameter(rule: Rule) -> None:
    params = dict(rule.default_params())
    version = rule.version(params)
    assert version == rule.version(dict(reversed(params.items())))
    for name, value in params.items():
        other = value + 1 if isinstance(value, int | float) else "other"
        assert rule.version(params | {name: other}) != version, name


def it_is_documented(rule: Rule) -> None:
    module = importlib.import_module(type(rule).__module__)
    assert module.__doc__
    assert "Source:" in module.__doc__, "say which law or paper the rule comes from"
    page = REFERENCE.read_text(encoding="utf-8")
    assert f"## `{rule.id}`" in page, f"docs/reference/rules.md has no section on {rule.id}"
    section = page.split(f"## `{rule.id}`")[1].split("\n## ")[0]
    for name in rule.default_params():
        assert f"`{name}`" in section, f"docs/reference/rules.md does not explain {name}"


CHECKS: tuple[Callable[[Rule], None], ...] = (
    fires_on_the_corpus,
    an_empty_batch_changes_nothing,
    one_row_is_enough_to_run,
    rows_that_say_nothing_find_nothing,
    missing_values_are_ordinary,
    duplicates_change_nothing,
    late_rows_change_nothing,
    where_a_batch_is_cut_does_not_matter,
    a_batch_may_be_one_row,
    saved_and_restored_between_all_batches,
    vehicles_do_not_touch_each_other,
    detections_are_whole,
    closing_leaves_the_state_alone,
    zero_state_means_never_seen,
    the_version_names_every_parameter,
    it_is_documented,
)
