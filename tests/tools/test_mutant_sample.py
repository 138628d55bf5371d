"""The mutation run: what is changed, what is put into a running process, and what a sample says."""

import importlib.util
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from tools.mutants import figures, reach, reasons, rooms, swapped
from tools.mutants.mutant import Mutant, MutantOutcome, MutantTask

PLACED = Mutant("a.py", 0, 3, 3, 4, (2, 6), frozenset(), True, "x", "y")
BEFORE = """
MOST = 3

def limit(n, most=MOST):
    def over():
        return n > most
    return [over() for _ in range(2)]

def made():
    def inner(x):
        return x < 3
    return inner

KEPT = made()
EVEN = [n for n in range(9) if not n % 2]
"""


def outcome(what: str, guard: bool = True, changed: bool = True) -> MutantOutcome:
    mutant = Mutant("a.py", 0, 1, 1, 1, None, frozenset(), guard, "", "")
    return MutantOutcome(MutantTask(mutant, "1", "2" if changed else "1", False), what)


@pytest.mark.parametrize(
    ("killed", "of", "low", "high"),
    [(0, 0, 0, 1), (9, 10, 0.5958, 0.9821), (135, 150, 0.8415, 0.9386), (0, 20, 0, 0.1611)],
)
def test_the_interval_is_wilsons(killed: int, of: int, low: float, high: float) -> None:
    """Intervals known from elsewhere."""
    assert figures.wilson(killed, of) == pytest.approx((low, high), abs=0.001)


def test_what_runs_for_ever_is_noticed_and_an_unchanged_run_that_fails_proves_nothing() -> None:
    seen = figures.of_room([outcome("killed"), outcome("timed out"), outcome("survived", guard=False)])
    assert (seen["killed"], seen["survived"], seen["timed_out"]) == (2, 1, 1)
    assert (seen["guards"], seen["guards_killed"]) == (2, 2)
    goals = figures.goals({"room": seen}, [outcome("survived", changed=False), outcome("killed", changed=False)])
    assert [(goal["value"], goal["met"]) for goal in goals] == [(0.6667, False), (1, False)]


def test_a_harmless_change_is_known_by_its_text_and_counts_as_a_survivor_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "harmless.toml").write_text(
        '[[harmless]]\nfile = "a.py"\nin = "Door.shut"\nwas = "x > 3"\nnow = "x >= 3"\nwhy = "never 3"\n'
    )
    monkeypatch.setattr(reasons, "LIST", tmp_path / "harmless.toml")
    reasons.known.cache_clear()
    mutant = replace(PLACED, where="Door.shut", was="x > 3", now="x >= 3")
    others = [replace(mutant, **{of: "y"}) for of in ("file", "where", "was", "now")]
    try:
        assert [reasons.why(one) for one in (mutant, replace(mutant, line=99), *others)] == ["never 3"] * 2 + [""] * 4
        judged, *rest = (MutantOutcome(MutantTask(one, "1", "2", False), "survived") for one in (mutant, *others))
        killed = MutantOutcome(MutantTask(mutant, "1", "2", False), "killed")
        seen = figures.of_room([judged, rest[0], killed])
        assert (seen["survived"], seen["harmless"], seen["share"]) == (2, 1, 0.3333)
    finally:
        reasons.known.cache_clear()


def test_what_is_listed_as_harmless_still_stands_there() -> None:
    for one in tomllib.loads(reasons.LIST.read_text(encoding="utf-8")).get("harmless", ()):
        text = " ".join((rooms.ROOT / one["file"]).read_text(encoding="utf-8").split())
        assert one["was"] in text and one["was"] != one["now"] and one["why"], one
        assert all(name in text for name in one["in"].split(".")), one


@pytest.mark.skipif(
    importlib.util.find_spec("libcst") is None, reason="what makes mutants is installed by make mutants"
)
def test_what_is_listed_as_harmless_is_that_change_and_no_other() -> None:
    from tools.mutants import made

    listed = tomllib.loads(reasons.LIST.read_text(encoding="utf-8"))["harmless"]
    made.forget()
    found = [mutant for file in sorted({one["file"] for one in listed}) for mutant in made.mutants(file)]
    made.forget()
    for one in listed:
        key = (one["file"], one["in"], one["was"], one["now"])
        same = {mutant.line for mutant in found if (mutant.file, mutant.where, mutant.was, mutant.now) == key}
        assert len(same) == one.get("places", 1), (key, same)


def module(path: Path, text: str) -> object:
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize(
    ("old", "new", "call", "before", "after"),
    [
        ("n > most", "n >= most", "limit(3)", [False] * 2, [True] * 2),
        ("range(2)", "range(3)", "limit(4)", [True] * 2, [True] * 3),
        ("x < 3", "x <= 3", "KEPT(3)", False, True),
        ("x < 3", "None", "made()(2)", True, None),
    ],
)
def test_a_function_that_exists_does_what_the_mutant_says(
    tmp_path: Path, old: str, new: str, call: str, before: object, after: object
) -> None:
    path = tmp_path / "guarded.py"
    made = module(path, BEFORE)
    for _ in range(200):  # until the interpreter has written its own short cuts into the code
        assert eval(call, vars(made)) == before
    there = swapped.functions({str(path)})[str(path)]
    other = BEFORE.replace(old, new)
    assert not swapped.needs_new_process(str(path), BEFORE, other)
    assert eval(call, vars(made)) == before
    usual = swapped.SourceFileLoader.get_code
    try:
        swapped.swap(str(path), BEFORE, other, there)
    finally:
        swapped.SourceFileLoader.get_code = usual  # type: ignore[method-assign]
    assert eval(call, vars(made)) == after


@pytest.mark.parametrize(
    ("old", "new"), [("MOST = 3", "MOST = 4"), ("most=MOST", "most=None"), ("= made()", "= None"), ("if not n", "if n")]
)
def test_what_is_done_at_import_needs_a_new_process(old: str, new: str) -> None:
    assert swapped.needs_new_process("guarded.py", BEFORE, BEFORE.replace(old, new))


def test_whoever_imports_it_later_gets_the_mutant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "guarded_later.py"
    path.write_text(BEFORE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(swapped.SourceFileLoader, "get_code", swapped.SourceFileLoader.get_code)
    swapped.load_as(str(path), BEFORE.replace("MOST = 3", "MOST = 4"))
    try:
        assert importlib.import_module("guarded_later").MOST == 4
    finally:
        sys.modules.pop("guarded_later", None)


def test_the_tests_that_run_the_statement_are_asked_the_most_thorough_first() -> None:
    known = reach.LineReach()
    lines = {"whole": [3, 4, 5], "quick": [3], "slow": [4], "elsewhere": [9], "red": [3]}
    known.add({"seconds": {"whole": 2.0, "quick": 1.0, "slow": 3.0, "elsewhere": 1.0}, "failed": ["red"],
               "lines": {"a.py": lines}})  # fmt: skip
    assert known.tests(PLACED, 10) == (["whole", "quick", "slow"], False)
    assert known.tests(PLACED, 4) == (["whole", "quick"], True)
    known.keep(["whole", "slow", "quick", "elsewhere"])
    assert known.failed == [] and known.tests(PLACED, 10)[0] == ["whole", "quick", "slow"]
    at_import = Mutant("a.py", 0, 1, 1, 1, None, frozenset({4, 5}), True, "", "")
    assert known.tests(at_import, 10)[0] == ["whole", "slow", "elsewhere", "quick"]
    known.keep(["slow"])
    assert known.tests(PLACED, 10) == (["slow"], False), "a test that is gone is not asked"


def test_tests_that_name_the_module_are_asked_before_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "ROOT", tmp_path)
    (tmp_path / "test_it.py").write_text("from tools import named_here\n")
    (tmp_path / "test_all.py").write_text("import everything\n")
    known = reach.LineReach()
    lines = {"test_all.py::test_a": [3, 4, 5], "test_it.py::test_b": [3]}
    known.add({"seconds": dict.fromkeys(lines, 1.0), "failed": [], "lines": {"b/named_here.py": lines}})
    mutant = Mutant("b/named_here.py", 0, 3, 3, 4, (2, 6), frozenset(), True, "x", "y")
    assert known.tests(mutant, 10)[0] == ["test_it.py::test_b", "test_all.py::test_a"]
    named = {"test_of_named_here.py::test_c": [3]}
    known.add({"seconds": dict.fromkeys(named, 2.0), "failed": [], "lines": {"b/named_here.py": {**lines, **named}}})
    assert known.tests(mutant, 1.0)[0] == ["test_of_named_here.py::test_c"], (
        "a file that is named after it, first of all"
    )
    near = {"tests/b/test_near.py::test_d": [3]}
    known.add({"seconds": dict.fromkeys(near, 3.0), "failed": [], "lines": {"b/named_here.py": {**lines, **near}}})
    assert known.tests(mutant, 10)[0][:3] == [*named, *near, "test_it.py::test_b"], "then those of its room"


def test_what_is_all_done_at_import_is_asked_of_its_room_and_of_those_that_import_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "ROOT", tmp_path)
    texts = {
        "tests/log/test_export.py": "",
        "tests/pages/test_words.py": "from log import table\n",
        "tests/pages/test_table.py": "x = 'log'\nimport table\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    known = reach.LineReach()
    known.add({"seconds": {f"{name}::test_a": 1.0 for name in texts}, "failed": [], "lines": {}})
    mutant = Mutant("log/table.py", 0, 3, 3, 4, None, frozenset(), False, "x", "y")
    assert set(known.tests(mutant, 10)[0]) == {"tests/log/test_export.py::test_a", "tests/pages/test_words.py::test_a"}
    other = Mutant("pages/unknown.py", 0, 3, 3, 4, None, frozenset(), False, "x", "y")
    assert set(known.tests(other, 10)[0]) == {"tests/pages/test_words.py::test_a", "tests/pages/test_table.py::test_a"}
    (tmp_path / "tests/other.py").write_text("from far import thing\n")
    known.add({"seconds": {"tests/other.py::test_a": 1.0}, "failed": [], "lines": {}})
    assert known.tests(Mutant("far/away.py", 0, 3, 3, 4, None, frozenset(), False, "x", "y"), 10)[0] == [
        "tests/other.py::test_a"
    ]


def test_every_room_has_files_and_tests() -> None:
    for room, (world, _) in rooms.ROOMS.items():
        assert rooms.files(room)
        for place in (*rooms.WORLDS[world].tests, *rooms.WORLDS[world].without):
            assert (rooms.ROOT / place).exists(), place


@pytest.mark.skipif(
    importlib.util.find_spec("libcst") is None, reason="what makes mutants is installed by make mutants"
)
def test_names_that_are_meant_for_others_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.mutants import made

    (tmp_path / "room.py").write_text('from x import PIN\n__all__ = ["PIN"]\nKINDS = ["PIN"]\n')
    monkeypatch.setattr(rooms, "ROOT", tmp_path)
    made.forget()
    assert {one.line for one in made.mutants("room.py")} == {3}
    made.forget()


@pytest.mark.skipif(
    importlib.util.find_spec("libcst") is None, reason="what makes mutants is installed by make mutants"
)
def test_guards_are_left_out_and_texts_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.mutants import made

    text = '''"""A room."""
import os
from x import Rows, Refusal, _, log, needs

@needs("members")
def take(rows: "list[int]", most=3):
    """What it does."""
    if rows.tenant != most:
        raise Refusal(_("no such row"), most=most)
    check(rows)
    log.info("taken", rows)
    return Rows.filter(tenant=rows.tenant).first()
'''
    (tmp_path / "room.py").write_text(text)
    monkeypatch.setattr(rooms, "ROOT", tmp_path)
    made.forget()
    found = made.mutants("room.py")
    said = {(one.was, one.now) for one in found if one.guard}
    assert {
        ("if rows.tenant != most", "if False"),
        ("if rows.tenant != most", "if True"),
        ("rows.tenant != most", "rows.tenant == most"),
        ('raise Refusal(_("no such row"), most=most)', "pass"),
        ("check(rows)", "pass"),
        ("Rows.filter(tenant=rows.tenant)", "Rows"),
        ('@needs("members") take', "take"),
    } <= said
    lines = {one.line for one in found}
    assert lines.isdisjoint({1, 2, 3, 7, 11}) and not any("no such row" in one.now for one in found)
    assert next(one.uses for one in found if one.was.startswith("@needs")) == frozenset(range(6, 13))
    left_out = next(one for one in found if one.now == "if False")
    assert "if False:" in made.source(left_out) and made.differs(left_out)
    assert (left_out.first, left_out.last, left_out.function) == (8, 8, (6, 12))
    made.forget()


@pytest.mark.skipif(
    importlib.util.find_spec("libcst") is None, reason="what makes mutants is installed by make mutants"
)
def test_a_match_is_changed_at_its_head_and_in_its_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.mutants import made

    text = """def of(x, y):
    match x == 1:
        case True if y > 2:
            return y
"""
    (tmp_path / "room.py").write_text(text)
    monkeypatch.setattr(rooms, "ROOT", tmp_path)
    made.forget()
    placed = {(one.was, one.first, one.last) for one in made.mutants("room.py")}
    assert {("x == 1", 2, 2), ("y > 2", 3, 4)} <= placed
    made.forget()
