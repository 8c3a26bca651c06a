"""The pages of the tour: what it says about the records, in plain words."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from microgd.draw.tables import ROOMY, edges_table, factor, flow_table, number, scientific, table
from microgd.draw.terminal import TIMES, paragraph
from microgd.experiments.vanishing import Measurement
from microgd.explain.arrivals import mean_factor
from microgd.explain.neuron import Neuron

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

Measurements = Mapping[str, Measurement]

NEXT = {  # what differs from the tour just taken, and the question that it answers
    "--depth 3": "three layers: can sigmoid learn now?",
    "--depth 20": "what is left of the gradient after twenty layers?",
    "--epochs 60": "does patience help?",
    "--seed 1": "other random weights: does it happen again?",
    "--depth 5": "at which depth does sigmoid stop learning?",
    "--depth 2": "one hidden layer: is there a difference left?",
}
SHOWN = {"sigmoid": "sigmoid", "relu": "ReLU"}


class Pages:
    """Prints one page a method; without `explain` tables only."""

    def __init__(self, screen: "Console", explain: bool = True) -> None:
        self.screen = screen
        self.explain = explain

    def neuron(self, record: Neuron) -> None:
        """One neuron: forward, backward, check."""
        self.title(1, "One neuron, every number")
        values = ", ".join(f"{name} = {value:g}" for name, value in record.inputs.items())
        self.show(f"{record.formula}\nwith {values}")
        self.say("Forward: from the inputs to the loss, one operation at a time.")
        forward = table("step", "value")
        for step in record.forward:
            forward.add_row(f"{step.name} = {step.expression}", number(step.value))
        self.show(forward)
        self.say(
            "Backward: from the loss to the weights. What arrives at a step (upstream) times the"
            " step's own derivative (local) is what it hands on (contribution). That arrives at"
            " the step before. This is the chain rule, and all that backpropagation does."
        )
        self.show(edges_table(record.edges, self.room))
        self.say(
            "Is it right? Move each weight a little, and watch the loss: that is the gradient, too."
        )
        digits = 10 if self.room >= ROOMY else 4
        checks = table("weight", "backward", "by moving", "differ by")
        for check in record.checks:
            checks.add_row(
                check.weight,
                f"{check.backward:.{digits}f}", f"{check.finite_differences:.{digits}f}",
                scientific(check.difference),
            )  # fmt: skip
        self.show(checks)

    def before(self, before: Measurements, images: int) -> None:
        """Both networks, before training."""
        depth = len(next(iter(before.values())).layers)
        self.title(2, "Two deep networks, before training")
        self.say(
            f"Both have {depth} layers, look at {images} handwritten digits, and start from the"
            " same random weights. They differ in one thing: what a layer does to its sums, sigmoid"
            " or ReLU."
        )
        self.say(
            "The gradient comes in at the last layer and goes back to the first, so read downwards."
            " Gradient: the norm of d loss / d output of the layer. Factor: what a step further"
            " back leaves of it; times the gradient above, it gives the gradient beside it."
        )
        self.flows(before)
        if self.room >= ROOMY:
            self.say("A full bar: as much as the last layer gets. One block less: ten times less.")
        for name, measured in before.items():
            self.say(f"{SHOWN[name]}: {arriving(measured)}")
        self.say(
            "Why? At each layer the gradient is multiplied by the weights and by the slope of the"
            " activation, which is at most 0.25 for sigmoid, and 0 or 1 for ReLU."
        )

    def training(self, name: str) -> None:
        """A network is about to be trained."""
        if self.screen.is_terminal and self.explain:
            self.screen.print(f"training the {SHOWN[name]} network", style="dim")

    def after(self, before: Measurements, after: Measurements, images: int) -> None:
        """Both networks, after training."""
        self.title(3, "The same two, after training")
        results = table("\nnetwork", "loss\nbefore", "\nafter", "right\nbefore", "\nafter")
        for name in after:
            results.add_row(
                SHOWN[name], number(before[name].loss), number(after[name].loss),
                percent(before[name].accuracy), percent(after[name].accuracy),
            )  # fmt: skip
        self.say(
            f"Right: of {images} digits that they have not seen. Guessing gets about 10 % right."
        )
        self.show(results)
        self.flows(after)
        self.say(
            "A gradient also gets small when there is nothing left to learn. So look at the"
            " factor, not at the size: only a factor far below 1 makes it vanish on its way."
        )
        for name, measured in after.items():
            self.say(f"{SHOWN[name]}: {arriving(measured)}")

    def summary(
        self,
        record: Neuron,
        before: Measurements,
        after: Measurements,
        options: Mapping[str, int],
    ) -> None:
        """What was seen, and what to try next."""
        self.title(4, "What you saw")
        worst = max(check.difference for check in record.checks)
        product = (
            f"A gradient is a product of upstream {TIMES} local, step by step back from the loss."
            f" Moving the weights a little gives the same, to {worst:.0e}."
        )
        seen = [
            f"{SHOWN[name]}: each layer passed on {factor(mean_factor(before[name].layers))} of the"
            f" gradient (on average). Training took the test accuracy from"
            f" {percent(before[name].accuracy)} to {percent(after[name].accuracy)}."
            for name in after
        ]
        self.show(listed([("-", sentence) for sentence in (product, *seen)]))
        taken = {f"--{name} {value}" for name, value in options.items()}
        offers = [(f"microgd tour {o}", NEXT[o]) for o in NEXT if o not in taken][:3]
        self.show("Try next:")
        if self.room >= ROOMY:
            self.show(listed(offers))
        else:
            self.show("\n".join(f"{command}\n  {question}" for command, question in offers))

    def flows(self, measured: Measurements) -> None:
        """The table of gradients."""
        self.show(flow_table({SHOWN[name]: m.layers for name, m in measured.items()}, self.room))

    @property
    def indent(self) -> int:
        """How far the text stands in from the titles."""
        return 3 if self.screen.width >= 60 else 0

    @property
    def room(self) -> int:
        """Columns for a table."""
        return self.screen.width - self.indent

    def title(self, page: int, text: str) -> None:
        """A page begins."""
        self.screen.print(f"\n{page}  {text}\n", style="bold")

    def say(self, text: str) -> None:
        """A sentence that explains; nothing without `explain`."""
        if self.explain:
            self.show(text)

    def show(self, what: "RenderableType") -> None:
        """A paragraph or a table, and a blank line."""
        paragraph(self.screen, what, self.indent)


def listed(rows: Iterable[tuple[str, str]]) -> "RenderableType":
    """Pairs in two columns; the second one folds."""
    from rich.table import Table

    grid = Table.grid(padding=(0, 2, 0, 0))
    for row in rows:
        grid.add_row(*row)
    return grid


def arriving(measured: Measurement) -> str:
    """What of the last layer's gradient the first layer gets."""
    first, layers = measured.layers[0], measured.layers
    if first.share is None:
        return "no gradient arrives at the last layer."
    return (
        f"each layer passes on {factor(mean_factor(layers))} of the gradient (on average), so the"
        f" first layer gets {first.share:.2g} times what the last one gets."
    )


def percent(share: float) -> str:
    """A share in percent."""
    return f"{100 * share:.1f} %"
