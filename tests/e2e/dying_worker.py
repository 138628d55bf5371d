"""The ingest worker, which dies between the commit of events and their acknowledgement when a file says so."""

import os
import signal
from pathlib import Path
from typing import Any

import django

from tools.run.child import end_with_parent


def main() -> None:
    end_with_parent()
    django.setup()
    from tools.cloud.ingest import store

    flag = Path(os.environ["PORTVAKT_TEST_DIE"])
    keep = store.events

    def keep_and_die(*arguments: Any) -> Any:
        acked = keep(*arguments)
        if flag.exists():
            flag.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return acked

    setattr(store, "events", keep_and_die)  # noqa: B010  a fault put in from outside, whatever its type
    from tools.cli import app

    app(["cloud", "worker"])


if __name__ == "__main__":
    main()
