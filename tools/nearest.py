"""What somebody most likely meant who wrote a name that is not known."""

from collections.abc import Collection
from difflib import get_close_matches


def hint(name: str, known: Collection[str]) -> str:
    """Such as " (did you mean contact?)"; empty when nothing known is near."""
    near = get_close_matches(name, sorted(known), 1, 0.6)
    return f" (did you mean {near[0]}?)" if near else ""


def unknown(names: Collection[str], known: Collection[str]) -> list[str]:
    """Each name that is not known, with what it may have been meant to be."""
    return [f"{name}{hint(name, known)}" for name in sorted(map(str, set(names) - set(known)))]
