"""The optimizer and how its rate changes, from their names."""

from collections.abc import Iterable
from typing import Any

import typer

from microgd import nn, optim
from microgd.cli.training.options import Options
from microgd.cli.training.spec import Spec, keys, parse, shown
from microgd.cli.training.toolbox import OPTIMIZERS, SCHEDULES, also
from microgd.train import Scheduled


def rule(options: Options, model: nn.Module) -> optim.Optimizer:
    """Make the optimizer. Raises BadParameter for an option that it does not have or take."""
    spec = parse("--optimizer", options.optimizer, OPTIMIZERS)
    known = keys(spec.make)
    given: dict[str, Any] = {}
    for key in ("momentum", "weight_decay"):
        value = getattr(options, key)
        if value is not None:
            _check_new(spec, key, known)
            given[key] = value
    rates = _rates(options.lr)
    if rates:
        _check_new(spec, "lr", known)
    if len(rates) < 2:
        given |= {"lr": rates[0]} if rates else {}
        made: optim.Optimizer = spec.build(model.parameters(), **given)
        return made
    layers = _layers(model)
    if len(rates) != len(layers):
        raise typer.BadParameter(
            f"{len(rates)} rates for {len(layers)} layers; give one for each, from the"
            " first on, or one for all",
            param_hint="--lr",
        )
    groups = [{"params": p, "lr": lr} for p, lr in zip(layers, rates, strict=True)]
    grouped: optim.Optimizer = spec.build(groups, **given)
    return grouped


def _check_new(spec: Spec, key: str, known: Iterable[str]) -> None:
    """Raise BadParameter for what the rule does not have, or was told twice."""
    hint = "--" + key.replace("_", "-")
    if key not in known:
        raise typer.BadParameter(
            f"{spec.name} has none; it has {', '.join(known)}", param_hint=hint
        )
    if key in spec.options:
        raise typer.BadParameter("also given in --optimizer; give it once", param_hint=hint)


def _rates(text: str | None) -> list[float]:
    try:
        return [float(part) for part in text.split(",")] if text else []
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no rate; give a number, or one for each layer, as 0.1,0.01",
            param_hint="--lr",
        ) from None


def _layers(model: nn.Module) -> list[list[Any]]:
    """The parameters of each layer, with those of a normalisation after it."""
    layers: list[list[Any]] = []
    seen: set[int] = set()  # a recurrent network and its cells hold the same ones
    for _, part in model.named_modules():
        values = [value for value in vars(part).values() if isinstance(value, nn.Parameter)]
        own = [value for value in values if id(value) not in seen]
        seen |= {id(value) for value in own}
        if own and isinstance(part, nn.BatchNorm1d | nn.LayerNorm):
            layers[-1] += own
        elif own:
            layers.append(own)
    return layers


def scheduled(
    options: Options, optimizer: optim.Optimizer, steps: int, monitor: str
) -> tuple[Scheduled | None, bool, str]:
    """The schedule as a callback, whether it depends on how long the run is, and what it is.

    steps    in an epoch
    monitor  the column that tells of progress, for a plateau
    Raises BadParameter for schedules that cannot work, alone or after one another.
    """
    specs = [
        parse(
            "--schedule", text, {name: s.make for name, s in SCHEDULES.items()}, also("--schedule")
        )
        for text in options.schedule or []
    ]
    if not specs:
        return None, False, ""
    each = _unit(specs)
    total = options.epochs * (steps if each == "step" else 1)
    spans = _spans(specs, total, each)
    rates = [group["lr"] for group in optimizer.param_groups]
    lr = rates if len(rates) > 1 else rates[0]
    made, depends = [], False
    for spec, span in zip(specs, spans, strict=True):
        filled = dict(SCHEDULES[spec.name].filled)
        known = {"length": span, "lr": lr} | ({} if spec is specs[-1] else {"for": span})
        given = {
            key: known[what]
            for key, what in filled.items()
            if key not in spec.options and what in known
        }
        depends |= spec is specs[-1] and any(filled[key] == "length" for key in given)
        watched = spec.take("monitor")
        if spec.name == "plateau":
            monitor = watched or monitor
            given["mode"] = "max" if monitor.endswith("accuracy") else "min"
        elif watched is not None:
            raise spec.refusal(f"{spec.name}: a rate by the time alone; leave monitor= out")
        made.append(spec.build(optimizer, **given))
    milestones = [sum(spans[:count]) for count in range(1, len(spans))]
    whole = made[0]
    if milestones:
        whole = Spec("--schedule", optim.SequentialLR).build(
            optimizer, schedulers=made, milestones=milestones
        )
    callback = specs[0].trying(lambda: Scheduled(whole, each=each, monitor=monitor))
    specs[0].trying(lambda: whole.preview(total))
    parts = [f"{one} for {span} {each}s" for one, span in zip(made, spans[:-1], strict=False)]
    said = ", then ".join([*parts, str(made[-1])])
    return callback, depends, f"{said}, each {each}"


def _unit(specs: list[Spec]) -> str:
    """What the schedules count: epochs or steps, all the same."""
    units = {spec.take("each", SCHEDULES[spec.name].each) for spec in specs}
    if len(units) > 1:
        raise specs[0].refusal(
            "some of them count epochs and others steps; give all the same each=epoch or each=step"
        )
    unit = str(units.pop())
    if unit not in {"epoch", "step"}:
        raise specs[0].refusal(f"each is {unit!r}; give each=epoch or each=step")
    return unit


def _spans(specs: list[Spec], total: int, each: str) -> list[int]:
    """How long each schedule holds."""
    *first, last = [(spec, spec.take("for")) for spec in specs]
    for spec, count in first:
        if not isinstance(count, int) or count < 1:
            raise spec.refusal(
                f"{spec.name}: how many {each}s until the next? Write {spec.name}:for=5"
            )
    if last[1] is not None:
        raise last[0].refusal(f"{last[0].name}: the last one holds to the end; leave for= out")
    spans = [count for _, count in first]
    rest = total - sum(spans)
    if rest < 1:
        raise last[0].refusal(
            f"{last[0].name}: the run is over after {total} {each}s, before it begins; give more"
            " epochs, or a smaller for="
        )
    return [*spans, rest]


def described(optimizer: optim.Optimizer) -> str:
    """The rule with its options."""
    groups = optimizer.param_groups
    options = {key: value for key, value in groups[0].items() if key != "params"}
    options["lr"] = [group["lr"] for group in groups]
    said = ", ".join(f"{key}={shown(value)}" for key, value in options.items())
    return f"{optimizer.name}: {said}"
