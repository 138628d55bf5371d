"""What goes onto a board: the slot, boot.py, main.py, the board's table and its settings, each checked."""

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools import boards, written_settings
from tools.build import FIRMWARE, ROOT_FILES, Build
from tools.terminal import Problem


@dataclass(frozen=True)
class Payload:
    """new: file name in the board's root -> its bytes. The slot's files are the build's.

    commission: for how many minutes commissioning is on after a first installation.
    serial: no signed release with a smaller one is taken over the link from then on; exactly: also where the board has
    known a higher one.
    """

    build: Build
    new: dict[str, bytes]
    commission: int = 0
    serial: int = 0
    exactly: bool = False

    @property
    def files(self) -> dict[str, bytes]:
        """Everything by its path on the board, /current last: what a board that is a folder gets."""
        slot = f"/slots/{self.build.id}"
        return {
            **{f"{slot}/{name}": content for name, content in self.build.slot.items()},
            **{f"/{name}": content for name, content in self.new.items()},
            "/current": f"{self.build.id}\n".encode(),
        }

    @property
    def copied(self) -> dict[str, bytes]:
        """What goes over the cable, by the path at which it is verified; the board puts it in charge itself."""
        slot = f"/slots/{self.build.id}"
        return {
            **{f"{slot}/{name}": content for name, content in self.build.slot.items()},
            **{f"/new/{name}": content for name, content in self.new.items()},
        }

    @property
    def bytes(self) -> int:
        return sum(len(content) for content in self.copied.values())

    def plan(self) -> dict[str, Any]:
        """What the scripts of on_board/ are to do."""
        return {
            "build": self.build.id,
            "files": {
                path: [len(content), hashlib.sha256(content).hexdigest()] for path, content in self.copied.items()
            },
            "commission": self.commission,
            "serial": ("serial:" if self.exactly else "installed:") + str(self.serial),
        }


def assemble(built: Build, board_name: str, settings_file: Path | None, release_key: Path | None = None) -> Payload:
    board = boards.load(board_name)
    new = {name: (FIRMWARE / name).read_bytes() for name in ROOT_FILES}
    new["board.json"] = _compact(board)
    if settings_file is not None:
        new |= _sealed(load_settings(settings_file))
    if release_key is not None:
        new["release.key"] = load_release_key(release_key)
    return Payload(built, new)


def load_settings(file: Path) -> dict[str, Any]:
    """The settings in a file, when the firmware would accept them."""
    try:
        settings = json.loads(file.read_text(encoding="utf-8"))
        faults = written_settings.faults(settings)
    except OSError as error:
        raise Problem(
            f"{file} cannot be read ({error.strerror}); name the file that the cloud's enrolment gave you"
        ) from error
    except ValueError as error:
        raise Problem(f"{file} is not JSON ({error}); fetch it again from the cloud's enrolment") from error
    if faults:
        raise Problem(f"{file} has faults: {'; '.join(faults)}; correct it and install again")
    return dict(settings)


def load_release_key(file: Path) -> bytes:
    """The modulus of an RSA-2048 key in hex, as portvakt release key wrote it."""
    try:
        text = file.read_text(encoding="ascii").strip()
        if len(text) != 512 or int(text, 16) >> 2047 != 1:
            raise ValueError("not 2048 bits")
    except (OSError, ValueError) as error:
        raise Problem(f"{file} is no release key ({error}); name the .pub file of portvakt release key") from error
    return text.encode()


def _sealed(settings: dict[str, Any]) -> dict[str, bytes]:
    """Both copies as the firmware itself writes them: with a CRC, and no older copy stays to fall back to."""
    from firmware.controller.storage.settings_save import save

    with tempfile.TemporaryDirectory(prefix="portvakt-") as folder:
        save(folder + "/", settings)
        return {file.name: file.read_bytes() for file in Path(folder).iterdir()}


def _compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
