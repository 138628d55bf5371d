"""A new firmware on its way in: piece by piece beside the one that runs, whole and signed before it is tried.

Loaded when the first piece comes. A release is one stream: signature (256 bytes), release.json, then the files in the
order in which release.json names them. What has come is told by the files themselves, so that a cut, a restart or a
month without a link goes on where it stopped. boot.py is no part of a release and decides which slot runs.

States told to the cloud: "wanted" (the piece at "next"), "staged" (whole and verified), "starting", "trying" (it is on
trial), "running" (it is in charge already), "refused" with the reason.
"""

import json
import os
from binascii import hexlify
from hashlib import sha256

from micropython import const

from ..events import UPDATE_STAGED
from ..json_text import whole
from ..storage.room import FOLDER, SPARE, blocks, free
from .wire import UPDATE_STATE, json_message, unpacked

_OFFER = const(0xFFFFFFFF)
_SIGNATURE = const(256)
_HEAD = const(8192)  # bytes of release.json at most
_TRIAL_MINUTES = const(1440)
_NEWEST = const(5)  # kind of state (storage/state.py): serial << 32 | the first eight digits of its build
_SHA256 = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"  # RFC 8017, 9.2, note 1


class Refuse(Exception):
    """This release is not taken; the argument says why."""


def size_of(path):
    """Bytes of a file, 0 when it is not there."""
    try:
        return os.stat(path)[6]
    except OSError:
        return 0


def is_there(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False


def read(path):
    """A small file as text, "" when it is not there."""
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""


def remove(path):
    """A file or a folder with all that is in it, if it is there."""
    try:
        if os.stat(path)[0] & 0x4000:
            for name in os.listdir(path):
                remove(path + "/" + name)
            os.rmdir(path)
        else:
            os.remove(path)
    except OSError:
        pass


def put(path, text):
    """A small file that is there whole or not at all."""
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)


def digest(path):
    sha, buffer = sha256(), bytearray(512)
    view = memoryview(buffer)
    with open(path, "rb") as file:
        n = file.readinto(buffer)
        while n:
            sha.update(view[:n])
            n = file.readinto(buffer)
    return sha.digest()


def signed(digest, signature, modulus):
    """Whether an RSA-2048 signature (PKCS#1 v1.5, exponent 65537) is right. modulus: a whole number."""
    s = int.from_bytes(signature, "big")
    wanted = b"\x00\x01" + b"\xff" * 202 + b"\x00" + _SHA256 + digest
    return len(signature) == _SIGNATURE and s < modulus and pow(s, 65537, modulus) == int.from_bytes(wanted, "big")


def newest(loop, serial, build, exactly=False):
    """Notes the firmware that is in charge as the newest this board had. exactly: also when it knows a newer one."""
    value = serial << 32 | int(build[:8], 16)
    if exactly or value >> 32 > loop.journal.get(_NEWEST) >> 32:
        loop.journal.set(_NEWEST, value)


def serial_of(slot):
    """Of a slot that came as a signed release, else None."""
    head = read(slot + "/release.json")
    # No object lies in it, so what ends like one is all of it (json_text.py says what 1.24 takes else).
    return json.loads(head)["serial"] if head[-1:] == "}" else None


class Updates:
    """folder: the root of the file system, with a slash at its end."""

    def __init__(self, folder):
        self._root = folder
        self._build = None
        self._files = []  # (path, size, SHA-256 as hex or None), in the order of the stream

    def take(self, sync, loop, message, now):
        """An offer or a piece; says what is wanted next. Raises ValueError when it is neither."""
        (at,) = unpacked("<I", message)
        start = False
        try:
            if at == _OFFER:
                fields = whole(bytes(message[5:]))
                build = fields["build"]
                if type(build) is not str or len(build) != 12 or build.strip("0123456789abcdef"):
                    raise ValueError("update: build")
                start = fields.get("start")
                if fields.get("vouched") and sync.trial is not None:
                    sync.trial.vouched(build)
                answer = self._offered(build, fields["head"], start, loop, now)
            elif self._build is None:
                raise ValueError("update: no offer")
            else:
                build = self._build
                answer = self._piece(at, memoryview(message)[5:], loop, now)
        except Refuse as why:
            self._build = None
            answer = {"state": "refused", "why": why.args[0]}
        except OSError as error:
            answer = {"state": "refused", "why": "flash: %s" % error}
        answer["build"] = build
        sync.say(json_message(UPDATE_STATE, answer))
        if answer["state"] == "starting":
            from ..delayed_restart import leave

            leave(loop, sync, now)

    def _offered(self, build, head, start, loop, now):
        root = self._root
        if build == read(root + "current"):
            return {"state": "running"}
        trial = read(root + "trial")
        if trial[:12] == build:
            return {"state": "trying"}
        if trial:
            raise Refuse("another is on trial")
        if not read(root + "release.key"):
            raise Refuse("no release key on this board")
        if type(head) is not int or not 0 < head <= _HEAD:
            raise Refuse("head")
        self._build = build
        self._files = [("release.sig", _SIGNATURE, None), ("release.json", head, None)]
        for name in self._names(root + "slots"):
            if name not in (build, read(root + "current")):
                remove(root + "slots/" + name)
        self._make(self._path(""))
        index = self._where()[0]
        if index > 1:
            self._open_head(loop)
            index = self._where()[0]
        if not start or index < len(self._files):
            return self._wanted(loop, now, False)
        self._verify()
        put(root + "trial", "%s 0 %d" % (build, _TRIAL_MINUTES))
        return {"state": "starting"}

    def _piece(self, at, piece, loop, now):
        index, have, offset = self._where()
        if at == offset and index < len(self._files):
            while len(piece) and index < len(self._files):
                name, size, sha = self._files[index]
                n = min(len(piece), size - have)
                if sha:
                    self._make(self._path(name[: name.rfind("/")]) if "/" in name else None)
                with open(self._path(name), "ab" if have else "wb") as file:
                    file.write(piece[:n])
                piece = piece[n:]
                have += n
                if have == size:
                    self._check(name, sha)
                    if index == 1:
                        self._open_head(loop)
                    index += 1
                    have = size_of(self._path(self._files[index][0])) if index < len(self._files) else 0
        return self._wanted(loop, now, True)

    def _wanted(self, loop, now, news):
        index, _, offset = self._where()
        if index < len(self._files):
            return {"state": "wanted", "next": offset}
        if news:
            loop.record(UPDATE_STAGED, now)
        return {"state": "staged"}

    def _where(self):
        """(file, bytes of it that are there, offset in the stream) of the next byte."""
        offset = 0
        for index, (name, size, _) in enumerate(self._files):
            have = size_of(self._path(name))
            if have > size:
                remove(self._path(name))
                have = 0
            offset += have
            if have < size:
                return index, have, offset
        return len(self._files), 0, offset

    def _open_head(self, loop):
        """The signature and release.json are there: what follows is known, and is only taken when they are right."""
        with open(self._path("release.sig"), "rb") as file:
            signature = file.read()
        path = self._path("release.json")
        if not signed(digest(path), signature, int(read(self._root + "release.key"), 16)):
            self._forget("signature")
        with open(path) as file:
            fields = json.load(file)  # all of it is there: it is signed
        if fields["build"] != self._build:
            self._forget("signature is of another build")
        self._compare(fields["serial"], loop)
        self._files = self._files[:2] + [tuple(file) for file in fields["files"]]
        needed, folders = SPARE, []
        for name, size, _ in self._files:
            if ".." in name or name[0] == "/":
                self._forget("path")
            have = size_of(self._path(name))
            if have < size:
                needed += blocks(size) - (blocks(have) if have else 0)
            while "/" in name:
                name = name[: name.rfind("/")]
                if name not in folders:
                    folders.append(name)
                    needed += 0 if is_there(self._path(name)) else FOLDER
        if free(self._root, needed) < needed:
            self._forget("no space")

    def _compare(self, serial, loop):
        """No release is taken that is older than any this board had, whatever is in charge now."""
        if type(serial) is not int or serial >> 32:
            self._forget("serial")
        current = read(self._root + "current")
        ours = serial_of(self._root + "slots/" + current)
        if ours is not None:
            newest(loop, ours, current)
        had = loop.journal.get(_NEWEST)
        if serial < had >> 32:
            self._forget("older than this one")
        if had and serial == had >> 32 and int(self._build[:8], 16) != had & 0xFFFFFFFF:
            self._forget("another build has this serial")

    def _check(self, name, sha):
        if sha and hexlify(digest(self._path(name))).decode() != sha:
            remove(self._path(name))

    def _verify(self):
        """Every file once more, as it lies on flash. What is damaged is asked for again."""
        for name, _, sha in self._files:
            self._check(name, sha)
        if self._where()[0] < len(self._files):
            raise Refuse("damaged on flash")

    def _forget(self, why):
        remove(self._path("")[:-1])
        raise Refuse(why)

    def _path(self, name):
        return "%sslots/%s/%s" % (self._root, self._build, name)

    def _make(self, path):
        """The folder with those that it is in."""
        at = path.find("/", len(self._root)) if path else -1
        while at >= 0:
            try:
                os.mkdir(path[:at])
            except OSError:
                pass  # is there
            at = path.find("/", at + 1)
        if path and path[-1] != "/":
            try:
                os.mkdir(path)
            except OSError:
                pass

    def _names(self, path):
        try:
            return os.listdir(path)
        except OSError:
            return []
