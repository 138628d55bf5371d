"""How a bank is used: shares by size and hour, and records for whoever bills."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from locker_world import made
from test_locker_pages import client

BEGIN = datetime(2025, 11, 1, tzinfo=UTC)  # 01:00 in Oslo


def parcel(locker: Any, size: str, begin: float, end: float | None, **about: str) -> Any:
    """One that lay in a compartment from so many hours after BEGIN until then."""
    from tools.cloud.models import Compartment, Delivery

    row, _ = made(locker, **about)
    number = Compartment.objects.filter(bank=locker.bank, size=size).values_list("number", flat=True)[0]
    ended = None if end is None else BEGIN + timedelta(hours=end)
    Delivery.objects.filter(pk=row.pk).update(
        state="picked up" if ended else "deposited", size=size, compartment=number, ended_at=ended,
        deposited_at=BEGIN + timedelta(hours=begin),
    )  # fmt: skip
    return row


def shares(locker: Any, days: float = 10) -> dict[str, Any]:
    from tools.cloud.lockers import usage

    return {one.size: one for one in usage.shares(locker.bank, BEGIN, BEGIN + timedelta(days=days))}


def test_a_compartment_that_was_full_all_the_time_is_one_of_its_size(locker: Any, board: Any) -> None:
    for n in range(4):
        parcel(locker, "L", n * 48 - 5, n * 48 + 43)
        parcel(locker, "S", n, n + 1)
    assert all(one.hours == () and one.most == 0 for one in shares(locker).values()), "four are too few"
    parcel(locker, "L", 187, None)
    found = shares(locker)
    assert set(found) == {"S", "M", "L"} and (found["L"].count, found["S"].count) == (2, 4)
    assert found["L"].hours == pytest.approx([0.5] * 24) and found["L"].most == 50
    assert (found["S"].hours, found["M"].hours) == ((), ())


def test_an_hour_of_the_day_is_that_of_the_bank_s_place(locker: Any, board: Any) -> None:
    parcel(locker, "M", 11, 12.5)  # 12:00 to 13:30 in Oslo
    for n in range(4):
        parcel(locker, "M", n + 1, n + 1)  # taken out at once
    hours = shares(locker, days=1)["M"].hours
    assert hours[12] == pytest.approx(0.5) and hours[13] == pytest.approx(0.25)
    assert sum(hours) == pytest.approx(0.75)


@given(begin=st.floats(0, 200), length=st.floats(0.01, 100))
def test_no_time_is_lost_or_counted_twice(begin: float, length: float) -> None:
    from zoneinfo import ZoneInfo

    from tools.cloud.lockers import usage

    since = BEGIN + timedelta(hours=begin)
    found = list(usage._hours(since, since + timedelta(hours=length), ZoneInfo("Europe/Oslo")))
    assert sum(part for _, part in found) == pytest.approx(length, abs=1e-4)
    assert all(0 <= hour < 24 and 0 < part <= 1 for hour, part in found)


def test_records_of_usage_are_for_a_spreadsheet_and_no_formula(locker: Any, board: Any) -> None:
    from tools.cloud.lockers import usage

    parcel(locker, "S", 1, 23.5, unit="=1+1")  # picked up after midnight in Oslo
    parcel(locker, "L", 2, None, unit="H0301")
    parcel(locker, "S", -9, -8, unit="H0909")  # before that time
    rows = list(usage.records(locker.bank, BEGIN, BEGIN + timedelta(hours=24)))
    assert [(row["unit"], row["hours"], row["size"]) for row in rows] == [("=1+1", 23, "S"), ("H0301", 22, "L")]
    text = list(csv.DictReader(io.StringIO(usage.as_csv(rows))))
    assert [one["unit"] for one in text] == ["'=1+1", "H0301"]
    assert [(one["deposited"], one["ended"]) for one in text] == [("2025-11-01", "2025-11-02"), ("2025-11-01", "")]


def test_pages_and_api_of_usage_are_for_who_may_see_deliveries(locker: Any, board: Any, time_now: Any) -> None:
    parcel(locker, "L", -1000, None, unit="H0301")
    few = client(locker, "guard").get(f"/lockers/{locker.bank.pk}/use").content
    assert b"Fewer than 5 parcels" in few and b"<rect" not in few
    for n in range(4):
        parcel(locker, "L", n * 24, n * 24 + 1, unit="H0302")
    owner, guard, pk = client(locker, "owner"), client(locker, "guard"), locker.bank.pk
    told = owner.get(f"/lockers/{pk}/usage.csv?days=90")
    assert told["Content-Type"].startswith("text/csv") and b"H0301" in told.content
    assert guard.get(f"/lockers/{pk}/usage.csv").status_code == 403
    page = guard.get(f"/lockers/{pk}/use")
    assert page.status_code == 200 and b"H0301" not in page.content and b"50 %" in page.content
    said = owner.get(f"/api/banks/{pk}/usage").json()
    assert {(one["unit"], one["size"]) for one in said} == {("H0301", "L"), ("H0302", "L")}
    assert all(len(one["deposited"]) == 10 for one in said), "a day, no moment"
    assert guard.get(f"/api/banks/{pk}/usage").status_code in (403, 404)
    assert owner.get(f"/api/banks/{pk}/usage?since=2020-01-01T00:00:00Z").status_code == 400
    for end in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"):
        assert owner.get(f"/api/banks/{pk}/usage?until={end}").status_code == 422
