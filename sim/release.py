"""A release of the firmware as the cloud sends it, signed with a key that is only for tests.

Runs on MicroPython too.
"""

import json
from binascii import hexlify
from hashlib import sha256

from firmware.controller.cloud import wire

MODULUS = (
    "d40c7f471e234337c31a91b9d12b1f060adba1b5cc91221a266101c70d537387fe6bbfa743802923fc6c4ebfb12c46347bea"
    "e06455c1197f5932dce4cb5e1ef309f31d5882ac6eece267c0d3931dc7fbd94f99f13f3e704f0beb69bb7e24c01d97ce78b9"
    "6a5843a0e33fbb39e47dbba5ba0caeff3d28c8de1f9ef43edffb5593f5c3df1e04cecb89f74966c230db6e9e76fe20fe288a"
    "b3d9f659ed6457ecda3c21cabde9afa3eb163fc2ac8f58def7ca4a35077571d0d88379da3f7bb8a2ab739264eb5251da4a51"
    "f9a9b19ae1bc8d5501e9628372cb45caf2f9d882b7473f022c3177e9d8f1c66a70a1d801c76eabfbb5138a97689b536e606c"
    "f2098a8ac31d"
)
PRIVATE = (
    "8dc9a8e3dbcc386607bd457d038ddb03019b117d1a0c5f5c9cf19bfeab2a743171e4d138fd97627d48f9d9d2d3c0d030c7f4"
    "614d9152df79beb44d1241e9ed91157aa8402244f3c2840eee8e8a7e5643be946008f96ebd97d457679bb721ee0b00370626"
    "f4fe223a69277449a63f2367c8e47b6866e1556ee835ea7720600a17db9e16c4afa0ae4f8d7b82d8f0c8ba80ff5a334885a7"
    "4b3368ca03a632627fde6a021b4c5197aa13b01d35f4d408392ea86f5274fcbdeafe0ff9246e0284b84d587c98c4fd764d5f"
    "a92ea83d99f64b084ab4e6466e3bc767922bcfaf09baf3c430d068e791f3e7fec259ce10da2491156f7e8b39d8dc52cd05c5"
    "31207312391"
)
INFO = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"


def sign(text):
    padded = b"\x00\x01" + b"\xff" * 202 + b"\x00" + INFO + sha256(text).digest()
    return pow(int.from_bytes(padded, "big"), int(PRIVATE, 16), int(MODULUS, 16)).to_bytes(256, "big")


class SignedRelease:
    """files: {path: bytes}. head: what release.json says; stream: all of it."""

    def __init__(self, build, files, serial=7, signer=sign, **other):
        named = [[name, len(body), hexlify(sha256(body).digest()).decode()] for name, body in sorted(files.items())]
        self.build = build
        self.files = files
        self.head = json.dumps(dict({"build": build, "serial": serial, "files": named}, **other)).encode()
        self.stream = signer(self.head) + self.head + b"".join([body for _, body in sorted(files.items())])

    def offer(self, **other):
        fields = dict({"build": self.build, "head": len(self.head)}, **other)
        return wire.packed(wire.UPDATE, "<I", 0xFFFFFFFF) + json.dumps(fields).encode()

    def piece(self, at, size=900):
        return wire.packed(wire.UPDATE, "<I", at) + self.stream[at : at + size]
