"""The policies of PostgreSQL: which rows a request may see and write, table by table, made of the models.

Whose a row is says the first step of its model's TENANT_PATH: its own tenant, or the row it hangs on, whose own policy
is asked in turn. A row that refers to one that does not show cannot be written. The policies hold a role that owns
nothing; whoever owns the tables (worker, commands, pg_dump) is not held.

`portvakt cloud migrate` puts them as they are here each time it has run the migrations: what is kept in a migration
would stay behind the models.
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.utils import DatabaseError

from tools.terminal import Problem

OF, ALL = "portvakt.tenants", "portvakt.everybody"  # settings of a connection: an array of numbers; "on" or empty
NAME = "tenant"  # of each policy
MIGRATIONS = "django_migrations"
LONGEST = 63  # of a name in PostgreSQL

# Models whose rows are of no tenant, and why. What is neither here nor has a way to its tenant fails test_policies.py.
NOBODYS = {
    "User": "an account: known by its address before it is of a tenant, and may be of several",
    "Session": "of an account; found by the hash of what its browser holds",
    "LogIn": "of an account, which alone is shown its own",
    "LogoutHeard": "a hash and a time, of no account",
    "Release": "firmware is the host's and the same for all",
    "Rollout": "the host's; which boards are in it has a policy",
    "Progress": "of the worker: a name and a number",
}
# What they hang on, of models that are no Owned: nobody asks for them by tenant.
HANG_ON = {
    "AclChange": "controller",
    "AclEntry": "controller",
    "LogKey": "controller",
    "Profile": "controller",
    "RolloutBoard": "controller",
    "SignInLink": "tenant",  # of none: it signs an account in
}

_EVERYTHING = f"(SELECT COALESCE(current_setting('{ALL}', true), '') = 'on')"
# A SELECT of its own is asked once a statement; otherwise it is once a row.
_SEEN = f"(SELECT NULLIF(current_setting('{OF}', true), '')::bigint[])::bigint[]"
TENANTS_OF = "portvakt_tenants_of"  # a function: the tenants of an account


class Policy(NamedTuple):
    table: str
    using: str  # of rows that are there
    check: str  # of rows as they are written

    @property
    def mark(self) -> str:
        """Kept beside it: PostgreSQL writes conditions in its own way, so they cannot be compared."""
        return sha256(repr(self).encode()).hexdigest()


def role(database: str) -> str:
    """Under which requests are served. Roles are of the whole server, so it has the database's name."""
    return f"{database[: LONGEST - 4]}_web"


def without(model: type[models.Model]) -> bool:
    return model.__name__ in NOBODYS


def wanted() -> list[Policy]:
    """Of each table of ours that has rows of tenants."""
    every = apps.get_app_config("cloud").get_models(include_auto_created=True)
    return [_policy(model) for model in every if not without(model)]


def _policy(model: type[models.Model]) -> Policy:
    meta, way = model._meta, hangs_on(model)
    using = _shows(meta.db_table, meta.pk if way == "pk" else meta.get_field(way), model)
    others = [
        _shows(meta.db_table, field, model)
        for field in meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.name != way and _has_policy(field, model)
    ]
    check = " AND ".join([using, *others])
    return Policy(meta.db_table, using, check)


def hangs_on(model: type[models.Model]) -> str:
    """The field that says whose a row is; "pk" of a tenant itself."""
    owner: Any = model._meta.auto_created
    if owner:  # of the places of a membership, for example: whose the membership is
        [name] = [field.name for field in model._meta.concrete_fields if field.related_model is owner]
        return str(name)
    way = HANG_ON.get(model.__name__) or getattr(model, "TENANT_PATH", "")
    if not way:
        raise Problem(f"whose are the rows of {model.__name__}? Say it in tools/cloud/row_security/policies.py")
    return str(way.split("__")[0])


def _has_policy(field: models.ForeignKey, model: type[models.Model]) -> bool:
    """Whether what a field refers to has one that may be asked: none may lead back to the table that it stands at."""
    to = field.related_model
    if to._meta.app_label != "cloud" or without(to):
        return False
    return model not in _above(to)


def _above(model: Any) -> Iterator[Any]:
    """What a model's policy asks, up to the tenant."""
    yield model
    way = hangs_on(model)
    if way != "pk":
        yield from _above(model._meta.get_field(way).related_model)


def _shows(table: str, field: Any, model: type[models.Model]) -> str:
    """SQL: whether what a field of a row refers to is of a tenant that shows."""
    column = f'"{table}"."{field.column}"'
    to = model if field.primary_key and field.related_model is None else field.related_model
    if to.__name__ == "Tenant":
        found = f"({_EVERYTHING} OR {column} = ANY ({_SEEN}))"
    else:
        other = to._meta
        key = other.pk.column
        found = f'({_EVERYTHING} OR EXISTS (SELECT 1 FROM "{other.db_table}" p WHERE p."{key}" = {column}))'
    return f"({column} IS NULL OR {found})" if field.null else found


# --- in the database


def enforced(connection: Any) -> bool:
    """Whether this database keeps tenants apart by itself: PostgreSQL, where nobody has switched it off."""
    return connection.vendor == "postgresql" and settings.ROW_SECURITY


def put(connection: Any) -> None:
    """Brings role, rights and policies to what is said here. Raises Problem where the account may make no role."""
    policies = wanted()
    there = set(connection.introspection.table_names())
    if {one.table for one in policies} - there:
        return  # migrated to an older state, by hand: nothing is served from it
    with connection.cursor() as cursor:
        web = _role(cursor)
        _rights(cursor, web, connection.introspection.django_table_names(only_existing=True))
        if MIGRATIONS in there:
            cursor.execute(f'GRANT SELECT ON {MIGRATIONS} TO "{web}"')
        known = _known(cursor)
        for one in policies:
            if known.get(one.table) != (True, one.mark, 1):
                _put(cursor, one, web)


def drop(connection: Any) -> None:
    """Before migrations: no column's kind can be changed that a policy reads. Requests see nothing meanwhile."""
    with connection.cursor() as cursor:
        for table, (_on, mark, _count) in _known(cursor).items():
            if mark is not None:
                cursor.execute(f'DROP POLICY "{NAME}" ON "{table}"')


def check(connection: Any) -> None:
    """Raises Problem where requests would not be held: no page is served then."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), current_user")
        database, account = cursor.fetchone()
        web = role(database)
        cursor.execute(
            "SELECT rolsuper OR rolbypassrls, pg_has_role(oid, (SELECT relowner FROM pg_class"
            " WHERE oid = 'cloud_tenant'::regclass), 'MEMBER') FROM pg_roles WHERE rolname = %s",
            [web],
        )
        found = cursor.fetchone()
        if found is None:
            raise Problem(_how_to(web, account))
        if any(found):
            raise Problem(f"no policy holds the database role {web}; take SUPERUSER, BYPASSRLS and its roles from it")
        cursor.execute("SELECT pg_has_role(%s, 'MEMBER')", [web])
        if not cursor.fetchone()[0]:
            raise Problem(_how_to(web, account))
        known = _known(cursor)
    open_ = sorted(one.table for one in wanted() if known.get(one.table) != (True, one.mark, 1))
    if open_:
        raise Problem(f"row security is not as it should be ({', '.join(open_[:3])}); run portvakt cloud migrate")


def check_host(connection: Any) -> None:
    """Raises Problem where the policies would hold the worker or a command back: it would find nothing to do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_has_role(relowner, 'MEMBER') FROM pg_class WHERE oid = 'cloud_tenant'::regclass")
        if not cursor.fetchone()[0]:
            raise Problem("DATABASE_URL names an account for serve; commands and the worker need the tables' owner")


def _role(cursor: Any) -> str:
    cursor.execute("SELECT current_database(), current_user")
    database, account = cursor.fetchone()
    web = role(database)
    cursor.execute("SELECT pg_has_role(oid, 'MEMBER') FROM pg_roles WHERE rolname = %s", [web])
    found = cursor.fetchone()
    try:
        if found is None:
            cursor.execute(f'CREATE ROLE "{web}" NOLOGIN NOINHERIT')
        if found is None or not found[0]:
            cursor.execute(f'GRANT "{web}" TO CURRENT_USER')
    except DatabaseError:
        raise Problem(_how_to(web, account)) from None
    return web


def _how_to(web: str, account: str) -> str:
    return (
        f"requests are served under the database role {web}, which {account} may not make or use; let the server's"
        f' administrator say CREATE ROLE "{web}" NOLOGIN; GRANT "{web}" TO "{account}"; and run portvakt cloud migrate'
        " again (or set ROW_SECURITY=off and do without)"
    )


def _rights(cursor: Any, web: str, tables: list[str]) -> None:
    """Rows, and nothing of the tables themselves; of which version the database is may be read."""
    cursor.execute("SELECT current_schema(), has_schema_privilege(%s, current_schema(), 'USAGE')", [web])
    schema, enters = cursor.fetchone()
    if not enters:
        cursor.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO "{web}"')
    names = ", ".join(f'"{name}"' for name in sorted(tables))
    cursor.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON {names} TO "{web}"')
    # Asked before it is known which tenants show, so it sees all: it answers with numbers of tenants only. Whether a
    # membership has ended says the application, by its own clock; within the hour it is gone.
    cursor.execute(
        f"CREATE OR REPLACE FUNCTION {TENANTS_OF}(account bigint) RETURNS bigint[] LANGUAGE sql STABLE"
        f' SECURITY DEFINER SET search_path = "{schema}", pg_temp AS $$ SELECT ARRAY('
        " SELECT tenant_id FROM cloud_membership WHERE user_id = account"
        " UNION SELECT tenant_id FROM cloud_person WHERE user_id = account) $$"
    )
    cursor.execute(f"REVOKE ALL ON FUNCTION {TENANTS_OF}(bigint) FROM PUBLIC")
    cursor.execute(f'GRANT EXECUTE ON FUNCTION {TENANTS_OF}(bigint) TO "{web}"')


def _put(cursor: Any, policy: Policy, web: str) -> None:
    table = f'"{policy.table}"'
    cursor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    cursor.execute(f'DROP POLICY IF EXISTS "{NAME}" ON {table}')
    cursor.execute(f'CREATE POLICY "{NAME}" ON {table} TO "{web}" USING ({policy.using}) WITH CHECK ({policy.check})')
    cursor.execute(f"COMMENT ON POLICY \"{NAME}\" ON {table} IS '{policy.mark}'")


def _known(cursor: Any) -> dict[str, tuple[bool, str | None, int]]:
    """{table: whether row security is on, the mark of our policy, how many policies there are}"""
    cursor.execute(
        "SELECT c.relname, c.relrowsecurity, max(obj_description(p.oid, 'pg_policy')) FILTER (WHERE p.polname = %s),"
        " count(p.oid) FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid"
        " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' GROUP BY c.oid",
        [NAME],
    )
    return {table: (on, mark, count) for table, on, mark, count in cursor.fetchall()}
