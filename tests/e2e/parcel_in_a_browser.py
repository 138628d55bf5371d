"""A parcel through the building's page, as a visitor sees it: keys pressed, leaves shut, the network cut in between."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.house import House, wait
from tests.tools.cloud.pages.browser import chromium

CHANGES_S = 15  # within which what a press leads to shows on the page; a machine may be busy
_TEXT = "const one = document.querySelector(arguments[0]); return one ? one.textContent : ''"
_CLICK = """
const one = document.querySelector(arguments[0]);
if (!one || one.disabled || one.hidden) return false;
one.click();
return true;
"""
_PROOFS = "return [...document.querySelectorAll('.proofs tbody td')].map((one) => one.className)"


class Page:
    """The building's page in a browser."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser

    def read(self, selector: str) -> str:
        return str(self._browser.driver.execute_script(_TEXT, selector)).strip()

    def click(self, selector: str) -> None:
        """As soon as it is there to be pressed."""
        self.wait(lambda: self._browser.driver.execute_script(_CLICK, selector), selector)

    def press(self, keys: str) -> None:
        """On the keypad of the page, by mouse."""
        for key in keys:
            self.click(f'.pad [data-key="{key}"]')

    def type(self, keys: str) -> None:
        """The same by keyboard."""
        self._browser.driver.execute_script("document.querySelector('.pad .key').focus()")
        self._browser.driver.switch_to.active_element.send_keys(keys)

    def proofs(self) -> list[bool]:
        """Put in: known to the bank, to the cloud; taken out: the same."""
        return [name == "there" for name in self._browser.driver.execute_script(_PROOFS)]

    def wait(self, true: Callable[[], Any], what: str) -> Any:
        return wait(true, CHANGES_S, what)

    def network(self, controller: int, on: bool) -> None:
        switch = f'.house:nth-of-type({controller + 1}) [data-switch="network"]'
        self.click(switch)
        checked = f"return document.querySelector('{switch}').getAttribute('aria-checked')"
        self.wait(lambda: self._browser.driver.execute_script(checked) == str(on).lower(), "the switch to turn")

    def open(self, path: str) -> None:
        self._browser.go(path)

    @property
    def delivery(self) -> str:
        """The path of the parcel's page in the cloud."""
        return str(self._browser.driver.execute_script("return document.querySelector('.proof-link').pathname"))


@contextmanager
def page_of(house: House) -> Iterator[Page]:
    with chromium(house.address) as browser:
        browser.sign_in(house.session, "en")
        browser.look(1280, "light")
        browser.go("/building/")
        yield Page(browser)


@pytest.mark.chromium
def test_a_parcel_goes_in_and_with_the_network_cut_out_and_both_are_proven_in_the_cloud(house: House) -> None:
    bank = next(one["id"] for one in house.state()["controllers"] if one["bank"])
    with page_of(house) as page:
        code = page.wait(lambda: page.read(".courier .code").replace(" ", ""), "the courier's code")
        page.press(f"{code}#2#")
        page.click(".shut-leaf")
        page.wait(lambda: page.proofs() == [True, True, False, False], "the proof of the deposit")
        page.network(bank, False)
        page.type(page.read(".recipient .code").replace(" ", "") + "#")
        page.click('.shut-leaf[data-compartment="9"]')
        page.wait(lambda: page.proofs()[2], "the bank's record of the pick-up")
        time.sleep(1)  # a building asks the database twice a second
        assert page.proofs() == [True, True, True, False], "what the cloud cannot know yet"
        page.network(bank, True)
        page.wait(lambda: all(page.proofs()), "the proof of the pick-up")
        page.open(page.delivery)
        proof = page.read(".proof")
        assert "Put into compartment 9" in proof and "Picked up" in proof and proof.count("of the bank’s log") == 2
