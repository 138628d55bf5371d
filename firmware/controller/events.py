"""Every event code, once: what the log, the wire, the cloud and the pages call a thing that happened.

Numbers are kept for ever; a retired one is not given to something else.
Retired: 69 ACL_CHANGED, 79 LINK_ROTATED, 84 PASSED_BACK.
`door` 0 means the controller itself. What `extra` holds is said with the code.
"""

# Passages: the credential is in `key`.
GRANTED = 1  # extra: how often it has passed, if its uses are counted; + 128: against soft anti-passback
DENIED_UNKNOWN = 2  # not in the credential table
DENIED_DOOR = 3  # known, but not at this door
DENIED_EXPIRED = 4
DENIED_NO_CLOCK = 5  # it has an end, a beginning or a schedule, and the time is not known
DENIED_DAMAGED = 6  # its place in the table cannot be read: a re-sync is asked for
DENIED_TIME = 7  # outside its schedule; extra: which
DENIED_NOT_YET = 8  # valid from later on
DENIED_KIND = 9  # the door asks for something else now; extra: 1 card, 2 PIN, 3 card and PIN, 4 card or PIN
DENIED_PIN = 10  # key: of the card, if any. extra: wrong ones in a row here, << 4 with this card (15: or more)
DENIED_LOCKED_OUT = 11  # too many wrong PINs; extra: 1 at this reader, 2 with this card
DENIED_USED = 12  # it has passed as often as it may; extra: how often
DENIED_PASSBACK = 13  # it is known to be elsewhere than where this door leads from; extra: area
DENIED_FULL = 14  # no more people may be in that area; extra: area
DENIED_INTERLOCK = 15  # another door of the group is released or open; extra: door

# Releases without a credential.
RELEASED_REMOTE = 16
RELEASED_REX = 17
RELEASED_FIRE = 18  # the strike first, this at once after; extra: number of the fire input

# Passages out of the ordinary: the credential is in `key`.
GRANTED_DURESS = 19  # with the PIN that says "I am forced to": a silent alarm; extra as of GRANTED

# The door.
DOOR_OPENED = 32
DOOR_CLOSED = 33
DOOR_FORCED = 34
DOOR_HELD = 35
DOOR_HELD_SOON = 36  # the warning before it; extra: seconds left
DOOR_STILL_HELD = 37  # held open goes on; extra: how often this was said, 255 = or more
GRANTED_NOT_OPENED = 38  # released, and the leaf stayed shut until it locked again
DOOR_UNASKED = 39  # opened without a release where the rules call that no alarm
EXIT_ASKED = 40  # the exit button, where it releases nothing and only makes the next opening rightful
EXIT_REFUSED = 41  # the exit button outside its schedule: nothing was released
DOOR_RELOCKED = 42  # the fire input let go of the door; extra: number of the fire input
DOOR_FOUND_OPEN = 43  # the leaf was open when the controller started: nobody knows since when

# Readers. extra: bits seen.
READER_JABBERS = 47  # it sends without a pause: nothing is taken from it until it has stopped for a minute
READER_MISREAD = 48  # wrong length, parity or time: not a guess
READER_TAMPER = 49  # the reader was opened or taken off its wall
READER_TAMPER_OVER = 50

# The wires. extra of a line: 1 contact, 2 exit button, 16 + n the board's input n.
ENCLOSURE_OPENED = 51
ENCLOSURE_CLOSED = 52
LINE_CUT = 53  # a supervised line carries no current; extra: which
LINE_SHORT = 54  # a supervised line is bridged; extra: which
LINE_RIGHT = 55  # a supervised line is whole again; extra: which
BELL = 56  # somebody rang

# The controller.
STARTED = 64  # extra: reset cause
SETTINGS_FAULT = 65  # the board runs fail-secure; extra: how many fields are wrong
LOG_OVERWRITTEN = 66  # events not yet stored in the cloud were overwritten
TABLE_DAMAGED = 67  # a bucket of the credential table cannot be trusted
CLOCK_SET = 68
COMMAND_REFUSED = 70  # extra: 1 expired, 2 no such door, 3 unknown, 4 no clock, 5 done, 6 too many, 7 late, 8 no mode
MESSAGE_REFUSED = 71  # extra: how many since the last such record, 255 = or more
NETWORK_RESTARTED = 72  # the network loop was silent too long
COMMAND_DONE = 73  # what leaves no event of its own. extra: 1 identify, 2 restart, 3 diagnostics, 4 alarm relay tried
RULES_REFUSED = 74  # the cloud sent rules that this firmware does not take: the old ones hold
UPDATE_STAGED = 75  # a new firmware lies whole and verified beside this one
UPDATE_KEPT = 76  # the new firmware has proven healthy
UPDATE_RETURNED = 77  # the old firmware is back. extra: 1 the new one did not start, 2 did not prove healthy
CHAIN_BROKEN = 78  # made by the cloud alone: the log's chain does not hold. extra: see tools/cloud/log/chain.py

# Rules. The credential, if any, is in `key`.
DENIED_LOCKDOWN = 80
DENIED_OFFLINE = 81  # the cloud was not heard for longer than this door's limit
NEEDS_SECOND = 82  # right, but the door waits for a second person
NEEDS_ESCORT = 83  # right, but the door waits for an escort
FREE_BEGAN = 85  # the door stands released; extra: 1 by schedule, 2 first person in, 3 office mode, 4 command
FREE_ENDED = 86
LOCKDOWN_BEGAN = 87
EVACUATION_BEGAN = 88
EMERGENCY_ENDED = 89

# What the board is wired to beside its doors. extra: number of the input, the first is 1.
MAINS_LOST = 96
MAINS_BACK = 97
BATTERY_LOW = 98
BATTERY_RIGHT = 99
FIRE = 100  # the fire input is active; what it releases follows door by door
FIRE_OVER = 101  # the fire input is quiet again

# The log.
DENIALS_REPEATED = 128  # denials not written one by one; extra: the code that came again, count: how many more
LOG_CHAIN_ANEW = 130  # the key of the log's chain could not be read: with the next event the chain begins anew

# Storage. extra: the partition's letter (65 acl, 76 log, 83 state).
TABLE_FULL = 136  # the set of credentials that the cloud sent does not fit; what was known stays
SECTOR_BAD = 137  # a sector of the flash no longer takes what is written to it: it is left out
FLASH_FOREIGN = 138  # the partition held something else, or was of another size: it was begun anew
FILES_INSTEAD = 139  # the board has no such partition: files take its place, see storage/files.py

# What an installer and an administrator do at the door.
LEARN_ARMED = 140  # the next card at this reader goes to the cloud and is not decided on; extra: for so many seconds
CARD_LEARNED = 141  # it did: nobody passed, and its number is nowhere but in the cloud; extra: bits
LEARN_ENDED = 142  # without a card; extra: 1 its time is over, 2 another command, 3 misread
COMMISSIONING_BEGAN = 143  # extra: for so many minutes
COMMISSIONING_ENDED = 144  # extra: 1 its time is over, 2 command
TRIED = 145  # it works, as commissioning has seen; extra: 1 contact, 2 exit, 3 card, 4 key, 5 lock, 16 + n input n

# Files.
NOT_SAVED = 146  # a file system or flash is full; extra: 1 keys of readers, 2 rules, 3 that a trial is over, 4 parcels

# Readers that are polled (OSDP).
READER_LOST = 155  # it does not work; extra: 1 silent, 2 refuses our key, 3 has no key of ours, 4 answers unsealed
READER_BACK = 156  # it works again; extra: 1 sealed, 0 in plain
READER_POWER = 157  # its supply fails
READER_POWER_RIGHT = 158
READER_STRANGE = 159  # somebody on its cable? extra: 1 an answer in plain, 2 a wrong seal, 3 of who has not our key
READER_KEYED = 160  # it took a key of its own in place of the one that everybody knows

# Rot. extra: the partition's letter, as above.
BIT_TURNED = 175  # a bit of what lay on flash had turned over; it was turned back

# Compartments of a bank. `door` is the number of the compartment.
COMPARTMENT_RELEASED = 192  # before its lock; extra: 1 command, 2 all, 3 audit, 4 again, 5 in, 6 out, 7 card, 8 left
COMPARTMENT_OPENED = 193
COMPARTMENT_CLOSED = 194
COMPARTMENT_LEFT_OPEN = 195  # it still stands open; extra: how often this was said, 255 = or more
COMPARTMENT_FORCED = 196  # opened without a release
COMPARTMENT_STUCK = 197  # it did not open: out of use; extra: 1 twice, 2 its board does not answer, 3 its board is busy
COMPARTMENT_BLIND = 198  # its contact said open before it was opened: out of use
COMPARTMENT_RIGHT = 199  # it opened and was shut well: in use again
COMPARTMENT_FOUND_OPEN = 200  # it stood open when the controller started
AUDIT_ENDED = 201  # of a whole bank: each one was opened in turn; extra: how many are out of use

# Lock boards of a bank. extra: the address of the board.
LOCK_BOARD_SILENT = 204
LOCK_BOARD_BACK = 205  # it answers again
LOCK_BOARD_STRANGE = 206  # it refuses, is late, answers for another one or what makes no sense, or hears itself

# Deliveries at a bank. `door` is the number of the compartment, 0 for none; `key` the number of the delivery, u32.
DELIVERY_DEPOSITED = 208  # shut with a parcel in it; extra: size asked, 1 the smallest, + 128: power was off meanwhile
DELIVERY_PICKED_UP = 209  # its compartment was opened with the pick-up code, and shut: the code is dead
DELIVERY_CANCELLED = 210  # by command, before it was deposited: its codes are dead
DELIVERY_STRANDED = 211  # it lies in a compartment that board.json no longer has, or its record is lost
NO_ROOM = 212  # no compartment is free that it fits into; extra: size asked, 0: none at all
CODE_WRONG = 213  # no code of this bank, or one of the past; extra: wrong ones in a row, 255 = or more
CODES_LONG = 214  # too many wrong ones today: for the rest of the day only all 13 digits count; extra: how many

# Allotments at a bank: compartments that people open with their own card. `door` is its number, `key` the credential.
# A card that the rules deny is on record as at the door whose rules they are.
ALLOTMENT_NONE = 215  # it opened nothing; extra: 1 it has no compartment, 2 its time is over, 3 the time is not known
ALLOTMENT_TAKEN = 216  # a shared one, before its lock moves; extra: which time it is, 1 to 255
ALLOTMENT_FREE = 217  # it was given back, or somebody has looked into it; extra: as of ALLOTMENT_TAKEN; no key

# Bits of an event's flags.
TIME_TRUSTED = 1  # its time came from the cloud since the last start
NEW_KEY = 2  # the last event under its chain key, see records.chain_mac
CHAIN_BEGINS = 4  # the chain begins here
COMMISSIONING = 8  # made by an installer who tries the doors: no alarm, see commissioning.py
