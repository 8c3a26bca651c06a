"""The comparison at all sizes and in both dtypes, as tables and verdicts."""

from ..report import Section, Table, Verdict
from ..timing import Timing
from .compare import check, compare
from .contenders import REFERENCE, installed
from .problem import DTYPES, PROBLEMS, Problem

OURS = "microgd"
Results = dict[str, dict[str, Timing]]
"""Problem in words -> contender -> timing."""


def run(quick: bool) -> Section:
    section = Section("One training step: forward, cross-entropy, backward, Adam")
    contenders, section.notices = installed(Problem.make((2, 3, 2), 4, "float64"))
    results: Results = {}
    for dtype in DTYPES:
        columns = []
        for sizes, batch in PROBLEMS:
            problem = Problem.make(sizes, batch, dtype)
            check(contenders, problem)
            results[str(problem)] = compare(contenders, problem, rounds=12 if quick else 48)
            columns.append(results[str(problem)])
        section.tables.append(_table(dtype, columns))
    section.figures = {
        problem: {name: timing.rounds for name, timing in timings.items()}
        for problem, timings in results.items()
    }
    if OURS in contenders:
        section.verdicts = _verdicts(results)
    return section


def _table(dtype: str, columns: list[dict[str, Timing]]) -> Table:
    heads = [f"{'-'.join(map(str, sizes))}, batch {batch}" for sizes, batch in PROBLEMS]
    rows = [
        [name, *(_cell(column[name], column[REFERENCE]) for column in columns)]
        for name in columns[0]
    ]
    title = f"One training step, {dtype}: best time, and median ratio to {REFERENCE}"
    return Table(title, ["", *heads], rows)


def _cell(timing: Timing, reference: Timing) -> str:
    return f"{timing.best * 1e6:.0f} µs  {timing.over(reference):.2f}x"


def _verdicts(results: Results) -> list[Verdict]:
    """Each target holds at every size and in both dtypes, so the worst ratio is what counts."""
    peers = next(iter(results.values()))
    verdicts = [_worst(results, REFERENCE, 1.10, "step: at most 1.10x")]
    verdicts += [
        _worst(results, peer, 1.0, "step: ahead of")
        for peer in ("PyTorch", "autograd", "MyGrad")
        if peer in peers
    ]
    verdicts.append(_worst(results, REFERENCE, 1.0, "step, aim: no slower than"))
    if "PyTorch fused Adam" in peers:
        verdicts.append(_worst(results, "PyTorch fused Adam", 1.0, "step, aim: ahead of"))
    return verdicts


def _worst(results: Results, peer: str, limit: float, target: str) -> Verdict:
    ratios = {problem: timings[OURS].over(timings[peer]) for problem, timings in results.items()}
    worst = max(ratios, key=lambda problem: ratios[problem])
    measured = f"{ratios[worst]:.2f}x at worst ({worst})"
    return Verdict(f"{target} {peer}", measured, ratios[worst] <= limit)
