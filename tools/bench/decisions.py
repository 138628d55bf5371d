"""The firmware's decisions beside those of an independent model (tests/model), on all cores."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from typing import Annotated, Any

import typer

from tools import build
from tools.bench.goals import show
from tools.terminal import Json, Problem

DECISIONS = 1_000_000
CAMPAIGN = "tests.model.campaign"


def measure(decisions: int = DECISIONS, seed: int = 1) -> dict[str, Any]:
    """Stories from this seed on, until so many decisions were compared."""
    if not (build.ROOT / "tests/model/campaign.py").exists():
        raise Problem("the model lies in tests/model, which is not here; run this in the repository")
    cores = os.cpu_count() or 1
    started = time.monotonic()
    running = [
        subprocess.Popen(
            [sys.executable, "-m", CAMPAIGN, str(seed + n), str(-(-decisions // cores))],
            cwd=build.ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(cores)
    ]
    counts: Counter[str] = Counter()
    differences: list[str] = []
    for process in running:
        said, _ = process.communicate()
        if process.returncode:
            raise Problem(f"a campaign ended with exit code {process.returncode}; its error is above")
        found = json.loads(said.strip().splitlines()[-1])
        counts.update(found["counts"])
        if found["differences"]:
            differences.append(found["first"])
    return {
        "seed": seed,
        "cores": cores,
        "seconds": round(time.monotonic() - started, 1),
        "counts": dict(counts.most_common()),
        "differences": differences,
        "goals": [
            {
                "name": "decisions compared",
                "value": counts["decisions"],
                "unit": "",
                "goal": decisions,
                "met": counts["decisions"] >= decisions,
            },
            {"name": "differences", "value": len(differences), "unit": "", "goal": 0, "met": not differences},
        ],
    }


def bench(
    count: Annotated[int, typer.Option("--count", help="How many ", min=1000)] = DECISIONS,
    seed: Annotated[int, typer.Option("--seed", help="Of the first story.")] = 1,
    json: Json = False,
) -> None:
    """The firmware's decisions beside those of an independent model, over random settings and stories."""
    show(json, measure(count, seed))
