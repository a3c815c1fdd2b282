"""Asking and telling the driver: events, questions, information on demand, the phone book.

The 2019 edition drops events, questions and information on demand; terminals still speak them.

Source: JT/T 808-2013, the clause of each layout.
"""

from __future__ import annotations

from sizao.feeds.jt808.codecs import U8, U16, CountOf, RestText, SizedText
from sizao.feeds.jt808.layout import Each, F, Layout

_SETTING = "0 delete all, 1 replace, 2 append, 3 change, 4 delete these"

EVENTS = Layout(
    "8.24",
    F("setting", U8, "", _SETTING),
    F("count", CountOf("events"), "", "events that follow", absent=0),
    F(
        "events",
        Each(
            Layout(
                "8.24",
                F("id", U8, "", "what 0x0301 answers with"),
                F("text", SizedText(), "", "words on the screen"),
            ),
            "count",
        ),
        "",
        "the menu",
    ),
)
"""0x8301: the events a driver may report."""

EVENT_REPORT = Layout("8.25", F("event_id", U8, "", "the event chosen"))
"""0x0301: the driver chose an event."""

QUESTION = Layout(
    "8.26",
    F("flag", U8, "bits", "0 urgent, 3 spoken, 4 advertising screen"),
    F("question", SizedText(), "", "the question"),
    F(
        "answers",
        Each(
            Layout(
                "8.26",
                F("id", U8, "", "what 0x0302 answers with"),
                F("text", SizedText(U16), "", "the answer in words"),
            ),
            "",
        ),
        "",
        "answers to choose from",
    ),
)
"""0x8302: a question with answers to choose from."""

ANSWER = Layout(
    "8.27",
    F("reply_serial", U16, "", "serial of the question"),
    F("answer_id", U8, "", "the answer chosen"),
)
"""0x0302: the driver answered."""

MENU = Layout(
    "8.28",
    F("setting", U8, "", _SETTING),
    F("count", CountOf("items"), "", "kinds that follow", absent=0),
    F(
        "items",
        Each(
            Layout(
                "8.28",
                F("info_type", U8, "", "what 0x0303 asks with"),
                F("name", SizedText(U16), "", "words on the screen"),
            ),
            "count",
        ),
        "",
        "the menu",
    ),
)
"""0x8303: kinds of information a driver may ask for."""

INFO_REQUEST = Layout(
    "8.29",
    F("info_type", U8, "", "kind of information"),
    F("flag", U8, "", "0 cancelled, 1 wanted"),
)
"""0x0303: information on demand."""

INFO = Layout(
    "8.30",
    F("info_type", U8, "", "kind of information"),
    F("text", SizedText(U16), "", "the information"),
)
"""0x8304: the information itself."""

CALL_BACK = Layout(
    "8.31",
    F("flag", U8, "", "0 call, 1 listen in"),
    F("phone_number", RestText(), "", "number to call"),
)
"""0x8400: the terminal shall phone this number."""

PHONE_BOOK = Layout(
    "8.32",
    F("setting", U8, "", "0 delete all, 1 replace, 2 append, 3 change by name"),
    F("count", CountOf("contacts"), "", "contacts that follow", absent=0),
    F(
        "contacts",
        Each(
            Layout(
                "8.32",
                F("flag", U8, "", "1 incoming, 2 outgoing, 3 both"),
                F("phone_number", SizedText(), "", "number"),
                F("name", SizedText(), "", "contact"),
            ),
            "count",
        ),
        "",
        "the phone book",
    ),
)
"""0x8401: the phone book."""
