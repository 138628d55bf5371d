"""Every page in a browser: nothing scrolls sideways, lies over something else or fails axe, at any width we name."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
WIDTHS = (1280, 390, 320)
# axe once a page and language: colours do not depend on words, so each language takes one of the themes.
LANGUAGES = {"en": "light", "nb": "dark"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, Any]]]:
    """(address, what there is to see) of a building's process with a tenant that has something on every page."""
    folder = tmp_path_factory.mktemp("shown")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    env = os.environ | {
        "PORTVAKT_DATA": str(folder / "var"), "DJANGO_SETTINGS_MODULE": "tools.run.settings",
        "PORTVAKT_URL": address, "PYTHONPATH": f"{HERE.parents[3]}:{HERE.parent}:{HERE}", "SECRET_KEY": "for tests",
    }  # fmt: skip
    env.pop("DATABASE_URL", None)
    command = [sys.executable, str(HERE / "shown_server.py"), str(port)]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert said, (folder / "log").read_text(encoding="utf-8")
            wait_for(address + "/accounts/login/")
            yield address, json.loads(said)
        finally:
            process.kill()


def wait_for(address: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"nothing answers at {address}")


@pytest.fixture(scope="module")
def browser_at(served: tuple[str, dict[str, Any]]) -> Iterator[Any]:
    from browser import chromium

    with chromium(served[0]) as browser:
        yield browser


def visits(there: dict[str, Any]) -> Iterator[tuple[str | None, str, str]]:
    """(as whom, name, address) of each page to look at."""
    for name, address in {**there["pages"], **there["also"]}.items():
        yield "owner", name, address
    yield "guard", "doors of a guard", "/"
    yield "guard", "no page of their own", "/me/"
    for name, address in there["pages"].items():
        if not any(letter.isdigit() for letter in address):
            yield "empty", f"{name}, with nothing yet", address
    yield None, "sign in", "/accounts/login/"
    yield None, "sign-in link", there["link"]


@pytest.mark.chromium
@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_fits_and_is_accessible(served: Any, browser_at: Any, language: str) -> None:
    _, there = served
    theme = LANGUAGES[language]
    faults = []
    for who, name, address in visits(there):
        browser_at.sign_in(there["sessions"].get(who), language)
        browser_at.look(WIDTHS[0], theme)
        browser_at.go(address)
        if language == "nb":
            browser_at.unfold()
        faults += [f"{name}: {fault}" for fault in seen(browser_at, theme)]
    assert not faults, "\n".join(faults)


def seen(browser: Any, theme: str) -> list[str]:
    """Each width, then axe at the one that this theme is looked at with: the last measured, so that all is laid out.

    No theme moves anything.
    """
    found = []
    last = 1280 if theme == "light" else 390
    for width in sorted(WIDTHS, key=last.__eq__):
        browser.look(width, theme)
        found += [f"{width} px, {theme}: {fault}" for fault in browser.measured()]
    return found + browser.audited()


@pytest.mark.chromium
def test_what_is_wrong_is_found(browser_at: Any) -> None:
    """The measures themselves: each fault that they are for, made on purpose."""
    browser_at.sign_in(None, "en")
    browser_at.look(390, "light")
    browser_at.go("/accounts/login/")
    assert browser_at.measured() == [] and browser_at.audited() == []
    for made, said in (
        (("p", "wide", "width: 500px"), "scrolls sideways by"),
        (("p", "over", "position: relative; top: -20px; height: 0"), "lies over"),
        (("p", "too long for its box", "width: 40px; overflow: hidden; white-space: nowrap"), "is cut off"),
    ):
        browser_at.put(*made)
        assert any(said in fault for fault in browser_at.measured()), (made, browser_at.measured())
    browser_at.put("p", "too long for its box, and says so", "width: 9em; overflow: hidden; text-overflow: ellipsis")
    assert browser_at.measured() == []
    browser_at.put("input", "", "")
    assert any(fault.startswith("label (critical)") for fault in browser_at.audited())
