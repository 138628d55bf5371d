"""Moments as the API takes them: with their offset from UTC, because a site may be anywhere."""

from datetime import MAXYEAR, MINYEAR, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

ASKED = (
    "give the time with its offset from UTC, such as 2027-05-03T17:00:00+02:00 or 2027-05-03T15:00:00Z "
    "(in an address + is written %2B)"
)
MARGIN = 2  # years
FARTHEST = "give a time of a year between 4 and 9996"


def _text(value: Any) -> Any:
    # A number would be taken for seconds or milliseconds since 1970, whichever seems likelier.
    if not isinstance(value, str) or not value[4:5] == "-":
        raise PydanticCustomError("offset", ASKED)
    return value


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise PydanticCustomError("offset", ASKED)
    # Whoever reckons with it, by days or in another zone, must not come to a year that there is not.
    if not MINYEAR + MARGIN < moment.year < MAXYEAR - MARGIN:
        raise PydanticCustomError("year", FARTHEST)
    return moment


Moment = Annotated[
    datetime,
    AfterValidator(_aware),
    BeforeValidator(_text),
    WithJsonSchema({"type": "string", "format": "date-time", "description": "With its offset from UTC."}),
]
