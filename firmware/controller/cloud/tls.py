"""TLS under the link, for boards whose broker asks for it: by a key that both know, or by certificates.

By key (PSK) there are no certificates and no dates. Else the broker's certificate must be signed by the authority in
the file `broker.ca` and be made out to the name by which the board calls the broker. `board.crt` and `board.key` are
shown to a broker that wants to see them. All three are DER, in the folder of the settings.
"""

import gc
import select
import time
from binascii import unhexlify

import tls
from machine import RTC
from micropython import const

from .. import clock, ticks
from .link import Stream
from .wire import MAX_MESSAGE

_DEADLINE_MS = const(10000)  # of the handshake, and of every read and write
_UNIX_2000 = const(946684800)


class Secure(Stream):
    """A Stream in TLS. Its socket never waits: TLS sockets have no deadlines of their own.

    broker: with "tls". folder: where the files lie. floor: Unix seconds, it is not earlier than that.
    quiet: whether no card is being read. Only then does the handshake take a step: its arithmetic holds the chip.
    """

    def __init__(self, out, broker, folder, floor, quiet):
        super().__init__(out)
        self._raw = self.socket
        self._broker = broker
        self._folder = folder
        self._floor = floor
        self._quiet = quiet
        self._shaken = False

    def connect(self, address):
        super().connect(address)
        if self._broker["tls"] == "psk":
            context = _by_key(self._broker)
        else:
            context = _by_certificate(self._folder)
            if utc() < self._floor:
                set_clock(self._floor)
        gc.collect()  # where its buffers lie in this heap, they are two whole blocks of 16 KB
        self._raw.setblocking(False)
        self.socket = context.wrap_socket(
            self._raw, server_hostname=self._broker["host"], do_handshake_on_connect=False
        )

    def read(self, size):
        """Exactly `size` bytes. Raises OSError when the connection ends first or the message is too long for us."""
        self.flush()
        if size > MAX_MESSAGE:
            raise OSError("message too long")
        start = clock.now()
        data = b""
        while len(data) < size:
            piece = self.socket.read(size - len(data))
            if piece is None:
                self._wait(select.POLLIN, start)
            elif piece:
                data += piece
            else:
                raise OSError("connection ended")
        return data

    def flush(self):
        """The first flush shakes hands on its way."""
        start = clock.now()
        sent = 0
        while sent < self._filled:
            if not self._shaken:
                clock.wait(_left(start), self._quiet)
                _left(start)
            try:
                step = self.socket.write(self._out[sent : self._filled])
            except ValueError:  # the certificate: perhaps it is newer than the time that the board knows of
                set_clock(max(self._floor, ask_time()))
                raise
            if step:
                sent += step
                self._shaken = True
            else:
                self._wait(select.POLLOUT, start)
        self._filled = 0

    def close(self):
        self.socket.close()
        self._raw.close()

    def _wait(self, what, start):
        poll = select.poll()
        poll.register(self.socket, what)
        if not poll.poll(_left(start)):
            raise OSError("no answer in TLS")


def _left(start):
    left = _DEADLINE_MS - ticks.diff(clock.now(), start)
    if left <= 0:
        raise OSError("no time left in TLS")
    return left


def _by_key(broker):
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    # Nothing but these: a broker that does not know the key must not come in by a certificate.
    ciphers = [name for name in context.get_ciphers() if name.startswith("TLS-PSK-WITH-AES")]
    if not ciphers:
        raise OSError("this interpreter has no PSK: enrol the board with certificates")
    context.set_ciphers(ciphers)
    context.psk_identity = broker["user"]  # type: ignore[attr-defined]
    context.psk_key = unhexlify(broker["key"])  # type: ignore[attr-defined]
    return context


def _by_certificate(folder):
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED  # type: ignore[attr-defined]
    context.load_verify_locations(_file(folder + "broker.ca"))
    try:
        certificate = _file(folder + "board.crt")
    except OSError:
        return context  # it has none: user and password then
    context.load_cert_chain(certificate, _file(folder + "board.key"))
    return context


def _file(name):
    with open(name, "rb") as file:
        return file.read()


def utc():
    """Unix seconds of the chip's own clock, by which certificates are judged. It starts at 2000."""
    return time.time() + _before()


def set_clock(seconds):
    year, month, day, hour, minute, second, weekday = time.gmtime(seconds - _before())[:7]
    RTC().datetime((year, month, day, weekday, hour, minute, second, 0))


def ask_time():
    """Unix seconds from the network, unproven: good enough to look at a date, and for nothing else. 0: no answer."""
    try:
        import ntptime

        return ntptime.time() + _before()
    except (ImportError, OSError):
        return 0


def _before():
    """How many Unix seconds had passed when the port's time began."""
    return _UNIX_2000 if time.gmtime(0)[0] == 2000 else 0
