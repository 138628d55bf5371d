"""Why a compartment is opened: `extra` of COMPARTMENT_RELEASED."""

ASKED = 1  # by command
ALL = 2
AUDIT = 3
AGAIN = 4  # it did not open the first time
TO_DEPOSIT = 5
TO_PICK_UP = 6
OWN = 7  # with the card of whom it is allotted to, or who took it
LEFT = 8  # ... once more: when it is shut it is free
