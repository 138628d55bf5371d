"""What comes in from outside of a form, a number or text that is sought: read in one way everywhere."""

MOST_DIGITS = 18  # every database keeps such a number


def number(text: str) -> int | None:
    """A whole number that is not negative; None when the text is none, or longer than any number here."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def text(said: str, most: int) -> str:
    """What somebody seeks, without what surrounds it; no database has a zero byte in its text (PostgreSQL raises)."""
    return said.replace("\0", "").strip()[:most]
