"""A firmware comes in pieces, is taken only whole and signed, and stays only when it is well."""

import os
import time

from firmware.controller import ticks
from firmware.controller.cloud import update, wire
from firmware.controller.cloud.trial import Trial, begin
from firmware.controller.events import (
    COMPARTMENT_RELEASED,
    DELIVERY_CANCELLED,
    DELIVERY_DEPOSITED,
    UPDATE_KEPT,
    UPDATE_RETURNED,
    UPDATE_STAGED,
)
from firmware.controller.points.why import OWN, TO_PICK_UP
from firmware.controller.storage import room
from tests.firmware.controller_bench import Bench
from tests.firmware.release_bench import FILES, NEW, OLD, Release, file, gone, root, sign


class Board:
    """A bench whose sync finds its files in a folder of its own."""

    def __init__(self, **how):
        self.root = root("bench-%d" % time.time_ns(), **how)
        self.bench = Bench(folder=self.root)
        self.bench.connect()
        self.bench.said()

    def tell(self, message):
        """Returns (state, next or why)."""
        self.bench.hear(message)
        said = [wire.read_json(one) for one in self.bench.said() if one[0] == wire.UPDATE_STATE]
        assert len(said) == 1, said
        return said[0]["state"], said[0].get("next", said[0].get("why"))

    def bring(self, release, size=900):
        """All pieces, each as it is asked for."""
        answer = self.tell(release.offer())
        for _ in range(99):
            if answer[0] != "wanted":
                return answer
            answer = self.tell(release.piece(answer[1], size))
        raise AssertionError("it does not end")

    def files(self, build=NEW):
        found = {}
        for name in FILES:
            try:
                with open(self.root + "slots/" + build + "/" + name, "rb") as one:
                    found[name] = one.read()
            except OSError:
                pass
        return found

    def slots(self):
        return sorted(os.listdir(self.root + "slots"))

    def codes(self):
        return [event[0] for event in self.bench.events()]


def test_a_release_comes_in_pieces_and_is_staged_whole():
    board = Board()
    assert board.bring(Release()) == ("staged", None)
    assert board.files() == FILES
    assert board.codes().count(UPDATE_STAGED) == 1
    assert board.tell(Release().offer()) == ("staged", None)
    assert update.read(board.root + "current") == OLD
    assert "trial" not in os.listdir(board.root)
    gone(board.root)


def test_pieces_of_any_size_and_again_and_out_of_turn():
    board = Board()
    release = Release()
    assert board.tell(release.offer()) == ("wanted", 0)
    assert board.tell(release.piece(300)) == ("wanted", 0)
    assert board.tell(release.piece(0, 100)) == ("wanted", 100)
    assert board.tell(release.piece(0, 100)) == ("wanted", 100)
    assert board.tell(release.piece(100, 1)) == ("wanted", 101)
    assert board.bring(release, 377) == ("staged", None)
    assert board.files() == FILES
    gone(board.root)


def test_a_restart_goes_on_where_it_stopped():
    board = Board()
    release = Release()
    board.tell(release.offer())
    board.tell(release.piece(0))
    again = Bench(flash=board.bench.flash, folder=board.root)
    again.connect()
    again.said()
    board.bench = again
    again.hear(release.piece(900))
    assert again.refused["content"] == 1
    assert board.tell(release.offer()) == ("wanted", 900)
    assert board.bring(release) == ("staged", None)
    gone(board.root)


def test_a_release_that_is_not_signed_with_the_key_is_not_taken():
    release = Release()
    for signer in (lambda text: bytes(256), lambda text: sign(text)[:255] + b"x", lambda text: b"\xff" * 256):
        board = Board()
        assert board.bring(Release(signer=signer)) == ("refused", "signature")
        assert board.slots() == [OLD]
        gone(board.root)
    board = Board()
    forged = Release(files={"controller/app.mpy": b"evil"})
    forged.stream = release.stream[:256] + forged.stream[256:]
    assert board.bring(forged) == ("refused", "signature")
    assert board.slots() == [OLD]
    gone(board.root)


def test_without_a_key_on_the_board_nothing_is_taken():
    board = Board()
    os.remove(board.root + "release.key")
    assert board.tell(Release().offer()) == ("refused", "no release key on this board")
    assert board.slots() == [OLD]
    gone(board.root)


def test_what_is_signed_is_this_build_not_older_and_stays_in_its_slot():
    for release, why in (
        (Release(serial=2), "older than this one"),
        (Release(files={"../../boot.py": b"x"}), "path"),
        (Release(files={"/boot.py": b"x"}), "path"),
    ):
        board = Board()
        assert board.bring(release) == ("refused", why)
        assert board.slots() == [OLD] and "boot.py" not in os.listdir(board.root)
        gone(board.root)
    board = Board()
    other = Release()
    other.build = "111111111111"
    assert board.bring(other) == ("refused", "signature is of another build")
    gone(board.root)


def test_the_first_release_may_have_any_number():
    board = Board(serial=None)
    assert board.bring(Release(serial=0)) == ("staged", None)
    gone(board.root)


def test_an_offer_that_is_none_is_refused():
    board = Board()
    for fields in (b"{}", b"[]", b'{"build": "../../etc/abc"}', b'{"build": "ABCDEF012345", "head": 9}', b"{", b""):
        board.bench.hear(wire.packed(wire.UPDATE, "<I", 0xFFFFFFFF) + fields)
    assert board.bench.refused["content"] == 6
    for head in (b"0", b"-1", b"9000", b'"x"', b"null"):
        message = wire.packed(wire.UPDATE, "<I", 0xFFFFFFFF) + b'{"build": "abcdef012345", "head": ' + head + b"}"
        assert board.tell(message) == ("refused", "head")
    assert board.slots() == [OLD]
    gone(board.root)


def test_an_offer_that_ends_too_early_is_refused():
    board = Board()
    offer = Release().offer()
    for end in range(5, len(offer)):
        board.bench.hear(offer[:end])
    assert board.bench.refused["content"] == len(offer) - 5 and not board.bench.said()
    assert board.slots() == [OLD]
    gone(board.root)


def test_too_little_room_is_said_before_it_is_filled():
    board = Board()

    class Full:
        free = 0

        def __getattr__(self, name):
            return getattr(os, name)

        def statvfs(self, path):
            return (4096, 4096, 100, self.free, self.free, 0, 0, 0, 0, 255)

    room.os = Full()
    try:
        for Full.free in (11, 0, -3, (1 << 32) - 3):  # it counts too much and wraps: on a chip, on 64-bit words
            assert board.bring(Release()) == ("refused", "no space")
        Full.free = 60
        assert board.bring(Release()) == ("staged", None)
        gone(board.root + "slots/" + NEW + "/")
    finally:
        room.os = os
    assert board.slots() == [OLD]
    gone(board.root)


def test_a_slot_that_is_not_needed_makes_room():
    board = Board()
    os.mkdir(board.root + "slots/333333333333")
    file(board.root + "slots/333333333333/x", b"x")
    board.tell(Release().offer())
    assert board.slots() == [OLD, NEW]
    gone(board.root)


def test_a_damaged_file_is_asked_for_again_and_never_tried():
    board = Board()
    release = Release()
    board.bring(release)
    file(board.root + "slots/" + NEW + "/umqtt/simple.mpy", b"U" * 10)
    assert board.tell(release.offer(start=True)) == ("refused", "damaged on flash")
    assert "trial" not in os.listdir(board.root)
    assert board.bring(release) == ("staged", None)
    assert board.tell(release.offer(start=True))[0] == "starting"
    gone(board.root)


def test_a_start_puts_it_on_trial_and_restarts_the_board():
    board = Board()
    release = Release()
    assert board.tell(release.offer(start=True)) == ("wanted", 0)
    assert board.bench.restarts == []
    board.bring(release)
    assert board.tell(release.offer(start=True)) == ("starting", None)
    board.bench.run(400)
    assert len(board.bench.restarts) == 1
    assert update.read(board.root + "trial") == NEW + " 0 1440"
    assert update.read(board.root + "current") == OLD
    other = Release()
    other.build = "111111111111"
    assert board.tell(release.offer()) == ("trying", None)
    assert board.tell(other.offer()) == ("refused", "another is on trial")
    gone(board.root)


class Link:
    def __init__(self, beat):
        self.beat = beat


def trial(board):
    """The new firmware has been started."""
    board.bring(Release())
    board.tell(Release().offer(start=True))
    bench = board.bench = Bench(flash=board.bench.flash, folder=board.root)
    bench.loop.link = Link(bench.chip.now)
    bench.sync.trial = begin(board.root, bench.loop, bench.chip.now)
    assert isinstance(bench.sync.trial, Trial)
    return bench


def test_it_is_kept_when_it_is_heard_and_has_read_a_credential():
    board = Board()
    bench = trial(board)
    bench.connect()
    bench.run(60000)
    assert update.read(board.root + "current") == OLD
    bench.tap(12, 3456)
    bench.loop.link.beat = bench.chip.now
    bench.said()
    bench.run(10000)
    assert update.read(board.root + "current") == NEW
    assert "trial" not in os.listdir(board.root)
    assert board.codes().count(UPDATE_KEPT) == 1
    bench.run(10000)
    said = [wire.read_json(one) for one in bench.said() if one[0] == wire.UPDATE_STATE]
    assert said == [{"build": NEW, "state": "kept"}]
    assert bench.sync.trial is None
    gone(board.root)


def test_the_number_of_a_delivery_is_no_credential_that_was_read():
    """A delivery that is cancelled from afar, or whose leaf is shut, proves no reader."""
    board = Board()
    bench = trial(board)
    bench.connect()
    number = b"\x05" + bytes(6)
    for code, extra in ((DELIVERY_CANCELLED, 0), (DELIVERY_DEPOSITED, 1), (COMPARTMENT_RELEASED, TO_PICK_UP)):
        bench.loop.recorder.append(code, bench.chip.now, 3, extra, number)
        quiet_time(bench, 1)
        assert update.read(board.root + "current") == OLD, code
    bench.loop.recorder.append(COMPARTMENT_RELEASED, bench.chip.now, 3, OWN, number)  # the hash of a card
    quiet_time(bench, 1)
    assert update.read(board.root + "current") == NEW
    gone(board.root)


def test_it_is_not_kept_without_a_session():
    board = Board()
    bench = trial(board)
    bench.tap(12, 3456)
    bench.run(60000)
    assert update.read(board.root + "current") == OLD
    bench.connect()
    bench.said()
    bench.loop.link.beat = bench.chip.now
    bench.run(70000)
    assert update.read(board.root + "current") == NEW
    gone(board.root)


def test_it_is_not_kept_without_its_network_loop():
    board = Board()
    bench = trial(board)
    bench.tap(12, 3456)
    bench.run(65000)
    bench.connect()
    bench.run(20000)
    assert update.read(board.root + "current") == OLD
    gone(board.root)


def quiet_time(bench, minutes):
    """Nobody comes; the network loop goes round, and the trial is looked at."""
    for _ in range(minutes):
        now = bench.chip.now = bench.loop.link.beat = ticks.add(bench.chip.now, 60000)
        bench.sync.trial = bench.sync.trial.look(bench.sync, bench.loop, now)


def test_where_nobody_taps_it_is_kept_at_the_word_of_the_cloud_after_a_steady_hour():
    board = Board()
    bench = trial(board)
    bench.connect()
    assert board.tell(Release().offer(vouched=1)) == ("trying", None)
    quiet_time(bench, 58)
    assert update.read(board.root + "current") == OLD
    bench.sync.open = False  # the hour begins anew
    quiet_time(bench, 1)
    bench.sync.open = True
    quiet_time(bench, 50)
    assert update.read(board.root + "current") == OLD
    quiet_time(bench, 12)
    assert update.read(board.root + "current") == NEW
    gone(board.root)


def test_without_that_word_a_quiet_day_proves_nothing():
    board = Board()
    bench = trial(board)
    bench.connect()
    assert board.tell(Release().offer()) == ("trying", None)
    bench.sync.trial.vouched(OLD)
    quiet_time(bench, 1430)
    assert update.read(board.root + "current") == OLD
    gone(board.root)


def test_readers_that_are_asked_and_answer_are_proven():
    board = Board()
    bench = trial(board)
    bench.connect()
    readers = [unit.pins.reader for unit in bench.loop.doors]
    for reader in readers:
        reader.answers = True
    readers[-1].answers = False
    quiet_time(bench, 2)
    assert update.read(board.root + "current") == OLD
    readers[-1].answers = True
    quiet_time(bench, 1)
    assert update.read(board.root + "current") == NEW
    gone(board.root)


def test_what_was_read_before_the_trial_does_not_count():
    board = Board()
    board.bench.tap(12, 3456)
    bench = trial(board)
    bench.connect()
    bench.run(20000)
    assert update.read(board.root + "current") == OLD
    gone(board.root)


def test_the_one_that_is_back_says_so_and_removes_the_other():
    board = Board()
    board.bring(Release())
    file(board.root + "returned", (NEW + " 3 1440").encode())
    bench = board.bench
    bench.sync.trial = begin(board.root, bench.loop, bench.chip.now)
    assert board.slots() == [OLD] and "returned" not in os.listdir(board.root)
    assert (UPDATE_RETURNED, 0, 1, None) in bench.events()
    bench.run(10000)
    said = [wire.read_json(one) for one in bench.said() if one[0] == wire.UPDATE_STATE]
    assert said == [{"build": NEW, "state": "returned"}]
    gone(board.root)


def test_nothing_is_left_to_do_without_a_trial():
    board = Board()
    assert begin(board.root, board.bench.loop, 0) is None
    file(board.root + "trial", (OLD + " 1 1440").encode())
    assert begin(board.root, board.bench.loop, 0) is None
    assert "trial" not in os.listdir(board.root)
    gone(board.root)


def installed(board, what):
    """The installer put the old build in charge once more, without a release's file, and left its ticket."""
    if "release.json" in os.listdir(board.root + "slots/" + OLD):
        os.remove(board.root + "slots/" + OLD + "/release.json")
    file(board.root + "trial", ("%s %s 0" % (OLD, what)).encode())
    assert begin(board.root, board.bench.loop, 0) is None
    assert "trial" not in os.listdir(board.root)


def test_after_an_installation_by_cable_an_older_release_is_not_taken():
    board = Board(serial=None)
    installed(board, "installed:1700000000")
    assert board.bring(Release(serial=1699999999)) == ("refused", "older than this one")
    assert board.bring(Release(serial=1700000001)) == ("staged", None)
    gone(board.root)


def test_what_the_board_once_had_counts_whatever_is_installed_later():
    board = Board(serial=9)
    assert board.bring(Release(serial=8)) == ("refused", "older than this one")
    installed(board, "installed:5")
    assert board.bring(Release(serial=8)) == ("refused", "older than this one")
    installed(board, "serial:5")  # who has the board in hand may say so
    assert board.bring(Release(serial=8)) == ("staged", None)
    gone(board.root)


def test_another_build_with_the_same_serial_is_not_taken():
    board = Board(serial=7)
    assert board.bring(Release(serial=7)) == ("refused", "another build has this serial")
    assert board.bring(Release(build="00000001" + OLD[8:], serial=7)) == ("refused", "another build has this serial")
    for serial in (-1, 1 << 32, None, "8"):
        assert board.bring(Release(serial=serial)) == ("refused", "serial")
    assert board.bring(Release(serial=8)) == ("staged", None)
    gone(board.root)


def test_what_is_in_charge_is_not_fetched_again():
    board = Board(serial=3)
    assert board.tell(Release(build=OLD, serial=3).offer()) == ("running", None)
    assert board.slots() == [OLD]
    gone(board.root)


def test_a_release_that_was_kept_is_the_newest_from_then_on():
    board = Board()
    bench = trial(board)
    bench.connect()
    bench.tap(12, 3456)
    bench.loop.link.beat = bench.chip.now
    bench.said()
    bench.run(10000)
    assert update.read(board.root + "current") == NEW
    file(board.root + "current", OLD.encode())
    os.remove(board.root + "slots/" + OLD + "/release.json")
    bench.run(10000)
    bench.said()
    other = Release(build="123456789abc", serial=6)
    assert board.bring(other) == ("refused", "older than this one")
    gone(board.root)


def test_a_file_that_is_longer_than_it_should_be_begins_anew():
    board = Board()
    release = Release()
    board.tell(release.offer())
    head = len(release.stream) - sum(len(content) for content in FILES.values())
    answer = board.tell(release.piece(0, head + 100))
    name = board.root + "slots/" + NEW + "/controller/app.mpy"
    file(name, b"x" * (len(FILES["controller/app.mpy"]) + 1))
    assert board.tell(release.offer()) == ("wanted", answer[1] - 100)
    assert "app.mpy" not in os.listdir(name[: name.rfind("/")])
    assert board.bring(release) == ("staged", None)
    gone(board.root)


def test_a_file_that_came_damaged_is_asked_for_again_at_once():
    board = Board()
    release = Release()
    board.tell(release.offer())
    head = len(release.stream) - sum(len(content) for content in FILES.values())
    first = len(FILES["controller/app.mpy"])
    board.tell(release.piece(0, head + first - 10))
    damaged = bytearray(release.piece(head + first - 10, 10))
    damaged[-1] ^= 1
    assert board.tell(bytes(damaged)) == ("wanted", head)
    gone(board.root)


def test_a_file_may_lie_beside_the_folders_of_its_slot():
    board = Board()
    release = Release(files=dict(FILES, **{"start.mpy": b"s" * 40}))
    assert board.bring(release) == ("staged", None)
    assert board.files() == FILES and "start.mpy" in os.listdir(board.root + "slots/" + NEW)
    gone(board.root)
