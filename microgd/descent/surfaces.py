"""The surfaces of races, each written as a learner would write it, with one thing to show."""

from inspect import signature
from typing import Any

from microgd.data import line
from microgd.descent.regression import regression
from microgd.descent.surface import Function, Surface
from microgd.names import choose
from microgd.ops.elementwise import cos, sigmoid, tanh


def _cliff(w: Any, b: Any) -> Any:
    h: Any = 0.5
    for _ in range(50):
        h = w * sigmoid(h) + b
    return (sigmoid(h) - 0.7) ** 2


_ALL = (
    Surface(
        name="bowl",
        f=lambda x, y: (x**2 + y**2) / 2,
        formula="(x**2 + y**2) / 2",
        about="Equally steep all around: the gradient points away from the minimum.",
        lr=0.1,
        minima=((0.0, 0.0),),
        source="the Hessian is the identity: L = 1, descent is stable up to 2/L = 2",
    ),
    Surface(
        name="ravine",
        f=lambda x, y: (x**2 + 50 * y**2) / 2,
        formula="(x**2 + 50*y**2) / 2",
        about="Steep across, nearly flat along: descent zigzags, and momentum averages that out.",
        box=(-10.0, 10.0, -8.0, 8.0),
        start=(-9.0, 2.0),
        lr=0.036,
        stride=0.4,
        steps=100,
        minima=((0.0, 0.0),),
        source="Goh 2017, https://distill.pub/2017/momentum/",
    ),
    Surface(
        name="saddle",
        f=lambda x, y: x**2 / 2 - y**2 / 2 + y**4 / 4,
        formula="x**2/2 - y**2/2 + y**4/4",
        about="At (0, 0) the gradient is zero and yet it is no minimum: who gets away, and when?",
        box=(-2.2, 2.2, -1.8, 1.8),
        start=(-1.8, 0.001),
        lr=0.1,
        stride=0.05,
        steps=120,
        minima=((0.0, -1.0), (0.0, 1.0)),
        source="Dauphin et al. 2014, https://arxiv.org/abs/1406.2572, for why saddles matter",
    ),
    Surface(
        name="plateau",
        f=lambda x, y: tanh((x**2 + y**2) / 6),
        formula="tanh((x**2 + y**2) / 6)",
        about="Far out the tanh is saturated and the gradient vanishes: descent hardly moves.",
        box=(-6.0, 6.0, -5.0, 5.0),
        start=(-4.2, 1.8),
        lr=0.5,
        stride=0.15,
        steps=100,
        minima=((0.0, 0.0),),
        source="a saturated unit: Hochreiter 1991; Glorot and Bengio 2010",
    ),
    Surface(
        name="cliff",
        f=_cliff,
        formula="(sigmoid(h[50]) - 0.7)**2, h[t] = w*sigmoid(h[t-1]) + b, h[0] = 0.5",
        about="A recurrent unit over 50 steps: at the wall the gradient explodes. Try clipping.",
        box=(3.8, 6.8, -3.5, -1.2),
        start=(6.0, -2.2),
        lr=0.5,
        stride=0.02,
        steps=150,
        lowest=0.0,  # on a line along the wall
        axes=("w", "b"),
        source="Pascanu, Mikolov and Bengio 2013, figure 6, https://arxiv.org/abs/1211.5063",
    ),
    Surface(
        name="rosenbrock",
        f=lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
        formula="(1 - x)**2 + 100*(y - x**2)**2",
        about="A bent ravine: easy to fall into, slow to follow to its end.",
        box=(-2.0, 2.0, -0.9, 2.1),
        start=(-1.2, 1.0),
        lr=0.001,
        stride=0.05,
        steps=300,
        minima=((1.0, 1.0),),
        source="Rosenbrock 1960, https://doi.org/10.1093/comjnl/3.3.175",
    ),
    Surface(
        name="beale",
        f=lambda x, y: (
            (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2
        ),
        formula="(1.5 - x + x*y)**2 + (2.25 - x + x*y**2)**2 + (2.625 - x + x*y**3)**2",
        about="Flat valleys between steep corners: a rate that suits one is wrong in the other.",
        box=(-4.5, 4.5, -3.5, 3.5),
        start=(1.0, 1.5),
        lr=0.005,
        stride=0.1,
        steps=150,
        minima=((3.0, 0.5),),
        source="Beale 1958; More, Garbow and Hillstrom 1981, https://doi.org/10.1145/355934.355936",
    ),
    Surface(
        name="himmelblau",
        f=lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
        formula="(x**2 + y - 11)**2 + (x + y**2 - 7)**2",
        about="Four minima, equally deep: which one is found is a matter of the rule, too.",
        start=(1.0, -0.5),
        lr=0.01,
        stride=0.2,
        minima=(
            (3.0, 2.0),
            (-2.805118086952745, 3.131312518250573),
            (-3.779310253377747, -3.283185991286170),
            (3.584428340330492, -1.848126526964404),
        ),
        lowest=0.0,
        source="Himmelblau 1972, Applied Nonlinear Programming",
    ),
    Surface(
        name="rastrigin",
        f=lambda x, y: (
            20 + x**2 + y**2 - 10 * (cos(6.283185307179586 * x) + cos(6.283185307179586 * y))
        ),
        formula="20 + x**2 + y**2 - 10*(cos(2*pi*x) + cos(2*pi*y))",
        about="A minimum about every whole number, and only one of them is the lowest.",
        box=(-3.4, 3.4, -2.7, 2.7),
        start=(-2.7, 2.4),
        lr=0.0015,
        stride=0.1,
        steps=100,
        minima=((0.0, 0.0),),
        source="Rastrigin 1974; Muehlenbein, Schomisch and Born 1991",
    ),
    Surface(
        name="bumps",
        f=lambda x, y: (x**2 + y**2) / 40 + 0.4 * (1 - cos(x) * cos(y)),
        formula="(x**2 + y**2)/40 + 0.4*(1 - cos(x)*cos(y))",
        about="Shallow dents in a wide bowl: descent stays in the first, momentum rolls on.",
        box=(-10.0, 10.0, -8.0, 8.0),
        start=(-8.0, 5.2),
        lr=0.3,
        stride=0.3,
        steps=120,
        minima=((0.0, 0.0),),
        source="after Griewank 1981, https://doi.org/10.1007/BF00933356",
    ),
)

SURFACES: dict[str, Surface] = {
    surface.name: surface for surface in (*_ALL, regression(line(noise=0.5)))
}


def surface_of(what: str | Surface | Function) -> Surface:
    """A surface by name, one's own, or a function of two variables made into one.

    Raises ValueError for a name that is not known, TypeError for what is no function.

    >>> surface_of("ravine").curvature((0.0, 0.0))
    50.0
    >>> surface_of(lambda x, y: x**2 + y**2)(3.0, 4.0)
    25.0
    """
    if isinstance(what, Surface):
        return what
    if isinstance(what, str):
        return choose("surface", what, SURFACES)
    try:
        signature(what).bind("x", "y")
    except ValueError:  # written in C, and says nothing of its arguments
        pass
    except TypeError as error:  # no function at all, or of other arguments
        raise TypeError(
            f"surface: {what!r:.60} is no function of x and y ({error}); give a name or one"
        ) from error
    name = getattr(what, "__name__", "surface")
    return Surface(name="surface" if name == "<lambda>" else name, f=what)
