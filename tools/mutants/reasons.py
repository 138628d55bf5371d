"""Which mutants are known to be harmless, and why: read from harmless.toml.

An entry names a change by its file, function and text, never by its line. It counts as a survivor all the same: the
list is there to be read and doubted.
"""

import tomllib
from functools import cache

from tools.mutants import rooms
from tools.mutants.mutant import Mutant

LIST = rooms.ROOT / "tools" / "mutants" / "harmless.toml"


@cache
def known() -> dict[tuple[str, str, str, str], str]:
    listed = tomllib.loads(LIST.read_text(encoding="utf-8")).get("harmless", [])
    return {(one["file"], one["in"], one["was"], one["now"]): one["why"] for one in listed}


def why(mutant: Mutant) -> str:
    """Why nobody is harmed by that change; "" where nobody has judged it."""
    return known().get((mutant.file, mutant.where, mutant.was, mutant.now), "")
