"""The rules of a race: the optimizers of `microgd.optim`, by name or as one makes them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from microgd import optim
from microgd.arguments import real
from microgd.descent.surface import Surface
from microgd.names import choose
from microgd.optim import Optimizer

Make = Callable[[list[Any]], Optimizer]
Given = str | Make | tuple[Callable[..., Optimizer], Mapping[str, Any]]


@dataclass(frozen=True)
class Named:
    """A class of `microgd.optim` with options, and which of a surface's rates it takes.

    A rule of scale "lr" takes steps of rate * gradient, one of scale "stride" steps of about its
    rate, whatever the gradient's size; one of scale None has no rate to choose.
    """

    kind: str
    options: Mapping[str, Any]
    scale: Literal["lr", "stride"] | None
    share: float = 1.0

    def rate(self, surface: Surface) -> float:
        """The rate that suits a surface."""
        return 1.0 if self.scale is None else self.share * float(getattr(surface, self.scale))

    def make(self, params: list[Any], lr: float) -> Optimizer:
        """The optimizer of these parameters."""
        made: Optimizer = getattr(optim, self.kind)(params, lr=lr, **self.options)
        return made


RULES: dict[str, Named] = {
    "sgd": Named("SGD", {}, "lr"),
    "momentum": Named("SGD", {"momentum": 0.9}, "lr"),
    "nesterov": Named(
        "SGD", {"momentum": 0.9, "nesterov": True}, "lr", 0.65
    ),  # its limit is lower by that
    "adagrad": Named("Adagrad", {}, "stride", 5.0),  # its steps shrink from the first one on
    "adadelta": Named("Adadelta", {}, None),  # Zeiler's point: no rate
    "rmsprop": Named("RMSprop", {}, "stride", 0.5),
    "adam": Named("Adam", {}, "stride"),
    "amsgrad": Named("Adam", {"amsgrad": True}, "stride"),
    "adamw": Named("AdamW", {}, "stride"),
}


def rules(given: Any, surface: Surface, lr: float | None = None) -> dict[str, Make]:
    """The makers of optimizers, by names of which no two are alike.

    given  a rule or several, or a mapping from names to rules. A rule is a name of `RULES`, with a
           rate if wanted ("adam:0.1"), a class with options ``(optim.Adam, {"lr": 0.1})``, or a
           function of the parameters ``lambda params: optim.Adam(params, lr=0.1)``
    lr     the rate of names that bring none; the one that suits the surface if None

    Raises ValueError for a name that is not known, TypeError for what is no rule.

    >>> from microgd.descent.surfaces import SURFACES
    >>> list(rules(["sgd", "momentum", "sgd:0.01"], SURFACES["bowl"]))
    ['sgd', 'momentum', 'sgd:0.01']
    """
    if isinstance(given, str):
        given = [part.strip() for part in given.split(",")]
    single = callable(given) or (isinstance(given, tuple) and _with_options(given))
    listed = [given] if single or not isinstance(given, Iterable) else given
    pairs = (
        [(str(name), rule) for name, rule in listed.items()]
        if isinstance(listed, Mapping)
        else [(_called(rule), rule) for rule in listed]
    )
    if not pairs:
        raise ValueError(f"race: no optimizers; name some of {', '.join(RULES)}")
    found: dict[str, Make] = {}
    for name, rule in pairs:
        unique, count = name, 1
        while unique in found:
            count += 1
            unique = f"{name} ({count})"
        found[unique] = _maker(rule, surface, lr)
    return found


def _maker(rule: Any, surface: Surface, lr: float | None) -> Make:
    if isinstance(rule, str):
        name, sign, text = rule.partition(":")
        named = choose("race: optimizer", name.strip(), RULES)
        rate = _rate(rule, text) if sign else named.rate(surface) if lr is None else lr
        return lambda params: named.make(params, rate)
    if _with_options(rule):
        kind, options = rule
        return lambda params: kind(params, **options)
    if not callable(rule):
        raise TypeError(
            f"race: {rule!r:.60} is no optimizer; give a name, (optim.Adam, {{'lr': 0.1}}) or a"
            " function of the parameters"
        )
    make: Make = rule
    return make


def _rate(rule: str, text: str) -> float:
    try:
        rate = float(text)
    except ValueError as error:
        raise ValueError(
            f"race: {rule!r:.60} has no rate after the colon; write adam:0.1"
        ) from error
    return real("race", f"the rate of {rule!r:.60}", rate, "give a finite number")


def _with_options(rule: Any) -> bool:
    return (
        isinstance(rule, tuple)
        and len(rule) == 2
        and callable(rule[0])
        and isinstance(rule[1], Mapping)
    )


def _called(rule: Any) -> str:
    """What a rule is called that was given without a name."""
    if isinstance(rule, str):
        return rule
    kind = rule[0] if _with_options(rule) else rule
    name = str(getattr(kind, "__name__", type(kind).__name__))
    return "rule" if name == "<lambda>" else name
