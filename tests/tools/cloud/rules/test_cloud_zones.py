"""Zones as controllers follow them, compared with zoneinfo, which reads the same data in its own way."""

import os
import struct
import subprocess
import sys
import zoneinfo
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from cloud_world import House, Stopped

from firmware.controller.access.rules import Rules
from firmware.controller.access.zone import Zone
from tools.cloud.models import Controller
from tools.cloud.rules import renewal, rules, zones
from tools.cloud.services.refusal import Refusal
from tools.cloud.sites import sites

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
LATER = [NOW + timedelta(hours=12 * n) for n in range(2 * 366 * 5)]


@pytest.fixture(autouse=True)
def shipped() -> Iterator[None]:
    """The data of the package, which is pinned; a system's newer ones would be preferred."""
    before = zoneinfo.TZPATH
    _read(())
    yield
    _read(before)


def _read(folders: Sequence[str]) -> None:
    if tuple(folders) != zoneinfo.TZPATH:
        zoneinfo.reset_tzpath(to=folders)
        zoneinfo.ZoneInfo.clear_cache()
        for kept in (zones.names, zones.posix, zones._clock):
            kept.cache_clear()


def offset(theirs: zoneinfo.ZoneInfo, moment: datetime) -> int:
    found = moment.astimezone(theirs).utcoffset()
    assert found is not None
    return int(found.total_seconds())


def changes(theirs: zoneinfo.ZoneInfo) -> Iterator[datetime]:
    """Every change in the next five years, to the second."""
    for low, high in pairwise(LATER):
        before = offset(theirs, low)
        if offset(theirs, high) != before:
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
                low, high = (middle, high) if offset(theirs, middle) == before else (low, middle)
            yield high


def test_every_zone_is_right_for_five_years_without_a_network() -> None:
    files = {zones._compiled(name): name for name in sorted(zones.names())}  # many zones have names of former times too
    moments = 0
    for name in files.values():
        told = zones.clock(name, NOW)
        ours, theirs = Zone(told.rule, told.changes), zoneinfo.ZoneInfo(name)
        around = [change + timedelta(seconds=by) for change in changes(theirs) for by in (-1, 0)]
        for moment in [*LATER, *around]:
            assert ours.offset(int(moment.timestamp())) == offset(theirs, moment), (name, moment, told)
            moments += 1
    assert len(files) > 300 and moments > 1_000_000


# What the rule alone would say: an hour wrong, by the law of 2026.
WRONG = [
    ("America/Havana", datetime(2026, 12, 24, tzinfo=UTC)),
    ("America/Vancouver", datetime(2026, 1, 24, tzinfo=UTC)),
    ("America/Edmonton", datetime(2026, 1, 24, tzinfo=UTC)),
    ("Africa/Casablanca", datetime(2026, 8, 1, tzinfo=UTC)),
]


@pytest.mark.parametrize(("name", "moment"), WRONG)
def test_where_the_rule_alone_is_wrong_the_changes_are_listed(name: str, moment: datetime) -> None:
    told = zones.clock(name, NOW)
    assert Zone(told.rule).offset(int(moment.timestamp())) != offset(zoneinfo.ZoneInfo(name), moment)
    assert told.changes and told.ends is None


def test_a_zone_that_follows_its_rule_has_none() -> None:
    assert zones.clock("Europe/Oslo", NOW) == ("CET-1CEST,M3.5.0,M10.5.0/3", (), None)


def tzif(changes: list[tuple[int, int]], footer: str) -> bytes:
    """A compiled file with an empty block of version 1 (RFC 9636, section 3)."""
    kinds = sorted({offset for _, offset in changes})
    head = b"TZif2" + bytes(15) + struct.pack(">6I", 0, 0, 0, 0, 1, 1) + bytes(7)
    head += b"TZif2" + bytes(15) + struct.pack(">6I", 0, 0, 0, len(changes), len(kinds), 4)
    moments = struct.pack(f">{len(changes)}q", *(at for at, _ in changes))
    which = bytes(kinds.index(offset) for _, offset in changes)
    return (
        head
        + moments
        + which
        + b"".join(struct.pack(">iBB", one, 0, 0) for one in kinds)
        + b"ABC\0\n"
        + footer.encode()
        + b"\n"
    )


def seconds(*date: int) -> int:
    return int(datetime(*date, tzinfo=UTC).timestamp())  # type: ignore[arg-type,misc]


@pytest.fixture
def moonlit(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A zone whose clock is set every ten weeks for the next thirty years, as by no rule."""
    first = seconds(2025, 3, 1)
    listed = [(first + n * 70 * 86400, 3600 * (n % 2)) for n in range(155)]
    _pretend(monkeypatch, tzif(listed, "ABC0"))
    yield "Europe/Oslo"
    zones.posix.cache_clear()
    zones._clock.cache_clear()


def _pretend(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(zones, "_compiled", lambda name: data)
    zones.posix.cache_clear()
    zones._clock.cache_clear()


def test_a_zone_without_a_lasting_rule_is_listed_for_years_and_says_so(moonlit: str) -> None:
    told = zones.clock(moonlit, NOW)
    assert told.ends == datetime(2032, 1, 1, tzinfo=UTC)
    ours = Zone(told.rule, told.changes)
    assert [ours.offset(seconds(2025, 3, 2) + n * 70 * 86400) for n in range(5, 35)] == [3600, 0] * 15
    assert [str(doubt) for doubt in zones.doubts(moonlit, NOW)] == [
        "no rule that a controller could follow for ever gives the time in Europe/Oslo: it knows the changes until "
        "2032-01-01 and learns later ones from here; let it have a network before that"
    ]
    assert zones.clock(moonlit, NOW + timedelta(days=365)).ends == datetime(2033, 1, 1, tzinfo=UTC)


def test_more_changes_than_a_board_takes_are_cut_and_said(monkeypatch: pytest.MonkeyPatch, moonlit: str) -> None:
    listed = [(seconds(2026, 1, 1) + n * 7 * 86400, 3600 * (n % 2)) for n in range(400)]
    _pretend(monkeypatch, tzif(listed, "ABC0"))
    told = zones.clock(moonlit, NOW)
    Zone(told.rule, told.changes)
    assert len(told.changes) == 48 and told.ends == datetime.fromtimestamp(told.changes[-1][0] * 60, UTC)


def test_data_of_years_ago_are_no_reason_to_be_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    assert zones.doubts("Europe/Oslo", NOW) == []
    monkeypatch.setattr(zones, "version", lambda: "2024b")
    assert "the time zone data are those of 2024b, and laws change" in str(zones.doubts("Europe/Oslo", NOW)[0])


def test_the_api_tells_it_with_the_site(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.test import Client

    from tools.cloud.members import links
    from tools.cloud.models import Role

    token = links.make_token(house.tenant, "test", Role.ADMINISTRATOR)
    monkeypatch.setattr(zones, "version", lambda: "2023c")
    [site] = Client(headers={"Authorization": f"Bearer {token}"}).get("/api/sites").json()
    assert len(site["warnings"]) == 1 and "those of 2023c" in site["warnings"][0]


def test_a_zone_that_the_data_no_longer_have_is_said() -> None:
    assert "there is no time zone Europe/Atlantis" in str(zones.doubts("Europe/Atlantis", NOW)[0])


@pytest.mark.parametrize(
    ("system", "used"),
    [
        ("2025b", "package"),
        ("2026e", "package"),
        ("2026f", "package"),
        (None, "package"),
        ("2026g", "system"),
        ("2026za", "system"),
        ("2027a", "system"),
    ],
)
def test_the_newest_data_are_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: str | None, used: str
) -> None:
    if system:
        (tmp_path / "tzdata.zi").write_text(f"# version {system}\n# This zic input file is in the public domain.\n")
    monkeypatch.setattr(zones.tzdata, "IANA_VERSION", "2026f")
    _read([str(tmp_path)])
    zones.prefer_newest()
    folders = (str(tmp_path),) if used == "system" else ()
    assert folders == zoneinfo.TZPATH
    assert zones.version() == (system if used == "system" else "2026f")


def test_the_data_shipped_know_this_years_laws() -> None:
    assert zones.version() >= "2026f"


def test_the_cloud_end_begins_with_the_newest_data(tmp_path: Path) -> None:
    program = "import zoneinfo, tools.cloud.settings; print(zoneinfo.TZPATH)"
    told = {"PORTVAKT_DATA": str(tmp_path), "SECRET_KEY": "for tests", "PYTHONTZPATH": "/nowhere"}
    run = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | told, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "()", "a folder without data is older than the package"


# By itself to the boards


def board(house: House, zone: str) -> None:
    from test_cloud_rules import place, schedule

    place(house, 1, schedule(house))
    sites.change(house.site, house.site.name, zone)


def test_a_board_gets_the_changes_and_reads_them(house: House, time_now: Stopped) -> None:
    time_now.now = NOW.timestamp()
    board(house, "America/Havana")
    fields = rules.content(house.controller.pk)
    ours = Rules({"version": 1, **fields}, 2)
    assert fields["zone_changes"] == [[29549100, -240], [30426060, -300]]
    at = seconds(2026, 12, 24, 12, 30)  # 08:30 by the clock in Havana: within 08:00 to 16:00; the rule says 07:30
    assert ours.on(1, at) and not Rules({"version": 1, **fields, "zone_changes": []}, 2).on(1, at)


def test_a_law_reaches_the_boards_without_anybodys_doing(
    house: House, time_now: Stopped, monkeypatch: pytest.MonkeyPatch, moonlit: str
) -> None:
    board(house, moonlit)
    Controller.objects.update(held_rules_version=house.row().rules_version)
    before = house.row()
    assert before.in_sync or before.rules_version == before.held_rules_version
    _pretend(monkeypatch, tzif([(seconds(2026, 1, 1), 7200)], "NEW-2"))
    at = datetime.fromtimestamp(time_now.now, UTC)
    first = renewal.Round()
    for n in range(3):
        first.step(at + timedelta(seconds=n))
    assert house.row().rules_version != house.row().held_rules_version
    assert rules.version(rules.content(house.controller.pk)) == house.row().rules_version


def test_a_board_that_is_in_sync_gets_the_new_law(
    house: House, time_now: Stopped, monkeypatch: pytest.MonkeyPatch, moonlit: str
) -> None:
    from cloud_world import Wire

    board(house, moonlit)
    line = Wire(time_now)
    here = line.connect(house.settings).connect()
    for _ in range(3):
        line.poll(1)
    assert house.row().in_sync and here.rules["zone"] == "ABC0"
    _pretend(monkeypatch, tzif([(seconds(2025, 1, 1), 7200)], "NEW-2"))
    line.poll(1)
    assert house.row().in_sync and here.rules["zone"] == "ABC0", "not at once: once an hour"
    time_now.now += 3600
    here.ping()
    for _ in range(3):
        line.poll(1)
    assert house.row().in_sync and here.rules["zone"] == "NEW-2" and "zone_changes" not in here.rules


def test_a_round_begins_again_after_an_hour_and_looks_once(
    house: House, time_now: Stopped, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    monkeypatch.setattr(renewal.rules, "refresh", looked.append)
    at = datetime.fromtimestamp(time_now.now, UTC)
    turns = renewal.Round()
    for n in range(3599):
        turns.step(at + timedelta(seconds=n))
    assert looked == [house.controller.pk]
    turns.step(at + timedelta(hours=1))
    assert looked == [house.controller.pk] * 2
    turns.step(at + timedelta(hours=1, seconds=1))
    turns.step(at - timedelta(days=1))  # the clock was set back
    assert looked == [house.controller.pk] * 3


def test_rules_that_cannot_be_made_stop_nothing(
    house: House, time_now: Stopped, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(pk: int) -> None:
        raise Refusal("a controller takes %(most)d schedules, this needs %(n)d; use fewer", most=1, n=2)

    monkeypatch.setattr(renewal.rules, "refresh", refuse)
    renewal.Round().step(datetime.fromtimestamp(time_now.now, UTC))
    assert "a controller takes 1 schedules, this needs 2" in caplog.text


def test_the_worker_does_it(house: House, time_now: Stopped, monkeypatch: pytest.MonkeyPatch) -> None:
    from cloud_world import Wire

    looked: list[int] = []
    monkeypatch.setattr(renewal.rules, "refresh", looked.append)
    Wire(time_now).poll()
    assert looked == [house.controller.pk]


def test_the_longest_list_of_changes_fits_beside_the_longest_rules() -> None:
    longest = [[0x3FFFFFFF - 48 + n, -1559] for n in range(48)]
    assert len(f',"zone_changes":{longest}'.replace(" ", "")) <= 16_384 - rules.LONGEST + len(',"zone_changes":[]')
