"""What treatment pages say."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from sizao.risk.cmfs import library
from sizao.web.pages.words import pick


def kinds() -> list[tuple[str, str]]:
    """Kinds of the library of factors, then "other"."""
    named = [(one.id, pick(one.name_zh, one.name_en)) for one in library().values()]
    return [*named, ("other", _("其他"))]


def kind_word(kind: str) -> str:
    return dict(kinds()).get(kind, kind)


def refusal_words(codes: Sequence[tuple[str, int]]) -> list[str]:
    """Why no effect is claimed."""
    words = {
        "no_before": _("开工前没有整年的记录"),
        "no_after": _("完工后还没有整年的记录（最早看 {year} 年）"),
        "late": _("{year} 年才录入，当时已能看到结果，事后挑选的不作结论"),
        "selected": _("选点所用的事故年份（至 {year} 年）与评估年份重叠"),
        "break": _("{year} 年上报口径有变化，前后不可比"),
        "few": _("可比的路段或事故太少"),
    }
    return [words[code].format(year=year) for code, year in codes]
