"""Tables for a spreadsheet, as CSV a line at a time: what would be taken for a formula there is text."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

MARK = "\ufeff"  # before all of a file: by it Excel knows UTF-8
# Where a spreadsheet would begin to reckon: also after a separator that is another one there (; in Norway), within
# quotation marks or not, and by the wide signs of East Asia.
_FORMULA = re.compile(r"(^|[;,|\t\r\n])(?=\s*'*[=+\-@＝＋－＠])")
_GUARDED = re.compile(r"(^|[;,|\t\r\n])'(?=\s*'*[=+\-@＝＋－＠])")


class _Echo:
    """csv.writer writes here, and gives back what this does."""

    def write(self, line: str) -> str:
        return line


def lines(columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The names of the columns, then each row's values in that order."""
    names = tuple(columns)
    writer = csv.writer(_Echo())
    yield writer.writerow(names)
    for row in rows:
        yield writer.writerow([cell(row[name]) for name in names])


def cell(value: Any) -> str:
    """Nothing is empty, a moment is ISO 8601, and a number or text that could be a formula has ' before it."""
    said = "" if value is None else value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)
    return _FORMULA.sub(r"\1'", said)


def text(cell: str) -> str:
    """What cell() was told, of a table that comes back."""
    return _GUARDED.sub(r"\1", cell)
