"""Working a report: one transaction, a version check, the step's row, all sides recorded."""

from __future__ import annotations

from django.utils import timezone

from sizao.core.errors import TransitionError
from sizao.warn.explain import PlaceGrade, explain_place
from sizao.web import audit
from sizao.web.cases import services as cases
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.desk.raising import Notice, raise_warning
from sizao.web.reports.errors import ReportConflictError
from sizao.web.reports.models import Report, ReportContact, ReportEvent
from sizao.web.reports.privacy import scrub
from sizao.web.reports.steps import PRIMARY, STEPS, Step
from sizao.web.units.models import User
from sizao.web.units.territory import territory
from sizao.web.wake import wake_desk
from sizao.web.writing import write


def may_act(user: User, report: Report) -> bool:
    """Whether the role and unit allow working this report: whoever acts on cases of the place."""
    if not user.acts or not user.path:
        return False
    return user.sees_all or report.unit.path.startswith(user.path)


def next_steps(user: User, report: Report) -> list[tuple[Step, bool]]:
    """The steps this user may take now with whether each is the primary one, that one first."""
    if not may_act(user, report):
        return []
    found = [step for step in STEPS.values() if _possible(report, step)]
    primary = PRIMARY.get(report.state)
    return sorted(((step, step.action == primary) for step in found), key=lambda pair: not pair[1])


def _possible(report: Report, step: Step) -> bool:
    # Either way somebody else carries it on, and its end is theirs to tell.
    has_case = report.case_id is not None or report.hazards.filter(closed=False).exists()
    return report.state in step.before and step.with_case in (None, has_case)


def act(
    user: User,
    number: str,
    action: str,
    expected_version: int,
    *,
    reason: str = "",
    target: str = "",
) -> Report:
    """Take one step for a user and return the report as it is then.

    reason : the answer to the reporter for close and reject, the reason for reopen
    target : number of the report to merge into, or of the case to join

    Raises Report.DoesNotExist if the user may not see it, TransitionError if the step is not
    theirs or not possible now, ReportConflictError if somebody was faster. Nothing is changed then.
    """
    with write():
        report = (
            Report.objects.for_user(user)
            .select_related("unit", "case")
            .select_for_update(of=("self",))
            .get(number=number)
        )
        if not may_act(user, report):
            raise TransitionError(
                "您可以查看这条上报，但不能办理。",
                "You may read this report but not work it.",
                code="role",
            )
        if report.version != expected_version:
            raise _conflict(report, expected_version)
        step = STEPS.get(action)
        if step is None or not _possible(report, step):
            raise TransitionError(
                f"上报{report.get_state_display()}，现在不能这样做。",
                f"The report is {report.state}; this is not possible now.",
                code="state",
            )
        reason = reason.strip()
        if step.needs_reason and not reason:
            raise TransitionError(
                f"{step.zh}须填写说明。", f"“{step.en}” needs a few words.", code="missing_reason"
            )
        said_zh, said_en = _take(user, report, step, reason, target.strip())
        report.state = step.after
        if action in ("close", "reject"):
            report.outcome = reason
        keep(report, step.action, said_zh, said_en, user)
    wake_desk()
    return report


def _take(
    user: User, report: Report, step: Step, reason: str, target: str
) -> tuple[str, str]:  # fmt: skip
    """The step's own effect; returns the line of the timeline."""
    match step.action:
        case "raise":
            made = _raise_case(user, report)
            return f"立案 {made.number}", f"Raised case {made.number}"
        case "join":
            joined = cases.case_at_hand(user, target)
            cases.join_report(user, joined, report=report.number, now=feed_now())
            report.case = joined
            return f"并入案件 {joined.number}", f"Joined case {joined.number}"
        case "merge":
            into = _other(user, report, target)
            report.merged_into = into
            return f"合并到 {into.number}", f"Merged into {into.number}"
        case "reopen":
            report.merged_into = None
            report.outcome = ""
    return (f"{step.zh}：{reason}", f"{step.en}: {reason}") if reason else (step.zh, step.en)


def _raise_case(user: User, report: Report) -> Case:
    service = report.about
    if service is None:
        raise TransitionError(
            "上报类别已不存在，不能立案。", "The kind of report is gone.", code="state"
        )
    grade = service.graded(report.attributes)
    now = feed_now()
    commanding = territory().commanding(report.unit, grade.command_level)
    where = scrub(report.place or report.address)[:96]
    said = PlaceGrade(
        grade.level,
        grade.command_level,
        f"群众上报“{service.zh}”，经值班员受理",
        f"a report of {service.en.lower()}, taken up by the desk",
        because=((f"上报 {report.number}", f"report {report.number}"),),
        row_id=report.service,
    )
    what = (f"{where or report.unit.name_zh}：{service.zh}。", f"{where}: {service.en}.")
    notice = Notice(
        origin="report",
        origin_ref=report.number,
        kind=service.case_kind,
        level=grade.level,
        command_level=grade.command_level,
        onset=report.reported_at,
        place=where,
        road=report.road,
        area=report.area,
        lat=report.lat,
        lon=report.lon,
        row_id=report.service,
        explanation=explain_place(what, said).to_dict(),
    )
    case = raise_warning(notice, now, user=user, unit=commanding, local=report.unit).case
    report.case = case
    return case


def _other(user: User, report: Report, number: str) -> Report:
    into = Report.objects.for_user(user).filter(number=number).exclude(pk=report.pk).first()
    if into is None or into.state in (Report.State.MERGED, Report.State.REJECTED):
        raise TransitionError(
            "请选择另一条有效的上报。", "Choose another report that stands.", code="target"
        )
    return into


def _conflict(report: Report, expected_version: int) -> ReportConflictError:
    since = report.events.filter(seq__gt=expected_version).order_by("seq")
    zh = "；".join(
        f"{timezone.localtime(one.at):%H:%M:%S} {one.actor_name}：{one.text_zh}" for one in since
    )
    en = "; ".join(
        f"{timezone.localtime(one.at):%H:%M:%S} {one.actor}: {one.text_en}" for one in since
    )
    return ReportConflictError(
        f"您看到的页面已过时，请按最新情况再操作。{zh}",
        f"The report changed since you opened it. {en}",
    )


def keep(report: Report, action: str, zh: str, en: str, user: User | None) -> None:
    """Save the report one version on, with its line of the timeline and its audit entry.

    A report's version is the number of lines of its timeline.
    """
    report.version += 1
    report.changed_at = feed_now()
    report.save()
    ReportEvent.objects.create(
        report=report,
        seq=report.version,
        at=report.changed_at,
        actor=user.username if user else "system",
        actor_name=str(user) if user else "系统",
        action=action,
        text_zh=zh,
        text_en=en,
    )
    audit.record(
        user, f"report.{action}", "report", report.number,
        {"state": report.state, "version": report.version,
         "case": report.case.number if report.case else "",
         "into": report.merged_into.number if report.merged_into else ""},
    )  # fmt: skip


def reveal_contact(user: User, number: str) -> ReportContact | None:
    """The reporter's contact for who works the report; the look is an audit entry.

    Raises Report.DoesNotExist if the user may not see the report, TransitionError if not work it.
    """
    with write():
        report = Report.objects.for_user(user).select_related("unit").get(number=number)
        if not may_act(user, report):
            raise TransitionError(
                "您不能查看联系方式。", "You may not see the contact.", code="role"
            )
        audit.record(user, "report.contact_read", "report", report.number)
        return ReportContact.objects.filter(report=report).first()
