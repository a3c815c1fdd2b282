"""Roadside variable message signs, by a small JSON interface of our own.

No Chinese standard for signs speaks HTTP (GB/T 23828 and JT/T 607 describe lamps, layouts and
serial frames), so a city's sign server is reached through an adapter that answers this:

``PUT URL/messages/KEY`` ``{"lines": [...], "level": "red", "until": "2026-..."}`` shows a message;
the same key again only moves ``until``. 200 ``{"state": "shown"}`` once it is on the road, 202
``{"state": "queued"}`` if a worse message is there. ``DELETE URL/messages/KEY`` clears it; 404 is
as good. A sign drops a message at ``until`` by itself. ``Authorization: Bearer SECRET``.

``sim/sign.py`` is such a sign; ``docs/reference/sign-interface.md`` is the contract.
"""

from __future__ import annotations

from sizao.web.channels.adapters.base import Message, Outcome, call
from sizao.web.channels.endpoints import Endpoint


def send(endpoint: Endpoint, message: Message) -> Outcome:
    """Show a message, or clear the sign of it."""
    url = f"{endpoint.url.rstrip('/')}/messages/{message.key}"
    headers = {"Authorization": f"Bearer {endpoint.secret}"} if endpoint.secret else {}
    if message.withdrawn:
        answer = call(endpoint, url, method="DELETE", headers=headers)
        if answer.status == 404:
            return Outcome(True, status=404)
        return answer.failed or Outcome(True, status=answer.status)
    data = {
        "lines": list(message.lines),
        "level": message.level,
        "until": message.until.isoformat() if message.until else None,
    }
    answer = call(endpoint, url, method="PUT", data=data, headers=headers)
    failed = answer.failed
    if failed is not None:
        return failed
    body = answer.body if isinstance(answer.body, dict) else {}
    shown = body.get("state") == "shown"
    return Outcome(
        True, delivered=shown, status=answer.status, detail="" if shown else "标志上有更急的内容"
    )  # fmt: skip
