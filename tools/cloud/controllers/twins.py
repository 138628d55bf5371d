"""Two boards with one settings.json: each puts the other off the line, and each misses what the other is told.

A board's log has a number of its own, drawn when it is made. A new log is seen once: a board was erased, or another one
hangs in its place. A log that was another one's turn a while ago and is back belongs to a board that never was away.
"""

from datetime import datetime

from ..models import Alarm, Controller
from ..services.refusal import text

SENTENCE = text(
    "two boards speak as this controller, by turns: both have its settings; take one off, enrol it anew, and install "
    "it with settings of its own"
)


def look(controller: int, epoch: int, now: datetime) -> None:
    """Before a hello is kept: whether it is of the board that spoke before the last one."""
    row = Controller.objects.values_list("log_epoch", "log_epoch_before").get(pk=controller)
    last, before = row
    if last is None or epoch == last:
        return
    Controller.objects.filter(pk=controller).update(log_epoch_before=last)
    if epoch == before and not stands(controller):
        Alarm.objects.create(controller_id=controller, kind=Alarm.Kind.TWINS, said={"text": SENTENCE}, raised_at=now)


def stands(controller: int) -> bool:
    """Whether that was found, and nobody has acknowledged it."""
    return Alarm.objects.filter(controller=controller, kind=Alarm.Kind.TWINS, acknowledged_at=None).exists()
