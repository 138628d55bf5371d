"""Kinds of credential: the first byte of what a key is made of. Kept for ever."""

CARD = 1
PIN = 2
CARD_PIN = 3
DURESS = 4  # a PIN, with or without its card, that opens and alarms silently
