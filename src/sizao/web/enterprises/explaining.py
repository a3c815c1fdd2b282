"""One enterprise explained: every duty with its figures, its comparison group, what changed."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from sizao.risk.duties import duties
from sizao.web.enterprises import listing, services, words
from sizao.web.enterprises.listing import Row
from sizao.web.enterprises.models import Review


def explained(review: Review, earlier: Review | None, enterprise: str) -> dict[str, Any]:
    """``overall`` (None if nothing is known), ``duties``, ``group`` and ``earlier``."""
    worse = services.ranking(review.made).worse
    own = {row["duty"]: row for row in review.rows if row["enterprise"] == enterprise}
    then = {
        row["duty"]: row
        for row in (earlier.rows if earlier is not None else ())
        if row["enterprise"] == enterprise
    }
    about = review.summary["firms"][enterprise]
    group = [one for one in review.summary["firms"].values() if one["kind"] == about["kind"]]
    overall = own.get(words.OVERALL)
    return {
        "overall": _shown(overall, about, worse, then) if overall else None,
        "of": sum(row["duty"] == words.OVERALL and row["rank"] is not None for row in review.rows),
        "duties": [
            _duty(code, own.get(code), about, worse, then, review) for code in duties()
        ],
        "group": len(group),
        "group_km": round(sum(one["km"] for one in group)),
        "earlier": earlier,
    }  # fmt: skip


def _duty(
    code: str, row: Row | None, about: Row, worse: float, then: dict[str, Row], review: Review
) -> Row:
    duty = duties()[code]
    told = {
        "code": code,
        "name": words.duty_word(code),
        "source": words.source_word(code),
        "certainty": duty.certainty,
        "unit_word": words.unit_word(duty.unit),
        "since": _since(code, review),
        "share": duty.share,
        "known": row is not None,
        "missing": _("全市没有发生一次，分不出高低")
        if code in review.summary["none"]
        else _("没有数据：") + words.missing_word(code),
    }
    if row is None:
        return told
    rates = {name: words.rate_word(row, name) for name in (
        "raw_rate", "similar", "expected", "lower", "upper")}  # fmt: skip
    return {**_shown(row, about, worse, then), **told, "rates": rates}


def _since(code: str, review: Review) -> str:
    days = duties()[code].days
    if days == 0:
        return _("截至 {day}").format(day=f"{review.last_day:%Y-%m-%d}")
    if days >= 365:
        return _("近一年")
    return f"{review.first_day:%Y-%m-%d} – {review.last_day:%Y-%m-%d}"


def _shown(row: Row, about: Row, worse: float, then: dict[str, Row]) -> Row:
    before = then.get(row["duty"])
    return {
        **listing.shown({**about, **row, "id": row["enterprise"]}, {}, worse),
        "before": before,
        "change": _change(row, before),
    }


def _change(row: Row, before: Row | None) -> str:
    """What is sure of the change: intervals that overlap show none."""
    if before is None:
        return ""
    low, high = row["lower"] / row["similar"], row["upper"] / row["similar"]
    if low > before["upper"] / before["similar"]:
        return _("变差")
    if high < before["lower"] / before["similar"]:
        return _("好转")
    return _("没有可确认的变化")
