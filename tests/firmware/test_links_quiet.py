"""The handshake of a link asks whether it is quiet now: also at a keypad that came after the link was made."""

from firmware.controller.cloud import links
from tests.firmware.bench import BenchChip


class Anything:
    pass


class Journal:
    def get(self, kind):
        return 0


def test_a_keypad_that_comes_later_is_asked_too():
    BenchChip()
    loop, link = Anything(), Anything()
    loop.link, loop.journal, loop.parts = link, Journal(), []
    loop.quiet = lambda: True
    links.begin(loop, {"since": 0, "broker": {"host": "b"}}, "folder-")
    quiet = link.tls[2]
    assert quiet()
    loop.quiet = lambda: False  # as code_entry.py does where a bank has a keypad of its own
    assert not quiet()
