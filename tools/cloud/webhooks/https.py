"""One POST to an address that somebody has entered: over TLS, to no machine of this network, to no other address."""

import http.client
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

TIMEOUT_S = 10.0  # for all of it: looking the name up, the handshake, the answer however slowly it comes
LONGEST = 16_384  # bytes of an answer until its status is known; 100 Continue, time and again, ends there as well
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})[ \r\n]")
_UNICAST = IPv6Network("2000::/3")  # all that is given out of IPv6 (IANA, Internet Protocol Version 6 Address Space)
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052, 2.1: an address of IPv4 in the last 32 bits


class PrivateAddress(OSError):
    """The name leads to a machine that is not on the open internet: it would be asked from within."""


def is_open(address: str) -> bool:
    """Whether it is a machine's on the open internet, also by the IPv4 address that a gateway would make of it."""
    found = ip_address(address.partition("%")[0])
    if isinstance(found, IPv4Address):
        return found.is_global and not found.is_multicast
    within = _within(found)
    if found in _NAT64:
        return is_open(str(within))
    return found in _UNICAST and found.is_global and (within is None or is_open(str(within)))


def _within(found: IPv6Address) -> IPv4Address | None:
    if found in _NAT64:
        return IPv4Address(int(found) & 0xFFFFFFFF)
    return found.teredo[1] if found.teredo else found.sixtofour


def post(
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    context: ssl.SSLContext | None = None,
    allowed: Callable[[str], bool] = is_open,
    *,
    last: Callable[[], None] = lambda: None,
) -> int:
    """The status of the answer; a redirection is not followed, and nothing of the answer is read. Raises OSError.

    last: called when all is ready to be sent, seconds later where the other end wants it so; it may raise.
    """
    until = time.monotonic() + TIMEOUT_S
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
        # Looked up once, and connected to what was looked at: a name may lead elsewhere the next moment.
        found = _addresses(host, port, until)
        if not found or not all(allowed(address) for address in found):
            raise PrivateAddress(f"{host} is no address of the open internet")
        line = _To(host, port, found[0], context or ssl.create_default_context(), until)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            line.connect()
            last()
            line.request("POST", path, content, dict(headers))
            return _status(line.sock, until)
        finally:
            line.close()
    except OSError:  # some of TLS are ValueErrors as well
        raise
    except (http.client.HTTPException, ValueError) as error:  # a name or a path that is none
        raise OSError(f"no call of HTTP can be made of it ({type(error).__name__})") from None


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("it took too long")
    return left


def _addresses(host: str, port: int, until: float) -> list[str]:
    """The system's resolver knows no deadline: one that waits for a hostile name server is left behind."""
    found: list[str] = []
    wrong: list[Exception] = []

    def look() -> None:
        try:
            found.extend(str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, ValueError) as error:
            wrong.append(error)

    resolver = threading.Thread(target=look, daemon=True)
    resolver.start()
    resolver.join(_left(until))
    if resolver.is_alive():
        raise TimeoutError("its name server does not answer")
    if wrong:
        raise wrong[0]
    return found


def _status(line: ssl.SSLSocket, until: float) -> int:
    """Of the answer itself: those of 1xx come before it (RFC 9110, 15.2)."""
    kept, came = b"", 0
    while True:
        line.settimeout(_left(until))
        part = line.recv(4096)
        kept, came = kept + part, came + len(part)
        while (status := _STATUS.match(kept)) and status[1][:1] == b"1" and b"\r\n\r\n" in kept:
            kept = kept.partition(b"\r\n\r\n")[2]
        if status and status[1][:1] != b"1":
            return int(status[1])
        if not part or came > LONGEST or (status is None and len(kept) > 16):
            raise OSError("no answer of HTTP")


class _To(http.client.HTTPSConnection):
    """A connection to one address, whose certificate must be that of the name."""

    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext, until: float):
        super().__init__(host, port, context=context)
        self._address, self._tls, self._until = address, context, until

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), _left(self._until))
        try:
            plain.settimeout(_left(self._until))
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
            self.sock.settimeout(_left(self._until))
        except (OSError, ValueError):
            plain.close()
            raise
