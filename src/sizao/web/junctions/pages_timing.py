"""Counts, signal timing and its simulation."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sizao.core.errors import ConfigError, ConflictError
from sizao.plan.microsim import compare
from sizao.plan.microsim import program as simulator
from sizao.plan.signals.junction import junction_of
from sizao.plan.signals.saturation import METHODS
from sizao.web.clock import feed_now
from sizao.web.junctions import access, counting, drawing, files, forms, jobs, timings, words
from sizao.web.junctions.models import Count, Junction, Timing
from sizao.web.junctions.pages import found, must_look, svg
from sizao.web.junctions.register import shape_of


@require_http_methods(["GET", "POST"])
def count(request: HttpRequest, pk: int) -> HttpResponse:
    """The grid of turning counts, and the way in for a file."""
    junction = found(request, pk)
    if not access.may_change(request.user, junction):
        raise PermissionDenied
    shape = shape_of(junction)
    problem, status = "", 200
    if request.method == "POST":
        try:
            upload = request.FILES.get("file")
            if upload:
                if upload.size > counting.MAX_BYTES:
                    raise ConfigError(_("文件超过 {n} MB。").format(n=counting.MAX_BYTES >> 20))
                data = counting.from_file(upload.read(), junction, **forms.period(request.POST))
            else:
                data = forms.count(request.POST, shape)
            counting.keep(
                request.user, junction, data,
                source=Count.Source.FILE if upload else Count.Source.TYPED,
                counted_at=_moment(request.POST.get("counted_at", "")),
                note=request.POST.get("note", ""),
            )  # fmt: skip
            return redirect("junction-timing", junction.pk)
        except ConfigError as error:
            problem, status = words.refusal(error), 422
    last = junction.counts.first()
    shown = request.POST if problem else _typed(last)
    return render(
        request,
        "junctions/counts.html",
        {
            "junction": junction,
            "rows": [
                (
                    arm,
                    [
                        (turn, words.turn_word(turn), name, shown.get(f"v-{name}", ""),
                         shown.get(f"h-{name}", ""))
                        for turn in "LTR"
                        if (name := f"{arm.id}.{turn}") in shape.movements()
                    ],
                    shown.get(f"w-{arm.id}", ""),
                )
                for arm in shape.arms
            ],
            "last": last,
            "source": words.source_word(last.source) if last else "",
            "minutes": shown.get("minutes", 60),
            "peak": shown.get("peak", "1"),
            "now": timezone.localtime(feed_now()),
            "problem": problem,
        },
        status=status,
    )  # fmt: skip


def _typed(count: Count | None) -> dict[str, Any]:
    """The last count as the form's fields, to be corrected rather than typed anew."""
    if count is None:
        return {}
    data = count.data
    fields: dict[str, Any] = {"minutes": f"{data['minutes']:g}", "peak": f"{data['peak']:g}"}
    for name, seen in data["vehicles"].items():
        fields[f"v-{name}"] = seen
        fields[f"h-{name}"] = round(seen * data.get("heavy", {}).get(name, 0)) or ""
    fields |= {f"w-{arm}": people for arm, people in data.get("walkers", {}).items()}
    return fields


def _moment(text: str) -> Any:
    at = parse_datetime(text)
    if at is None:
        raise ConfigError(_("请填写调查时间。"))
    at = at if timezone.is_aware(at) else timezone.make_aware(at)
    if at > feed_now():
        raise ConfigError(_("调查时间不能在以后。"))
    return at


@require_safe
def template(request: HttpRequest, pk: int) -> HttpResponse:
    """An empty table of this junction's movements."""
    junction = found(request, pk)
    answer = HttpResponse(counting.template(junction), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="counts-{junction.pk}.csv"'
    return answer


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan in force and a better one, side by side; ``?part=run`` how far the simulation is."""
    junction = found(request, pk)
    jobs.mend_once()
    if request.GET.get("part") == "run":
        timing = get_object_or_404(junction.timings, pk=_number(request.GET.get("timing")))
        answer = render(request, "junctions/_run.html", {"timing": timing, **_run(timing)})
        if not timing.busy:
            answer["HX-Refresh"] = "true"
        return answer
    return _page(request, junction)


def _page(
    request: HttpRequest, junction: Junction, problem: str = "", status: int = 200
) -> HttpResponse:
    chosen = request.GET.get("timing", "")
    every = list(junction.timings.select_related("count")[:20])
    timing = next((one for one in every if str(one.pk) == chosen), every[0] if every else None)
    count = junction.counts.first()
    now = timings.judged(junction, count) if count and junction.plan else None
    may = access.may_change(request.user, junction)
    return render(
        request,
        "junctions/timing.html",
        {
            "junction": junction,
            "count": count,
            "count_source": words.source_word(count.source) if count else "",
            "now": now,
            "now_faults": _faults(now) if now else [],
            "timing": timing,
            "sides": _sides(timing) if timing else [],
            "rows": _rows(timing) if timing else [],
            "others": every,
            "method": METHODS.get(timing.method, "") if timing else "",
            "methods": METHODS.items(),
            "simulator": simulator.available(),
            "missing": simulator.MISSING,
            "seeds": timings.SEEDS,
            "may_change": may,
            "may_adopt": timing is not None and access.may_adopt(request.user, timing),
            "problem": problem,
            **(_run(timing) if timing else {}),
        },
        status=status,
    )


def _sides(timing: Timing) -> list[dict[str, Any]]:
    """Both plans: words, phases as pictures, the cycle as a chart on one scale."""
    shape = junction_of(timing.shape)
    longest = max(timing.before["cycle_s"], timing.after["cycle_s"])
    return [
        {
            "word": word,
            "which": which,
            "data": data,
            "faults": _faults(data),
            "phases": [
                (
                    svg(drawing.glyph(shape, phase["movements"], phase["walk"])),
                    phase,
                )
                for phase in data["plan"]["phases"]
            ],
            "timeline": svg(drawing.timeline(shape, data["plan"], longest, word)),
        }
        for which, word, data in (
            ("before", _("现行方案"), timing.before), ("after", _("优化方案"), timing.after),
        )
    ]  # fmt: skip


def _rows(timing: Timing) -> list[Any]:
    return words.group_rows(junction_of(timing.shape), timing.before, timing.after)


def _faults(data: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(words.fault_word(one["kind"]), one) for one in data.get("faults", [])]


def _run(timing: Timing) -> dict[str, Any]:
    """The simulation of a timing, and for the film the signal of both plans."""
    there = timing.run == Timing.Run.DONE and all(
        files.film(timing, which).exists() for which in files.FILMS
    )
    return {
        "run": words.run_word(timing.run),
        "film": there,
        "scene": _scene(timing) if there else None,
        "minutes": (compare.FILM_S[1] - compare.FILM_S[0]) // 60,
    }


def _scene(timing: Timing) -> dict[str, Any]:
    """What the player draws under the vehicles: roads, and which arm has green when."""
    shape = junction_of(timing.shape)
    return {
        "arms": [
            {
                "id": arm.id,
                "bearing": arm.bearing_deg,
                "in": [lane.width_m for lane in arm.lanes],
                "lanes": ["".join(sorted(lane.turns)) for lane in arm.lanes],
                "out": arm.exit_lanes,
            }
            for arm in shape.arms
        ],
        "plans": [timing.before["plan"], timing.after["plan"]],
    }


@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """compute, simulate, cancel, adopt."""
    junction = found(request, pk)
    if not access.may_change(request.user, junction):
        raise PermissionDenied
    action = request.POST.get("action", "")
    try:
        if action == "compute":
            _compute(request, junction)
            return redirect("junction-timing", junction.pk)
        timing = get_object_or_404(junction.timings, pk=_number(request.POST.get("timing")))
        if action == "simulate":
            timings.order_run(request.user, timing.pk, _number(request.POST.get("seeds")))
            jobs.submit(timing.pk)
        elif action == "cancel":
            timings.cancel(request.user, timing.pk)
        elif action == "adopt":
            timings.adopt(request.user, timing.pk, _number(request.POST.get("version")))
        else:
            return HttpResponse(status=400)
    except ConflictError as error:
        junction.refresh_from_db()
        return _page(request, junction, words.refusal(error), 409)
    except ConfigError as error:
        return _page(request, junction, words.refusal(error), 422)
    return redirect("junction-timing", junction.pk)


def _compute(request: HttpRequest, junction: Junction) -> None:
    count = junction.counts.first()
    if count is None:
        raise ConfigError(_("先录入转向流量。"))
    longest = request.POST.get("cycle_max", "").strip()
    method = request.POST.get("method", "cjj")
    timings.compute(
        request.user, junction, count,
        method=method if method in METHODS else "cjj",
        same_phases=bool(request.POST.get("same_phases")),
        cycle_max=_number(longest) if longest else None,
    )  # fmt: skip


@require_safe
def film(request: HttpRequest, timing: int, which: str) -> HttpResponse:
    """Positions of a simulated run, for the player."""
    must_look(request)
    seen = Junction.objects.for_user(request.user)
    one = get_object_or_404(Timing, pk=timing, junction__in=seen)
    path = files.film(one, which) if which in files.FILMS else None
    if path is None or not path.exists():
        raise Http404
    return HttpResponse(path.read_bytes(), content_type="application/octet-stream")


def _number(text: str | None) -> int:
    try:
        return int(text or "")
    except ValueError:
        raise Http404 from None
