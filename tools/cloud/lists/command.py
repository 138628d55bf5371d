"""`portvakt cloud lists`: people, cards, PINs and groups in and out as files."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tools.terminal import Json, Problem, result

lists = typer.Typer(help="People, cards, PINs and groups, in and out as CSV, TSV or JSON.", no_args_is_help=True)
TenantName = Annotated[str | None, typer.Option(help="Which tenant. Needed when there is more than one.")]
Kind = Annotated[str, typer.Argument(help="people or groups.")]
SHOWN = 40  # rows that are printed; --json has all


@lists.command("import")
def bring(
    kind: Kind,
    file: Annotated[Path, typer.Argument(help="The list, as a spreadsheet, uhppoted or esp-rfid writes it.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")] = False,
    apart: Annotated[
        bool, typer.Option("--apart", help="Keep the rows that are right also where others are refused.")
    ] = False,
    whole: Annotated[
        bool, typer.Option("--whole", help="Take away groups and cards that a row does not name from its person.")
    ] = False,
    form: Annotated[
        str, typer.Option(help="How cards are written: any, facility, number, hex, hex-reversed, number-reversed.")
    ] = "any",
    bits: Annotated[int | None, typer.Option(help="Of the cards' frames: 26 or 34. Left out: as each says.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="For rows that name no group; once a group.")] = None,
    source: Annotated[str, typer.Option(help="sheet, uhppoted or esp-rfid. Left out: as it shows.")] = "",
    tenant: TenantName = None,
    as_json: Json = False,
) -> None:
    """Bring a list in: all rows or none. The same list again changes nothing."""
    from ..command import _django, _tenant

    _django()
    from ..services import local_time
    from . import group_list, importers, people_list, tables
    from .card_forms import WIDTHS, Form
    from .people_rows import Options

    _among("--form", form, Form.ALL)
    _among("--source", source, ("", *importers.SOURCES))
    if bits not in (None, *WIDTHS):
        raise Problem("--bits is 26 or 34; leave it out where the cards say it themselves")
    try:
        table = tables.read(file.read_bytes())
    except OSError as error:
        raise Problem(f"{file} cannot be read ({error.strerror}); choose another file") from None
    row = _tenant(tenant, make=False)
    if _among("the list", kind, ("people", "groups")) == "groups":
        report = group_list.carry_out(row, table, not dry_run, apart)
    else:
        options = Options(form, bits, whole, apart, tuple(group or ()), local_time.of_tenant(row.pk)[0])
        report = people_list.carry_out(row, table, options, not dry_run, source)
    result(as_json, report.told(), *_lines(report, dry_run))
    if report.refused:
        raise typer.Exit(1)


@lists.command("export")
def write(
    kind: Kind,
    out: Annotated[Path, typer.Argument(help="The file; .csv, .tsv or .json. Readable by you only.")],
    semicolons: Annotated[bool, typer.Option("--semicolons", help="As Excel in Norway wants its CSV.")] = False,
    tenant: TenantName = None,
    as_json: Json = False,
) -> None:
    """Write everybody, or every group, into a file that can be brought in again."""
    from ..command import _django, _tenant

    _django()
    from tools import private

    from . import columns, group_list, people_list, tables

    row = _tenant(tenant, make=False)
    people = _among("the list", kind, ("people", "groups")) == "people"
    written_as = _among("the ending of the file", out.suffix.lstrip("."), tables.FORMATS)
    rows = people_list.export(row) if people else group_list.export(row)
    header = columns.PEOPLE if people else columns.GROUPS
    data = tables.write(written_as, header, rows, ";" if semicolons else ",")
    try:
        private.write(out, data)
    except FileExistsError:
        raise Problem(f"{out} exists; choose another file, or remove it") from None
    except OSError as error:
        raise Problem(f"{out} cannot be written ({error.strerror}); choose another file") from None
    result(as_json, {"file": str(out), "rows": len(rows)}, f"{out}: {len(rows)} rows.")


def _among(what: str, said: str, known: tuple[str, ...]) -> str:
    if said not in known:
        raise Problem(f"{what} is one of {', '.join(one for one in known if one)}, not {said}")
    return said


def _lines(report: Any, dry_run: bool) -> list[str]:
    rows = sorted(report.told()["rows"], key=lambda row: (row["what"] != "refused", row["line"]))
    shown = [row for row in rows if row["what"] != "same"][:SHOWN]
    lines = [
        f"line {row['line']}, {row['name'] or '-'}: {row['what']}. {' '.join(row['says'])}".rstrip() for row in shown
    ]
    counts = ", ".join(f"{n} {what}" for what, n in report.counts.items())
    if report.wrong:
        lines.append(str(report.wrong))
    done = "Kept" if report.done else "Tried; nothing is changed" if dry_run else "Refused; nothing is changed"
    return [*lines, f"{done}: {counts}."]
