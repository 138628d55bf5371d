"""Several brokers: which is tried when, how long the pauses are, when the first is tried again, what TLS is told."""

from firmware.controller import clock, ticks
from firmware.controller.cloud import brokers, link, links
from firmware.controller.storage.state import TIME
from tests.firmware.bench import BenchChip
from tests.firmware.helper import raises

SETTINGS = {
    "broker": {"host": "first", "port": 1},
    "more_brokers": [{"host": "second", "port": 2}, {"host": "third", "port": 3}],
    "since": 1795000000,
}


class Opened:
    def __init__(self, is_open):
        self.is_open = lambda: is_open


class Bench:
    """A link whose connections are the test's: up holds the hosts that give a session."""

    def __init__(self):
        self.chip = BenchChip()
        self.up = set()
        self.tried = []
        self.link = brokers.Several(SETTINGS, 1, 2, 3)
        self.sockets = []

    def once(self, looks=1):
        """One connection from its beginning to its end, with so many rounds in between. The pause that follows."""
        made = self.link
        kept = link.Link._connect, link.Link._serve, link.Link._drop

        def connect(this):
            host = this._broker["host"]
            self.tried.append(host)
            this.session = Opened(host in self.up)

        link.Link._connect, link.Link._serve, link.Link._drop = connect, lambda this: None, lambda this: None
        try:
            made._connect()
            for _ in range(looks):
                made._serve()
        except OSError:
            pass
        finally:
            made._drop()
            link.Link._connect, link.Link._serve, link.Link._drop = kept
        return made._pause


def test_one_after_the_other_is_tried_and_after_a_round_the_pause_grows():
    bench = Bench()
    pauses = [bench.once() for _ in range(12)]
    assert bench.tried == ["first", "second", "third"] * 4
    assert pauses == [2000, 2000, 2000, 2000, 2000, 4000, 2000, 2000, 8000, 2000, 2000, 16000]


def test_a_link_that_served_and_was_lost_begins_with_the_first_again():
    bench = Bench()
    bench.up = {"third"}
    for _ in range(4):
        bench.once()
    assert bench.tried == ["first", "second", "third", "first"]
    bench.up = {"first"}
    for _ in range(4):
        bench.once()
    assert bench.tried[4:] == ["second", "third", "first", "first"]


class Socket:
    """A connection that comes about, or not. events: what select says of it."""

    def __init__(self, bench, events):
        self.bench = bench
        self.events = events
        self.closed = False
        bench.sockets.append(self)

    def setblocking(self, flag):
        assert flag is False

    def connect(self, address):
        self.address = address
        raise OSError(115)

    def close(self):
        self.closed = True


class Sockets:
    def __init__(self, bench):
        self.bench = bench
        self.events = []

    def socket(self):
        return Socket(self.bench, self.events)

    def getaddrinfo(self, host, port):
        return [(0, 0, 0, "", (host, port))]


class Poll:
    def register(self, sock, what):
        self.sock = sock

    def poll(self, ms):
        assert ms == 0, "nothing is waited for"
        return [(self.sock, event) for event in self.sock.events]


class Select:
    POLLOUT, POLLERR, POLLHUP = 4, 8, 16
    poll = Poll


def looking(test):
    """Runs it with sockets and select of its own."""

    def run():
        bench = Bench()
        sockets = Sockets(bench)
        kept = link.socket, brokers.select
        link.socket, brokers.select = sockets, Select
        try:
            test(bench, sockets)
        finally:
            link.socket, brokers.select = kept

    return run


def served_by_second(bench):
    bench.up = {"second"}
    bench.once()
    made = bench.link
    made._place = 1
    made.session = Opened(True)
    made._look_later(clock.now())
    return made


def pass_ms(bench, ms):
    bench.chip.sleep_ms(ms)
    return clock.now()


@looking
def test_the_first_is_looked_at_beside_the_link_that_serves(bench, sockets):
    made = served_by_second(bench)
    assert not made._is_back(pass_ms(bench, 299000)) and not bench.sockets
    assert not made._is_back(pass_ms(bench, 602000))
    assert bench.sockets[0].address == ("first", 1)
    assert not made._is_back(pass_ms(bench, 9000)) and not bench.sockets[0].closed
    assert not made._is_back(pass_ms(bench, 1000)) and bench.sockets[0].closed, "it did not answer in ten seconds"
    sockets.events = [4 | 16]
    assert not made._is_back(pass_ms(bench, 901000)) and bench.sockets[1].closed, "it refuses"
    sockets.events = [4]
    assert made._is_back(pass_ms(bench, 901000))


@looking
def test_a_first_broker_that_takes_connections_and_no_board_is_tried_ever_more_seldom(bench, sockets):
    made = served_by_second(bench)
    sockets.events = [4]
    for expected in (1200000, 2400000, 4800000, 9600000, 10000000):
        made._moved, made._place, made._opened, made.session = True, 0, False, None
        made._drop()
        assert made._again == expected and made._place == 1
    bench.up = {"first"}
    made._place = 0
    bench.once()
    assert made._again == 600000


class Loop:
    def __init__(self, made):
        self.link = made
        self.parts = []
        self.journal = self
        self.clock = self
        self.values = {}
        self.reading = False
        self.now = 0

    def get(self, kind):
        return self.values.get(kind, 0)

    def set(self, kind, value):
        self.values[kind] = value

    def utc(self, now):
        return self.now

    def quiet(self):
        return not self.reading


def test_what_tls_is_told_of_the_board():
    BenchChip()
    made = link.Link(SETTINGS, 1, 2, 3)
    assert made.beat == clock.now(), "who asks before its loop has begun finds a time"
    loop = Loop(made)
    links.begin(loop, {"broker": {}, "since": 1795000000}, "/x/")
    assert loop.link is made and made.tls[:2] == ("/x/", 1795000000) and made.tls[2]()
    loop.values[TIME] = 1796000000
    links.begin(loop, SETTINGS, "/x/")
    assert loop.link is not made and loop.link.shared == (1, 2, 3)
    assert loop.link.tls[1] == 1796000000, "the later of the two"
    nobody = Loop(None)
    links.begin(nobody, SETTINGS, "/x/")
    assert nobody.link is None and nobody.parts == []


def test_an_interpreter_without_tls_starts_all_the_same():
    BenchChip()
    asked = []

    def missing():
        asked.append(1)
        raise ImportError("no module named 'tls'")

    before, links.load_tls = links.load_tls, missing
    try:
        loop = Loop(link.Link(SETTINGS, 1, 2, 3))
        links.begin(loop, {"broker": {"tls": "psk"}, "since": 1795000000}, "/x/")
        assert asked and len(loop.parts) == 1
    finally:
        links.load_tls = before


def test_the_time_is_kept_on_flash_once_a_day_and_not_while_a_card_is_read():
    BenchChip()
    loop = Loop(None)
    now = clock.now()
    floor = links.Floor(now)
    floor.watch(loop, now)
    assert not loop.values, "it is not known yet"
    loop.now = 1795000000
    loop.reading = True
    now = ticks.add(now, 3600000)
    floor.watch(loop, now)
    assert TIME not in loop.values and floor.deadline() == ticks.add(now, 1000)
    loop.reading = False
    now = ticks.add(now, 1000)
    floor.watch(loop, now)
    assert loop.values[TIME] == 1795000000
    for hours in range(1, 30):
        loop.now = 1795000000 + hours * 3600
        now = floor.deadline()
        floor.watch(loop, now)
    assert loop.values[TIME] == 1795000000 + 24 * 3600


@looking
def test_a_link_that_serves_is_given_up_when_the_first_broker_is_back(bench, sockets):
    made = served_by_second(bench)
    sockets.events = [4]
    pass_ms(bench, 901000)
    kept, link.Link._serve = link.Link._serve, lambda this: None
    try:
        raises(OSError, made._serve)
    finally:
        link.Link._serve = kept
    assert made._moved


def test_the_address_that_is_looked_at_is_the_first_broker_s():
    bench = Bench()
    made = bench.link
    before, link.socket = link.socket, Sockets(bench)
    try:
        for place, host in enumerate(("first", "second")):
            made._place = place
            assert made.getaddrinfo(host, 1)[0][-1] == (host, 1)
    finally:
        link.socket = before
    assert made._address == ("first", 1)


def test_a_board_without_tls_does_not_load_it():
    BenchChip()
    asked = []
    before, links.load_tls = links.load_tls, lambda: asked.append(1)
    try:
        links.begin(Loop(link.Link(SETTINGS, 1, 2, 3)), SETTINGS, "/x/")
        assert not asked
    finally:
        links.load_tls = before
