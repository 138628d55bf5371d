"""Commands from the cloud: done once, after their record, before their expiry; refused with a reason otherwise."""

import gc

from firmware.controller.cloud import session, wire
from firmware.controller.events import COMMAND_DONE, COMMAND_REFUSED, RELEASED_REMOTE
from tests.firmware.controller_bench import STRIKE, UTC, Bench


def command(**fields):
    fields = dict({"id": 1, "do": "release", "door": 1, "expires": UTC + 10}, **fields)
    return wire.json_message(wire.COMMAND, fields)


def connected(flash=None):
    bench = Bench(flash=flash)
    bench.connect()
    bench.said()
    return bench


def answers(bench):
    return [wire.read_json(message) for message in bench.said() if message[0] == wire.RESULT]


def tell(bench, **fields):
    """Sends a command. Returns (result, why)."""
    bench.hear(command(**fields))
    (answer,) = answers(bench)
    return answer["result"], answer["why"]


def test_a_remote_release_is_recorded_before_it_happens_and_reported():
    bench = connected()
    bench.hear(command(id="1"))
    assert bench.strike() == 1
    assert bench.events()[-1][0] == RELEASED_REMOTE
    assert answers(bench) == [{"id": "1", "result": "done", "why": ""}]


def test_a_command_that_ends_too_early_does_nothing():
    bench = connected()
    whole = command(what={"a": [{}]})
    for end in range(1, len(whole)):
        bench.hear(whole[:end])
    assert bench.refused["content"] == len(whole) - 1
    assert bench.strike() == 0 and not answers(bench)


def test_a_command_that_comes_late_or_is_not_understood_does_nothing():
    bench = connected()
    for fields, result in (
        ({"expires": UTC - 1}, ("expired", "expired")),
        ({"expires": UTC}, ("expired", "expired")),
        ({"expires": "soon"}, ("expired", "expired")),
        ({"expires": None}, ("expired", "expired")),
        ({"expires": UTC + 31}, ("refused", "expires too late")),
        ({"expires": 4070908800}, ("refused", "expires too late")),
        ({"door": 2}, ("refused", "no such door")),
        ({"door": 0}, ("refused", "no such door")),
        ({"door": -1}, ("refused", "no such door")),
        ({"door": "1"}, ("refused", "no such door")),
        ({"door": True}, ("refused", "no such door")),
        ({"do": "explode"}, ("refused", "unknown command")),
    ):
        assert tell(bench, **fields) == result, fields
    assert bench.strike() == 0
    assert COMMAND_REFUSED in [event[0] for event in bench.events()]
    for body in (b"{}", b'{"do": "release"}', b"[]", b'{"id": [], "do": "release"}', b'{"id": 1, "do": 7}'):
        bench.hear(bytes((wire.COMMAND,)) + body)
    assert bench.refused["content"] == 5
    assert bench.strike() == 0


def test_without_a_clock_no_command_is_carried_out():
    bench = Bench()
    bench.inbox.put(session.OPENED)
    bench.run()
    bench.said()
    assert tell(bench) == ("refused", "no clock")
    assert bench.strike() == 0


def releases(bench):
    return [level for _, pin, level in bench.chip.moves if pin == STRIKE].count(1)


def test_a_command_is_done_once_whatever_comes_again():
    bench = connected()
    assert tell(bench) == ("done", "")
    assert tell(bench) == ("refused", "done before")
    assert [event[0] for event in bench.events()].count(RELEASED_REMOTE) == 1
    assert tell(bench, id=2) == ("done", "")


def test_a_command_is_not_done_again_after_a_restart():
    bench = connected()
    assert tell(bench) == ("done", "")
    again = connected(flash=bench.flash)
    assert tell(again) == ("refused", "done before")
    assert again.strike() == 0
    assert tell(again, id=2) == ("done", "")


def test_a_cut_between_the_note_and_the_deed_does_not_release_later():
    bench = connected()

    def cut(*given):
        raise OSError("power")

    bench.loop.doors[0].release = cut
    try:
        bench.hear(command())
    except OSError:
        pass
    again = connected(flash=bench.flash)
    assert tell(again) == ("refused", "done before")
    assert again.strike() == 0


def test_so_many_commands_are_remembered_and_what_expires_first_goes():
    bench = connected()
    for number in range(8):
        assert tell(bench, id=number, expires=UTC + 10 + number % 2) == ("done", "")
    assert tell(bench, id=8, expires=UTC + 10) == ("refused", "too many at once")
    assert tell(bench, id=9, expires=UTC + 12) == ("done", ""), "it takes the place of one that expires sooner"
    for number in range(8):
        why = tell(bench, id=number, expires=UTC + 10 + number % 2)[1]
        assert why in ("done before", "too many at once"), number
    bench.run(10000)
    bench.said()
    assert tell(bench, id=10, expires=UTC + 20) == ("done", "")


def test_an_emergency_always_gets_through_and_keeps_no_other_command_out():
    """A nervous hand: lockdown and normal, again and again within their ten minutes."""
    bench = connected()
    for number in range(40):
        do = ("lockdown", "normal", "evacuation")[number % 3]
        assert tell(bench, id=number, do=do, door=0, expires=UTC + 600 + number) == ("done", ""), number
    assert tell(bench, id=50, expires=UTC + 10) == ("done", "")
    assert tell(bench, id=51, do="hold", until=None, expires=UTC + 10) == ("done", "")
    assert tell(bench, id=52, do="identify", expires=UTC + 60) == ("done", "")
    for number in range(40):
        do = ("lockdown", "normal", "evacuation")[number % 3]
        result, why = tell(bench, id=number, do=do, door=0, expires=UTC + 600 + number)
        assert result == "refused" and why in ("done before", "too many at once"), number


def test_whatever_comes_in_whatever_order_nothing_is_done_twice():
    """Commands of every kind and life, new ones and old ones again; first with restarts, then as time goes by."""
    bench = connected()
    state, done, known, at = 7, {}, [], 0
    for step in range(160):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        draw = state >> 8
        if step < 60 and draw % 20 == 0:
            flash, bench = bench.flash, None
            gc.collect()
            bench = connected(flash=flash)
        elif step >= 60 and draw % 7 == 0:
            bench.run(1000 * (draw % 5))
            bench.said()
            at += draw % 5
        if draw % 2 and known:
            name = (draw >> 4) % len(known)
        else:
            do, life = (("release", 8), ("hold", 20), ("normal", 90), ("identify", 30))[(draw >> 4) % 4]
            name = len(known)
            known.append((do, at + 1 + (draw >> 9) % life))
        do, expires = known[name]
        if tell(bench, id=name, do=do, expires=UTC + expires)[0] == "done":
            done[name] = done.get(name, 0) + 1
        del bench.chip.moves[:]
    assert len(done) > 25 and max(done.values()) == 1


def test_identify_shows_light_and_sound_and_moves_no_strike():
    bench = connected()
    assert tell(bench, do="identify", door=0) == ("done", "")
    assert bench.events()[-1] == (COMMAND_DONE, 0, 1, None)
    assert bench.chip.outputs[21] == 0 and bench.chip.outputs[22] == 0
    bench.run(8000)
    assert bench.chip.outputs[21] == 1 and bench.chip.outputs[22] == 1
    assert releases(bench) == 0


def test_a_restart_is_recorded_answered_and_not_repeated():
    bench = connected()
    bench.hear(command(do="restart", door=0))
    assert answers(bench) == [{"id": 1, "result": "done", "why": ""}]
    bench.run(400)
    assert len(bench.restarts) == 1
    assert (COMMAND_DONE, 0, 2, None) in bench.events()
    again = connected(flash=bench.flash)
    assert tell(again, do="restart", door=0) == ("refused", "done before")
    again.run(12000)
    assert again.restarts == []


def test_diagnostics_say_what_the_board_holds():
    bench = connected()
    bench.give(12, 3456)
    bench.hear(command(do="diagnostics", door=0))
    (answer,) = answers(bench)
    data = answer["data"]
    assert data["acl"][2] == 1
    assert data["log"][2] == bench.loop.log.last
    assert data["doors"] == [[False, False]]
    assert len(wire.json_message(wire.RESULT, answer)) < 1000
    assert bench.events()[-1] == (COMMAND_DONE, 0, 3, None), "it is on record too"


def test_a_hold_until_what_is_no_number_is_refused():
    bench = connected()
    for n, until in enumerate((True, False, 1.5, "0", [], -1, 1 << 32), 70):
        bench.hear(command(id=n, do="hold", until=until))
        assert not answers(bench) and bench.strike() == 0, until
    assert bench.refused["content"] == 7
