"""`portvakt run` with a smaller building and a worker that can be told to die: what the tests in this folder drive.

runner.py [--bank] ...: with a bank of lockers beside it; all else is for `portvakt run`.
"""

import sys
from pathlib import Path

from sim.world.building import BUILDING
from tools.run import children, command

DYING_WORKER = Path(__file__).with_name("dying_worker.py")


def main() -> None:
    command.BUILDING = {**BUILDING, "controllers": BUILDING["controllers"][:2]}
    arguments = [one for one in sys.argv[1:] if one != "--bank"]
    if len(arguments) == len(sys.argv) - 1:
        command.with_bank = lambda described: described
    ours = children.own

    def own(*arguments: str) -> list[str]:
        return [sys.executable, str(DYING_WORKER)] if arguments == ("worker",) else ours(*arguments)

    children.own = own
    from tools.cli import app

    app(["run", *arguments])


if __name__ == "__main__":
    main()
