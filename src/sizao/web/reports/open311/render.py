"""Answers as XML and JSON. JSON follows from XML by the Spark convention: a list loses its name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from django.http import HttpResponse

FORMS = ("xml", "json")

_CHILD = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "errors": "error",
    "endpoints": "endpoint",
    "formats": "format",
}
"""Name of a list to the name of its members."""

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def answer(
    form: str, name: str, value: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """``value`` (dict or list of dicts) under ``name``; JSON is the value alone."""
    if form == "json":
        text = json.dumps(value, ensure_ascii=False)
        kind = "application/json; charset=utf-8"
    else:
        text = '<?xml version="1.0" encoding="utf-8"?>\n' + _xml(name, value) + "\n"
        kind = "text/xml; charset=utf-8"
    return HttpResponse(text, status=status, content_type=kind, headers=dict(headers or {}))


def error(
    form: str, status: int, description: str, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """The specification's error: a list of code and description."""
    return answer(form, "errors", [{"code": status, "description": description}], status, headers)


def _xml(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        inner = "".join(_xml(key, one) for key, one in value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        inner = "".join(_xml(_CHILD.get(name, "item"), one) for one in value)
    elif isinstance(value, bool):
        inner = "true" if value else "false"
    elif value is None:
        return f"<{name}/>"
    else:
        inner = escape(_ILLEGAL.sub("\ufffd", str(value)))
    return f"<{name}>{inner}</{name}>"
