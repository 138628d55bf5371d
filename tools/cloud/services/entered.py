"""What comes in from outside of a form, a number or text that is sought: read in one way everywhere."""

from django.core.exceptions import ValidationError
from django.db.models import Model

from tools.terminal import steers, visible

from .refusal import Refusal

MOST_DIGITS = 18  # every database keeps such a number


def number(text: str) -> int | None:
    """A whole number that is not negative; None when the text is none, or longer than any number here."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def text(said: str, most: int) -> str:
    """What somebody seeks, without what surrounds it; no database has a zero byte in its text (PostgreSQL raises)."""
    return said.replace("\0", "").strip()[:most]


def lines(*said: object) -> None:
    """Refuses names and the like that are not of one line: they stand in e-mails, logs, terminals and spreadsheets."""
    for one in said:
        if isinstance(one, dict):
            lines(*one, *one.values())
        elif isinstance(one, list):
            lines(*one)
        elif isinstance(one, str) and steers(one):
            shown = visible(one)[:60]
            raise Refusal("%(said)s has line breaks or control characters in it; write it without them", said=shown)


def fields(row: Model) -> None:
    """Refuses what a model's own fields do not take."""
    try:
        row.clean_fields()
    except ValidationError as error:
        raise Refusal("%(fault)s; correct it", fault=" ".join(error.messages).rstrip(".")) from None


def paragraphs(said: str, most: int) -> str:
    """What is written in a box of several lines. Refuses what is empty, longer, or steers whoever shows it."""
    kept = said.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not kept:
        raise Refusal("nothing is written; write something")
    if len(kept) > most:
        raise Refusal("that is longer than %(most)d letters; shorten it", most=most)
    if steers(kept.replace("\n", " ").replace("\t", " ")):
        raise Refusal("the text has control characters in it; write it without them")
    return kept
