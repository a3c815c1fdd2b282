"""Where one can go: groups on the rail, their pages as tabs. A new page is one line here.

A group is one question of the day; a person sees the pages that the role may open, and a group
only if something is left in it. The rail leads to the first of a group.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sizao.web.channels.access import may_look as may_look_at_notices
from sizao.web.channels.access import may_look_at_deliveries
from sizao.web.evidence.access import may_see_store
from sizao.web.hazards.access import may_enter
from sizao.web.hazards.partners import may_look as may_rectify
from sizao.web.hotlist.access import may_see as may_see_hotlist
from sizao.web.junctions.access import may_look as may_see_junctions
from sizao.web.places.manual import may_issue
from sizao.web.response.access import may_look as may_look_at_responses
from sizao.web.response.access import may_see_tasks
from sizao.web.sources.access import may_see as may_see_sources
from sizao.web.tables.access import may_see as may_see_tables
from sizao.web.units import partners
from sizao.web.units.models import User


def everyone(user: User) -> bool:
    return True


def on_duty(user: User) -> bool:
    """Accounts with a unit of the police, and the auditor."""
    return user.path != "" or user.sees_all


@dataclass(frozen=True)
class Page:
    """One destination. ``under`` are the beginnings of the addresses that belong to it."""

    url: str
    """Name of the address."""
    label: str | Promise
    icon: str
    under: tuple[str, ...] = ()
    shown: Callable[[User], bool] = everyone
    count: str = ""
    """Whose number stands beside the word: ``unsigned`` or ``silent``."""
    current: bool = False

    @property
    def href(self) -> str:
        return reverse(self.url)


@dataclass(frozen=True)
class Group:
    """One place on the rail."""

    label: str | Promise
    icon: str
    pages: tuple[Page, ...]
    bottom: bool = False
    """Below the gap, away from the daily work."""

    @property
    def current(self) -> bool:
        return any(page.current for page in self.pages)

    @property
    def href(self) -> str:
        return self.pages[0].href

    @cached_property
    def counts(self) -> tuple[str, ...]:
        return tuple(page.count for page in self.pages if page.count)


GROUPS: tuple[Group, ...] = (
    Group(_("地图"), "map", (Page("map", _("地图"), "map"),)),
    Group(_("车辆"), "vehicle", (Page("vehicles", _("在途车辆"), "vehicle", ("vehicles/",)),)),
    Group(
        _("预警"),
        "inbox",
        (
            Page("inbox", _("待签收"), "inbox", ("inbox/",), count="unsigned"),
            Page("warning-new", _("发布预警"), "plus", ("warnings/new/",), may_issue),
            Page("detections", _("检测"), "gauge", ("detections/", "presence/")),
            Page("rules", _("检测规则"), "table", ("rules/",)),
            Page("hotlist", _("布控"), "eye", ("hotlist/",), may_see_hotlist),
            Page("fences", _("电子围栏"), "pin", ("fences/",)),
            Page("tables", _("分级表"), "layers", ("tables/",), may_see_tables),
            Page("partner-hazards", _("隐患整改"), "flag", ("rectify/",), may_rectify),
            Page("partner", _("通报"), "send", ("partner/",), may_look_at_notices),
            Page("deliveries", _("送达"), "send", ("deliveries/",), may_look_at_deliveries),
        ),
    ),
    Group(
        _("处置"),
        "cases",
        (
            Page("cases", _("案件"), "cases", ("cases/",)),
            Page("measures", _("管制措施"), "ban", ("measures/",)),
            Page("calls", _("接警"), "message", ("calls/",)),
            Page("handovers", _("交接班"), "signature", ("handovers/",), on_duty),
            Page("tasks", _("预案任务"), "check", ("tasks/",), may_see_tasks),
            Page("responses", _("预案"), "layers", ("responses/",), may_look_at_responses),
            Page("drills", _("演练"), "play", ("drills/",), may_look_at_responses),
            Page("board", _("回看"), "eye", ("board/",), may_look_at_responses),
        ),
    ),
    Group(
        _("警力"),
        "units",
        (
            Page("units", _("警力"), "units", ("units/",)),
            Page("roster", _("排班"), "clock", ("roster/",), on_duty),
            Page("field", _("外勤"), "phone", ("field/",), lambda user: user.acts),
            Page("plans", _("勤务"), "shield", ("plans/",), lambda user: user.sees_plans),
        ),
    ),
    Group(
        _("隐患"),
        "flag",
        (
            Page("hazards", _("动态清零"), "flag"),
            Page(
                "hazard-ledger", _("隐患台账"), "table",
                ("hazards/list/", "hazards/new/", "hazards/<"),
            ),
            Page("listings", _("挂牌督办"), "signature", ("listings/",)),
            Page("hazard-inspect", _("排查"), "check", ("hazards/inspect/",), may_enter),
            Page(
                "junctions", pgettext_lazy("several", "路口"), "focus", ("junctions/",),
                may_see_junctions,
            ),
            Page("reports", _("群众上报"), "message", ("reports/",)),
        ),
    ),
    Group(
        _("研判"),
        "indicators",
        (
            Page("indicators", _("指标"), "indicators", ("indicators/",)),
            Page("outcomes", _("预警成效"), "check", ("outcomes/",), lambda user: user.sees_risk),
            Page("briefings", _("早报"), "note", ("briefings/",), on_duty),
            Page("risk", _("风险"), "eye", ("risk/",), lambda user: user.sees_risk),
            Page(
                "treatments", _("治理"), "check", ("treatments/",), lambda user: user.sees_risk
            ),
            Page("calendar", _("日历"), "clock", ("calendar/",), lambda user: user.sees_risk),
        ),
    ),
    Group(
        _("数据"),
        "database",
        (
            Page(
                "sources", _("数据源"), "database", ("sources/", "quarantine/"),
                may_see_sources, count="silent",
            ),
            Page("evidence", _("证据"), "layers", ("evidence/",), may_see_store),
            Page("imports", _("导入"), "upload", ("imports/",), lambda user: user.sees_imports),
            Page("audit", _("审计"), "audit", ("audit/",), lambda user: user.reads_audit),
        ),
    ),
    Group(_("大屏"), "wall", (Page("wall", _("大屏"), "wall", ("wall/",)),), bottom=True),
    Group(_("帮助"), "help", (Page("help", _("帮助"), "help", ("help/",)),), bottom=True),
)  # fmt: skip

ON_PHONE = ("inbox", "map", "cases", "units")
"""The bar at the foot of a phone; everything else is under "more"."""
PARTNER_ON_PHONE = ("partner", "tasks", "partner-hazards")
"""The same for an agency beside the police."""


class Navigation:
    """The groups for one request, with the page that is open marked."""

    def __init__(self, request: HttpRequest) -> None:
        self._user: Any = request.user
        match = request.resolver_match
        self._name = match.url_name if match else ""
        self._route = match.route if match else ""

    @cached_property
    def groups(self) -> list[Group]:
        kept = []
        for group in GROUPS:
            pages = tuple(self._marked(page) for page in group.pages if self._opens(page))
            if pages:
                kept.append(replace(group, pages=pages))
        return kept

    @cached_property
    def tabs(self) -> tuple[Page, ...]:
        """The pages beside the open one; none if it stands alone."""
        for group in self.groups:
            if group.current and len(group.pages) > 1:
                return group.pages
        return ()

    @cached_property
    def phone(self) -> list[Page]:
        pages = {page.url: page for group in self.groups for page in group.pages}
        return [pages[name] for name in self._foot if name in pages]

    @property
    def _foot(self) -> tuple[str, ...]:
        return PARTNER_ON_PHONE if self._user.is_partner else ON_PHONE

    @cached_property
    def more(self) -> list[Group]:
        """What the phone's bar leaves out, still in groups."""
        rest = []
        for group in self.groups:
            pages = tuple(page for page in group.pages if page.url not in self._foot)
            if pages:
                rest.append(replace(group, pages=pages))
        return rest

    def _opens(self, page: Page) -> bool:
        if self._user.is_partner and page.url not in partners.ADDRESSES:
            return False
        return page.shown(self._user)

    def _marked(self, page: Page) -> Page:
        here = self._name == page.url or self._route.startswith(page.under or "\0")
        return replace(page, current=here)
