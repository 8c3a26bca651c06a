"""The debugger: any walk sees what the straight run sees, and the sweep waits."""

import numpy as np
import pytest
from explain.graphs import losses, same_bits
from hypothesis import given
from hypothesis import strategies as st

import microgd as mg
from microgd import nn


def scalar(value, name):
    return mg.Tensor(value, requires_grad=True, name=name)


def chain():
    """w is used three times."""
    w = scalar(0.5, "w")
    a = mg.tanh(w * 2)
    a.name = "a"
    return w, a, (a * w + w) * 3


def facts(step):
    """Everything that a step says, as bytes and text."""
    edges = [
        (e.index, e.label, e.formula, e.contribution.tobytes(), e.after.tobytes(),
         None if e.before is None else e.before.tobytes())
        for e in step.edges
    ]  # fmt: skip
    upstream = None if step.upstream is None else step.upstream.tobytes()
    return step.number, step.name, step.value.tobytes(), upstream, edges


moves = st.lists(
    st.sampled_from(["step", "back", "run", "run_to", "where", "backward"]), max_size=30
)


@given(losses(), moves, st.booleans(), st.randoms(use_true_random=False))
def test_any_walk_sees_what_the_straight_run_sees(drawn, moves, forward, random):
    loss, _ = drawn
    straight = [*map(facts, (mg.explain.forward if forward else mg.explain.backprop)(loss))]
    stop = mg.explain.debug(loss, forward=forward)
    condition = random.choice(straight)[0]
    stop.break_when(lambda step: step.number == condition)
    place, deepest = 0, 0
    for move in moves:
        if move == "step":
            found = stop.step()
            assert (found is None) == (place == len(straight))
            place = min(place + 1, len(straight))
        elif move == "back":
            stop.back()
            place = max(place - 1, 0)
        elif move == "run":
            found = stop.run()
            place, met = (condition, True) if place < condition else (len(straight), False)
            assert (found is not None) == met
        elif move == "run_to":
            target = random.choice(straight)
            if target[0] <= place:
                with pytest.raises(ValueError, match="go back"):
                    stop.run_to(target[1])
            else:
                stop.run_to(target[1])
                place = min(target[0], condition if condition > place else target[0])
        elif move == "where":
            assert f"step {place} of {len(straight)}" in stop.where() or not place
        else:
            loss.backward()  # training goes on meanwhile
        deepest = max(deepest, place)
        assert (stop.current is None) == (place == 0)
        if stop.current:
            assert facts(stop.current) == straight[place - 1]
        assert [*map(facts, stop.steps)] == straight[:deepest], "recorded ahead, or twice"
        assert stop.finished == (place == len(straight))
        assert len(stop) == len(straight)


def test_the_sweep_is_the_one_that_trains_and_it_waits():
    called = []

    def rule(out, x):
        called.append(float(x))
        return 2 * x

    noisy = mg.Op("noisy", np.square, mg.Local("2 * x", rule))
    w = scalar(3.0, "w")
    stop = mg.explain.debug(noisy(noisy(noisy(w))))
    assert called == []
    stop.step()
    assert called == [81.0]
    stop.back()
    stop.step()
    assert called == [81.0], "looking again computes nothing"
    stop.step()
    assert called == [81.0, 9.0]
    stop.run()
    assert called == [81.0, 9.0, 3.0]
    assert w.grad is None


def test_run_to_a_tensor_a_name_an_operation_a_module_or_an_id():
    w, a, loss = chain()
    for target, numbers in {
        a: [4], "a": [4], "tanh": [4], "multiply": [1, 3, 5], "v1": [5], "n2": [5], w: [2, 3, 5],
        "w": [2, 3, 5],
    }.items():  # fmt: skip
        stop = mg.explain.debug(loss)
        assert [stop.run_to(target).number for _ in numbers] == numbers
        with pytest.raises(ValueError, match=rf"run_to: .* has its last step at {numbers[-1]}"):
            stop.run_to(target)
        assert stop.current.number == numbers[-1], "an error moves nothing"
    model = nn.MLP([2, 3, 3, 1], activation="tanh", rng=0)
    loss = model([[1.0, 2.0]]).sum()
    for target, number in {
        "layers.2": 4, "layers.2.linear": 4, "layers.0.weight": 6, "layers": 2,
        model.layers[2].bias: 4,
    }.items():  # fmt: skip
        assert mg.explain.debug(loss).run_to(target).number == number


def test_what_is_not_there_is_named_with_what_is():
    _, _, loss = chain()
    stop = mg.explain.debug(loss)
    with pytest.raises(ValueError, match=r"run_to: 'tanhh' is unknown; did you mean 'tanh'\?"):
        stop.run_to("tanhh")
    with pytest.raises(ValueError, match=r"run_to: other \(\) has no step"):
        stop.run_to(scalar(1.0, "other"))
    with pytest.raises(TypeError, match="break_when: 'nan' cannot be called; give a function"):
        stop.break_when("nan")
    assert stop.current is None


def test_break_where_the_gradient_has_vanished():
    x = scalar(4.0, "x")
    value = x
    for _ in range(12):
        value = mg.sigmoid(value)
    stop = mg.explain.debug(value)
    stop.break_when(lambda step: np.linalg.norm(step.upstream) < 1e-6)
    found = stop.run()
    assert np.linalg.norm(found.upstream) < 1e-6
    assert np.linalg.norm(stop.steps[-2].upstream) >= 1e-6


def test_break_where_a_number_is_none():
    x = mg.Tensor([1.0, 0.0], requires_grad=True, name="x")
    with np.errstate(all="ignore"):
        stop = mg.explain.debug((mg.sqrt(x * x * 0.0) * 2).sum())
        stop.break_when(lambda step: not np.isfinite(step.upstream).all())
        assert stop.run().op == "multiply"
        assert stop.current.edges[0].label == "v1"


def test_break_at_every_accumulation():
    _, _, loss = chain()
    stop = mg.explain.debug(loss)
    stop.break_when(lambda step: step.accumulates)
    met = []
    while step := stop.run():
        met.append(step.number)
    assert met == [3, 5]
    assert stop.finished
    stop.clear()
    while stop.back():
        pass
    assert stop.run() is None


def test_run_to_stops_where_a_condition_holds_before():
    _, _, loss = chain()
    stop = mg.explain.debug(loss)
    stop.break_when(lambda step: step.op == "add")
    assert stop.run_to("tanh").number == 2
    assert stop.run_to("tanh").number == 4


def test_a_condition_that_fails_leaves_the_step_current():
    _, _, loss = chain()
    stop = mg.explain.debug(loss)
    stop.break_when(lambda step: 1 / (step.number - 2))
    assert stop.run().number == 1
    with pytest.raises(ZeroDivisionError):
        stop.run()
    assert stop.current.number == 2


def test_a_value_replaced_meanwhile_stops_the_sweep_every_time():
    w, _, loss = chain()
    stop = mg.explain.debug(loss)
    stop.step()
    w.data = 7.0
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"w \(\) was changed"):
            stop.step()
        assert stop.current.number == 1
    assert stop.back() is None
    assert stop.step().number == 1


def test_where_marks_the_place():
    _, _, loss = chain()
    stop = mg.explain.debug(loss)
    assert stop.where().splitlines()[0] == "before step 1 of 5"
    stop.run_to("a")
    assert repr(stop.where()) == str(stop.where())
    assert stop.where().splitlines() == [
        "step 4 of 5",
        "   v4 = v3 * 3",
        "   v3 = v2 + w",
        "   v2 = a * w",
        "-> a = tanh(v1)",
        "   v1 = w * 2",
    ]
    model = nn.MLP([2] + [2] * 9, rng=0)
    stop = mg.explain.debug(model([[1.0, 2.0]]).sum())
    stop.run_to("layers.8")
    lines = stop.where().splitlines()
    assert lines[0].endswith("in layers.8")
    assert len(lines) <= 10
    assert lines[1] == lines[-1] == "   ..."


def test_a_recording_can_be_replayed():
    w, _, loss = chain()
    record = mg.explain.backprop(loss)
    w.data = 9.0
    stop = mg.explain.debug(record)
    while step := stop.step():
        assert step is record[step.number - 1]
    assert stop.title == record.title == "backward pass from v4"
    assert mg.explain.debug(mg.explain.forward(loss)).title == "forward pass to v4"


def test_a_leaf_has_no_steps():
    stop = mg.explain.debug(scalar(1.0, "w"))
    assert (len(stop), stop.step(), stop.back(), stop.run(), stop.finished) == (
        0,
        *[None] * 3,
        True,
    )


@given(losses())
def test_all_steps_of_the_debugger_are_the_recording(drawn):
    loss, leaves = drawn
    stop = mg.explain.debug(loss)
    stop.run()
    totals = {edge.input: edge.after for step in stop.steps for edge in step.edges}
    loss.backward()
    for leaf in leaves:
        if leaf.grad is not None:
            assert same_bits(totals[leaf], leaf.grad)
