from machine import Pin

from firmware.controller import ticks
from firmware.controller.outputs import patterns, signal
from firmware.controller.outputs.relay import Relay
from firmware.controller.outputs.signal import Signal
from tests.firmware.bench import BenchChip

LIGHT, SOUND = 21, 22


def heard(pattern):
    """[(ms after the start, pin, level)] of what a pattern moves; both pins are active low."""
    chip = BenchChip()
    shown = Signal(Pin(LIGHT, Pin.OUT, value=1), Pin(SOUND, Pin.OUT, value=1))
    chip.moves = []
    begun = chip.now
    shown.show(pattern, chip.now)
    while shown.deadline() is not None:
        chip.now = shown.deadline()
        shown.tick(chip.now)
    return [(ticks.diff(now, begun), pin, level) for now, pin, level in chip.moves]


def test_granted_is_one_beep_and_a_light():
    assert heard(signal.GRANTED) == [(0, LIGHT, 0), (0, SOUND, 0), (160, SOUND, 1), (2160, LIGHT, 1)]


def test_denied_is_three_beeps_and_no_light():
    assert heard(signal.DENIED) == [(0, SOUND, 0), (80, SOUND, 1), (160, SOUND, 0), (240, SOUND, 1)] + [
        (320, SOUND, 0),
        (400, SOUND, 1),
    ]


def test_a_misread_card_is_one_long_beep():
    assert heard(signal.MISREAD) == [(0, SOUND, 0), (400, SOUND, 1)]


def test_duress_looks_and_sounds_like_any_grant():
    assert heard(patterns.DURESS) == heard(signal.GRANTED)


def test_a_key_is_one_short_beep_whichever_it_is():
    assert heard(patterns.KEY) == [(0, SOUND, 0), (40, SOUND, 1)]


def test_every_pattern_ends_within_six_seconds_and_no_two_are_alike():
    shown = {}
    for module in (signal, patterns):
        for name in dir(module):
            pattern = getattr(module, name)
            if name[0] != "_" and isinstance(pattern, bytes):
                assert sum(step & 63 for step in pattern) * 40 <= 6000, name
                shown[name] = pattern
    assert len(shown) >= 10
    assert sorted(name for name in shown if list(shown.values()).count(shown[name]) > 1) == ["DURESS", "GRANTED"]


def test_only_a_grant_lights_the_reader_while_it_sounds_first():
    for name in ("DENIED", "MISREAD", "LOCKDOWN", "KEY", "HELD", "HELD_SOON", "BELL"):
        pattern = getattr(signal, name, None) or getattr(patterns, name)
        assert not any(step & 128 for step in pattern), name


def test_a_new_pattern_ends_the_one_before():
    chip = BenchChip()
    shown = Signal(Pin(LIGHT, Pin.OUT, value=1), Pin(SOUND, Pin.OUT, value=1))
    shown.show(signal.GRANTED, chip.now)
    shown.show(signal.MISREAD, ticks.add(chip.now, 100))
    assert (chip.outputs[LIGHT], chip.outputs[SOUND]) == (1, 0)
    assert shown.deadline() == ticks.add(chip.now, 500)


def test_a_late_look_skips_what_is_over():
    chip = BenchChip()
    shown = Signal(Pin(LIGHT, Pin.OUT, value=1), Pin(SOUND, Pin.OUT, value=1))
    shown.show(signal.GRANTED, chip.now)
    shown.tick(ticks.add(chip.now, 5000))
    assert shown.deadline() is None
    assert (chip.outputs[LIGHT], chip.outputs[SOUND]) == (1, 1)


def test_a_relay_of_either_kind_starts_at_rest_and_moves_once():
    for active in (0, 1):
        chip = BenchChip()
        relay = Relay(Pin(25, Pin.OUT, value=1 - active), active)
        chip.moves = []
        relay.set(True)
        relay.set(True)
        relay.set(False)
        assert [level for _, _, level in chip.moves] == [active, 1 - active]
