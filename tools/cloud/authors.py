"""The caller of a request is the author of what it changes: audit/author.py."""

import os
import pwd
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from .audit import author
from .audit.author import Author
from .models import Change


def of(request: HttpRequest) -> Author:
    """The API says itself which caller it took (api/auth.py): an account, or a token."""
    caller: Any = getattr(request, "auth", None)
    if caller is not None:
        return Author(Change.Way.API, user=caller.user, token=caller.token)
    user: Any = getattr(request, "user", None)
    return Author(Change.Way.PAGE, user=user if user is not None and user.is_authenticated else None)


@sync_and_async_middleware
def middleware(following: Any) -> Any:
    if iscoroutinefunction(following):

        async def awaited(request: HttpRequest) -> HttpResponseBase:
            with author.speaking(lambda: of(request)):
                answer: HttpResponseBase = await following(request)
                return answer

        return awaited

    def answered(request: HttpRequest) -> HttpResponseBase:
        with author.speaking(lambda: of(request)):
            answer: HttpResponseBase = following(request)
            return answer

    return answered


def command_line() -> None:
    """This process is a command of an administrator on the host."""
    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # an account that has no name
        name = str(os.geteuid())
    if os.geteuid() == 0:
        name = os.environ.get("SUDO_USER") or name
    author.from_now_on(Author(Change.Way.COMMAND, account=name[:64]))


def by_itself() -> None:
    """This process is the worker."""
    author.from_now_on(Author(Change.Way.ITSELF))
