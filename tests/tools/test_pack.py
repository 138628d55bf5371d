"""The modules of a slot in one file: what is put in comes out, on the real MicroPython by its own import."""

import json
import subprocess
from pathlib import Path

import pytest

from tools import build, pack
from tools.layouts import SECTOR, load, names

FILES = {"controller/app.mpy": b"app", "controller/cloud/link.mpy": b"link" * 999, "umqtt/simple.mpy": b"u"}

IMPORTS = """
import json, os, sys
import vfs
text = open({main!r}).read()
found = dict()
exec(text[: text.index("def run():")].replace("import machine", ""), found)
slot = found["Packed"]({pack!r})
for name in ("controller/none", "controller/app.py", "app.mpy", ""):
    try:
        slot.stat(name)
        raise SystemExit("there is " + name)
    except OSError as error:
        assert error.errno == 2
assert slot.stat("/controller")[0] == 0x4000 and slot.stat("/controller/app.mpy")[0] == 0x8000
vfs.mount(slot, "/app")
sys.path[:] = ["/app", ".frozen"]
import controller.area_updates, controller.times, controller.uses
print(json.dumps([m.__file__ for m in (controller.area_updates, controller.times, controller.uses)]))
"""


def test_two_builds_and_the_next_one_have_room_on_every_layout() -> None:
    slot = build.make().slot
    blocks = sum(len(content) // (SECTOR - 8) + 1 for content in slot.values()) + 2
    for name in names():
        assert 3 * blocks + 20 < load(name).sectors("vfs"), f"{name}: a slot takes {blocks} blocks"


def test_the_same_files_give_the_same_bytes_in_whatever_order() -> None:
    assert pack.packed(FILES) == pack.packed(dict(reversed(FILES.items())))


def test_two_paths_with_the_same_crc_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "crc32", lambda path: 7 if b"link" in path else len(path))
    with pytest.raises(pack.Problem, match="rename one of the modules"):
        pack.packed(FILES)


@pytest.mark.micropython
def test_micropython_imports_from_it(micropython: str, tmp_path: Path) -> None:
    file = tmp_path / pack.NAME
    file.write_bytes(build.make().slot[pack.NAME])
    script = IMPORTS.format(main=str(build.FIRMWARE / "main.py"), pack=str(file))
    done = subprocess.run([micropython, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout) == [f"/app/controller/{m}.mpy" for m in ("area_updates", "times", "uses")]
