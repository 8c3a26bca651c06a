"""`import microgd` beside `import numpy`, each in a fresh interpreter."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

from .report import Section, Table, Verdict
from .timing import take_turns

ROOT = Path(__file__).parents[1]
LIMIT = 1.3


def seconds_to_import(module: str) -> float:
    """Time of the import statement alone, without the interpreter's own start."""
    code = (
        "from time import perf_counter as now; start = now(); "
        f"import {module}; print(now() - start)"
    )
    # NumPy's bytecode was written when it was installed; let ours be written, too
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return float(done.stdout)


def run(quick: bool) -> Section:
    section = Section("Import")
    measures = {}
    for module in ("numpy", "microgd"):
        try:
            seconds_to_import(module)  # also writes the bytecode, so that no round compiles
        except subprocess.CalledProcessError as error:
            section.notices.append(f"{module} is skipped: {error.stderr.strip().splitlines()[-1]}")
        else:
            measures[module] = partial(seconds_to_import, module)
    timings = take_turns(measures, rounds=7 if quick else 31)
    rows = [
        [f"import {m}", f"{t.best * 1e3:.0f} ms", f"{t.over(timings['numpy']):.2f}x"]
        for m, t in timings.items()
    ]
    title = "Import in a fresh interpreter"
    section.tables.append(Table(title, ["", "best", "median ratio"], rows))
    section.figures = {module: timing.rounds for module, timing in timings.items()}
    if "microgd" in timings:
        ratio = timings["microgd"].over(timings["numpy"])
        target = f"import microgd: at most {LIMIT}x import numpy"
        section.verdicts.append(Verdict.at_most(target, ratio, LIMIT))
    return section
