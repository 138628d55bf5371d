"""What TLS asks of a board: its broker's authority, a certificate of its own, or an interpreter that has PSK."""

import base64
import binascii
import re
from pathlib import Path
from typing import Any

from tools.terminal import Problem

_PEM = re.compile(rb"-----BEGIN ([A-Z ]+)-----\s(.*?)-----END \1-----", re.S)


def files(settings: dict[str, Any], ca: Path | None, certificate: Path | None, key: Path | None) -> dict[str, bytes]:
    """The files beside the settings, in DER: name on the board -> bytes."""
    if ca is None and "certificates" in _asked(settings):
        raise Problem("the settings name a broker with certificates; give the CA that signed its own with --broker-ca")
    if (certificate is None) != (key is None):
        raise Problem("a certificate of the board needs its key: give both --board-certificate and --board-key")
    found = {"broker.ca": ca, "board.crt": certificate, "board.key": key}
    return {name: _der(path) for name, path in found.items() if path is not None}


def check(found: dict[str, Any], settings: dict[str, Any]) -> None:
    """found: what on_board/probe.py says of the board."""
    if _asked(settings) == {"psk"} and not found.get("psk"):
        version = ".".join(map(str, found["version"]))
        raise Problem(
            f"MicroPython {version} on the board has no PSK, which its broker asks for; "
            "flash one that has (1.29), or enrol the board with a broker of mqtts:// (certificates)"
        )


def _asked(settings: dict[str, Any]) -> set[str]:
    """How its brokers are spoken to."""
    if not settings:
        return set()
    return {str(one.get("tls", "")) for one in (settings["broker"], *settings.get("more_brokers", ()))}


def _der(path: Path) -> bytes:
    """One certificate or key. Nothing of a key is repeated."""
    try:
        data = path.read_bytes()
        found = _PEM.findall(data)
        if len(found) > 1:
            raise Problem(f"{path} holds {len(found)} certificates or keys; a board takes one")
        if found:
            data = base64.b64decode(found[0][1], validate=False)
        if not data.startswith(b"\x30"):
            raise Problem(f"{path} is neither PEM nor DER; give a certificate or key as openssl writes it")
    except binascii.Error:
        raise Problem(f"{path} is damaged; write it again") from None
    except OSError as error:
        raise Problem(f"{path} cannot be read ({error.strerror}); name another file") from None
    return data
