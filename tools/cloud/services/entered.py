"""What comes in as text and should be a number: read in one way everywhere."""

MOST_DIGITS = 18  # every database keeps such a number


def number(text: str) -> int | None:
    """A whole number that is not negative; None when the text is none, or longer than any number here."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None
