"""The link: Wi-Fi, umqtt.simple and the network loop, which may wait as long as it likes and owns nothing else."""

import select
import socket
from binascii import unhexlify

from micropython import const
from network import STA_IF, STAT_CONNECTING, WLAN
from umqtt import simple

from .. import clock, ticks
from . import session as sessions
from .wire import MAX_MESSAGE, topics

_DEADLINE_MS = const(10000)  # of every read and write
_KEEPALIVE_S = const(30)  # the session's own pings keep it
_LOOK_MS = const(20)  # how long a message of the control loop may lie before it is sent
_GATHERED = const(2200)  # bytes: two of the longest messages, each with what MQTT puts before it
_FIRST_PAUSE_MS = const(2000)
_LONGEST_PAUSE_MS = const(20000)


def wait(sock, ms, pending):
    """Whether something can be read; returns at once when `pending()`, at the latest after ms. A simulator jumps."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    start = clock.now()
    while not pending():
        left = ms - ticks.diff(clock.now(), start)
        if left <= 0:
            break
        if poll.poll(min(left, _LOOK_MS)):
            return True
    return False


class Stream:
    """A socket as umqtt.simple wants it, with a deadline on every step and writes gathered until the next read.

    umqtt.simple would take the deadline away after its first read and send a message in five pieces
    (micropython-lib#103, #1070), each waiting for the other end's delayed acknowledgement.
    out: a bytearray to gather them in. What does not fit beside the others sends them first.
    """

    def __init__(self, out):
        self.socket = socket.socket()
        self.socket.settimeout(_DEADLINE_MS // 1000)
        self._out = memoryview(out)
        self._filled = 0

    def connect(self, address):
        self.socket.connect(address)

    def setblocking(self, flag):
        """What umqtt.simple thinks of deadlines does not count."""

    def write(self, data, size=None):
        if size is None:
            size = len(data)
        if self._filled + size > len(self._out):
            self.flush()
        end = self._filled + size
        self._out[self._filled : end] = memoryview(data)[:size]
        self._filled = end

    def read(self, size):
        """Exactly `size` bytes, however slowly they come, within the deadline.

        Raises OSError when they do not, when the connection ends, or when the message is too long for us.
        """
        self.flush()
        if size > MAX_MESSAGE:
            raise OSError("too long")
        start = clock.now()
        data = b""
        while len(data) < size:
            left = _DEADLINE_MS - ticks.diff(clock.now(), start)
            if not wait(self.socket, left, bool):  # bool(): nothing else ends it
                raise OSError("no answer")
            piece = self.socket.recv(size - len(data))
            if not piece:
                raise OSError("connection ended")
            data += piece
        return data

    def flush(self):
        sent = 0
        while sent < self._filled:
            step = self.socket.write(self._out[sent : self._filled])
            if not step:
                raise OSError("cannot send")
            sent += step
        self._filled = 0

    def close(self):
        self.socket.close()


class Link:
    """settings: the board's. inbox, outbox: mailboxes shared with the control loop. refused: {word: count}.

    tls: where a broker asks for it, what TLS has to know of the board (links.py).
    """

    tls: tuple

    def __init__(self, settings, inbox, outbox, refused):
        self.settings = settings
        self._broker = settings["broker"]
        self.shared = inbox, outbox, refused
        self._inbox = inbox
        self._station = WLAN(STA_IF)
        self._out = bytearray(_GATHERED)
        self._client = None
        self.session = None
        self._pause = _FIRST_PAUSE_MS
        self.beat = clock.now()  # when the network loop last came round

    def socket(self):
        if "tls" in self._broker:
            from .tls import Secure

            return Secure(self._out, self._broker, *self.tls)
        return Stream(self._out)

    def getaddrinfo(self, host, port):
        return socket.getaddrinfo(host, port)

    def run(self):
        """The network loop. Never returns, whatever there is no memory for."""
        rest = False
        spread = 32768
        while True:
            self.beat = clock.now()
            try:
                if rest:
                    # Boards that lost the same broker must not come back in the same second: up to twice the pause.
                    pause = self._pause
                    self._pause = min(pause * 2, _LONGEST_PAUSE_MS)
                    clock.wait(pause * spread >> 15, self._cut)
                rest = True  # from here on: what fails every time is not to be tried without a pause
                spread = int.from_bytes(sessions.urandom(2), "little")
                if not self._associated():
                    rest = False
                    clock.wait(_LONGEST_PAUSE_MS, self._station.isconnected)
                    self._pause = _FIRST_PAUSE_MS
                    continue
                try:
                    self._connect()
                    while True:
                        self._serve()
                finally:
                    self._drop()
            except Exception as error:
                # umqtt.simple tells a broken link by OSError, IndexError, TypeError, AssertionError and more.
                print("link:", type(error).__name__, error)

    def _associated(self):
        """Whether there is a network; if not, asks for it."""
        station = self._station
        if not station.isconnected():
            station.active(True)
            if station.status() != STAT_CONNECTING:
                wifi = self.settings["wifi"]
                station.connect(wifi["name"], wifi["password"])
        return station.isconnected()

    def _cut(self):
        return not self._station.isconnected()

    def _connect(self):
        broker = self._broker
        name = self.settings["controller"]
        up, down = topics(name)
        self._up, self._down = up.encode(), down.encode()
        client = self._client = simple.MQTTClient(
            name.encode(),
            broker["host"],
            broker["port"],
            broker["user"].encode() or None,
            broker["password"].encode(),
            _KEEPALIVE_S,
        )
        self.session = sessions.Session(name, unhexlify(self.settings["link_secret"]), self._publish, *self.shared)
        client.set_callback(self._received)
        simple.socket = self  # umqtt.simple asks it for sockets: socket() and getaddrinfo() above
        client.connect()
        client.subscribe(self._down)
        self.session.begin(clock.now())

    def _serve(self):
        """One round: send what is due, then read one message if one comes before the next thing is due."""
        session = self.session
        now = self.beat = clock.now()
        session.step(now)
        if session.is_open():
            self._pause = _FIRST_PAUSE_MS
        self._client.sock.flush()
        if session.blocked():
            clock.wait(_LOOK_MS, self._inbox.room)
        elif wait(self._client.sock.socket, max(0, ticks.diff(session.due(), now)), session.pending):
            self._client.wait_msg()

    def _publish(self, message):
        # QoS 0: what must arrive is acknowledged by the cloud itself, after its commit, and sent again until then.
        self._client.publish(self._up, message)

    def _received(self, topic, message):
        if topic == self._down:  # amqtt 0.12.1 gives a new client what others have left as retained
            self.session.receive(message, clock.now())

    def _drop(self):
        client, session = self._client, self.session
        self._client = self.session = None
        if session:
            while not self._inbox.put(sessions.LOST):
                self.shared[1].empty()  # it has no reader now, and the control loop may wait for room
                clock.wait(_LOOK_MS, self._inbox.room)
        if client and client.sock:
            client.sock.close()
