from machine import Pin

from firmware.controller import ticks
from firmware.controller.outputs import signal
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
    assert heard(signal.GRANTED) == [(0, LIGHT, 0), (0, SOUND, 0), (150, SOUND, 1), (2150, LIGHT, 1)]


def test_denied_is_three_beeps_and_no_light():
    assert heard(signal.DENIED) == [(0, SOUND, 0), (80, SOUND, 1), (160, SOUND, 0), (240, SOUND, 1)] + [
        (320, SOUND, 0),
        (400, SOUND, 1),
    ]


def test_a_misread_card_is_one_long_beep():
    assert heard(signal.MISREAD) == [(0, SOUND, 0), (400, SOUND, 1)]


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
