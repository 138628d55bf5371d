"""What a service refused, in the reader's language."""

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext

from tools.terminal import Problem

from ..services.refusal import Refusal
from .forms import Shared


def sentence(problem: Problem) -> str:
    """Begins with a capital, ends with a full stop."""
    text = str(problem)
    if isinstance(problem, Refusal):
        text = gettext(problem.text)
        text = text % problem.values if problem.values else text
    return text[:1].upper() + text[1:] + "."


def meanwhile(request: HttpRequest, form: Shared) -> None:
    """Says what somebody else has changed since the form was opened: it was left so."""
    if form.meanwhile:
        told = gettext("Changed by somebody else meanwhile, and left so: %(what)s.")
        messages.info(request, told % {"what": ", ".join(form.meanwhile)})
