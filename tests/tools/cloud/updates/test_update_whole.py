"""A release from the tool that signs it, through the cloud's rollout, to the real firmware, up to its trial."""

from pathlib import Path
from random import Random

import pytest
from cloud_world import House, Stopped, counted_bytes
from cryptography.hazmat.primitives.asymmetric import rsa

from firmware.controller import events as codes
from firmware.controller.cloud import wire
from sim.fuzz import board as boards
from sim.mcu.chip import use
from tools import build, release
from tools.cloud.ingest.ingest import Ingest
from tools.cloud.models import Event, RolloutBoard
from tools.cloud.updates import updates

OLD, NEW = "0" * 12, "abcdef012345"


def test_a_release_reaches_the_board_and_goes_on_trial(
    house: House, time_now: Stopped, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hashlib import sha256

    from django.conf import settings

    monkeypatch.setattr(settings, "DATA", tmp_path)
    slot, root = tmp_path / "slot", tmp_path / "root"
    files = {
        "controller/app.mpy": bytes(range(256)) * 20,
        "controller/cloud/link.mpy": b"l" * 3000,
        "umqtt/simple.mpy": b"u",
    }
    for name, body in files.items():
        (slot / name).parent.mkdir(parents=True, exist_ok=True)
        (slot / name).write_bytes(body)
    built = build.Build(NEW, slot, {name: sha256(body).hexdigest() for name, body in files.items()})
    key = rsa.generate_private_key(65537, 2048)
    (root / "slots" / OLD).mkdir(parents=True)
    (root / "current").write_text(OLD + "\n")
    (root / "release.key").write_text(release.modulus(key))
    time_now.now = float(boards.UTC)
    house.settings |= {"broker": boards.SETTINGS["broker"], "wifi": boards.SETTINGS["wifi"]}
    board = boards.HandBoard(root, Random(1), house.settings)
    restarts: list[int] = []
    board.loop.restart = lambda: restarts.append(1)
    down: list[bytes] = []
    ingest = Ingest(lambda topic, payload: down.append(payload), time_now, counted_bytes(3 << 40))
    up = wire.topics(board.name)[0]
    updates.start(updates.add(release.make(built, 5, key)), 100)
    board.session.begin(board.chip.time)
    try:
        for _ in range(600):
            time_now.now += 0.2
            board.chip.time = (board.chip.time + 200) % (1 << 30)
            board.turn()
            for payload in board.sent:
                ingest.on_message(up, payload)
            board.sent.clear()
            ingest.poll()
            for payload in down:
                board.session.receive(payload, board.chip.time)
            down.clear()
            if restarts:
                break
    finally:
        use(None)
    assert restarts == [1]
    assert (root / "trial").read_text() == f"{NEW} 0 1440" and (root / "current").read_text().strip() == OLD
    assert (root / "slots" / NEW / "app.pack").read_bytes() == built.slot["app.pack"]
    assert RolloutBoard.objects.get().state == RolloutBoard.State.STAGED
    assert Event.objects.filter(code=codes.UPDATE_STAGED).count() == 1
