"""Names of attributes and arguments become short ones that all modules share, before compiling for a board.

MicroPython keeps each name once, with its letters: on words of 32 bits 8 bytes and the letters, in pools that double.
Shortened are arguments that nobody passes by their name, and attributes to which only methods of one family of classes
give a value. Two attributes share a name where no object has both: a board with every rule has 190 names less by it.
A private one that only its own objects name is changed in its family alone: elsewhere a function may be called that.
Functions and classes keep their names: a traceback of a board reads as the source does.
"""

import array
import ast
import binascii
import gc
import hashlib
import io
import json
import os
import random
import select
import socket
import ssl
import struct
import sys
import time
from collections import defaultdict
from collections.abc import Iterable

from tools.bundle import Other, Trees, bound_in, is_private, shorts, targets

Functions = ast.FunctionDef | ast.Lambda


# Attributes that a script on a board asks for by name (tools/bench, tools/install).
KEPT = frozenset(
    {"_channel", "_drives", "_uart", "clock", "doors", "folder", "followers", "journal", "last", "link"}
    | {"log", "on", "open", "parts", "pins", "handlers", "rules", "session", "status", "sync", "table", "wake"}
)
# Whose attributes may be those of an object that is not ours.
_THEIRS = (bytearray, bytes, dict, float, int, list, memoryview, set, str, tuple, io.IOBase, socket.socket, array.array)
_MODULES = (binascii, gc, hashlib, json, os, random, select, socket, ssl, struct, sys, time)
_CHIP = frozenset(  # machine, network and esp32: methods of what is on the chip
    {
        "active",
        "any",
        "atten",
        "config",
        "connect",
        "deinit",
        "feed",
        "find",
        "ifconfig",
        "info",
        "init",
        "ioctl",
        "irq",
    }
    | {"isconnected", "ntptime", "read", "read_u16", "read_uv", "readblocks", "readinto", "scan", "sendbreak", "status"}
    | {"txdone", "value", "wifi", "write", "writeblocks"}
)


def without_unused(library: Trees, trees: Trees) -> None:
    """Takes methods out of a library's classes that nothing names: neither `trees` nor the library itself."""
    named = {
        node.attr if isinstance(node, ast.Attribute) else node.value
        for tree in (*trees.values(), *library.values())
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Constant)
    }
    for tree in library.values():
        for class_ in _classes(tree):
            class_.body = [
                node
                for node in class_.body
                if not isinstance(node, ast.FunctionDef) or node.name.startswith("__") or node.name in named
            ]


def shorten(trees: Trees) -> None:
    """Changes the sources. trees: path without .py -> source."""
    family = _families(trees)
    short, own = _shorter(trees, family)
    by_name = {node.arg for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    for path, tree in trees.items():
        _Arguments(by_name).visit(tree)
        for class_ in _classes(tree):
            mine = own[family[path, class_.name]]
            for node in ast.walk(class_):
                if isinstance(node, ast.Attribute) and _of_self(node):
                    node.attr = mine.get(node.attr, node.attr)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                node.attr = short.get(node.attr, node.attr)
            elif isinstance(node, ast.ClassDef):
                for name in _class_names(node):
                    name.id = short.get(name.id, name.id)


# Attributes


def _class_names(node: ast.ClassDef) -> list[ast.Name]:
    """What a class gives a value in its body."""
    found: list[ast.Name] = []
    for one in node.body:
        if isinstance(one, ast.Assign):
            found += [name for target in one.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
        elif isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
            found.append(one.target)
    return found


Families = dict[tuple[str, str], str]  # (path, class) -> a word for all classes that inherit from each other
Used = dict[str, set[str]]  # family -> short names


def _shorter(trees: Trees, family: Families) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """{attribute: its short name} everywhere, and {family: such names} of its own objects."""
    used: Used = defaultdict(set)
    short = _everywhere(trees, family, used)
    return short, _own(trees, family, used, set(short))


def _everywhere(trees: Trees, family: Families, used: Used) -> dict[str, str]:
    owners = _owners(trees, family)
    fixed = set(KEPT | _CHIP)
    for module in (*_THEIRS, *_MODULES):
        fixed |= set(dir(module))
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                fixed.add(node.name)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                fixed.add(node.value)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and not _of_self(node):
                fixed.add(node.attr)
        fixed |= bound_in(tree.body)
    found: dict[str, str] = {}
    for attribute in sorted(owners.keys() - fixed, key=lambda one: (-len(owners[one]), one)):
        mine = owners[attribute]
        found[attribute] = next(short for short in shorts(()) if not any(short in used[owner] for owner in mine))
        for owner in mine:
            used[owner].add(found[attribute])
    return found


def _own(trees: Trees, family: Families, used: Used, known: set[str]) -> dict[str, dict[str, str]]:
    """Private attributes that no code but their own objects' names. known: those that have a short name."""
    owners = _owners(trees, family)
    fixed = {*KEPT, *known}
    methods: dict[str, set[str]] = defaultdict(set)
    for path, tree in trees.items():
        inside: set[int] = set()
        for class_ in _classes(tree):
            methods[family[path, class_.name]] |= {n.name for n in ast.walk(class_) if isinstance(n, ast.FunctionDef)}
            fixed |= {name.id for name in _class_names(class_)}
            inside |= {id(node) for node in ast.walk(class_) if isinstance(node, ast.Attribute) and _of_self(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and id(node) not in inside:
                fixed.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                fixed.add(node.value)
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for attribute in sorted(filter(is_private, owners.keys() - fixed)):
        for owner in sorted(owners[attribute]):
            if attribute not in methods[owner]:
                found[owner][attribute] = next(short for short in shorts(used[owner]))
                used[owner].add(found[owner][attribute])
    return found


def _owners(trees: Trees, family: Families) -> dict[str, set[str]]:
    """Attribute -> families of classes that give it a value."""
    owners: dict[str, set[str]] = defaultdict(set)
    for path, tree in trees.items():
        for class_ in _classes(tree):
            for attribute in {name.id for name in _class_names(class_)} | _stored(class_):
                owners[attribute].add(family[path, class_.name])
    return owners


def _of_self(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "self"


def _stored(node: ast.ClassDef) -> set[str]:
    """Attributes to which methods of a class give a value."""
    return {
        one.attr
        for one in ast.walk(node)
        if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store) and _of_self(one)
    }


def _families(trees: Trees) -> Families:
    root = {(path, node.name): f"{path}.{node.name}" for path, tree in trees.items() for node in _classes(tree)}
    for path, tree in trees.items():
        known: dict[str, Other] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level:
                known |= dict(targets(path, node, trees))
        for node in _classes(tree):
            for base in node.bases:
                if isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name):
                    other = (known[base.value.id].module if base.value.id in known else "", base.attr)
                else:
                    name = ast.unparse(base)
                    other = (known[name].module, known[name].name) if name in known else (path, name)
                if other in root:
                    old, new = root[path, node.name], root[other]
                    root = {one: new if its == old else its for one, its in root.items()}
    return root


def _classes(tree: ast.Module) -> list[ast.ClassDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


# Arguments


class _Arguments(ast.NodeTransformer):
    """Arguments become p0, p1, ..; those of an inner function go on counting."""

    def __init__(self, by_name: Iterable[str | None]) -> None:
        self._by_name = {*by_name, "self"}
        self._scopes: list[dict[str, str]] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt:
        node.decorator_list = [self.visit(one) for one in node.decorator_list]
        self._enter(node, bound_in(node.body))
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        self._enter(node, set())
        return node

    def _enter(self, node: Functions, own: set[str]) -> None:
        taken = len({new for scope in self._scopes for new in scope.values() if new})
        node.args.defaults = [self.visit(default) for default in node.args.defaults]
        scope = {name: name for name in own}  # what is given a value inside is not the outer one
        for arg in node.args.args:
            if arg.arg in self._by_name:
                scope[arg.arg] = arg.arg
            else:
                scope[arg.arg] = arg.arg = f"p{taken}"
                taken += 1
        for other in (node.args.vararg, node.args.kwarg, *node.args.kwonlyargs):
            if other:
                scope[other.arg] = other.arg
        self._scopes.append(scope)
        if isinstance(node, ast.FunctionDef):
            node.body = [self.visit(one) for one in node.body]
        else:
            node.body = self.visit(node.body)
        self._scopes.pop()

    def visit_Name(self, node: ast.Name) -> ast.expr:
        for scope in reversed(self._scopes):
            if node.id in scope:
                return ast.Name(scope[node.id], node.ctx)
        return node
