"""The edges of a backward pass, against `.grad` and against calculus."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import microgd as mg
from microgd.explain.edges import edges
from microgd.explain.neuron import neuron


def test_contributions_add_up_to_the_gradient_and_leave_it_alone():
    w = mg.tensor([[1.0, -2.0]], requires_grad=True, name="w")
    x = mg.tensor([[0.5], [3.0]])
    loss = (mg.tanh(w * x) * w + mg.exp(w)).sum()
    found = edges(loss)
    assert w.grad is None
    loss.backward()
    np.testing.assert_allclose(sum(e.contribution for e in found if e.input == "w"), w.grad)
    assert sum(e.input == "w" for e in found) == 3


def test_both_edges_of_a_repeated_input():
    w = mg.tensor(3.0, requires_grad=True, name="w")
    first, second = edges(w * w)
    assert (first.formula, second.formula) == ("y", "x")
    assert first.written == second.written == "w"
    assert first.contribution == second.contribution == 3.0


def test_an_operation_that_mixes_elements_has_no_local_number():
    w = mg.tensor([[1.0, 2.0]], requires_grad=True, name="w")
    last = edges((w @ mg.tensor([[1.0], [1.0]], name="v")).sum())[-1]
    assert (last.expression, last.local, last.written) == ("w @ v", None, "g @ v.T")


def test_an_edge_keeps_its_numbers_when_training_goes_on():
    w = mg.tensor([1.0, 2.0], requires_grad=True, name="w")
    edge = edges((w * w).sum())[-1]
    before = edge.upstream.copy(), edge.contribution.copy(), np.copy(edge.local)
    w.data[:] = 9.0
    after = edge.upstream, edge.contribution, edge.local
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


def test_errors_name_the_way_out():
    with pytest.raises(RuntimeError, match=r"the loss x \(\) requires no gradient.*no_grad"):
        edges(mg.tensor(1.0, name="x"))
    with pytest.raises(ValueError, match=r"the loss w \(2,\) is not one number.*mean"):
        edges(mg.tensor([1.0, 2.0], requires_grad=True, name="w"))


number = st.floats(-2, 2)


@given(number, number, number, number)
def test_neuron_agrees_with_calculus_for_any_numbers(w, x, b, y):
    record = neuron({"w": w, "x": x, "b": b, "y": y})
    a = np.tanh(w * x + b)
    slope = 2 * (a - y) * (1 - a * a)
    expected = {"w": slope * x, "b": slope}
    for check in record.checks:
        assert check.backward == pytest.approx(expected[check.weight], abs=1e-12)
        assert check.finite_differences == pytest.approx(expected[check.weight], abs=1e-8)
