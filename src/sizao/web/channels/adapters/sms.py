"""Text messages by the city's own gateway, described in ``channels.yaml``.

Gateways differ in everything but HTTP, so the request is a template: ``json`` or ``form`` whose
strings hold ``{text}``, ``{phones}`` (comma separated), ``{phone}`` and ``{key}``. ``answer`` says
which part of the answer means that it was taken (``ok``: path and value) and where its number is
(``receipt``). What arrived is reported to ``/channels/receipts/NAME/``, see ``receipts.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from sizao.web.channels.adapters.base import Message, Outcome, call
from sizao.web.channels.endpoints import Endpoint


def send(endpoint: Endpoint, message: Message) -> Outcome:
    """Send to all phones of the endpoint."""
    values = {
        "text": message.words.replace("\n", " "),
        "phones": ",".join(endpoint.phones),
        "phone": endpoint.phones[0],
        "key": message.key,
    }
    request = endpoint.request or {"json": {"phones": "{phones}", "text": "{text}", "key": "{key}"}}
    headers = {**_filled(request.get("headers", {}), values), "Idempotency-Key": message.key}
    form = None
    if "form" in request:
        form = urlencode(_filled(request["form"], values)).encode()
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    answer = call(
        endpoint,
        endpoint.url,
        method=str(request.get("method", "POST")),
        data=_filled(request.get("json"), values),
        form=form,
        headers=headers,
    )
    failed = answer.failed
    if failed is not None:
        return failed
    wanted = endpoint.answer.get("ok")
    if wanted is not None and str(at(answer.body, wanted["path"])) != str(wanted["value"]):
        said = at(answer.body, endpoint.answer.get("why", ""))
        return Outcome(
            False, status=answer.status, detail=f"网关未接受：{str(said or '')[:200]}"
        )  # fmt: skip
    receipt = at(answer.body, endpoint.answer.get("receipt", ""))
    return Outcome(True, status=answer.status, receipt=str(receipt or ""))


def at(body: Any, path: str) -> Any:
    """The value at ``a.b.0.c`` of a JSON answer; None where there is none.

    >>> at({"data": [{"id": 7}]}, "data.0.id")
    7
    """
    for part in path.split(".") if path else ():
        if isinstance(body, Mapping):
            body = body.get(part)
        elif isinstance(body, list) and part.isdigit() and int(part) < len(body):
            body = body[int(part)]
        else:
            return None
    return body if path else None


def _filled(template: Any, values: Mapping[str, str]) -> Any:
    """The template with its places filled; braces that name nothing stay as they are."""
    if isinstance(template, str):
        for name, value in values.items():
            template = template.replace(f"{{{name}}}", value)
        return template
    if isinstance(template, Mapping):
        return {key: _filled(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, values) for value in template]
    return template
