"""`portvakt cloud lockers`."""

import json
from typing import Any

from locker_world import made
from typer.testing import CliRunner


def test_after_a_backup_no_number_is_given_that_may_have_been(locker: Any, board: Any, monkeypatch: Any) -> None:
    from tools.cloud import command

    monkeypatch.setattr(command, "_django", lambda: None)
    kept, _ = made(locker)
    before = set(locker.bank.wanted_numbers())
    ran = CliRunner().invoke(command.app, ["lockers", "restored", "--json"])
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout)["numbers"] == 255
    locker.bank.refresh_from_db()
    assert before & set(locker.bank.wanted_numbers()) == {kept.number}
