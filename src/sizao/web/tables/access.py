"""Who may see decision tables and who may change them: as with detection rules."""

from __future__ import annotations

from sizao.web.rules.access import may_change, may_see

__all__ = ["may_change", "may_see"]
