"""What a list does, or would do: a line a row, in words that are said in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.utils.translation import gettext

from tools.terminal import Problem

from ..services.refusal import Refusal, text

MADE, CHANGED, SAME, REFUSED = "made", "changed", "same", "refused"
WHAT = (MADE, CHANGED, SAME, REFUSED)


class Sentence(NamedTuple):
    """A sentence of text(), with what stands in it."""

    text: str
    values: Mapping[str, Any]

    def __str__(self) -> str:
        said = gettext(self.text)
        said = said % self.values if self.values else said
        return said[:1].upper() + said[1:] + "."


def said(sentence: str, **values: Any) -> Sentence:
    return Sentence(sentence, values)


def refusal(problem: Problem) -> Sentence:
    return Sentence(problem.text, problem.values) if isinstance(problem, Refusal) else Sentence(str(problem), {})


@dataclass
class Row:
    """line: of the file. name: whom or what it is about. wrong: why it is refused, and what to do."""

    line: int
    name: str = ""
    what: str = SAME
    does: list[Sentence] = field(default_factory=list)
    wrong: list[Sentence] = field(default_factory=list)

    def refuse(self, problem: Problem) -> None:
        self.what = REFUSED
        self.wrong.append(refusal(problem))

    def told(self) -> dict[str, Any]:
        does = self.wrong if self.what == REFUSED else self.does
        return {"line": self.line, "name": self.name, "what": self.what, "says": [str(one) for one in does]}


@dataclass
class Report:
    """done: it is kept. wrong: what is wrong with all of it."""

    rows: list[Row]
    done: bool = False
    wrong: Sentence | None = None

    @property
    def counts(self) -> dict[str, int]:
        return {what: sum(row.what == what for row in self.rows) for what in WHAT}

    @property
    def refused(self) -> bool:
        return self.wrong is not None or any(row.what == REFUSED for row in self.rows)

    def told(self) -> dict[str, Any]:
        wrong = str(self.wrong) if self.wrong else ""
        return {"done": self.done, "counts": self.counts, "wrong": wrong, "rows": [row.told() for row in self.rows]}


# What becomes of somebody, in words.
ENTERED = text("is entered")
RENAMED = text("is called %(name)s from now on")
ACTIVE = text("is active again")
NOT_ACTIVE = text("is not active any more: no card works")
NEEDS = text("needs at the doors are changed")
CARD = text("gets the card %(card)s")
CARD_ENDS = text("the card %(card)s is valid until %(until)s")
CARD_FOR_GOOD = text("the card %(card)s has no end any more")
REVOKED = text("the card %(card)s is revoked")
JOINS = text("comes into the group %(group)s")
LIMITED = text("the right in %(group)s holds at other times")
LEAVES = text("leaves the group %(group)s")
PIN_SET = text("gets the PIN of the list")
PIN_MADE = text("gets a PIN")
PIN_TOLD = text("gets the PIN %(pin)s, which is shown this once")
PIN_GONE = text("the PIN is revoked")
GROUP_MADE = text("the group is made")
GROUP_CHANGED = text("its name, its doors or what it allows are changed")
