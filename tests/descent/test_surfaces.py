"""The surfaces: their minima are minima, their formulas are what they compute."""

import math
from dataclasses import replace

import numpy as np
import pytest

import microgd as mg
from microgd.data import line
from microgd.descent import SURFACES, Surface, regression, surface_of
from microgd.explain.expression import function

ALL = pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)
KNOWN = [(name, place) for name, surface in SURFACES.items() for place in surface.minima]
ROWED = {"cliff", "line"}  # their formulas have an index or a mean over data


def test_the_surfaces_of_the_issue_are_there():
    asked = "bowl ravine saddle plateau cliff rosenbrock beale himmelblau rastrigin bumps"
    assert set(asked.split()) <= set(SURFACES)


@pytest.mark.parametrize(("name", "place"), KNOWN)
def test_at_a_minimum_the_gradient_is_zero_and_the_hessian_positive_definite(name, place):
    surface = SURFACES[name]
    scale = np.abs(surface.hessian(place)).max()
    assert np.linalg.norm(surface.gradient(place)) <= 1e-13 * scale
    assert np.linalg.eigvalsh(surface.hessian(place))[0] > 0
    assert surface(*place) == pytest.approx(surface.lowest, abs=1e-12)


@ALL
def test_nothing_in_the_view_is_lower_than_the_known_minimum(surface):
    x, y, values = surface.grid(60)
    assert values.shape == (len(y), len(x))
    assert np.isfinite(values).all()
    assert values.min() >= surface.lowest - 1e-12


@ALL
def test_the_grid_holds_the_values_at_its_points(surface):
    x, y, values = surface.grid(7)
    for i, j in ((0, 0), (2, 5), (6, 3)):
        assert values[i, j] == pytest.approx(surface(x[j], y[i]), rel=1e-12, abs=1e-12)


@ALL
def test_gradient_and_hessian_agree_with_finite_differences(surface):
    at = np.array(surface.start)
    h = 1e-5 * (surface.box[1] - surface.box[0])
    steps = h * np.eye(2)
    slopes = [(surface(*(at + s)) - surface(*(at - s))) / (2 * h) for s in steps]
    assert surface.gradient(surface.start) == pytest.approx(slopes, rel=1e-4, abs=1e-6)
    second = [
        (surface.gradient(tuple(at + s)) - surface.gradient(tuple(at - s))) / (2 * h) for s in steps
    ]
    assert surface.hessian(surface.start) == pytest.approx(np.array(second), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("name", sorted(set(SURFACES) - ROWED))
def test_the_formula_as_text_is_the_function(name):
    surface = SURFACES[name]
    read = Surface(name=name, f=function(surface.formula, ("x", "y")), box=surface.box)
    assert read.grid(9)[2] == pytest.approx(surface.grid(9)[2], rel=1e-12, abs=1e-12)


def test_the_cliff_is_the_error_of_a_recurrent_unit():
    w, b = 5.5, -2.5
    h = 0.5
    for _ in range(50):
        h = w / (1 + math.exp(-h)) + b
    assert SURFACES["cliff"](w, b) == pytest.approx((1 / (1 + math.exp(-h)) - 0.7) ** 2, rel=1e-12)


def test_the_line_has_its_minimum_at_the_solution_of_least_squares():
    data = line(40, noise=0.5, rng=3)
    x, y = data.x.ravel(), data.y.ravel()
    slope = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
    surface = regression(data)
    assert surface.minima[0] == pytest.approx((slope, y.mean() - slope * x.mean()))
    assert surface(1.0, 2.0) == pytest.approx(np.mean((x + 2.0 - y) ** 2))
    assert surface.quadratic


def test_quadratic_are_those_whose_curvature_is_the_same_everywhere():
    assert {s.name for s in SURFACES.values() if s.quadratic} == {"bowl", "ravine", "line"}


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: mg.tanh(x) * y**2 + mg.exp(-y),
        lambda x, y: x.exp() + y,
        lambda x, y: x * y if x > 0 else -x + 0 * y,
    ],
    ids=["functions", "methods", "if"],
)
def test_a_function_of_ones_own_is_a_surface(f):
    surface = surface_of(f)
    x, y, values = surface.grid(5)
    assert values[1, 3] == pytest.approx(surface(x[3], y[1]))
    assert mg.descent.race(f, "sgd", steps=3).steps == 3


def test_a_function_keeps_its_name():
    def valley(x, y):
        return x**2 + y**2

    assert surface_of(valley).name == "valley"
    assert surface_of(lambda x, y: x).name == "surface"


def abs_of_one(x):
    return abs(x)


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (lambda: surface_of("ravin"), ValueError, "surface 'ravin' is unknown; did you mean 'rav"),
        (lambda: surface_of(3), TypeError, "surface: 3 is no function of x and y"),
        (lambda: surface_of(abs_of_one), TypeError, "no function of x and y (too many positional"),
        (lambda: Surface(name="a", f=max, box=(1, 0, 0, 1)), ValueError, "has no inside"),
        (lambda: Surface(name="a", f=max, box=(0, 1, 0)), ValueError, "has no inside"),
        (
            lambda: Surface(name="a", f=max, start=(1,)),
            ValueError,
            "start is (1,); give two finite",
        ),
        (
            lambda: Surface(name="a", f=max, start=(1, math.inf)),
            ValueError,
            "y of the start is inf",
        ),
        (lambda: surface_of(lambda x, y: 3.0)(1, 1), TypeError, "f(x, y) gave 3.0"),
        (
            lambda: regression(replace(line(9), x=np.ones((9, 2)))),
            ValueError,
            "x has shape (9, 2)",
        ),
    ],
)
def test_what_is_no_surface_is_refused_with_a_way_out(make, error, said):
    with pytest.raises(error) as raised:
        make()
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
