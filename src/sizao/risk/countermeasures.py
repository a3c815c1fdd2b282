"""Countermeasures for a site from its crash pattern: which factors apply, to which crashes, and
what they are worth.

A factor counts only for the crashes that its study treated: ``night_injury`` never touches a
wet-weather crash by day. Where the pattern of a site does not show a kind of crash more than
similar sites have it, a factor for that kind alone is not proposed. At most three are multiplied,
and only factors for the same crashes (:func:`sizao.risk.cmfs.combine`).

These are proposals for an engineer who knows the place. Factors marked ``recalled`` are to be
checked against the manual before money is spent.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sizao.core.errors import ConfigError
from sizao.risk.cmfs import Cmf, Combined, combine, library
from sizao.risk.patterns import Pattern

SURE = 0.9
"""A pattern counts as shown from this probability on."""

TREATS: Mapping[str, tuple[frozenset[str], bool]] = {
    "all": (frozenset(), False),
    "injury": (frozenset(), True),
    "night_injury": (frozenset({"night", "night_lit", "night_unlit"}), True),
}
"""What ``applies_to`` in the library means: the patterns that must be shown, one of them, and
whether only crashes with somebody hurt or killed count. An unknown word is a pattern itself."""


@dataclass(frozen=True)
class Site:
    """What is known of a site.

    expected_per_year : EB estimate of all its crashes; standard_error : of that
    share_injury : share of crashes with somebody hurt or killed
    patterns : what it has more of than similar sites, of :func:`sizao.risk.patterns.patterns`
    settings : words of the place, such as rural, urban; factors for other settings do not apply
    place : junction, segment, or any; what can only be built at the other does not apply
    """

    expected_per_year: float
    standard_error: float
    share_injury: float
    patterns: Sequence[Pattern]
    settings: Collection[str] = ()
    place: str = "any"


@dataclass(frozen=True)
class Proposal:
    """One factor, or a few that multiply, at one site.

    treated_per_year : crashes a year that it applies to
    avoided, standard_error : crashes avoided a year; the error has that of the estimate and that
        of the factor (delta method, independent)
    """

    cmfs: tuple[Cmf, ...]
    because: str
    combined: Combined
    treated_per_year: float
    avoided: float
    standard_error: float

    @property
    def certain(self) -> bool:
        """Whether the gain is above zero with 95 % (normal approximation)."""
        return self.avoided - 1.96 * self.standard_error > 0

    @property
    def checked(self) -> bool:
        """Whether every factor was found in a page that was looked up."""
        return all(one.certainty == "found" for one in self.cmfs)


@dataclass(frozen=True)
class Worth:
    """Present value over the life of a measure. net : benefit less cost, with standard error."""

    benefit: float
    cost: float
    net: float
    standard_error: float

    @property
    def ratio(self) -> float:
        """Benefit over cost."""
        return self.benefit / self.cost


def propose(site: Site, factors: Mapping[str, Cmf] | None = None) -> list[Proposal]:
    """Factors that apply, the most crashes avoided first. Empty where none does.

    factors : the library unless given
    """
    found = []
    for one in (library() if factors is None else factors).values():
        share = _treated(site, one)
        if share is not None and one.cmf < 1.0 and _fits(site, one):
            found.append(_proposal(site, (one,), *share))
    return sorted(found, key=lambda one: (-one.avoided, one.cmfs[0].id))


def together(site: Site, chosen: Sequence[Cmf]) -> Proposal:
    """Several factors at one site.

    Raises ConfigError for none, for more than three, for factors of different crashes, and for one
    that does not apply at the site.
    """
    combine(chosen)
    shares = [_treated(site, one) if _fits(site, one) else None for one in chosen]
    for one, share in zip(chosen, shares, strict=True):
        if share is None:
            raise ConfigError(
                f"{one.id} treats {one.applies_to} crashes in {one.setting}, place {one.place}: "
                "the site is no such place, or does not show that it has more of them than "
                "similar sites"
            )
    assert shares[0] is not None
    return _proposal(site, tuple(chosen), *shares[0])


def worth(
    proposal: Proposal, crash_cost: float, cost: float, years: int, rate: float = 0.05
) -> Worth:
    """Benefit of avoided crashes against the cost of the measure, discounted.

    Raises ConfigError if the measure costs nothing, lasts no year, or the rate is below 0.
    """
    if cost <= 0 or years < 1 or rate < 0 or crash_cost <= 0:
        raise ConfigError("needs costs above 0, a life of at least a year and a rate of 0 or more")
    factor = sum((1.0 + rate) ** -year for year in range(1, years + 1))
    benefit = proposal.avoided * crash_cost * factor
    return Worth(
        benefit, cost, benefit - cost, proposal.standard_error * crash_cost * factor
    )  # fmt: skip


def _fits(site: Site, one: Cmf) -> bool:
    here = site.place == "any" or one.place in ("any", site.place)
    return here and (one.setting == "all settings" or one.setting in site.settings)


def _treated(site: Site, one: Cmf) -> tuple[float, str] | None:
    """Share of the crashes that a factor treats, and why; None if the pattern is not shown."""
    needed, hurt_only = TREATS.get(one.applies_to, (frozenset({one.applies_to}), False))
    share = site.share_injury if hurt_only else 1.0
    if not needed:
        return share, one.applies_to
    shown = [each for each in site.patterns if each.value in needed and each.sure >= SURE]
    if not shown:
        return None
    # Lit and unlit nights are parts of the night: their shares add up, one's own does not.
    whole = [each for each in shown if each.value == "night"] or shown
    return share * min(1.0, sum(each.share for each in whole)), shown[0].value


def _proposal(site: Site, chosen: tuple[Cmf, ...], share: float, because: str) -> Proposal:
    change = combine(chosen)
    treated = site.expected_per_year * share
    error = math.hypot(
        site.standard_error * share * (1.0 - change.cmf), treated * change.standard_error
    )
    return Proposal(chosen, because, change, treated, treated * (1.0 - change.cmf), error)
