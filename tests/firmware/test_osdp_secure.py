"""Frames and seals of OSDP against the examples of the standard, and each side against the other."""

from firmware.controller.readers.osdp_frame import close, crc, find
from firmware.controller.readers.osdp_secure import EVERYBODYS, SecureChannel
from sim.world.osdp import OsdpSession, crc16, framed

# SIA OSDP, annex E, as https://github.com/goToMain/libosdp/blob/master/tests/unit-tests/test-sc-sia-vectors.c has them.
OURS = bytes(range(0xB0, 0xB8))
THEIRS = bytes(range(0xA0, 0xA8))
SERVER = bytes.fromhex("26d3356e07762d262801fc8e6665a891")
CLIENT = bytes.fromhex("fde5d2f428ec16312471ea3c02bd7796")
FIRST_MAC = bytes.fromhex("b2a30057eb98ba2229ec1f875662b524")


def test_the_crc_is_that_of_the_standard():
    for frame, expected in (("537f0d00046e0080250000", 0x386E), ("53000900046100", 0x66C0)):
        frame = bytes.fromhex(frame)
        assert crc(frame, 0, len(frame)) == expected
        assert crc16(frame) == expected


def test_a_poll_is_eight_bytes_and_one_that_wakes_the_line():
    frame = bytearray(16)
    frame[:7] = b"\xff\x53\x00\x00\x00\x04\x60"
    end = close(frame, 7)
    assert bytes(frame[:end]) == bytes.fromhex("ff530008000460ebaa")


def test_an_answer_is_found_behind_noise_and_nothing_else_is():
    answer = framed(0x85, 1, b"\x40")
    rx = bytearray(b"\x00\x53\xff" + answer + b"\x12")
    assert find(rx, len(rx), 5) == 3
    assert find(rx, len(rx) - 2, 5) == -1  # its end is still to come
    assert find(rx, len(rx), 4) == -1
    for at in range(3, 3 + len(answer)):
        wrong = bytearray(rx)
        wrong[at] ^= 1
        assert find(wrong, len(wrong), 5) == -1, at
    echo = bytearray(framed(5, 1, b"\x60"))
    assert find(echo, len(echo), 5) == -1


def test_both_sides_prove_themselves_as_the_standard_says():
    secure = SecureChannel(EVERYBODYS, OURS)
    assert secure.prove(THEIRS, CLIENT) == SERVER
    session = OsdpSession(EVERYBODYS, OURS, THEIRS)
    assert (session.mine, session.wanted, session.open()) == (CLIENT, SERVER, FIRST_MAC)


def test_who_has_another_key_or_answers_another_challenge_proves_nothing():
    assert SecureChannel(bytes(16), OURS).prove(THEIRS, CLIENT) is None
    assert SecureChannel(EVERYBODYS, THEIRS).prove(THEIRS, CLIENT) is None
    assert SecureChannel(EVERYBODYS, OURS).prove(OURS, CLIENT) is None
    for at in range(16):
        altered = bytearray(CLIENT)
        altered[at] ^= 1
        assert SecureChannel(EVERYBODYS, OURS).prove(THEIRS, altered) is None, at


def pair():
    secure, session = SecureChannel(EVERYBODYS, OURS), OsdpSession(EVERYBODYS, OURS, THEIRS)
    secure.heard[:] = session.open()
    return secure, session


def test_seals_of_every_length_are_the_readers():
    secure, session = pair()
    for length in range(1, 50):
        frame = bytearray(range(length)) + bytearray(4)
        assert secure.seal(frame, 0, length) == length + 4
        session.command_mac = session.mac(bytes(frame[:length]), session.answer_mac)
        assert frame[length:] == session.command_mac[:4]
        session.answer_mac = session.mac(bytes(length), session.command_mac)
        answer = bytearray(length) + session.answer_mac[:4]
        assert secure.unseal(answer, 0, length + 4)


def test_a_seal_with_one_bit_wrong_and_a_seal_of_before_are_none():
    secure, session = pair()
    frame = bytearray(b"a command") + bytearray(4)
    secure.seal(frame, 0, 9)
    session.command_mac = session.mac(b"a command", session.answer_mac)
    answer = b"an answer" + session.mac(b"an answer", session.command_mac)[:4]
    for at in range(len(answer)):
        for bit in (1, 128):
            wrong = bytearray(answer)
            wrong[at] ^= bit
            assert not secure.unseal(wrong, 0, 13), at
    assert secure.unseal(bytearray(answer), 0, 13)
    secure.seal(frame, 0, 9)
    assert not secure.unseal(bytearray(answer), 0, 13)


def test_data_of_every_length_come_through_both_ways():
    secure, session = pair()
    for length in range(1, 40):
        data = bytes([7 * i & 255 for i in range(length)])
        frame = bytearray(data) + bytearray(20)
        end = secure.encrypt(frame, 0, length)
        assert end % 16 == 0 and end > length
        assert session.decrypt(bytes(frame[:end])) == data
        secure.seal(frame, 0, end)
        session.command_mac = session.mac(bytes(frame[:end]), session.answer_mac)
        coming = bytearray(session.encrypt(data))
        end = secure.decrypt(coming, 0, len(coming))
        assert bytes(coming[:end]) == data
        session.answer_mac = session.mac(data, session.command_mac)
        assert secure.unseal(bytearray(data + session.answer_mac[:4]), 0, length + 4)


def test_data_that_are_not_whole_blocks_or_have_no_end_are_refused():
    secure, session = pair()
    assert secure.decrypt(bytearray(15), 0, 15) == -1
    secure.seal(bytearray(30), 0, 5)
    session.command_mac = session.mac(bytes(5), session.answer_mac)
    assert secure.decrypt(bytearray(session.encrypt(b"")), 0, 16) == 0
    assert secure.decrypt(bytearray(range(16)), 0, 16) == -1
