"""Countermeasures for a site, with what they would avoid, out of the library of factors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sizao.risk.countermeasures import Proposal, Site, propose
from sizao.risk.severity_ranks import PRIOR
from sizao.web.pages.words import pick
from sizao.web.risk.files import Results
from sizao.web.risk.ranking import Row
from sizao.web.risk.sitefacts import PatternRow

MOST = 4
_SPREAD = 2 * 1.645
"""Standard errors between the bounds of a 90 % interval."""


@dataclass(frozen=True)
class Measure:
    """One proposal in words; numbers are crashes a year, ``low`` to ``high`` 95 %."""

    name: str
    cmf: float
    certainty: str
    treated: float
    avoided: float
    low: float
    high: float


def measures(
    results: Results, site: Row, years: int, patterns: Sequence[PatternRow]
) -> list[Measure]:
    """What applies at a site, the most crashes avoided first."""
    known = Site(
        expected_per_year=site["expected"] / years,
        standard_error=(site["upper"] - site["lower"]) / _SPREAD / years,
        share_injury=_share_injury(results, site),
        patterns=[one.pattern for one in patterns],
        settings=("urban",) if site["road_class"].startswith("urban") else ("rural",),
        place=site["kind"],
    )
    return [_words(one) for one in propose(known)[:MOST]]


def _share_injury(results: Results, site: Row) -> float:
    """Share of crashes with somebody hurt, shrunk to the network's like severity weights."""
    hurt = site["fatal"] + site["injury"]
    total = hurt + site["property"]
    rows = results.rows
    all_hurt = sum(row["fatal"] + row["injury"] for row in rows)
    everywhere = all_hurt / max(all_hurt + sum(row["property"] for row in rows), 1)
    return float((hurt + PRIOR * everywhere) / (total + PRIOR))


def _words(one: Proposal) -> Measure:
    factor = one.cmfs[0]
    error = 1.96 * one.standard_error
    return Measure(
        pick(factor.name_zh, factor.name_en),
        factor.cmf,
        factor.certainty,
        one.treated_per_year,
        one.avoided,
        one.avoided - error,
        one.avoided + error,
    )
