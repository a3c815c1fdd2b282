"""Nothing lost, nothing doubled: in order, late, repeated, and after a kill at any moment."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sizao.core.errors import LogError
from sizao.log.archive import columns, deletions, files, manifest, runs, writing
from sizao.log.archive.days import day_of
from sizao.log.archive.layout import untidy
from sizao.log.archive.store import ArchiveStore, retention_limit
from tests.log.archive.rows import START_S, VEHICLES, kept, keys_of, pieces
from tests.runtime.helpers import positions


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed processes leave what they wrote; only power cuts need the disk's word."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


def filled(root: Path, made: list, *, every: int = 3, bucket_rows: int = 200) -> None:
    with ArchiveStore(root, bucket_rows=bucket_rows) as store:
        for number, batch in enumerate(made, 1):
            store.take([batch], number, float(number))
            if number % every == 0:
                store.compact()
                store.thin()
        while store.tidy(newest=True):
            pass


def test_every_moment_is_kept_once_in_its_day_by_vehicle_and_time(tmp_path: Path) -> None:
    made = pieces(30)
    filled(tmp_path, made)
    expected = set(keys_of(made))
    assert sorted(kept(tmp_path)) == sorted(expected)
    found = manifest.load(tmp_path)
    assert found.upto == 30
    assert max(day.buckets for day in found.days.values()) > 1, "no day was split"
    for date, day in found.days.items():
        for file in day.files:
            table = columns.unpack(columns.read(tmp_path / file.name))
            keys = keys_of([table])
            assert keys == sorted(keys)
            assert {day_of(time // 1_000_000) for _, time in keys} == {date}


def test_a_vehicle_day_is_in_one_file(tmp_path: Path) -> None:
    filled(tmp_path, pieces(30))
    found = manifest.load(tmp_path)
    for vehicle in VEHICLES:
        chosen = files.of_vehicle(found, vehicle, START_S, START_S + 3600)
        assert len(chosen) <= 1
        everywhere = [key for key in kept(tmp_path) if key[0] == vehicle]
        rows = keys_of([columns.unpack(columns.read(tmp_path / f.name)) for f in chosen])
        of_day = [k for k in everywhere if day_of(k[1] // 1_000_000) == day_of(START_S)]
        assert sorted(of_day) == sorted(key for key in rows if key[0] == vehicle)


def written(root: Path) -> tuple[int, int]:
    """Rows written into a day of which a hundredth comes at a time, and its files then."""
    rows = 0
    made = [positions([f"{n % 7}"] * 20, [n * 60.0 + s for s in range(20)]) for n in range(100)]
    with ArchiveStore(root) as store:
        for number, batch in enumerate(made, 1):
            store.take([batch], number, float(number))
            rows += store.compact()
            while some := store.thin():
                rows += some
        count = len(store.manifest.days[day_of(START_S)].files)
        assert sorted(kept(root)) == sorted(keys_of(made))
        assert store.tidy() == 0, "more is to come into the newest day"
        while store.tidy(newest=True):
            pass
        assert len(store.manifest.days[day_of(START_S)].files) == 1
    assert sorted(kept(root)) == sorted(keys_of(made))
    return rows, count


def test_a_row_is_written_a_few_times_however_large_its_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, count = written(tmp_path / "few")
    assert rows < 2_000 * 4
    assert count <= 14
    monkeypatch.setattr(
        "sizao.log.archive.layout.crowded", lambda day, buckets: untidy(day, buckets)
    )
    control, _ = written(tmp_path / "control")
    assert control > 2_000 * 40, "the control: the whole day each time"


def test_few_rows_that_come_late_do_not_touch_every_bucket(tmp_path: Path) -> None:
    made = pieces(30)
    filled(tmp_path, made)
    late = positions(VEHICLES, [86_400.5] * len(VEHICLES))
    moment_s = START_S + 86_400
    with ArchiveStore(tmp_path, bucket_rows=200) as store:
        before = store.manifest.days[day_of(moment_s)]
        assert before.buckets > 1
        store.take([late], 31, 31.0)
        store.compact()
        after = store.manifest.days[day_of(moment_s)]
        assert after.files[:-1] == before.files
        for vehicle in VEHICLES:
            chosen = files.of_vehicle(store.manifest, vehicle, moment_s, moment_s)
            tables = [columns.unpack(columns.read(tmp_path / file.name)) for file in chosen]
            assert (vehicle, moment_s * 1_000_000 + 500_000) in keys_of(tables)
        while store.tidy(newest=True):
            pass
    assert sorted(kept(tmp_path)) == sorted(set(keys_of([*made, late])))


def test_a_merge_holds_some_vehicles_at_a_time(tmp_path: Path) -> None:
    """Many pieces give the same file as one."""
    made = pieces(30)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sizao.log.archive.columns.ROW_GROUP", 16)
        filled(tmp_path / "one", made)
        patch.setattr("sizao.log.archive.store.PIECE_ROWS", 50)
        seen = []
        cuts = runs._cuts
        patch.setattr(runs, "_cuts", lambda *given: seen.append(cuts(*given)) or seen[-1])
        filled(tmp_path / "many", made)
    assert max(map(len, seen)) > 3, "the merge was of one piece"
    one, many = (manifest.load(tmp_path / name).files() for name in ("one", "many"))
    assert [file.rows for file in one] == [file.rows for file in many]
    for first, second in zip(one, many, strict=True):
        rows = (columns.unpack(columns.read(tmp_path / "one" / first.name)),
                columns.unpack(columns.read(tmp_path / "many" / second.name)))  # fmt: skip
        assert rows[0] == rows[1]


def test_a_merge_opens_the_files_of_some_buckets_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row group of each open file is in memory, and a day may have hundreds."""
    monkeypatch.setattr("sizao.log.archive.store.STRAIGHT_ROWS", 50)
    monkeypatch.setattr("sizao.log.archive.layout.PIECE_ROWS", 5)
    opened: list[int] = []
    real = runs.merged
    monkeypatch.setattr(
        runs, "merged", lambda paths, rows: opened.append(len(paths)) or real(paths, rows)
    )
    made = [positions(VEHICLES * 4, [n * 4.0 + m // 40 for m in range(160)]) for n in range(6)]
    with ArchiveStore(tmp_path, bucket_rows=20) as store:
        store.take(made[:1], 1, 1.0)
        for number, batch in enumerate(made[1:], 2):
            store.take([batch], number, float(number))
        (day,) = store.manifest.days.values()
        assert min(file.buckets for file in day.files) == 8
        while store.tidy(newest=True):
            pass
    assert max(opened) < len(day.files) / 5
    assert sorted(kept(tmp_path)) == sorted(set(keys_of(made)))


def test_a_file_goes_to_the_disk_in_helpings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who appends to the log at the same time must not wait for all of a merge."""
    synced: list[int] = []
    sync = os.fdatasync
    monkeypatch.setattr(
        os, "fdatasync", lambda file: (synced.append(os.fstat(file).st_size), sync(file))
    )
    monkeypatch.setattr(writing, "GROUP_ROWS", 50)
    monkeypatch.setattr(writing, "HELPING_BYTES", 5_000)
    made = pieces(30)
    with writing.FileWriter(tmp_path, "one.parquet") as writer:
        for batch in made:
            writer.add(columns.pack(batch))
        size = writer.finish().bytes
    edges = [0, *synced, size]
    assert len(synced) > 2
    assert all(5_000 <= after - before < 15_000 for before, after in pairwise(edges[:-1]))


def test_an_archive_of_the_first_format_is_read(tmp_path: Path) -> None:
    filled(tmp_path, pieces(30))
    path = tmp_path / manifest.NAME
    record = json.loads(path.read_text())
    record["format"] = 1
    for day in record["days"].values():
        assert {file["buckets"] for file in day["files"]} <= {day["files"][0]["buckets"]}
        day["buckets"] = day["files"][0]["buckets"]
        for file in day["files"]:
            del file["buckets"]
    for file in record["fresh"]:
        del file["buckets"]
    before = manifest.load(tmp_path)
    path.write_text(json.dumps(record))
    assert manifest.load(tmp_path) == before


def test_the_first_of_a_repeated_moment_stays(tmp_path: Path) -> None:
    with ArchiveStore(tmp_path) as store:
        for number, speed in enumerate((10.0, 99.0), 1):
            store.take([positions(["1"], [0.0], speed_kmh=[speed])], number, float(number))
            store.compact()
        assert store.tidy(newest=True) == 2
        (file,) = store.manifest.files()
    assert columns.unpack(columns.read(tmp_path / file.name)).column("speed_kmh").to_pylist() == [
        10.0
    ]


def test_many_rows_at_once_go_straight_into_their_days(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = pieces(30)
    few = made[0].slice(0, 10)
    filled(tmp_path / "slow", [few, *made])
    monkeypatch.setattr("sizao.log.archive.store.STRAIGHT_ROWS", 50)
    monkeypatch.setattr("sizao.log.archive.layout.PIECE_ROWS", 20)
    with ArchiveStore(tmp_path / "straight", bucket_rows=200) as store:
        store.take([few], 1, 1.0)
        assert len(store.manifest.fresh) == 1
        for number, batch in enumerate(made, 2):
            store.take([batch], number, float(number))
            assert not store.manifest.fresh, "what came before is older, so it goes first"
        assert max(day.buckets for day in store.manifest.days.values()) > 1, "no day was split"
        while store.tidy(newest=True):
            pass
    assert rows_of(tmp_path / "slow") == rows_of(tmp_path / "straight")


def test_a_day_that_is_over_is_packed_to_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing may be merged with the one file of a bucket, so that it is as small at once."""
    monkeypatch.setattr("sizao.log.archive.store.STRAIGHT_ROWS", 50)
    made = pieces(3)
    over, today = made[0], made[-1]
    with ArchiveStore(tmp_path, bucket_rows=200) as store:
        store.take([over, today], 1, 1.0)
        assert not store.manifest.fresh
    found = manifest.load(tmp_path)
    codecs = {
        date: {
            pq.ParquetFile(tmp_path / file.name).metadata.row_group(0).column(0).compression
            for file in day.files
        }
        for date, day in found.days.items()
    }
    assert codecs[max(codecs)] == {"LZ4"}
    assert {one for date in sorted(codecs)[:-1] for one in codecs[date]} == {"ZSTD"}


def rows_of(root: Path) -> list[tuple]:
    """Every row of the archive with all its values."""
    return sorted(
        tuple(row.values())
        for file in manifest.load(root).files()
        for row in columns.read(root / file.name).drop_columns(["driver"]).to_pylist()
    )


class Killed(BaseException):
    """Not an Exception: nothing on the way may catch it."""


def killing(monkeypatch: pytest.MonkeyPatch, at: int) -> Callable[[], int]:
    """Die at the ``at``-th call that changes the disk, before it happens. Returns the count."""
    seen = 0

    def wrap(owner: object, name: str) -> None:
        real = getattr(owner, name)

        def dying(*args: object, **given: object) -> object:
            nonlocal seen
            seen += 1
            if seen == at:
                raise Killed
            return real(*args, **given)

        monkeypatch.setattr(owner, name, dying)

    for name in ("replace", "unlink", "mkdir", "rmdir"):
        wrap(Path, name)
    wrap(os, "fsync")
    return lambda: seen


def one_life(root: Path, made: list) -> None:
    """What the archiver does, from wherever the manifest says it got to; then a deletion."""
    with ArchiveStore(root, bucket_rows=200) as store:
        while store.manifest.upto < len(made):
            number = store.manifest.upto + 1
            store.take([made[number - 1]], number, float(number))
            if number % 2 == 0:
                store.compact()
        while store.compact() or store.tidy(newest=True):
            pass
        store.expire(day_of(START_S + 90_000), rule="r", keep_days=1, now_s=START_S)


@pytest.fixture
def whole(tmp_path: Path) -> tuple[list, set]:
    made = pieces(4, each=20)
    one_life(tmp_path / "whole", made)
    return made, set(kept(tmp_path / "whole"))


def test_a_kill_at_any_step_neither_loses_nor_doubles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few rows, moved when the many after them go straight; two times few, compacted together."""
    monkeypatch.setattr("sizao.log.archive.store.STRAIGHT_ROWS", 20)
    made = [piece.slice(0, 22 if number == 1 else 10) for number, piece in enumerate(pieces(4))]
    one_life(tmp_path / "whole", made)
    expected = set(kept(tmp_path / "whole"))
    at, died = 0, True
    while died:
        at += 1
        root = tmp_path / str(at)
        with monkeypatch.context() as patch:
            killing(patch, at)
            try:
                one_life(root, made)
                died = False
            except Killed:
                pass
        one_life(root, made)
        assert sorted(kept(root)) == sorted(expected), f"killed at step {at}"
        found = manifest.load(root)
        assert deletions.broken(root, found) is None, f"killed at step {at}"
        on_disk = set(root.rglob("*.parquet*"))
        assert on_disk == {root / file.name for file in found.files()}, "left something behind"
    assert at > 40, "the test did not see the steps"


def test_without_the_manifest_first_a_kill_loses_rows(
    tmp_path: Path, whole: tuple[list, set], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: old files removed before the manifest is replaced."""
    made, expected = whole
    safe = ArchiveStore._commit

    def careless(self: ArchiveStore, new: manifest.Manifest, gone: object = ()) -> None:
        for file in gone:  # type: ignore[attr-defined]  # a list, told as object
            (self.root / file.name).unlink()
        safe(self, new)

    monkeypatch.setattr(ArchiveStore, "_commit", careless)
    assert _harmed(tmp_path, made, expected, monkeypatch)


def test_without_one_manifest_a_kill_doubles_rows(
    tmp_path: Path, whole: tuple[list, set], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: how far the log was read is written in a second step."""
    made, _ = whole
    safe = ArchiveStore._commit

    def careless(self: ArchiveStore, new: manifest.Manifest, gone: object = ()) -> None:
        from dataclasses import replace

        before = self.manifest
        safe(self, replace(new, upto=before.upto, mark_s=before.mark_s), gone)  # type: ignore[arg-type]  # likewise
        safe(self, new)

    monkeypatch.setattr(ArchiveStore, "_commit", careless)
    # Compaction would hide it: repeats are kept once. Fresh files alone show it.
    monkeypatch.setattr(ArchiveStore, "compact", lambda self, at_most=0: 0)
    fresh = set(keys_of(made))
    assert _harmed(tmp_path, made, fresh, monkeypatch, times=len(keys_of(made)))


def _harmed(
    tmp_path: Path,
    made: list,
    expected: set,
    monkeypatch: pytest.MonkeyPatch,
    times: int | None = None,
) -> bool:
    for at in range(1, 80):
        root = tmp_path / f"control-{at}"
        try:
            with monkeypatch.context() as patch:
                killing(patch, at)
                one_life(root, made)
        except Killed:
            pass
        try:
            one_life(root, made)
        except LogError:
            return True
        found = kept(root)
        if set(found) != expected or len(found) != (times or len(expected)):
            return True
    return False


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    with ArchiveStore(tmp_path), pytest.raises(LogError, match="another process"):
        ArchiveStore(tmp_path)
    ArchiveStore(tmp_path).close()


def test_a_damaged_manifest_is_said_and_nothing_is_deleted(tmp_path: Path) -> None:
    filled(tmp_path, pieces(3))
    before = sorted(tmp_path.rglob("*.parquet"))
    (tmp_path / manifest.NAME).write_text("{")
    with pytest.raises(LogError, match="damaged manifest"):
        ArchiveStore(tmp_path)
    assert sorted(tmp_path.rglob("*.parquet")) == before


def test_a_day_goes_with_a_proof(tmp_path: Path) -> None:
    filled(tmp_path, pieces(30))
    first, *rest = manifest.load(tmp_path).days
    with ArchiveStore(tmp_path) as store:
        day = store.manifest.days[first]
        assert store.expire(first, rule="r", keep_days=1, now_s=START_S) == []
        assert store.expire(rest[0], rule="r", keep_days=1, now_s=START_S) == [first]
    found = manifest.load(tmp_path)
    assert list(found.days) == rest
    (entry,) = deletions.load(tmp_path)
    assert (entry["date"], entry["rows"], entry["rule"]) == (first, day.rows, "r")
    assert {file["sha256"] for file in entry["files"]} == {file.sha256 for file in day.files}
    assert not (tmp_path / "days" / first).exists()
    assert deletions.broken(tmp_path, found) is None


@pytest.mark.parametrize(
    "harm",
    [
        lambda text: text.replace('"rows": ', '"rows": 1', 1),
        lambda text: text[text.index("\n") + 1 :],
        lambda text: text[: text.index("\n") + 1],
        lambda text: "",
    ],
    ids=["changed", "first dropped", "last dropped", "all dropped"],
)
def test_a_deletion_cannot_be_hidden_afterwards(tmp_path: Path, harm: Callable[[str], str]) -> None:
    filled(tmp_path, pieces(30))
    with ArchiveStore(tmp_path) as store:
        store.expire("9999", rule="r", keep_days=1, now_s=START_S)
    path = tmp_path / deletions.NAME
    assert deletions.broken(tmp_path, manifest.load(tmp_path)) is None
    path.write_text(harm(path.read_text()))
    assert deletions.broken(tmp_path, manifest.load(tmp_path)) is not None


def test_days_are_those_of_shanghai() -> None:
    midnight = 1_790_006_400  # 2026-09-22 00:00 in Shanghai
    assert (day_of(midnight - 1), day_of(midnight)) == ("2026-09-21", "2026-09-22")
    assert retention_limit(midnight, 1) == "2026-09-21"
    assert retention_limit(midnight - 1, 1) == "2026-09-20"
