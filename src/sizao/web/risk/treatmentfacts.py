"""What the page of a site says of treatments there: crashes before and after, and what was due."""

from __future__ import annotations

from dataclasses import dataclass

from sizao.web.risk.files import Results
from sizao.web.risk.nearest import nearest_sites
from sizao.web.treatments import services, words
from sizao.web.treatments.models import Treatment


@dataclass(frozen=True)
class TreatmentFacts:
    """One treatment. ``effect`` in per cent less (negative: more) with 95 % bounds, None where
    ``refused`` says why no effect is claimed; ``judged``: the run knew of it."""

    made: Treatment
    kind: str
    judged: bool
    before: str
    after: str
    observed_before: int
    observed_after: int
    expected_after: float | None
    effect: float | None
    low: float | None
    high: float | None
    significant: bool
    refused: list[str]


def treatments_at(results: Results, number: int) -> list[TreatmentFacts]:
    """Treatments of the site in a row of a run, the newest first."""
    rows = list(services.standing())
    unknown = [one for one in rows if one.pk not in results.treatments]
    nearest = nearest_sites(results, [(one.lat, one.lon) for one in unknown]) if unknown else []
    at = {one.pk: row for one, row in zip(unknown, nearest, strict=True)}
    at |= {pk: told["row"] for pk, told in results.treatments.items()}
    return [_facts(results, one) for one in rows if at[one.pk] == number]


def _facts(results: Results, made: Treatment) -> TreatmentFacts:
    told = results.treatments.get(made.pk, {})
    ratio, error = told.get("ratio"), told.get("error", 0.0)
    before, after = told.get("before"), told.get("after")
    return TreatmentFacts(
        made,
        words.kind_word(made.kind),
        bool(told),
        _years(before),
        _years(after),
        told.get("observed_before", 0),
        told.get("observed_after", 0),
        told.get("expected_after"),
        None if ratio is None else (1 - ratio) * 100,
        None if ratio is None else (1 - ratio - 1.96 * error) * 100,
        # No more than all crashes can be spared, whatever the normal bound says.
        None if ratio is None else min((1 - ratio + 1.96 * error) * 100, 100.0),
        bool(told.get("significant")),
        words.refusal_words([(code, year) for code, year in told.get("refused", ())]),
    )


def _years(span: list[int] | None) -> str:
    """Years as people write them; empty for none."""
    if not span:
        return ""
    return f"{span[0]}" if span[0] == span[1] else f"{span[0]}–{span[1]}"
