"""Help in groups: the options of a command with many, under the headings of their panels."""

from typing import Any

from typer.core import TyperCommand


class Grouped(TyperCommand):
    """A command whose `--help` shows each `rich_help_panel` as a list of its own, as plain text."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options under their headings, those without one last."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                argument = param.param_type_name == "argument"
                panel = "" if argument else getattr(param, "rich_help_panel", None) or "Other"
                groups.setdefault(panel, []).append(record)
        # One width for all, so that the lists stand in line
        widest = max(len(record[0]) for records in groups.values() for record in records)
        for panel, records in groups.items():
            padded = [(name.ljust(widest), said) for name, said in records]
            with formatter.section(panel or "Arguments"):
                formatter.write_dl(padded, col_max=widest + 2)
