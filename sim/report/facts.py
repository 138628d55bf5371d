"""A building's records as the page wants them: for each door its marks and spans, for each board its state."""

from collections.abc import Mapping, Sequence
from typing import Any

from firmware.protocol.bank_events import OF_COMPARTMENTS
from sim import words
from sim.virtual.building import Record, VirtualBuilding

from . import alarms

# Kinds of marks, in the order of the page's table.
KINDS = ("granted", "denied", "misread", "remote", "exit", "alarm", "board", "leaf", "tap", "broken", "hand")


class _Spans:
    """Follows something that is on or off: [[from, to], ...] in microseconds."""

    def __init__(self) -> None:
        self.done: list[list[int]] = []
        self.since: int | None = None

    def set(self, on: bool, at: int) -> None:
        if on and self.since is None:
            self.since = at
        elif not on and self.since is not None:
            self.done.append([self.since, at])
            self.since = None

    def all(self, end: int) -> list[list[int]]:
        self.set(False, end)
        return self.done


class _Board:
    """What one controller's lanes show."""

    def __init__(self, name: str, doors: Sequence[str]) -> None:
        self.name = name
        self.doors = doors
        self.marks: dict[int, list[list[Any]]] = {n: [] for n in range(len(doors) + 1)}  # 0: the board itself
        self.strike = {n + 1: _Spans() for n in range(len(doors))}
        self.leaf = {n + 1: _Spans() for n in range(len(doors))}
        self.dark, self.cut, self.hole, self.behind = _Spans(), _Spans(), _Spans(), _Spans()
        self.alarms = alarms.Alarms(doors)
        self.recorded = self.stored = 0
        self.waiting: list[list[int]] = [[0, 0]]  # [at, events recorded and not yet stored]
        self.unanswered: dict[int, list[tuple[int, str]]] = {}

    def mark(self, door: int, at: int, kind: str, text: str) -> None:
        self.marks[door if door in self.marks else 0].append([at, KINDS.index(kind), text])

    def now_waiting(self, at: int) -> None:
        count = max(0, self.recorded - self.stored)
        if self.waiting[-1][0] == at:
            self.waiting[-1][1] = count
        elif self.waiting[-1][1] != count:
            self.waiting.append([at, count])

    # One method for each record's `what`.

    def tap(self, at: int, door: int, who: str, right: bool) -> None:
        if self.dark.since is not None:
            self.mark(door, at, "tap", f"{who} tapped; the board had no power")
        else:
            self.unanswered.setdefault(door, []).append((at, who))

    def event(self, at: int, sequence: int, utc: int, code: int, door: int, extra: int, *_: Any) -> None:
        self.recorded = max(self.recorded, sequence)
        self.now_waiting(at)
        self.alarms.event(at, code, door, extra)
        text, kind = words.EVENTS.get(code, (words.word(code), "board"))
        if code in OF_COMPARTMENTS:
            text, door = f"{text}: {door}", 0
        taps = self.unanswered.get(door)
        if code in words.VERDICTS and taps:
            text = f"{taps.pop(0)[1]} {text}" if not text.startswith("misread") else f"{taps.pop(0)[1]}: misread"
        self.mark(door, at, kind, f"{text} · event {sequence}")

    def power(self, at: int, on: bool) -> None:
        self.dark.set(not on, at)
        if not on:
            for door, taps in self.unanswered.items():
                for then, who in taps:
                    self.mark(door, then, "tap", f"{who} tapped; the power went before the verdict")
            self.unanswered.clear()


def facts(building: VirtualBuilding, title: str, seed: int, figures: Mapping[str, Any]) -> dict[str, Any]:
    """All that the page shows."""
    end = building.scheduler.now
    boards = {
        controller.name: _Board(controller.name, [door.name for door in controller.doors])
        for controller in building.controllers
    }
    broker, broken, hand = _Spans(), [], []
    for record in building.records:
        if record.what == "broker":
            broker.set(not record.detail[0], record.at)
        elif record.what in ("fault", "broken"):
            broken.append([record.at, " ".join(str(part) for part in record.detail)])
        elif record.what == "injected fault":
            if not record.where:
                hand.append([record.at, f"injected fault: {record.detail[0]}"])  # a board's own shows in its lanes
        elif record.what == "asked for":
            hand.append([record.at, f"an administrator asks for {record.detail[0]}"])
        elif record.what == "rights":
            who, doors = record.detail
            hand.append([record.at, f"{who}: {', '.join(doors)}" if doors else f"{who}: all rights taken"])
        elif record.where in boards:
            _show(boards[record.where], record)
    return {
        "title": title,
        "seed": seed,
        "start": building.begins,
        "zone": building.description.get("zone", "UTC"),
        "end": end,
        "figures": [[str(name), value] for name, value in figures.items()],
        "kinds": KINDS,
        "alarms": alarms.KINDS,
        "broken": broken,
        "hand": hand,
        "broker": broker.all(end),
        "boards": [_board(board, end) for board in boards.values()],
    }


def _show(board: _Board, record: Record) -> None:
    at, what, detail = record.at, record.what, record.detail
    if what == "tap":
        board.tap(at, *detail)
    elif what == "event":
        board.event(at, *detail)
    elif what == "strike":
        board.strike[detail[0]].set(detail[1], at)
    elif what == "leaf":
        board.leaf[detail[0]].set(detail[1], at)
    elif what == "power":
        board.power(at, detail[0])
    elif what == "torn write":
        board.mark(0, at, "alarm", "the power went in the middle of a flash operation")
        board.power(at, False)
    elif what == "network":
        board.cut.set(not detail[0], at)
    elif what == "black hole":
        board.hole.set(detail[0], at)
    elif what == "sync":
        board.stored = detail[0]
        board.now_waiting(at)
        board.behind.set(not detail[1], at)
    elif what == "asked to release":
        board.mark(detail[0], at, "hand", "an administrator asks for a release")
    elif what == "force":
        board.mark(detail[0], at, "hand", "somebody forces the leaf")
    elif what == "input":
        kind, on, door = detail
        board.mark(door, at, "hand", f"input {kind}: {'on' if on else 'off'}")
    elif what == "line":
        board.mark(detail[0], at, "hand", f"the line of {detail[1]}: {detail[2]}")
    else:  # something newer than this page still belongs in the picture
        board.mark(0, at, "board", " ".join([what, *(str(part) for part in detail)]))


def _board(one: _Board, end: int) -> dict[str, Any]:
    for marks in one.marks.values():
        marks.sort(key=lambda mark: mark[0])
    return {
        "name": one.name,
        "alarms": one.alarms.all(end),
        "marks": one.marks[0],
        "dark": one.dark.all(end),
        "cut": one.cut.all(end),
        "hole": one.hole.all(end),
        "behind": one.behind.all(end),
        "waiting": one.waiting,
        "doors": [
            {
                "name": name,
                "marks": one.marks[n],
                "strike": one.strike[n].all(end),
                "leaf": one.leaf[n].all(end),
            }
            for n, name in enumerate(one.doors, 1)
        ],
    }
