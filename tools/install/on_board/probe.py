"""Runs on the board: says what it is and what lies on it, as one line of JSON. Changes nothing."""

import json
import sys


def partitions():
    try:
        from esp32 import Partition
    except ImportError:
        return None
    sizes = {}
    for label in ("acl", "log", "state"):
        found = Partition.find(Partition.TYPE_DATA, label=label)
        if found:
            sizes[label] = found[0].info()[3]
    return sizes


def psk():
    """Whether the interpreter's TLS can do without certificates."""
    try:
        import tls

        ciphers = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT).get_ciphers()
    except (ImportError, AttributeError):
        return False
    return any(name.startswith("TLS-PSK-") for name in ciphers)


def current():
    try:
        with open("/current") as file:
            return file.read().strip()
    except OSError:
        return None


print(
    json.dumps(
        {
            "name": sys.implementation.name,
            "version": list(sys.implementation.version[:3]),
            "mpy": getattr(sys.implementation, "_mpy", None),
            "partitions": partitions(),
            "psk": psk(),
            "current": current(),
            "running": "controller.app" in sys.modules,
        }
    )
)
