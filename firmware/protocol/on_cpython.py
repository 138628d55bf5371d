"""What MicroPython has and CPython lacks: `micropython`, `cryptolib`, the old u-names that umqtt imports.

For the cloud end and the host's tools, which read the firmware's own files. `machine` and its like: sim/mcu.
"""

import binascii
import gc
import os
import socket
import ssl
import struct
import sys
from types import ModuleType


def _micropython() -> ModuleType:
    module = ModuleType("micropython")

    def const(value):
        return value

    def identity(function):
        return function

    def schedule(function, argument):
        function(argument)

    def nothing(*_):
        return 0

    module.const = const
    module.native = module.viper = identity
    module.schedule = schedule
    for name in ("kbd_intr", "alloc_emergency_exception_buf", "opt_level", "mem_info"):
        setattr(module, name, nothing)
    return module


class aes:
    """AES in ECB mode, the one mode that the firmware uses. The other modes of cryptolib are refused."""

    def __init__(self, key, mode, iv=None):
        if mode != 1 or iv is not None:
            raise ValueError("only mode 1 (ECB)")
        # cryptography is only needed where something is encrypted, and takes a while to import.
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        cipher = Cipher(algorithms.AES(bytes(key)), modes.ECB())
        self._encrypt = cipher.encryptor().update
        self._decrypt = cipher.decryptor().update

    def encrypt(self, data, out=None):
        if out is None and not len(data) % 16:
            return self._encrypt(data)
        return _into(self._encrypt(bytes(data)), data, out)

    def decrypt(self, data, out=None):
        return _into(self._decrypt(bytes(data)), data, out)


def _into(result, data, out):
    if len(data) % 16:
        raise ValueError("blksize % 16")
    if out is None:
        return result
    out[:] = result
    return None


def register() -> None:
    """Puts these modules where `import` finds them. Once is enough, more do no harm."""
    cryptolib = ModuleType("cryptolib")
    cryptolib.aes = aes  # type: ignore[attr-defined]
    for name, module in (
        ("micropython", _micropython()),
        ("cryptolib", cryptolib),
        ("usocket", socket),
        ("ustruct", struct),
        ("ubinascii", binascii),
        ("ussl", ssl),
        ("uos", os),
    ):
        sys.modules.setdefault(name, module)
    if not hasattr(gc, "threshold"):
        gc.threshold = lambda amount: None  # type: ignore[attr-defined]
