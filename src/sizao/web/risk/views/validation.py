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
            "traffic": bool((run.summary.get("traffic") or {}).get("counted")),
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
        "off": [
            row["decile"]
            for row in tested["calibration"]
            if not row["lower"] <= row["observed"] <= row["upper"]
        ],
        "drift": None if tested.get("drift") is None else tested["drift"] * 100,
        "level": (tested["level"] - 1) * 100,
        "least": abs(tested["level"] - 1) * 100,
        "coverage": tested["coverage_90"] * 100,
        "top_100": _top(tested["top_100"]),
        "at_five": tested["capture"]["0.05"] * 100,
        "times": tested["pai"]["0.05"],
        "against_count": (tested["capture"]["0.05"] - methods["count"]["capture"]["0.05"]) * 100,
        "calibration_chart": {
            "unit": _("起"),
            "target": None,
            "name": _("实际"),
            "lines": [
                {
                    "name": _("估计"),
                    "values": [row["expected"] for row in tested["calibration"]],
                    "dots": True,
                }
            ],
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
            "name": words.method_word(tested["method"]),
            "lines": [
                {
                    "name": name,
                    "values": [round(one["capture"][share] * 100, 1) for share in shares],
                }
                for name, one in (
                    *((words.method_word(key), one) for key, one in tested["baselines"].items()),
                    (_("事后诸葛（上限）"), tested["hindsight"]),
                )
            ],
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


def _top(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The hundred sites with the most past crashes: did the estimate foresee what they fell to?"""
    names = {"segments": _("路段"), "junctions": _("路口")}
    return [
        {
            **found[key],
            "word": word,
            "inside": found[key]["lower"] <= found[key]["after"] <= found[key]["upper"],
            "error": found[key]["error"] * 100,
            "error_of_counts": found[key]["error_of_counts"] * 100,
        }
        for key, word in names.items()
        if key in found
    ]
