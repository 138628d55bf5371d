"""What a board is wired to beside its doors: supervised lines, tamper, supply, fire, bell, alarm relay."""

from firmware.controller import ticks
from firmware.controller.events import (
    BATTERY_LOW,
    BATTERY_RIGHT,
    BELL,
    DOOR_CLOSED,
    DOOR_FORCED,
    DOOR_HELD,
    DOOR_OPENED,
    DOOR_RELOCKED,
    ENCLOSURE_CLOSED,
    ENCLOSURE_OPENED,
    FIRE,
    FIRE_OVER,
    GRANTED_DURESS,
    LINE_CUT,
    LINE_RIGHT,
    LINE_SHORT,
    MAINS_BACK,
    MAINS_LOST,
    READER_TAMPER,
    READER_TAMPER_OVER,
    RELEASED_FIRE,
    RELEASED_REX,
)
from firmware.controller.points import door as reasons
from firmware.controller.points.holding import hold
from firmware.controller.readers.line import state_of
from tests.firmware.door_bench import (
    BRIDGED,
    CLOSED,
    CONTACT,
    CUT,
    OPEN,
    SECOND_STRIKE,
    SOUND,
    STRIKE,
    DoorBench,
)

IN, OTHER, RELAY, ADC_PIN = 17, 16, 5, 36
LINE_CONTACT = {"contact": {"pin": CONTACT, "open": 1, "supervised": True}}


def board(*inputs, alarm=None, doors=1, levels=None, volts=None, wires=None, fields=None, journal=None):
    more = {"inputs": list(inputs)}
    if alarm:
        more["alarm"] = alarm
    return DoorBench(fields, more, wires, doors, levels or {IN: 1, OTHER: 1}, volts, journal)


def fire(doors=(1,), pin=IN, **more):
    return dict({"kind": "fire", "pin": pin, "active": 0, "doors": list(doors)}, **more)


# Supervised lines


def test_the_voltages_of_the_wiring_page_are_the_states_of_the_line():
    for mv, state in ((0, 0), (150, 0), (1031, 1), (1571, 2), (2450, 3), (3300, 3)):
        for before in range(4):
            assert state_of(mv, before) == state, (mv, before)


def test_resistors_of_one_percent_and_a_cable_of_100_ohms_change_no_state():
    for percent in (-1, 0, 1):
        for cable in (0, 100):
            for ohms, state in ((1000, 1), (2000, 2)):
                line = ohms * (100 + percent) // 100 + cable
                pull = 2200 * (100 - percent) // 100
                for supply in (3234, 3366):  # a regulator of 2 %
                    mv = supply * line // (line + pull)
                    for error in (-60, 60):  # of the ADC at 11 dB, after calibration (ESP32 data sheet)
                        assert state_of(mv + error, state) == state, (percent, cable, ohms, supply, error)


def test_a_voltage_at_an_edge_stays_what_it_was():
    for edge, below in ((500, 0), (1300, 1), (2300, 2)):
        for mv in range(edge - 49, edge + 50):
            assert state_of(mv, below) == below, mv
            assert state_of(mv, below + 1) == below + 1, mv
        assert state_of(edge + 50, below) == below + 1
        assert state_of(edge - 51, below + 1) == below


def supervised(uv=CLOSED, **more):
    return board(wires=LINE_CONTACT, volts={CONTACT: uv}, **more)


def test_a_supervised_contact_follows_the_leaf():
    bench = supervised()
    bench.grant()
    bench.line(CONTACT, OPEN)
    bench.line(CONTACT, CLOSED)
    assert bench.codes() == [DOOR_OPENED, DOOR_CLOSED]


def test_one_look_alone_is_noise():
    bench = supervised()
    bench.line(CONTACT, OPEN, ms=50)
    bench.line(CONTACT, CLOSED, ms=200)
    assert bench.codes() == []


def test_a_cut_and_a_bridged_line_are_told_and_are_no_opening():
    bench = supervised()
    bench.line(CONTACT, CUT)
    bench.line(CONTACT, BRIDGED)
    bench.line(CONTACT, CLOSED)
    assert bench.recorded == [(LINE_CUT, 1, 1), (LINE_SHORT, 1, 1), (LINE_RIGHT, 1, 1)]


def test_a_line_that_is_cut_when_the_board_starts_is_told():
    assert supervised(CUT).recorded == [(LINE_CUT, 1, 1)]


def test_a_bridged_exit_button_releases_nothing():
    wires = {"rex": {"pin": 33, "active": 0, "supervised": True}}
    bench = board(wires=wires, volts={33: OPEN})
    bench.line(33, BRIDGED)
    assert bench.recorded == [(LINE_SHORT, 1, 2)]
    assert bench.on(STRIKE) == 0
    bench.line(33, OPEN)
    bench.line(33, CLOSED)
    assert bench.codes() == [LINE_SHORT, LINE_RIGHT, RELEASED_REX]
    assert bench.on(STRIKE) == 1


def test_a_leaf_that_moved_while_its_line_was_cut_is_told_when_the_line_is_right():
    bench = supervised()
    bench.line(CONTACT, CUT)
    bench.line(CONTACT, OPEN)
    codes = bench.codes()
    assert codes == [LINE_CUT, DOOR_FORCED, LINE_RIGHT]


# Tamper, mains, battery, bell


def test_switches_that_only_tell():
    for kind, begun, over in (
        ("reader", READER_TAMPER, READER_TAMPER_OVER),
        ("enclosure", ENCLOSURE_OPENED, ENCLOSURE_CLOSED),
        ("mains", MAINS_LOST, MAINS_BACK),
        ("battery", BATTERY_LOW, BATTERY_RIGHT),
    ):
        bench = board({"kind": kind, "pin": IN, "active": 0, "door": 1})
        bench.put(IN, 0)
        bench.put(IN, 1)
        assert bench.recorded == [(begun, 1, 1), (over, 1, 1)], kind


def test_a_bouncing_tamper_switch_is_one_event():
    bench = board({"kind": "enclosure", "pin": IN, "active": 0})
    for level in (0, 1, 0, 1, 0):
        bench.put(IN, level, ms=5)
    bench.run(100)
    assert bench.recorded == [(ENCLOSURE_OPENED, 0, 1)]


def test_what_is_wrong_when_the_board_starts_is_told():
    bench = board(
        {"kind": "enclosure", "pin": OTHER, "active": 0},
        {"kind": "mains", "pin": IN, "active": 0},
        levels={IN: 0, OTHER: 1},
    )
    assert bench.recorded == [(MAINS_LOST, 0, 2)]


def test_a_supervised_tamper_line_knows_a_cut_from_an_open_lid():
    bench = board({"kind": "enclosure", "pin": ADC_PIN, "active": 1, "supervised": True}, volts={ADC_PIN: CLOSED})
    bench.line(ADC_PIN, OPEN)
    bench.line(ADC_PIN, CUT)
    assert bench.recorded == [(ENCLOSURE_OPENED, 0, 1), (LINE_CUT, 0, 17)]


def test_a_battery_is_low_after_three_looks_and_right_again_well_above():
    bench = board({"kind": "battery", "pin": ADC_PIN, "low_mv": 11500, "ratio": 6.6}, volts={ADC_PIN: 2000000})
    bench.line(ADC_PIN, 1700000, ms=25000)
    assert bench.codes() == []
    bench.run(6000)
    assert bench.codes() == [BATTERY_LOW]
    bench.line(ADC_PIN, 1780000, ms=100000)
    assert bench.codes() == []
    bench.line(ADC_PIN, 1900000, ms=31000)
    assert bench.codes() == [BATTERY_RIGHT]


def test_a_strike_that_draws_its_current_is_no_empty_battery():
    bench = board({"kind": "battery", "pin": ADC_PIN, "low_mv": 11500, "ratio": 6.6}, volts={ADC_PIN: 2000000})
    for _ in range(5):
        bench.line(ADC_PIN, 1700000, ms=15000)
        bench.line(ADC_PIN, 2000000, ms=15000)
    assert bench.codes() == []


def test_a_bell_is_on_record_and_sounds_at_its_door():
    bench = board({"kind": "bell", "pin": IN, "active": 0, "door": 1})
    bench.put(IN, 0)
    assert bench.recorded == [(BELL, 1, 1)]
    assert bench.on(SOUND) == 0
    bench.put(IN, 1, ms=3000)
    assert bench.codes() == [BELL]
    assert bench.on(SOUND) == 1


# Alarm relay


def alarmed(**more):
    return board(
        {"kind": "enclosure", "pin": IN, "active": 0}, alarm={"pin": RELAY, "active": 1, "seconds": 60}, **more
    )


def test_the_alarm_relay_goes_on_with_an_alarm_and_off_by_itself():
    bench = alarmed()
    assert bench.moves(RELAY) == [(0, 0)]
    bench.put(IN, 0)
    assert bench.on(RELAY) == 1
    bench.run(59000)
    assert bench.on(RELAY) == 1
    bench.run(1000)
    assert bench.on(RELAY) == 0
    assert bench.codes() == [ENCLOSURE_OPENED]


def test_each_alarm_begins_its_time_anew_and_other_events_do_not():
    bench = alarmed()
    bench.put(IN, 0)
    bench.run(50000)
    bench.put(CONTACT, 1)
    bench.put(CONTACT, 0)
    assert bench.codes() == [ENCLOSURE_OPENED, DOOR_FORCED, DOOR_CLOSED]
    bench.run(50000)
    assert bench.on(RELAY) == 1
    bench.put(IN, 1)
    bench.run(10000)
    assert bench.on(RELAY) == 0


def test_a_door_that_is_held_open_is_an_alarm_and_one_that_opens_is_not():
    bench = alarmed()
    bench.grant()
    bench.put(CONTACT, 1)
    assert bench.on(RELAY) == 0
    bench.run(30000)
    assert bench.on(RELAY) == 1
    assert bench.codes() == [DOOR_OPENED, DOOR_HELD]


def test_the_alarm_sounds_again_while_a_door_is_still_held_open():
    bench = alarmed(fields={"repeat_ms": 120000})
    bench.grant()
    bench.put(CONTACT, 1)
    bench.run(30000 + 61000)
    assert bench.on(RELAY) == 0
    bench.run(60000)
    assert bench.on(RELAY) == 1


def test_duress_sounds_no_alarm():
    bench = alarmed()
    bench.record(GRANTED_DURESS, bench.chip.now, 1)
    bench.run()
    assert bench.on(RELAY) == 0


# Fire


def test_the_fire_input_releases_the_doors_it_names_and_no_other():
    bench = board(fire([2]), doors=2)
    bench.put(IN, 0)
    assert (bench.on(STRIKE), bench.on(SECOND_STRIKE)) == (0, 1)
    assert bench.recorded == [(FIRE, 0, 1), (RELEASED_FIRE, 2, 1)]
    bench.run(3600000)
    assert bench.on(SECOND_STRIKE) == 1


def test_all_strikes_move_before_anything_is_recorded():
    bench = board(fire([1, 2]), doors=2)
    seen = []
    bench.observers.append(lambda code, *_: seen.append((code, bench.on(STRIKE), bench.on(SECOND_STRIKE))))
    bench.put(IN, 0)
    assert seen == [(FIRE, 1, 1), (RELEASED_FIRE, 1, 1), (RELEASED_FIRE, 1, 1)]


def test_the_doors_open_within_the_time_of_a_bounce():
    bench = board(fire())
    bench.chip.input(IN, 0)
    bench.run(30)
    assert bench.on(STRIKE) == 1


def test_a_door_locks_at_once_when_the_input_is_gone_unless_the_board_says_otherwise():
    bench = board(fire())
    bench.put(IN, 0)
    bench.put(IN, 1)
    assert bench.on(STRIKE) == 0
    assert bench.codes() == [FIRE, RELEASED_FIRE, FIRE_OVER, DOOR_RELOCKED]


def test_a_door_locks_so_many_seconds_after_the_end():
    bench = board(fire(relock=600))
    bench.put(IN, 0)
    bench.put(IN, 1, ms=30)
    bench.run(599999)
    assert bench.on(STRIKE) == 1
    bench.run(1)
    assert bench.on(STRIKE) == 0


def test_an_alarm_that_comes_back_begins_anew():
    bench = board(fire(relock=600))
    bench.put(IN, 0)
    bench.put(IN, 1, ms=500000)
    bench.put(IN, 0, ms=200000)
    assert bench.on(STRIKE) == 1
    bench.put(IN, 1, ms=500000)
    assert bench.on(STRIKE) == 1
    bench.run(100030)
    assert bench.on(STRIKE) == 0


def test_a_door_waits_for_the_key_switch_where_the_board_says_so():
    bench = board(fire(relock="reset"), {"kind": "reset", "pin": OTHER, "active": 0})
    bench.put(IN, 0)
    bench.put(OTHER, 0)
    assert bench.on(STRIKE) == 1, "not while it burns"
    bench.put(OTHER, 1)
    bench.put(IN, 1)
    bench.run(86400000)
    assert bench.on(STRIKE) == 1
    bench.put(OTHER, 0)
    assert bench.on(STRIKE) == 0
    assert bench.codes() == [FIRE, RELEASED_FIRE, FIRE_OVER, DOOR_RELOCKED]


def test_it_waits_for_the_key_switch_over_a_restart_too():
    inputs = fire(relock="reset"), fire([2], pin=RELAY), {"kind": "reset", "pin": OTHER, "active": 0}
    levels = {IN: 1, OTHER: 1, RELAY: 1}
    bench = board(*inputs, doors=2, levels=levels)
    for pin in (IN, RELAY):
        bench.put(pin, 0)
        bench.put(pin, 1)
    for _ in range(2):
        bench = board(*inputs, doors=2, levels=levels, journal=bench.journal)
        assert (bench.on(STRIKE), bench.on(SECOND_STRIKE)) == (1, 0)
        assert bench.recorded == [(RELEASED_FIRE, 1, 1)]
    bench.put(OTHER, 0)
    assert bench.on(STRIKE) == 0
    assert board(*inputs, doors=2, levels=levels, journal=bench.journal).codes() == []


def test_a_door_named_by_two_inputs_waits_for_both():
    bench = board(fire(), fire(pin=OTHER))
    bench.put(IN, 0)
    bench.put(OTHER, 0)
    bench.put(IN, 1)
    assert bench.on(STRIKE) == 1
    assert DOOR_RELOCKED not in bench.codes()
    bench.put(OTHER, 1)
    assert bench.on(STRIKE) == 0
    assert bench.codes() == [FIRE_OVER, DOOR_RELOCKED]


def test_a_board_that_starts_while_it_burns_releases_at_once():
    bench = board(fire(), levels={IN: 0})
    assert bench.on(STRIKE) == 1
    assert bench.codes() == [FIRE, RELEASED_FIRE]


def test_a_log_that_cannot_be_written_does_not_shut_the_doors():
    bench = board(fire([1, 2]), doors=2)
    bench.broken = True
    bench.put(IN, 0)
    assert (bench.on(STRIKE), bench.on(SECOND_STRIKE)) == (1, 1)


def test_fire_comes_before_whatever_else_wants_the_door_locked():
    bench = board(fire(), fields={"relock": "open"})
    hold(bench.door, reasons.EVACUATION, True, bench.chip.now)
    bench.put(IN, 0)
    hold(bench.door, reasons.EVACUATION, False, bench.chip.now)
    hold(bench.door, reasons.FREE, False, bench.chip.now)
    bench.door.door.relocks = bench.chip.now
    bench.put(CONTACT, 1)
    bench.put(CONTACT, 0)
    assert bench.on(STRIKE) == 1


def test_people_who_leave_while_it_burns_are_no_alarm():
    bench = board(fire())
    bench.put(IN, 0)
    bench.put(CONTACT, 1, ms=600000)
    assert bench.codes() == [FIRE, RELEASED_FIRE, DOOR_OPENED]
    bench.put(IN, 1)
    bench.run(30000)
    assert bench.codes() == [FIRE_OVER, DOOR_RELOCKED, DOOR_HELD]


def test_a_pulsed_strike_keeps_its_current_while_it_burns():
    bench = board(fire(), fields={"pulse_ms": 300})
    bench.put(IN, 0, ms=10000)
    assert bench.on(STRIKE) == 1


def test_a_cut_fire_line_is_a_fault_and_no_fire():
    one = {"kind": "fire", "pin": ADC_PIN, "active": 1, "supervised": True, "doors": [1]}
    bench = board(one, volts={ADC_PIN: CLOSED})
    bench.line(ADC_PIN, CUT)
    assert bench.recorded == [(LINE_CUT, 0, 17)]
    assert bench.on(STRIKE) == 0
    bench.line(ADC_PIN, OPEN)
    assert bench.on(STRIKE) == 1


# All of it together


def test_a_board_without_supervised_lines_does_not_tick():
    bench = board(fire(), {"kind": "mains", "pin": OTHER, "active": 0}, doors=2)
    assert bench._deadline() is None


def test_a_supervised_board_looks_twenty_times_a_second():
    bench = supervised()
    assert ticks.diff(bench._deadline(), bench.chip.now) == 50
