"""Writes a small file in the MaxMind DB format 2.0: a tree of 24-bit records, the data, what it says of itself."""

from ipaddress import ip_network
from typing import Any

MARKER = b"\xab\xcd\xefMaxMind.com"
TEXT, UNSIGNED_16, UNSIGNED_32, MAP, UNSIGNED_64, LIST = 2, 5, 6, 7, 9, 11


class Number(int):
    """kind: how it is written; the reader of the format checks none of them."""

    kind = UNSIGNED_32


class Short(Number):
    kind = UNSIGNED_16


class Long(Number):
    kind = UNSIGNED_64


def _control(kind: int, size: int) -> bytes:
    """One byte of kind and size; more where the kind does not fit into three bits, or the size into five."""
    more = b""
    if size >= 29:
        assert size < 29 + 256
        size, more = 29, bytes([size - 29])
    if kind > 7:
        return bytes([size, kind - 7]) + more
    return bytes([kind << 5 | size]) + more


def written(value: Any) -> bytes:
    if isinstance(value, dict):
        return _control(MAP, len(value)) + b"".join(written(key) + written(one) for key, one in value.items())
    if isinstance(value, list):
        return _control(LIST, len(value)) + b"".join(map(written, value))
    if isinstance(value, str):
        return _control(TEXT, len(value.encode())) + value.encode()
    size = (value.bit_length() + 7) // 8
    return _control(value.kind, size) + int(value).to_bytes(size, "big")


def file(records: dict[str, Any], ip_version: int = 6) -> bytes:
    """records: {network: what is said of it}. IPv4 lies below ::/96 in a file of IPv6."""
    data, tree = b"", [[None, None]]
    for name, record in records.items():
        network = ip_network(name)
        bits = [int(bit) for bit in format(int(network.network_address), f"0{network.max_prefixlen}b")]
        path = [0] * (96 if ip_version == 6 and network.version == 4 else 0) + bits[: network.prefixlen]
        node = 0
        for bit in path[:-1]:
            following: Any = tree[node][bit]
            if following is None:
                tree.append([None, None])
                following = len(tree) - 1
                tree[node][bit] = following  # type: ignore[call-overload]
            node = following
        tree[node][path[-1]] = -len(data) - 1  # type: ignore[call-overload]
        data += written(record)

    def pointer(of: Any) -> bytes:
        if of is None:  # nothing is known
            return len(tree).to_bytes(3, "big")
        return (of if of >= 0 else len(tree) + 16 - of - 1).to_bytes(3, "big")

    said = {
        "binary_format_major_version": Short(2), "binary_format_minor_version": Short(0), "build_epoch": Long(1),
        "database_type": "Portvakt-Test-City", "description": {"en": "test"}, "ip_version": Short(ip_version),
        "languages": ["en"], "node_count": Number(len(tree)), "record_size": Short(24),
    }  # fmt: skip
    return b"".join(pointer(one) for node in tree for one in node) + bytes(16) + data + MARKER + written(said)


def place(country: str, city: str = "", region: str = "") -> dict[str, Any]:
    """As GeoLite2-City has it, with the coordinates that nobody may keep."""
    said: dict[str, Any] = {
        "country": {"iso_code": "NO", "names": {"en": country, "de": "Norwegen"}},
        "location": {"latitude": Number(60_392), "accuracy_radius": Short(5)},
    }
    if city:
        said["city"] = {"geoname_id": Number(3_161_732), "names": {"en": city}}
    if region:
        said["subdivisions"] = [{"iso_code": "46", "names": {"en": region}}]
    return said
