"""``GET /risk/runs`` and ``GET /risk/sites``: assessments of places and what they found."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Field, Router, Schema
from ninja.errors import HttpError

from sizao.web.api.shapes import ErrorOut
from sizao.web.risk import files, services
from sizao.web.risk.access import may_look
from sizao.web.risk.models import Assessment
from sizao.web.risk.ranking import narrowed, ordered, rows_of

router = Router()

MOST = 1000


class RunOut(Schema):
    id: int
    state: str = Field(description="waiting, working, done, failed")
    years: str
    method: str
    version: str
    started: datetime
    ended: datetime | None
    crashes: int | None = Field(description="Crashes of the years that lie on the network")
    capture_5: float | None = Field(description="Backtest: share caught in 5 % of the length")


class RunPage(Schema):
    items: list[RunOut]
    count: int


class SiteOut(Schema):
    site: str
    kind: str = Field(description="segment, junction")
    rank: int = Field(description="By rate, within the kind; equal ones share it")
    tied: int
    place: str
    roads: list[str]
    road_class: str
    area: str
    lat: float
    lon: float
    length_km: float = Field(description="0 at junctions")
    observed: int = Field(description="Crashes of the run's years; so are the next four")
    predicted: float
    expected: float
    lower: float = Field(description="90 % credible interval")
    upper: float
    rate: float = Field(description="Expected a year: a kilometre on segments, all at junctions")
    p_worse: float = Field(description="Probability of being worse than similar sites")
    p_threshold: float = Field(description="Probability of a rate above the run's threshold")
    fatal: int
    injury: int
    property: int
    cost_ranks: dict[str, int] = Field(description="Rank under each set of severity weights")
    notes: list[str]
    rules: list[str] = Field(description="Black-spot rules that list it")


class SitePage(Schema):
    run: int | None = Field(description="The run they are of; null if there is none yet")
    items: list[SiteOut]
    count: int


@router.get(
    "/risk/runs",
    response={200: RunPage, 401: ErrorOut, 403: ErrorOut},
    summary="Assessment runs, newest first",
)
def runs(request: HttpRequest, limit: int = 50, offset: int = 0):
    """What was assessed, how, and how the backtest went. For accounts with a unit."""
    _may(request)
    found = Assessment.objects.all()
    part = found[max(offset, 0) : max(offset, 0) + min(max(limit, 1), MOST)]
    return {"items": [_run(one) for one in part], "count": found.count()}


@router.get(
    "/risk/sites",
    response={200: SitePage, 401: ErrorOut, 403: ErrorOut},
    summary="Segments and junctions of a run, ranked",
)
def sites(
    request: HttpRequest,
    run: str = "",
    kind: str = "",
    area: str = "",
    road_class: str = "",
    q: str = "",
    only: str = "",
    sort: str = "rank",
    limit: int = 50,
    offset: int = 0,
):
    """``run`` is a number, the newest finished one without; ``only`` is worse, listed, agree,
    rule or estimate; ``sort`` rank, observed, expected, excess, p_worse, p_threshold, fatal or
    ``cost:SET``. A rank is a lead for a visit, never a quota."""
    _may(request)
    found = services.chosen(run)
    if found is None:
        return {"run": None, "items": [], "count": 0}
    wanted = {"kind": kind, "area": area, "road_class": road_class, "q": q, "only": only}
    rows = ordered(narrowed(rows_of(files.results(found)), wanted), sort)
    part = rows[max(offset, 0) : max(offset, 0) + min(max(limit, 1), MOST)]
    return {
        "run": found.pk,
        "items": [{**row, "cost_ranks": row["costs"]} for row in part],
        "count": len(rows),
    }


def _may(request: HttpRequest) -> None:
    if not may_look(request.auth):
        raise HttpError(403, "")


def _run(one: Assessment) -> dict[str, object]:
    return {
        "id": one.pk,
        "state": one.state,
        "years": one.span.replace("–", "-"),
        "method": one.method,
        "version": one.version,
        "started": one.at,
        "ended": one.ended_at,
        "crashes": one.summary.get("on_network"),
        "capture_5": one.backtest["capture"]["0.05"] if one.backtest else None,
    }
