"""Chinese by default, English by choice, whatever the browser asks for."""

from __future__ import annotations

import pytest

from .conftest import World

ENGLISH_BROWSER = "en-GB,en;q=0.9"


def heading(client) -> str:
    return client.get("/login/", headers={"accept-language": ENGLISH_BROWSER}).content.decode()


@pytest.mark.django_db
def test_a_browser_in_english_still_gets_chinese(client):
    assert 'lang="zh' in heading(client)


@pytest.mark.django_db
def test_the_switch_gives_english_and_takes_it_back(client):
    client.post("/preferences/", {"language": "en"})
    assert 'lang="en' in heading(client)
    client.post("/preferences/", {"language": "zh-hans"})
    assert 'lang="zh' in heading(client)


@pytest.mark.django_db
def test_a_cookie_with_nonsense_is_ignored(client):
    client.cookies["django_language"] = "xx-<script>"
    assert 'lang="zh' in heading(client)


def test_an_account_keeps_its_language_on_another_machine(world: World):
    client = world.client("op-zd")
    client.post("/preferences/", {"language": "en"})
    other = world.client("op-zd")
    answer = other.get("/", headers={"accept-language": "zh-CN"})
    assert 'lang="en' in answer.content.decode()


def test_sources_of_rules_are_cited_in_the_readers_language(world: World):
    client = world.client("op-zd")
    assert "项目默认值" in client.get("/evidence/").content.decode()
    client.post("/preferences/", {"language": "en"})
    english = client.get("/evidence/").content.decode()
    assert "project default, no legal source" in english
    assert "项目默认值" not in english
