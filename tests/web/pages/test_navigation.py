"""Where one can go: by role, with the open page marked, and nothing lost on a phone."""

from __future__ import annotations

import pytest
from django.test import RequestFactory
from django.urls import resolve

from sizao.web.pages.navigation import GROUPS, ON_PHONE, PARTNER_ON_PHONE, Navigation
from sizao.web.units.models import User


def navigation(user: User, address: str) -> Navigation:
    request = RequestFactory().get(address)
    request.user = user
    request.resolver_match = resolve(address)
    return Navigation(request)


def seen(found: Navigation) -> set[str]:
    return {page.url for group in found.groups for page in group.pages}


@pytest.mark.parametrize("address", ["/cases/7/", "/cases/", "/quarantine/", "/risk/validation/"])
def test_the_page_that_is_open_is_marked_once(world, address: str) -> None:
    found = navigation(world.user("op-zd"), address)
    marked = [page.url for group in found.groups for page in group.pages if page.current]
    assert len(marked) == 1
    assert sum(group.current for group in found.groups) == 1


def test_the_start_page_marks_the_map_alone(world) -> None:
    found = navigation(world.user("op-zd"), "/")
    assert [group.icon for group in found.groups if group.current] == ["map"]
    assert found.tabs == ()


def test_a_page_nobody_may_open_leaves_no_tab(world) -> None:
    officer, auditor = (
        navigation(user, "/") for user in (world.user("off-dd1"), world.user("audit"))
    )
    assert "audit" not in seen(officer)
    assert "audit" in seen(auditor)
    assert all(group.pages for group in officer.groups)


def test_a_phone_reaches_what_the_rail_reaches(world) -> None:
    found = navigation(world.user("audit"), "/")
    reached = {page.url for page in found.phone}
    reached |= {page.url for group in found.more for page in group.pages}
    assert reached == seen(found)


def test_an_agency_has_its_own_pages_at_hand_on_a_phone(world) -> None:
    found = navigation(world.user("pa-gs"), "/partner/")
    assert tuple(page.url for page in found.phone) == PARTNER_ON_PHONE


def test_every_destination_is_an_address_and_listed_once() -> None:
    pages = [page for group in GROUPS for page in group.pages]
    assert len({page.url for page in pages}) == len(pages)
    assert all(page.href.startswith("/") for page in pages)
    assert {page.url for page in pages} >= {*ON_PHONE, *PARTNER_ON_PHONE}


def test_an_english_reader_goes_to_several_junctions(world) -> None:
    """The word for one thing of a kind stood for the page of all of them."""
    client = world.client("op-zd")
    client.cookies["django_language"] = "en"
    page = client.get("/junctions/").content.decode()
    assert "<h1>Junctions</h1>" in page
    assert "junction</span>" not in page
    assert page.count("Junctions") >= 2
