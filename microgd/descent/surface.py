"""A surface: a loss of two parameters, which can be drawn whole, unlike that of any network."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from microgd import transforms
from microgd.arguments import real
from microgd.graph import Array
from microgd.tensor import Tensor, no_grad

Function = Callable[[Any, Any], Any]
Point = tuple[float, float]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class Surface:
    """A function of two variables, ordinary Tensors, with what a race on it needs to know.

    f        the function: f(x, y) of two Tensors gives one Tensor, elementwise
    formula  f as text
    about    what it is there to show
    box      the view: x from, x to, y from, y to
    start    where a race begins if nothing is said
    lr       a rate that suits steps of ``lr * gradient`` (SGD, momentum), in x**2 per unit of f
    stride   a rate that suits steps of about `lr` whatever the gradient's size (Adam), in x
    steps    a number of steps that shows what there is to see
    minima   the known global minima
    lowest   the value of f there, None if it is not known
    axes     what the two variables are called
    source   where it comes from

    Raises ValueError for a box without an inside or a start that is not finite.

    >>> tilted = Surface(name="tilted", f=lambda x, y: x**2 + 0.5 * y, formula="x**2 + 0.5*y")
    >>> tilted(1.0, 2.0), tilted.gradient((1.0, 2.0)).tolist()
    (2.0, [2.0, 0.5])
    """

    name: str
    f: Function
    formula: str = ""
    about: str = ""
    box: Box = (-5.0, 5.0, -5.0, 5.0)
    start: Point = (-4.0, 3.0)
    lr: float = 0.1
    stride: float = 0.3
    steps: int = 60
    minima: tuple[Point, ...] = ()
    lowest: float | None = None
    axes: tuple[str, str] = ("x", "y")
    source: str = ""

    def __post_init__(self) -> None:
        edges = [real("Surface", "box", edge, "give four numbers") for edge in self.box]
        if len(edges) != 4 or edges[0] >= edges[1] or edges[2] >= edges[3]:
            raise ValueError(
                f"Surface: box={self.box} has no inside; give (x from, x to, y from, y to)"
            )
        point("Surface", self.start)
        if self.lowest is None and self.minima:
            object.__setattr__(self, "lowest", min(self(*place) for place in self.minima))

    def __call__(self, x: float, y: float) -> float:
        """The value at a point."""
        with no_grad(), np.errstate(all="ignore"):
            return float(self.at(np.array([x, y], dtype=float)).data)

    def at(self, w: Any) -> Any:
        """The value at a Tensor or array ``w = (x, y)``, as a Tensor with its history."""
        w = w if isinstance(w, Tensor) else Tensor(w)
        value = self.f(w[0], w[1])
        if not isinstance(value, Tensor) or value.shape != w.shape[1:]:
            raise TypeError(
                f"{self.name}: f(x, y) gave {value!r:.60} for x of shape {w.shape[1:]}; compute it"
                " from x and y with operations of microgd, elementwise, as x**2 + mg.sin(y)"
            )
        return value

    def gradient(self, place: Point) -> Array:
        """The two partial derivatives at a point."""
        with np.errstate(all="ignore"):
            found: Array = transforms.grad(self.at)(np.array(place, dtype=float)).data
        return found

    def hessian(self, place: Point) -> Array:
        """The second derivatives at a point, of shape (2, 2)."""
        with np.errstate(all="ignore"):
            found: Array = transforms.hessian(self.at)(np.array(place, dtype=float)).data
        return found

    def curvature(self, place: Point) -> float:
        """L, the largest eigenvalue of the Hessian at a point; NaN where that is not finite."""
        second = self.hessian(place)
        return float(np.linalg.eigvalsh(second)[-1]) if np.isfinite(second).all() else math.nan

    def distance(self, place: Point) -> float:
        """How far it is to the nearest known minimum; NaN if none is known."""
        return min((math.dist(place, minimum) for minimum in self.minima), default=math.nan)

    def grid(self, points: int = 121) -> tuple[Array, Array, Array]:
        """``x (n,), y (n,), f (n, n)`` over the box; row i of f is at y[i]."""
        x, y = (np.linspace(a, b, points) for a, b in (self.box[:2], self.box[2:]))
        with no_grad(), np.errstate(all="ignore"):
            try:
                values: Array = self.at(np.stack(np.meshgrid(x, y))).data
            except (TypeError, ValueError):  # f asks `if x > 0`, or the like: a point at a time
                values = np.array([[self(a, b) for a in x] for b in y])
        return x, y, values

    @cached_property
    def quadratic(self) -> bool:
        """Whether the Hessian is the same all over the box, as far as five points of it say."""
        x0, x1, y0, y1 = self.box
        places = [self.start, (x0, y0), (x1, y0), (x0, y1), (x1, y1)]
        first, *others = (self.hessian(place) for place in places)
        return all(np.allclose(first, other, rtol=1e-9, atol=1e-12) for other in others)


def point(op: str, place: Any) -> Point:
    """Two finite numbers. Raises ValueError or TypeError for anything else.

    >>> point("race", [1, 2])
    (1.0, 2.0)
    """
    way_out = "give two finite numbers, as (1.0, -2.0)"
    try:
        x, y = place
    except (TypeError, ValueError) as error:
        raise ValueError(f"{op}: start is {place!r:.60}; {way_out}") from error
    return real(op, "x of the start", x, way_out), real(op, "y of the start", y, way_out)
