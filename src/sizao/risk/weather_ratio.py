"""How much worse an hour is in rain or fog: matched pairs of hours, shrunk to a default.

An hour with rain is compared with the same hour a week before and a week after, where those were
dry: season, weekday and hour of day cancel. A pooled ratio of such pairs (Mantel-Haenszel) with
an error that allows for crashes that come in clusters is then weighed against the default of
``data/weather_ratios.yaml`` by their precisions.

Source: Eisenberg (2004), AAP 36, for why daily comparisons mislead; the pairs as in Andrey and
Yagar (1993), AAP 25 (both recalled); Greenland and Robins (1985), Biometrics 41.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from sizao.core.errors import ConfigError
from sizao.core.rulebook import CERTAINTIES
from sizao.risk.weather_hours import KINDS, WeatherHours

Floats = npt.NDArray[np.float64]

WEEK_H = 168
_ENOUGH_H = 60 * 24


@dataclass(frozen=True)
class Ratio:
    """Crashes an hour against dry. ``log_error`` of the logarithm; pairs : hours compared;
    crashes : in those hours; learned : share of the answer that comes from the records."""

    ratio: float
    log_error: float
    pairs: int
    crashes: float
    learned: float


@dataclass(frozen=True)
class Ratios:
    """A ratio for each class of KINDS, and the mean over all hours of the years learned from."""

    by_kind: Mapping[str, Ratio]
    mean: float

    def factor(self, kind: npt.NDArray[np.int8]) -> Floats:
        """Factor on the average week; 1 where the weather is not known. Any shape."""
        ratios = np.array([self.by_kind[name].ratio for name in KINDS]) / self.mean
        return np.where(kind >= 0, ratios[np.maximum(kind, 0)], 1.0)

    def log_error(self, kind: npt.NDArray[np.int8]) -> Floats:
        """Standard error of the logarithm of the factor."""
        errors = np.array([self.by_kind[name].log_error for name in KINDS])
        return np.where(kind >= 0, errors[np.maximum(kind, 0)], 0.0)


@cache
def defaults() -> Mapping[str, Mapping[str, Any]]:
    """The defaults by class. Raises ConfigError if a class is missing or a certainty unknown."""
    text = (resources.files("sizao.risk") / "data/weather_ratios.yaml").read_text(encoding="utf-8")
    found = {raw["kind"]: raw for raw in yaml.safe_load(text)}
    if tuple(found) != KINDS or any(raw["certainty"] not in CERTAINTIES for raw in found.values()):
        raise ConfigError(f"weather_ratios.yaml must have exactly {', '.join(KINDS)}, in order")
    return found


def learn(weather: WeatherHours | None, crashes: Floats | None = None) -> Ratios:
    """Ratios of a place.

    crashes : (s, hours) beside ``weather.kind``, NaN in hours that no record covers
    """
    prior = defaults()
    found = {}
    for code, name in enumerate(KINDS):
        log, error = math.log(prior[name]["ratio"]), float(prior[name]["log_sd"])
        pairs, number, own, own_error = 0, 0.0, 0.0, math.inf
        if code and weather is not None and crashes is not None:
            pairs, number, own, own_error = _matched(weather.kind, crashes, code)
        learned = error**2 / (error**2 + own_error**2) if code else 0.0
        found[name] = Ratio(
            math.exp(log + learned * (own - log)) if learned else math.exp(log),
            error * math.sqrt(1 - learned),
            pairs,
            number,
            learned,
        )
    share = np.array([float(prior[name]["share"]) for name in KINDS])
    if weather is not None and crashes is not None:
        known = (weather.kind >= 0) & ~np.isnan(crashes)
        if known.sum() >= _ENOUGH_H:
            share = np.bincount(weather.kind[known], minlength=len(KINDS)) / known.sum()
    mean = float(share @ [found[name].ratio for name in KINDS])
    return Ratios(found, mean)


def _matched(
    kind: npt.NDArray[np.int8], crashes: Floats, code: int
) -> tuple[int, float, float, float]:
    """Pairs, crashes in them, logarithm of the ratio and its standard error (inf if untold)."""
    dry = (kind == 0) & ~np.isnan(crashes)
    there = np.where(dry, crashes, 0.0)
    matches, beside = np.zeros(kind.shape), np.zeros(kind.shape)
    for ahead, behind in ((slice(WEEK_H, None), slice(None, -WEEK_H)),) * (kind.shape[1] > WEEK_H):
        matches[:, ahead] += dry[:, behind]
        beside[:, ahead] += there[:, behind]
        matches[:, behind] += dry[:, ahead]
        beside[:, behind] += there[:, ahead]
    use = (kind == code) & ~np.isnan(crashes) & (matches > 0)
    y, m, z = crashes[use], matches[use], beside[use]
    above, below = y * m / (m + 1), z / (m + 1)
    if above.sum() == 0 or below.sum() == 0:
        return int(use.sum()), float(y.sum()), 0.0, math.inf
    ratio = above.sum() / below.sum()
    # Hours of one storm have crashes in common causes: their own scatter, if wider than chance.
    scatter = ((above - ratio * below) ** 2).sum() / above.sum() ** 2
    chance = ((y + z) * m / (m + 1) ** 2).sum() / (above.sum() * below.sum())
    return int(use.sum()), float(y.sum()), math.log(ratio), math.sqrt(max(scatter, chance))
