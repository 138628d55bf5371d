"""`portvakt cloud lockers`: what leaves about deliveries, and what a database that came from a backup must not do."""

import typer

from tools.terminal import Json, progress, result

lockers = typer.Typer(help="Banks and deliveries.", no_args_is_help=True, add_completion=False)


@lockers.command()
def send(as_json: Json = False) -> None:
    """Send what waits: calls to couriers, and notices where NOTICES names a plug-in. Runs until it is ended."""
    from ..command import _django

    _django()
    import signal

    from . import sending

    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: ended.append(number))
    signal.signal(signal.SIGINT, lambda number, frame: ended.append(number))
    plugin = sending.plugin()
    progress("calls and notices leave" if plugin else "calls leave; notices do not: NOTICES names no plug-in")
    sending.run(plugin, lambda: bool(ended))
    result(as_json, {"notices": plugin is not None}, "Ended.")


@lockers.command()
def restored(as_json: Json = False) -> None:
    """This database came from a backup: give no delivery a number that may have been given since it was made."""
    from ..command import _django

    _django()
    from django.db import transaction

    from ..models import Bank
    from . import stock

    with transaction.atomic():
        given_up = sum(stock.restored(bank) for bank in Bank.objects.order_by("pk"))
    result(as_json, {"numbers": given_up}, f"{given_up} numbers are given up; boards with a link get others at once.")
