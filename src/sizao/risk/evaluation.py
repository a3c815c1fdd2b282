"""Treated sites judged against the untreated network: SPF before, trend of the others, EB.

Treated sites are part of the SPF's population, since nothing was done to them yet: a population
without its worst sites would expect too little of them. For the same reason the trend compares the
others' crashes after with what EB expects of them, not with their counts. Every treated site is
left out of the trend, also those that are not judged: what works is no part of what would have
happened anyway.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.core.errors import ConfigError
from sizao.risk import counting, effects, spf
from sizao.risk.crashes import Crashes
from sizao.risk.features import Features
from sizao.risk.posterior import empirical_bayes
from sizao.risk.sites import Sites
from sizao.risk.snapping import Snapped

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Kind:
    """Edges or nodes: columns, counts before and after, SPF, trend and what the trend rests on."""

    x: Floats
    names: list[str]
    before: Floats
    after: Floats
    fitted: spf.Prediction
    trend: float
    residual: Floats
    after_others: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two periods of a network. treated_edges, treated_nodes : everything that was worked on."""

    sites: Sites
    features: Features
    crashes: Crashes
    snapped: Snapped
    before: range
    after: range
    treated_edges: Sequence[int]
    treated_nodes: Sequence[int]

    @cached_property
    def _counts(self) -> list[Any]:
        return [
            counting.count(self.sites, self.snapped.of(self.crashes.in_years(period)))
            for period in (self.before, self.after)
        ]

    @cached_property
    def _edges(self) -> _Kind:
        first, second = self._counts
        return self._kind(
            self.features.edges(), first.edges, second.edges, self.sites.length_km,
            np.ones(len(self.sites), np.bool_), self.treated_edges,
        )  # fmt: skip

    @cached_property
    def _nodes(self) -> _Kind:
        first, second = self._counts
        return self._kind(
            self.features.nodes(), first.nodes, second.nodes, None, self.sites.degree > 0,
            self.treated_nodes,
        )  # fmt: skip

    def _kind(
        self,
        columns: tuple[Floats, list[str]],
        before: Floats,
        after: Floats,
        length: Floats | None,
        rows: npt.NDArray[np.bool_],
        treated: Sequence[int],
    ) -> _Kind:
        x, names = columns
        fitted = spf.predict(x, names, before, 1.0, length, rows=rows, ridge=1.0)
        if fitted.fit is None:
            raise ConfigError("no claim can be made: too few sites or crashes to compare with")
        untreated = rows.copy()
        untreated[list(treated)] = False
        expected = empirical_bayes(fitted.mu, fitted.k, before).mean
        trend = float(after[untreated].sum() / expected[untreated].sum())
        return _Kind(
            x, names, before, after, fitted, trend, (after - trend * expected)[untreated],
            float(after[untreated].sum()),
        )  # fmt: skip

    def judge(self, edges: Sequence[int], nodes: Sequence[int]) -> tuple[effects.Effect, float]:
        """The effect at some of the treated sites, and their crashes before.

        Raises ConfigError where there is too little to compare with.
        """
        parts: list[list[Floats]] = []
        shared = 0.0
        for chosen, is_edge in ((list(edges), True), (list(nodes), False)):
            if not chosen:
                continue
            kind = self._edges if is_edge else self._nodes
            fitted = kind.fitted
            assert fitted.fit is not None
            mu, k, y = fitted.mu[chosen], fitted.k[chosen], kind.before[chosen]
            parts.append([mu, mu * kind.trend, k, y, kind.after[chosen]])
            kept = [kind.names.index(name) for name in fitted.names]
            # How an EB estimate moves with its prediction, times how that moves with coefficients.
            slope = kind.trend * mu * (1 + k * y) / (1 + k * mu) ** 2
            expected = empirical_bayes(mu, k, y).mean
            shared += effects.shared_variance(
                slope @ kind.x[np.ix_(chosen, kept)],
                fitted.fit.covariance,
                float(expected.sum() * kind.trend),
                kind.residual,
                kind.after_others,
            )
        mu, mu_after, k, before, after = (np.concatenate(one) for one in zip(*parts, strict=True))
        found = effects.eb_before_after(mu, mu_after, k, before, after, shared)
        return found, float(before.sum())
