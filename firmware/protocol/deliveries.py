"""Deliveries beside a board: the key of each is made of its bank's secret, which no board ever has."""

from struct import pack

from firmware.controller.access.codes import KEY
from firmware.controller.hmac import hmac


def delivery_key(secret, number):
    """The key of a delivery, 16 bytes. secret: of the bank, 32 bytes."""
    return hmac(secret, b"delivery" + pack("<I", number))[:KEY]
