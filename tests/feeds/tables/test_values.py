"""Parsers: every form in which people write a value, and what is refused."""

from __future__ import annotations

import datetime as dt

import pytest

from sizao.feeds.tables.reasons import NOTES, REASONS, REPEATED, Bad, sentence
from sizao.feeds.tables.values.base import Column
from sizao.feeds.tables.values.numbers import Number, StakeText
from sizao.feeds.tables.values.times import Clock, Day, Moment
from sizao.feeds.tables.values.vehicles import KIND_WORDS, Colour, Plate, Telephone, Terminal
from sizao.feeds.tables.values.words import Choice, Code, Several, YesNo

NO = Column()


def refused(parse, value, column=NO) -> str:
    with pytest.raises(Bad) as caught:
        parse(value, column)
    return caught.value.code


@pytest.mark.parametrize(
    ("written", "expected", "clock"),
    [
        ("2024-01-05 14:03", (2024, 1, 5, 14, 3, 0), True),
        ("2024/1/5 14:03:22", (2024, 1, 5, 14, 3, 22), True),
        ("2024.1.5", (2024, 1, 5, 0, 0, 0), False),
        ("2024年1月5日 14时", (2024, 1, 5, 14, 0, 0), True),
        ("2024年1月5日14时3分", (2024, 1, 5, 14, 3, 0), True),
        ("２０２４年１月５日　１４：０３", (2024, 1, 5, 14, 3, 0), True),
        ("2024年1月5日 下午2点30分", (2024, 1, 5, 14, 30, 0), True),
        ("2024-01-05T14:03:22.5", (2024, 1, 5, 14, 3, 22), True),
        ("20240105", (2024, 1, 5, 0, 0, 0), False),
        ("202401051403", (2024, 1, 5, 14, 3, 0), True),
        ("20240105140322", (2024, 1, 5, 14, 3, 22), True),
        (20240105, (2024, 1, 5, 0, 0, 0), False),
        (20240105140322.0, (2024, 1, 5, 14, 3, 22), True),
        (45296, (2024, 1, 5, 0, 0, 0), False),
        (45296.5854166667, (2024, 1, 5, 14, 3, 0), True),
        ("45296.5854166667", (2024, 1, 5, 14, 3, 0), True),
        ("2024-01-05 24:00", (2024, 1, 6, 0, 0, 0), True),
        (dt.date(2024, 1, 5), (2024, 1, 5, 0, 0, 0), False),
    ],
)
def test_moments(written, expected, clock):
    stamp = Moment()(written, NO)
    assert stamp.at.timetuple()[:6] == expected
    assert stamp.clock is clock


def test_moments_with_an_offset_keep_it():
    for written in (
        "2024-01-05T06:03:22Z",
        "2024-01-05 14:03:22+08:00",
        "2024-01-05 14:03:22+0800",
    ):
        at = Moment()(written, NO).at
        assert at.astimezone(dt.UTC).hour == 6


def test_macintosh_workbooks_count_from_1904():
    assert Moment()(43834, Column("", True)).at.date() == dt.date(2024, 1, 5)
    assert Moment()(45296, Column("", False)).at.date() == dt.date(2024, 1, 5)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("2024-02-30", "impossible_date"),
        ("2024-13-01", "impossible_date"),
        ("2024-01-05 25:00", "impossible_date"),
        ("20241345", "impossible_date"),
        ("5/1/2024", "date_order"),
        ("24-1-5", "date_order"),
        ("昨天", "no_time"),
        ("2024", "no_time"),
        (3, "no_time"),
        ("#VALUE!", "spreadsheet_error"),
    ],
)
def test_moments_that_are_none(written, code):
    assert refused(Moment(), written) == code


def test_days_and_clocks():
    assert Day()("2026年5月31日", NO) == dt.date(2026, 5, 31)
    for written in ("14:03", "1403", "14时3分", "14:03:00", 0.5854166666666667, dt.time(14, 3)):
        assert Clock()(written, NO) == dt.time(14, 3)
    assert Clock()("7", NO) == dt.time(0, 7), (
        "HHMM without its zeros; hours alone are another field"
    )
    assert Clock()(dt.timedelta(hours=14, minutes=3), NO) == dt.time(14, 3)
    assert refused(Clock(), "2500") == "impossible_date"
    assert refused(Clock(), dt.timedelta(days=999_999_999)) == "impossible_date"


MASS = Number("kg", 300, 500_000)


def test_numbers_take_the_unit_of_the_cell_before_the_header():
    assert MASS("49", Column("总质量（吨）")) == 49_000
    assert MASS("49,000kg", Column("总质量（吨）")) == 49_000
    assert MASS("49 t", NO) == 49_000
    assert MASS("12.5吨", NO) == 12_500
    assert MASS(25_000, Column("总质量[kg]")) == 25_000
    money = Number("CNY", 0, 1e11)
    assert money("1.2万元", NO) == 12_000
    assert money("1.2", Column("直接财产损失(万元)")) == 12_000
    assert money("１，２００元", NO) == 1_200
    assert refused(MASS, "49") == "out_of_range"  # 49 kg: it was tonnes
    assert refused(MASS, "49斤") == "no_number"
    assert refused(MASS, True) == "no_number"
    people = Number("count", 0, 1000, whole=True)
    assert people("2人", NO) == 2
    assert people(2.0, NO) == 2
    assert refused(people, "1.5") == "not_whole"
    assert refused(people, "nan1") == "no_number"
    assert refused(people, float("inf")) == "no_number"


def test_stakes():
    for written in (
        "K120+300",
        "k120+300",
        "120+300",
        "G5K120+300",
        "120公里300米",
        "120.3",
        120300,
    ):
        assert StakeText()(written, NO) == 120_300.0
    assert StakeText()("K120", NO) == 120_000.0
    assert refused(StakeText(), "服务区") == "bad_stake"


def test_plates():
    for written in ("川DI0001", "川Ｄ·Ｉ０００１", "川d-i0001", " 川D I0001 "):
        assert Plate()(written, NO) == "川DI0001"
    assert Plate()("川DI001警", NO) == "川DI001警"
    assert Plate()("川DDI0001", NO) == "川DDI0001"  # new energy: eight characters
    assert Plate()("川DI001挂", NO) == "川DI001挂"
    for written in ("川D12", "D12345", "I川D0001", "川DI00011111", "无牌", "1234567"):
        assert refused(Plate(), written) == "bad_plate"


def test_colours_terminals_and_telephones():
    assert [Colour()(one, NO) for one in ("蓝", "黄牌", "渐变绿", 2, "4", "黄绿双拼", 94)] == [
        1, 2, 5, 2, 4, 2, 5,
    ]  # fmt: skip
    assert refused(Colour(), "粉色") == "unknown_word"
    for written in ("010000000001", 10000000001, 10000000001.0, "100-0000-0001"):
        assert Terminal()(written, NO) == "10000000001"
    assert refused(Terminal(), "1.0E+10") == "rounded"
    assert refused(Terminal(), 1.23456789e19) == "rounded"
    assert refused(Terminal(), "终端") == "bad_phone"
    assert Telephone()("0812-100 0001转8", NO) == "0812-100 0001转8"
    assert refused(Telephone(), "没有") == "bad_phone"


def test_words():
    kinds = Choice(KIND_WORDS, inside=True)
    assert kinds("重型半挂牵引车", NO) == "semi_tractor"
    assert kinds("重型罐式危险货物运输车", NO) == "hazmat"
    assert kinds("中型专用校车", NO) == "school_bus"
    assert kinds("Heavy Truck", NO) == "heavy_truck"
    assert refused(kinds, "飞机") == "unknown_word"
    assert Several(Choice({"a": ("甲", "a"), "b": ("乙", "b")}))("甲、乙/甲", NO) == ["a", "b", "a"]
    assert [YesNo()(one, NO) for one in ("是", "无", 1, "√", False, "N")] == [
        True, False, True, True, False, False,
    ]  # fmt: skip
    assert Code()("  S 001 ", NO) == "S001"
    assert refused(Code(), "5.1E+17") == "rounded"


def test_every_reason_is_a_sentence_and_sorted_into_one_lot():
    assert set(REASONS) >= NOTES
    assert set(REASONS) >= REPEATED
    assert not NOTES & REPEATED
    for zh, en in REASONS.values():
        assert zh
        assert en
        assert zh != en
    assert sentence("unknown_word", {"allowed": ["蓝", "blue"]}).en.endswith("blue")


def test_colours_agree_with_what_cameras_and_stations_send():
    from sizao.feeds.plates import COLOURS

    for word, code in COLOURS.items():
        assert Colour()(word, NO) == code, word
