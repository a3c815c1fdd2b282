"""What a plan leaves in the data directory: ``plans/PLAN/``.

job.json      what to do, with the secret seed; taken away when it is done
result.json   summary and stays; taken away when they are in the database
coverage.npz  reach, weight and driving minutes, see kept.py
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from sizao.web.plan import kept
from sizao.web.plan.models import Plan
from sizao.web.ports import installed, ports


def folder(plan: Plan) -> Path:
    root = (ports().data if installed() else settings.DATA).root
    return Path(root) / "plans" / str(plan.pk)


def coverage(plan: Plan) -> kept.Coverage:
    """What a change of the plan is judged by."""
    return kept.load(folder(plan) / "coverage.npz")


def forget() -> None:
    """For tests, whose folders come and go under the same number."""
    kept.load.cache_clear()
