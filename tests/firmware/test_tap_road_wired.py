"""A tap's road on a board with an alarm relay. By itself: in the capped heap there is no room for more beside it."""

from tests.firmware.controller_bench import TABLE, Bench
from tests.firmware.test_tap_road import ALARM, day

WIRED = dict(TABLE, inputs=[], alarm={"pin": ALARM, "active": 1, "seconds": 60})


def test_every_event_of_commissioning_is_marked_and_rings_no_alarm_whatever_else_began():
    for order in (("commission", "learn"), ("learn", "commission")):
        events, rings = day(Bench(table=WIRED), order)
        assert rings == 0
        assert all(marked for _, _, marked in events)
    events, rings = day(Bench(table=WIRED), ("learn",))
    assert rings == 1 and not any(marked for _, _, marked in events)


def test_nothing_stands_in_for_a_method_of_loop_recorder_or_log():
    """What has to do with taps and events registers, and no order can be the wrong one."""
    bench = Bench(table=WIRED)
    before = road(bench)
    day(bench, ("commission", "learn"))
    assert road(bench) == before


def road(bench):
    loop = bench.loop
    return [
        (name, getattr(owner, name))
        for owner, names in (
            (loop, ("tap", "look", "answer", "release", "record")),
            (loop.recorder, ("record", "append")),
            (loop.log, ("append",)),
        )
        for name in names
    ]
