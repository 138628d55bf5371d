"""What stands behind the ? of a call: a name that is not known is refused with the nearest known one.

Unread, it would seem to be taken: `?persom=7` would show everybody.
"""

import re
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from django.http import HttpRequest
from ninja.errors import HttpError

from tools.nearest import unknown


def known_only(view: Callable[..., Any]) -> Callable[..., Any]:
    """For NinjaAPI.add_decorator: after it is known who asks, before anything is done."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.GET:
            strange = unknown(request.GET, _names()[_call(request)])
            if strange:
                raise HttpError(422, f"{', '.join(strange)}: not known here")
        return view(request, *args, **kwargs)

    return answer


def _call(request: HttpRequest) -> tuple[str, str]:
    match = request.resolver_match
    return (request.method or "").lower(), "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", match.route if match else "")


@cache
def _names() -> dict[tuple[str, str], list[str]]:
    from ..partners.api import api as for_partners
    from .subjects import api

    return {
        (method, path): [field["name"] for field in said["parameters"] if field["in"] == "query"]
        for one in (api, for_partners)
        for path, methods in one.get_openapi_schema()["paths"].items()
        for method, said in methods.items()
    }
