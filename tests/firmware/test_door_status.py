"""How the doors stand, as the cloud is told: why one is kept unlocked or locked down, until when and since when."""

import json

from firmware.controller.access.modes import COMMAND, EVACUATION, FIRST_IN, LOCKDOWN, OFFICE, SCHEDULE
from firmware.controller.cloud import session, wire
from firmware.controller.door_modes import door_modes
from tests.firmware.controller_bench import UTC
from tests.firmware.rules_bench import RulesBench
from tests.firmware.test_modes import EIGHT, rules


def told(bench):
    """What was said of the doors since last asked, in hellos and by itself: [kind, ...], and the last of it."""
    said = [message for message in bench.said() if message[0] in (wire.HELLO, wire.DOOR_STATUS)]
    return [message[0] for message in said], wire.read_json(said[-1])["standing"] if said else None


def order(bench, do, **more):
    """A command comes; what was said before is forgotten."""
    bench.said()
    expires = bench.loop.clock.utc(bench.now()) + 9
    fields = {"id": "%s %d" % (do, bench.loop.log.last), "do": do, "door": 0, "expires": expires}
    fields.update(more)
    bench.hear(bytes((wire.COMMAND,)) + json.dumps(fields).encode())
    bench.run(100)


def renew(bench):
    """A new session, nothing else. Returns what its hello says."""
    bench.said()
    bench.inbox.put(session.OPENED)
    bench.run()
    return [wire.read_json(message)["standing"] for message in bench.said() if message[0] == wire.HELLO][-1]


def test_a_board_whose_doors_cannot_be_held_says_nothing():
    bench = RulesBench({"version": 1, "profiles": {"7": [1, 2]}, "doors": {}})
    bench.connect()
    bench.said()
    bench.run(200000)
    assert told(bench) == ([], None)
    assert renew(bench) is None


def test_a_hold_is_told_at_once_with_its_end_and_its_beginning_and_so_is_that_it_is_over():
    bench = RulesBench(rules())
    bench.connect()
    bench.run(5000)
    bench.said()
    order(bench, "hold", door=2, until=UTC + 900)
    kinds, said = told(bench)
    assert kinds == [wire.DOOR_STATUS]
    assert said == [[COMMAND, UTC + 900, UTC + 5, 2]]
    assert bench.released(2)
    order(bench, "hold", door=2, until=None)
    assert told(bench) == ([wire.DOOR_STATUS], [])
    order(bench, "hold", door=1, until=0)
    assert told(bench)[1] == [[COMMAND, 0, UTC + 5, 1]]


def test_another_end_of_a_hold_is_news():
    bench = RulesBench(rules())
    bench.connect()
    order(bench, "hold", door=1, until=UTC + 900)
    order(bench, "hold", door=1, until=UTC + 1800)
    assert told(bench)[1] == [[COMMAND, UTC + 1800, UTC, 1]]


def test_a_hello_tells_what_a_lost_message_did_not():
    bench = RulesBench(rules())
    bench.connect()
    order(bench, "hold", door=1, until=0)
    assert renew(bench) == [[COMMAND, 0, UTC, 1]]
    order(bench, "hold", door=1, until=None)
    assert renew(bench) == []


def test_it_is_told_again_every_minute():
    bench = RulesBench(rules())
    bench.connect()
    order(bench, "hold", door=1, until=0)
    bench.said()
    again = 0
    for _ in range(18):
        bench.run(10000)
        again += len(told(bench)[0])
    assert again == 3


def test_a_schedule_first_person_and_office_mode_are_told_each_by_its_name():
    bench = RulesBench(rules(free=1, first_in=True, office=1))
    bench.give(5)
    bench.give(6, profile=8)
    bench.connect()
    bench.at(EIGHT)
    bench.tap(5)
    assert told(bench)[1][0][0] == FIRST_IN
    bench.said()
    bench.run(3000)
    bench.tap(6)
    bench.run(2000)
    bench.tap(6)
    bench.run(1000)
    assert told(bench)[1][0][0] == OFFICE  # no event tells this: it was unlocked before


def test_what_a_schedule_unlocks_is_told_for_each_door_together():
    fields = rules(free=1)
    fields["doors"]["2"] = {"free": 1}
    bench = RulesBench(fields)
    bench.connect()
    bench.at(EIGHT)
    [[why, until, since, *doors]] = told(bench)[1]
    assert (why, until, doors) == (SCHEDULE, 0, [1, 2]) and since


def test_a_lockdown_goes_before_a_hold_and_an_evacuation_before_both():
    bench = RulesBench(rules())
    bench.connect()
    order(bench, "hold", door=1, until=0)
    order(bench, "lockdown")
    assert told(bench)[1] == [[LOCKDOWN, 0, UTC, 1, 2]]
    assert not bench.released(1)
    order(bench, "evacuation")
    assert told(bench)[1] == [[EVACUATION, 0, UTC, 1, 2]]
    order(bench, "normal")
    assert told(bench)[1] == [[COMMAND, 0, UTC, 1]]
    assert bench.released(1) and not bench.released(2)


def test_after_a_start_a_lockdown_is_told_and_a_hold_that_it_ended_is_not():
    bench = RulesBench(rules())
    bench.connect()
    order(bench, "hold", door=1, until=0)
    order(bench, "lockdown")
    bench = bench.again(rules())
    assert renew(bench) == [[LOCKDOWN, 0, 0, 1, 2]]  # since when it does not know
    bench.connect()
    order(bench, "normal")
    assert told(bench)[1] == []
    assert not bench.released(1)


def test_while_a_card_is_read_nothing_is_told():
    bench = RulesBench(rules())
    bench.connect()
    door_modes(bench.loop).hold(bench.loop.doors[0], 0, bench.now())
    bench.said()
    bench.loop.quiet = lambda: False
    bench.loop.doors[0].watch(bench.loop.record, bench.now())
    bench.sync.handlers["door_status"].watch(bench.loop, bench.now())
    assert told(bench)[0] == []
    del bench.loop.quiet
    bench.run(60)
    assert told(bench)[0] == [wire.DOOR_STATUS]


def test_without_room_for_the_message_it_waits():
    bench = RulesBench(rules())
    bench.connect()
    door_modes(bench.loop).hold(bench.loop.doors[0], 0, bench.now())
    bench.said()
    while bench.outbox.put(b"full"):
        pass
    bench.run(1000)
    bench.said()
    bench.run(60)
    assert told(bench) == ([wire.DOOR_STATUS], [[COMMAND, 0, UTC, 1]])
