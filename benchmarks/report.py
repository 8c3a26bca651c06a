"""What a benchmark hands back, and its two forms: tables on a terminal, and Markdown."""

from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table as RichTable


@dataclass(frozen=True)
class Table:
    title: str
    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Verdict:
    """A target of the project beside what this run measured."""

    target: str
    measured: str
    met: bool

    @classmethod
    def at_most(cls, target: str, figure: float, limit: float, unit: str = "x") -> "Verdict":
        return cls(target, f"{figure:.2f}{unit}", figure <= limit)


@dataclass
class Section:
    """One benchmark's outcome; `figures` holds the raw numbers for the JSON file."""

    title: str
    tables: list[Table] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    figures: dict[str, object] = field(default_factory=dict)


def verdict_table(verdicts: list[Verdict]) -> Table:
    rows = [[v.target, v.measured, "met" if v.met else "MISSED"] for v in verdicts]
    return Table("Targets", ["target", "measured", ""], rows)


def print_table(console: Console, table: Table) -> None:
    grid = RichTable(title=table.title, title_justify="left")
    for i, column in enumerate(table.columns):
        grid.add_column(column, justify="right" if i else "left")
    for row in table.rows:
        grid.add_row(*row)
    console.print(grid)


def markdown(table: Table) -> str:
    lines = [table.columns, ["---"] + ["---:"] * (len(table.columns) - 1), *table.rows]
    grid = "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
    return f"**{table.title}**\n\n{grid}\n"
