"""A report as a line of a list, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass

from sizao.web.pages.words import pick
from sizao.web.reports.catalogue import CHANNELS, Service
from sizao.web.reports.models import Report, ReportPhoto
from sizao.web.reports.photo_answer import photo_note
from sizao.web.reports.services import next_steps
from sizao.web.reports.steps import Step
from sizao.web.units.models import User

STATES = {
    "new": ("待受理", "New"),
    "accepted": ("已受理", "Accepted"),
    "rejected": ("不受理", "Rejected"),
    "merged": ("已合并", "Merged"),
    "closed": ("已办结", "Closed"),
}


def state_word(state: str) -> str:
    return pick(*STATES[state])


def channel_word(channel: str) -> str:
    zh, en = CHANNELS.get(channel, (channel, channel))
    return pick(zh, en.capitalize())


def service_word(service: Service | None, code: str = "") -> str:
    return pick(service.zh, service.en) if service else code


@dataclass(frozen=True)
class Row:
    """What a list shows of a report."""

    report: Report
    word: str
    icon: str
    state: str
    channel: str
    where: str
    photo: ReportPhoto | None
    """The first one that is still there."""
    photos: int
    step: Step | None
    """The primary step, where the reader may take it from the list."""


def row_of(user: User, report: Report) -> Row:
    about = report.about
    kept = list(report.photos.all())
    primary = next((step for step, first in next_steps(user, report) if first), None)
    return Row(
        report=report,
        word=service_word(about, report.service),
        icon=about.icon if about else "message",
        state=state_word(report.state),
        channel=channel_word(report.channel),
        where=report.place or report.address,
        photo=next((one for one in kept if not photo_note(one)), None),
        photos=len(kept),
        step=primary if primary is not None and primary.action == "accept" else None,
    )


def answers(report: Report) -> list[tuple[str, str]]:
    """The further questions with their answers, in words."""
    about = report.about
    found = []
    for code, given in report.attributes.items():
        attribute = about.attribute(code) if about else None
        if attribute is None:
            found.append((code, str(given)))
            continue
        names = {value.key: pick(value.zh, value.en) for value in attribute.values}
        chosen = given if isinstance(given, list) else [given]
        words = pick("、", ", ").join(names.get(one, str(one)) for one in chosen)
        found.append((pick(attribute.zh, attribute.en), words))
    return found
