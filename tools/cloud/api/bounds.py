"""What a request may hold at all, whatever it is about: numbers and text that every database keeps."""

import json
import re
from typing import Any, cast

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.errors import HttpError
from ninja.parser import Parser

LARGEST = (1 << 63) - 1
DEEPEST = 16  # lists and objects within each other; nothing here needs more than five
_DIGITS = re.compile(r"\s*[+-]?\d{19,}\s*")
_UNKEPT = re.compile("[\x00\ud800-\udfff]")


class Bounded(Parser):
    """Refuses with 422 and a sentence what no route could do anything with."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        try:
            said = json.loads(request.body, parse_constant=_refuse_constant)
        except RecursionError:
            raise HttpError(422, "The body is nested too deep; send plain lists and objects.") from None
        check(said)
        return cast(dict[str, Any], said)

    def parse_querydict(self, data: MultiValueDict, list_fields: list[str], request: HttpRequest) -> dict[str, Any]:
        for values in data.lists():
            for text in (values[0], *values[1]):
                if isinstance(text, str):
                    _check_text(text)
                    if _DIGITS.fullmatch(text):
                        raise HttpError(422, f"{values[0][:40]}: a number has at most 18 digits here.")
        return super().parse_querydict(data, list_fields, request)


def _refuse_constant(name: str) -> Any:
    raise HttpError(422, f"{name} is no number of JSON; leave it out.")


def check(said: Any, depth: int = DEEPEST) -> None:
    """Refuses what no database keeps, and what is nested too deep."""
    if not depth:
        raise HttpError(422, "The body is nested too deep; send plain lists and objects.")
    if isinstance(said, str):
        _check_text(said)
    elif isinstance(said, int) and not -LARGEST <= said <= LARGEST:
        raise HttpError(422, f"A number is larger than {LARGEST}; none here is.")
    elif isinstance(said, dict):
        for name, value in said.items():
            _check_text(name)
            check(value, depth - 1)
    elif isinstance(said, list):
        for value in said:
            check(value, depth - 1)


def _check_text(text: str) -> None:
    if _UNKEPT.search(text):
        raise HttpError(422, "Text holds a zero byte or half a character, which cannot be kept; send it as UTF-8.")
