"""What people do with the pages, from the provider's sign-in to a guest who is gone, in a browser with a board behind.

One house, one story after the other: each begins where the one before has left it.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "sign_in"))
PATIENCE_S = 20
ADMIN, RESIDENT, GUEST = "kari@example.test", "ingrid@example.test", "tante.berit@gjest.example"
PHONE, DESK = 390, 1280
ROWS = 1_000


class House:
    """The process with the pages and the board."""

    def __init__(self, process: Any, address: str, there: dict[str, int]) -> None:
        self._process, self.address, self.there = process, address, there

    def ask(self, **said: Any) -> dict[str, Any]:
        self._process.stdin.write(json.dumps(said or {"look": True}) + "\n")
        self._process.stdin.flush()
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told


class Hands:
    """What somebody sees and does in the browser."""

    def __init__(self, browser: Any) -> None:
        self.browser, self.driver = browser, browser.driver

    def wait(self, true: Callable[[], Any], what: str) -> Any:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            found = true()
            if found:
                return found
            time.sleep(0.1)
        raise AssertionError(f"not within {PATIENCE_S} s: {what}\n{self.text()[:2000]}")

    def text(self) -> str:
        return str(self.driver.execute_script("return document.body ? document.body.innerText : ''"))

    def sees(self, words: str) -> None:
        self.wait(lambda: words.lower() in self.text().lower(), words)

    def press(self, words: str) -> None:
        """A button, link or fold that says so, as soon as it is there."""
        script = """
        const said = arguments[0], all = document.querySelectorAll("button, a, summary");
        const one = [...all].find((one) => one.checkVisibility() && !one.disabled && one.textContent.includes(said));
        if (!one) return false;
        one.click();
        return true;"""
        self.wait(lambda: self.driver.execute_script(script, words), f"something to press: {words}")

    def fill(self, name: str, value: str) -> None:
        script = """
        const one = document.querySelector(`main [name="${arguments[0]}"]`);
        if (!one) return false;
        if (one.type === "checkbox") one.checked = true; else one.value = arguments[1];
        one.dispatchEvent(new Event("change", {bubbles: true}));
        return true;"""
        self.wait(lambda: self.driver.execute_script(script, name, value), f"a field: {name}")

    def read(self, selector: str) -> str:
        script = "const one = document.querySelector(arguments[0]); return one ? one.value || one.textContent : ''"
        return str(self.wait(lambda: self.driver.execute_script(script, selector), selector)).strip()

    def go(self, path: str, width: int = DESK) -> None:
        self.browser.look(width, "light")
        self.driver.get(path if path.startswith("http") else self.browser.base + path)

    def is_signed_out(self) -> None:
        self.browser.sign_in(None, "en")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Any]]:
    """(the house, its provider)."""
    from certified import running
    from test_pages_in_a_browser import wait_for

    folder = tmp_path_factory.mktemp("stories")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    (folder / "provider").mkdir()
    with running(folder / "provider", address) as provider:
        rows = [{"id": "one", "name": "Folkeregisteret", "issuer": f"{provider.base}/one", "client_id": "portvakt",
                 "secret": "for tests"}]  # fmt: skip
        (folder / "providers.json").write_text(json.dumps(rows), encoding="utf-8")
        env = os.environ | {
            "PORTVAKT_DATA": str(folder / "var"), "DJANGO_SETTINGS_MODULE": "tools.cloud.settings",
            "PORTVAKT_URL": address, "PYTHONPATH": f"{HERE.parents[3]}:{HERE.parent}:{HERE}", "SECRET_KEY": "for tests",
            "OIDC_PROVIDERS": str(folder / "providers.json"), "NOTICES": "nothing.leaves:here",
        }  # fmt: skip
        env.pop("DATABASE_URL", None)
        command = [sys.executable, str(HERE / "story_server.py"), str(port)]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with (folder / "log").open("w") as log, subprocess.Popen(command, env=env, stderr=log, **pipes) as process:
            try:
                said = process.stdout.readline()  # type: ignore[union-attr]
                assert said, (folder / "log").read_text(encoding="utf-8")
                wait_for(address + "/accounts/login/")
                yield House(process, address, json.loads(said)), provider
            finally:
                process.kill()


@pytest.fixture(scope="module")
def hands(house: tuple[House, Any]) -> Iterator[Hands]:
    from browser import chromium

    with chromium(house[0].address) as browser:
        yield Hands(browser)


@pytest.fixture(scope="module")
def home(house: tuple[House, Any], hands: Hands) -> House:
    """Signed in through the provider, as the administrator whom it vouches for."""
    hands.is_signed_out()
    claims = {"sub": "42", "email": ADMIN, "email_verified": True, "name": "Kari Nordmann"}
    house[1].control(person=claims)
    hands.go("/accounts/login/")
    hands.press("Continue with Folkeregisteret")
    hands.sees("Hovedinngang")
    assert hands.driver.current_url.startswith(house[0].address)
    return house[0]


@pytest.mark.chromium
def test_sign_in_through_the_provider_and_nobody_else_by_it(home: House, house: Any, hands: Hands) -> None:
    hands.go("/account/")
    hands.sees(ADMIN)
    cookies = hands.driver.get_cookies()
    hands.is_signed_out()
    house[1].control(person={"sub": "43", "email": "fremmed@example.test", "email_verified": True})
    hands.go("/accounts/login/")
    hands.press("Continue with Folkeregisteret")
    hands.wait(lambda: "/callback/" in hands.driver.current_url, "the provider's way back")
    assert "Hovedinngang" not in hands.text()
    hands.is_signed_out()
    for cookie in cookies:
        hands.driver.execute_cdp_cmd(
            "Network.setCookie", {"name": cookie["name"], "value": cookie["value"], "url": home.address}
        )


@pytest.mark.chromium
def test_a_card_is_learned_at_a_door_and_the_door_is_opened(home: House, hands: Hands) -> None:
    hands.go(f"/people/{home.there['person']}/")
    hands.press("Read a card")
    hands.sees("A card was read at Hovedinngang")
    hands.press("Give to Ingrid Solheim")
    hands.sees("on its way to the doors")
    hands.wait(lambda: home.ask()["learned"], "the board to know the card")
    hands.go("/")
    hands.press("Unlock")
    hands.wait(lambda: home.ask()["released"] == [1], "the board to be asked")


@pytest.mark.chromium
def test_a_guest_opens_once_and_is_gone_and_a_lost_card_is_blocked_on_the_phone(home: House, hands: Hands) -> None:
    hands.go(f"/people/{home.there['person']}/")
    hands.press("Give an account")
    hands.fill("email", RESIDENT)
    hands.driver.execute_script("document.querySelector('form[action$=\"/account\"] button').click()")
    link = hands.read("#told")
    administrator = hands.driver.get_cookies()
    hands.is_signed_out()
    hands.go(link, PHONE)
    hands.press("Sign in")
    hands.sees("My cards")
    resident = hands.driver.get_cookies()
    # A guest, once.
    hands.press("My guests")
    hands.press("Invite a guest")
    hands.fill("doors", "")
    hands.fill("valid_until", str(date.today() + timedelta(days=1)))
    hands.fill("uses", "1")
    hands.fill("email", GUEST)
    hands.driver.execute_script("document.querySelector('main form .button').click()")
    invitation = hands.read("#told")
    before = home.ask()
    assert (before["invitations"], before["guests"], before["codes"]) == (1, 1, 1)
    hands.is_signed_out()
    hands.go(invitation, PHONE)
    hands.press("Show my code")
    code = hands.read(".pass-code").replace(" ", "")
    taken = home.ask()
    assert (taken["invitations"], taken["address"]) == (0, False), "who they are is kept no longer"
    hands.wait(lambda: home.ask(tap=code)["opens"], "the door to open to the code")
    after = home.ask()
    assert (after["guests"], after["codes"]) == (0, 0)
    hands.wait(lambda: not home.ask(tap=code)["opens"], "the board to refuse it the second time")
    # The lost card.
    hands.is_signed_out()
    signed_in_again(hands, home, resident)
    hands.go("/me/", PHONE)
    assert home.ask()["first"]
    hands.press("Lost my card")
    hands.press("Block it now")
    hands.sees("Blocked")
    hands.wait(lambda: not (home.ask()["first"] and home.ask()["learned"]), "the board to refuse the card")
    hands.is_signed_out()
    signed_in_again(hands, home, administrator)


def signed_in_again(hands: Hands, home: House, cookies: list[dict[str, Any]]) -> None:
    for cookie in cookies:
        hands.driver.execute_cdp_cmd(
            "Network.setCookie", {"name": cookie["name"], "value": cookie["value"], "url": home.address}
        )


@pytest.mark.chromium
def test_a_thousand_rows_are_tried_and_then_imported(home: House, hands: Hands) -> None:
    before = home.ask()["people"]
    rows = "\n".join(f"Beboer {n:04d},26:50-{n},alle" for n in range(1, ROWS + 1))
    hands.go("/lists/")
    hands.fill("text", f"name,cards,groups\n{rows}\n")
    hands.press("Try it")
    hands.sees("What the list would do")
    assert home.ask()["people"] == before, "tried only"
    hands.press(f"Import {ROWS} rows")
    hands.sees("The list is imported")
    assert home.ask()["people"] == before + ROWS


@pytest.mark.chromium
def test_the_log_is_taken_along_as_a_file(home: House, hands: Hands) -> None:
    hands.go("/log/")
    hands.sees("Guest ")
    script = """
    const done = arguments[arguments.length - 1];
    const link = [...document.querySelectorAll("a")].find((one) => one.href.includes("/log/export.csv"));
    fetch(link.href).then(async (answer) => done([answer.headers.get("content-type"), await answer.text()]));"""
    kind, text = hands.driver.execute_async_script(script)
    assert kind.startswith("text/csv") and "Guest " in text and "granted" in text and GUEST not in text
