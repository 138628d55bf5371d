"""What an installation by cable tells the board of the newest firmware it had."""

import hashlib
from pathlib import Path

import pytest

from tools.build import Build
from tools.install.payload import Payload

BUILD = Build("0123456789ab", Path("nowhere"), {})


@pytest.mark.parametrize(("exactly", "said"), [(False, "installed:1700000000"), (True, "serial:1700000000")])
def test_the_plan_says_the_serial_and_whether_it_counts_exactly(
    exactly: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Build, "slot", {"app.pack": b"x"})
    plan = Payload(BUILD, {}, serial=1_700_000_000, exactly=exactly).plan()
    assert plan["serial"] == said
    assert plan["files"] == {"/slots/0123456789ab/app.pack": [1, hashlib.sha256(b"x").hexdigest()]}
