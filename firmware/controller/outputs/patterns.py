"""The patterns of a reader's light and sound that not every board needs (signal.py says how they are written)."""

from .signal import GRANTED

KEY = b"\x41"  # each key sounds alike: a bystander learns nothing
HELD_SOON = b"\x45\x05\x45\x05\x45\x05\x45\x05"  # shut the door. Goes on until somebody does
HELD = b"\x4a\x05\x4a\x05\x4a\x05\x4a\x05"
LOCKDOWN = b"\x53\x05\x53"  # turned away, whoever you are
DURESS = GRANTED  # whoever stands behind sees and hears what they always do
BELL = b"\x42\x01\x42\x01\x42\x0c\x42\x01\x42\x01\x42"
ARMED = b"\x81\x18"  # something is waited for: a second person; or commissioning is on
LEARN = b"\x83\x03\x83\x10"  # the next card is learned
READ = b"\xc2\x03\xc2"  # a card was read well, and that is all
WORKS = b"\xc1"  # an input has changed
IDENTIFY = b"\xc6\x06" * 10  # which board is this? Five seconds that nobody overlooks
