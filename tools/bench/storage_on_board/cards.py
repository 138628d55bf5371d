"""The cards of the benchmark: the same keys on the host and on the board, spread as keyed hashes are."""

# mypy: ignore-errors

from hashlib import sha256


def key(n):
    """7 bytes, as the controller knows card n. Negative: a card that is in no table."""
    return sha256(b"bench %d" % n).digest()[:7]


def some(cards, n):
    """n numbers of the cards from 0 on, all over."""
    return [i * 7919 % cards for i in range(n)]
