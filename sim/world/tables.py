"""Shapes of what JSON files say of a building: boards, settings, people and their cards."""

from typing import Any, TypedDict

Table = dict[str, Any]  # an object of board.json: of a door, a line, an input; tools/boards.py checks it
Board = Table  # all of board.json
Settings = dict[str, Any]  # settings.json, as a board is enrolled with them


class Card(TypedDict):
    bits: int
    facility: int
    number: int


class _Named(TypedDict):
    name: str
    card: Card


class Holder(_Named, total=False):
    """A person or a stranger. change, unsure: which change of rights was the last, 0 when the boards have it."""

    doors: list[str]
    until: int | None
    hours: tuple[str, list[list[int]]] | None
    pin: str
    change: int
    unsure: int
