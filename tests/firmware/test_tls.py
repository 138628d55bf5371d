"""TLS under the link: who is let in, deadlines on every step, no handshake while a card is read, the clock."""

import os
import sys

from tests.firmware.bench import BenchChip
from tests.firmware.helper import raises


class Context:
    """In place of tls.SSLContext. made: the last one. broker: what the far end does."""

    made = None
    ciphers = ("TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256", "TLS-PSK-WITH-AES-128-GCM-SHA256", "TLS-RSA-PSK-WITH-AES-128")
    broker = None

    def __init__(self, kind):
        self.verify_mode = "never said"
        self.chain = self.authority = None
        Context.made = self

    def get_ciphers(self):
        return list(Context.ciphers)

    def set_ciphers(self, names):
        self.chosen = names

    def load_verify_locations(self, data):
        self.authority = data

    def load_cert_chain(self, certificate, key):
        self.chain = certificate, key

    def wrap_socket(self, raw, server_hostname, do_handshake_on_connect):
        assert not do_handshake_on_connect and not raw.blocking
        self.name = server_hostname
        return Context.broker


class FakeTls:
    PROTOCOL_TLS_CLIENT, CERT_REQUIRED, CERT_NONE = 0, "required", "none"
    SSLContext = Context


if "tls" not in sys.modules:
    sys.modules["tls"] = FakeTls

from firmware.controller.cloud import link  # noqa: E402
from firmware.controller.cloud import tls as secure  # noqa: E402

CERTIFICATES = {"host": "broker.example", "port": 8883, "user": "u", "password": "p", "tls": "certificates"}
PSK = {"host": "broker.example", "port": 8884, "user": "0123456789abcdef", "tls": "psk", "key": "5e" * 32}
FLOOR = 1795000000


class Broker:
    """The far end: takes `takes` bytes a write, gives `incoming` by `gives` bytes a read; None: it needs time."""

    def __init__(self, chip):
        self.chip = chip
        self.takes, self.gives, self.pause_ms = 1000, 1000, 0
        self.incoming = b""
        self.sent = b""
        self.slow = True  # answers only after a wait
        self.written_at = []
        self.error = None

    def _rests(self):
        self.slow = not self.slow
        return not self.slow

    def write(self, data):
        self.written_at.append(self.chip.now)
        if self.error:
            raise self.error
        if self._rests():
            return None
        self.sent += bytes(data[: self.takes])
        return min(self.takes, len(data))

    def read(self, size):
        if self._rests():
            return None
        size = min(size, self.gives)
        data, self.incoming = self.incoming[:size], self.incoming[size:]
        return data

    def close(self):
        pass


class Poll:
    """In place of select.poll(): `pause_ms` pass at every wait; a broker that is silent says nothing in all of it."""

    def __init__(self, broker):
        self.broker = broker

    def register(self, sock, what):
        assert sock is self.broker

    def poll(self, ms):
        pause = self.broker.pause_ms
        self.broker.chip.sleep_ms(ms if pause is None else min(pause, ms))
        return [] if pause is None else [(self.broker, 1)]


class Raw:
    """The socket underneath."""

    def __init__(self):
        self.blocking = True
        self.closed = False

    def settimeout(self, seconds):
        pass

    def setblocking(self, flag):
        self.blocking = flag

    def connect(self, address):
        pass

    def close(self):
        self.closed = True


class Module:
    """A module of which a test gives the few names that are asked for."""

    def __init__(self, **names):
        for name in names:
            setattr(self, name, names[name])


FOLDER = "tls-%d." % id(Module)


class Bench:
    """A stream, connected. since: the year in which the chip's clock begins; utc: what it says."""

    def __init__(self, settings, since=1970, utc=FLOOR + 5, quiet=lambda: True):
        self.chip = BenchChip()
        self.broker = Context.broker = Broker(self.chip)
        self.raw = Raw()
        self.set_to = []
        begun = 0 if since == 1970 else 946684800
        secure.tls = FakeTls
        secure.select = Module(POLLIN=1, POLLOUT=4, poll=lambda: Poll(self.broker))
        secure.time = Module(
            time=lambda: utc - begun,
            gmtime=lambda seconds: (since + seconds // 31556952, 1, 2, 3, 4, seconds % 60, 6, 7),
        )
        secure.clock.wait, self._waited = self.chip.wait, secure.clock.wait
        secure.RTC = lambda: Module(datetime=self.set_to.append)
        before, link.socket = link.socket, Module(socket=lambda: self.raw)
        try:
            self.stream = secure.Secure(bytearray(200), settings, FOLDER, FLOOR, quiet)
            self.stream.connect(("h", 1))
        finally:
            link.socket = before
            secure.clock.wait = self._waited

    def write(self, data):
        self.stream.write(data)
        secure.clock.wait = self.chip.wait
        try:
            self.stream.flush()
        finally:
            secure.clock.wait = self._waited


def with_authority(test):
    """Runs it with the authority's certificate on the board, and nothing else."""

    def run():
        with open(FOLDER + "broker.ca", "wb") as file:
            file.write(b"authority")
        try:
            test()
        finally:
            for name in os.listdir("."):
                if name.startswith(FOLDER):
                    os.remove(name)

    return run


def test_a_key_lets_nobody_in_by_a_certificate():
    Bench(PSK)
    made = Context.made
    assert made.psk_identity == "0123456789abcdef" and made.psk_key == b"\x5e" * 32
    assert made.chosen == ["TLS-PSK-WITH-AES-128-GCM-SHA256"]
    assert made.verify_mode == "never said" and made.name == "broker.example"


def test_an_interpreter_without_keys_says_so():
    before, Context.ciphers = Context.ciphers, Context.ciphers[:1]
    try:
        raises(OSError, lambda: Bench(PSK))
    finally:
        Context.ciphers = before


@with_authority
def test_certificates_are_verified_by_name_and_authority():
    Bench(CERTIFICATES)
    made = Context.made
    assert (made.verify_mode, made.authority, made.name, made.chain) == (
        "required", b"authority", "broker.example", None,
    )  # fmt: skip


@with_authority
def test_a_certificate_of_the_board_is_shown_where_there_is_one():
    for name in ("board.crt", "board.key"):
        with open(FOLDER + name, "wb") as file:
            file.write(name.encode())
    Bench(CERTIFICATES)
    assert Context.made.chain == (b"board.crt", b"board.key")


def test_without_an_authority_there_is_no_link():
    raises(OSError, lambda: Bench(CERTIFICATES))


def test_writes_go_out_whole_and_together_and_reads_come_whole():
    bench = Bench(PSK)
    bench.broker.takes, bench.broker.gives = 3, 2
    bench.stream.write(b"\x30\x05")
    bench.stream.write(b"abcdef", 3)
    assert bench.broker.sent == b""
    bench.broker.incoming = b"answer"
    assert bench.stream.read(6) == b"answer"
    assert bench.broker.sent == b"\x30\x05abc"
    raises(OSError, lambda: bench.stream.read(1))  # it has ended
    raises(OSError, lambda: bench.stream.read(100000))


def seconds_of(bench, does):
    start = bench.chip.now
    raises(OSError, does)
    return ((bench.chip.now - start) & ((1 << 30) - 1)) / 1000


def test_a_stalled_handshake_read_or_write_ends_after_ten_seconds():
    bench = Bench(PSK)
    bench.broker.pause_ms = None
    assert seconds_of(bench, lambda: bench.write(b"x")) == 10
    bench = Bench(PSK)
    bench.write(b"x")
    bench.broker.pause_ms = None
    bench.broker.slow = True
    assert seconds_of(bench, lambda: bench.stream.read(1)) == 10
    bench.broker.slow = True
    assert seconds_of(bench, lambda: bench.write(b"x")) == 10


def test_a_slow_drip_does_not_hold_the_link_for_longer():
    bench = Bench(PSK)
    bench.write(b"x")
    bench.broker.pause_ms, bench.broker.gives, bench.broker.incoming = 4000, 1, bytes(100)
    assert 10 <= seconds_of(bench, lambda: bench.stream.read(100)) <= 12
    bench.broker.takes = 1
    assert 10 <= seconds_of(bench, lambda: bench.write(bytes(100))) <= 12


def test_no_step_of_a_handshake_is_taken_while_a_card_is_read():
    reading = [True]
    bench = Bench(PSK, quiet=lambda: not reading[0])
    assert 10 <= seconds_of(bench, lambda: bench.write(b"x")) <= 10.1
    assert bench.broker.written_at == []
    reading[0] = False
    bench.write(b"x")
    assert bench.broker.sent == b"xx"
    reading[0] = True
    bench.write(b"y")
    assert bench.broker.sent == b"xxy", "once hands are shaken, nothing is heavy any more"


@with_authority
def test_a_clock_that_has_not_been_set_is_set_to_what_the_board_knows():
    for since in (1970, 2000):
        assert Bench(CERTIFICATES, since).set_to == []
        (told,) = Bench(CERTIFICATES, since, utc=946684800).set_to
        assert told[0] == 2026 and len(told) == 8
    assert Bench(PSK, utc=946684800).set_to == [], "a key asks for no date"


@with_authority
def test_a_certificate_from_after_all_that_the_board_knows_is_judged_by_a_time_from_the_network():
    for since, begun in ((1970, 0), (2000, 946684800)):
        for answer, year in ((FLOOR + 3 * 31556952, 2029), (5 + begun, 2026)):  # nobody sets it back before the floor
            sys.modules["ntptime"] = Module(time=lambda at=answer - begun: at)
            bench = Bench(CERTIFICATES, since)
            bench.broker.error = ValueError("the certificate is not yet valid")
            raises(ValueError, lambda made=bench: made.write(b"x"))
            assert [told[0] for told in bench.set_to] == [year], bench.set_to
    del sys.modules["ntptime"]


def test_both_sockets_are_closed():
    bench = Bench(PSK)
    bench.stream.close()
    assert bench.raw.closed


def test_a_broker_with_tls_is_told_what_tls_has_to_know():
    BenchChip()
    made = link.Link({"broker": {"host": "first", "port": 1, "tls": "psk", "key": "5" * 64}}, 1, 2, 3)
    made.tls = "/x/", 1795000000, bool
    told = []
    before, secure.Secure = secure.Secure, lambda *arguments: told.append(arguments)
    try:
        made.socket()
    finally:
        secure.Secure = before
    assert told == [(made._out, made._broker, "/x/", 1795000000, bool)]


class Epoch:
    """In place of the time module of a port whose time began in this year."""

    def __init__(self, year):
        self.gmtime = lambda seconds: (year, 1, 1, 0, 0, 0, 0, 1)


def test_the_time_from_the_network_is_unix_time_on_ports_that_count_from_2000_too():
    before = secure.time
    try:
        for year, expected in ((2000, 946684800), (1970, 0)):
            secure.time = Epoch(year)
            assert secure._before() == expected
    finally:
        secure.time = before
