"""National identity numbers in what a provider sends or somebody types: by the claim's name, or the check digits."""

import re
from collections.abc import Iterator
from typing import Any

# ID-porten and its kin, BankID, xID, Freja, the Finnish and Danish ones, Vipps.
NAMES = {
    "pid", "nnin", "nin", "ssn", "nninaltsub", "nationalidentitynumber", "nationalid", "personalnumber",
    "personalidentitynumber", "personidentifier", "socialno", "fodselsnummer", "fnr", "cpr", "cprnumber", "hetu",
    "nationalidentifier", "personnummer",
}  # fmt: skip
WEIGHTS = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


def numbers_in(claims: Any) -> bool:
    """Whether one is among them, however deep."""
    return any(_named(name) or _is_number(value) for name, value in _walk("", claims))


def number_in(text: str) -> bool:
    """Whether one stands somewhere in what somebody has typed."""
    return any(_is_number(found) for found in re.findall(r"(?=((?:[0-9][ -]?){10}[0-9]))", text))


def _walk(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for inner, one in value.items():
            yield from _walk(str(inner), one)
    elif isinstance(value, list):
        for one in value:
            yield from _walk(name, one)
    else:
        yield name, value


def _named(name: str) -> bool:
    """Whether the last part of a claim's name is one of these: of an address, or of dotted words."""
    last = re.split(r"[/:.]", name)[-1]
    return re.sub(r"[-_]", "", last.lower()) in NAMES


def _is_number(value: Any) -> bool:
    """A Norwegian birth number: eleven digits whose two check digits are right."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    digits = re.sub(r"[ -]", "", text)
    if not re.fullmatch(r"[0-9]{11}", digits):
        return False
    # D-numbers add 40 to the day; those made up for tests add 40 or 80 to the month.
    plausible = 1 <= int(digits[:2]) % 40 <= 31 and 1 <= int(digits[2:4]) % 20 <= 12
    return plausible and all(
        sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False)) % 11 == 0
        for weights in WEIGHTS
    )
