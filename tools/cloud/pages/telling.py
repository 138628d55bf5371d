"""What a service refused, in the reader's language."""

from django.utils.translation import gettext

from tools.terminal import Problem

from ..services.told import Told


def sentence(problem: Problem) -> str:
    """Begins with a capital, ends with a full stop."""
    text = str(problem)
    if isinstance(problem, Told):
        text = gettext(problem.text)
        text = text % problem.values if problem.values else text
    return text[:1].upper() + text[1:] + "."
