"""Dirty files: every bad row is named with its number and reason, the others are whole."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest

from sizao.core.errors import ConfigError
from sizao.feeds.tables.checking import Checked, check
from sizao.feeds.tables.kinds import KINDS
from sizao.feeds.tables.known import Known
from sizao.feeds.tables.mapping import TableMapping, propose
from sizao.feeds.tables.reading import read
from sizao.feeds.tables.report import lines, mend_csv
from sizao.feeds.tables.table import Refusal, Table
from tests.feeds.tables import files

NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
FIRMS = {"f1": "虚构货运一公司", "f2": "虚构客运公司"}


def table_of(data: bytes, kind: str) -> Table:
    table = read(data, KINDS[kind])
    assert not isinstance(table, Refusal), table
    return table


def checked(data: bytes, kind: str, **known: Any) -> tuple[Table, Checked]:
    table = table_of(data, kind)
    mapping = propose(table, KINDS[kind]).mapping
    return table, check(table, mapping, Known(NOW, **known))


def by_row(result: Checked) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for problem in result.problems:
        found.setdefault(problem.row, []).append(problem.code)
    return found


@pytest.mark.parametrize(
    ("kind", "data", "known", "bad", "good", "repeated"),
    [
        ("crash", files.crash_csv(), {}, files.CRASHES_BAD, files.CRASHES_GOOD,
         files.CRASHES_REPEATED),
        ("vehicle", files.vehicle_xlsx(), {"enterprises": FIRMS}, files.VEHICLES_BAD,
         files.VEHICLES_GOOD, files.VEHICLES_REPEATED),
        ("enterprise", files.enterprise_csv(), {}, files.ENTERPRISES_BAD, files.ENTERPRISES_GOOD,
         files.ENTERPRISES_REPEATED),
    ],
)  # fmt: skip
def test_a_dirty_file_of_each_kind(kind, data, known, bad, good, repeated):
    _, result = checked(data, kind, **known)
    assert by_row(result) == bad
    assert {one.number: one.key for one in result.good} == good
    assert {one.row: one.code for one in result.repeated} == repeated
    counts = result.counts()
    assert counts["rows"] == counts["good"] + counts["bad"] + counts["repeated"]
    # Every reason reads as a sentence in both languages, and every line begins with its row.
    for line, problem in zip(lines(result.problems), result.problems, strict=True):
        assert line.startswith(f"row {problem.row}, ")
        assert "{" not in line


def test_what_a_good_crash_becomes():
    _, result = checked(files.crash_csv(), "crash")
    rows = {one.key: one.values for one in result.good}
    first = rows["S-001"]
    assert first["time"] == dt.datetime(2024, 1, 5, 6, 3, tzinfo=dt.UTC)
    assert first["hour_known"] is True
    assert (first["lat"], first["lon"]) == (26.585, 101.716)
    assert first["loss_cny"] == 12_000.0  # the header says 万元
    assert (first["severity_2007"], first["severity_1991"]) == ("ordinary", "ordinary")
    assert first["procedure"] == "injury"
    second = rows["S-002"]
    assert second["lon"] == 101.717  # full-width digits
    assert second["weather"] == "rain"
    assert (second["severity_2007"], second["severity_1991"]) == ("ordinary", "major")
    assert "138" not in second["description"]
    assert rows["S-006"]["time"] == dt.datetime(2024, 1, 8, 4, 0, tzinfo=dt.UTC)  # a day number
    assert rows["S-006"]["weather"] is None  # 下冰刀 is not kept, and a note says so
    assert rows["S-007"]["injured"] == 2
    assert rows["S-007"]["stake_m"] == 120_300.0
    assert rows["S-014"]["severity_2007"] == "considerable"
    assert "year" not in first, "helpers are not kept"
    notes = {(note.row, note.code) for note in result.notes}
    assert {(3, "personal_removed"), (9, "not_kept")} <= notes


def test_what_a_good_vehicle_becomes():
    _, result = checked(files.vehicle_xlsx(), "vehicle", enterprises=FIRMS)
    rows = {one.key: one.values for one in result.good}
    first, second = rows["10000000001"], rows["10000000002"]
    assert first["kind"] == "semi_tractor"
    assert first["plate_colour"] == 2
    assert first["enterprise"] == second["enterprise"] == "f1", "the merged cell counts for both"
    assert first["inspection_until"] == dt.date(2026, 5, 31)
    assert second["plate"] == "川DI0002"
    assert second["payload_kg"] == 12_500.0  # 吨
    assert second["gross_kg"] == 25_000.0  # kg
    assert second["inspection_until"] == dt.date(2026, 5, 31)  # a bare day number
    assert rows["10000000011"]["kind"] is None, "what is registered stays"
    assert [(note.row, note.code) for note in result.notes] == [(14, "kind_unclear")]


def test_without_the_merge_the_second_row_has_no_enterprise():
    """The control: what the merged cell is filled for."""
    _, result = checked(files.vehicle_xlsx(merged=False), "vehicle", enterprises=FIRMS)
    rows = {one.key: one.values for one in result.good}
    assert rows["10000000002"].get("enterprise") is None


def test_persons_are_left_out_by_name_and_by_content():
    table, result = checked(files.vehicle_xlsx(), "vehicle", enterprises=FIRMS)
    assert {one.column for one in result.personal} == {"驾驶员姓名", "身份证号"}
    renamed = files.csv_bytes(
        ("号牌号码", "终端号", "备注", "企业名称"),
        [("川DI0001", "10000000001", "11010519491231002X", "13900000000")] * 3,
    )
    table = table_of(renamed, "vehicle")
    proposal = propose(table, KINDS["vehicle"])
    assert {one.column for one in proposal.personal} == {"备注", "企业名称"}
    forced = TableMapping(
        "vehicle", {"vehicle": "终端号", "plate": "号牌号码", "enterprise_name": "企业名称"}
    )
    result = check(table, forced, Known(NOW))
    assert all("enterprise_name" not in one.values for one in result.good)
    assert result.good[0].values["vehicle"] == "10000000001", "a terminal's number is no person's"


def test_the_mended_file_can_be_imported_again():
    table, result = checked(files.crash_csv(), "crash")
    text = mend_csv(table, result)
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert "当事人姓名" not in rows[0]
    assert [int(row[-2]) for row in rows[1:]] == sorted(files.CRASHES_BAD)
    assert "没有这一天" in rows[1][-1]
    at = rows[0].index("事故时间")
    rows[1][at] = "2024-02-29 10:00"
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    _, again = checked(out.getvalue().encode(), "crash")
    assert [one.key for one in again.good] == ["S-003"]


def test_known_records_are_skipped_or_updated_as_asked():
    table = table_of(files.crash_csv(), "crash")
    mapping = propose(table, KINDS["crash"]).mapping
    known = Known(NOW, keys={"S-001", "S-014"})
    skipped = check(table, mapping, known)
    assert {one.row: one.code for one in skipped.repeated} == {
        2: "exists", 8: "twice_in_file", 17: "exists",
    }  # fmt: skip
    updated = check(table, mapping, known, existing="update")
    assert {one.key for one in updated.good if one.exists} == {"S-001", "S-014"}
    assert updated.counts()["known"] == 2


def test_a_mapping_that_cannot_work_is_an_error_before_any_row():
    table = table_of(files.crash_csv(), "crash")
    with pytest.raises(ConfigError, match="there is no column '时间' for time"):
        check(table, TableMapping("crash", {"time": "时间"}), Known(NOW))
    with pytest.raises(ConfigError, match="no column is mapped to lat"):
        check(table, TableMapping("crash", {"time": "事故时间"}), Known(NOW))
    with pytest.raises(ConfigError, match="constant of dead: 'many' is no number"):
        check(table, TableMapping("crash", {}, {"dead": "many"}), Known(NOW))


def test_codes_of_the_source_and_constants():
    data = files.csv_bytes(
        ("id", "time", "lat", "lon", "tq"),
        [("1", "2024-01-01 10:00", "26.5", "101.7", "1"), ("2", "2024-01-01 11:00", "26.6",
          "101.7", "9")],
    )  # fmt: skip
    table = table_of(data, "crash")
    mapping = TableMapping(
        "crash",
        {"id": "id", "time": "time", "lat": "lat", "lon": "lon", "weather": "tq"},
        constants={"area": "510402"},
        values={"weather": {"1": "晴", "9": ""}},
        zone="UTC",
    )
    from zoneinfo import ZoneInfo

    result = check(table, mapping, Known(NOW, zone=ZoneInfo(mapping.zone)))
    assert [one.values["weather"] for one in result.good] == ["clear", None]
    assert {one.values["area"] for one in result.good} == {"510402"}
    assert result.good[0].values["time"].hour == 10
    assert not result.notes


def test_time_in_parts_and_identity_from_content():
    header = ("year", "month", "day", "hour", "minute", "lat", "lon")
    data = files.csv_bytes(
        header,
        [(2018, 2, 28, 23, 59, 40.9, -73.8), (2018, 2, 29, 1, 1, 40.9, -73.8),
         (2018, 2, 28, 24, 0, 40.9, -73.8)],
    )  # fmt: skip
    _, result = checked(data, "crash")
    assert by_row(result) == {3: ["impossible_date"], 4: ["out_of_range"]}
    (good,) = result.good
    assert len(good.key) == 16
    _, again = checked(data, "crash")
    assert again.good[0].key == good.key


def test_a_word_of_two_scales_is_decided_by_its_values_or_by_a_person():
    def proposal(*grades: str):
        header = ("事故编号", "事故时间", "纬度", "经度", "事故等级")
        rows = [
            (f"{i}", "2024-01-01 10:00", "26.5", "101.7", grade) for i, grade in enumerate(grades)
        ]
        return propose(table_of(files.csv_bytes(header, rows), "crash"), KINDS["crash"])

    assert proposal("轻微", "一般").mapping.columns["severity_1991"] == "事故等级"
    assert proposal("较大", "一般").mapping.columns["severity_2007"] == "事故等级"
    unclear = proposal("重大", "一般")
    assert unclear.unsure == {"事故等级": ("severity_2007", "severity_1991")}
    assert "事故等级" not in unclear.mapping.columns.values()


def test_a_stated_grade_below_the_casualties_gets_a_note():
    data = files.csv_bytes(
        ("事故编号", "事故时间", "纬度", "经度", "事故等级（493号令）", "死亡人数"),
        [("1", "2024-01-01 10:00", "26.5", "101.7", "一般", "4")],
    )
    _, result = checked(data, "crash")
    (note,) = result.notes
    assert note.code == "severity_contradicts"
    assert "较大" in note.words.zh
    assert result.good[0].values["severity_2007"] == "ordinary", "kept as the source has it"


def test_a_name_that_two_enterprises_have_is_not_guessed():
    data = files.csv_bytes(("终端号", "企业名称"), [("10000000001", "虚构货运一公司")])
    _, result = checked(data, "vehicle", enterprises={"a": "虚构货运一公司", "b": "虚构货运一公司"})
    assert by_row(result) == {2: ["same_name"]}
