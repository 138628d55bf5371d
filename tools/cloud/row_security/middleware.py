"""Each request sees nobody's rows until it is known who asks."""

from typing import Any

from asgiref.sync import iscoroutinefunction
from django.contrib.auth import middleware as auth
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from django.utils.functional import SimpleLazyObject

from . import admitted


@sync_and_async_middleware
def middleware(following: Any) -> Any:
    """The first of all: what it begins with, nobody has asked for yet."""
    if iscoroutinefunction(following):

        async def awaited(request: HttpRequest) -> HttpResponseBase:
            with admitted.asking():
                answer: HttpResponseBase = await following(request)
                return answer

        return awaited

    def answered(request: HttpRequest) -> HttpResponseBase:
        with admitted.asking():
            answer: HttpResponseBase = following(request)
            return answer

    return answered


class AuthenticationMiddleware(auth.AuthenticationMiddleware):
    """Django's: who is signed in is found out when it is first asked. From then on their tenants' rows show."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        find, afind = auth.get_user, request.auser

        def user() -> Any:
            return _admitted(find(request))

        async def auser() -> Any:
            return _admitted(await afind())

        request.user, request.auser = SimpleLazyObject(user), auser  # type: ignore[assignment]


def _admitted(user: Any) -> Any:
    if user.is_authenticated:
        admitted.to_user(user.pk)
    return user
