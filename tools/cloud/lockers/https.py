"""One POST to an address that somebody has entered: over TLS, to no machine of this network, to no other address."""

import http.client
import socket
import ssl
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

TIMEOUT_S = 10.0


class Inside(OSError):
    """The name leads to a machine that is not on the open internet: it would be asked from within."""


def post(
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    context: ssl.SSLContext | None = None,
    allowed: Callable[[str], bool] = lambda address: ip_address(address).is_global,
) -> int:
    """The status of the answer; a redirection is not followed, and nothing of the answer is read. Raises OSError."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    # Looked up once, and connected to what was looked at: a name may lead elsewhere the next moment.
    found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not found or not all(allowed(address) for address in found):
        raise Inside(f"{host} is no address of the open internet")
    line = _To(host, port, found[0], context or ssl.create_default_context())
    try:
        line.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), content, dict(headers))
        return line.getresponse().status
    except http.client.HTTPException as error:
        raise OSError(f"no answer of HTTP ({type(error).__name__})") from None
    finally:
        line.close()


class _To(http.client.HTTPSConnection):
    """A connection to one address, whose certificate must be that of the name."""

    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext):
        super().__init__(host, port, timeout=TIMEOUT_S, context=context)
        self._address, self._tls = address, context

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), TIMEOUT_S)
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
        except OSError:
            plain.close()
            raise
