"""Whose data a row holds: each model says it with PERSON, or why it holds nothing of anybody.

What is kept of a person is found by these declarations alone: the copy (privacy/found.py), the table of retention, the
erasure's own search. A model, or a text of one, that says nothing fails tests/tools/cloud/privacy/test_declared.py.
"""

from typing import NamedTuple

from django.db.models import Model

from . import retention
from .retention import Kept


class Nobody(NamedTuple):
    """Nothing of a person is in such a row."""

    why: str
    acts: tuple[str, ...] = ()


class Personal(NamedTuple):
    """Something of a person is in such a row.

    person: ways from the row to the Person it is about; account: ways to the User. acts: fields that say who did
    something; they are emptied when the account goes. others: fields that point at somebody else than whom it is about.
    pseudonyms: what stands for somebody, and no way leads from it to them: its maker finds it, and erases it.
    theirs, secret, plain: its texts and bytes: theirs are in their copy; secret ones (hashes, what is sealed or a key)
    never; plain ones say nothing of anybody.
    """

    kept: Kept
    person: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    pseudonyms: tuple[str, ...] = ()


_NO_USE = "of a library, and not used here"
# Models of libraries, by their label.
ELSEWHERE: dict[str, Personal | Nobody] = {
    "contenttypes.ContentType": Nobody("names of models"),
    "auth.Permission": Nobody(_NO_USE),
    "auth.Group": Nobody(_NO_USE),
    "socialaccount.SocialApp": Nobody(_NO_USE),
    "socialaccount.SocialToken": Nobody("tokens of providers are not kept"),
    "account.EmailConfirmation": Nobody(_NO_USE),
    "account.EmailAddress": Personal(retention.ACCOUNTS, account=("user",), theirs=("email",)),
    "socialaccount.SocialAccount": Personal(
        retention.ACCOUNTS, account=("user",), theirs=("uid", "extra_data"), plain=("provider",)
    ),
}


def of(model: type[Model]) -> Personal | Nobody | None:
    """What a model itself says; None: nothing."""
    found: Personal | Nobody | None = vars(model).get("PERSON") or ELSEWHERE.get(model._meta.label)
    return found


def personal(model: type[Model]) -> Personal | None:
    said = of(model)
    return said if isinstance(said, Personal) else None
