"""A copy as a ZIP under a passphrase: JSON and CSV for programs, a page for people, a manifest and a schema.

AES-256 as WinZip and 7-Zip have it (AE-2): whoever has either opens it. Its key is made of the passphrase by a thousand
rounds only, so the passphrase is made here, of 120 random bits, and is nobody's to choose.
"""

import csv
import io
import json
import secrets
from base64 import b64decode
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any

import pyzipper
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from ..models import Birth, Person, Reach, Right
from ..services import spreadsheet
from . import found
from .found import Found, Row

VERSION = 1  # of the files within
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that is taken for another
GROUPS = 6  # of four letters
PICTURE = "picture.jpg"
PAGE_ROWS = 500  # of a kind on the page for people: the rest is in the tables
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A copy of what Portvakt keeps of a person",
    "type": "object",
    "required": ["version", "made_at", "organisation", "person", "kinds"],
    "properties": {
        "version": {"const": VERSION},
        "made_at": {"type": "string", "format": "date-time"},
        "organisation": {"type": "string"},
        "person": {"type": "string"},
        "kinds": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["kept", "how_long", "rows"],
                "properties": {
                    "kept": {"type": "string"},
                    "how_long": {"type": "string"},
                    "rows": {"type": "array", "items": {"type": "object"}},
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}


def passphrase() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _n in range(4)) for _n in range(GROUPS))


def make(person: Person, themself: bool, secret: str, now: datetime, language: str) -> bytes:
    """All of it, encrypted."""
    with override(language):
        files = _files(person, themself, now)
    kept = io.BytesIO()
    with pyzipper.AESZipFile(kept, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(secret.encode())
        for name, content in files.items():
            archive.writestr(name, content)
    return kept.getvalue()


def for_office(person: Person, reach: Reach, now: datetime, birth_date: bool) -> dict[str, Any]:
    """As somebody takes it who may change them: who looks after some places only takes what shows to them."""
    whole = person.tenant_id in reach.whole(Right.CHANGE)
    return data_of(person, False, now, birth_date, None if whole else reach)


def data_of(
    person: Person, themself: bool, now: datetime, birth_date: bool = True, reach: Reach | None = None
) -> dict[str, Any]:
    """All of it, as SCHEMA says. birth_date: not where nobody asked for it and the file is handed on."""
    kinds: dict[str, Any] = {}
    for one in found.of(person, themself, reach):
        rows = list(found.rows(one, person)) if birth_date or one.model is not Birth else []
        if rows:
            kept = one.said.kept
            kinds[one.name] = {"kept": str(kept.kind), "how_long": kept.long(person.tenant), "rows": rows}
    return {
        "version": VERSION,
        "made_at": now.isoformat(timespec="seconds"),
        "organisation": person.tenant.name,
        "person": person.name,
        "kinds": kinds,
    }


def _files(person: Person, themself: bool, now: datetime) -> dict[str, bytes]:
    data = data_of(person, themself, now)
    files = {}
    for row in data["kinds"].get("picture", {"rows": []})["rows"]:  # to be looked at
        files[PICTURE], row["content"] = b64decode(row["content"]), PICTURE
    files |= {f"tables/{name}.csv": _table(kind["rows"]) for name, kind in data["kinds"].items()}
    files["data.json"] = json_of(data)
    files["schema.json"] = json_of(SCHEMA, indent=1)
    files["read me.html"] = _page(data).encode()
    files["manifest.json"] = json_of(_manifest(data, files), indent=1)
    return files


def _manifest(data: dict[str, Any], files: dict[str, bytes]) -> dict[str, Any]:
    return {
        **{name: data[name] for name in ("version", "made_at", "organisation", "person")},
        "rows": {name: len(kind["rows"]) for name, kind in data["kinds"].items()},
        "left_out": [_("what concerns others"), _("secrets: hashes and keys, which are no words about anybody")],
        "files": [
            {"name": name, "bytes": len(content), "sha256": sha256(content).hexdigest()}
            for name, content in sorted(files.items())
        ],
    }


def json_of(of: Any, indent: int | None = None) -> bytes:
    """indent: for people; it takes several times as long."""
    return json.dumps(of, ensure_ascii=False, indent=indent, default=str).encode()


def _table(rows: list[Row]) -> bytes:
    """With a mark that spreadsheets know UTF-8 by."""
    text = io.StringIO()
    writer = csv.writer(text)
    names = list(rows[0])
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in names])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _cell(value: Any) -> Any:
    """A count is no formula; most cells are one, or empty."""
    if value is None or (isinstance(value, int) and value >= 0):
        return value
    said = _flat(value)
    return _guarded(said) if isinstance(said, str) else spreadsheet.cell(said)


@lru_cache(4096)  # most of them stand in every second row
def _guarded(text: str) -> str:
    return spreadsheet.cell(text)


def _flat(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _page(data: dict[str, Any]) -> str:
    sections = [
        {
            "kept": kind["kept"],
            "how_long": kind["how_long"],
            "file": f"tables/{name}.csv",
            "more": max(0, len(kind["rows"]) - PAGE_ROWS),
            "names": list(kind["rows"][0]),
            "rows": [_cells(row) for row in kind["rows"][-PAGE_ROWS:]],
        }
        for name, kind in data["kinds"].items()
    ]
    return render_to_string("pages/privacy/copy.html", {**data, "sections": sections})


def _cells(row: Row) -> Iterable[Any]:
    return ["" if value is None else _flat(value) for value in row.values()]


__all__ = ["Found", "data_of", "for_office", "json_of", "make", "passphrase"]
