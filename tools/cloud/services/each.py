"""Work for many of whom none waits for another's trouble."""

from collections.abc import Callable, Iterable

from ..controllers.troubles import AWAY


def each(works: Iterable[Callable[[], object]], wrong: str) -> None:
    """All of them, whatever goes wrong with one: `wrong` is told at the end. Only a database that is away ends it."""
    errors = []
    for work in works:
        try:
            work()
        except AWAY:
            raise
        except Exception as error:  # noqa: BLE001  the others are done
            errors.append(error)
    if errors:
        raise ExceptionGroup(wrong, errors)
