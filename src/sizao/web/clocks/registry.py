"""Who finds overdue clocks and acts on them: an explicit list, one line a domain.

To add a clock: an entry in ``respond/clock_registry.py``; in your app a ``clocks.py`` with a
``Domain`` (``overdue`` and ``fire``); a line here; a scenario in ``tests/web/clocks/scenarios.py``;
a row in ``docs/reference/clocks.md``.
"""

from __future__ import annotations

from sizao.web.calls.clocks import CallbackClocks, CallClocks, TellingClocks
from sizao.web.cases.clocks import CaseClocks
from sizao.web.channels.clocks import NoticeClocks
from sizao.web.clocks.services import Domain
from sizao.web.evidence.clocks import HoldClocks
from sizao.web.hazards.clocks import HazardClocks, ProtectionClocks
from sizao.web.listings.clocks import InterimClocks
from sizao.web.measures.clocks import MeasureClocks
from sizao.web.reports.clocks import ReportClocks
from sizao.web.review.clocks import FindingClocks

DOMAINS: tuple[Domain, ...] = (
    CaseClocks(),
    CallClocks(),
    TellingClocks(),
    CallbackClocks(),
    MeasureClocks(),
    NoticeClocks(),
    HazardClocks(),
    ProtectionClocks(),
    InterimClocks(),
    FindingClocks(),
    ReportClocks(),
    HoldClocks(),
)
