"""Pins of the simulated chip: levels, edges, and what a real ESP32 refuses."""

import machine
import pytest

from sim.mcu.chip import Chip, use


class Bare(Chip):
    def __init__(self) -> None:
        super().__init__(b"\x01\x02\x03\x04\x05\x06")
        self.moves: list[tuple[int, int]] = []
        self.now = 0

    def ticks_ms(self) -> int:
        return self.now

    def moved(self, n: int, level: int) -> None:
        self.moves.append((n, level))


@pytest.fixture
def chip():
    chip = Bare()
    before = use(chip)
    yield chip
    use(before)


def test_the_level_is_there_before_the_direction(chip):
    machine.Pin(25, machine.Pin.OUT, value=1)
    assert chip.moves == [(25, 1)]


def test_an_output_tells_each_move_once(chip):
    pin = machine.Pin(25, machine.Pin.OUT, value=0)
    pin.on()
    pin.value(1)
    pin.off()
    assert chip.moves == [(25, 0), (25, 1), (25, 0)]
    assert pin.value() == 0


def test_making_the_pin_again_does_not_move_it(chip):
    machine.Pin(25, machine.Pin.OUT, value=1)
    assert machine.Pin(25, machine.Pin.OUT).value() == 1
    assert machine.Pin(25).value() == 1
    assert chip.moves == [(25, 1)]


def test_a_pulled_up_input_reads_1_until_the_world_says_otherwise(chip):
    pin = machine.Pin(16, machine.Pin.IN, machine.Pin.PULL_UP)
    assert pin.value() == 1
    chip.input(16, 0)
    assert pin.value() == 0


def test_the_world_was_there_before_the_pull(chip):
    chip.input(16, 0)
    assert machine.Pin(16, machine.Pin.IN, machine.Pin.PULL_UP).value() == 0


def test_an_edge_calls_the_handler_with_the_pin(chip):
    seen: list[machine.Pin] = []
    pin = machine.Pin(16, machine.Pin.IN, machine.Pin.PULL_UP)
    pin.irq(seen.append, machine.Pin.IRQ_FALLING)
    chip.input(16, 0)
    chip.input(16, 0)
    chip.input(16, 1)
    assert seen == [pin]
    pin.irq(None)
    chip.input(16, 0)
    assert seen == [pin]


def test_both_edges(chip):
    levels = []
    pin = machine.Pin(34, machine.Pin.IN)
    pin.irq(lambda pin: levels.append(pin.value()), machine.Pin.IRQ_FALLING | machine.Pin.IRQ_RISING)
    chip.input(34, 1)
    chip.input(34, 0)
    assert levels == [1, 0]


@pytest.mark.parametrize("number", [34, 35, 36, 39])
def test_pins_without_a_driver_refuse_to_be_outputs(chip, number):
    with pytest.raises(ValueError, match="can only be input"):
        machine.Pin(number, machine.Pin.OUT, value=0)


@pytest.mark.parametrize("number", [-1, 20, 28, 40])
def test_pins_that_do_not_exist(chip, number):
    with pytest.raises(ValueError, match="invalid pin"):
        machine.Pin(number)


def test_nothing_runs_without_a_chip():
    before = use(None)
    try:
        with pytest.raises(RuntimeError, match="no chip"):
            machine.Pin(2)
    finally:
        use(before)


def test_timers_are_called_when_due_also_across_the_wrap(chip):
    chip.now = (1 << 30) - 5
    once: list[machine.Timer] = []
    often: list[machine.Timer] = []
    machine.Timer(0, mode=machine.Timer.ONE_SHOT, period=10, callback=once.append)
    timer = machine.Timer(1, period=4, callback=often.append)
    assert chip.timers_due(chip.now) == 4
    chip.now = (1 << 30) - 1
    assert chip.timers_due(chip.now) == 4
    chip.now = 5
    chip.timers_due(chip.now)
    assert (len(once), often) == (1, [timer, timer])
    timer.deinit()
    assert chip.timers_due(chip.now) is None


def test_a_serial_port_is_a_pipe_to_the_world(chip):
    sent: list[bytes] = []
    chip.uart(1).listener = sent.append
    port = machine.UART(1, 9600)
    port.write(b"to the world")
    chip.uart(1).feed(b"hello")
    assert sent == [b"to the world"]
    assert port.any() == 5
    assert port.read(2) == b"he"
    buffer = bytearray(8)
    assert port.readinto(buffer) == 3
    assert buffer[:3] == b"llo"
    assert port.read() is None


def test_the_adc_finds_what_the_world_puts_there_within_its_range(chip):
    line = machine.ADC(machine.Pin(34), atten=machine.ADC.ATTN_11DB)
    chip.volts[34] = 1_031_250
    assert line.read_uv() == 1_031_250
    chip.volts[34] = 0
    assert line.read_uv() == 150_000
    chip.volts[34] = 3_300_000
    assert 2_450_000 <= line.read_uv() < 3_300_000


def test_the_adc_of_the_wifi_driver_cannot_be_read_beside_wifi(chip):
    other = machine.ADC(machine.Pin(4), atten=machine.ADC.ATTN_11DB)
    assert other.read_uv() >= 0
    chip.joined = True
    with pytest.raises(OSError):
        other.read_uv()
    with pytest.raises(ValueError, match="invalid pin"):
        machine.ADC(machine.Pin(5))
