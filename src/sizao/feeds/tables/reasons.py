"""Why a cell or a row cannot be used: every code with its sentence in both languages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sizao.feeds.tables.table import Words

REASONS: dict[str, Words] = {
    "missing": Words("必填，但这里是空的", "required, but empty here"),
    "encoding": Words(
        "含有无法识别的字符，原文件在这里损坏", "holds characters that cannot be read"
    ),
    "too_long": Words(
        "内容过长：很可能有引号没有配对", "too long: a quotation mark is probably not closed"
    ),
    "spreadsheet_error": Words(
        "表格公式出错，没有数值", "the spreadsheet's formula failed and left no value"
    ),
    "rounded": Words(
        "表格已把长号码变成科学计数，末位丢失；请把该列设为文本再导出",
        "the spreadsheet rounded this long number; format the column as text and export again",
    ),
    "no_number": Words("不是数字", "is no number"),
    "not_whole": Words("应为整数", "must be a whole number"),
    "out_of_range": Words("应在 {low} 到 {high} 之间", "must be between {low} and {high}"),
    "no_time": Words(
        "不是可识别的日期时间，例如 2024-01-05 14:03 或 2024年1月5日 14时",
        "is no date and time that can be read, such as 2024-01-05 14:03",
    ),
    "impossible_date": Words("没有这一天或这一刻", "there is no such day or moment"),
    "date_order": Words(
        "年月日次序不明；请写成 2024-01-05", "the order of day and month is unclear; use 2024-01-05"
    ),
    "future": Words("在将来", "lies in the future"),
    "too_old": Words("早于 {year} 年", "is before {year}"),
    "unknown_word": Words("不认识的写法，可用：{allowed}", "unknown; use one of {allowed}"),
    "bad_plate": Words("不是完整的号牌，例如 川DI0001", "is no complete plate, such as 川DI0001"),
    "bad_phone": Words("不是号码", "is no number to call or identify"),
    "bad_stake": Words("不是桩号，例如 K120+300", "is no stake, such as K120+300"),
    "bad_code": Words("应为 {what}", "must be {what}"),
    "personal": Words(
        "是身份证号或手机号，按规定不保存", "is an identity or phone number, which is not kept"
    ),
    "personal_removed": Words(
        "文字里的身份证号或手机号已去除", "an identity or phone number was taken out of the text"
    ),
    "no_place": Words(
        "没有地点：需要经纬度，或道路编号加桩号", "no place: coordinates, or road and stake"
    ),
    "half_place": Words("经纬度缺一个", "one of latitude and longitude is missing"),
    "swapped": Words("经度和纬度像是填反了", "latitude and longitude look swapped"),
    "elsewhere": Words(
        "离本地路网 {km} 公里以上；坐标或坐标系不对",
        "more than {km} km off the road network; wrong coordinates or coordinate system",
    ),
    "no_such_stake": Words(
        "路网里没有这个桩号，只存文字", "not in the road network; kept as text only"
    ),
    "place_disagrees": Words("坐标与桩号相距 {km} 公里", "coordinates and stake lie {km} km apart"),
    "hour_unknown": Words("没有几时几分，只能按日统计", "no time of day; counts by day only"),
    "serious_over_injured": Words("重伤人数多于受伤人数", "more seriously injured than injured"),
    "severity_contradicts": Words(
        "与死伤人数不符：按人数应为「{computed}」",
        "contradicts the casualties, which make it {computed}",
    ),
    "no_terminal": Words(
        "没有终端号，号牌也不在登记中", "no terminal number, and the plate is not registered"
    ),
    "other_terminal": Words(
        "号牌在登记中属于终端 {vehicle}", "the register has this plate with terminal {vehicle}"
    ),
    "payload_over_gross": Words(
        "核定载质量大于总质量", "the rated payload is more than the permitted gross mass"
    ),
    "unknown_enterprise": Words(
        "企业不在登记中：请先导入企业名册，或同时给出编号和名称",
        "not in the register: import the enterprises first, or give both id and name",
    ),
    "same_name": Words(
        "登记中有几家同名企业，请给出企业编号", "several enterprises have this name; give the id"
    ),
    "kind_unclear": Words("类型不认识；新登记的没有类型", "unknown kind; a new record has none"),
    "not_kept": Words("不认识，这一项没有保存", "unknown; this value was not kept"),
    "twice_in_file": Words("与第 {first} 行重复", "repeats row {first}"),
    "exists": Words("已经导入过", "was imported before"),
    "perhaps_twice": Words(
        "与 {other} 时间相同、相距不到 {metres} 米，可能是同一起",
        "same minute and less than {metres} m from {other}: perhaps the same",
    ),
}
"""Code to sentence; the braces are filled from the problem's parameters."""

NOTES = frozenset(
    {
        "personal_removed",
        "no_such_stake",
        "place_disagrees",
        "hour_unknown",
        "severity_contradicts",
        "kind_unclear",
        "not_kept",
        "perhaps_twice",
    }
)
"""Codes with which a row is imported all the same; the report lists them for somebody to look."""

REPEATED = frozenset({"twice_in_file", "exists"})
"""Codes of rows left out because they are there already."""


class Bad(Exception):
    """A parser cannot use a cell. Caught by ``checking``; nothing outside sees it."""

    def __init__(self, code: str, **parameters: Any) -> None:
        super().__init__(code)
        self.code = code
        self.parameters = parameters


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row: its number, the column as the file names it, why, the value."""

    row: int
    column: str
    code: str
    value: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def is_note(self) -> bool:
        """The row is imported all the same."""
        return self.code in NOTES

    @property
    def words(self) -> Words:
        """The sentence in both languages."""
        return sentence(self.code, self.parameters)


def sentence(code: str, parameters: dict[str, Any]) -> Words:
    """A reason's sentence with its parameters filled in.

    A parameter may be a pair of Chinese and English.

    >>> sentence("twice_in_file", {"first": 7}).zh
    '与第 7 行重复'
    """
    zh, en = REASONS[code]
    pairs = {
        key: value if isinstance(value, list | tuple) else (value, value)
        for key, value in parameters.items()
    }
    return Words(
        zh.format(**{key: pair[0] for key, pair in pairs.items()}),
        en.format(**{key: pair[1] for key, pair in pairs.items()}),
    )
