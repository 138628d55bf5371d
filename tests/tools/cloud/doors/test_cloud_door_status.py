"""How doors stand: what a controller says, what the cloud keeps of it, and what it says to programs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cloud_world import House, Stopped, Wire

from firmware.controller import events as codes
from firmware.controller.access import modes
from firmware.controller.cloud import wire
from tools.cloud.doors import doors as door_states
from tools.cloud.doors import locks
from tools.cloud.models import Command, Door, DoorRules, Event, Holiday, Schedule, User
from tools.cloud.rules import hours
from tools.cloud.services import clock

WEEKDAYS = [[31, 480, 960]]  # Monday to Friday, 8 to 16
MONDAY_NINE = datetime(2025, 11, 24, 8, tzinfo=UTC)  # 9 in Oslo


@pytest.fixture
def line(time_now: Stopped) -> Wire:
    return Wire(time_now)


def say(board: Any, *groups: list[int]) -> None:
    board.say(wire.json_message(wire.DOOR_STATUS, {"standing": list(groups)}))


def lock(house: House, door: int = 0) -> locks.LockState:
    row = Door.objects.select_related("controller__site").get(pk=house.doors[door].pk)
    return locks.lock(row, clock.now())


def seconds(house: House, more: int = 0) -> int:
    return int(house.time.now) + more


def test_before_a_controller_has_said_nobody_knows(house: House, line: Wire) -> None:
    assert lock(house).state == "unknown"
    line.connect(house.settings).connect()  # a hello that does not speak of it
    assert lock(house).state == "unknown"


def test_a_hello_says_how_every_door_stands(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    board.hello(standing=None)
    assert [lock(house, door).state for door in (0, 1)] == ["locked", "locked"]
    board.hello(standing=[[modes.COMMAND, 0, seconds(house), 2]])
    assert [lock(house, door).state for door in (0, 1)] == ["locked", "unlocked"]
    board.hello(standing=[])
    assert lock(house, 1).state == "locked"


def test_what_is_told_later_counts_for_every_door(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    say(board, [modes.COMMAND, seconds(house, 900), seconds(house), 1], [modes.FIRE, 0, seconds(house, -5), 2])
    first, second = lock(house, 0), lock(house, 1)
    assert (first.state, first.why) == ("unlocked", "hold")
    assert first.until == clock.now() + timedelta(seconds=900) and first.since == clock.now()
    assert (second.state, second.why, second.until) == ("unlocked", "fire", None)
    say(board)
    assert lock(house, 0).state == lock(house, 1).state == "locked"


def test_a_hold_is_over_at_its_end_also_when_the_board_has_no_link_to_say_so(house: House, line: Wire) -> None:
    say(line.connect(house.settings).connect(), [modes.COMMAND, seconds(house, 900), seconds(house), 1])
    house.time.now += 899
    assert lock(house).state == "unlocked"
    house.time.now += 1
    assert lock(house).state == "locked"


def test_a_board_that_started_again_does_not_know_since_when_and_the_cloud_does(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    begun = seconds(house)
    say(board, [modes.LOCKDOWN, 0, begun, 1, 2])
    house.time.now += 3600
    board.hello(standing=[[modes.LOCKDOWN, 0, 0, 1, 2]])
    assert lock(house).state == "lockdown" and lock(house).since == datetime.fromtimestamp(begun, UTC)
    board.hello(standing=[[modes.EVACUATION, 0, 0, 1, 2]])  # another: that was not told
    assert lock(house).since is None


def test_who_asked_is_told(house: House, line: Wire) -> None:
    board = line.connect(house.settings).connect()
    kari, olav = (User.objects.create(email=f"{name}@example.test", name=name) for name in ("Kari", "Olav"))

    def asked(do: str, user: User, state: str, door: int | None = None, **arguments: Any) -> None:
        Command.objects.create(
            controller=house.controller, door=None if door is None else house.doors[door], do=do, arguments=arguments,
            requested_by=user, requested_at=clock.now(), expires_at=clock.now(), state=state, ended_at=clock.now(),
        )  # fmt: skip

    asked("hold", olav, "done", 0, until=seconds(house, 60))
    asked("hold", kari, "done", 0, until=seconds(house, 900))
    asked("hold", olav, "refused", 0, until=seconds(house, 900))
    asked("hold", olav, "done", 1, until=0)
    asked("lockdown", kari, "done")
    asked("lockdown", olav, "refused")
    asked("evacuation", olav, "done")
    say(board, [modes.COMMAND, seconds(house, 900), seconds(house), 1], [modes.COMMAND, 0, 0, 2])
    assert [lock(house, door).user for door in (0, 1)] == [kari, olav]
    assert lock(house, 1).since == clock.now()  # as the command was carried out
    say(board, [modes.COMMAND, seconds(house, 1800), seconds(house), 1])
    assert lock(house).user is None  # of another hold, that came from elsewhere
    say(board, [modes.LOCKDOWN, 0, seconds(house), 1, 2])
    assert lock(house).user == kari


def test_a_schedule_tells_its_name_and_its_end(house: House, line: Wire) -> None:
    house.time.now = MONDAY_NINE.timestamp()
    office = Schedule.objects.create(tenant=house.tenant, name="Office hours", number=1, times=WEEKDAYS)
    DoorRules.objects.create(door=house.doors[0], free=office)
    say(line.connect(house.settings).connect(), [modes.SCHEDULE, 0, seconds(house, -3600), 1])
    found = lock(house)
    assert (found.state, found.why, found.schedule) == ("unlocked", "schedule", "Office hours")
    assert found.until == datetime(2025, 11, 24, 15, tzinfo=UTC) and found.person == ""


def test_the_first_person_and_who_switched_office_mode_on_are_named(house: House, line: Wire) -> None:
    house.time.now = MONDAY_NINE.timestamp()
    early, late = (
        Schedule.objects.create(tenant=house.tenant, name=name, number=number, times=[[31, 480, end]])
        for name, number, end in (("Early", 1, 720), ("Late", 2, 1200))
    )
    DoorRules.objects.create(door=house.doors[0], free=early, first_in=True, office=late)
    for sequence, (why, card) in enumerate([(modes.FIRST_IN, house.card), (modes.OFFICE, None)], 1):
        Event.objects.create(
            controller=house.controller, epoch=5, sequence=sequence, utc=clock.now(), code=codes.FREE_BEGAN,
            door_number=1, extra=why, flags=1, credential=card, received_at=clock.now(),
        )  # fmt: skip
    board = line.connect(house.settings).connect()
    say(board, [modes.FIRST_IN, 0, seconds(house), 1])
    assert (lock(house).person, lock(house).schedule) == ("Ingrid Solheim", "Early")
    say(board, [modes.OFFICE, 0, seconds(house), 1])
    assert (lock(house).person, lock(house).schedule) == ("", "Late")
    assert lock(house).until == datetime(2025, 11, 24, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("times", "now", "end"),
    [
        (WEEKDAYS, datetime(2025, 11, 24, 14, 59, tzinfo=UTC), datetime(2025, 11, 24, 15, tzinfo=UTC)),
        ([[31, 480, 720], [31, 720, 960]], MONDAY_NINE, datetime(2025, 11, 24, 15, tzinfo=UTC)),  # no pause between
        ([[127, 0, 1440]], MONDAY_NINE, None),  # no holiday within a week
        ([[31, 0, 1440]], MONDAY_NINE, datetime(2025, 11, 28, 23, tzinfo=UTC)),  # Saturday begins in Oslo
        # Summer time begins on Sunday the 30th at 2: the day has 23 hours.
        ([[64, 0, 240]], datetime(2025, 3, 30, 0, 30, tzinfo=UTC), datetime(2025, 3, 30, 2, tzinfo=UTC)),
    ],
)
def test_when_a_schedule_ends(house: House, times: list[list[int]], now: datetime, end: datetime | None) -> None:
    row = Schedule(tenant=house.tenant, name="x", number=9, times=times)
    assert hours.ends(row, "Europe/Oslo", now, []) == end


def test_a_schedule_goes_on_with_the_next_and_ends_on_a_holiday(house: House) -> None:
    evening = Schedule.objects.create(tenant=house.tenant, name="Evening", number=1, times=[[31, 960, 1200]])
    day = Schedule(tenant=house.tenant, name="Day", number=2, times=WEEKDAYS, next=evening)
    assert hours.ends(day, "Europe/Oslo", MONDAY_NINE, []) == datetime(2025, 11, 24, 19, tzinfo=UTC)
    Holiday.objects.create(tenant=house.tenant, name="x", first="2025-11-25", last="2025-11-25")
    always = Schedule(tenant=house.tenant, name="Always", number=3, times=[[31, 0, 1440]])
    midnight = datetime(2025, 11, 24, 23, tzinfo=UTC)
    assert hours.ends(always, "Europe/Oslo", MONDAY_NINE, hours.holidays(house.tenant.pk)) == midnight


@pytest.mark.parametrize(
    "said",
    [
        None, 1, {}, [1], [[]], [[4, 0, 0]], [[0, 0, 0, 1]], [[8, 0, 0, 1]], [[4, -1, 0, 1]], [[4, 0, 1 << 32, 1]],
        [[4, 0, 0, "1"]], [[4, 0, 0, True]], [[4, None, 0, 1]],
    ],
)  # fmt: skip
def test_what_says_nothing_that_is_known_changes_nothing(house: House, line: Wire, said: object) -> None:
    board = line.connect(house.settings).connect()
    say(board, [modes.COMMAND, 0, seconds(house), 1])
    board.say(wire.json_message(wire.DOOR_STATUS, {"standing": said}))
    line.poll(1)
    assert house.row().refused == {"malformed": 1} and lock(house).state == "unlocked"
    if said is not None:
        board.hello(standing=said)
        line.poll(1)
        assert house.row().refused == {"malformed": 2} and lock(house).state == "unlocked"


def test_doors_that_are_not_there_are_kept_and_shown_nowhere(house: House, line: Wire) -> None:
    say(line.connect(house.settings).connect(), [modes.COMMAND, 0, seconds(house), 77, 0, 256])
    assert list(house.row().door_status) == ["77"]
    assert lock(house, 0).state == lock(house, 1).state == "locked"


def test_many_doors_cost_no_more_queries_than_one_of_each(house: House, line: Wire) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    house.time.now = MONDAY_NINE.timestamp()
    office = Schedule.objects.create(tenant=house.tenant, name="Office hours", number=1, times=WEEKDAYS)
    board = line.connect(house.settings).connect()
    whys = [modes.SCHEDULE, modes.FIRST_IN, modes.OFFICE, modes.COMMAND, modes.EVACUATION, modes.FIRE, modes.LOCKDOWN]
    doors = house.doors + [house.controller.doors.create(number=n, name=f"Door {n}") for n in range(3, 29)]
    for door in doors:
        DoorRules.objects.create(door=door, free=office, office=office)

    def queries(count: int) -> int:
        say(board, *[[whys[n % 7], 0, seconds(house), n + 1] for n in range(count)])
        with CaptureQueriesContext(connection) as asked:
            found = door_states.states(doors[:count])
            assert [one.lock.why for one in found] == [locks.WHY[whys[n % 7]] for n in range(count)]
        return len(asked)

    assert queries(28) == queries(7) <= 10
