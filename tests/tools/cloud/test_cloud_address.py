"""Addresses in the environment: what cannot work is refused with a sentence, as whoever starts the cloud sees it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.cloud import address
from tools.terminal import Problem


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "https://example.org/portvakt",
            "the pages lie at its root; give them a host name of their own, such as https",
        ),
        ("https://example.org/?a=1", "at its root"),
        ("https://example.org/#doors", "at its root"),
        ("example.org", "looks like https://doors.example.org; example.org does not"),
        ("ftp://example.org", "looks like"),
        ("https://", "looks like"),
        ("https://example.org:port", "looks like"),
        ("https://me:se-cret@example.org", "looks like"),
        ("https://[::1", "looks like"),
    ],
)
def test_an_address_of_the_pages_that_cannot_work_is_refused(url: str, said: str) -> None:
    with pytest.raises(Problem) as told:
        address.of_pages(url)
    assert said in str(told.value) and "se-cret" not in str(told.value)


@pytest.mark.parametrize("url", ["https://doors.example.org", "http://127.0.0.1:8000/", "http://[::1]:8000"])
def test_an_address_of_a_host_is_taken(url: str) -> None:
    assert address.of_pages(url).hostname


@pytest.mark.parametrize(
    "url", ["postgres://u:se/cret@h/db", "postgres://u:se[cret@h/db", "pstgres://u:secret@h/db", "x"]
)
def test_a_database_that_cannot_be_is_refused_without_its_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(Problem, match="looks like postgres://user:password@host") as told:
        address.of_database("sqlite:///x")
    assert "cret" not in str(told.value)


def test_the_command_line_says_it_as_a_sentence(tmp_path: Path) -> None:
    env = os.environ | {"PORTVAKT_DATA": str(tmp_path / "data"), "PORTVAKT_URL": "https://example.org/portvakt"}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, "-m", "tools", "cloud", "migrate"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "portvakt cloud: PORTVAKT_URL names a place below example.org" in done.stderr
