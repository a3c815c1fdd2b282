"""A count against another span's, with an interval that says when there is too little to tell."""

from __future__ import annotations

from dataclasses import dataclass

from sizao.govern.statistics import wilson

FEW = 10
"""Below so many events in both spans together, a change says nothing."""


@dataclass(frozen=True)
class Ratio:
    """How many times as many as before, for spans of other lengths too.

    ``value``, ``high`` are None where there was nothing before; ``few`` says that the numbers are
    too small to speak of a change; ``differs`` that the interval leaves 1 out.
    """

    now: int
    before: int
    expected: float
    """What the span would have had at the rate before."""
    value: float | None
    low: float
    high: float | None
    few: bool

    @property
    def differs(self) -> bool:
        over = self.low > 1
        under = self.high is not None and self.high < 1
        return not self.few and (over or under)


def ratio(now: int, before: int, span: float, span_before: float) -> Ratio:
    """Compare two counts that are Poisson.

    Given their sum the first is binomial with share ``r / (r + span_before / span)``, r the ratio
    of the rates; the share has Wilson's interval, which turns into one of r.

    Source: J. Przyborowski and H. Wilenski, "Homogeneity of results in testing samples from Poisson
    series", Biometrika 31 (1940) 313-323.

    >>> found = ratio(20, 70, 1, 7)
    >>> round(found.value, 2), round(found.low, 2), round(found.high, 2), found.differs
    (2.0, 1.22, 3.27, True)
    >>> ratio(3, 4, 1, 7).few
    True
    """
    longer = span_before / span
    low, high = wilson(now, now + before) or (0.0, 1.0)
    return Ratio(
        now=now,
        before=before,
        expected=before / longer,
        value=now / before * longer if before else None,
        low=low / (1 - low) * longer if low < 1 else float("inf"),
        high=high / (1 - high) * longer if high < 1 else None,
        few=now + before < FEW,
    )
