"""`portvakt cloud members` and `tokens`: who may sign in and as what, and the end of it."""

from typing import TYPE_CHECKING, Annotated

import typer

from tools.terminal import Json, Problem, result

if TYPE_CHECKING:
    from ..models import Membership, Role, Tenant, User

members = typer.Typer(help="Who may sign in, and as what.", no_args_is_help=True, add_completion=False)
tokens = typer.Typer(help="Tokens of programs.", no_args_is_help=True, add_completion=False)
TenantName = Annotated[str | None, typer.Option("--tenant", help="Which tenant. Needed when there is more than one.")]
Email = Annotated[str, typer.Argument(help="Their address.")]


@members.command("list")
def list_members(tenant: TenantName = None, as_json: Json = False) -> None:
    """Who may sign in to a tenant."""
    place = _place(tenant)
    from ..models import Membership, Session

    rows = [
        {
            "email": row.user.email,
            "role": row.role,
            "until": row.until and row.until.isoformat(),
            "bound": row.bound,
            "active": row.user.is_active,
            "sessions": Session.living().filter(user=row.user_id).count(),
        }
        for row in Membership.objects.filter(tenant=place).select_related("user").order_by("user__email")
    ]
    lines = [
        f"{row['email']}: {row['role']}{' at chosen places' if row['bound'] else ''}"
        f"{', until ' + row['until'] if row['until'] else ''}{'' if row['active'] else ', not active'}, "
        f"signed in at {row['sessions']} places"
        for row in rows
    ]
    result(as_json, {"members": rows}, *lines)


@members.command()
def role(
    email: Email,
    role: Annotated[str, typer.Argument(help="owner, administrator, viewer, guard, courier, ...")],
    tenant: TenantName = None,
    as_json: Json = False,
) -> None:
    """Change what somebody is."""
    row = _membership(email, tenant)
    from . import members as service

    before = row.role
    service.set_role(row, role_of(role))
    result(as_json, {"email": row.user.email, "role": role, "before": before}, f"{email} is {role} now (was {before}).")


@members.command()
def end(email: Email, tenant: TenantName = None, as_json: Json = False) -> None:
    """Somebody is no longer of a tenant. Their sessions and the tokens that they made end at once."""
    row = _membership(email, tenant)
    from . import members as service

    service.end(row)
    result(as_json, {"email": row.user.email, "ended": True}, f"{email} has no access to {row.tenant.name} any more.")


@members.command("sign-out")
def sign_out(email: Email, as_json: Json = False) -> None:
    """End all sessions of an account."""
    user = _account(email)
    from . import members as service

    count = service.sign_out(user)
    result(as_json, {"email": user.email, "sessions": count}, f"{count} sessions of {user.email} have ended.")


@members.command()
def rejoin(email: Email, as_json: Json = False) -> None:
    """Whoever comes through a provider with the account's address next is let in: for who is another one there now."""
    user = _account(email)
    from . import identities

    count = identities.forget(user)
    result(as_json, {"email": user.email, "identities": count}, f"{email} joins anew at the next sign-in.")


@members.command()
def inactive(email: Email, as_json: Json = False) -> None:
    """An account signs in nowhere any more; its sessions and tokens end at once."""
    _set_active(email, False, as_json)


@members.command()
def active(email: Email, as_json: Json = False) -> None:
    """An account may sign in again."""
    _set_active(email, True, as_json)


@tokens.command("list")
def list_tokens(tenant: TenantName = None, as_json: Json = False) -> None:
    """The tokens that work, with the number to revoke them by."""
    place = _place(tenant)
    from ..models import ApiToken

    rows = [
        {"number": row.pk, "name": row.name, "role": row.role, "used": row.used_at and row.used_at.isoformat()}
        for row in ApiToken.objects.filter(tenant=place, revoked_at=None).order_by("pk")
    ]
    lines = [f"{row['number']}: {row['name']}, {row['role']}, last used {row['used'] or 'never'}" for row in rows]
    result(as_json, {"tokens": rows}, *lines)


@tokens.command()
def revoke(
    number: Annotated[int, typer.Argument(help="The token's number: what stands before its dot.", min=1)],
    as_json: Json = False,
) -> None:
    """A token works no more."""
    _ready()
    from ..models import ApiToken
    from . import members as service

    row = ApiToken.objects.filter(pk=number).first() if number < 2**63 else None
    if row is None:
        raise Problem(f"there is no token {number}; portvakt cloud tokens list shows them")
    service.revoke(row)
    result(as_json, {"number": number, "name": row.name, "revoked": True}, f"The token {row.name} works no more.")


def role_of(name: str) -> "Role":
    from ..models import Role

    if name not in Role.values:
        raise Problem(f"{name} is no role; choose {', '.join(Role.values)}")
    return Role(name)


def _set_active(email: str, wanted: bool, as_json: bool) -> None:
    user = _account(email)
    from . import members as service

    service.set_active(user, wanted)
    said = "may sign in again" if wanted else "signs in nowhere any more"
    result(as_json, {"email": user.email, "active": wanted}, f"{user.email} {said}.")


def _ready() -> None:
    from ..command import _django

    _django()


def _place(tenant: str | None) -> "Tenant":
    from ..command import _tenant

    _ready()
    return _tenant(tenant, make=False)


def _account(email: str) -> "User":
    _ready()
    from ..models import User

    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        raise Problem(f"there is no account {email}; portvakt cloud members list shows them")
    return user


def _membership(email: str, tenant: str | None) -> "Membership":
    user = _account(email)
    from . import members as service

    place = _place(tenant)
    row = service.of(place, user)
    if row is None:
        raise Problem(f"{email} is no member of {place.name}; portvakt cloud members list shows who is")
    return row
