"""Settings: two copies of which the last good one wins, and sentences that say what is wrong."""

import json
import os

from firmware.controller.storage import settings
from firmware.controller.storage.settings_check import check, takes
from firmware.controller.storage.settings_save import save
from tests.firmware.helper import raises

FOLDER = "settings-%d." % id(settings)
CURE = ": correct it and install again"


def good():
    return {
        "controller": "0123456789abcdef",
        "link_secret": "5" * 64,
        "table_key": "a" * 64,
        "broker": {"host": "broker.example", "port": 1883, "user": "", "password": ""},
        "wifi": {"name": "Gaten 7", "password": "not a real one"},
    }


def write(name, text):
    with open(FOLDER + name, "w") as file:
        file.write(text)


def read(name):
    with open(FOLDER + name) as file:
        return file.read()


def clean():
    for name in os.listdir("."):
        if name.startswith(FOLDER):
            os.remove(name)


def with_files(test):
    """Runs it among files of its own, which go afterwards."""

    def run():
        clean()
        try:
            test()
        finally:
            clean()

    return run


@with_files
def test_what_was_saved_is_loaded():
    save(FOLDER, good())
    assert settings.load(FOLDER) == (good(), True)
    save(FOLDER, {"version": 3, "profiles": {"7": [1]}}, "rules")
    assert settings.load(FOLDER, "rules")[0] == {"version": 3, "profiles": {"7": [1]}}
    assert settings.load(FOLDER)[0] == good()


@with_files
def test_nothing_saved_is_nothing_loaded():
    assert settings.load(FOLDER)[0] == {}


@with_files
def test_a_saved_file_is_json_for_everyone():
    save(FOLDER, good())
    fields = json.loads(read("settings.json"))
    del fields["crc"]
    assert fields == good()


@with_files
def test_a_file_put_there_by_hand_counts():
    save(FOLDER, {"a": 1})
    write("settings.json", json.dumps(good()))
    assert settings.load(FOLDER) == (good(), False)


@with_files
def test_any_damage_to_one_copy_leaves_the_other():
    save(FOLDER, good())
    text = read("settings.json")
    for at in range(0, len(text) - 30, 37):
        for damaged in (text[:at], text[:at] + "~" + text[at + 1 :]):
            write("settings.json", damaged)
            assert settings.load(FOLDER)[0] == good()
    write("settings.json", text)
    write("settings.bak", text[:20])
    assert settings.load(FOLDER)[0] == good()


@with_files
def test_a_piece_of_what_was_saved_never_beats_a_whole_copy():
    rules = {"version": 3, "profiles": {"7": [1]}, "doors": {"1": {"who": [["card+pin", 0]], "pin_length": 4}}}
    save(FOLDER, rules, "rules")
    text = read("rules.json")
    seal = text[-20:]
    for at in range(len(text)):
        for piece in (text[:at], text[:at] + "}", text[:at] + "}}", text[:at] + seal):
            write("rules.json", piece)
            assert settings.load(FOLDER, "rules") == (rules, True), piece


@with_files
def test_settings_by_hand_that_end_too_early_are_none():
    save(FOLDER, good())
    text = json.dumps(dict(good(), more_brokers=[dict(good()["broker"], password='}]"{')]))
    for at in range(len(text)):
        write("settings.json", text[:at])
        assert settings.load(FOLDER) == (good(), True), text[:at]
    write("settings.json", text + "\n")
    assert settings.load(FOLDER) == (json.loads(text), False)


def test_whole_takes_one_object_and_all_of_it():
    text = b'{"a": [1, {"b": "]}\\""}, {}], "c": {"d": {"e": []}}}'
    assert settings.whole(text) == {"a": [1, {"b": ']}"'}, {}], "c": {"d": {"e": []}}}
    for at in range(len(text)):
        raises(ValueError, lambda at=at: settings.whole(text[:at]))
    for wrong in (text + text, text + b"," + text, b"[1]", b"1", b"{}}", b"}", b"{}],[0", b"{}]"):
        raises(ValueError, lambda wrong=wrong: settings.whole(wrong))


@with_files
def test_two_damaged_copies_are_no_settings():
    save(FOLDER, good())
    write("settings.json", "{")
    write("settings.bak", "[]")
    assert settings.load(FOLDER)[0] == {}


@with_files
def test_long_rules_are_loaded_as_they_were_saved():
    rules = {"version": 3, "schedules": {str(n): [n, n + 1] for n in range(300)}}
    save(FOLDER, rules, "rules")
    assert settings.load(FOLDER, "rules") == (rules, True)
    text = read("rules.json")
    assert len(text) > 4096
    for at in range(0, len(text), 511):
        write("rules.json", text[:at] + "7" + text[at + 1 :])
        assert settings.load(FOLDER, "rules")[0] == rules


def test_good_settings_have_no_fault():
    assert check(good()) == []


def secure():
    fields = good()
    fields["since"] = 1795000000
    fields["broker"].update({"port": 8884, "user": "0123456789abcdef", "tls": "psk", "key": "7" * 64})
    fields["more_brokers"] = [dict(good()["broker"], port=8883, tls="certificates"), good()["broker"]]
    return fields


def test_brokers_may_be_several_each_with_its_own_tls():
    assert check(secure()) == []


def test_a_fault_of_a_broker_says_of_which():
    for place, field, value, sentence in (
        (0, "key", "7" * 63, "broker.key: must be 64 to 64 hex digits"),
        (0, "tls", "none", "broker.tls: must be psk or certificates"),
        (1, "tls", 5, "more_brokers.0.tls: must be psk or certificates"),
        (1, "key", "7" * 64, "more_brokers.0.key: is not known"),
        (2, "port", 0, "more_brokers.1.port: must be 1 to 65535, is 0"),
    ):
        fields = secure()
        broker = fields["more_brokers"][place - 1] if place else fields["broker"]
        broker[field] = value
        assert sentence + CURE in check(fields), check(fields)


def test_several_brokers_ask_when_the_settings_were_made():
    fields = good()
    fields["more_brokers"] = [good()["broker"]]
    assert check(fields) == ["since: is missing" + CURE]


def test_tls_asks_when_the_settings_were_made():
    fields = secure()
    del fields["since"]
    assert check(fields) == ["since: is missing" + CURE]
    fields = secure()
    del fields["broker"]["key"]
    assert check(fields) == ["broker.key: is missing" + CURE]


def changed(path, value):
    fields = good()
    inner = fields
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return check(fields)


WPA = "must be 8 to 63 bytes, or 64 hex digits (a raw key), or empty for an open network"


def test_a_wifi_may_be_open_have_a_password_or_a_raw_key():
    for password in ("", "12345678", "p" * 63, "æ" * 4, "0123456789abcdef" * 4, "0123456789ABCDEF" * 4):
        assert changed(("wifi", "password"), password) == [], password
    for name in ("x" * 32, "å" * 16):
        assert changed(("wifi", "name"), name) == []


def test_a_fault_says_which_field_and_why():
    for path, value, sentence in (
        (("broker", "port"), 99999, "broker.port: must be 1 to 65535, is 99999"),
        (("broker", "port"), "1883", "broker.port: must be 1 to 65535, is 1883"),
        (("broker", "port"), True, "broker.port: must be 1 to 65535, is True"),
        (("broker", "host"), "", "broker.host: must be 1 to 253 characters"),
        (("broker", "pasword"), "x", "broker.pasword: is not known"),
        (("wifi", "name"), None, "wifi.name: must be 1 to 32 bytes"),
        (("wifi", "name"), "å" * 17, "wifi.name: must be 1 to 32 bytes"),
        (("wifi", "password"), 12345678, "wifi.password: " + WPA),
        (("wifi", "password"), "hallo", "wifi.password: " + WPA),
        (("wifi", "password"), "x" * 64, "wifi.password: " + WPA),
        (("wifi", "password"), "ø" * 32, "wifi.password: " + WPA),
        (("wifi", "password"), "X" * 64, "wifi.password: " + WPA),
        (("wifi", "password"), "a" * 65, "wifi.password: " + WPA),
        (("controller",), "0123456789abcdeg", "controller: must be 16 to 16 hex digits"),
        (("link_secret",), "5" * 63, "link_secret: must be 64 to 64 hex digits"),
        (("colour",), "red", "colour: is not known"),
        (("colours",), {}, "colours: is not known"),
    ):
        assert changed(path, value) == [sentence + CURE], changed(path, value)


def test_each_field_is_taken_up_to_its_edges_and_not_beyond():
    """A board with settings that were refused stands still until somebody comes with a cable."""
    for path, least, most in (
        (("controller",), 16, 16),
        (("link_secret",), 64, 64),
        (("table_key",), 64, 64),
        (("wifi", "name"), 1, 32),
        (("broker", "host"), 1, 253),
        (("broker", "user"), 0, 255),
        (("broker", "password"), 0, 255),
    ):
        for size, taken in ((least - 1, False), (least, True), (most, True), (most + 1, False)):
            if size >= 0:
                assert (changed(path, "a" * size) == []) == taken, (path, size)
    for path, least, most in ((("broker", "port"), 1, 65535), (("since",), 1760000000, 4000000000)):
        for value, taken in ((least - 1, False), (least, True), (most, True), (most + 1, False)):
            fields = secure()
            inner = fields if len(path) == 1 else fields["broker"]
            inner[path[-1]] = value
            assert (check(fields) == []) == taken, (path, value)


def test_missing_fields_are_named():
    fields = good()
    del fields["table_key"]
    del fields["wifi"]["name"]
    assert check(fields) == ["table_key: is missing" + CURE, "wifi.name: is missing" + CURE]
    assert len(check({})) == 9


def test_a_wrong_shape_is_a_fault_and_no_crash():
    brokers = ((("broker",), 5), (("broker",), [1]), (("more_brokers",), 5), (("more_brokers",), [5]))
    for path, value in brokers + ((("wifi",), None), (("controller",), {"a": 1})):
        assert changed(path, value)
    assert len(check([])) >= 9


def test_no_sentence_repeats_a_secret():
    for path in (("broker", "password"), ("broker", "key"), ("wifi", "password"), ("link_secret",)):
        for value in ("hunter2" * 50, 4711000):
            fields = secure()
            inner = fields
            for name in path[:-1]:
                inner = inner[name]
            inner[path[-1]] = value
            sentences = " ".join(check(fields))
            assert sentences and "hunter2" not in sentences and "4711" not in sentences


@with_files
def test_settings_by_hand_are_not_read_without_end():
    write("settings.json", " " * 4096 + json.dumps(good()))
    assert settings.load(FOLDER) == ({}, False)
    write("settings.json", json.dumps(good()))
    assert settings.load(FOLDER) == (good(), False)


def test_what_a_board_takes_is_asked_before_there_are_settings():
    assert takes("wifi.name", "Gaten 7") and not takes("wifi.name", "G" * 33)
    assert takes("controller", "0123456789abcdef") and not takes("controller", "0123456789abcde")
