"""What a chain holds in memory, and whether training leaves tensors behind.

`python -m benchmarks.memory microgd 1000` measures one chain in the process's resident memory and
prints [bytes an operation at the peak, bytes of the arrays an operation] as JSON: the peak is
Linux's VmHWM after forward and backward less what was resident before, and the arrays' own bytes
are `sys.getsizeof` of one operation's `data`.
"""

import gc
import json
import re
import subprocess
import sys
from pathlib import Path

from .chain import LEAVES, available, with_floats
from .report import Section, Table, Verdict

LIMIT = 700


def run(quick: bool) -> Section:
    n = 100_000 if quick else 1_000_000
    section = Section(f"A chain of {n:,} scalar operations: memory")
    leaves, section.notices = available()
    rows = []
    for name in leaves:
        try:
            peak, arrays = bytes_an_operation(name, n)
        except subprocess.CalledProcessError as error:
            section.notices.append(f"memory of {name}: {error.stderr.strip().splitlines()[-1]}")
            continue
        section.figures[f"{name}, bytes an operation"] = (peak, arrays)
        if name == "microgd":
            over = peak - arrays
            rows.append([name, f"{peak:.0f}", f"{arrays:.0f}", f"{over:.0f}"])
            target = f"chain of {n:,}: at most {LIMIT} bytes an operation over the arrays"
            section.verdicts.append(Verdict(target, f"{over:.0f} bytes", over <= LIMIT))
        else:
            rows.append([name, f"{peak:.0f}", "", ""])
    columns = ["", "peak", "of which the arrays", "over the arrays"]
    section.tables.append(Table("Resident bytes an operation, forward + backward", columns, rows))
    if "microgd" in leaves:
        try:
            left = tensors_left()
        except Exception as error:  # the networks may fail while the engine runs
            section.notices.append(f"1,000 steps are skipped: {type(error).__name__}: {error}")
        else:
            target = "1,000 training steps with the collector off leave no tensor behind"
            section.verdicts.append(Verdict(target, f"{left} tensors left", left == 0))
            section.figures["tensors left"] = left
    return section


def bytes_an_operation(name: str, n: int) -> tuple[float, float]:
    """Run this file in a fresh process: peak, and the arrays' part of it."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", name, str(n)],
        cwd=Path(__file__).parents[1],
        check=True,
        capture_output=True,
        text=True,
    )
    peak, arrays = json.loads(done.stdout)
    return peak, arrays


def tensors_left(steps: int = 1000) -> int:
    """Tensors more after `steps` training steps than before, with the collector off."""
    import microgd as mg

    from .training_step.problem import Problem
    from .training_step.with_microgd import Microgd

    def living() -> int:
        return sum(issubclass(type(thing), mg.Tensor) for thing in gc.get_objects())

    contender = Microgd(Problem.make((2, 16, 16, 2), 32, "float64"))
    contender.step()
    gc.collect()
    gc.disable()
    try:
        before = living()
        for _ in range(steps):
            contender.step()
        return living() - before
    finally:
        gc.enable()


def status(field: str) -> int:
    """A field of /proc/self/status in bytes; only Linux has it."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    if found is None:
        raise OSError(f"/proc/self/status has no {field}")
    return int(found[1]) * 1024


def main() -> None:
    name, n = sys.argv[1], int(sys.argv[2])
    leaf = LEAVES[name]()
    with_floats(leaf, leaf(1.0), 1000).backward()  # what is loaded once is no cost of the chain
    gc.collect()
    before = status("VmRSS")
    x = leaf(1.0)
    z = with_floats(leaf, x, n)
    z.backward()
    peak = status("VmHWM") - before
    arrays = sys.getsizeof(z.data) if name == "microgd" else 0
    print(json.dumps([peak / n, arrays]))


if __name__ == "__main__":
    main()
