"""An event of a board's log, as it lies whole on flash."""

from typing import NamedTuple


class LoggedEvent(NamedTuple):
    """Fields and their order as records.unpack_event() of the firmware has them."""

    sequence: int
    utc: int  # 0: not known
    code: int
    door: int
    extra: int
    flags: int
    key: bytes | None
    more: int  # how many more of it came that were not written one by one
