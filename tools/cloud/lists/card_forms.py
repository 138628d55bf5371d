"""Cards as they are printed: every way in which a number can be meant, and none of them guessed.

A frame of 26 bits carries 24: a facility code of 8 and a number of 16; one of 34 carries 32: 16 and 16. The same bits
are printed as "50-1204", "050,01204", "05001204", as one number "3278004" (ten digits on many key fobs), as
hexadecimal "3204B4", and by readers that turn them round with their bytes in reverse.
"""

import re
from typing import NamedTuple

from .. import limits
from ..services.refusal import Refusal

WIDTHS = {26: (8, 16), 34: (16, 16)}


class CardNumber(NamedTuple):
    """bits: of its frame, parity included. number: the payload."""

    bits: int
    number: int

    def __str__(self) -> str:
        """In the form that is read without a doubt, of 26 and 34 bits."""
        if self.bits not in WIDTHS:
            return f"{self.bits}:0x{self.number:x}"
        low = WIDTHS[self.bits][1]
        return f"{self.bits}:{self.number >> low}-{self.number & (1 << low) - 1}"


class Form:
    """How the cards of a list are written. ANY: as each shows; what can be read in two ways is refused."""

    ANY = "any"
    FACILITY = "facility"
    NUMBER = "number"
    HEX = "hex"
    HEX_REVERSED = "hex-reversed"
    NUMBER_REVERSED = "number-reversed"

    SHOWN = (FACILITY, NUMBER, HEX, HEX_REVERSED)  # what a text can show by itself
    ALL = (ANY, FACILITY, NUMBER, HEX, HEX_REVERSED, NUMBER_REVERSED)


class CardMeaning(NamedTuple):
    """One way in which a text can be meant."""

    card: CardNumber
    form: str


_BITS = re.compile(r"(\d{2})\s*(?:bits?\s*)?:\s*(.*)", re.IGNORECASE | re.ASCII)
_BOTH = re.compile(
    r"(\d{8,10})\s+(\d{1,3})\s*[,-]\s*(\d{1,5})", re.ASCII
)  # "0003278004 050,01204", as key fobs have it
_BYTES = re.compile(r"[0-9a-f]{2}([: -][0-9a-f]{2}){2,3}", re.IGNORECASE | re.ASCII)
_PAIR = re.compile(r"(\d{1,5})\s*[-,/: .]\s*(\d{1,5})", re.ASCII)
_HEX = re.compile(r"(0x)?([0-9a-f]{1,8})h?", re.IGNORECASE | re.ASCII)
_DIGITS = re.compile(r"\d{1,10}", re.ASCII)


def read(text: str, form: str = Form.ANY, bits: int | None = None) -> CardNumber:
    """The card that is meant. Raises Refusal where it can be read in no way, or in several."""
    found = readings(text, form, bits)
    cards = sorted({one.card for one in found})
    if len(cards) == 1:
        return cards[0]
    shown = text.strip()[:40]
    if not cards:
        raise Refusal(
            "%(shown)s cannot be read as a card here; write facility code and number as 26:50-1204, or say how the "
            "cards of the list are written",
            shown=shown or "–",
        )
    raise Refusal(
        "%(shown)s can be read in several ways (%(ways)s); say how the cards of the list are written, and their bits",
        shown=shown,
        ways="; ".join(f"{card}, {form}" for card, form in _ways(found)),
    )


def readings(text: str, form: str = Form.ANY, bits: int | None = None) -> list[CardMeaning]:
    """Every way to read it, of those that are asked for."""
    text = " ".join(text.split())
    said = _BITS.fullmatch(text)
    if said and int(said[1]) in WIDTHS and not _PAIR.fullmatch(text):  # 26:50-1204, but 26:1204 is a pair itself
        return readings(said[2], form, int(said[1])) if bits in (None, int(said[1])) else []
    if both := _BOTH.fullmatch(text):
        return _both(int(both[1]), int(both[2]), int(both[3]), bits)
    wanted = Form.SHOWN if form == Form.ANY else (form,)
    found = [one for name in wanted for one in _READERS[name](text, bits)]
    return [one for one in found if one.card.bits in limits.CARD_BITS]


def _both(whole: int, facility: int, number: int, bits: int | None) -> list[CardMeaning]:
    """Printed twice: where the two say the same there is no doubt."""
    if bits in (None, 26) and facility < 256 and number < 65536 and whole == facility << 16 | number:
        return [CardMeaning(CardNumber(26, whole), Form.FACILITY)]
    return (
        [CardMeaning(CardNumber(34, whole), Form.NUMBER)]
        if bits == 34 and whole & 0xFFFFFF == facility << 16 | number
        else []
    )


def _fits(number: int, bits: int | None, form: str) -> list[CardMeaning]:
    """In each frame that holds it."""
    return [
        CardMeaning(CardNumber(width, number), form)
        for width in WIDTHS
        if bits in (None, width) and number < 1 << (width - 2)
    ]


def _facility(text: str, bits: int | None) -> list[CardMeaning]:
    found: list[CardMeaning] = []
    if pair := _PAIR.fullmatch(text):
        # Three digits and five are a card of 26 bits, five and five one of 34: with zeros it is said.
        said = {(3, 5): 26, (5, 5): 34}.get((len(pair[1]), len(pair[2]))) if pair[1][0] == "0" else None
        found = _joined(int(pair[1]), int(pair[2]), bits or said)
    elif _DIGITS.fullmatch(text) and 5 < len(text) < 9:
        found = _joined(int(text[:-5]), int(text[-5:]), bits or 26)
    return found


def _joined(facility: int, number: int, bits: int | None) -> list[CardMeaning]:
    return [
        CardMeaning(CardNumber(width, facility << low | number), Form.FACILITY)
        for width, (high, low) in WIDTHS.items()
        if bits in (None, width) and facility < 1 << high and number < 1 << low
    ]


def _number(text: str, bits: int | None) -> list[CardMeaning]:
    return _fits(int(text), bits, Form.NUMBER) if _DIGITS.fullmatch(text) else []


def _hex(text: str, bits: int | None) -> list[CardMeaning]:
    written = _written(text)
    return [] if written is None else _fits(int(written, 16), bits or _width(written), Form.HEX)


def _hex_reversed(text: str, bits: int | None) -> list[CardMeaning]:
    written = _written(text)
    if written is None or len(written) % 2:
        return []
    turned = int.from_bytes(bytes.fromhex(written)[::-1], "big")
    return _fits(turned, bits or _width(written), Form.HEX_REVERSED)


def _number_reversed(text: str, bits: int | None) -> list[CardMeaning]:
    """A number that a reader made of the bytes the other way round: three of a card of 26 bits, else four."""
    if not _DIGITS.fullmatch(text):
        return []
    size = 3 if bits == 26 else 4
    if int(text) >= 1 << 8 * size:
        return []
    turned = int.from_bytes(int(text).to_bytes(size, "little"), "big")
    return _fits(turned, bits or 34, Form.NUMBER_REVERSED)


def _written(text: str) -> str | None:
    """The digits of a hexadecimal number; None where it is none, or looks like a number of ten digits."""
    if _BYTES.fullmatch(text):
        return re.sub("[: -]", "", text)
    found = _HEX.fullmatch(text)
    return found[2] if found else None


def _width(written: str) -> int | None:
    """Three bytes are a card of 26 bits and four one of 34, whatever they begin with; less says nothing."""
    return {3: 26, 4: 34}.get(-(-len(written) // 2))


def _ways(found: list[CardMeaning]) -> list[tuple[CardNumber, str]]:
    ways: dict[CardNumber, str] = {}
    for one in found:
        ways.setdefault(one.card, one.form)
    return sorted(ways.items())


_READERS = {
    Form.FACILITY: _facility,
    Form.NUMBER: _number,
    Form.HEX: _hex,
    Form.HEX_REVERSED: _hex_reversed,
    Form.NUMBER_REVERSED: _number_reversed,
}
