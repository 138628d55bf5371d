"""Releases: signed offline, and taken by the firmware's own check."""

from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

import sim.mcu  # noqa: F401  before any firmware file is imported
from firmware.controller.cloud import update
from tools import release
from tools.terminal import Problem


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str]:
    folder = tmp_path_factory.mktemp("release")
    run = CliRunner().invoke
    assert run(release.app, ["key", str(folder / "offline")]).exit_code == 0
    done = run(release.app, ["sign", "--key", str(folder / "offline"), "--out", str(folder / "r"), "--serial", "7"])
    assert done.exit_code == 0, done.output
    assert run(release.app, ["verify", str(folder / "r"), "--key", str(folder / "offline.pub")]).exit_code == 0
    assert (folder / "offline").stat().st_mode & 0o777 == 0o600
    return (folder / "r").read_bytes(), (folder / "offline.pub").read_text().strip()


def test_the_firmware_takes_what_the_tool_signed_and_nothing_else(signed: tuple[bytes, str]) -> None:
    body, public = signed
    size, fields = release.head_of(body)
    digest = sha256(body[256 : 256 + size]).digest()
    assert update.signed(digest, body[:256], int(public, 16))
    for other in (bytes(256), body[:255] + bytes((body[255] ^ 1,)), body[:255], body[1:257]):
        assert not update.signed(digest, other, int(public, 16))
    assert not update.signed(sha256(b"other").digest(), body[:256], int(public, 16))
    assert fields["serial"] == 7 and [name for name, _, _ in fields["files"]] == ["app.pack"]


def test_a_board_takes_the_head_of_what_the_tool_signs(signed: tuple[bytes, str]) -> None:
    assert release.head_of(signed[0])[0] <= 8192, "update.py refuses a longer one"


@pytest.mark.parametrize("at", [0, 255, 256, 300])
def test_a_changed_release_is_told(signed: tuple[bytes, str], at: int) -> None:
    body, public = signed
    with pytest.raises(Problem):
        release.check(body[:at] + bytes((body[at] ^ 1,)) + body[at + 1 :], public)
    with pytest.raises(Problem):
        release.check(body[:-1], public)


def test_a_key_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "k").write_text("mine")
    with pytest.raises(Problem):
        release.key(tmp_path / "k")
    with pytest.raises(Problem):
        release.load(tmp_path / "k", None)


def test_the_installer_takes_the_public_key_and_nothing_else(signed: tuple[bytes, str], tmp_path: Path) -> None:
    from tools.install import payload

    good = tmp_path / "offline.pub"
    good.write_text(signed[1] + "\n")
    assert payload.load_release_key(good) == signed[1].encode()
    for text in ("", "00" * 256, signed[1][:-2], "x" * 512):
        good.write_text(text)
        with pytest.raises(Problem):
            payload.load_release_key(good)
