"""What an option says of a member of the toolbox: ``NAME:VALUE,key=value,flag``.

A table maps names to classes or functions, and their signatures say which keys there are: a new
member is a line in a table, and its options, their defaults and the errors follow by themselves.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import typer

from microgd.names import choose

Make = Callable[..., Any]
_GIVEN = frozenset(  # by the run, not by the user
    "self params optimizer shape dtype rng default logits target prediction scores"
    " log_probabilities reduction input_size hidden_size batch_first".split()
)
_WORDS = {"true": True, "false": False, "none": None}


@dataclass(frozen=True)
class Spec:
    """A member that was chosen: its name, what makes it, and the options that were written.

    `option` is where it was chosen, as ``--optimizer``; a member without a name is the only one.
    """

    option: str
    make: Make
    name: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    def build(self, *args: Any, **given: Any) -> Any:
        """Make it, of what the run gives. Raises BadParameter for what is refused or missing."""
        wanted = {**given, **self.options}
        missing = [
            key
            for key, parameter in keys(self.make).items()
            if parameter.default is parameter.empty and key not in wanted
        ]
        if missing:
            example = ",".join(f"{key}=..." for key in missing)
            raise self.refusal(
                f"{' and '.join(missing)} missing; write"
                f" {self.option} {self.name}{':' if self.name else ''}{example}"
            )
        return self.trying(lambda: self.make(*args, **wanted))

    def take(self, key: str, default: Any = None) -> Any:
        """An option that is not the member's own, which then has it no more."""
        return self.options.pop(key, default)

    def trying(self, make: Callable[[], Any]) -> Any:
        """What `make` makes. Raises BadParameter for what it refuses."""
        try:
            return make()
        except (TypeError, ValueError) as error:
            raise self.refusal(str(error)) from error

    def refusal(self, why: str) -> typer.BadParameter:
        """The error that names the option."""
        return typer.BadParameter(why, param_hint=self.option)

    def __str__(self) -> str:
        said = ", ".join(f"{key}={shown(value)}" for key, value in self.options.items())
        return f"{self.name} ({said})" if self.name and said else self.name or said


def parse(option: str, text: str, table: Mapping[str, Make], also: Iterable[str] = ()) -> Spec:
    """The member that ``NAME`` or ``NAME:VALUE,key=value,flag`` chooses from a table.

    `also` are keys that every member has beside its own. Raises BadParameter for a name or a key
    that is not known.

    >>> from microgd import optim
    >>> parse("--optimizer", "sgd:0.1,momentum=0.9,nesterov", {"sgd": optim.SGD}).options
    {'lr': 0.1, 'momentum': 0.9, 'nesterov': True}
    """
    name, _, rest = text.partition(":")
    name = name.strip().lower().replace("-", "_")
    try:
        make = choose(option, name, table)
    except ValueError as error:
        raise typer.BadParameter(str(error).removeprefix(f"{option} "), param_hint=option) from None
    return only(option, rest, make, name, also)


def only(option: str, text: str, make: Make, name: str = "", also: Iterable[str] = ()) -> Spec:
    """The one member that there is, with the options that ``VALUE,key=value,flag`` says.

    Numbers without a key belong to the key before, or else to the first: ``betas=0.9,0.99``.
    Raises BadParameter for a key that is not known.
    """
    spec = Spec(option, make, name)
    known = {**dict.fromkeys(keys(make)), **dict.fromkeys(also)}
    options: dict[str, Any] = {}
    key = next(iter(known), "")
    for part in filter(None, (part.strip() for part in text.split(","))):
        word, sign, rest = (piece.strip() for piece in part.partition("="))
        value = _value(rest if sign else word)
        if not known:
            raise spec.refusal(f"{name} has no options; leave {part!r} out")
        if sign or isinstance(value, str):
            key = word.replace("-", "_")
            spec.trying(partial(choose, f"{name}: option" if name else "option", key, known))
            options[key] = value if sign else True
        elif key in options:
            before = options[key]
            options[key] = (*(before if isinstance(before, tuple) else (before,)), value)
        else:
            options[key] = value
    return replace(spec, options=options)


def keys(make: Make) -> dict[str, inspect.Parameter]:
    """The options of a member, in order, without those that the run gives.

    >>> list(keys(lambda params, lr=0.1, momentum=0.0: None))
    ['lr', 'momentum']
    """
    return {
        name: parameter
        for name, parameter in inspect.signature(make).parameters.items()
        if name not in _GIVEN
        and not name.endswith("_fn")
        and parameter.kind is not parameter.VAR_KEYWORD
        and parameter.kind is not parameter.VAR_POSITIONAL
    }


def shown(value: Any) -> str:
    """A value as one writes it in an option.

    >>> shown((0.9, 0.999)), shown(True), shown(None), shown(1e-8)
    ('0.9,0.999', 'true', 'none', '1e-08')
    """
    if isinstance(value, tuple | list):
        return ",".join(map(shown, value))
    words = {id(stands): word for word, stands in _WORDS.items()}
    return words.get(id(value)) or (f"{value:g}" if isinstance(value, float) else str(value))


def _value(text: str) -> Any:
    """A number, true, false or none; else the text itself."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
