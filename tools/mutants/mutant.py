"""One change of the code, and what became of it."""

from dataclasses import dataclass

from tools.mutants import rooms


@dataclass(frozen=True)
class Mutant:
    """One change. first, last: lines of the statement; function: lines of the outermost function, or None.

    uses: of what is done at import, the lines that show what came of it. where: the function's name, with those
    around it; "" of what is in none.
    """

    file: str
    number: int  # of this file
    line: int
    first: int
    last: int
    function: tuple[int, int] | None
    uses: frozenset[int]
    guard: bool
    was: str
    now: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}  {self.was}  ->  {self.now}"


@dataclass(frozen=True)
class MutantTask:
    """A mutant to be tried. after: the file with the change; with none, nothing is changed: the control."""

    mutant: Mutant
    before: str
    after: str
    new_process: bool

    @property
    def path(self) -> str:
        return str(rooms.ROOT / self.mutant.file)


@dataclass(frozen=True)
class MutantOutcome:
    """what: killed, survived, timed out. by: the test that killed it. cut: not every test that runs it was asked."""

    task: MutantTask
    what: str
    asked: int = 0
    by: str = ""
    cut: bool = False
    seconds: float = 0.0
