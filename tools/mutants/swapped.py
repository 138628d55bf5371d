"""A change put into a running process: the code of functions that exist, and of a module that is imported later.

What a module or class does when it is imported cannot be changed any more once it was: such a mutant needs a process
that has not imported it (`needs_new_process`).
"""

import gc
import os
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from types import CodeType, FunctionType
from typing import Any

IN_FUNCTION = 0x1  # inspect.CO_OPTIMIZED: neither a module's nor a class's body
_SAID = ("co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars", "co_flags", "co_argcount")
_AT_ONCE = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"}  # done where they stand
Pairs = list[tuple[CodeType, CodeType]]


def _inner(code: CodeType) -> list[CodeType]:
    return [const for const in code.co_consts if isinstance(const, CodeType)]


def _plain(code: CodeType) -> tuple[Any, ...]:
    consts = [(type(const), repr(const)) for const in code.co_consts if not isinstance(const, CodeType)]
    return *(getattr(code, name) for name in _SAID), tuple(consts)


def changed(before: CodeType, after: CodeType) -> tuple[Pairs, bool]:
    """(each function's code that changed with what it became, whether a module's or class's own code changed)."""
    pairs: Pairs = []
    inner, inner_after = _inner(before), _inner(after)
    own = _plain(before) != _plain(after) or [one.co_name for one in inner] != [one.co_name for one in inner_after]
    outside = own and not before.co_flags & IN_FUNCTION
    for one, other in zip(inner, inner_after, strict=False):
        found, also = changed(one, other)
        pairs += found
        outside = outside or also or bool(found and one.co_name in _AT_ONCE and not before.co_flags & IN_FUNCTION)
    if (own or pairs) and before.co_flags & IN_FUNCTION:
        pairs.append((before, after))
    return pairs, outside


def needs_new_process(path: str, before: str, after: str) -> bool:
    return changed(compile(before, path, "exec"), compile(after, path, "exec"))[1]


def functions(paths: set[str]) -> dict[str, list[FunctionType]]:
    """The functions that exist now, by the file they stand in."""
    found: dict[str, list[FunctionType]] = {}
    for one in gc.get_objects():
        if type(one) is FunctionType and one.__code__.co_filename in paths:
            found.setdefault(one.__code__.co_filename, []).append(one)
    return found


def swap(path: str, before: str, after: str, there: list[FunctionType]) -> None:
    """there: the functions of that file."""
    pairs, _ = changed(compile(before, path, "exec"), compile(after, path, "exec"))
    for function in there:
        for old, new in pairs:
            if function.__code__ == old:
                function.__code__ = new
                break
    load_as(path, after)


def load_as(path: str, text: str) -> None:
    """Imports of this file from now on get that text, whatever lies compiled beside it."""
    usual: Callable[[SourceFileLoader, str], CodeType | None] = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        if os.path.realpath(self.path) == path:
            return compile(text, path, "exec", dont_inherit=True)
        return usual(self, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]
