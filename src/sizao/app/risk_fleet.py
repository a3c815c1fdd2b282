"""Checkpoints and the fleet as the exposure of a screening: ``screen --passages --fleet``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import numpy.typing as npt

from sizao.app.risk_inputs import Inputs, rejected_rows
from sizao.core.errors import ConfigError
from sizao.risk import passages
from sizao.risk.exposure import estimate, surrogates, with_exposure
from sizao.risk.features import Features
from sizao.risk.fleet import REASONS, read_fleet


def with_fleet(
    inputs: Inputs, path: Path, strict: bool
) -> tuple[Inputs, npt.NDArray[np.bool_], dict[str, Any]]:
    """Inputs whose roads know the estimated traffic, the edges it was estimated for, a summary.

    Raises ConfigError if the file cannot be used, with ``strict`` if a row is rejected.
    """
    fleet, bad = read_fleet(path, inputs.sites)
    if bad and strict:
        reason = REASONS.get(bad[0].reason, bad[0].reason)
        raise ConfigError(f"{path}: row {bad[0].row}: {reason}; nothing done (--strict)")
    if bad:
        click.echo(f"           {path}: {len(bad)} rows left out", err=True)
    found = estimate(inputs.sites, fleet, inputs.features.group)
    sites = with_exposure(inputs.sites, found)
    features = Features(sites, surrogates(sites, fleet))
    from_fleet = found.how == 1
    known = found.how != 2
    summary: dict[str, Any] = {
        "traffic": {
            "counted": int((found.how == 0).sum()),
            "from_fleet": int(from_fleet.sum()),
            "unknown": int((found.how == 2).sum()),
            "median_log_error": round(float(np.median(found.log_error[known])), 4),
            "surrogates": list(features.surrogates),
            "rejected": rejected_rows(bad),
        }
    }
    return replace(inputs, sites=sites, features=features), from_fleet, summary


def with_passages(inputs: Inputs, path: Path, strict: bool) -> tuple[Inputs, dict[str, Any]]:
    """Inputs whose edges with a checkpoint know their traffic, and a summary.

    Raises ConfigError if the file cannot be used, with ``strict`` if a row is rejected.
    """
    found, bad = passages.read_passages(path, inputs.sites)
    if bad and strict:
        reason = passages.REASONS.get(bad[0].reason, bad[0].reason)
        raise ConfigError(f"{path}: row {bad[0].row}: {reason}; nothing done (--strict)")
    sites = passages.with_counts(inputs.sites, found)
    short = int(np.isnan(found.per_day).sum())
    if short:
        click.echo(
            f"           {path}: {short} checkpoints with under {passages.LEAST_DAYS} whole days"
            " are left out",
            err=True,
        )
    summary: dict[str, Any] = {
        "passages": {
            "checkpoints": len(found.checkpoint),
            "too_few_days": short,
            "off_the_network": int((found.edge < 0).sum()),
            "rejected": rejected_rows(bad),
        }
    }
    return replace(inputs, sites=sites, features=Features(sites)), summary
