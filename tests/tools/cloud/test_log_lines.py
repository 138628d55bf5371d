"""A line of the program's log is one line, whatever text from outside is in it; so is one on a terminal."""

import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import get_resolver

from tools.cloud.services.log_lines import Masked
from tools.terminal import Problem, result, visible

FORGED = "x\r\n2027-01-01 00:00:00,000 INFO portvakt: all is well\x1b[2J\u2028\u202e"


def line(record: logging.LogRecord) -> str:
    return Masked("%(asctime)s %(levelname)s %(name)s: %(message)s").format(record)


def test_what_comes_from_outside_makes_no_line_of_its_own() -> None:
    try:
        raise Problem(FORGED)
    except Problem:
        told = logging.LogRecord("portvakt", logging.ERROR, "", 1, "no: %s", (FORGED,), sys.exc_info())
    first, *others = line(told).splitlines()
    assert "no: x\\r\\n2027-01-01" in first and "\\x1b[2J\\u2028\\u202e" in first
    assert others[0] == "  Traceback (most recent call last):" and all(one.startswith("  ") for one in others)
    assert "\x1b" not in "".join(others)


def test_a_secret_in_an_address_is_masked_in_a_traceback_too() -> None:
    try:
        raise ValueError("/parcel/abc")
    except ValueError:
        told = line(logging.LogRecord("x", logging.ERROR, "", 1, "%s /enter/abc", ("got",), sys.exc_info()))
    assert "abc" not in told and "/enter/…" in told and "/parcel/…" in told


def test_every_address_with_a_secret_in_it_is_masked() -> None:
    def addresses(patterns: Any, before: str = "/") -> Iterator[str]:
        for one in patterns:
            here = before + str(one.pattern)
            yield from addresses(one.url_patterns, here) if hasattr(one, "url_patterns") else (here,)

    found = [one for one in addresses(get_resolver().url_patterns) if "<str:token>" in one]
    assert len(found) > 2
    for one in found:
        asked = one.replace("<str:token>", "abc123")
        told = logging.LogRecord("django.request", logging.WARNING, "", 1, "Not Found: %s", (asked,), None)
        assert "abc123" not in line(told), f"{one} opens something: services/log_lines.py masks it"


def test_a_terminal_is_not_steered(capsys: pytest.CaptureFixture[str]) -> None:
    result(False, {}, "one\ttwo\nthree", "\x1b]0;title\x07\x9b2J\ud800")
    assert capsys.readouterr().out == "one\ttwo\nthree\n\\x1b]0;title\\x07\\x9b2J\\ud800\n"
    assert visible("Bjørn 🚪 ‎א") == "Bjørn 🚪 ‎א"
