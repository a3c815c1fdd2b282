"""Validation: what the ranking would have caught, beside the ranking it justifies."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from sizao.risk.capture import SHARES
from sizao.web.risk import files, words
from sizao.web.risk.models import Assessment
from sizao.web.risk.ranking import ordered, rows_of
from sizao.web.risk.views import with_run

TOP = 10


@require_safe
@with_run
def show(request: HttpRequest, run: Assessment) -> HttpResponse:
    """The backtest of a run, in figures and in words."""
    tested = run.backtest
    every = rows_of(files.results(run))
    top = ordered([row for row in every if row["kind"] == "segment"], "rank")[:TOP]
    return render(
        request,
        "risk/validation.html",
        {
            "run": run,
            "tested": tested,
            "breaks": [words.break_word(one) for one in run.summary.get("breaks", ())],
            "top": [{**row, "place": words.place_word(row)} for row in top],
            **(_figures(tested) if tested else {}),
        },
    )


def _figures(tested: dict[str, Any]) -> dict[str, Any]:
    methods = {tested["method"]: tested, **tested["baselines"]}
    shares = [f"{share:g}" for share in SHARES]
    within = sum(row["lower"] <= row["observed"] <= row["upper"] for row in tested["calibration"])
    return {
        "shares": [f"{float(share):.0%}" for share in shares],
        "captures": [
            (
                words.method_word(name),
                [one["capture"][share] * 100 for share in shares],
                [one["pai"][share] for share in shares],
            )
            for name, one in methods.items()
        ],
        "hindsight": [tested["hindsight"]["capture"][share] * 100 for share in shares],
        "intervals": [
            [bound * 100 for bound in tested["capture_interval"][share]] for share in shares
        ],
        "consistency": [
            (words.method_word(name), one) for name, one in tested["consistency"].items()
        ],
        "within": within,
        "at_five": tested["capture"]["0.05"] * 100,
        "times": tested["pai"]["0.05"],
        "against_count": (tested["capture"]["0.05"] - methods["count"]["capture"]["0.05"]) * 100,
        "calibration_chart": {
            "unit": _("起"),
            "target": None,
            "points": [
                {
                    "label": f"{row['decile']}",
                    "value": row["observed"],
                    "low": row["lower"],
                    "high": row["upper"],
                    "numerator": row["observed"],
                    "denominator": row["expected"],
                    "n": round(row["observed"]),
                }
                for row in tested["calibration"]
            ],
        },
        "capture_chart": {
            "unit": "%",
            "target": None,
            "points": [
                {
                    "label": f"{float(share):.0%}",
                    "value": round(tested["capture"][share] * 100, 1),
                    "low": round(tested["capture_interval"][share][0] * 100, 1),
                    "high": round(tested["capture_interval"][share][1] * 100, 1),
                    "numerator": round(tested["capture"][share] * tested["test_crashes"]),
                    "denominator": tested["test_crashes"],
                    "n": tested["test_crashes"],
                }
                for share in shares
            ],
        },
    }
