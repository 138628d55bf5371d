"""Sockets in virtual time, as the firmware meets them."""

import errno

import pytest

from sim.virtual.chip import BOOT_US, VirtualChip
from sim.virtual.net import SEND_BUFFER, VirtualNetwork
from sim.virtual.scheduler import MS, SECOND, Scheduler


class Far:
    """The far end of one connection; echoes when told to."""

    def __init__(self, network, echo=False):
        self.heard = bytearray()
        self.lines = []
        self.ended = 0
        self.echo = echo
        network.listen(1883, self.accept)

    def accept(self, line):
        self.lines.append(line)
        line.receive = self.receive
        line.closed = self.closed

    def receive(self, data):
        self.heard += data
        if self.echo:
            self.lines[-1].down(data)

    def closed(self):
        self.ended += 1


def run(firmware, echo=False, prepare=None, seconds=300):
    """Runs firmware(chip, sock) on a chip with Wi-Fi. Returns what it returned, and the far end."""
    world = Scheduler(3)
    network = VirtualNetwork(world)
    far = Far(network, echo)
    result = []

    def boot(chip):
        chip.joined = True
        result.append(firmware(chip, chip.sockets.socket()))

    chip = VirtualChip("board", world, network, {}, boot)
    if prepare:
        prepare(world, network, chip, far)
    chip.power_on()
    world.run(until=seconds * SECOND)
    return (result or [None])[0], far


def connected(sock):
    sock.connect(("10.0.0.1", 1883))
    return sock


def failure(call, *arguments):
    with pytest.raises(OSError) as caught:
        call(*arguments)
    return caught.value.errno


def test_bytes_travel_and_take_their_time():
    def firmware(chip, sock):
        address = chip.sockets.getaddrinfo("broker", 1883)[0][-1]
        sock.connect(address)
        before = chip.scheduler.now
        sock.write(b"hello, ")
        sock.write(bytearray(b"world!!"), 5)
        return sock.read(12), chip.scheduler.now - before

    (data, took), far = run(firmware, echo=True)
    assert data == far.heard == b"hello, world"
    assert 16 * MS <= took <= 40 * MS


def test_read_waits_for_all_of_it_and_recv_for_some():
    def firmware(chip, sock):
        connected(sock)
        return sock.recv(10), sock.read(10), sock.read(10), sock.recv(5), sock.read(1)

    def prepare(world, network, chip, far):
        for at, data in ((1, b"abc"), (2, b"01234"), (3, b"567890")):
            world.at(at * SECOND, lambda data=data: far.lines[0].down(data))
        world.at(4 * SECOND, lambda: far.lines[0].close())

    result, _ = run(firmware, prepare=prepare)
    assert result == (b"abc", b"0123456789", b"0", b"", b"")


def test_a_timeout_is_etimedout_at_its_time():
    def firmware(chip, sock):
        connected(sock).settimeout(2.5)
        before = chip.scheduler.now
        first = failure(sock.read, 1)
        return first, failure(sock.recv, 1), chip.scheduler.now - before

    result, _ = run(firmware)
    assert result == (errno.ETIMEDOUT, errno.ETIMEDOUT, 5 * SECOND)


def test_not_blocking_takes_what_there_is():
    def firmware(chip, sock):
        connected(sock).setblocking(False)
        first = sock.read(4), failure(sock.recv, 4)
        chip.sleep_ms(2_000)
        return *first, sock.read(4), sock.read(4)

    def prepare(world, network, chip, far):
        world.at(SECOND, lambda: far.lines[0].down(b"abc"))

    result, _ = run(firmware, prepare=prepare)
    assert result == (None, errno.EAGAIN, b"abc", None)


def test_wait_readable_sees_bytes_and_the_end():
    def firmware(chip, sock):
        connected(sock)
        times = []
        for ms in (500, 5_000, 5_000):
            ready = chip.wait_readable(sock, ms, lambda: False)
            times.append((ready, round((chip.scheduler.now - BOOT_US) / SECOND, 1)))
            if ready:
                sock.recv(9)
        return times

    def prepare(world, network, chip, far):
        world.at(SECOND, lambda: far.lines[0].down(b"abc"))
        world.at(2 * SECOND, lambda: far.lines[0].close())

    result, _ = run(firmware, prepare=prepare)
    assert result == [(False, 0.5), (True, 0.8), (True, 1.8)]


def test_nobody_listens_no_wifi_no_dns():
    def refused(chip, sock):
        return failure(sock.connect, ("10.0.0.1", 99))

    def without_wifi(chip, sock):
        chip.set_access_point(False)
        name = failure(chip.sockets.getaddrinfo, "broker", 1883)
        return name, failure(sock.connect, ("10.0.0.1", 1883))

    assert run(refused)[0] == errno.ECONNREFUSED
    assert run(without_wifi)[0] == (-202, errno.EHOSTUNREACH)


def test_a_black_hole_swallows_the_connecting_until_the_timeout():
    def firmware(chip, sock):
        sock.settimeout(10)
        before = chip.scheduler.now
        return failure(sock.connect, ("10.0.0.1", 1883)), chip.scheduler.now - before

    def prepare(world, network, chip, far):
        network.dead.add("board")

    result, _ = run(firmware, prepare=prepare)
    assert result == (errno.ETIMEDOUT, 10 * SECOND)


def test_what_was_sent_into_a_black_hole_arrives_when_it_ends():
    def firmware(chip, sock):
        connected(sock).settimeout(60)
        chip.network_dead(True)
        sock.write(b"first ")
        sock.write(b"second")
        before = chip.scheduler.now
        data = sock.read(12)
        return data, (chip.scheduler.now - before) // SECOND

    def prepare(world, network, chip, far):
        chip.network_dead = lambda on: (network.dead.add("board"), world.after(30 * SECOND, over))

        def over():
            network.dead.clear()
            network.revive()

    result, _ = run(firmware, echo=True, prepare=prepare)
    assert result == (b"first second", 30)


def test_a_full_send_buffer_blocks_until_the_timeout():
    def firmware(chip, sock):
        connected(sock).settimeout(5)
        chip.set_access_point(False)
        written = 0
        while True:
            try:
                written += sock.write(bytes(1_000))
            except OSError as error:
                return written, error.errno

    result, _ = run(firmware)
    assert result == (SEND_BUFFER // 1_000 * 1_000, errno.ETIMEDOUT)


def test_a_full_send_buffer_is_told_to_who_does_not_block():
    def firmware(chip, sock):
        connected(sock).setblocking(False)
        chip.set_access_point(False)
        first = sock.write(bytes(SEND_BUFFER))
        return first, sock.write(b"x"), failure(sock.send, b"x")

    result, _ = run(firmware)
    assert result == (SEND_BUFFER, None, errno.EAGAIN)


def test_a_reset_reaches_both_ends():
    def firmware(chip, sock):
        connected(sock).settimeout(60)
        return failure(sock.read, 1), failure(sock.write, b"x")

    def prepare(world, network, chip, far):
        world.at(SECOND, lambda: far.lines[0].reset())

    result, far = run(firmware, prepare=prepare)
    assert result == (errno.ECONNRESET, errno.ECONNRESET)
    assert far.ended == 1 and not far.lines[0].network.lines


def test_closing_reaches_the_far_end_once_and_a_power_cut_does_not():
    def closes(chip, sock):
        connected(sock).write(b"bye")
        sock.close()
        sock.close()
        return failure(sock.write, b"x")

    def waits(chip, sock):
        connected(sock).read(1)

    result, far = run(closes)
    assert result == errno.EBADF and far.ended == 1 and far.heard == b"bye"

    def prepare(world, network, chip, far):
        world.at(SECOND, chip.power_cut)
        world.at(2 * SECOND, lambda: far.lines[0].down(b"are you there"))
        world.at(3 * SECOND, lambda: far.lines[0].close())

    _, far = run(waits, prepare=prepare)
    assert far.ended == 0 and not far.lines[0].network.lines
