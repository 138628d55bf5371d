"""Cards as they are printed: each form is read as it is meant, and what can be meant in two ways is never guessed."""

import pytest

from tools.cloud.lists.card_forms import CardNumber, Form, read, readings
from tools.cloud.services.refusal import Refusal

CARD = CardNumber(26, 50 << 16 | 1204)  # 0x3204B4
LONG = CardNumber(34, 0xA2B3C4D5)


@pytest.mark.parametrize(
    ("text", "form", "bits", "card"),
    [
        ("26:50-1204", Form.ANY, None, CARD),
        ("34:50-1204", Form.ANY, None, CardNumber(34, 50 << 16 | 1204)),
        ("26 bit: 50, 1204", Form.ANY, None, CARD),
        ("050,01204", Form.ANY, None, CARD),
        ("00050,01204", Form.ANY, None, CardNumber(34, 50 << 16 | 1204)),
        ("50-1204", Form.ANY, 26, CARD),
        ("300/1204", Form.ANY, None, CardNumber(34, 300 << 16 | 1204)),
        ("0003277492 050,00692", Form.ANY, None, CardNumber(26, 50 << 16 | 692)),
        ("05001204", Form.FACILITY, None, CARD),
        ("5001204", Form.FACILITY, 26, CARD),
        ("0003278004", Form.NUMBER, 26, CARD),
        ("4294967295", Form.ANY, None, CardNumber(34, 0xFFFFFFFF)),
        ("3204B4", Form.HEX, None, CARD),
        ("0x3204b4", Form.HEX, None, CARD),
        ("B4:04:32", Form.HEX_REVERSED, None, CARD),
        ("A2 B3 C4 D5", Form.HEX, None, LONG),
        ("d5c4b3a2", Form.HEX_REVERSED, None, LONG),
        (str(0xD5C4B3A2), Form.NUMBER_REVERSED, None, LONG),
        (str(0xB40432), Form.NUMBER_REVERSED, 26, CARD),
        ("34:0xa2b3c4d5", Form.HEX, None, LONG),
        ("00001204", Form.HEX, None, CardNumber(34, 0x1204)),
        ("5A5A5A", Form.ANY, None, CardNumber(26, 0x5A5A5A)),  # the same both ways round
    ],
)
def test_each_printed_form_is_read(text: str, form: str, bits: int | None, card: CardNumber) -> None:
    assert read(text, form, bits) == card
    assert read(str(card)) == card, "what is written out is read without a doubt"


@pytest.mark.parametrize(
    ("text", "bits", "ways"),
    [
        ("50-1204", None, {CardNumber(26, 50 << 16 | 1204), CardNumber(34, 50 << 16 | 1204)}),
        ("3204B4", None, {CARD, CardNumber(26, 0xB40432)}),
        ("00123456", 26, {CardNumber(26, 123456), CardNumber(26, 1 << 16 | 23456), CardNumber(26, 0x123456)}),
        ("1204", 34, {CardNumber(34, 1204), CardNumber(34, 0x1204), CardNumber(34, 0x0412)}),
        ("A2B3C4D5", 34, {LONG, CardNumber(34, 0xD5C4B3A2)}),
    ],
)
def test_what_can_be_meant_in_two_ways_is_refused_and_both_are_said(
    text: str, bits: int, ways: set[CardNumber]
) -> None:
    assert {one.card for one in readings(text, Form.ANY, bits)} == ways
    with pytest.raises(Refusal) as told:
        read(text, Form.ANY, bits)
    assert all(str(card) in str(told.value) for card in ways) and "several ways" in str(told.value)


@pytest.mark.parametrize(
    "text", ["", "-", "Ola", "256-70000", "0003278004 050,01205", "A2B3C4D5E6", "12345678901", "²³"]
)
def test_what_is_no_card_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="cannot be read"):
        read(text)


def test_bits_that_are_chosen_hold_for_every_row() -> None:
    assert readings("34:50-1204", Form.ANY, 26) == []
    assert {one.card.bits for one in readings("300-1204", Form.ANY, 26)} == set()
