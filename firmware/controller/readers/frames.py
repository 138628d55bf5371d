"""Frames of cards that readers take: bits with both parity bits. The cloud gives out no others."""

H10301 = 26
WIEGAND_34 = 34
