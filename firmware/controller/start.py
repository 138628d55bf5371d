"""The start: builds the controller for this board from its settings. Forgotten when that is done."""

import gc
from binascii import unhexlify
from os import listdir

from esp32 import Partition
from machine import WDT, reset, reset_cause
from micropython import const

from .access.rules import Rules
from .board import Board
from .clock import now
from .cloud import session
from .cloud.link import Link
from .cloud.mailbox import Mailbox
from .cloud.sync import Sync
from .hmac import pads
from .json_text import whole
from .loop import Loop
from .started import started
from .storage import settings
from .storage.log import EventLog
from .storage.state import BOOTS, StateJournal
from .storage.table import CredentialTable

_WATCHDOG_MS = const(30000)
_MESSAGES = const(4)  # in a mailbox: at most 8 KB each way


def partition(label, folder):
    """The raw flash partition of that name, or files in its place where the board has none."""
    found = Partition.find(Partition.TYPE_DATA, label=label)
    if found:
        return found[0]
    from .storage.files import partition as files

    return files(label, folder)


def build(folder, lock):
    """The control loop for the board.json and settings.json in `folder`. lock(): a new lock.

    Faulty settings are printed, sentence by sentence; the controller then knows no credential and has no link.
    """
    gc.collect()  # loading the code left holes in the heap; the stores need whole blocks of 4 KB
    with open(folder + "board.json", "rb") as file:
        table = whole(file.read())
    board = Board(table)  # first of all: its outputs are safe from here on
    journal = StateJournal(partition("state", folder))
    log = EventLog(partition("log", folder), journal, session.urandom)
    chosen, checked = settings.load(folder)
    sync = link = key = faults = None
    if not checked:
        from .storage.settings_check import warn

        faults = warn(chosen)
    try:
        rules = Rules(settings.load(folder, "rules")[0], len(board.doors))
    except ValueError as error:  # of an older firmware: no card passes until the cloud has sent its own again
        print("rules:", error)
        rules = Rules({}, len(board.doors))
    if not faults:
        key = pads(unhexlify(chosen["table_key"]))
        inbox, outbox = Mailbox(lock(), _MESSAGES), Mailbox(lock(), _MESSAGES)
        refused = {"malformed": 0, "size": 0, "version": 0, "session": 0, "tag": 0, "replay": 0, "content": 0}
        sync = Sync(inbox, outbox, refused, folder)
        link = Link(chosen, inbox, outbox, refused)
    journal.set(BOOTS, journal.get(BOOTS) + 1)
    credentials = CredentialTable(partition("acl", folder))
    loop = Loop(board, credentials, log, journal, rules, key, sync, link, WDT(timeout=_WATCHDOG_MS), reset, folder)
    started(loop, reset_cause(), faults)
    if "old_secret" in chosen:
        from .cloud import rotate

        rotate.begin(loop, sync)
    if "since" in chosen:
        from .cloud import links

        links.begin(loop, chosen, folder)
    files = listdir(folder)
    if sync and ("trial" in files or "returned" in files):
        from .cloud.trial import begin

        sync.trial = begin(folder, loop, now())
    return loop
