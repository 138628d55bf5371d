"""A database of PostgreSQL: dumped, restored into one beside it, and the two change names in one transaction."""

import os
import shutil
import subprocess
from pathlib import Path

import psycopg
from django.db.backends.postgresql.client import DatabaseClient
from psycopg import sql

from tools.terminal import Problem

from .erasures import Line
from .place import DRAFT, Place, with_name
from .sqlite import ERASED

BEFORE = "_before"
# Policies name a role of the database's own: portvakt cloud migrate puts them in place, each time.
LEFT_OUT = (" POLICY ", " ROW SECURITY ")


def copy(place: Place, to: Path) -> None:
    _run("pg_dump", place, place.database["NAME"], "--format=custom", "--no-owner", "--no-acl", f"--file={to}")


def erased(place: Place) -> list[Line]:
    """What a database that is there says of who was erased; one that cannot be read says nothing."""
    try:
        with psycopg.connect(place.url, autocommit=True) as there:
            rows = there.execute(ERASED).fetchall()
    except psycopg.Error:
        return []
    return [Line(at, tenant, number) for at, tenant, number in rows]


def put_beside(place: Place, plain: Path) -> None:
    name = place.database["NAME"] + DRAFT
    with _elsewhere(place) as there:
        try:
            there.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        except psycopg.Error as error:
            raise Problem(
                f"no database can be made beside {place.database['NAME']} ({str(error).splitlines()[0]}); "
                "have its administrator say ALTER ROLE … CREATEDB, or give an account that may"
            ) from None
    listed = _run("pg_restore", place, "", "--list", str(plain)).splitlines()
    wanted = plain.with_suffix(".list")
    wanted.write_text("".join(f"{line}\n" for line in listed if not any(one in line for one in LEFT_OUT)), "utf-8")
    try:
        how = ("--no-owner", "--no-acl", "--exit-on-error", f"--use-list={wanted}")
        _run("pg_restore", place, name, *how, str(plain))
    finally:
        wanted.unlink(missing_ok=True)
        plain.unlink(missing_ok=True)


def put_in_place(place: Place) -> None:
    """In one transaction: whenever the power fails the name is that of the old one or of the new one, whole."""
    name = place.database["NAME"]
    new, old, before = (sql.Identifier(one) for one in (name + DRAFT, name, name + BEFORE))
    with _elsewhere(place) as there:
        try:
            with there.transaction():
                there.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(old, before))
                there.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(new, old))
        except psycopg.errors.ObjectInUse:
            raise Problem(
                "somebody has the database open; end serve, worker and all else, then restore again"
            ) from None
        there.execute(sql.SQL("DROP DATABASE {}").format(before))


def drop(place: Place) -> None:
    """What a try has left."""
    with _elsewhere(place) as there:
        for end in (DRAFT, BEFORE):
            there.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(place.database["NAME"] + end)))


def _elsewhere(place: Place) -> psycopg.Connection:
    other = "template1" if place.database["NAME"] == "postgres" else "postgres"
    try:
        return psycopg.connect(with_name(place.url, other), autocommit=True)
    except psycopg.Error as error:
        raise Problem(f"the database does not answer ({str(error).splitlines()[0]}); check DATABASE_URL") from None


def _run(program: str, place: Place, name: str, *more: str) -> str:
    """name: of the database; empty: none is needed."""
    if shutil.which(program) is None:
        raise Problem(f"{program} is not there; install PostgreSQL's client programs")
    told = {"OPTIONS": {}, **place.database, "NAME": name or "-"}
    client, env = DatabaseClient.settings_to_cmd_args_env(told, [])
    command = [program, *(client[1:-1] if name else ()), *((f"--dbname={name}",) if name else ()), *more]
    done = subprocess.run(command, env=os.environ | (env or {}), capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason"])[-1]
        raise Problem(f"{program} could not do it ({last}); nothing was changed")
    return done.stdout
