"""The command line: verbs, lazy imports, and errors as one sentence with an exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import bench, cli, verbs

ROOT = Path(__file__).resolve().parents[2]


def portvakt(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "tools", *args], cwd=ROOT, capture_output=True, text=True, check=False)


def test_version() -> None:
    run = portvakt("--version")
    assert (run.returncode, run.stdout) == (0, "portvakt 0.1.0\n")


def test_help_names_every_verb() -> None:
    said = portvakt("--help").stdout
    for verb in cli.VERBS:
        assert f" {verb} " in said


def test_an_unknown_verb_is_a_usage_error() -> None:
    run = portvakt("nothing")
    assert run.returncode == 2
    assert "nothing" in run.stderr


def test_a_problem_is_one_sentence_on_stderr() -> None:
    run = portvakt("build", "--board", "nope", "--json")
    assert run.returncode == 1
    assert run.stdout == ""
    assert run.stderr.startswith("portvakt build: there is no board 'nope'; choose one of ")
    assert run.stderr.count("\n") == 1


def test_a_missing_option_is_a_usage_error() -> None:
    run = portvakt("install", "--port", "/dev/null")
    assert run.returncode == 2
    assert "--board" in run.stderr


def test_build_ends_with_one_json_object() -> None:
    run = portvakt("build", "--board", "esp32-two-door", "--json")
    assert run.returncode == 0, run.stderr
    facts = json.loads(run.stdout.splitlines()[-1])
    assert facts["bytes"] == sum(file["bytes"] for file in facts["files"].values())
    assert (ROOT / facts["folder"] / "manifest.json").exists()


def test_doctor_says_what_is_there() -> None:
    run = portvakt("doctor", "--json")
    assert run.returncode == 0, run.stderr
    findings = {finding["part"]: finding for finding in json.loads(run.stdout)["findings"]}
    assert findings["mpremote"]["ok"] and findings["mpy-cross"]["ok"]
    assert all(finding["ok"] or finding["remedy"] for finding in findings.values())


def test_the_command_needs_nothing_of_the_cloud_end() -> None:
    heavy = "{'django', 'paho', 'amqtt', 'uvicorn', 'greenlet'}"
    code = f"import sys, tools.cli, tools.build, tools.install.command; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize("verb", [["cloud", "migrate"], ["run", "--seconds", "1"], ["sim", "run", "--events", "1"]])
def test_a_verb_without_its_extra_says_what_to_install(verb: list[str], tmp_path: Path) -> None:
    # Whether it imports the cloud end at once or on the way.
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['django'] = None\n")
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}", "PORTVAKT_DATA": str(tmp_path)}
    data = ["--data", str(tmp_path / "run")] if verb[0] == "run" else []
    command = [sys.executable, "-m", "tools", *verb, *data]
    run = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    said = run.stderr.splitlines()[-1]
    assert said.startswith(f"portvakt {verb[0]}: django") and "pip install -e '.[cloud]'" in said


def test_a_module_of_ours_that_is_missing_is_no_excuse(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModuleNotFoundError):
        verbs.load("tools.nowhere:app")


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_is_there(verb: str) -> None:
    run = portvakt(verb, "--help")
    assert run.returncode == 0, run.stderr[-500:]
    assert "Usage: portvakt" in run.stdout


@pytest.mark.parametrize("name", bench.BENCHES)
def test_every_bench_is_there(name: str) -> None:
    run = portvakt("bench", name, "--help")
    assert run.returncode == 0, run.stderr[-500:]
    assert f"Usage: portvakt bench {name}" in run.stdout and "--json" in run.stdout
