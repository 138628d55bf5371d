"""Errors have one shape: {"error": a sentence}."""

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from tools.terminal import Problem


class Error(Schema):
    error: str


def explain(api: NinjaAPI) -> None:
    """Teaches an API to speak of errors in that shape."""

    def answer(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
        return api.create_response(request, {"error": sentence}, status=status)

    @api.exception_handler(Http404)
    @api.exception_handler(ObjectDoesNotExist)  # removed by somebody else between the look and the lock
    def not_found(request: HttpRequest, error: Exception) -> HttpResponse:
        return answer(request, 404, "There is no such thing, or it is not yours to see.")

    @api.exception_handler(AuthenticationError)
    def not_signed_in(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return answer(request, 401, "Sign in, or send a good bearer token.")

    @api.exception_handler(HttpError)
    def refused(request: HttpRequest, error: HttpError) -> HttpResponse:
        # ninja answers whatever a parser raises with a sentence that says nothing; bounds.py has said what is wrong.
        said = error.__context__ if isinstance(error.__context__, HttpError) else error
        return answer(request, said.status_code, said.message)

    @api.exception_handler(Problem)
    def problem(request: HttpRequest, error: Problem) -> HttpResponse:
        return answer(request, 400, str(error)[:1].upper() + str(error)[1:] + ".")

    @api.exception_handler(ValidationError)
    def malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
        said = [(fault["loc"][1:], fault["msg"].removeprefix("Value error, ")) for fault in error.errors]
        return answer(request, 422, "; ".join(f"{'.'.join(map(str, where))}: {what}" for where, what in said))
