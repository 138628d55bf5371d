"""Events of banks, for whoever reads a log: of these a record's door is the number of a compartment."""

from firmware.controller import events

OF_COMPARTMENTS = tuple(
    code
    for name, code in vars(events).items()
    if name.startswith(("COMPARTMENT_", "DELIVERY_", "CODE_", "CODES_", "NO_ROOM", "ALLOTMENT_"))
)
