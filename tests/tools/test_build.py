"""`portvakt build`: the same bytes for the same source, whatever machine and folder, each with its hash."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from tools import build, umqtt
from tools.bench import memory
from tools.terminal import Problem


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The firmware's source in another folder, to be changed at will."""
    copy = tmp_path / "somewhere" / "else" / "firmware"
    shutil.copytree(build.FIRMWARE, copy)
    monkeypatch.setattr(build, "FIRMWARE", copy)
    return copy


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_every_module_is_there_compiled_and_hashed(tmp_path: Path) -> None:
    made = build.make(tmp_path)
    assert set(made.files) == {Path(name).with_suffix(".mpy").as_posix() for name in build.texts()}
    assert {"controller/app.mpy", "umqtt/simple.mpy"} < set(made.files)
    manifest = json.loads((made.folder / "manifest.json").read_text())
    assert manifest == {"build": made.id, "files": made.files}
    for path, digest in made.files.items():
        content = (made.folder / path).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
        assert content[:2] == b"M\x06", f"{path} is not .mpy version 6"
    assert set(contents(made.folder)) == {*made.files, "manifest.json"}


def test_the_same_source_in_another_folder_gives_the_same_bytes(tmp_path: Path, elsewhere: Path) -> None:
    there = build.make(tmp_path / "b")
    build.FIRMWARE = build.ROOT / "firmware"
    here = build.make(tmp_path / "a")
    assert here.id == there.id
    assert contents(here.folder) == contents(there.folder)


def test_no_path_of_this_machine_is_in_the_bytes(tmp_path: Path) -> None:
    for path, content in contents(build.make(tmp_path).folder).items():
        assert str(build.ROOT).encode() not in content, path
        assert str(Path.home()).encode() not in content, path


def test_a_changed_module_changes_its_hash_and_the_build_id(tmp_path: Path, elsewhere: Path) -> None:
    before = build.make(tmp_path)
    with (elsewhere / "controller" / "ticks.py").open("a") as file:
        file.write("\nCHANGED = 'so'\n")
    after = build.make(tmp_path)
    assert after.id != before.id
    # What a module is called may change in those that import it (tools/bundle.py).
    assert "controller/app.mpy" in {path for path in after.files if after.files[path] != before.files[path]}
    assert before.folder.exists(), "the build before stays: a board may be running it"


def test_a_damaged_slot_is_made_again(tmp_path: Path) -> None:
    made = build.make(tmp_path)
    (made.folder / "controller" / "app.mpy").write_bytes(b"")
    (made.folder / "stray.py").touch()
    again = build.make(tmp_path)
    assert again.id == made.id
    assert (
        hashlib.sha256((again.folder / "controller" / "app.mpy").read_bytes()).hexdigest()
        == made.files["controller/app.mpy"]
    )
    assert not (again.folder / "stray.py").exists()


def test_what_was_made_of_the_same_inputs_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiling takes three seconds; who installs ten boards waits for it once."""
    made = build.make(tmp_path)
    monkeypatch.setattr(build, "texts", lambda: pytest.fail("it was made again"))
    assert build.make(tmp_path) == made


def test_another_compiler_or_option_makes_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = build.make(tmp_path)
    asked: list[int] = []
    texts = build.texts()
    monkeypatch.setattr(build, "texts", lambda: asked.append(1) or texts)
    with monkeypatch.context() as now:
        now.setattr(build, "OPTIONS", ("-O0",))
        assert build.make(tmp_path).id != before.id
    with monkeypatch.context() as now:
        now.setattr(build.importlib.metadata, "version", lambda name: "0.0.1")
        assert build.make(tmp_path).id == before.id
    assert len(asked) == 2


def test_what_does_not_compile_is_named(tmp_path: Path, elsewhere: Path) -> None:
    (elsewhere / "controller" / "ticks.py").write_text("def broken(:\n")
    with pytest.raises(Problem, match=r"controller/ticks\.py does not compile for MicroPython"):
        build.make(tmp_path)
    assert not any((tmp_path / "slots").iterdir()), "nothing half made is left"


def test_umqtt_with_another_hash_is_refused() -> None:
    with pytest.raises(Problem, match="not the pinned"):
        umqtt.unpack(b"something else that was served")


def test_a_damaged_umqtt_is_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = umqtt.source().read_bytes()
    monkeypatch.setattr(umqtt, "FOLDER", tmp_path)
    (tmp_path / "umqtt").mkdir()
    (tmp_path / "umqtt" / "simple.py").write_bytes(right + b"#")
    asked = []
    monkeypatch.setattr(umqtt, "fetch", lambda: asked.append(1))
    umqtt.path()
    assert asked == [1]
    (tmp_path / "umqtt" / "simple.py").write_bytes(right)
    umqtt.path()
    assert asked == [1]


@pytest.mark.micropython
def test_the_controller_fits_its_heap() -> None:
    figures = memory.measure()
    goals = {goal["name"]: goal for goal in figures["goals"]}
    heap = goals["heap after import"]
    assert heap["value"] > 10_000, "something was imported"
    assert heap["met"], figures
    assert "controller/app.mpy" in figures["loaded"] and "umqtt/simple.mpy" in figures["loaded"]
    assert all(path.endswith(".mpy") for path in figures["loaded"])
