"""What a program sends: a field that is not known is refused by its name. Unread, it would seem to be taken."""

from typing import Any

from ninja import Schema
from pydantic import model_validator

from tools.nearest import unknown


class Body(Schema):
    """The body of a request, or an object within one."""

    @model_validator(mode="wrap")  # outside ninja's own, which hands on what cannot be looked through
    @classmethod
    def _knows_all(cls, values: Any, handler: Any) -> Any:
        strange = unknown(values, cls.model_fields) if isinstance(values, dict) else []
        if strange:
            raise ValueError(f"{', '.join(strange)}: not known here")
        return handler(values)
