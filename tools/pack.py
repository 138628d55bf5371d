"""The modules of a slot in one file. littlefs gives each file a block of 4 KB, and most modules have less than one.

Number of names (2 bytes), the CRC-32 of each path (4), where each begins (4; a folder: 0), then the modules. All little
endian. firmware/main.py reads it.
"""

from binascii import crc32
from collections.abc import Mapping
from pathlib import PurePosixPath
from struct import pack

from tools.terminal import Problem

NAME = "app.pack"


def packed(files: Mapping[str, bytes]) -> bytes:
    """files: path in the slot -> its bytes."""
    folders = {str(folder) for path in files for folder in PurePosixPath(path).parents} - {"."}
    at = 2 + 8 * (len(files) + len(folders))
    begins = dict.fromkeys(sorted(folders), 0)
    for path in sorted(files):
        begins[path] = at
        at += len(files[path])
    names = [crc32(path.encode()) for path in begins]
    _check(set(files) | folders, names)
    index = pack("<H", len(begins)) + b"".join(pack("<I", n) for n in (*names, *begins.values()))
    return index + b"".join(files[path] for path in sorted(files))


def _check(there: set[str], names: list[int]) -> None:
    """No path that import asks for may be taken for another one: it tries a folder, then .py, then .mpy."""
    stems = {path.removesuffix(".mpy") for path in there}
    absent = {tried for stem in stems for tried in (stem, f"{stem}.py", f"{stem}.mpy", f"{stem}/__init__.mpy")} - there
    if len(set(names)) < len(names) or any(crc32(path.encode()) in names for path in absent):
        raise Problem("two paths of the firmware have the same CRC-32; rename one of the modules")
