"""POSIX TZ rules: those of every zone of the time zone database, and random ones, compared with zoneinfo."""

import importlib.resources
import io
import time
import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim.mcu  # noqa: F401  before any firmware file is imported
from firmware.controller.access.zone import Zone
from tests.model.model import zone


def file(name: str) -> bytes:
    """A zone's compiled file, of the package: the system's may be a year behind."""
    return importlib.resources.files("tzdata.zoneinfo").joinpath(*name.split("/")).read_bytes()


def footers() -> dict[str, str]:
    """{zone: its POSIX TZ rule}: the last line of a TZif file (RFC 9636, 3.3)."""
    names = importlib.resources.files("tzdata").joinpath("zones").read_text().split()
    found = {name: file(name).rsplit(b"\n", 2)[-2].decode() for name in sorted(names)}
    return {name: rule for name, rule in found.items() if rule}


RULES = footers()


def test_every_zone_is_here() -> None:
    assert len(RULES) > 400
    assert len(set(RULES.values())) > 50


@pytest.mark.parametrize("rule", sorted(set(RULES.values())))
def test_a_zone_of_the_database(rule: str) -> None:
    """Every change of 2040 to 2107 to the second, and days between. zoneinfo reads the database's own file."""
    ours = Zone(rule)
    name = next(name for name, theirs in RULES.items() if theirs == rule)
    theirs = zoneinfo.ZoneInfo.from_file(io.BytesIO(file(name)))
    listed = "Africa" in name or name in ("Asia/Gaza", "Asia/Hebron")  # their Ramadans are listed until 2087
    first = datetime(2090 if listed else 2040, 1, 1, tzinfo=UTC)
    changes = 0
    before = offset(theirs, first)
    day = first
    while day.year < 2106:
        day += timedelta(days=1)
        now = offset(theirs, day)
        assert ours.offset(int(day.timestamp())) == now, (name, day)
        if now != before:
            changes += 1
            low, high = day - timedelta(days=1), day
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
                low, high = (middle, high) if offset(theirs, middle) == before else (low, middle)
            assert ours.offset(int(low.timestamp())) == before, (name, low)
            assert ours.offset(int(high.timestamp())) == now, (name, high)
            before = now
    assert changes or "," not in rule


def offset(theirs: zoneinfo.ZoneInfo, utc: datetime) -> int:
    found = utc.astimezone(theirs).utcoffset()
    assert found is not None
    return int(found.total_seconds())


names = st.sampled_from(("ABC", "<+03>", "<-1130>", "LONGER"))
hours = st.integers(-12, 14)
clock = st.one_of(st.just(""), st.integers(-30, 30).map("/{}".format), st.just("/1:30:15"))


def dates(first: int, last: int) -> st.SearchStrategy[str]:
    """A rule's date in these months, as Mm.w.d or Jn."""
    month = st.tuples(st.integers(first, last), st.integers(1, 5), st.integers(0, 6))
    return st.one_of(month.map(lambda m: "M{}.{}.{}".format(*m)), st.integers(first * 30, last * 30).map("J{}".format))


@settings(max_examples=150, deadline=None)
@given(names, hours, names, dates(2, 5), clock, dates(7, 11), clock, st.booleans(), st.integers(2026, 2100), st.data())
def test_a_random_rule(one, west, other, spring, at, autumn, until, south, year, data) -> None:  # type: ignore[no-untyped-def]
    begins, ends = (autumn, spring) if south else (spring, autumn)
    rule = f"{one}{west}{other},{begins}{at},{ends}{until}"
    ours, theirs = Zone(rule), zone(rule)
    base = datetime(year, 1, 1, tzinfo=UTC)
    noon = [offset(theirs, base + timedelta(days=n)) for n in range(366)]
    for n in [n for n in range(365) if noon[n] != noon[n + 1]] + [data.draw(st.integers(0, 364))]:
        for minutes in range(0, 1440, 15):
            moment = base + timedelta(days=n, minutes=minutes)
            assert ours.offset(int(moment.timestamp())) == offset(theirs, moment), (rule, moment)


YEARLY = ("ABC0DEF,10,20", "ABC-3DEF,59/0,300/5", "ABC4DEF,300,59", "ABC0DEF,J60/1,J300", "ABC0DEF,J59,J300")


@pytest.mark.parametrize("rule", YEARLY)
def test_days_of_the_year(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The C library's opinion: zoneinfo of CPython 3.11 takes day n for the one before it, and J59 for 29 February."""
    ours = Zone(rule)
    with monkeypatch.context() as patch:
        patch.setenv("TZ", rule)
        time.tzset()
        for year in (2027, 2028):
            for hour in range(366 * 24):
                utc = int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) + hour * 3600
                assert ours.offset(utc) == time.localtime(utc).tm_gmtoff, (rule, year, hour)
    time.tzset()
