"""A race: several rules from one start down one surface, each step of each written down."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from microgd.arguments import real, whole
from microgd.descent.rules import rules
from microgd.descent.run import Noise, Run, Schedule, run
from microgd.descent.surface import Function, Point, Surface, point
from microgd.descent.surfaces import surface_of
from microgd.explain.sharpness import stable_rate
from microgd.explain.show import drawing

REACHED = 1e-3  # of the drop from the start to the lowest loss: there, a rule has reached it


@dataclass(frozen=True)
class Race:
    """What became of every rule, and under which conditions.

    surface    on which they ran
    runs       one for each rule, see `Run`
    start      from where
    curvature  L, the largest eigenvalue of the Hessian at the start, known before the first step
    about      the conditions, in words: noise, clipping, schedule

    A notebook shows it as a page with the surface, the balls and their numbers; `save` writes it.

    >>> bowl = race("bowl", "sgd", start=(4.0, 3.0), steps=2, lr=0.5)
    >>> bowl["sgd"].points.tolist()
    [[4.0, 3.0], [2.0, 1.5], [1.0, 0.75]]
    """

    surface: Surface
    runs: tuple[Run, ...]
    start: Point
    curvature: float
    about: str = ""

    @property
    def steps(self) -> int:
        """The number of steps of the longest run."""
        return max(map(len, self.runs))

    @property
    def names(self) -> list[str]:
        """What the runs are called, no two alike."""
        return [one.name for one in self.runs]

    def __getitem__(self, name: str) -> Run:
        """The run of that name. Raises KeyError if there is none."""
        found = {one.name: one for one in self.runs}
        if name not in found:
            raise KeyError(f"race: no run {name!r:.60}; there are {', '.join(found)}")
        return found[name]

    @property
    def goal(self) -> float:
        """The loss that counts as having reached the minimum.

        A thousandth of the drop from the start to the surface's lowest value above it; where that
        is not known, to the lowest loss that any run saw.
        """
        start = float(self.runs[0].losses[0])
        lowest = self.surface.lowest
        if lowest is None:
            lowest = min(float(one.losses.min()) for one in self.runs)
        return lowest + REACHED * (start - lowest)

    def limit(self, name: str) -> float:
        """The rate up to which a run was stable, from the curvature at the start; NaN for others.

        2/L for gradient descent, where a weight decay adds to L, and what momentum makes of it: see
        `microgd.explain.sharpness`.
        """
        options = self[name].options
        if "dampening" not in options:
            return float("nan")
        return stable_rate(options, self.curvature + options["weight_decay"])

    def renamed(self, names: Mapping[str, str]) -> "Race":
        """The same with other names for some runs."""
        runs = tuple(replace(one, name=names.get(one.name, one.name)) for one in self.runs)
        return replace(self, runs=runs)

    def beside(self, other: "Race") -> "Race":
        """One race with the runs of both. Raises ValueError unless surface, start, names fit."""
        if self.surface is not other.surface or self.start != other.start:
            raise ValueError("race: these two are not of the same surface and start; race again")
        if common := set(self.names) & set(other.names):
            raise ValueError(f"race: both have a run {min(common)!r}; use renamed() first")
        return replace(self, runs=self.runs + other.runs, about="")

    def save(self, path: str | Path) -> Path:
        """Write the race as one animated page that works offline; returns the path."""
        path = Path(path)
        path.write_text(drawing("descent.page", "page")(self), encoding="utf-8")
        return path

    def play(self) -> None:
        """Step through in the terminal, with the arrow keys or n, p and q; plain in a pipe."""
        drawing("descent.play", "play")(self)

    def __repr__(self) -> str:
        return f"<race on {self.surface.name}: {', '.join(self.names)}; {self.steps} steps>"

    def _repr_mimebundle_(self, **_: Any) -> Any:
        return drawing("descent.notebook", "bundle")(self)

    def _mime_(self) -> tuple[str, str]:
        """For marimo, which asks for one type."""
        return "text/html", drawing("descent.notebook", "bundle")(self)["text/html"]


def race(
    surface: str | Surface | Function,
    optimizers: Any = ("sgd", "momentum", "adam"),
    start: Point | None = None,
    steps: int | None = None,
    schedule: Schedule | None = None,
    noise: Noise | None = None,
    *,
    lr: float | None = None,
    clip: float | None = None,
    sample: Callable[[int], Function] | None = None,
    rng: int = 0,
) -> Race:
    """Let the optimizers of training run down a surface, and record every step of each.

    surface     a name of `SURFACES`, a `Surface`, or a function of x and y
    optimizers  names with or without a rate ("sgd", "adam:0.1"), a class with its options
                ``(optim.Adam, {"lr": 0.1})``, functions of the parameters, or a mapping from names
                to these
    start       where they start, the surface's own place if None
    steps       how many steps each takes, the surface's own number if None
    schedule    a function of the optimizer, as ``lambda rule: optim.StepLR(rule, 20)``
    noise       normal noise on both partial derivatives: its standard deviation, or (eta, gamma)
                for a variance of eta / (1 + step)**gamma; the same numbers for every rule
    lr          the rate of all names that bring none; what suits rule and surface if None
    clip        the length that `clip_grad_norm_` leaves of a gradient, after the noise
    sample      gives the function whose gradient step t follows, as a batch's loss
    rng         seed of the noise

    A run that leaves the finite numbers ends there and says so (`Run.diverged`). Raises ValueError
    for an unknown name, a start at which the surface is not finite or an option out of range.

    >>> found = race("ravine", ["sgd", "momentum"])
    >>> [one.reached(found.goal) for one in found.runs]
    [78, 69]
    >>> found["momentum"].state["momentum_buffer"].shape
    (101, 2)
    """
    ground = surface_of(surface)
    place = ground.start if start is None else point("race", start)
    count = ground.steps if steps is None else whole("race", "steps", steps, 1, "give 1 or more")
    spread = noise if isinstance(noise, tuple) else (noise or 0.0,)
    limits = {"lr": lr, "clip": clip, "noise": spread[0], "gamma of the noise": spread[-1]}
    for name, value in limits.items():
        if value is not None:
            real("race", name, value, "give a finite number of at least 0", 0)
    runs = tuple(
        run(
            ground, name, make, place, count,
            schedule=schedule, noise=noise, clip=clip, sample=sample, rng=rng,
        )
        for name, make in rules(optimizers, ground, lr).items()
    )  # fmt: skip
    return Race(
        ground, runs, place, ground.curvature(place), _conditions(noise, clip, schedule, runs)
    )


def _conditions(
    noise: Noise | None, clip: float | None, schedule: Schedule | None, runs: Sequence[Run]
) -> str:
    said = []
    if isinstance(noise, tuple):
        said.append(f"noise of variance {noise[0]:g} / (1 + step)**{noise[1]:g}")
    elif noise:
        said.append(f"noise of standard deviation {noise:g}")
    if clip is not None:
        said.append(f"gradients clipped at {clip:g}")
    if schedule:
        spans = (
            f"of {one.name} between {one.rates.min():.3g} and {one.rates.max():.3g}" for one in runs
        )
        said.append(f"rate scheduled, {', '.join(spans)}")
    return ", ".join(said)
