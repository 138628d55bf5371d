"""Tables as files: as spreadsheets write them, and what is none of them is refused with what to do."""

from typing import Any

import pytest

from tools.cloud.lists import columns, tables
from tools.cloud.services.refusal import Refusal

ROW = {"name": "Åse Ødegård", "cards": "26:50-1"}


@pytest.mark.parametrize(
    "data",
    [
        "name,cards\nÅse Ødegård,26:50-1\n".encode(),
        "name;cards\r\nÅse Ødegård;26:50-1\r\n".encode("cp1252"),
        b"\xef\xbb\xbf" + 'name;cards;;\r\n"Åse Ødegård";26:50-1;;\r\n;;;\r\n'.encode(),
        "\ufeffname\tcards\r\nÅse Ødegård\t26:50-1\r\n".encode("utf-16-le"),
        "sep=|\nname|cards\n Åse Ødegård | 26:50-1\n".encode(),
        '[{"name": "Åse Ødegård", "cards": "26:50-1"}]'.encode(),
        '{"type": "x", "list": [{"name": "Åse Ødegård", "cards": "26:50-1"}]}'.encode(),
    ],
)
def test_a_table_is_read_as_it_was_written(data: bytes) -> None:
    table = tables.read(data)
    assert [dict(cells) for _, cells in table.rows] == [ROW] and table.header == ("name", "cards")


def test_each_word_for_a_column_means_one_that_there_is() -> None:
    there = {*columns.PEOPLE, *columns.GROUPS, *columns.EXTRA}
    assert set(columns.NAMES.values()) <= there and not there & columns.NAMES.keys() - columns.NAMES.values()


def test_lines_are_those_of_the_file_also_where_a_cell_has_several() -> None:
    table = tables.read(b'name,cards\n\n"Ola\nNordmann",1\nKari,2\n')
    assert [(line, cells["name"]) for line, cells in table.rows] == [(3, "Ola\nNordmann"), (5, "Kari")]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"name\n", "no row below"),
        (b"PK\x03\x04\x00\x00", "file of another kind"),
        (b"name,name\nOla,1\n", "the same name"),
        (b"name,\nOla,1,2\n", "more cells"),
        (b'name\n"' + b"x" * 3000, "quotation mark"),
        (b'[{"name": {"a": 1}}]', "something else than text"),
        (b'{"a": [], "b": []}', "nor an object with one"),
        (b"[1, 2]", "no list of objects"),
        (b"[" * 100_000, "no whole JSON"),
        (b"name\n" + b"x\n" * (tables.MOST_ROWS + 1), "more than 20000 rows"),
        (b"x" * (tables.MOST_BYTES + 1), "larger than 2 MB"),
        (b"\xff\xfea", "no text that can be read"),
    ],
)
def test_what_is_no_list_is_refused_with_what_to_do(data: bytes, says: str) -> None:
    with pytest.raises(Refusal, match=says):
        tables.read(data)


def test_who_is_not_the_host_sends_what_keeps_others_waiting_for_seconds_at_most(
    house: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite writes for one at a time: 20,000 people tried by one tenant kept another's revocation out for a minute."""
    from django.db import connection
    from django.test import Client

    from tools.cloud.members import links
    from tools.cloud.models import Role

    assert tables.most() == (tables.MOST_ON_SQLITE if connection.vendor == "sqlite" else tables.MOST_ROWS)
    monkeypatch.setattr(tables, "MOST_ROWS", 9)
    monkeypatch.setattr(tables, "MOST_ON_SQLITE", 3)
    client = Client(headers={"authorization": f"Bearer {links.make_token(house.tenant, 'x', Role.ADMINISTRATOR)}"})
    for rows, status in ((3, 200), (tables.most() + 1, 400)):
        text = "name\n" + "".join(f"Person {n}\n" for n in range(rows))
        assert client.post("/api/lists/people", {"text": text}, "application/json").status_code == status


@pytest.mark.parametrize("name", ["=1+1", " @SUM(A1)", "+47", "-5", "a;=1", "'=1", "''-1", "O'Brien", "＝1", "x\n=2"])
@pytest.mark.parametrize("kind", ["csv", "tsv"])
def test_no_cell_that_is_written_is_a_formula_and_it_comes_back_as_it_was(kind: str, name: str) -> None:
    data = tables.write(kind, ["name", "active"], [{"name": name, "active": True}], ";")
    cell = tables.decoded(data).partition("\r\n")[2]
    assert (
        not any(cell.replace('"', "").startswith(sign) for sign in "=+-@＝") and ";=" not in cell and "\n=" not in cell
    )
    assert tables.read(data).rows[0][1] == {"name": name.strip(), "active": "yes"}
