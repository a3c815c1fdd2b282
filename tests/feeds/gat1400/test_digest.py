"""Digest on both sides: the RFC's own example, wrong answers, replays, any header."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.feeds.gat1400.digest import Client, Nonces, Verdict, challenge, check, parse, response

PATH = "/VIID/System/Register"


class Scene:
    """A server that knows one device, and its client."""

    def __init__(self, password: str = "secret-secret") -> None:
        numbers = itertools.count(1)
        self.nonces = Nonces(lambda: f"n{next(numbers)}", life_s=300)
        self.client = Client("D1", password, lambda: "c1")
        self.now_s = 0.0

    def check(self, header: str | None, path: str = PATH, method: str = "POST") -> Verdict:
        return check(
            header,
            method,
            path,
            realm="viid",
            nonces=self.nonces,
            password_of={"D1": "secret-secret"}.get,
            now_s=self.now_s,
        )

    def ask(self) -> None:
        assert self.client.challenged(challenge("viid", self.nonces.give(self.now_s)))

    def answer(self, method: str = "POST", path: str = PATH) -> str:
        header = self.client.authorization(method, path)
        assert header is not None
        return header


def test_the_example_of_the_rfc() -> None:
    """RFC 7616, 3.9.1, with MD5."""
    parts = {
        "username": "Mufasa",
        "realm": "http-auth@example.org",
        "uri": "/dir/index.html",
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "nc": "00000001",
        "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    }
    assert response(parts, "GET", "Circle of Life") == "8ca523f5e9506fed4657c9700eebdbec"


def test_a_right_answer_is_good_once() -> None:
    scene = Scene()
    assert scene.check(None).code == "none"
    scene.ask()
    first = scene.answer()
    assert scene.check(first) == Verdict("ok", "D1")
    assert scene.check(first).code == "replayed"
    assert scene.check(scene.answer()).code == "ok", "the count goes on"


def test_a_nonce_ends() -> None:
    scene = Scene()
    scene.ask()
    scene.now_s = 301
    assert scene.check(scene.answer()).code == "stale"


def test_a_wrong_password_does_not_use_up_the_nonce() -> None:
    scene, thief = Scene(), Scene("guess-guess")
    thief.nonces = scene.nonces
    scene.ask()
    thief.client._challenge = scene.client._challenge
    assert thief.check(thief.answer()).code == "wrong"
    assert scene.check(scene.answer()).code == "ok"


def test_an_answer_is_for_one_method_and_one_address() -> None:
    scene = Scene()
    scene.ask()
    header = scene.answer()
    assert scene.check(header, method="PUT").code == "wrong"
    assert scene.check(header, path="/VIID/MotorVehicles").code == "malformed"
    assert scene.check(scene.answer(path=f"http://10.0.0.1:6811{PATH}")).code == "ok"


@pytest.mark.parametrize(
    "change",
    [
        ("qop=auth", "qop=auth-int"),
        ("nc=00000001", "nc=1"),
        ('realm="viid"', 'realm="else"'),
        ("qop=auth, ", ""),
        ("username", "user"),
        ("Digest", "Basic"),
    ],
)
def test_what_is_not_our_digest(change: tuple[str, str]) -> None:
    scene = Scene()
    scene.ask()
    assert scene.check(scene.answer().replace(*change)).code == "malformed"


def test_the_memory_of_nonces_is_bounded() -> None:
    scene = Scene()
    scene.nonces.most = 3
    scene.ask()
    for _ in range(3):
        scene.nonces.give(0)
    assert scene.check(scene.answer()).code == "stale"


@pytest.mark.parametrize(
    "header", [None, "Basic x", 'Digest nonce="x"', 'Digest realm="r", nonce="n"']
)
def test_a_challenge_the_client_cannot_answer(header: str | None) -> None:
    assert not Client("D1", "x", lambda: "c").challenged(header)


@settings(deadline=None)
@given(header=st.text() | st.text().map(lambda text: f"Digest {text}"))
def test_any_header_is_judged(header: str) -> None:
    parse(header)
    assert Scene().check(header).code in ("none", "malformed", "wrong", "stale")


@settings(deadline=None)
@given(
    parts=st.dictionaries(
        st.sampled_from(
            ["username", "realm", "nonce", "uri", "response", "nc", "cnonce", "qop", "algorithm"]
        ),
        st.text(alphabet=st.characters(blacklist_characters='"\\')),
    )
)
def test_any_parts_are_judged(parts: dict[str, Any]) -> None:
    header = "Digest " + ", ".join(f'{name}="{value}"' for name, value in parts.items())
    assert Scene().check(header).code != "ok"
