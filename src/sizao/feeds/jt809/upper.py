"""The upper platform's side of a pair of links: server of the main link, client of the sub link.

Source: JT/T 809-2011 clauses 4.3 and 4.5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sizao.feeds.jt809 import links
from sizao.feeds.jt809.decode import Frame
from sizao.feeds.jt809.fields import iso_of_us, us_of
from sizao.feeds.jt809.header import Header
from sizao.feeds.jt809.outcome import MAIN, SUB, Asked, Outcome
from sizao.feeds.jt809.pair import Pair
from sizao.feeds.jt809.params import LinkParams
from sizao.feeds.jt809.position import MAX_ITEMS
from sizao.feeds.jt809.rows import from_row
from sizao.feeds.jt809.subs import join
from sizao.feeds.jt809.vehicles import Directory

SUB_TRIES = 3
"""Attempts at the sub link after which the lower platform is told over the main link."""


def judge(params: LinkParams, header: Header, fields: Mapping[str, Any], address: str) -> int:
    """The result of a login: see :data:`.links.LOGIN_RESULTS`."""
    if header.access_code != params.access_code:
        return links.WRONG_ACCESS_CODE
    if params.addresses and address not in params.addresses:
        return links.WRONG_ADDRESS
    if fields["user_id"] != params.user:
        return links.UNKNOWN_USER
    if fields["password"] != params.password:
        return links.WRONG_PASSWORD
    return links.OK


class Upper(Pair):
    """The pair of links with one lower platform.

    ``new_code`` draws verify codes; ``busy`` says that there are no resources for a login now.
    """

    ours = SUB

    def __init__(
        self,
        params: LinkParams,
        directory: Directory,
        now_us: int = 0,
        *,
        new_code: Callable[[], int],
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__(params, directory, now_us)
        self.code = 0
        """What the sub link proves itself with."""
        self.watched: dict[tuple[str, int], int] = {}
        """Vehicles whose positions the lower platform asked for, and until when."""
        self._new_code = new_code
        self._busy = busy
        self._sub_at: tuple[str, int] | None = None
        self._dialled_us = 0
        self._tries = 0
        self._counted = 0
        self._counted_from_us = now_us
        self._info_id = now_us // 1_000_000 & 0x7FFFFFFF
        self._asked_us = now_us
        self._handlers = {
            0x1001: self._login,
            0x1003: self._logout,
            0x1005: self._keep,
            0x1007: self._told,
            0x1008: self._leaves,
            0x9002: self._sub_answer,
            0x9004: self._sub_ended,
            0x9006: lambda channel, frame, fields, now_us, out: None,
        }
        self._subs = {
            0x1201: self._registered,
            0x1207: self._asks,
            0x1208: self._asks,
            0x1209: self._asks,
            0x1301: self._answered,
        }

    # Questions and orders

    def ask(
        self,
        question: str,
        now_us: int,
        *,
        answer_s: int | None = None,
        object_type: int = 1,
        object_id: str | None = None,
    ) -> Outcome | None:
        """Check who is on duty (0x9301). None while neither link is up."""
        self._info_id = self._info_id + 1 & 0x7FFFFFFF
        fields = {
            "object_type": object_type,
            "object_id": self.params.platform_id if object_id is None else object_id,
            "answer_time": min(answer_s or self.params.duty_answer_s, 255),
            "info_id": self._info_id,
            "content": question,
        }
        return self.order(f"duty:{self.params.name}:{self._info_id}", 0x9301, fields, now_us)

    def _ordered(
        self, kind: int, fields: Mapping[str, Any], serial: int, now_us: int, out: Outcome
    ) -> None:
        if kind == 0x9301:
            self.duty.asked(self._check(fields, serial, now_us))

    def history(self, asked: Asked, rows: Sequence[Mapping[str, Any]], now_us: int) -> Outcome:
        """Answer 0x1209 and send what there is as 0x9203; ``rows`` as in :meth:`exchange`."""
        out = Outcome()
        plate = asked.plate, asked.colour
        self._answer_asked(0x9209, plate, 0 if rows else 2, now_us, out)
        for at in range(0, len(rows), MAX_ITEMS):
            items = [self._item(row) for row in rows[at : at + MAX_ITEMS]]
            self._put(0x9203, bytes((len(items),)) + b"".join(items), plate, now_us, out)
        return out

    def watch(self, asked: Asked, now_us: int) -> Outcome:
        """Answer 0x1207 or 0x1208: begin or end the exchange of a vehicle's positions."""
        out = Outcome()
        plate = asked.plate, asked.colour
        if asked.what == "watch":
            self.watched[plate] = asked.end_us or now_us
            self._answer_asked(0x9207, plate, 0, now_us, out)
        else:
            known = self.watched.pop(plate, None) is not None
            self._answer_asked(0x9208, plate, 0 if known else 1, now_us, out)
        return out

    def exchange(self, rows: Sequence[Mapping[str, Any]], now_us: int) -> Outcome:
        """Send positions of vehicles that the lower platform watches (0x9202); others are left
        out. Rows of POSITION with ``time`` in microseconds."""
        out = Outcome()
        self.watched = {plate: end for plate, end in self.watched.items() if end >= now_us}
        for row in rows:
            plate = self.directory.plate(row["vehicle"])
            if plate is not None and row["time"] <= self.watched.get(plate, 0):
                self._put(0x9202, self._item(row), plate, now_us, out)
        return out

    def _item(self, row: Mapping[str, Any]) -> bytes:
        return from_row(row, self.params.edition, self.params.dialect.position == "legacy")

    def _put(
        self, sub: int, data: bytes, plate: tuple[str, int], now_us: int, out: Outcome
    ) -> None:
        channel = self.best()
        if channel is not None:
            body = join(sub, data, self.params.edition, self.params.dialect, *plate)
            out.sends.append((channel, self.writer.sealed(sub, body, now_us)[1]))

    def _answer_asked(
        self, sub: int, plate: tuple[str, int], result: int, now_us: int, out: Outcome
    ) -> None:
        fields = {"plate": plate[0], "plate_color": plate[1], "result": result}
        self.send(sub, fields, now_us, out)

    def end(self, code: int, now_us: int) -> Outcome:
        """Tell the lower platform that both links close (0x9008): 0 restart, 1 other."""
        out = Outcome()
        if self.up(MAIN):
            self.send(0x9008, {"code": code}, now_us, out, MAIN)
        for name in self.channels:
            out.closed[name] = "closed by us"
        return out

    def could_not_dial(self, now_us: int) -> Outcome:
        """The sub link could not be connected."""
        out = Outcome()
        self._failed(now_us, out)
        return out

    # The links

    def _greet(self, channel: str, now_us: int, out: Outcome) -> None:
        if channel == SUB:
            self.send(0x9001, {"verify_code": self.code}, now_us, out, SUB)

    def _lost(self, channel: str, now_us: int, out: Outcome) -> None:
        if channel == SUB:
            self._failed(now_us, out)

    def _failed(self, now_us: int, out: Outcome) -> None:
        self._tries += 1
        self._dialled_us = now_us
        if self._tries % SUB_TRIES == 0 and self.up(MAIN):
            self.send(0x9007, {"code": 0}, now_us, out, MAIN)

    def _ticked(self, now_us: int, out: Outcome) -> None:
        params = self.params
        sub = self.channels.get(SUB)
        if sub is not None and sub.up and now_us - sub.kept_us >= params.keepalive_s * 1e6:
            sub.kept_us = now_us
            self.send(0x9005, {}, now_us, out, SUB)
        if (
            sub is None
            and self._sub_at is not None
            and self.up(MAIN)
            and now_us - self._dialled_us >= params.redial_s * 1e6
        ):
            self._dialled_us = now_us
            out.dial = self._sub_at
        # What does not fill a count is told after a minute.
        due = now_us - self._counted_from_us >= 60 * 1e6
        if params.count_every and due and self.counts.positions > self._counted:
            self._tell_count(now_us, out)
        if params.duty_every_s and now_us - self._asked_us >= params.duty_every_s * 1e6:
            asked = self.ask(params.duty_question, now_us)
            if asked is not None:
                self._asked_us = now_us
                out.messages += asked.messages
                out.sends += asked.sends

    def _after(self, now_us: int, out: Outcome) -> None:
        every = self.params.count_every
        if every and self.counts.positions - self._counted >= every:
            self._tell_count(now_us, out)

    def _tell_count(self, now_us: int, out: Outcome) -> None:
        if self.best() is None:
            return
        fields = {
            "dynamic_info_total": self.counts.positions - self._counted,
            "start_time": iso_of_us(self._counted_from_us),
            "end_time": iso_of_us(now_us),
        }
        self.send(0x9101, fields, now_us, out)
        self._counted = self.counts.positions
        self._counted_from_us = now_us

    def _login(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        if channel != MAIN:
            out.closed[channel] = "a login on the sub link"
            return
        address = self.peer.rpartition(":")[0]
        result = judge(self.params, frame.header, fields, address)
        if result == links.OK and self._busy():
            result = links.BUSY
        told = {"user_id": fields["user_id"], "address": self.peer, "result": result}
        self.row(0x1001, told, "in", "received" if result == links.OK else "refused", now_us, out)
        if result != links.OK:
            answer = {"result": result, "verify_code": 0}
            self.send(0x1002, answer, now_us, out, MAIN)
            out.closed[MAIN] = f"login refused: {links.LOGIN_RESULTS[result][1]}"
            return
        self.code = self._new_code()
        self.channels[MAIN].up = True
        self.counts.logins += 1
        self.send(0x1002, {"result": links.OK, "verify_code": self.code}, now_us, out, MAIN)
        given = fields["down_link_ip"], fields["down_link_port"]
        self._sub_at = self.params.down_link if self.params.down_link[1] else given
        self._tries = 0
        self._dialled_us = now_us
        self._counted_from_us = now_us
        out.logged_in = True
        if SUB in self.channels:
            # It proved itself with the code of an earlier login.
            out.closed[SUB] = "a new login"
        if self._sub_at[0] and self._sub_at[1]:
            out.dial = self._sub_at
        else:
            self._sub_at = None

    def _logout(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        known = (fields["user_id"], fields["password"]) == (self.params.user, self.params.password)
        if not known or not self.up(channel):
            self.row(0x1003, {"user_id": fields["user_id"]}, "in", "refused", now_us, out)
            return
        self.note(0x1003, {"user_id": fields["user_id"]}, now_us, out)
        self.send(0x1004, {}, now_us, out, channel)
        if self.up(SUB):
            self.send(0x9003, {"verify_code": self.code}, now_us, out, SUB)
        self._sub_at = None
        for name in self.channels:
            out.closed[name] = "logout"

    def _keep(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        # Goes out after everything before it is durable, so it confirms that to the peer.
        if self.up(channel):
            self.send(0x1006, {}, now_us, out, channel)

    def _told(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        if self.up(channel):
            self.note(frame.header.business, fields, now_us, out)

    def _leaves(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        if not self.up(channel):
            return
        self.note(0x1008, fields, now_us, out)
        self._sub_at = None
        for name in self.channels:
            out.closed[name] = "closed by the lower platform"

    def _sub_answer(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        if channel != SUB:
            return
        state = "received" if fields["code"] == 0 else "refused"
        self.row(0x9002, fields, "in", state, now_us, out)
        if fields["code"] == 0:
            self.channels[SUB].up = True
            self._tries = 0
        else:
            words = links.SUB_RESULTS.get(fields["code"], ("", "unknown result"))[1]
            out.closed[SUB] = f"sub link refused: {words}"

    def _sub_ended(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        out.closed[SUB] = "logout"

    # Sub-messages

    def _registered(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        self.directory.learn(fields.get("plate") or "", fields["plate_color"], fields["sim"])
        self.received(frame, fields, now_us, out)
        if self.params.edition == "2019":
            answer = {
                "source_data_type": "0x1201",
                "source_msg_sn": frame.header.serial,
                "result": 0,
            }
            self.send(0x9201, answer, now_us, out)

    def _asks(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        """0x1207, 0x1208, 0x1209: whoever owns the log decides, and answers by an order."""
        self.received(frame, fields, now_us, out)
        what = {"0x1207": "watch", "0x1208": "unwatch", "0x1209": "history"}[fields["sub_type"]]
        plate, colour = fields.get("plate") or "", fields.get("plate_color") or 0
        start, end = us_of(fields.get("start_time")), us_of(fields.get("end_time"))
        reply = 0x9000 | int(fields["sub_type"], 16) & 0x0FFF
        if what != "unwatch" and (start is None or end is None or start > end):
            wrong = 2 if what == "watch" else 3
            self._answer_asked(reply, (plate, colour), wrong, now_us, out)
            return
        vehicle = self.directory.vehicle(plate, colour)
        out.asked.append(Asked(what, plate, colour, vehicle, start, end))

    def _answered(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        check, state = self.duty.answered(fields, now_us)
        if check is not None:
            fields["answered_after_s"] = (now_us - check.asked_us) // 1_000_000
            self.counts.duty_late += state == "late"
        refers_to = str(check.info_id) if check else None
        self.received(frame, fields, now_us, out, state, refers_to)
