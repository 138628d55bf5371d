"""The link secret changes: two are kept until the cloud says that one is over, and the other one is tried."""

import os
from binascii import hexlify

from firmware.controller.cloud import rotate
from firmware.controller.cloud.wire import SECRET, SECRETS
from firmware.controller.storage import settings
from firmware.controller.storage.settings_save import save
from tests.firmware.controller_bench import Bench
from tests.firmware.helper import raises

FOLDER = "rotate-%d." % id(rotate)
OLD, NEW = b"\x05" * 32, b"\x07" * 32


class Session:
    renew = False

    def __init__(self, secret):
        self.secret = secret


class Stand:
    """A loop, its link and its sync, as far as a secret concerns them."""

    def __init__(self):
        self.settings = {"controller": "0123456789abcdef", "link_secret": hexlify(OLD).decode()}
        self.session = Session(OLD)
        self.link = self
        self.parts = []
        self.folder = FOLDER
        self.open = True
        self.said = []
        save(FOLDER, self.settings)

    def say(self, message):
        self.said.append(message)

    def hears(self, secret=b""):
        rotate.take(self, self, bytes((SECRET,)) + secret, 0)

    def kept(self):
        fields = settings.load(FOLDER)[0]
        return [fields.get("link_secret"), fields.get("old_secret")]


def with_files(test):
    def run():
        try:
            test(Stand())
        finally:
            for name in os.listdir("."):
                if name.startswith(FOLDER):
                    os.remove(name)

    return run


@with_files
def test_both_are_kept_and_the_next_session_is_opened_with_the_new_one(stand):
    stand.hears(NEW)
    assert stand.kept() == [hexlify(NEW).decode(), hexlify(OLD).decode()]
    assert stand.session.secret == NEW and stand.session.renew
    assert stand.said == [bytes((SECRETS, 2))]
    stand.hears(NEW)  # said again before that session: nothing is to be done
    assert stand.said == [bytes((SECRETS, 2))]


@with_files
def test_the_one_before_goes_when_the_cloud_says_so(stand):
    stand.hears(NEW)
    stand.session = Session(NEW)
    stand.hears(NEW)
    assert stand.kept() == [hexlify(NEW).decode(), hexlify(OLD).decode()]
    stand.hears()
    assert stand.kept() == [hexlify(NEW).decode(), None]
    assert stand.said[-1] == bytes((SECRETS, 1))


@with_files
def test_what_opened_this_session_is_what_stays(stand):
    """A cloud that was put back knows the one before: that is not what goes."""
    stand.hears(NEW)
    stand.session = Session(OLD)
    stand.hears()
    assert stand.kept() == [hexlify(OLD).decode(), None]


@with_files
def test_the_other_one_is_tried_when_one_opens_nothing(stand):
    stand.hears(NEW)
    either = stand.parts[0]
    either.watch(stand, 0)
    assert either.deadline() is None  # there is a session
    stand.open = False
    either.watch(stand, 1000)
    either.watch(stand, 60999)
    assert stand.settings["link_secret"] == hexlify(NEW).decode()
    either.watch(stand, 61000)
    assert stand.settings["link_secret"] == hexlify(OLD).decode()
    either.watch(stand, 121000)
    assert stand.settings["link_secret"] == hexlify(NEW).decode()
    assert stand.kept()[0] == hexlify(NEW).decode()


@with_files
def test_said_again_in_a_session_of_its_own_it_does_not_push_the_one_before_out(stand):
    stand.hears(NEW)
    stand.session = Session(NEW)
    fields = dict(stand.settings)
    fields["link_secret"], fields["old_secret"] = fields["old_secret"], fields["link_secret"]
    stand.settings = fields  # the other one was about to be tried
    stand.hears(NEW)
    assert stand.kept() == [hexlify(NEW).decode(), hexlify(OLD).decode()]


@with_files
def test_what_is_no_secret_is_refused(stand):
    for body in (b"\x01", NEW[:31], NEW + b"\x00"):
        raises(ValueError, lambda body=body: stand.hears(body))
    assert stand.kept() == [hexlify(OLD).decode(), None] and not stand.said


@with_files
def test_where_there_is_no_room_the_old_one_goes_on(stand):
    def full(*_):
        raise OSError(28)

    kept, rotate.save = rotate.save, full
    try:
        stand.hears(NEW)
    finally:
        rotate.save = kept
    assert stand.kept() == [hexlify(OLD).decode(), None]
    assert stand.session.secret == OLD and not stand.session.renew and not stand.said
    stand.hears(NEW)  # said again when there is room
    assert stand.kept() == [hexlify(NEW).decode(), hexlify(OLD).decode()]


@with_files
def test_it_comes_with_the_messages_of_the_cloud(stand):
    bench = Bench()
    bench.connect()
    bench.loop.link = stand
    bench.sync.folder = FOLDER
    bench.hear(bytes((SECRET,)) + NEW)
    assert stand.kept() == [hexlify(NEW).decode(), hexlify(OLD).decode()]
    assert bench.refused["content"] == 0
