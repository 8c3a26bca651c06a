"""What the stepper's page holds, without a browser."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise

import numpy as np
import pytest

import microgd as mg
from microgd.draw import frames, quiz
from microgd.draw.stepper import MOST_STEPS, page


def reuse():
    a, b = (mg.tensor(v, requires_grad=True, name=n) for v, n in ((2.0, "a"), (-3.0, "b")))
    d = a * b + a
    return mg.explain.backprop(mg.relu(d * d - b) + mg.tanh(a))


def arrays():
    rng = np.random.default_rng(0)
    model = mg.nn.MLP([3, 5, 2], rng=rng)
    target = rng.normal(size=(7, 2))
    return mg.explain.backprop(((model(rng.normal(size=(7, 3))) - target) ** 2).mean())


RECORDS = pytest.mark.parametrize("record", [reuse(), arrays()], ids=["scalars", "arrays"])


@RECORDS
def test_a_frame_for_every_contribution_and_one_for_every_addition(record):
    found = list(frames.backward(record))[1:]
    told = [(f.edges[0], f.added) for f in found]
    expected = []
    for step in record:
        for edge in step.edges:
            arrow = f"{record.id(edge.input)}-{step.id}-{edge.index}"
            expected += [(arrow, False)] + [(arrow, True)] * edge.accumulates
    assert told == expected


@RECORDS
def test_the_picture_ends_with_the_gradients(record):
    lines = {}
    for frame in frames.backward(record):
        lines |= {(node, which): said for node, which, said in frame.picture}
    for node in record.nodes:
        gradient = record.gradient(node)
        said = lines.get((record.id(node), "grad"))
        if gradient is None:
            assert said is None
        elif gradient.size == 1:
            assert float(said) == pytest.approx(gradient.item(), rel=1e-3)
        elif said.startswith("norm"):
            assert float(said.split()[1]) == pytest.approx(np.linalg.norm(gradient), rel=1e-2)


@RECORDS
def test_answers_of_the_quiz_are_the_recorded_numbers_and_are_shown(record):
    edges = [(step, edge) for step in record for edge in step.edges]
    asked = [frame.ask for frame in frames.backward(record) if frame.ask]
    assert len(asked) == len(edges)
    for questions, (_, edge) in zip(asked, edges, strict=True):
        for subject in questions:
            value = getattr(edge, subject)
            where = re.search(r"entry \[([\d, ]+)\]", questions[subject]["question"])
            place = tuple(map(int, where[1].split(", "))) if where else (0,) * value.ndim
            assert float(questions[subject]["answer"]) == value[place]
            assert all(i < 3 for i in place), "in the corner that is shown"
        assert ("local" in questions) == (edge.local is not None)


def test_the_quiz_asks_nothing_about_an_empty_array():
    assert quiz.result("What is it?", np.empty((0, 3))) is None


@RECORDS
def test_no_two_neighbouring_frames_say_the_same(record):
    for found in (list(frames.backward(record)), list(frames.forward(record))):
        looks = [(f.say, f.name, f.node, tuple(f.edges)) for f in found]
        assert all(a != b for a, b in pairwise(looks))


def test_a_page_of_twenty_nodes_is_small():
    x = total = mg.tensor(0.3, requires_grad=True, name="x")
    while len(mg.explain.backprop(total * x).nodes) < 20:
        total = mg.tanh(total * x)
    record = mg.explain.backprop(total * x)
    assert len(record.nodes) >= 20
    assert len(page(record).encode()) < 150_000


def test_a_page_is_made_of_itself_alone():
    html = page(reuse())
    assert "://" not in re.sub(r"http://www\.w3\.org/\S+", "", html)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]
    assert policy.startswith("default-src 'none'")
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)[1]
    assert b64encode(sha256(script.encode()).digest()).decode() in policy
    assert json.loads(re.search(r'id="record">(.*?)</script>', html)[1])["passes"]


def test_the_page_keeps_its_numbers_when_training_goes_on():
    record = reuse()

    def told():
        data = json.loads(re.search(r'id="record">(.*?)</script>', page(record))[1])
        ids = ("node", "targets", "edges", "picture")
        for frame in (frame for found in data["passes"].values() for frame in found):
            yield {what: said for what, said in frame.items() if what not in ids}
            yield [line[1:] for line in frame["picture"]]

    before = list(told())
    for node in record.nodes:
        if node.op is None and node.requires_grad:
            node.data = node.data + 1.0
    assert list(told()) == before


def test_too_many_steps_are_refused_with_a_way_out():
    total = mg.tensor(1.0, requires_grad=True)
    for _ in range(MOST_STEPS + 1):
        total = total + 1.0
    with pytest.raises(ValueError, match=r"5,001 steps, of which a page holds 5,000.*debug"):
        page(mg.explain.backprop(total))
