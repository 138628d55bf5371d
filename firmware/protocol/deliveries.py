"""Deliveries beside a board: the key of each, made of its bank's secret, which no board has; and events of banks."""

from struct import pack

from firmware.controller import events
from firmware.controller.access.codes import KEY
from firmware.controller.hmac import hmac

# Of a compartment of the bank: what the record calls its door is the number of the compartment.
OF_COMPARTMENTS = tuple(
    code
    for name, code in vars(events).items()
    if name.startswith(("COMPARTMENT_", "DELIVERY_", "CODE_", "CODES_", "NO_ROOM"))
)


def delivery_key(secret, number):
    """The key of a delivery, 16 bytes. secret: of the bank, 32 bytes."""
    return hmac(secret, b"delivery" + pack("<I", number))[:KEY]
