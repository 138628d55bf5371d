"""What goes onto a board for TLS: in DER, whole, and only where it is of use."""

import base64
from pathlib import Path
from typing import Any

import pytest

from tools.install import tls_files
from tools.terminal import Problem

DER = b"\x30\x03abc"
PEM = b"-----BEGIN CERTIFICATE-----\n" + base64.b64encode(DER) + b"\n-----END CERTIFICATE-----\n"


def settings(*hows: str) -> dict[str, Any]:
    brokers = [{"tls": how} if how else {} for how in hows]
    return {"broker": brokers[0], "more_brokers": brokers[1:]} if brokers[1:] else {"broker": brokers[0]}


def test_pem_and_der_are_the_same_on_the_board(tmp_path: Path) -> None:
    pem, der = tmp_path / "ca.pem", tmp_path / "ca.der"
    pem.write_bytes(b"Subject: CN=CA\n" + PEM)
    der.write_bytes(DER)
    for file in (pem, der):
        assert tls_files.files(settings("certificates"), file, None, None) == {"broker.ca": DER}
    assert tls_files.files(settings("psk"), None, der, pem) == {"board.crt": DER, "board.key": DER}
    assert tls_files.files({}, None, None, None) == {}


def test_what_is_missing_or_damaged_is_said_and_no_key_repeated(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    with pytest.raises(Problem, match="--broker-ca"):
        tls_files.files(settings("psk", "certificates"), None, None, None)
    with pytest.raises(Problem, match="both --board-certificate and --board-key"):
        tls_files.files(settings(""), None, file, None)
    with pytest.raises(Problem, match="cannot be read"):
        tls_files.files(settings(""), file, None, None)
    for content, sentence in (
        (PEM + PEM, "holds 2"),
        (b"hunter2", "neither PEM nor DER"),
        (b"-----BEGIN PRIVATE KEY-----\nhunter2hunter\n-----END PRIVATE KEY-----\n", "damaged|neither"),
    ):
        file.write_bytes(content)
        with pytest.raises(Problem, match=sentence) as said:
            tls_files.files(settings(""), file, None, None)
        assert "hunter2" not in str(said.value)


def test_a_board_without_psk_is_not_left_without_a_broker() -> None:
    old, new = {"version": [1, 26, 0], "psk": False}, {"version": [1, 29, 0], "psk": True}
    with pytest.raises(Problem, match=r"MicroPython 1\.26\.0 on the board has no PSK"):
        tls_files.check(old, settings("psk"))
    for found, told in ((new, settings("psk")), (old, settings("psk", "certificates")), (old, settings("")), (old, {})):
        tls_files.check(found, told)
