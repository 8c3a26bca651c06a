"""OneCycleLR: one great rise and fall of the rate, over the whole of training."""

from typing import Any

from microgd.arguments import whole
from microgd.graph import Array
from microgd.names import choose
from microgd.optim.optimizer import Optimizer
from microgd.optim.schedules.anneal import cosine, linear
from microgd.optim.schedules.cycle import Cycle
from microgd.optim.schedules.options import number, numbers

ANNEAL = {"cos": cosine, "linear": linear}


class OneCycleLR(Cycle):
    """Go up to `max_lr` in the first part of training, and down to nearly nothing in the rest.

        from          to            until t =
        initial_lr    max_lr        pct_start * total_steps - 1
        max_lr        min_lr        total_steps - 1

        initial_lr = max_lr / div_factor,    min_lr = initial_lr / final_div_factor

    each along a cosine or a straight line (`anneal_strategy` "cos" or "linear"). With
    `three_phase`, down to initial_lr until t = 2 * pct_start * total_steps - 2 first, and then on
    to min_lr. Momentum (also that of an SGD which was made with 0), or Adam's first beta, goes the
    other way, if `cycle_momentum`: from `max_momentum` to `base_momentum` and back, where it stays.
    Made to be called after each step, `total_steps` = `epochs` * `steps_per_epoch` times.

    Smith and Topin (2018, Super-convergence, https://arxiv.org/abs/1708.07120); in two phases, as
    it is without `three_phase`, by fastai. One number, or a list with one for each group, for the
    rate and the momenta. The rest unless given: pct_start = 0.3, momentum from 0.85 to 0.95,
    div_factor = 25, final_div_factor = 1e4, as in PyTorch. initial_lr is also where another
    schedule starts from that is made later for the same optimizer.

    The step after the last of training is allowed, and nothing is to be trained with its rate:
    there, PyTorch's straight line goes on below 0, and this one stays at its end.

    Raises ValueError for an option out of range, ends the wrong way round, an optimizer that has
    no momentum to cycle, or a step after `total_steps` of them.

    >>> from microgd import Tensor
    >>> from microgd.optim import SGD
    >>> rule = SGD([Tensor(1.0, requires_grad=True)], momentum=0.9)
    >>> OneCycleLR(rule, max_lr=0.5, total_steps=6, pct_start=0.5, anneal_strategy="linear",
    ...            div_factor=5, final_div_factor=10).preview(6).round(4)
    array([0.1   , 0.3   , 0.5   , 0.3367, 0.1733, 0.01  ])
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: Any,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: Any = 0.85,
        max_momentum: Any = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
    ) -> None:
        groups = self.groups(optimizer)
        self.epochs, self.steps_per_epoch = epochs, steps_per_epoch
        self.total_steps = self._total(total_steps)
        self.max_lr = numbers(self.name, "max_lr", max_lr, "0 or more", len(groups))
        self.pct_start = number(self.name, "pct_start", pct_start, "from 0 to 1")
        self.anneal_strategy = anneal_strategy
        self.anneal = choose(f"{self.name}: anneal_strategy", anneal_strategy, ANNEAL)
        self.div_factor = number(self.name, "div_factor", div_factor, "above 0")
        self.final_div_factor = number(self.name, "final_div_factor", final_div_factor, "above 0")
        self.three_phase = bool(three_phase)
        if self.three_phase and self.pct_start > 0.5:
            raise ValueError(
                f"{self.name}: pct_start is {pct_start} with three_phase=True, so that the way up"
                " and the way back take more than all of the time; give 0.5 or less"
            )
        top, last = self.pct_start * self.total_steps, self.total_steps - 1.0
        self.ends = [top - 1, 2 * top - 2, last] if self.three_phase else [top - 1, last]
        self.initial_lr = self.max_lr / self.div_factor
        self.min_lr = self.initial_lr / self.final_div_factor
        super().__init__(optimizer, self.initial_lr, cycle_momentum, base_momentum, max_momentum)
        for group, initial in zip(groups, self.initial_lr.tolist(), strict=True):
            group["initial_lr"] = initial

    def rate(self, t: int) -> Array:
        """The rates after `t` steps."""
        back = [self.initial_lr] if self.three_phase else []
        return self._along(t, [self.initial_lr, self.max_lr, *back, self.min_lr])

    def momentum(self, t: int) -> Array:
        """The momenta after `t` steps."""
        back = [self.max_momentum] if self.three_phase else []
        return self._along(t, [self.max_momentum, self.base_momentum, *back, self.max_momentum])

    def _along(self, t: int, turns: list[Array]) -> Array:
        """Where one is after `t` steps, on the way that goes through these values."""
        if t > self.total_steps:
            raise ValueError(
                f"{self.name}: step {t} of {self.total_steps}; give a larger total_steps, or do not"
                " call step() any more"
            )
        phase = next((i for i, end in enumerate(self.ends) if t <= end), len(self.ends) - 1)
        start, end = self.ends[phase - 1] if phase else 0.0, self.ends[phase]
        share = (t - start) / (end - start) if end > start else 1.0
        return self.anneal(turns[phase], turns[phase + 1], share)

    def _total(self, steps: Any) -> int:
        """How many steps there will be."""
        way_out = "give 1 step or more"
        if steps is not None:
            return whole(self.name, "total_steps", steps, 1, way_out)
        if self.epochs is None or self.steps_per_epoch is None:
            raise ValueError(
                f"{self.name}: epochs={self.epochs} and steps_per_epoch={self.steps_per_epoch};"
                " give both, or total_steps"
            )
        return whole(self.name, "epochs", self.epochs, 1, way_out) * whole(
            self.name, "steps_per_epoch", self.steps_per_epoch, 1, way_out
        )
