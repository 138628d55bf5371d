"""Whose rows the statements of this moment may see: said here, told to PostgreSQL by postgresql/base.py.

A request begins with nobody's; who asks is said where that is found out, by a session or a token. The commands of the
host and the worker are held back by nothing. A process that has not said what it is sees nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from typing import NamedTuple


class How(Enum):
    HOST = "host"  # by the account that owns the tables, which no policy holds back
    EVERYBODY = "everybody"  # a request looks up what is of no tenant yet, or of an account with several
    THESE = "these"


class Sight(NamedTuple):
    """tenants: by their numbers. user: an account whose tenants show too, as things are then."""

    how: How
    tenants: tuple[int, ...] = ()
    user: int | None = None


HOST, EVERYBODY, NOBODY = Sight(How.HOST), Sight(How.EVERYBODY), Sight(How.THESE)


class _Request:
    """What is found out anywhere in a request, in whichever thread, holds for all of it."""

    def __init__(self) -> None:
        self.sight = NOBODY
        self.by_token = False


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


def to_tenants(*tenants: int) -> None:
    """By a token: these tenants and no others, whoever else is signed in."""
    request = _request.get()
    if request is not None:
        request.sight, request.by_token = Sight(How.THESE, tenants), True


def to_tenant_too(tenant: int) -> None:
    """By an address that nobody can guess: this tenant as well."""
    request = _request.get()
    if request is not None:
        request.sight = request.sight._replace(tenants=(*request.sight.tenants, tenant))


def to_user(user: int) -> None:
    """By a session: the tenants where this account is a member or a person as well."""
    request = _request.get()
    if request is not None and not request.by_token:
        request.sight = request.sight._replace(user=user)


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
