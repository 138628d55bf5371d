"""Tables as files: CSV, TSV and JSON, read as spreadsheets write them and written so that none of them reckons.

Excel in Norway writes semicolons, and cp1252 unless it is asked for UTF-8; then it begins with a byte order mark.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from ..services import spreadsheet
from ..services.refusal import Refusal

MOST_ROWS = 20_000
MOST_ON_SQLITE = 2_000  # by a page or a call: one writes there at a time, and whoever revokes a card waits meanwhile
MOST_BYTES = 2_000_000
MOST_CELL = 2_000  # letters
FORMATS = ("csv", "tsv", "json")
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "json": "application/json",
}

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_SEPARATORS = "\t;,|"


@dataclass(frozen=True)
class Table:
    """header: names of the columns as they stand there. rows: (line of the file, the cells by column).

    about: what stands around a JSON list, such as its type.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[int, Mapping[str, Any]], ...]
    about: Mapping[str, Any]


def most() -> int:
    """Rows that are taken from somebody who is not the host: some seconds' work at most keep all others waiting."""
    return MOST_ON_SQLITE if connection.vendor == "sqlite" else MOST_ROWS


def read(data: bytes, most: int = MOST_ROWS) -> Table:
    """A file of any of these kinds. Raises Refusal with what to do where it is none, or has more rows than `most`."""
    if len(data) > MOST_BYTES:
        raise Refusal("the list is larger than %(most)d MB; send it in several parts", most=MOST_BYTES // 1_000_000)
    text = decoded(data)
    if not text.strip():
        raise Refusal("the list is empty; choose a file with a row of names and a row for each person")
    table = _json(text) if text.lstrip()[:1] in "[{" else _separated(text)
    if len(table.rows) > most:
        raise Refusal("the list has more than %(most)d rows; send it in several parts", most=most)
    if not table.rows:
        raise Refusal("the list has no row below its names of columns; add some")
    return table


def decoded(data: bytes) -> str:
    """UTF-8, UTF-16 where it says so, else cp1252, as Excel writes without being asked."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _text(data[len(mark) :], encoding)
    try:
        return _text(data, "utf-8")
    except Refusal:
        return _text(data, "cp1252")


def _text(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise Refusal("the list is no text that can be read; save it as CSV (UTF-8)") from None
    if "\0" in text:
        raise Refusal("the list is no text but a file of another kind; save it as CSV (UTF-8)")
    return text


def _separated(text: str) -> Table:
    """The separator is the one that the row of names has most of. Excel may say it in a first line, sep=;"""
    first = text.lstrip("\r\n").splitlines()[0]
    separator, skipped = max(_SEPARATORS, key=first.count), 0
    if said := re.fullmatch(r'"?sep=(.)"?', first.strip(), re.IGNORECASE):
        separator, skipped = said[1], 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    header: tuple[str, ...] = ()
    rows = []
    try:
        line = 1
        for cells in reader:
            at, line = line, reader.line_num + 1
            cells = [spreadsheet.text(cell).strip() for cell in cells]
            if skipped or not any(cells):
                skipped = 0
                continue
            if not header:
                header = _named(cells)
                continue
            if len(cells) > len(header) and any(cells[len(header) :]):
                raise Refusal(
                    "line %(line)d has more cells than there are names of columns; put what has a separator in it in "
                    "quotation marks",
                    line=at,
                )
            rows.append((at, dict(zip(header, _checked(cells, at), strict=False))))
            if len(rows) > MOST_ROWS:
                break
    except csv.Error as error:
        raise Refusal("the list breaks off at line %(line)d (%(why)s); save it anew", line=line, why=error) from None
    return Table(header, tuple(rows), {})


def _named(cells: Sequence[str]) -> tuple[str, ...]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    if len({cell.casefold() for cell in cells}) < len(cells):
        raise Refusal("two columns of the list have the same name, or none; name each of them once")
    return tuple(cells)


def _checked(cells: Sequence[str], line: int) -> Sequence[str]:
    if any(len(cell) > MOST_CELL for cell in cells):
        raise Refusal(
            "line %(line)d has a cell of more than %(most)d letters; is a quotation mark missing?",
            line=line,
            most=MOST_CELL,
        )
    return cells


def _json(text: str) -> Table:
    """A list of objects, alone or as the one list of an object around it. The line is the number of the object."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise Refusal("the list is no whole JSON; save it anew, or send it as CSV") from None
    about: dict[str, Any] = {}
    if isinstance(said, dict):
        lists = [name for name, value in said.items() if isinstance(value, list)]
        if len(lists) != 1:
            raise Refusal("the JSON is no list of objects, nor an object with one; send [{…}, …]")
        about = {name: value for name, value in said.items() if name != lists[0]}
        said = said[lists[0]]
    if not all(isinstance(row, dict) for row in said):
        raise Refusal("the JSON is no list of objects; send [{…}, …]")
    header = tuple(dict.fromkeys(name for row in said for name in row))
    return Table(header, tuple((number, _plain(row, number)) for number, row in enumerate(said, 1)), about)


def _plain(row: Mapping[str, Any], line: int) -> dict[str, Any]:
    """Texts, numbers, yes and no, and lists of these."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, list) and all(isinstance(one, str | int) for one in value):
            found[name] = [str(one).strip() for one in value]
        elif value is None or isinstance(value, str | int | float):
            found[name] = value.strip() if isinstance(value, str) else value
        else:
            raise Refusal("object %(line)d has something else than text in %(name)s", line=line, name=name[:40])
        _checked([one for one in (found[name] if isinstance(value, list) else [value]) if isinstance(one, str)], line)
    return found


def write(kind: str, header: Sequence[str], rows: Iterable[Mapping[str, Any]], separator: str = ",") -> bytes:
    """kind: csv (UTF-8 with a mark that Excel sees), tsv or json. separator: of csv; Excel in Norway wants ";"."""
    if kind not in FORMATS:
        raise Refusal("a list is written as %(known)s; choose one", known=", ".join(FORMATS))
    if kind == "json":
        return (json.dumps(list(rows), ensure_ascii=False, indent=1, default=str) + "\n").encode()
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter="\t" if kind == "tsv" else separator, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([spreadsheet.cell(_told(row.get(name))) for name in header])
    return (b"\xef\xbb\xbf" if kind == "csv" else b"") + out.getvalue().encode()


def _told(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else value
