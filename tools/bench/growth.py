"""The picture of growth: what a look-up, a change and the memory come to from 100 to 350,000 cards, as one SVG."""

from collections.abc import Callable
from math import log10
from typing import Any

Figures = dict[str, Any]

WIDE, HIGH, GAP, LEFT, TOP = 268, 250, 56, 62, 74
LEAST, MOST = 80, 600_000  # cards
NAMES = {
    "ours": "Portvakt",
    "json_dict": "JSON, one dict",
    "json_list": "JSON, a list",
    "json_files": "a file a card",
    "sorted_file": "sorted file",
}
# (title, unit, least, most, value of one contender at one size)
PANELS: list[tuple[str, str, float, float, Callable[[Figures], float]]] = [
    ("Looking up a card", "ms", 0.1, 1_000, lambda at: float(at["find"]["modelled_us"]["p50"]) / 1000),
    ("One card more or less", "ms", 1, 100_000, lambda at: float(at["change"]["modelled_us"]["p50"]) / 1000),
    ("Memory", "KB", 0.1, 10_000, lambda at: float(at["ram"]) / 1024),
]
# Where a name would lie on another line: (panel, contender): right, down, which end of it is there.
PLACES = {
    (0, "sorted_file"): (0, 18, "middle"),
    (0, "json_dict"): (8, 4, "start"),
    (1, "sorted_file"): (8, 5, "start"),
    (1, "json_dict"): (-6, -6, "end"),
    (1, "json_files"): (8, 12, "start"),
    (2, "json_dict"): (-6, -6, "end"),
    (2, "json_files"): (8, 4, "start"),
}
STYLE = """
  svg { font: 13px system-ui, sans-serif; background: #ffffff; }
  text { fill: #1f2937; } .quiet { fill: #6b7280; font-size: 12px; } .title { font-size: 17px; font-weight: 600; }
  .panel { font-weight: 600; } .grid { stroke: #e5e7eb; } .end { text-anchor: end; } .middle { text-anchor: middle; }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
  .ours { stroke: #1d4ed8; stroke-width: 3.5; } .dot-ours, .name-ours { fill: #1d4ed8; }
  .name-ours { font-weight: 600; }
  .json_dict { stroke: #b45309; } .dot-json_dict, .name-json_dict { fill: #b45309; }
  .json_list { stroke: #be185d; } .dot-json_list, .name-json_list { fill: #be185d; }
  .json_files { stroke: #15803d; } .dot-json_files, .name-json_files { fill: #15803d; }
  .sorted_file { stroke: #6b7280; } .dot-sorted_file, .name-sorted_file { fill: #6b7280; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; } text { fill: #e6edf3; } .quiet { fill: #9aa4b2; } .grid { stroke: #2a313c; }
    .ours { stroke: #79b0ff; } .dot-ours, .name-ours { fill: #79b0ff; }
    .json_dict { stroke: #f0a04b; } .dot-json_dict, .name-json_dict { fill: #f0a04b; }
    .json_list { stroke: #ff8cc0; } .dot-json_list, .name-json_list { fill: #ff8cc0; }
    .json_files { stroke: #57c97b; } .dot-json_files, .name-json_files { fill: #57c97b; }
    .sorted_file { stroke: #9aa4b2; } .dot-sorted_file, .name-sorted_file { fill: #9aa4b2; }
  }
"""


def svg(found: Figures) -> str:
    """The picture of what `portvakt bench storage` found."""
    width = LEFT + len(PANELS) * (WIDE + GAP) + 16
    height = TOP + HIGH + 66
    rows = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'role="img" aria-label="Portvakt stays flat from 100 to 350,000 cards; the others grow">',
        f"<style>{STYLE}</style>",
        _text(LEFT, 30, "Flat from 100 to 350,000 cards", "title"),
    ]
    for number in range(len(PANELS)):
        rows += _panel(found["growth"], number, LEFT + number * (WIDE + GAP))
    said = f"Modelled for an ESP32 with W25Q32 flash; {found['interpreter']}, {found['date']}. Where a line ends, "
    rows.append(_text(LEFT, height - 14, said + "the flash was full or filling it took too long.", "quiet"))
    return "\n".join([*rows, "</svg>"]) + "\n"


def _panel(growth: Figures, number: int, left: float) -> list[str]:
    title, unit, least, most, value = PANELS[number]
    rows = [_text(left, TOP - 16, f"{title}, {unit}", "panel")]

    def x(cards: float) -> float:
        return left + WIDE * log10(cards / LEAST) / log10(MOST / LEAST)

    def y(amount: float) -> float:
        return TOP + HIGH - HIGH * log10(max(amount, least) / least) / log10(most / least)

    mark = least
    while mark <= most * 1.01:
        rows.append(f'<line class="grid" x1="{left}" x2="{left + WIDE}" y1="{y(mark):.1f}" y2="{y(mark):.1f}"/>')
        rows.append(_text(left - 6, y(mark) + 4, f"{mark:,g}", "quiet end"))
        mark *= 10
    for cards, name in ((100, "100"), (1_000, "1,000"), (10_000, "10,000"), (100_000, "100,000")):
        rows.append(_text(x(cards), TOP + HIGH + 18, name, "quiet middle"))
    rows.append(_text(left + WIDE / 2, TOP + HIGH + 36, "cards", "quiet middle"))
    for name in (*[one for one in NAMES if one != "ours"], "ours"):
        sizes = {int(count): at for count, at in growth[name].items() if "failed" not in at}
        points = [(x(count), y(value(at))) for count, at in sorted(sizes.items())]
        rows.append(f'<polyline class="line {name}" points="{" ".join(f"{px:.1f},{py:.1f}" for px, py in points)}"/>')
        rows += [f'<circle class="dot-{name}" cx="{px:.1f}" cy="{py:.1f}" r="3"/>' for px, py in points]
        px, py = points[-1]
        rows.append(_name(number, name, px, py, left + WIDE))
    return rows


def _name(panel: int, name: str, px: float, py: float, right: float) -> str:
    """A line's name at its end: above it, or where PLACES says."""
    across, down, anchor = PLACES.get((panel, name), (0, -9, "middle"))
    if anchor == "middle" and px + 3.5 * len(NAMES[name]) > right:
        px, anchor = right, "end"
    return _text(px + across, py + down, NAMES[name], f"{anchor} name-{name}")


def _text(x: float, y: float, said: str, style: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}">{said}</text>'
