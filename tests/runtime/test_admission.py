"""Only terminals of the register are admitted; a changed register counts at once."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sizao.core.errors import ConfigError
from sizao.core.schemas import REGISTER
from sizao.feeds.jt808.auth import NO_SUCH_TERMINAL, REGISTERED, DerivedCodes
from sizao.feeds.jt808.encode import encode_body, encode_frame
from sizao.feeds.jt808.session import Session
from sizao.runtime import admission
from sizao.runtime.admission import RegisteredOnly

KNOWN, STRANGER = "10000000001", "10000000002"


def write(path: Path, *phones: str) -> None:
    rows = [{"vehicle": phone, "kind": "heavy_truck"} for phone in phones]
    pq.write_table(pa.Table.from_pylist(rows, schema=REGISTER), path)


@pytest.fixture
def register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(admission, "LOOK_S", 0.0)
    write(tmp_path / "register.parquet", KNOWN)
    return tmp_path / "register.parquet"


def test_a_stranger_gets_result_4_and_no_code(register: Path) -> None:
    codes = DerivedCodes(b"0123456789abcdef", RegisteredOnly(register))
    assert codes.register(KNOWN, {}) == (REGISTERED, codes.code(KNOWN))
    assert codes.register(STRANGER, {}) == (NO_SUCH_TERMINAL, "")


def test_control_without_it_anybody_is_admitted() -> None:
    codes = DerivedCodes(b"0123456789abcdef")
    assert codes.register(STRANGER, {}) == (REGISTERED, codes.code(STRANGER))


def test_the_session_tells_the_stranger(register: Path) -> None:
    session = Session("t", DerivedCodes(b"0123456789abcdef", RegisteredOnly(register)))
    fields = {
        "province_id": 51, "city_id": 402, "maker_id": "M", "terminal_model": "T",
        "terminal_id": "1", "plate_color": 2, "plate": "",
    }  # fmt: skip
    frame = encode_frame(0x0100, STRANGER, 1, encode_body(0x0100, fields, 2013))
    outcome = session.receive(frame, 1_000_000)
    [reply] = outcome.replies
    assert reply[13:16] == b"\x00\x01\x04"  # their serial, then "no such terminal"


def test_a_new_register_counts_at_once(register: Path) -> None:
    admit = RegisteredOnly(register)
    assert admit(STRANGER, {}) == NO_SUCH_TERMINAL
    write(register, KNOWN, STRANGER)
    os.utime(register, ns=(1, 1))
    assert admit(STRANGER, {}) == REGISTERED


def test_a_register_that_goes_bad_does_not_lock_everybody_out(register: Path) -> None:
    admit = RegisteredOnly(register)
    register.write_bytes(b"half a file")
    assert admit(KNOWN, {}) == REGISTERED
    register.unlink()
    assert admit(KNOWN, {}) == REGISTERED


def test_without_a_register_it_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"register\.parquet"):
        RegisteredOnly(tmp_path / "register.parquet")
