"""Numbers of OSDP (SIA OSDP v2.2, annexes A, B and D). `portvakt build` puts them in where they are used."""

# Commands.
POLL = 0x60
ID = 0x61
CAP = 0x62
LSTAT = 0x64
LED = 0x69
BUZ = 0x6A
KEYSET = 0x75
CHLNG = 0x76
SCRYPT = 0x77

# Answers.
ACK = 0x40
NAK = 0x41
PDCAP = 0x46
LSTATR = 0x48
RAW = 0x50
FMT = 0x51
KEYPAD = 0x53
CCRYPT = 0x76
RMAC_I = 0x78
BUSY = 0x79

# Types of security block: the challenge, our proof, then what is sealed, its data in plain or encrypted.
CHALLENGES = 0x11
PROVES = 0x13
SEALED = 0x15
SEALED_ANSWER = 0x16
ENCRYPTED = 0x17
ENCRYPTED_ANSWER = 0x18

# How far a reader is: what it is asked next.
WHO = 0
CHALLENGE = 1
PROOF = 2
ABLE = 3
STATE = 4
KEY = 5
WORKS = 6

# Why a reader does not work, as READER_LOST has it.
SILENT = 1
REFUSES = 2
KEYLESS = 3
UNSEALED = 4
