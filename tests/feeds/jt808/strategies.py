"""Hypothesis strategies for the fields of every message, built from the layouts themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from sizao.feeds.jt808 import areas, codecs, control, layout, media
from sizao.feeds.jt808.alarms import FAMILIES
from sizao.feeds.jt808.items import ITEMS, decode_item
from sizao.feeds.jt808.messages import MESSAGES
from sizao.feeds.jt808.parameters import PARAMETERS
from sizao.feeds.jt808.vendors import DIALECTS

EDITIONS = ("2013", "2019")
LETTERS = "川D京A0123456789 abcXYZ-_前方拥堵请减速"
"""GBK has them all, and none begins or ends in a NUL."""


def texts(width: int) -> st.SearchStrategy[str]:
    """Texts of at most ``width`` GBK bytes."""
    return st.text(LETTERS, max_size=width // 2)


def hexes(width: int) -> st.SearchStrategy[str]:
    return st.binary(min_size=width, max_size=width).map(bytes.hex)


degrees = st.integers(0, 2**32 - 1).map(lambda n: n / 1e6)
_FIRST, _LAST = datetime(2000, 1, 1), datetime(2099, 12, 31)  # noqa: DTZ001 - local time of the wire
times = st.datetimes(_FIRST, _LAST).map(lambda t: t.strftime("%Y-%m-%dT%H:%M:%S+08:00"))


def _bcd(iso: str) -> str:
    return "".join(c for c in iso[2:19] if c.isdigit())


@st.composite
def bases(draw: Callable[..., Any]) -> dict[str, Any]:
    """The 28 bytes of a location, decoded."""
    status = draw(st.integers(0, 2**32 - 1))
    time = draw(times)
    lat, lon = draw(degrees), draw(degrees)
    return {
        "alarm": draw(st.integers(0, 2**32 - 1)),
        "status": status,
        "lat": (-lat if status & 4 else lat) or 0.0,
        "lon": (-lon if status & 8 else lon) or 0.0,
        "altitude_m": draw(st.integers(0, 65535)),
        "speed_kmh": draw(st.integers(0, 65535)) / 10,
        "heading_deg": draw(st.integers(0, 65535)),
        "time_bcd": _bcd(time),
        "time": time,
        "acc_on": bool(status & 1),
        "positioned": bool(status & 2),
    }


@st.composite
def items(draw: Callable[..., Any]) -> dict[str, Any]:
    """An additional item: of a known form, of a vendor, or an alarm of any dialect."""
    which = draw(st.sampled_from(("known", "raw", "alarm")))
    if which == "known":
        number = draw(st.sampled_from(sorted(ITEMS)))
        length = draw(st.sampled_from([form[0] for form in ITEMS[number]]))
        return decode_item(number, draw(st.binary(min_size=length, max_size=length)))
    if which == "raw":
        return decode_item(draw(st.integers(0xE0, 0xFF)), draw(st.binary(max_size=20)))
    number, dialect = draw(st.sampled_from(sorted(FAMILIES))), draw(st.sampled_from(DIALECTS))
    fields = draw(fields_of(dialect.items[number], "2013"))
    length = len(dialect.items[number].encode(fields, "2013"))
    return {"id": f"0x{number:02X}", "length": length, FAMILIES[number]: fields}


@st.composite
def locations(draw: Callable[..., Any]) -> dict[str, Any]:
    """A location with items."""
    return {**draw(bases()), "extras": draw(st.lists(items(), max_size=3))}


def _plausible(fields: dict[str, Any]) -> dict[str, Any]:
    away = abs(fields["lat"]) > 90 or abs(fields["lon"]) > 180
    return {**fields, "plausible": False} if away else fields


@st.composite
def params(draw: Callable[..., Any]) -> dict[str, Any]:
    """One parameter."""
    number = draw(st.one_of(st.sampled_from(sorted(PARAMETERS)), st.integers(0xF000, 0xFFFF)))
    known = PARAMETERS.get(number)
    entry: dict[str, Any] = {"id": f"0x{number:04X}"}
    if known is None:
        raw = draw(st.binary(max_size=9))
        return {**entry, "length": len(raw), "raw": raw.hex()}
    if known.width:
        value = draw(st.integers(0, 256**known.width - 1))
        return {**entry, "length": known.width, "value": value}
    text = draw(texts(30))
    return {**entry, "length": len(text.encode("gbk")), "value": text}


def value_of(codec: Any, version: str, fields: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of one codec, given the fields before it."""
    if isinstance(codec, layout.Layout):
        return fields_of(codec, version)
    if isinstance(codec, codecs.Number):
        top = 256**codec.size
        low, high = (-top // 2, top // 2 - 1) if codec.signed else (0, top - 1)
        return st.integers(low, high)
    if isinstance(codec, codecs.Word):
        return st.integers(0, 256**codec.size - 1).map(lambda n: f"0x{n:0{codec.digits}X}")
    if isinstance(codec, codecs.Text):
        return texts(codec.width)
    if isinstance(codec, (codecs.SizedText, codecs.RestText)):
        return texts(40)
    if isinstance(codec, codecs.Raw):
        return hexes(codec.width)
    if isinstance(codec, (codecs.RestRaw, codecs.SizedRaw)):
        return st.binary(max_size=40).map(bytes.hex)
    if isinstance(codec, codecs.Time):
        return times
    if isinstance(codec, codecs.Place):
        south = codec.negative is not None and fields["attribute"] >> codec.negative & 1
        return degrees.map(lambda d: (-d or 0.0) if south else d)
    if isinstance(codec, layout.Each):
        return st.lists(value_of(codec.item, version, {}), max_size=4)
    if isinstance(codec, areas.Corners):
        lat = value_of(codecs.Place(6), version, fields)
        lon = value_of(codecs.Place(7), version, fields)
        return st.lists(st.fixed_dictionaries({"lat": lat, "lon": lon}), max_size=4)
    if isinstance(codec, areas.Shapes):
        return st.lists(fields_of(areas.SHAPES[fields["shape"]], version), max_size=3)
    if isinstance(codec, control.Controls):
        doors = st.fixed_dictionaries({"id": st.just("0x0001"), "value": st.integers(0, 255)})
        return st.lists(doors, min_size=fields["count"], max_size=fields["count"])
    if isinstance(codec, media.BaseLocation):
        return bases()
    raise TypeError(f"no strategy for {codec!r}")


@st.composite
def fields_of(draw: Callable[..., Any], plan: Any, version: str) -> dict[str, Any]:
    """Fields of a layout, as decoding would give them."""
    found: dict[str, Any] = {}
    if isinstance(plan, layout.Widths):
        name = draw(st.sampled_from(sorted(plan.layouts)))
        inner: dict[str, Any] = draw(fields_of(plan.layouts[name], version))
        return inner if plan.choose else {"layout": name, **inner}
    for field in plan.fields:
        if field.when is not None and not field.when(found, version):
            continue
        codec = field.codec
        if isinstance(codec, (codecs.CountOf, codecs.LengthOf)):
            found[field.key] = 0  # set below, once what it counts is there
        elif field.key == "shape" and any(isinstance(f.codec, areas.Shapes) for f in plan.fields):
            found["shape"] = draw(st.sampled_from(sorted(areas.SHAPES)))
        elif field.key == "count" and any(f.key == "controls" for f in plan.fields):
            found["count"] = draw(st.integers(0, 3))
        elif field.optional and draw(st.booleans()):
            found[field.key] = field.absent
        else:
            found[field.key] = draw(value_of(codec, version, found))
    for field in plan.fields:
        if field.key in found and isinstance(field.codec, codecs.CountOf):
            found[field.key] = len(found[field.codec.of])
        if field.key in found and isinstance(field.codec, codecs.LengthOf):
            found[field.key] = len(found[field.codec.of]) // 2
    return found


def _general() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "reply_serial": st.integers(0, 65535),
            "reply_message_id": st.integers(0, 65535).map(lambda n: f"0x{n:04X}"),
            "result": st.integers(0, 255),
        }
    )


def _resend() -> st.SearchStrategy[dict[str, Any]]:
    some = st.tuples(st.integers(0, 65535), st.lists(st.integers(0, 65535), max_size=20))
    return some.map(lambda t: {"original_serial": t[0], "count": len(t[1]), "indexes": t[1]})


@st.composite
def _registration(draw: Callable[..., Any], version: str) -> dict[str, Any]:
    maker, model, terminal = (11, 30, 30) if version == "2019" else (5, 20, 7)
    return {
        "province_id": draw(st.integers(0, 65535)),
        "city_id": draw(st.integers(0, 65535)),
        "maker_id": draw(texts(maker)),
        "terminal_model": draw(texts(model)),
        "terminal_id": draw(texts(terminal)),
        "plate_color": draw(st.integers(0, 9)),
        "plate": draw(texts(17)),
        "version": version,
    }


@st.composite
def _driver(draw: Callable[..., Any], version: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"status": draw(st.sampled_from((1, 2))), "time": draw(times)}
    if draw(st.booleans()):
        fields["ic_read_result"] = draw(st.integers(0, 4))
        if fields["ic_read_result"] == 0:
            fields |= {
                "driver_name": draw(texts(40)),
                "license_no": draw(texts(20)),
                "license_authority": draw(texts(40)),
                "license_expiry": draw(hexes(4)),
            }
            if version == "2019":
                fields["id_card_no"] = draw(texts(20))
    return fields


@st.composite
def _media(draw: Callable[..., Any], version: str) -> dict[str, Any]:
    data = draw(st.binary(max_size=media.PREFIX))
    return {
        **draw(fields_of(media.EVENT, version)),
        "location": draw(bases()),
        "data_length": len(data),
        "data_prefix_hex": data.hex(),
    }


def _codes(version: str) -> st.SearchStrategy[dict[str, Any]]:
    if version != "2019":
        return st.fixed_dictionaries({"auth_code": texts(40)})
    return st.fixed_dictionaries(
        {"auth_code": texts(40), "imei": texts(15), "software_version": texts(20)}
    )


def _counted(reply: bool) -> st.SearchStrategy[dict[str, Any]]:
    front = {"reply_serial": st.integers(0, 65535)} if reply else {}
    return st.fixed_dictionaries({**front, "params": st.lists(params(), max_size=4)}).map(
        lambda fields: {**fields, "count": len(fields["params"])}
    )


def _answered(result: int, code: str | None) -> dict[str, Any]:
    return {"reply_serial": 7, "result": result, "auth_code": code}


def bodies(message_id: int, version: str) -> st.SearchStrategy[dict[str, Any]]:
    """Fields of a message, as decoding would give them."""
    message = MESSAGES[message_id]
    plan = getattr(message.encode, "__self__", None)
    if plan is not None:
        return fields_of(plan, version)
    answer = st.fixed_dictionaries({"reply_serial": st.integers(0, 65535), "location": locations()})
    return {
        0x0001: _general(),
        0x8001: _general(),
        0x0005: _resend(),
        0x8003: _resend(),
        0x0100: _registration(version),
        0x0102: _codes(version),
        0x0104: _counted(True),
        0x8103: _counted(False),
        0x0200: locations().map(_plausible),
        0x0201: answer,
        0x0500: answer,
        0x0702: _driver(version),
        0x0704: st.fixed_dictionaries(
            {"type": st.integers(0, 255), "items": st.lists(locations(), max_size=3)}
        ).map(lambda fields: {**fields, "count": len(fields["items"])}),
        0x0801: _media(version),
        0x8100: st.one_of(
            st.integers(1, 255).map(lambda result: _answered(result, None)),
            texts(32).map(lambda code: _answered(0, code)),
        ),
        0x8203: st.fixed_dictionaries(
            {"alarm_serial": st.integers(0, 65535), "alarm_type": st.integers(0, 2**32 - 1)}
        ),
        0x8300: st.fixed_dictionaries(
            {
                "flag": st.integers(0, 255),
                **({"text_type": st.integers(0, 255)} if version == "2019" else {}),
                "text": texts(200),
            }
        ),
    }.get(message_id, st.just({}))
