"""The wrappings of GA/T 1400 messages, in the spellings that are about.

The standard wraps a list of X as ``XListObject``; some senders write ``XObjectList``, some send a
single object where a list belongs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sizao.feeds.forms import Problem, text


def unwrap(sent: Any, what: str) -> list[Any] | Problem:
    """The objects of a message about ``what`` (MotorVehicle, Subscribe, SubscribeNotification).

    >>> unwrap({"MotorVehicleObjectList": {"MotorVehicleObject": {"a": 1}}}, "MotorVehicle")
    [{'a': 1}]
    """
    if not isinstance(sent, Mapping):
        return Problem("bad_json", "the message is no object")
    name = f"{what}Object"
    for outer in (f"{what}ListObject", f"{what}ObjectList", name):
        if outer not in sent:
            continue
        inner = sent[outer]
        if outer != name and isinstance(inner, Mapping):
            inner = inner.get(name, [])
        if isinstance(inner, Mapping):
            inner = [inner]
        if not isinstance(inner, list):
            return Problem("bad_json", f"{outer} holds no list of {name}")
        return inner
    return Problem("bad_json", f"neither {what}ListObject nor {what}ObjectList")


def device_id(sent: Any, wrapper: str) -> str | None:
    """DeviceID of a ``RegisterObject``, ``KeepaliveObject`` or ``UnRegisterObject``."""
    inner = sent.get(wrapper) if isinstance(sent, Mapping) else None
    found = inner.get("DeviceID") if isinstance(inner, Mapping) else None
    try:
        return text(found)[:64] or None
    except ValueError:
        return None


def object_id(sent: Any, what: str) -> str:
    """The identifier of an object, for the answer about it; empty where there is none.

    >>> object_id({"FaceID": "f1"}, "Face")
    'f1'
    """
    found = sent.get(f"{what}ID") if isinstance(sent, Mapping) else None
    try:
        return text(found)[:64].encode("utf-8", "replace").decode()
    except ValueError:
        return ""
