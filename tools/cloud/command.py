"""`portvakt cloud`: serve it, run its worker, administer it from the command line."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tools import boards, private
from tools.terminal import Json, Problem, progress, result

from . import limits
from .backups.command import backup_commands
from .breaches.command import breach_commands
from .lists.command import lists
from .lockers.command import lockers
from .members.command import members, role_of, tokens
from .scim.command import scim

if TYPE_CHECKING:
    from .models import Controller, Role, Tenant, User

app = typer.Typer(
    help="The cloud end: serve it, run its worker, administer it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(backup_commands)
app.add_typer(breach_commands)
app.add_typer(lists, name="lists")
app.add_typer(lockers, name="lockers")
app.add_typer(members, name="members")
app.add_typer(scim, name="scim")
app.add_typer(tokens, name="tokens")
TenantName = Annotated[str | None, typer.Option(help="Which tenant. Needed when there is more than one.")]


def _django(migrated: bool = True, serving: bool = False) -> None:
    """Sets Django up. Everything of it is imported after this. serving: requests, and nothing of the host's own."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tools.cloud.settings")
    import django

    django.setup()
    from . import authors
    from .row_security import admitted

    authors.command_line()
    admitted.from_now_on(admitted.HOST)
    if migrated:
        _check_migrated(serving)


def _check_migrated(serving: bool) -> None:
    from django.db import OperationalError, connection
    from django.db.migrations.executor import MigrationExecutor

    from .row_security import admitted, policies

    try:
        executor = MigrationExecutor(connection)
    except OperationalError as error:
        raise Problem(f"the database does not answer ({error}); check DATABASE_URL") from None
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise Problem("the database is not of this version; run portvakt cloud migrate")
    if policies.enforced(connection):
        (policies.check if serving else policies.check_host)(connection)
    from . import sealing
    from .privacy import hosting

    sealing.check()
    hosting.check()
    if serving:
        admitted.from_now_on(admitted.NOBODY)


@app.command()
def migrate(as_json: Json = False) -> None:
    """Make the database, or bring it to this version."""
    _django(migrated=False)
    from django.core.management import call_command
    from django.db import OperationalError, connection

    try:
        call_command("migrate", interactive=False, verbosity=0)
        if connection.vendor == "sqlite":
            # What a migration has overwritten still stands in the write-ahead log.
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except OperationalError as error:
        raise Problem(f"the database does not answer ({error}); check DATABASE_URL") from None
    result(as_json, {"migrated": True}, "The database is of this version.")


@app.command("serve-account")
def serve_account(as_json: Json = False) -> None:
    """PostgreSQL: an account for serve alone, which gets past no policy. Prints the DATABASE_URL to give to serve."""
    _django()
    from django.db import connection

    from .row_security import account, policies

    if not policies.enforced(connection):
        raise Problem("only PostgreSQL has accounts; set DATABASE_URL to one (and ROW_SECURITY to nothing but on)")
    url = account.make(connection, os.environ["DATABASE_URL"])
    result(as_json, {"url": url}, url)


@app.command()
def link(
    email: str,
    tenant: TenantName = None,
    role: Annotated[
        str | None,
        typer.Option(help="As in members role. Needed but for a tenant's first owner."),
    ] = None,
    minutes: Annotated[int, typer.Option(help="How long the link is good.", min=1, max=60 * 24)] = 30,
    as_json: Json = False,
) -> None:
    """A link that signs somebody in, once. Makes the user, the membership and the tenant where they are missing."""
    _django()
    from django.conf import settings
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email
    from django.db import transaction

    from .members import links
    from .models import User

    try:
        validate_email(email)
    except ValidationError:
        raise Problem(f"{email} is no e-mail address; give one like name@example.org") from None
    wanted = role_of(role) if role is not None else None
    with transaction.atomic():
        user = User.objects.named(email)
        if not user.is_active:
            raise Problem(f"the account {email} is not active; portvakt cloud members active {email} changes that")
        done = _joined(user, tenant, wanted)
        url = f"{settings.PORTVAKT_URL.rstrip('/')}/enter/{links.make(user, minutes)}"
    facts = {"url": url, "email": user.email, "minutes": minutes}
    lines = [url, f"Signs {user.email} in, once, within {minutes} minutes.", *done]
    result(as_json, facts, *lines)


def _joined(user: "User", tenant: str | None, role: "Role | None") -> list[str]:
    """Makes somebody a member, or changes what they are. Returns what was done, in sentences."""
    from .members import members as service
    from .models import Role

    if tenant is None and role is None and user.memberships.exists():
        return []
    place = _tenant(tenant, make=True)
    row = service.of(place, user)
    if row is None and role is None:
        if place.memberships.exists():
            raise Problem(f"{user.email} is no member of {place.name} yet; say with --role what they shall be")
        role = Role("owner")
    if row is None:
        assert role is not None
        service.invite(place, user.email, role)
        return [f"They are {role} of {place.name}."]
    if role is None or row.role == role:
        return [f"They are {row.role} of {place.name}, as before."]
    before = row.role
    service.set_role(row, role)
    return [f"They are {role} of {place.name} now; they were {before}."]


@app.command()
def enrol(
    name: str,
    board: Annotated[str, typer.Option(help="The board's name, a folder of boards/.")],
    out: Annotated[Path, typer.Option(help="Where settings.json goes. It holds secrets; readable by you only.")],
    site: Annotated[str, typer.Option(help="The site; made when it is missing.")] = "Site",
    tenant: TenantName = None,
    door: Annotated[list[str] | None, typer.Option(help="A door's name, once a door, in the board's order.")] = None,
    broker: Annotated[
        list[str] | None,
        typer.Option(help="The broker as the board reaches it; once for each, in order of preference (BOARD_BROKERS)."),
    ] = None,
    wifi_name: Annotated[str, typer.Option(help="The Wi-Fi that the board joins.", envvar="PORTVAKT_WIFI_NAME")] = "",
    wifi_password: Annotated[str | None, typer.Option(hidden=True)] = None,
    wifi_password_file: Annotated[
        Path | None, typer.Option(help="Holds the Wi-Fi's password; or set PORTVAKT_WIFI_PASSWORD, or be asked for it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Enrol a controller: writes the settings.json for its board."""
    _django()
    from django.db import transaction

    from .controllers import brokers
    from .controllers import enrol as service
    from .models import Site
    from .sites import sites

    question = f"Password of {wifi_name}: " if wifi_name else ""
    secret = private.password("--wifi-password", wifi_password, "PORTVAKT_WIFI_PASSWORD", wifi_password_file, question)
    for address in broker or []:
        private.bare_address("--broker", address, "BOARD_BROKERS")
    if out.exists():
        raise Problem(f"{out} exists; choose another file, or remove it")
    description = boards.load(board)
    with transaction.atomic():
        whose = _tenant(tenant, make=False)
        place = Site.objects.filter(tenant=whose, name=site).first() or sites.make(whose.pk, site)
        controller, settings = service.enrol(
            place,
            name,
            description,
            doors=door or [],
            broker=[brokers.broker_of(one) for one in broker] if broker else None,
            wifi={"name": wifi_name, "password": secret or ""},
        )
        # Inside the transaction: secrets that were not written down are worth nothing.
        _write_private(out, json.dumps(settings, indent=1))
    facts = {"controller": controller.public_id, "name": name, "site": place.name, "settings": str(out)}
    lines = [f"{name} is enrolled as {controller.public_id}; its settings are in {out}."]
    if not wifi_name:
        lines.append("They name no Wi-Fi yet: write its name and password into that file before you install them.")
    result(as_json, facts, *lines)


@app.command()
def lost(
    controller: Annotated[str, typer.Argument(help="The controller's name, or its public id.")],
    tenant: TenantName = None,
    as_json: Json = False,
) -> None:
    """Give a controller up as lost: it is shut out, and what it knew is listed to be replaced."""
    _django()
    from .controllers import lost as service

    found = _controller(controller, tenant)
    if found.lost_at is None:
        service.lost(found, None)
    replace = service.to_replace(found)
    lines = [f"{found.name} is given up. To be replaced: {len(replace)} cards and PINs."]
    lines += [f"  {one.person.name}: {one.get_kind_display()}" for one in replace]
    facts = {
        "controller": found.public_id,
        "replace": [{"credential": one.pk, "kind": one.kind, "person": one.person.name} for one in replace],
    }
    result(as_json, facts, *lines)


@app.command()
def rotate(
    controller: Annotated[str, typer.Argument(help="The controller's name, or its public id.")],
    tenant: TenantName = None,
    as_json: Json = False,
) -> None:
    """Give a controller a new link secret, without a visit. By itself that happens once a year."""
    _django()
    from .controllers import rotation

    found = _controller(controller, tenant)
    if found.lost_at is not None:
        raise Problem(f"{found.name} was given up as lost; enrol the board anew")
    begun = rotation.begin(found.pk)
    said = "gets a new link secret within the hour that it is linked" if begun else "has a new one on its way already"
    result(as_json, {"controller": found.public_id, "begun": begun}, f"{found.name} {said}.")


@app.command()
def token(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    tenant: TenantName = None,
    role: Annotated[str, typer.Option(help="administrator, viewer, guard or installer.")] = "viewer",
    as_json: Json = False,
) -> None:
    """A bearer token of the API. It is shown once."""
    _django()
    from .members import links
    from .models import ApiToken

    if role not in ApiToken.ROLES:
        raise Problem(f"{role} is no role of a token; choose administrator, viewer, guard or installer")
    made = links.make_token(_tenant(tenant, make=False), name, role_of(role))
    result(as_json, {"token": made, "name": name, "role": role}, made)


@app.command()
def worker(as_json: Json = False) -> None:
    """The ingest: takes what controllers send, sends what they should know. Runs until it is ended."""
    _django()
    import signal

    from django.conf import settings

    from . import authors
    from .ingest.worker import Worker
    from .services import loaded

    authors.by_itself()
    loaded.stays()
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: ended.append(number))
    signal.signal(signal.SIGINT, lambda number, frame: ended.append(number))
    Worker(settings.MQTT_URL, settings.MQTT_CA).run(stop=lambda: bool(ended))
    result(as_json, {"ended": "by signal"}, "The worker has ended.")


@app.command("broker-files")
def broker_files(
    folder: Annotated[Path, typer.Argument(help="Where they go. They hold secrets; readable by their owner only.")],
    certificate: Annotated[Path | None, typer.Option(help="Of the broker, for boards that look at one.")] = None,
    key: Annotated[Path | None, typer.Option(help="The certificate's key.")] = None,
    boards_ca: Annotated[
        Path | None, typer.Option(help="Boards have certificates too, signed by the CA in this file.")
    ] = None,
    plain_port: Annotated[int, typer.Option(help="For the worker on this machine, without TLS.")] = 1883,
    psk_port: Annotated[int, typer.Option(help="For boards with a key (mqtts+psk://).")] = 8884,
    tls_port: Annotated[int, typer.Option(help="For boards that look at the certificate (mqtts://).")] = 8883,
    user: Annotated[str | None, typer.Option(help="The account mosquitto runs under.")] = None,
    watch: Annotated[bool, typer.Option(help="Go on, and tell mosquitto of each change.")] = False,
    as_json: Json = False,
) -> None:
    """The broker's files: each board's account, its topics, and a configuration of mosquitto that uses them."""
    _django()
    import time

    from django.conf import settings

    from .controllers import brokers, mosquitto

    if (certificate is None) != (key is None) or (boards_ca is not None and key is None):
        raise Problem("a certificate needs its key: give both --certificate and --key")
    name, owner = _account(user)
    folder = folder.absolute()
    if shut := mosquitto.shut_to(folder, owner):
        raise Problem(
            f"the account {name}, which mosquitto runs as, cannot enter {shut}; choose another folder, "
            "for example /etc/mosquitto/portvakt"
        )
    worker = brokers.broker_of(settings.MQTT_URL.split()[0])
    plain = any(not one["tls"] for one in brokers.elsewhere(settings.BOARD_BROKERS))
    while True:
        files = brokers.accounts(worker)
        files["mosquitto.conf"] = mosquitto.configuration(
            folder, name, plain=plain_port, psk=psk_port, certificates=tls_port,
            certificate=certificate, key=key, boards_ca=boards_ca, plain_for_boards=plain,
        )  # fmt: skip
        try:
            told = mosquitto.write(folder, files, owner) and mosquitto.tell(folder)
        except OSError as error:
            raise Problem(f"{folder} cannot be written ({error.strerror}); choose another folder") from None
        if not watch:
            break
        time.sleep(1)
    count = files["keys"].count("\n")
    lines = [f"{folder}: the accounts of {count} boards and the worker; start mosquitto -c {folder}/mosquitto.conf"]
    if told:
        lines = [f"{folder}: the accounts of {count} boards and the worker; mosquitto has been told."]
    result(as_json, {"folder": str(folder), "boards": count, "told": told}, *lines)


@app.command("home-assistant")
def home_assistant(
    broker: Annotated[
        str | None, typer.Option(help="Home Assistant's broker, with an account of its own there (HOME_MQTT_URL).")
    ] = None,
    ca: Annotated[
        Path | None, typer.Option(help="The CA of its certificate, where the system does not know it.")
    ] = None,
    tenant: TenantName = None,
    as_json: Json = False,
) -> None:
    """Show a tenant's doors in Home Assistant. Nothing can be opened from there. Runs until it is ended."""
    _django()
    import signal

    from .controllers import brokers
    from .home_assistant.bridge import Bridge

    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: ended.append(number))
    signal.signal(signal.SIGINT, lambda number, frame: ended.append(number))
    told = os.environ.get("HOME_MQTT_URL") if broker is None else broker
    if not told:
        raise Problem(
            "which broker? set HOME_MQTT_URL to Home Assistant's, as in mqtts://portvakt:PASSWORD@home.example"
        )
    if broker is not None:
        private.bare_address("--broker", broker, "HOME_MQTT_URL")
    address = brokers.broker_of(told)
    if address["tls"] == "psk":
        raise Problem("this bridge speaks mqtt:// and mqtts:// (certificates); give such an address")
    Bridge(_tenant(tenant, make=False), address, str(ca) if ca else None).run(stop=lambda: bool(ended))
    result(as_json, {"ended": "by signal"}, "Home Assistant is told no more.")


@app.command()
def tidy(as_json: Json = False) -> None:
    """Erase what is past its days and forget what no controller needs. The worker does it by itself."""
    _django()
    from .services import clock, housekeeping

    done = housekeeping.tidy(clock.now())
    said = f"Erased {done['erased']} events; {done['changes']} old changes and {done['profiles']} profiles are gone."
    result(as_json, done, said)


@app.command()
def erase(
    person: Annotated[int, typer.Argument(help="The number in the address of the person's page.")],
    tenant: TenantName = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Erase a person for good: name, cards, PINs and groups, here and at the doors. Nobody can take it back."""
    _django()
    from .models import Person
    from .privacy import erasing

    row = Person.objects.filter(tenant=_tenant(tenant, make=False), pk=person).first()
    if row is None:
        raise Problem(f"there is no person {person} in this tenant; the address of their page ends in the number")
    if not yes:
        typer.confirm(f"Erase {row.name} for good?", abort=True, err=True)
    erasing.at_once(row, members=True)
    result(as_json, {"erased": person}, "The person is erased. The doors forget their cards as they are reached.")


@app.command()
def pins(
    digits: Annotated[
        int, typer.Argument(help="How many digits a PIN has.", min=limits.PIN_DIGITS[0], max=limits.PIN_DIGITS[1])
    ],
    tenant: TenantName = None,
    as_json: Json = False,
) -> None:
    """How long PINs are. Only while there are none."""
    _django()
    from .people import pins as service

    service.set_length(_tenant(tenant, make=False), digits)
    result(as_json, {"digits": digits}, f"PINs have {digits} digits from now on.")


@app.command()
def retention(
    days: Annotated[
        int, typer.Argument(help="0: no event names who passed.", max=limits.door("retention_days")[1], min=0)
    ],
    reason: Annotated[str, typer.Option(help="Why, for whoever passes: needed above 90 days.")] = "",
    tenant: TenantName = None,
    as_json: Json = False,
) -> None:
    """How long the log is kept of doors that say nothing else (90 days)."""
    _django()
    from .sites import tenants

    tenants.keep_for(_tenant(tenant, make=False), days, reason)
    result(as_json, {"days": days}, f"Logs are kept for {days} days.")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=0, max=65535)] = 8000,
    as_json: Json = False,
) -> None:
    """The pages and the API. Runs until it is ended."""
    _django(serving=True)
    import socket

    import uvicorn
    from django.conf import settings

    from .asgi import application
    from .members import places_file

    if fault := settings.LOG_IN_PLACES and places_file.fault(settings.LOG_IN_PLACES):
        progress(fault)
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        raise Problem(f"cannot listen on {host}:{port} ({error.strerror}); choose another --port") from None
    host, port = listening.getsockname()[:2]
    progress(f"http://{host}:{port}")
    uvicorn.Server(uvicorn.Config(application, log_level="warning")).run(sockets=[listening])
    result(as_json, {"host": host, "port": port}, "The server has ended.")


def _controller(name: str, tenant: str | None) -> "Controller":
    """The controller of that name or public id: one that is not lost, if there is any."""
    from django.db.models import Q

    from .models import Controller

    named = Controller.objects.of(_tenant(tenant, make=False)).filter(Q(name=name) | Q(public_id=name))
    found = list(named.filter(lost_at=None)[:2]) or list(named[:2])
    if len(found) != 1:
        what = "more than one controller is" if found else "no controller is"
        raise Problem(f"{what} called {name}; give its public id, as portvakt cloud enrol showed it")
    return found[0]


def _tenant(name: str | None, make: bool) -> "Tenant":
    """The tenant of that name, or the only one there is."""
    from .models import Tenant
    from .sites import tenants as service

    if name is not None:
        found = Tenant.objects.filter(name=name).first()
        if found is not None:
            return found
        if not make:
            raise Problem(f"there is no tenant named {name}; portvakt cloud link EMAIL --tenant NAME makes one")
        return service.make(name)
    tenants = list(Tenant.objects.order_by("pk")[:2])
    if len(tenants) > 1:
        raise Problem("there is more than one tenant; name one with --tenant")
    if tenants:
        return tenants[0]
    if not make:
        raise Problem("there is no tenant yet; portvakt cloud link EMAIL makes the first")
    return service.make("Portvakt")


def _account(user: str | None) -> tuple[str, tuple[int, int] | None]:
    """The account mosquitto runs under, and its numbers where the files are to be given to it."""
    import pwd

    mine = os.geteuid()
    try:
        if user is None:
            user = "mosquitto" if mine == 0 else pwd.getpwuid(mine).pw_name
        found = pwd.getpwnam(user)
    except KeyError:
        raise Problem(f"there is no account {user or mine} here; name mosquitto's with --user") from None
    if mine not in (0, found.pw_uid):
        raise Problem(f"only root can give files to {user}; leave --user out, or run this as {user}")
    return found.pw_name, (found.pw_uid, found.pw_gid) if mine == 0 else None


def _write_private(path: Path, text: str) -> None:
    try:
        private.write(path, text)
    except OSError as error:
        raise Problem(f"{path} cannot be written ({error.strerror}); choose another file") from None
