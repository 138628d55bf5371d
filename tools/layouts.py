"""Layouts: the partition tables in boards/layouts, checked against the flash they are for, and what fits into them."""

from dataclasses import dataclass
from pathlib import Path

from tools.terminal import Problem

FOLDER = Path(__file__).resolve().parent.parent / "boards" / "layouts"
SECTOR = 4096
STORES = ("vfs", "state", "acl", "log")
FIRST = 0x9000  # bootloader and partition table lie before
SLOTS, LOAD = 255, 0.7  # of a bucket; at that load one overflows less than once in 10,000 tables
EVENTS = 127  # a sector
REGION, JOURNAL, SPARES = 64, 3, 2  # storage/table.py


@dataclass(frozen=True)
class Layout:
    """name: as its file. megabytes: of the flash chip. parts: {label: (offset, bytes)}."""

    name: str
    megabytes: int
    parts: dict[str, tuple[int, int]]

    def sectors(self, label: str) -> int:
        return self.parts[label][1] // SECTOR

    @property
    def credentials(self) -> int:
        return credentials(self.sectors("acl"))

    @property
    def events(self) -> int:
        return events(self.sectors("log"))


def buckets(acl: int) -> int:
    """Of a credential table in so many sectors."""
    regions = -(-(acl - JOURNAL) // REGION)
    size = (acl - JOURNAL) // regions
    return regions * (size - min(SPARES, size - 1))


def credentials(acl: int) -> int:
    """At the load that a table is made for."""
    return int(buckets(acl) * SLOTS * LOAD)


def events(log: int) -> int:
    """Always held, in so many sectors: one is erased when the newest is half full."""
    return (log - 2) * EVENTS + EVENTS // 2


def names() -> list[str]:
    return sorted((file.stem for file in FOLDER.glob("*.csv")), key=lambda name: (int(name.split("mb")[0]), name))


def load(name: str) -> Layout:
    """The layout of that name, when there is nothing wrong with it."""
    if name not in names():
        raise Problem(f"there is no layout {name!r}; choose one of {', '.join(names())}")
    rows = [line.split(", ") for line in (FOLDER / f"{name}.csv").read_text().splitlines() if line[:1] != "#"]
    layout = Layout(name, int(name.split("mb")[0]), {row[0]: (int(row[3], 16), int(row[4], 16)) for row in rows})
    complaints = check(layout)
    if complaints:
        raise Problem(f"boards/layouts/{name}.csv cannot be used: {'; '.join(complaints)}; correct it there")
    return layout


def check(layout: Layout) -> list[str]:
    """What is wrong with it: "partition: what and why"."""
    complaints = [f"{label}: is missing" for label in ("nvs", "factory", *STORES) if label not in layout.parts]
    end = FIRST
    for label, (offset, size) in sorted(layout.parts.items(), key=lambda part: part[1]):
        if offset % SECTOR or size % SECTOR or size <= 0:
            complaints.append(f"{label}: must be whole sectors of {SECTOR} bytes")
        if offset < end:
            complaints.append(f"{label}: begins at {offset:#x}, inside of what lies before it")
        if label == "factory" and offset % 0x10000:
            complaints.append("factory: an application must begin at a multiple of 0x10000")
        end = max(end, offset + size)
    if end > layout.megabytes << 20:
        complaints.append(f"ends at {end:#x}, behind the end of a flash of {layout.megabytes} MB")
    return complaints
