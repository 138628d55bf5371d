"""What opens something is told once and kept as a hash only: links, bearer tokens, addresses that nobody can guess."""

from hashlib import sha256


def hash_of(token: str) -> str:
    return sha256(token.encode()).hexdigest()
