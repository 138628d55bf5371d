"""`portvakt release`: signs a build with an offline key, as boards take it. The key never leaves its machine.

A release is one file: the signature (RSA-2048, PKCS#1 v1.5, SHA-256), release.json, the files in its order.
release.json: {"build", "serial", "files": [[path, bytes, SHA-256], ...]}. A board takes no smaller serial than its own.
"""

import hashlib
import json
import time
from pathlib import Path
from typing import Annotated

import typer
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from tools import build, private
from tools.pack import NAME
from tools.terminal import Json, Problem, result

app = typer.Typer(help="Sign a firmware for updates.", no_args_is_help=True, add_completion=False)
BITS = 2048
SIGNATURE = BITS // 8
MOST_SERIAL = (1 << 32) - 1
VARIABLE = "PORTVAKT_RELEASE_PASSWORD"
Password = Annotated[str | None, typer.Option(hidden=True)]  # refused: other accounts read command lines
PasswordFile = Annotated[Path | None, typer.Option(help=f"Holds the password of the key's file; or set {VARIABLE}.")]


def modulus(key: rsa.RSAPrivateKey | rsa.RSAPublicKey) -> str:
    """What a board keeps of the key: /release.key."""
    public = key.public_key() if isinstance(key, rsa.RSAPrivateKey) else key
    return f"{public.public_numbers().n:0{SIGNATURE * 2}x}"


def make(built: build.Build, serial: int, key: rsa.RSAPrivateKey) -> bytes:
    """The release of a build."""
    app = built.slot[NAME]
    files = [[NAME, len(app), hashlib.sha256(app).hexdigest()]]
    head = json.dumps({"build": built.id, "serial": serial, "files": files}, separators=(",", ":")).encode()
    signature = key.sign(head, padding.PKCS1v15(), SHA256())
    return signature + head + app


def head_of(release: bytes) -> tuple[int, dict]:  # type: ignore[type-arg]
    """(bytes of release.json, its fields). Raises Problem."""
    try:
        text = release[SIGNATURE:].decode("utf-8", "replace")
        fields, end = json.JSONDecoder().raw_decode(text)
        size = len(text[:end].encode())
        if SIGNATURE + size + sum(each[1] for each in fields["files"]) != len(release):
            raise ValueError("length")
    except (ValueError, KeyError, TypeError, IndexError):
        raise Problem("this is no release; make it with portvakt release sign") from None
    return size, dict(fields)


def check(release: bytes, modulus_: str) -> dict:  # type: ignore[type-arg]
    """The fields of release.json, when the signature is right. Raises Problem."""
    size, fields = head_of(release)
    public = rsa.RSAPublicNumbers(65537, int(modulus_, 16)).public_key()
    try:
        public.verify(release[:SIGNATURE], release[SIGNATURE : SIGNATURE + size], padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        raise Problem("the signature is not by this key") from None
    return fields


def load(path: Path, password: str | None) -> rsa.RSAPrivateKey:
    try:
        private.file(path)
        key = load_pem_private_key(path.read_bytes(), password.encode() if password else None)
    except (OSError, ValueError, TypeError) as error:
        raise Problem(f"{path} cannot be opened as a key ({error})") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size != BITS:
        raise Problem(f"{path} is no RSA key of {BITS} bits; make one with portvakt release key")
    return key


@app.command()
def key(
    out: Annotated[Path, typer.Argument(help="Where the private key goes. Keep it off every machine with a network.")],
    password: Password = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Make a release key, and beside it (.pub) what boards get as release.key."""
    password = private.password("--password", password, VARIABLE, password_file)
    if out.exists():
        raise Problem(f"{out} exists; choose another file")
    made = rsa.generate_private_key(65537, BITS)
    how = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    try:
        private.write(out, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how))
    except OSError as error:
        raise Problem(f"{out} cannot be written ({error.strerror}); choose another file") from None
    public = out.with_name(out.name + ".pub")
    public.write_text(modulus(made) + "\n")
    facts = {"key": str(out), "public": str(public)}
    result(json, facts, f"{out} signs releases; {public} goes onto boards (portvakt install --release-key {public}).")


@app.command()
def sign(
    key_: Annotated[Path, typer.Option("--key", help="The release key.")],
    out: Annotated[Path, typer.Option(help="Where the release goes.")],
    serial: Annotated[
        int | None, typer.Option(help="Rises with every release. Without: the Unix time.", min=0, max=MOST_SERIAL)
    ] = None,
    password: Password = None,
    password_file: PasswordFile = None,
    json: Json = False,
) -> None:
    """Build the firmware and sign it."""
    signing = load(key_, private.password("--password", password, VARIABLE, password_file))
    built = build.make()
    release = make(built, int(time.time()) if serial is None else serial, signing)
    check(release, modulus(signing))
    out.write_bytes(release)
    facts = {"build": built.id, "bytes": len(release), "release": str(out)}
    result(json, facts, f"{out}: build {built.id}, {len(release)} bytes, signed.")


@app.command()
def verify(
    release: Path, public: Annotated[Path, typer.Option("--key", help="The .pub file.")], json: Json = False
) -> None:
    """Check a release against a public key, as a board does."""
    try:
        fields = check(release.read_bytes(), public.read_text().strip())
    except OSError as error:
        raise Problem(f"{error.filename} cannot be read ({error.strerror})") from None
    facts = {"build": fields["build"], "serial": fields["serial"], "files": len(fields["files"])}
    result(json, facts, f"build {fields['build']}, serial {fields['serial']}, {len(fields['files'])} files: signed.")


@app.command()
def add(release: Path, json: Json = False) -> None:
    """Give a signed release to the cloud end, on the machine where it runs."""
    from tools.cloud.command import _django

    _django()
    from tools.cloud.updates import updates

    try:
        row = updates.add(release.read_bytes())
    except OSError as error:
        raise Problem(f"{release} cannot be read ({error.strerror})") from None
    result(json, {"build": row.build, "bytes": row.size}, f"build {row.build} can be rolled out.")


@app.command()
def rollout(
    build_: Annotated[str, typer.Argument(metavar="BUILD", help="Of a release that was added.")],
    percent: Annotated[int, typer.Option(help="To so many of the controllers.", min=1, max=100)],
    abort_after: Annotated[int, typer.Option(help="So many failures end it.", min=1, max=1000)] = 1,
    timeout_h: Annotated[int, typer.Option(help="So long a board may be silent after its start.", min=1, max=720)] = 24,
    json: Json = False,
) -> None:
    """Roll a release out. Begin with few; the same command with a higher percentage goes on with the rest."""
    from tools.cloud.command import _django

    _django()
    from tools.cloud.models import Release
    from tools.cloud.updates import updates

    row = Release.objects.filter(build=build_).first()
    if row is None:
        raise Problem(f"there is no release of build {build_}; give it with portvakt release add")
    made = updates.start(row, percent, abort_after=abort_after, timeout_h=timeout_h)
    facts = {"rollout": made.pk, "build": build_, "controllers": made.boards.count()}
    result(json, facts, f"rollout {made.pk} of build {build_} to {facts['controllers']} controllers has begun.")


@app.command()
def stop(
    rollout_: Annotated[int, typer.Argument(metavar="ROLLOUT", help="Its number, as status has it.")],
    why: Annotated[str, typer.Option(help="What others should know.")] = "ended by hand",
    json: Json = False,
) -> None:
    """End a rollout. Nothing more is sent; a board on trial keeps the new firmware only if it proves to be well."""
    from tools.cloud.command import _django

    _django()
    from tools.cloud.models import Rollout
    from tools.cloud.updates import updates

    row = Rollout.objects.filter(pk=rollout_, state=Rollout.State.RUNNING).first()
    if row is None:
        raise Problem(f"no rollout {rollout_} is under way; look with portvakt release status")
    updates.abort(row, why)
    result(json, {"rollout": rollout_, "ended": True}, f"rollout {rollout_} has ended: {why}.")


@app.command()
def status(json: Json = False) -> None:
    """How rollouts fare."""
    from tools.cloud.command import _django

    _django()
    from django.db.models import Count

    from tools.cloud.models import Rollout

    found = []
    for row in Rollout.objects.order_by("pk").select_related("release"):
        states = dict(row.boards.values_list("state").annotate(Count("pk")).order_by("state"))
        found.append({"rollout": row.pk, "build": row.release.build, "state": row.state, "why": row.why, **states})
    lines = [", ".join(f"{name} {value}" for name, value in one.items() if value != "") for one in found]
    result(json, {"rollouts": found}, *(lines or ["there are no rollouts"]))
