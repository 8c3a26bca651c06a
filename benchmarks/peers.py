"""microgd beside its peers in one run: `python -m benchmarks.peers`.

The exit code is 0 whatever is measured: a benchmark informs, it does not gate.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from . import chain, importing, memory, scalars
from .machine import describe
from .report import Section, markdown, print_table, verdict_table
from .training_step import run as training_step

Benchmarks = dict[str, Callable[[bool], Section]]

BENCHMARKS: Benchmarks = {
    "step": training_step.run,
    "scalars": scalars.run,
    "chain": chain.run,
    "memory": memory.run,
    "import": importing.run,
}


def main(benchmarks: Benchmarks, name: str, description: str | None) -> None:
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=description)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller problems")
    parser.add_argument("--only", action="append", choices=benchmarks, help="may be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the raw seconds there")
    parser.add_argument("--markdown", action="store_true", help="print Markdown for the README")
    options = parser.parse_args()

    console = Console(stderr=options.markdown)
    if not console.is_terminal:
        console.width = 120  # a log has no width of its own
    machine = describe()
    console.print(machine, highlight=False)
    sections = []
    for part in options.only or benchmarks:
        with console.status(f"measuring: {part} ..."):
            sections.append(benchmarks[part](options.quick))
        _show(console, sections[-1])
    verdicts = [verdict for section in sections for verdict in section.verdicts]
    if verdicts:
        print_table(console, verdict_table(verdicts))
    if options.markdown:
        print(machine + ".\n")
        for section in sections:
            print(f"### {section.title}\n")
            for table in section.tables:
                print(markdown(table))
            for notice in section.notices:
                print(f"{notice}\n")
        if verdicts:
            print("### Verdict\n\n" + markdown(verdict_table(verdicts)))
    if options.json:
        figures = {section.title: section.figures for section in sections}
        options.json.write_text(json.dumps({"machine": machine, "seconds": figures}, indent=1))


def _show(console: Console, section: Section) -> None:
    for table in section.tables:
        print_table(console, table)
    for notice in section.notices:
        console.print(notice, style="yellow", highlight=False, markup=False)


if __name__ == "__main__":
    main(BENCHMARKS, "peers", __doc__)
