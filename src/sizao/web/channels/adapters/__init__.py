"""One file a channel that leaves the house; the registry is the list below."""

from __future__ import annotations

from sizao.web.channels.adapters import dingtalk, sign, sms, wecom
from sizao.web.channels.adapters.base import Adapter

ADAPTERS: dict[str, Adapter] = {
    "dingtalk": dingtalk.send,
    "wecom": wecom.send,
    "sms": sms.send,
    "sign": sign.send,
}
"""Channel to the function that sends by it."""
