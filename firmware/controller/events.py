"""Every event code, once: what the log, the wire, the cloud and the pages call a thing that happened.

Numbers are kept for ever; a retired one is not given to something else.
`door` 0 means the controller itself. What `extra` holds is said with the code.
"""

# Passages: the credential is in `key`.
GRANTED = 1
DENIED_UNKNOWN = 2  # not in the credential table
DENIED_DOOR = 3  # known, but not at this door
DENIED_EXPIRED = 4
DENIED_NO_CLOCK = 5  # it has an end, and the time is not known
DENIED_DAMAGED = 6  # its place in the table cannot be read: a re-sync is asked for

# Releases without a credential.
RELEASED_REMOTE = 16
RELEASED_REX = 17

# The door.
DOOR_OPENED = 32
DOOR_CLOSED = 33
DOOR_FORCED = 34
DOOR_HELD = 35

# Readers. extra: bits seen.
READER_MISREAD = 48  # wrong length, parity or time: not a guess

# The controller.
STARTED = 64  # extra: reset cause
SETTINGS_FAULT = 65  # the board runs fail-secure; extra: how many fields are wrong
LOG_OVERWRITTEN = 66  # events not yet stored in the cloud were overwritten
TABLE_DAMAGED = 67  # a bucket of the credential table cannot be trusted
CLOCK_SET = 68
COMMAND_REFUSED = 70  # extra: 1 expired, 2 unknown door, 3 not understood, 4 no clock
MESSAGE_REFUSED = 71  # extra: how many since the last such record, 255 = or more
NETWORK_RESTARTED = 72  # the network loop was silent too long

# Bits of an event's flags.
TIME_TRUSTED = 1  # its time came from the cloud since the last start
