"""What the forecast pages say: codes as words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from sizao.web.forecast.models import Forecast
from sizao.web.forecast.services import Condition
from sizao.web.pages.words import pick

CAUSES = {
    "night": ("每日预报", "nightly"),
    "assessment": ("有了新的评估", "new assessment"),
    "calendar": ("日历有变更", "calendar changed"),
    "day": ("天气或流量有变化", "weather or flow changed"),
    "person": ("人工更新", "asked for"),
}
STATES = {
    "waiting": ("等待", "waiting"),
    "working": ("正在预报", "at work"),
    "done": ("完成", "done"),
    "failed": ("未完成", "failed"),
}


def cause_word(code: str) -> str:
    return pick(*CAUSES.get(code, (code, code)))


def state_word(code: str) -> str:
    return pick(*STATES[code])


def row(run: Forecast) -> dict[str, object]:
    """A forecast as the list shows it."""
    usual = run.summary.get("usual")
    return {
        "run": run,
        "cause": cause_word(run.cause),
        "state": state_word(run.state),
        "change": (run.summary["expected"] / usual - 1) * 100 if usual else None,
    }


def lead(found: Condition) -> str:
    """How the forecast is, in one sentence; the times stand beside it."""
    return {
        "none": _("还没有预报：需要先有道路和事故记录。"),
        "first": _("第一次预报正在准备。"),
        "ok": _("预报有效。"),
        "stale": _("预报已过期，图上和预警所用的都是旧的。"),
        "failed": _("最近一次更新没有完成，仍用上一次的预报。"),
    }[found.state]
