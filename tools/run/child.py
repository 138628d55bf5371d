"""What runs as a child process of `portvakt run`: the broker, or the cloud's ingest worker.

    python -m tools.run.child broker PORT FOLDER | worker

A child ends when its standard input does: that is when its parent is gone, however it went.
"""

import asyncio
import os
import sys
import threading
from pathlib import Path
from typing import Any

READY = "ready"  # what the broker says when it listens


def end_with_parent() -> None:
    """Ends this process at once when standard input ends. Works after kill -9 as well."""

    def watch() -> None:
        # The bare descriptor: sys.stdin would hold a lock that ends the interpreter noisily at exit.
        while os.read(0, 100):
            pass
        os._exit(0)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


def broker_config(port: int, accounts: Path) -> dict[str, Any]:
    """amqtt on loopback. accounts: the folder with the passwords of its boards and the worker."""
    return {
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}},
        "plugins": {"tools.cloud.amqtt_accounts.Accounts": {"folder": str(accounts)}},
    }


async def broker(port: int, accounts: Path) -> None:
    from amqtt.broker import Broker

    server = Broker(broker_config(port, accounts))
    await server.start()
    print(READY, flush=True)
    await asyncio.Event().wait()


def main(arguments: list[str]) -> None:
    end_with_parent()
    match arguments:
        case ["broker", port, accounts]:
            asyncio.run(broker(int(port), Path(accounts)))
        case ["worker"]:
            from tools.cli import app

            app(["cloud", "worker"])
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
