"""Guests: invited by a resident or an administrator, with a code for the keypad, for a while and no longer."""
