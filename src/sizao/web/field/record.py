"""What officers did for a case, as its page shows it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from sizao.web.cases.models import Case
from sizao.web.field.models import FieldAction


def of_case(case: Case) -> list[tuple[FieldAction, str, str]]:
    """Each action with its name and what became of it, in the order of the field."""
    names = {
        "sign": _("签收"),
        "arrive": _("到场"),
        "photo": _("拍照"),
        "measure": _("管制"),
        "resolve": _("处置完毕"),
    }
    results = {
        "done": "",
        "conflict": _("有冲突，等待民警选择"),
        "refused": _("未能提交，等待民警选择"),
        "dropped": _("民警看过后放弃"),
    }
    rows = case.field_actions.select_related("user", "photo").order_by("done_at", "pk")
    return [(one, names.get(one.action, one.action), results[one.result]) for one in rows]
