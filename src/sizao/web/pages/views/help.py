"""Help: what the marks mean, and every key."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sizao.core.levels import WarningLevel
from sizao.respond import clocks
from sizao.web.pages import words


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    table = [
        (
            level.code,
            [
                (words.clock_word(clock), clocks.limit_s(clock, level) / 60)
                for clock in clocks.CLOCKS
            ],
        )
        for level in sorted(WarningLevel, reverse=True)
    ]
    return render(
        request,
        "help.html",
        {"clock_table": table, "clock_names": [words.clock_word(clock) for clock in clocks.CLOCKS]},
    )
