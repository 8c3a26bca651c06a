"""What all update rules share: groups of parameters, options, one step, saving and loading."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from microgd.graph import Array
from microgd.optim.bucket import Bucket
from microgd.tensor import Tensor

Options = dict[str, Any]


class Optimizer:
    """An update rule ``w -= lr * direction(g)``, applied to many parameters in one go.

    A rule is a subclass that names its `slots`, the numbers that it remembers for each weight,
    and says the `direction`. The arrays that it sees are flat and hold many parameters end to
    end, or a stretch of them, so that a step takes a few large array operations; the rule is
    elementwise and need not know.

    params   parameters, or groups ``{"params": [...], "lr": 0.1}`` with options of their own
    options  what holds for groups that do not say otherwise

    Raises ValueError for no parameters, one given twice, or an option out of range; TypeError for
    what is no trainable tensor or an option that the rule does not have.

    >>> class Signs(Optimizer):  # a rule of one's own
    ...     def direction(self, options, state, g, step):
    ...         return np.sign(g)
    >>> w = Tensor([1.0, 2.0], requires_grad=True)
    >>> rule = Signs([w], lr=0.5, weight_decay=0.0)
    >>> (w * w).sum().backward()
    >>> rule.step()
    >>> w.data
    array([0.5, 1.5])
    """

    slots: tuple[str, ...] = ()
    decoupled = False  # whether weight decay shrinks the weights, past the rule

    def __init__(self, params: Iterable[Any], **options: Any) -> None:
        given = self._listed(params)
        groups = given if given and isinstance(given[0], Mapping) else [{"params": given}]
        self.param_groups: list[Options] = []
        for number, group in enumerate(groups):
            if not isinstance(group, Mapping) or "params" not in group:
                raise TypeError(
                    f"{self.name}: group {number} is {group!r:.60}; give a dict with 'params'"
                )
            unknown = sorted(set(group) - set(options) - {"params"})
            if unknown:
                raise TypeError(f"{self.name}: group {number} has no option {unknown[0]!r}")
            self.param_groups.append({**options, **group, "params": self._listed(group["params"])})
            self.check(self.param_groups[-1])
        self._check_params([p for group in self.param_groups for p in group["params"]])
        self._buckets = [
            (group, Bucket([p for p in group["params"] if p.dtype == dtype]))
            for group in self.param_groups
            for dtype in dict.fromkeys(p.dtype for p in group["params"])
        ]

    @property
    def name(self) -> str:
        """The name of the rule."""
        return type(self).__name__

    def check(self, options: Options) -> None:
        """Raise ValueError for an option out of range; a rule with more options checks those."""
        self.require(options, "lr", 0.0)
        self.require(options, "weight_decay", 0.0)

    def needs(self, options: Options) -> tuple[str, ...]:
        """Those of the slots that the rule uses with these options."""
        return self.slots

    def direction(self, options: Options, state: dict[str, Array], g: Array, step: int) -> Array:
        """Where to go, from the gradient `g`; `step` counts from 1.

        `state` holds the slots, to be changed in place; `g` may be changed, too.
        """
        raise NotImplementedError(f"{self.name}: write a direction method")

    def step(self) -> None:
        """Move every parameter that has a gradient: ``w -= lr * direction``.

        Weight decay is a gradient of its own, ``weight_decay * w``, added to `g` before the rule;
        where it is decoupled, the rule does not see it, and ``w *= 1 - lr * weight_decay``.
        """
        for options, bucket in self._buckets:
            decay = options["weight_decay"]
            bucket.make_room(self.needs(options))
            for run in bucket.runs():
                run.gather()
                step = bucket.steps[run.start] + 1
                for weights, g, state in run.blocks:
                    if decay and not self.decoupled:
                        g += decay * weights
                    way = self.direction(options, dict(state), g, step)
                    np.multiply(way, options["lr"], out=g)
                # No weight moves before the rule has answered for all of the run
                if decay and self.decoupled:
                    run.weights *= 1 - options["lr"] * decay
                bucket.move(run)

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for options in self.param_groups:
            for p in options["params"]:
                p.gradient = None

    def __repr__(self) -> str:
        lines = [self.name]
        for group in self.param_groups:
            options = ", ".join(f"{k}={v!r}" for k, v in group.items() if k != "params")
            count = len(group["params"])
            lines.append(f"{count} parameter{'s' if count > 1 else ''}: {options}")
        return "\n  ".join(lines)

    # Saving and loading, in the form of PyTorch

    def state_dict(self) -> dict[str, Any]:
        """``{"state": {number: {"step": n, slot: array}}, "param_groups": [...]}``, all copies.

        Parameters are numbered in the order in which they were given.
        """
        places = self._places()
        state = {
            number: {
                "step": bucket.steps[i],
                **{
                    slot: bucket.shaped(bucket.state[slot], i).copy()
                    for slot in self.slots
                    if slot in bucket.state
                },
            }
            for number, (bucket, i) in enumerate(places)
            if bucket.steps[i]
        }
        numbers = iter(range(len(places)))
        groups = [
            {**group, "params": [next(numbers) for _ in group["params"]]}
            for group in self.param_groups
        ]
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken.

        Raises ValueError if it is of another rule or other parameters; all is then as it was.
        """
        places = self._places()
        self._check_state(state_dict, places)
        for group, new in zip(self.param_groups, state_dict["param_groups"], strict=True):
            group.update({key: value for key, value in new.items() if key != "params"})
        for _, bucket in self._buckets:
            bucket.forget()
        for number, saved in state_dict["state"].items():
            bucket, i = places[number]
            bucket.steps[i] = int(saved["step"])
            slots = [slot for slot in self.slots if slot in saved]
            bucket.make_room(slots)
            for slot in slots:
                bucket.shaped(bucket.state[slot], i)[...] = saved[slot]

    def _places(self) -> list[tuple[Bucket, int]]:
        """Bucket and place of each parameter, in the order given."""
        found = {
            id(p): (bucket, i) for _, bucket in self._buckets for i, p in enumerate(bucket.params)
        }
        return [found[id(p)] for group in self.param_groups for p in group["params"]]

    # Bad input

    def require(
        self, options: Options, name: str, low: float, below: float = math.inf, i: int | None = None
    ) -> None:
        """Raise ValueError unless ``low <= option < below`` (element `i` of it, if given)."""
        value = options[name] if i is None else options[name][i]
        if not (isinstance(value, int | float | np.number) and low <= value < below):
            where = name if i is None else f"{name}[{i}]"
            span = f"from {low:g} to below {below:g}" if below < math.inf else f"at least {low:g}"
            raise ValueError(f"{self.name}: {where}={value!r}; give a number {span}")

    def require_bool(self, options: Options, name: str) -> None:
        """Raise ValueError unless the option is True or False."""
        if type(options[name]) not in {bool, np.bool_}:
            raise ValueError(f"{self.name}: {name}={options[name]!r}; give True or False")

    def _listed(self, params: Any) -> list[Any]:
        if isinstance(params, Tensor) or not isinstance(params, Iterable):
            raise TypeError(
                f"{self.name}: params is {params!r:.60}; give a list of Tensors, such as"
                " model.parameters()"
            )
        return list(params)

    def _check_params(self, params: list[Any]) -> None:
        if not params:
            raise ValueError(f"{self.name}: no parameters; pass model.parameters()")
        for number, p in enumerate(params):
            if not isinstance(p, Tensor) or not p.requires_grad or not p.is_leaf:
                raise TypeError(
                    f"{self.name}: parameter {number} is {p!r:.60}; give leaf Tensors that require"
                    " a gradient, such as model.parameters()"
                )
        if len({id(p) for p in params}) < len(params):
            raise ValueError(f"{self.name}: a parameter is given twice; name each in one group")

    def _check_state(self, state_dict: Any, places: list[tuple[Bucket, int]]) -> None:
        where = f"{self.name}.load_state_dict"
        if not isinstance(state_dict, Mapping) or not {"param_groups", "state"} <= set(state_dict):
            raise ValueError(f"{where}: no 'state' and 'param_groups'; give what state_dict() gave")
        ours = [len(group["params"]) for group in self.param_groups]
        theirs = [len(group["params"]) for group in state_dict["param_groups"]]
        if ours != theirs:
            raise ValueError(f"{where}: groups of {theirs} parameters, expected {ours}")
        for number, group in enumerate(state_dict["param_groups"]):
            # initial_lr is put there by a schedule, which may have been made since
            missing = sorted(set(self.param_groups[number]) - set(group) - {"initial_lr"})
            if missing:
                raise ValueError(f"{where}: group {number} has no {missing[0]!r}; of another rule?")
            self.check(group)
        options = [group for group in state_dict["param_groups"] for _ in group["params"]]
        for number, saved in state_dict["state"].items():
            if number not in range(len(places)):
                raise ValueError(f"{where}: parameter {number!r} of {len(places)} parameters")
            step, (bucket, i) = saved.get("step"), places[number]
            if not isinstance(step, int | np.integer) or step < 0:
                raise ValueError(f"{where}: parameter {number} has step={step!r}, no whole number")
            known = {*self.needs(options[number]), *saved}
            for slot in (slot for slot in self.slots if slot in known):
                shape = np.shape(saved[slot]) if slot in saved else "no array"
                if shape != bucket.params[i].shape:
                    raise ValueError(
                        f"{where}: {slot} of parameter {number} has {shape}, expected"
                        f" {bucket.params[i].shape}"
                    )
