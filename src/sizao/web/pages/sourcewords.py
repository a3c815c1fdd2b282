"""Words of sources: kinds, topics, states, reasons, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _

from sizao.core.sources import KINDS
from sizao.feeds.reasons import reason_words
from sizao.web.pages.words import pick
from sizao.web.sources import services

_TOPICS = {
    "positions": ("定位", "positions"),
    "driver_cards": ("驾驶员卡", "driver cards"),
    "device_alarms": ("主动安全报警", "device alarms"),
    "terminal_messages": ("终端其他消息", "other terminal messages"),
    "evidence": ("证据文件", "evidence"),
    "platform_messages": ("平台间消息", "platform messages"),
    "passages": ("过车记录", "passages"),
    "weighings": ("称重记录", "weighings"),
    "roadside_checks": ("路面检查", "roadside checks"),
    "weather_notices": ("气象预警", "weather notices"),
    "weather_readings": ("气象读数", "weather readings"),
    "reports": ("上报", "reports"),
    "crashes": ("事故记录", "crash records"),
    "vehicles": ("车辆台账", "vehicle register"),
    "enterprises": ("企业台账", "enterprise register"),
}


def topic_word(topic: str) -> str:
    return pick(*_TOPICS.get(topic, (topic, topic)))


def kind_name(kind: str) -> str:
    known = KINDS.get(kind)
    return pick(known.zh, known.en.capitalize()) if known else kind


def name_of(source: str) -> str:
    """A source's name, its id where nobody registered it."""
    entry = services.book().registry.get(source)
    return pick(entry.name_zh, entry.name_en) if entry else source


def state_word(state: str) -> str:
    return {
        "silent": _("静默"),
        "poor": _("未达约定"),
        "never": _("逾期未报"),
        "waiting": _("尚无数据"),
        "unregistered": _("未登记"),
        "ok": _("正常"),
        "off": _("停用"),
    }[state]


def missed_word(code: str) -> str:
    return {
        "quarantined": _("近 24 小时五分之一以上的数据无法使用"),
        "complete": _("近 24 小时完整率低于约定"),
        "max_delay_s": _("近 24 小时 95% 延迟高于约定"),
    }[code]


def reason_word(reason: str) -> str:
    return pick(*reason_words(reason))
