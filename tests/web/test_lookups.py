"""Looking up where vehicles were: only with purpose and case, by role, and written down."""

from __future__ import annotations

import html
import json
import re
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core import signing
from django.urls import reverse
from django.utils import timezone

from sizao.core.errors import AreaError, ConfigError, LogError
from sizao.log.archive.store import ArchiveStore
from sizao.runtime.archive.held import young
from sizao.runtime.archive.questions import SETTINGS, ArchiveQuestions
from sizao.runtime.archive.tracks import Tracks
from sizao.runtime.embedded.log import SqliteLog
from sizao.web.audit.models import AuditEntry
from sizao.web.audit.services import verify_chain
from sizao.web.fleet import grants
from sizao.web.fleet.grants import Grant, Ground, NoGround, ground_of
from sizao.web.fleet.presence import NotYours, who_was_there
from sizao.web.pages import trackfiles
from sizao.web.pages.views import presence as presence_page

from .conftest import COACH, EAST, HAZMAT, TRUCK, WEST, World

GOOD = {"purpose": "crash"}


def square(lat: float, lon: float, half: float = 0.002) -> list[tuple[float, float]]:
    return [
        (lon + dx, lat + dy)
        for dx, dy in ((-half, -half), (half, -half), (half, half), (-half, half))
    ]


@pytest.fixture
def world(world: World) -> World:
    """The truck stood in the east for five hours, the hazmat vehicle passed in the west."""
    log = SqliteLog(world.data.feeds_log)
    world.ports.presence = ArchiveQuestions(
        world.data.archive, lambda found: list(young(log, found))
    )
    passing = world.now - timedelta(seconds=600)
    rows = [
        {"vehicle": TRUCK, "time": world.now - timedelta(minutes=5 * n), "received": world.now,
         "lat": EAST[0], "lon": EAST[1], "speed_kmh": 70.0 if n == 3 else 40.0, "positioned": True}
        for n in range(60)
    ]  # fmt: skip
    rows += [
        {"vehicle": HAZMAT, "time": passing + timedelta(seconds=30 * n), "received": world.now,
         "lat": WEST[0], "lon": WEST[1] + 0.004 * n, "speed_kmh": 60.0, "positioned": True}
        for n in range(-2, 3)
    ]  # fmt: skip
    world.positions(*rows)
    return world


def actions() -> list[tuple[str, str, dict[str, Any]]]:
    return [(e.action, e.actor, e.data) for e in AuditEntry.objects.order_by("seq")]


def local(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%dT%H:%M}"


def playback(world: World, who: str, vehicle: str = TRUCK, **given: str) -> Any:
    given = {"from": local(world.now - timedelta(hours=5)), "to": local(world.now), **given}
    return world.client(who).get(reverse("playback", args=[vehicle]), given)


def test_a_day_is_played_with_purpose_and_case_and_it_is_written_down(world: World):
    case = world.raise_case()
    answer = playback(world, "op-dd", **GOOD, case=case.number)
    assert answer.status_code == 200
    player = answer.context["player"]
    assert [mark["label"] for mark in player["marks"]] == ["超速"]
    (track,) = player["tracks"]
    assert "track.read" not in [action for action, _, _ in actions()], (
        "read before it was asked for"
    )
    found = world.client("op-dd").get(track["url"]).json()
    assert len(found["t"]) == 59, "the end is not in the span"
    assert found["t"] == sorted(found["t"])
    assert set(map(len, found.values())) == {59}
    entry = next(data for action, _, data in actions() if action == "track.read")
    assert (entry["purpose"], entry["case"]) == ("crash", case.number)
    assert verify_chain().intact


def test_the_form_offers_a_day_whose_last_minute_is_whole(world: World):
    world.clock.advance(37 - world.now.second)  # in the middle of a minute
    answer = world.client("op-dd").get(reverse("playback", args=[TRUCK]))
    offered = timezone.make_aware(datetime.fromisoformat(answer.context["given"]["to"]))
    assert timedelta(0) < offered - world.now <= timedelta(minutes=1)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"purpose": "crash"},
        {"purpose": "curious", "case": "*"},
        {"purpose": "crash", "case": "99"},
    ],
)
def test_without_a_ground_nothing_is_given(world: World, given: dict[str, str]):
    case = world.raise_case()
    given = {name: case.number if value == "*" else value for name, value in given.items()}
    answer = playback(world, "op-zd", **given)
    assert answer.status_code == 422
    assert "player" not in answer.context
    assert not [action for action, _, _ in actions() if action == "track.read"]


def test_a_track_goes_out_as_a_file_and_that_is_written_down(world: World):
    case = world.raise_case()
    (track,) = playback(world, "op-dd", **GOOD, case=case.number).context["player"]["tracks"]
    table = world.client("op-dd").get(track["url"], {"format": "csv"})
    header, *rows = table.content.decode("utf-8-sig").splitlines()
    assert len(rows) == 59
    assert header.startswith("号牌,终端,时间")
    first = timezone.localtime(world.now - timedelta(minutes=5 * 59))
    assert rows[0].split(",")[2] in {
        f"{first + timedelta(minutes=5 * n):%Y-%m-%d %H:%M:%S}" for n in (0, 1)
    }
    drawn = world.client("op-dd").get(track["url"], {"format": "gpx"})
    root = ElementTree.fromstring(drawn.content)
    space = {"g": "http://www.topografix.com/GPX/1/1"}
    # A position each five minutes: every silence is longer than three, no line joins two.
    assert len(root.findall(".//g:trkseg", space)) == len(root.findall(".//g:trkpt", space)) == 59
    assert case.number in root.find("g:metadata/g:desc", space).text
    exports = [data for action, _, data in actions() if action == "export"]
    assert [one["rows"] for one in exports] == [59, 59]
    assert world.client("op-zd").get(track["url"], {"format": "csv"}).status_code == 403


def test_no_row_of_a_track_is_left_out_of_its_file(world: World, monkeypatch):
    """Two days, a position each three seconds: more than a list may have."""
    many = 57_600
    found = {name: [0.0] * many for name in ("lat", "lon", "speed", "limit", "heading")}
    start = world.now.timestamp()
    found["t"] = [start + 3 * number for number in range(many)]
    monkeypatch.setattr(trackfiles, "columns", lambda track: found)
    case = world.raise_case().number
    (track,) = playback(world, "op-dd", **GOOD, case=case).context["player"]["tracks"]
    answer = world.client("op-dd").get(track["url"], {"format": "csv"})
    assert len(answer.content.decode("utf-8-sig").splitlines()) == 1 + many


def test_evidence_is_looked_at_and_not_taken_out(world: World):
    """Nobody gave a purpose for the track beside a detection, so it leaves in no file."""
    world.raise_case()
    page = world.client("off-dd1").get(reverse("detection", args=[world.detection()["id"]]))
    url = page.context["player"]["tracks"][0]["url"]
    assert world.client("off-dd1").get(url, {"format": "gpx"}).status_code == 403
    assert world.client("off-dd1").get(url).status_code == 200


def test_a_terminal_that_nobody_knows_is_called_that(world: World):
    mistyped = world.client("op-zd").get(reverse("playback", args=["10099999999"]))
    assert not mistyped.context["known"]
    assert "登记中没有终端 10099999999" in mistyped.content.decode()
    known = world.client("op-zd").get(reverse("playback", args=[TRUCK]))
    assert known.context["known"]


def test_a_case_that_one_may_not_see_is_no_ground(world: World):
    case = world.raise_case()
    with pytest.raises(NoGround):
        ground_of(world.user("lead-xd"), "crash", case.number)
    assert ground_of(world.user("off-dd1"), "crash", case.number).case == case.number


def test_a_grant_is_for_one_account_one_span_and_one_shift(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    user = world.user("op-zd")
    grant = Grant(TRUCK, world.now - timedelta(hours=1), world.now, Ground("crash", "1"))
    url = grants.track_url(user, grant)
    assert world.client("op-zd").get(url).status_code == 200
    assert world.client("lead-zd").get(url).status_code == 403
    token = url.rstrip("/").rsplit("/", 1)[1]
    assert world.client("op-zd").get(reverse("track", args=[token[:-2] + "xx"])).status_code == 403
    later = signing.time.time() + grants.VALID.total_seconds() + 1
    monkeypatch.setattr(signing.time, "time", lambda: later)
    assert world.client("op-zd").get(url).status_code == 403


def test_the_api_gives_two_hours_freely_and_more_with_a_ground(world: World):
    case = world.raise_case()
    url, client = f"/api/v1/vehicles/{TRUCK}/track", world.client("op-zd")
    span = {"start": (world.now - timedelta(hours=5)).isoformat(), "end": world.now.isoformat()}
    assert client.get(url).status_code == 200
    assert client.get(url, span).status_code == 422
    assert client.get(url, {**span, **GOOD, "case": "none"}).status_code == 422
    found = client.get(url, {**span, **GOOD, "case": case.number}).json()
    assert found["count"] == 59
    last = actions()[-1]
    assert (last[0], last[2]["case"]) == ("track.read", case.number)


class Crowd:
    """The archive, where everybody who was there was there so many times."""

    def __init__(self, archive: Any, times: int) -> None:
        self._archive, self._times = archive, times

    def inside(self, *asked: Any) -> list[Any]:
        return self._times * list(self._archive.inside(*asked))


def ask(world: World, who: str, place: tuple[float, float], **given: Any) -> Any:
    form = {
        "ring": json.dumps(square(*place)),
        "from": local(world.now - timedelta(minutes=20)),
        "to": local(world.now),
        **given,
    }
    return world.client(who).post(reverse("presence"), form)


def test_who_was_there(world: World):
    case = world.raise_case()
    answer = ask(world, "op-zd", EAST, **GOOD, case=case.number)
    assert answer.status_code == 200, answer.context["error"]
    (row,) = answer.context["rows"]
    assert (row["vehicle"], row["how"], row["points"], row["fastest_kmh"]) == (
        TRUCK,
        "inside",
        4,
        70,
    )
    assert len(answer.context["player"]["tracks"]) == 1
    asked, told = [one for one in actions() if one[0].startswith("presence.")]
    assert (asked[0], told[0]) == ("presence.ask", "presence.answer")
    assert asked[2]["case"] == told[2]["case"] == case.number
    assert (asked[2]["purpose"], told[2]["vehicles"], told[2]["count"]) == ("crash", [TRUCK], 1)
    west = ask(world, "op-zd", WEST, **GOOD, case=case.number)
    assert [row["vehicle"] for row in west.context["rows"]] == [HAZMAT]


@pytest.mark.parametrize(("most", "cut"), [(1, True), (3, False)])
def test_an_answer_that_is_cut_says_so_on_the_page_and_in_the_file(
    world: World, monkeypatch: pytest.MonkeyPatch, most: int, cut: bool
):
    """Who counts the lines of a file must know that others were left out of it."""
    case = world.raise_case().number
    world.ports.presence = Crowd(world.ports.presence, 3)
    monkeypatch.setattr(presence_page, "EXPORTED", most)
    monkeypatch.setattr(presence_page, "SHOWN", 1)
    page = ask(world, "op-zd", EAST, **GOOD, case=case).content.decode()
    assert "下面列出最早到的 1 辆" in page
    assert ("导出也仅含前 1 辆" in page) is cut
    assert ("<b data-cut>" in page) is cut, "small and grey it is overlooked"
    assert "地图回放前" not in page, "the one that is listed is on the map"
    file = ask(world, "op-zd", EAST, **GOOD, case=case, format="csv").content.decode()
    lines = file.strip().splitlines()
    assert len(lines) == 1 + most + cut
    assert ("未完：仅含前 1 行" in lines[-1]) is cut
    assert actions()[-1][2]["rows"] == most


@pytest.mark.parametrize(
    ("who", "place", "given", "status"),
    [
        ("op-zd", EAST, {"purpose": ""}, 422),
        ("op-zd", EAST, {"case": ""}, 422),
        ("op-zd", EAST, {"case": "no such case"}, 422),
        ("op-zd", EAST, {"ring": "[]"}, 422),
        ("op-zd", EAST, {"ring": "x"}, 422),
        ("op-zd", EAST, {"from": "2026-11-23T00:00", "to": "2026-11-23T11:00"}, 422),
        ("op-dd", WEST, {}, 422),  # not the east's own
        ("off-dd1", EAST, {}, 403),
        ("audit", EAST, {}, 403),
        ("admin", EAST, {}, 403),
        ("op-dd", EAST, {}, 200),  # the control: only the reason above refuses
    ],
)
def test_it_is_refused(world: World, who: str, place: Any, given: dict, status: int):
    case = world.raise_case()
    answer = ask(world, who, place, **{**GOOD, "case": case.number, **given})
    assert answer.status_code == status
    told = [action for action, _, _ in actions() if action == "presence.answer"]
    assert bool(told) == (status == 200), "read though it was refused"


BOW = [[EAST[1], EAST[0]], [EAST[1] + 0.01, EAST[0] + 0.01],
       [EAST[1] + 0.01, EAST[0]], [EAST[1], EAST[0] + 0.01]]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"from": "2026-11-23T12:00", "to": "2026-11-23T11:00"}, "结束时间要晚于开始时间"),
        ({"from": "2026-11-23T00:00", "to": "2026-11-23T11:00"}, "一次最多查两小时"),
        ({"from": ""}, "请填写起止时间"),
        ({"ring": ""}, "还没有范围"),
        ({"ring": json.dumps([[101.0, 26.0]] * 101)}, "角点太多"),
        ({"ring": json.dumps(BOW)}, "互相交叉"),
        ({"ring": json.dumps(square(*EAST, half=0.2))}, "大于 400 平方公里"),
        ({"ring": "[[NaN, 1], [2, 3], [4, 5]]"}, "坐标有误"),
        ({"ring": "[[1, 95], [2, 3], [4, 5]]"}, "坐标有误"),
    ],
)
def test_a_refusal_says_what_to_change(world: World, given: dict[str, str], said: str):
    case = world.raise_case()
    answer = ask(world, "op-zd", EAST, **{**GOOD, "case": case.number, **given})
    assert answer.status_code == 422
    assert said in answer.context["error"]


def test_where_no_archive_is_kept_the_page_says_so(world: World):
    case = world.raise_case()
    world.ports.presence = None
    answer = ask(world, "op-zd", EAST, **GOOD, case=case.number)
    assert "没有轨迹存档" in answer.context["error"]


def test_an_end_that_is_too_near_is_said_to_be_unfinished(world: World):
    """Late positions come; nobody is to conclude from an answer that is not whole yet."""
    case = world.raise_case().number
    long_ago = local(world.now - timedelta(minutes=30))
    for end, said in ((local(world.now), True), (long_ago, False)):
        given = {"from": local(world.now - timedelta(hours=1)), "to": end}
        for answer in (
            ask(world, "op-dd", EAST, **GOOD, case=case, **given),
            playback(world, "op-dd", **GOOD, case=case, **given),
        ):
            assert answer.status_code == 200
            assert ("data-young" in answer.content.decode()) is said


def test_a_file_of_the_archive_that_is_gone_is_no_answer(world: World):
    """Neither a list that leaves somebody out nor a page of an error that nobody can read."""
    case = world.raise_case().number

    class Broken:
        def inside(self, *_: Any) -> list[Any]:
            raise LogError("positions/2026-11-23/a.parquet is missing")

    world.ports.presence = Broken()
    answer = ask(world, "op-dd", EAST, **GOOD, case=case)
    assert answer.status_code == 503
    assert "这次没有查成" in answer.content.decode()
    told = [action for action, _, _ in actions() if action.startswith("presence.")]
    assert told == ["presence.ask"]


@pytest.mark.parametrize("damage", ["gone", "spoiled"])
def test_a_track_that_cannot_be_read_says_so_and_is_not_empty(world: World, damage: str):
    """Player, files and interface: none of them may look like a vehicle that was not there."""
    case = world.raise_case().number
    player = playback(world, "op-dd", **GOOD, case=case)
    # A link marked so ends in "download failed", and the page with the reason is never shown.
    assert len(re.findall(r'<a [^>]*format=(?:csv|gpx)"[^>]*>', player.content.decode())) == 2
    assert not re.search(r'format=(?:csv|gpx)"[^>]*download', player.content.decode())
    (track,) = player.context["player"]["tracks"]
    log = SqliteLog(world.data.feeds_log)
    with ArchiveStore(world.data.archive) as store:
        store.take([segment.batch for segment in log.read("positions", 0)], 1, 0.0)
    for file in world.data.archive.rglob("*.parquet"):
        if damage == "gone":
            file.unlink()
        else:
            file.write_bytes(b"x" * 200)
    world.ports.tracks = Tracks(world.ports.tracks, world.ports.presence)
    client = world.client("op-dd")
    answer = client.get(track["url"])
    assert answer.status_code == 503
    assert "不等于没有来过" in answer.json()["error"]
    for kind in ("csv", "gpx"):
        answer = client.get(f"{track['url']}?format={kind}")
        assert answer.status_code == 503
        assert "轨迹没有读出来" in answer.content.decode()
    answer = client.get(f"/api/v1/vehicles/{TRUCK}/track", **world.bearer("op-dd"))
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "damaged"


@pytest.mark.parametrize(("language", "said"), [("", "内存"), ("en", "memory")])
def test_an_archive_without_an_answer_is_not_called_damaged(
    world: World, monkeypatch: pytest.MonkeyPatch, language: str, said: str
):
    """Page, player, file and interface say that the question was too much, and what to do."""
    case = world.raise_case().number
    (track,) = playback(world, "op-dd", **GOOD, case=case).context["player"]["tracks"]
    log = SqliteLog(world.data.feeds_log)
    with ArchiveStore(world.data.archive) as store:
        store.take([segment.batch for segment in log.read("positions", 0)], 1, 0.0)
    monkeypatch.setitem(SETTINGS, "memory_limit", "100KB")
    world.ports.tracks = Tracks(world.ports.tracks, world.ports.presence)
    client = world.client("op-dd")
    client.cookies["django_language"] = language or "zh-hans"
    answers = [client.get(track["url"]), client.get(f"{track['url']}?format=csv")]
    answers.append(ask(world, "op-dd", EAST, **GOOD, case=case) if not language else answers[0])
    for answer in answers:
        assert answer.status_code == 503
        told = answer.json()["error"] if answer is answers[0] else answer.content.decode()
        assert said in told
        assert "doctor" not in told
    answer = client.get(f"/api/v1/vehicles/{TRUCK}/track", **world.bearer("op-dd"))
    assert answer.status_code == 503
    error = answer.json()["error"]
    assert error["code"] == "unanswered"
    assert "内存" in error["message"]
    assert "memory" in error["message_en"]


def test_a_corner_too_many_is_not_dropped_in_silence(world: World):
    """Another polygon than the one drawn would be asked about."""
    ring = [(EAST[1] + n * 1e-5, EAST[0]) for n in range(101)]
    span = world.now - timedelta(minutes=10), world.now
    with pytest.raises(AreaError, match="3 to 100 corners"):
        who_was_there(world.user("op-zd"), ring, *span, Ground("crash", "1"))


def test_an_edge_may_not_run_through_a_neighbours_streets(world: World):
    """All corners and the middle are the asking unit's own; the edge is not."""
    kept = [(EAST[1], EAST[0]), (EAST[1] + 1e-4, EAST[0]), (EAST[1], EAST[0] + 1e-4)]
    long = [(WEST[1], WEST[0]), (2 * EAST[1] - WEST[1], 2 * EAST[0] - WEST[0]), (EAST[1], EAST[0])]
    span = world.now - timedelta(minutes=10), world.now
    user = world.user("op-dd")
    assert who_was_there(user, kept, *span, Ground("crash", "1")).count >= 0
    with pytest.raises(NotYours):
        who_was_there(user, long, *span, Ground("crash", "1"))


def test_a_long_answer_says_that_it_was_cut_and_a_file_has_the_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    class Crowd:
        def inside(self, ring: Any, start: datetime, end: datetime) -> list[dict[str, Any]]:
            return [
                {"vehicle": f"{n:011d}", "first": start, "last": end, "how": "inside",
                 "points": 1, "fastest_kmh": None}
                for n in range(100_000)
            ]  # fmt: skip

    case = world.raise_case()
    world.ports.presence = Crowd()
    page = ask(world, "op-zd", EAST, **GOOD, case=case.number)
    assert len(page.context["rows"]) == 200
    assert page.context["count"] == 100_000
    assert "下面列出最早到的 200 辆" in page.content.decode()
    file = ask(world, "op-zd", EAST, **GOOD, case=case.number, format="csv")
    assert file["Content-Type"].startswith("text/csv")
    lines = file.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 1 + 5_000 + 1
    assert "未完：仅含前 5,000 行" in lines[-1]
    told = [data for action, _, data in actions() if action == "presence.answer"]
    assert [len(data["vehicles"]) for data in told] == [200, 5_000]
    assert "export" in [action for action, _, _ in actions()]


def test_an_answer_leads_to_each_vehicles_day(world: World):
    case = world.raise_case()
    answer = ask(world, "op-zd", EAST, **GOOD, case=case.number)
    links = re.findall(r'href="(/vehicles/[^"]+playback/[^"]*)"', answer.content.decode())
    played = world.client("op-zd").get(html.unescape(links[0]))
    assert played.status_code == 200
    assert played.context["player"]["tracks"]


def test_the_service_itself_refuses(world: World):
    """Not only the page: whoever calls it."""
    span = world.now - timedelta(minutes=10), world.now
    ground = Ground("crash", "1")
    with pytest.raises(PermissionError):
        who_was_there(world.user("off-dd1"), square(*EAST), *span, ground)
    with pytest.raises(NotYours):
        who_was_there(world.user("lead-xd"), square(*EAST), *span, ground)
    with pytest.raises(ConfigError):
        who_was_there(world.user("op-zd"), square(*EAST), span[1], span[0], ground)
    world.ports.presence = None
    with pytest.raises(ConfigError, match="no track archive"):
        who_was_there(world.user("op-zd"), square(*EAST), *span, ground)


def test_a_detection_explains_itself(world: World):
    case = world.raise_case()
    row = world.detection()
    page = world.client("off-dd1").get(reverse("detection", args=[row["id"]]))
    assert page.status_code == 200
    said = page.content.decode()
    assert case.number in said
    assert [edge["margin"] for edge in page.context["edges"]] == ["14 km/h", "14 km/h", "10 秒"]
    assert page.context["rules"], "no rule text"
    assert page.context["quality"], "no word on the data's quality"
    player = page.context["player"]
    assert player["from"] == (row["start"] - timedelta(minutes=5)).timestamp()
    assert player["to"] == (row["end"] + timedelta(minutes=5)).timestamp()
    assert world.client("off-dd1").get(player["tracks"][0]["url"]).status_code == 200
    assert {action for action, _, _ in actions()} >= {"detection.read", "track.read"}
    assert world.client("lead-xd").get(reverse("detection", args=[row["id"]])).status_code == 404
    assert world.client("op-zd").get(reverse("detection", args=["nothing"])).status_code == 404


def test_the_list_filters_and_exports_what_one_may_see(world: World):
    west = {"lat": WEST[0], "lon": WEST[1], "area": "510403", "road": "G5"}
    world.append(world.detection())
    world.append(world.detection(vehicle=COACH, rule="fatigue", measured=260.0, limit=240.0,
                                 measured_unit="min", severity="over_limit", **west))  # fmt: skip
    world.round()

    def seen(who: str, **given: str) -> set[str]:
        page = world.client(who).get(reverse("detections"), given)
        return {row["vehicle"] for row in page.context["rows"]}

    assert seen("op-zd") == {TRUCK, COACH}
    assert seen("op-dd") == {TRUCK}
    assert seen("op-zd", kind="fatigue") == {COACH}
    assert seen("op-zd", road="g353") == {TRUCK}
    assert seen("op-zd", day=f"{timezone.localtime(world.now):%Y-%m-%d}") == {TRUCK, COACH}
    assert seen("op-zd", day="2026-11-01") == set()
    assert seen("op-zd", unit="xd") == {COACH}
    export = world.client("op-dd").get(reverse("detections"), {"format": "csv"})
    lines = export.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "川D·A0001" in lines[1]
    masked = world.client("audit").get(reverse("detections"), {"format": "csv"})
    assert "川D·A0001" not in masked.content.decode()
