"""A title of an official document breaks between phrases."""

from __future__ import annotations

from dataclasses import replace

from sizao.web.listings.documents.official import TITLE, Official, title_lines

BARE = Official("市交警支队", "1号", "", "关于对某处隐患的通知", "某局", (), "支队", "今日", "", "")


def lines(*phrases: str) -> tuple[str, ...]:
    return title_lines(replace(BARE, title="".join(phrases), phrases=phrases))


def test_short_phrases_share_a_line_and_long_ones_do_not_part() -> None:
    assert lines("关于对东街口", "护栏缺失隐患", "实行市级挂牌督办的通知") == (
        "关于对东街口护栏缺失隐患", "实行市级挂牌督办的通知",
    )  # fmt: skip
    parts = ("关于对示意县道K11+300弯道临崖路段", "护栏缺失或损坏隐患", "实行市级挂牌督办的通知")
    assert lines(*parts) == parts


def test_a_document_issued_before_has_its_title_whole() -> None:
    old = BARE.to_dict()
    del old["phrases"]
    assert title_lines(Official.from_dict(old)) == (BARE.title,)
    assert TITLE * 22 / 72 * 25.4 < 156, "a line fits the type area"
