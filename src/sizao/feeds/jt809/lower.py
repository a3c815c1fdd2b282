"""The lower platform's side of a pair of links: client of the main link, server of the sub link.

What the upper platform has of our positions: the protocol acknowledges none of them. But the
main link is one stream, so the answer to a keepalive (0x1006) says that everything before the
question was read; a Sizao above answers only after it was durable. :meth:`Lower.send_positions`
therefore marks what it sends, and the mark comes back in ``Outcome.confirmed``.

Source: JT/T 809-2011 clauses 4.3 and 4.5.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from sizao.feeds.jt809 import links
from sizao.feeds.jt809.decode import Frame
from sizao.feeds.jt809.encode import encode_body
from sizao.feeds.jt809.fields import iso_of_us
from sizao.feeds.jt809.outcome import MAIN, SUB, Outcome
from sizao.feeds.jt809.pair import Pair
from sizao.feeds.jt809.params import LinkParams
from sizao.feeds.jt809.position import MAX_ITEMS
from sizao.feeds.jt809.rows import from_row
from sizao.feeds.jt809.subs import join
from sizao.feeds.jt809.vehicles import Directory, Plate, static_text


class Lower(Pair):
    """The pair of links with one upper platform."""

    ours = MAIN

    def __init__(self, params: LinkParams, directory: Directory, now_us: int = 0) -> None:
        super().__init__(params, directory, now_us)
        self.result: int | None = None
        """Result of the last login."""
        self.code = 0
        self.exchanged: set[Plate] = set()
        """Vehicles of others whose positions the upper platform sends us (0x9205)."""
        self._gone_us: int | None = None
        """When the main link was lost."""
        self._registered: set[Plate] = set()
        self._mark: int | None = None
        """The newest positions sent whose confirmation was not asked for yet."""
        self._marks: deque[int | None] = deque()
        """One for each keepalive that is unanswered."""
        self._handlers = {
            0x1002: self._login_answer,
            0x1004: self._logged_out,
            0x1006: self._kept,
            0x9001: self._sub_login,
            0x9003: self._sub_logout,
            0x9005: self._keep,
            0x9007: self._told,
            0x9008: self._leaves,
            0x9101: self._told,
        }
        self._subs = {
            0x9205: self._taken,
            0x9206: self._taken,
            0x9301: self._asked_who,
            0x9302: self._text,
            0x9601: self._static,
        }

    # What the owner of the log calls

    def send_positions(
        self, rows: Sequence[Mapping[str, Any]], mark: int, now_us: int, *, later: bool
    ) -> Outcome:
        """Send positions in order; those that are ``later`` than their time as 0x1203.

        ``rows`` are POSITION rows with ``time`` in microseconds; vehicles without a plate are
        left out (``Directory.plate`` is None for them). ``mark`` comes back as confirmed once the
        upper platform has read all of them. Nothing is sent while no link is up.
        """
        out = Outcome()
        channel = self.best()
        if channel is None:
            return out
        params = self.params
        legacy = params.dialect.position == "legacy"
        waiting: dict[Plate, list[bytes]] = {}
        for row in rows:
            plate = self.directory.plate(row["vehicle"])
            if plate is None:
                continue
            if plate not in self._registered:
                self._register(plate, row["vehicle"], channel, now_us, out)
            item = from_row(row, params.edition, legacy)
            if not later and not row["catch_up"]:
                self._put(0x1202, item, plate, channel, now_us, out)
            else:
                items = waiting.setdefault(plate, [])
                items.append(item)
                if len(items) == MAX_ITEMS:
                    self._put_history(plate, waiting.pop(plate), channel, now_us, out)
            self.counts.sent_positions += 1
        for plate, items in waiting.items():
            self._put_history(plate, items, channel, now_us, out)
        if channel == MAIN:
            self._mark = mark
        return out

    def confirm(self, now_us: int) -> Outcome:
        """Ask for the confirmation of what was sent (a keepalive ahead of its time)."""
        out = Outcome()
        main = self.channels.get(MAIN)
        if main is not None and main.up and self._mark is not None:
            self._keepalive(now_us, out)
        return out

    def answer_duty(self, order: str, fields: Mapping[str, Any], now_us: int) -> Outcome | None:
        """Answer a duty check by what a person wrote: ``info_id``, ``content``, ``responder``,
        ``responder_tel``; the rest is filled in from the question."""
        return self.order(order, 0x1301, fields, now_us)

    def logout(self, now_us: int) -> Outcome:
        """Log out (0x1003): the upper platform closes both links."""
        out = Outcome()
        if self.up(MAIN):
            fields = {"user_id": self.params.user, "password": self.params.password}
            self.send(0x1003, fields, now_us, out, MAIN)
        return out

    def end(self, code: int, now_us: int) -> Outcome:
        """Tell the upper platform that both links close (0x1008): 0 restart, 1 other."""
        out = Outcome()
        channel = SUB if self.up(SUB) else self.best()
        if channel is not None:
            self.send(0x1008, {"code": code}, now_us, out, channel)
        for name in self.channels:
            out.closed[name] = "closed by us"
        return out

    # Positions

    def _put(
        self, sub: int, data: bytes, plate: Plate, channel: str, now_us: int, out: Outcome
    ) -> None:
        params = self.params
        body = join(sub, data, params.edition, params.dialect, *plate)
        out.sends.append((channel, self.writer.sealed(sub, body, now_us)[1]))

    def _put_history(
        self, plate: Plate, items: list[bytes], channel: str, now_us: int, out: Outcome
    ) -> None:
        data = bytes((len(items),)) + b"".join(items)
        self._put(0x1203, data, plate, channel, now_us, out)

    def _register(
        self, plate: Plate, vehicle: str, channel: str, now_us: int, out: Outcome
    ) -> None:
        """0x1201 before a vehicle's first position on a login: its terminal's number."""
        self._registered.add(plate)
        if vehicle.startswith("plate:"):
            return
        fields = {
            "plate": plate[0],
            "plate_color": plate[1],
            "platform_id": self.params.platform_id,
            "producer_id": "",
            "terminal_model": "",
            "imei": "",
            "terminal_id": vehicle[-7:],
            "sim": vehicle,
        }
        params = self.params
        body = encode_body(0x1201, fields, params.edition, params.dialect)
        out.sends.append((channel, self.writer.sealed(0x1201, body, now_us)[1]))

    # The links

    def _greet(self, channel: str, now_us: int, out: Outcome) -> None:
        if channel != MAIN:
            return
        params = self.params
        fields = {
            "user_id": params.user,
            "password": params.password,
            "gnss_center_id": params.access_code,
            "down_link_ip": params.down_link[0],
            "down_link_port": params.down_link[1],
        }
        self.result = None
        self.send(0x1001, fields, now_us, out, MAIN)

    def _lost(self, channel: str, now_us: int, out: Outcome) -> None:
        if channel == MAIN:
            self._marks.clear()
            self._mark = None
            self._registered.clear()
            self._gone_us = self._gone_us or now_us
            if self.up(SUB):
                self.send(0x1007, {"code": 0}, now_us, out, SUB)

    def _ticked(self, now_us: int, out: Outcome) -> None:
        main = self.channels.get(MAIN)
        if main is None or not main.up:
            return
        every = self.params.confirm_s if self._mark is not None else self.params.keepalive_s
        if now_us - main.kept_us >= every * 1e6:
            self._keepalive(now_us, out)

    def _keepalive(self, now_us: int, out: Outcome) -> None:
        self.channels[MAIN].kept_us = now_us
        self._marks.append(self._mark)
        self._mark = None
        self.send(0x1005, {}, now_us, out, MAIN)

    def _login_answer(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        if channel != MAIN:
            return
        self.result = result = fields["result"]
        told = {"result": result}
        self.row(0x1002, told, "in", "received" if result == links.OK else "refused", now_us, out)
        if result == links.OK:
            self.code = fields["verify_code"]
            self.channels[MAIN].up = True
            self.counts.logins += 1
            out.logged_in = True
            self._ask_for_missed(now_us, out)
        else:
            words = links.LOGIN_RESULTS.get(result, ("", f"result {result}"))[1]
            out.closed[MAIN] = f"login refused: {words}"

    def _ask_for_missed(self, now_us: int, out: Outcome) -> None:
        """After a gap: what the upper platform would have sent us meanwhile (0x1209)."""
        if self._gone_us is not None:
            for plate, colour in sorted(self.exchanged):
                fields = {
                    "plate": plate,
                    "plate_color": colour,
                    "start_time": iso_of_us(self._gone_us),
                    "end_time": iso_of_us(now_us),
                }
                self.send(0x1209, fields, now_us, out)
                self.row(0x1209, fields, "out", "sent", now_us, out)
        self._gone_us = None

    def _logged_out(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        for name in self.channels:
            out.closed[name] = "logout"

    def _kept(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        if channel == MAIN and self._marks:
            mark = self._marks.popleft()
            if mark is not None:
                out.confirmed.append(mark)

    def _sub_login(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        if channel != SUB:
            return
        good = self.code != 0 and fields["verify_code"] == self.code
        self.row(0x9001, {"accepted": good}, "in", "received" if good else "refused", now_us, out)
        self.send(0x9002, {"code": 0 if good else 1}, now_us, out, SUB)
        if good:
            self.channels[SUB].up = True
        else:
            out.closed[SUB] = "wrong verify code"

    def _sub_logout(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        self.send(0x9004, {}, now_us, out, channel)
        out.closed[SUB] = "logout"

    def _keep(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        if self.up(channel):
            self.send(0x9006, {}, now_us, out, channel)

    def _told(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        if self.up(channel):
            self.note(frame.header.business, fields, now_us, out)

    def _leaves(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        if self.up(channel):
            self.note(0x9008, fields, now_us, out)
            for name in self.channels:
                out.closed[name] = "closed by the upper platform"

    # Sub-messages

    def _taken(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        """0x9205, 0x9206: positions of a foreign vehicle will come, or come no more."""
        self.received(frame, fields, now_us, out)
        plate = fields.get("plate") or "", fields.get("plate_color") or 0
        if fields["sub_type"] == "0x9205":
            self.exchanged.add(plate)
        else:
            self.exchanged.discard(plate)
        answer = {
            "plate": fields.get("plate"),
            "plate_color": fields.get("plate_color"),
            "source_data_type": fields["sub_type"],
            "source_msg_sn": frame.header.serial,
        }
        if self.params.edition == "2011":
            answer = {k: answer[k] for k in ("plate", "plate_color")}
        self.send(0x1000 | int(fields["sub_type"], 16) & 0x0FFF, answer, now_us, out)

    def _asked_who(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        self.duty.asked(self._check(fields, frame.header.serial, now_us))
        self.received(frame, fields, now_us, out)

    def _text(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        self.received(frame, fields, now_us, out)
        if self.params.edition == "2011":
            answer: dict[str, Any] = {"info_id": fields["info_id"]}
        else:
            answer = {"source_data_type": "0x9302", "source_msg_sn": frame.header.serial}
        self.send(0x1302, answer, now_us, out)

    def _static(
        self, channel: str, frame: Frame, fields: dict[str, Any], now_us: int, out: Outcome
    ) -> None:
        """0x9601: answered at once where the register knows the vehicle."""
        self.received(frame, fields, now_us, out)
        plate, colour = fields.get("plate"), fields.get("plate_color")
        vehicle = self.directory.known(plate, colour)
        entry = self.directory.entry(vehicle) if vehicle else None
        if entry is not None:
            answer = {"plate": plate, "plate_color": colour, "car_info": static_text(entry)}
            self.send(0x1601, answer, now_us, out)

    def order(
        self, order: str, kind: int, fields: Mapping[str, Any], now_us: int
    ) -> Outcome | None:
        """As in :meth:`.pair.Pair.order`; answers to duty checks and supervision name what they
        answer by themselves."""
        if kind == 0x1301:
            fields = self._duty_fields(fields)
        return super().order(order, kind, fields, now_us)

    def _duty_fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        check = next(
            (c for c in reversed(self.duty.open()) if c.info_id == fields.get("info_id")), None
        )
        base = {"responder": "", "responder_tel": "", "object_type": 1, "object_id": ""}
        if check is not None:
            base |= {k: check.fields[k] for k in ("object_type", "object_id")}
            base |= {"source_data_type": "0x9301", "source_msg_sn": check.serial}
        return {**base, **fields}

    def _ordered(
        self, kind: int, fields: Mapping[str, Any], serial: int, now_us: int, out: Outcome
    ) -> None:
        if kind == 0x1301:
            self.duty.answered(fields, now_us)
