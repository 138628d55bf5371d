"""Whose rows the statements of this moment may see: said here, told to PostgreSQL by postgresql/base.py.

A request begins with nobody's; who asks is said where that is found out, by a session or a token. The commands of the
host and the worker are held back by nothing. A process that has not said what it is sees nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from typing import Any, NamedTuple


class How(Enum):
    HOST = "host"  # by the account that owns the tables, which no policy holds back
    EVERYBODY = "everybody"  # a request looks up what is of no tenant yet, or of an account with several
    TENANTS = "tenants"
    USER = "user"  # the tenants that an account belongs to, as things are then


class Sight(NamedTuple):
    how: How
    of: tuple[int, ...] = ()  # tenants, or the one user


HOST, EVERYBODY, NOBODY = Sight(How.HOST), Sight(How.EVERYBODY), Sight(How.TENANTS)


class _Request:
    """What is found out anywhere in a request, in whichever thread, holds for all of it."""

    def __init__(self) -> None:
        self.sight = NOBODY


_process = NOBODY
_request: ContextVar[_Request | None] = ContextVar("request", default=None)
_everywhere: ContextVar[bool] = ContextVar("everywhere", default=False)


def now() -> Sight:
    request = _request.get()
    sight = _process if request is None else request.sight
    return EVERYBODY if _everywhere.get() and sight != HOST else sight


def from_now_on(sight: Sight) -> None:
    """For the rest of this process, but for its requests."""
    global _process
    _process = sight


@contextmanager
def asking() -> Iterator[None]:
    """Within, a request: nobody's rows until it is said whose."""
    before, looking = _request.set(_Request()), _everywhere.set(False)
    try:
        yield
    finally:
        _everywhere.reset(looking)
        _request.reset(before)


def to_tenants(*tenants: Any) -> None:
    """By a token or an address: from now on this request sees rows of these tenants, and of no others."""
    request = _request.get()
    if request is not None:
        request.sight = Sight(How.TENANTS, tenants)


def to_user(user: int) -> None:
    """By a session: the tenants where this account is a member or a person. A token that came first stays."""
    request = _request.get()
    if request is not None and request.sight == NOBODY:
        request.sight = Sight(How.USER, (user,))


@contextmanager
def everywhere() -> Iterator[None]:
    """Within, all tenants' rows: to find out who asks, and whether an account is of other tenants too.

    Its users answer for what they hand on: each compares a secret first, or tells yes or no.
    """
    before = _everywhere.set(True)
    try:
        yield
    finally:
        _everywhere.reset(before)
