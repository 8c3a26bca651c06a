"""Paths against the gradient, against brute force, and where there are far too many to walk."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import microgd as mg
from microgd import nn
from microgd.explain.ids import number
from microgd.explain.paths import paths
from microgd.explain.steps import backprop


def leaf(value, name="w"):
    return mg.tensor(value, requires_grad=True, name=name)


def every_path(loss, w):
    """All paths by plain recursion over the recorded steps, each with its product of locals."""
    steps = {step.node: step for step in backprop(loss)}

    def walk(node):
        if node is w:
            yield (), 1.0
        elif node in steps:
            for edge in steps[node].edges:
                ones = np.ones_like(node.data)
                derivative = node.op.derivatives_of(node.inputs)[edge.index]
                values = [x.data for x in node.inputs]
                local = derivative.rule(node.data, *values, **node.params)
                for rest, product in walk(node.inputs[edge.index]):
                    yield ((node, edge.index), *rest), float((local * ones).sum()) * product

    return list(walk(loss))


UNARY = [mg.tanh, mg.sigmoid, mg.sin, mg.square, mg.negative]
BINARY = [mg.add, mg.multiply, mg.subtract]


@st.composite
def scalar_graphs(draw, most=9):
    """A random expression of numbers with one leaf w, in which results are used again."""
    w = leaf(draw(st.floats(-2, 2)))
    made = [w, mg.tensor(0.7), leaf(-1.3, "b")]
    for _ in range(draw(st.integers(1, most))):
        x, y = draw(st.sampled_from(made)), draw(st.sampled_from(made))
        op = draw(st.sampled_from(UNARY + BINARY))
        made.append(op(x) if op in UNARY else op(x, y))
    return mg.add(made[-1], w), w


@given(scalar_graphs(), st.integers(1, 6))
def test_scalars_against_brute_force(graph, top):
    loss, w = graph
    everything = every_path(loss, w)
    found = paths(loss, w, top)
    assert found.exact
    assert found.n_paths == len(everything)
    assert len(found) == min(top, len(everything))
    products = sorted((abs(product) for _, product in everything), reverse=True)
    np.testing.assert_allclose([p.norm for p in found], products[:top], rtol=1e-12, atol=1e-300)
    loss.backward()
    assert np.array_equal(found.gradient, w.grad)
    scale = sum(products) + 1e-300
    total = sum(p.contribution for p in found) + found.rest
    np.testing.assert_allclose(total, w.grad, rtol=0, atol=1e-14 * scale)


@given(scalar_graphs())
def test_every_scalar_path_is_listed_once_and_is_the_product_of_its_factors(graph):
    loss, w = graph
    everything = every_path(loss, w)
    found = paths(loss, w, top=len(everything))
    ids = number(loss)
    ways = {
        tuple(f"{ids[node.inputs[i]]}-{ids[node]}-{i}" for node, i in way): product
        for way, product in everything
    }
    listed = {tuple(hop.edge for hop in path.hops): path for path in found}
    assert listed.keys() == ways.keys()
    for way, path in listed.items():
        assert math.isclose(float(path.contribution), ways[way], rel_tol=1e-12, abs_tol=1e-300)
        factors = math.prod(hop.factor for hop in path.hops)
        assert math.isclose(float(path.contribution), factors, rel_tol=1e-12, abs_tol=1e-300)
        assert path.nodes[0] == ids[loss]
        assert path.nodes[-1] == ids[w]
    sizes = sum(path.norm for path in found) + 1e-300
    assert float(found.rest) == pytest.approx(0, abs=1e-14 * sizes)


@given(
    layers=st.integers(1, 4),
    width=st.integers(1, 4),
    rows=st.integers(1, 3),
    seed=st.integers(0, 2**32),
    activation=st.sampled_from([mg.tanh, mg.relu, mg.sigmoid, nn.GELU()]),
)
def test_residual_networks_of_shared_weights(layers, width, rows, seed, activation):
    rng = np.random.default_rng(seed)
    w, b = leaf(rng.normal(size=(width, width))), leaf(rng.normal(size=width), "b")
    h = mg.tensor(rng.normal(size=(rows, width)))
    for _ in range(layers):
        h = h + activation(h @ w + b)  # the bias is broadcast over the rows
    loss = mg.mean(h * h)
    loss.backward()
    for weight in (w, b):
        found = paths(loss, weight, top=10**6)
        assert found.exact
        assert len(found) == found.n_paths
        assert found.n_paths == count_by_hand(loss, weight)
        assert [p.norm for p in found] == sorted((p.norm for p in found), reverse=True)
        sizes = sum(p.norm for p in found) + 1e-300
        np.testing.assert_allclose(found.rest, 0, atol=1e-13 * sizes)
        np.testing.assert_array_equal(found.gradient, weight.grad)
        assert {p.contribution.shape for p in found} == {weight.shape}
        for path in found:
            if path.norm:
                gains = math.prod(hop.gain for hop in path.hops)
                assert math.isclose(gains, path.norm, rel_tol=1e-10)
        if np.linalg.norm(weight.grad) > 1e-6 * sizes:
            assert math.isclose(sum(p.share for p in found), 1, abs_tol=1e-6)


def count_by_hand(node, w):
    if node is w:
        return 1
    return sum(count_by_hand(x, w) for x in node.inputs if x.requires_grad)


def test_a_contribution_is_what_arrives_when_all_other_paths_are_cut():
    rng = np.random.default_rng(0)
    w = leaf(rng.normal(size=(3, 3)))
    x = mg.tensor(rng.normal(size=(2, 3)))
    first = mg.tanh(x @ w)
    loss = mg.sum(mg.sin(first @ w))
    longest = max(paths(loss, w), key=lambda path: len(path.hops))
    again = mg.sum(mg.sin(first @ w.detach()))  # the second use does not count
    w.zero_grad()
    again.backward()
    np.testing.assert_allclose(longest.contribution, w.grad, rtol=1e-12)


def test_the_layers_of_an_mlp_are_one_chain():
    model = nn.MLP([4, 5, 5, 3], activation="tanh", rng=0)
    loss = nn.cross_entropy(model(np.random.default_rng(1).normal(size=(6, 4))), [0, 1, 2, 0, 1, 2])
    first = model.layers[0].weight
    found = paths(loss, first)
    assert (found.n_paths, found.exact) == (1, True)
    assert [hop.operation for hop in found[0].hops if hop.operation == "linear"] == ["linear"] * 3
    np.testing.assert_array_equal(found[0].contribution, found.gradient)


def diamonds(x, n):
    for _ in range(n):
        x = mg.sin(x) + mg.tanh(x) * 0.9
    return x


def test_sixty_diamonds_are_two_to_the_sixty_paths():
    w = leaf(0.3)
    found = paths(diamonds(w, 60), w, top=5)
    assert found.n_paths == 2**60
    assert found.exact
    assert len(found) == 5
    total = float(sum(p.contribution for p in found) + found.rest)
    assert math.isclose(total, float(found.gradient), abs_tol=1e-14 * found[0].norm)


def test_the_largest_of_many_are_the_largest_of_all():
    w = leaf(0.3)
    loss = diamonds(w, 8)
    products = sorted((abs(p) for _, p in every_path(loss, w)), reverse=True)
    assert len(products) == 2**8
    np.testing.assert_allclose([p.norm for p in paths(loss, w, 20)], products[:20], rtol=1e-12)


def test_of_arrays_with_few_paths_the_largest_of_all_are_listed():
    rng = np.random.default_rng(5)
    w = leaf(rng.normal(size=(3, 3)))
    loss = mg.sum(diamonds(mg.tensor(rng.normal(size=(2, 3))) @ w, 6))
    everything, found = paths(loss, w, top=64), paths(loss, w, top=7)
    assert found.exact
    assert (len(everything), found.n_paths) == (64, 64)
    assert [p.norm for p in found] == [p.norm for p in everything[:7]]
    assert [p.nodes for p in found] == [p.nodes for p in everything[:7]]


def test_arrays_with_too_many_paths_say_that_the_list_is_not_proven():
    w = leaf([0.3, -0.2])
    found = paths(mg.sum(diamonds(w, 40)), w, top=3)
    assert found.n_paths == 2**40
    assert not found.exact
    assert "The 3 largest found:" in repr(found)
    total = sum(p.contribution for p in found) + found.rest
    np.testing.assert_allclose(total, found.gradient, atol=1e-14 * found[0].norm)


def test_both_edges_of_a_square_are_two_paths():
    x = leaf(3.0, "x")
    found = paths(x * x, x)
    assert [hop.edge for path in found for hop in path.hops] == ["n0-n1-0", "n0-n1-1"]
    assert found.ids == {"n0", "n1", "n0-n1-0", "n0-n1-1"}
    assert [float(path.contribution) for path in found] == [3.0, 3.0]


def test_to_the_middle_of_a_graph_and_to_the_loss_itself():
    x = leaf(2.0, "x")
    middle = x * x
    loss = mg.exp(middle) + middle
    found = paths(loss, middle)
    assert found.n_paths == 2
    assert math.isclose(float(found.gradient), math.exp(4) + 1)
    itself = paths(loss, loss)
    assert (itself.n_paths, itself[0].hops, float(itself.gradient)) == (1, (), 1.0)


def test_float32_stays_float32_and_no_gradient_is_written():
    w = leaf(np.float32([0.5, 1.5]))
    found = paths(mg.sum(w * w * 0.5), w)
    assert {found.gradient.dtype, found.rest.dtype} == {np.dtype(np.float32)}
    assert {p.contribution.dtype for p in found} == {np.dtype(np.float32)}
    assert w.grad is None


def test_a_deep_chain_need_no_recursion():
    w = leaf(0.999)
    x = w
    for _ in range(3000):
        x = mg.multiply(x, 1.0)
    found = paths(x + x, w)
    assert found.n_paths == 2
    assert len(found[0].hops) == 3001


def test_a_number_of_paths_too_long_to_write_is_said_by_its_power_of_ten():
    w = leaf(0.1)
    found = paths(diamonds(w, 15_000), w, top=1)
    assert found.n_paths == 2**15_000
    assert "about 10**4515 paths" in repr(found)


def test_a_path_that_is_not_a_number_comes_first():
    w = leaf(0.0)
    with np.errstate(all="ignore"):
        found = paths(mg.sqrt(w) * 0.0 + 5 * w, w)
    assert math.isnan(float(found[0].contribution))
    assert "nan" in repr(found)


def test_errors_say_what_to_do():
    w, other = leaf(1.0), leaf(2.0, "other")
    with pytest.raises(ValueError, match=r"no gradient flows from the loss \(\) to other \(\)"):
        paths(w * w, other)
    with pytest.raises(ValueError, match="top=0"):
        paths(w * w, w, top=0)
    with pytest.raises(ValueError, match="is not one number"):
        paths(leaf([1.0, 2.0]) * 2, w)
    with pytest.raises(RuntimeError, match="requires no gradient"):
        paths(mg.tensor(1.0), w)
    loss = w * w
    w.data = 3.0
    with pytest.raises(RuntimeError, match="was changed"):
        paths(loss, w)


def test_the_table_says_every_factor_and_what_is_left():
    w = leaf(2.0)
    said = str(paths(mg.square(3.0 * w) + w, w, top=1))
    assert "d v3 / d w = 37: 2 paths\nThe 1 largest:" in said
    assert "2 * v1" in said
    assert "the other 1, together     1" in said


@pytest.mark.parametrize("evil", ["<b>w</b>", "</script><script>alert(1)</script>", "a\x00\nb"])
def test_names_are_data(evil):
    w = leaf(2.0, evil)
    bundle = paths(w * w * w, w, top=2)._repr_mimebundle_()
    assert "<b>w" not in bundle["text/html"]
    assert "<script" not in bundle["text/html"]
    assert "\x00" not in bundle["text/plain"] + bundle["text/html"]


def test_width_is_kept_and_no_colour_gets_into_the_text(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    w = leaf(0.3)
    said = repr(paths(diamonds(w, 20), w))
    assert max(map(len, said.splitlines())) <= 88
    assert all(a == a.rstrip() for a in said.splitlines())
    assert "\x1b" not in said
