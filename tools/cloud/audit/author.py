"""Who changes something now: an account on the pages, an account or a token by the API, a command line, or nobody."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from ..models import ApiToken, Change, User


class Author(NamedTuple):
    """account: of the host, where it is a command line."""

    way: Any  # of Change.Way
    user: User | None = None
    token: ApiToken | None = None
    account: str = ""


def _nobody() -> Author:
    return Author(Change.Way.ITSELF)


_now: ContextVar[Callable[[], Author]] = ContextVar("author", default=_nobody)


def now() -> Author:
    return _now.get()()


@contextmanager
def speaking(who: Callable[[], Author]) -> Iterator[None]:
    """Within, what is changed is changed by them. who: asked each time; of a request that may be known later only."""
    before = _now.set(who)
    try:
        yield
    finally:
        _now.reset(before)


def from_now_on(who: Author) -> None:
    """For the rest of this process."""
    _now.set(lambda: who)
