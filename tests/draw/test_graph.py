"""The picture of a graph: valid, complete, folded right, and the same for any name."""

import base64
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microgd as mg
from microgd import nn
from microgd.draw.folding import fold
from microgd.draw.graph import graph
from microgd.draw.style import KINDS, SIZE
from microgd.draw.widths import width as text_width
from microgd.explain.ids import number
from microgd.nn.losses import cross_entropy

SVG = "{http://www.w3.org/2000/svg}"


def neuron():
    w = mg.tensor(0.8, requires_grad=True, name="w")
    b = mg.tensor(-0.3, requires_grad=True, name="b")
    x, y = mg.tensor(1.5, name="x"), mg.tensor(0.5, name="y")
    loss = (mg.tanh(w * x + b) - y) ** 2
    loss.name = "loss"
    return loss


class Block(nn.Module):
    def __init__(self):
        self.inner = nn.Sequential(nn.Linear(2, 2, rng=0), nn.Tanh())

    def forward(self, x):
        return self.inner(x) + x


class Net(nn.Module):
    def __init__(self, depth=2):
        self.blocks = [Block() for _ in range(depth)]

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x


def net(depth=2):
    return (Net(depth)(np.ones((3, 2))) * 2.0).sum()


def parse(svg):
    return ET.fromstring(svg)  # noqa: S314 (what we wrote ourselves)


def groups(svg, kind):
    """The <g> elements of a class, by id."""
    root = parse(svg)
    found = [g for g in root.iter(f"{SVG}g") if kind in g.get("class", "").split()]
    by_id = {g.get("id"): g for g in found}
    assert len(by_id) == len(found)
    return by_id


def texts(group):
    return {t.get("id"): t.text for t in group.iter(f"{SVG}text") if t.get("id")}


# --- what it shows -------------------------------------------------------------------------------


def test_every_node_and_edge_is_there_under_its_id():
    loss = neuron()
    ids = number(loss)
    svg = graph(loss).svg()
    assert set(groups(svg, "node")) == set(ids.values())
    expected = {f"{ids[x]}-{ids[n]}-{i}" for n in ids for i, x in enumerate(n.inputs)}
    assert set(groups(svg, "edge")) == expected


def test_both_edges_of_a_square():
    x = mg.tensor(3.0, requires_grad=True)
    assert set(groups(graph(x * x).svg(), "edge")) == {"n0-n1-0", "n0-n1-1"}


def test_names_operations_shapes_values_and_gradients():
    w = mg.tensor([[1.0, -2.0, 0.5, 4.0]], requires_grad=True, name="w")
    loss = mg.tanh(w).sum()
    loss.backward()
    nodes = groups(graph(loss).svg(), "node")
    norm = np.linalg.norm(1 - np.tanh([1.0, -2.0, 0.5, 4.0]) ** 2)
    assert texts(nodes["n0"]) == {
        "n0-head": "w",
        "n0-shape": "(1, 4)",
        "n0-value": "-2 to 4",
        "n0-grad": f"norm {norm:.3g}",
    }
    assert texts(nodes["n1"])["n1-head"] == "tanh"
    assert texts(nodes["n2"])["n2-grad"] == "1"


def test_gradients_in_between_are_those_of_one_backward_pass():
    loss = neuron()
    before = texts(groups(graph(loss).svg(), "node")["n4"])
    assert before["n4-grad"] == "not computed"
    loss.backward()
    nodes = groups(graph(loss).svg(), "node")
    ids = number(loss)
    tanh = next(n for n in ids if n.op is not None and n.op.name == "tanh")
    expected = 2 * (np.tanh(0.9) - 0.5)
    assert float(texts(nodes[ids[tanh]])[f"{ids[tanh]}-grad"]) == pytest.approx(expected, rel=1e-3)


def test_not_computed_is_not_zero():
    loss = neuron()
    loss.backward()
    by_name = {n.name: key for n, key in number(loss).items() if n.name}
    nodes = groups(graph(loss).svg(), "node")
    assert texts(nodes[by_name["x"]])[f"{by_name['x']}-grad"] == "not computed"
    zero = mg.tensor(-1.0, requires_grad=True, name="z")
    out = mg.relu(zero)
    out.backward()
    assert texts(groups(graph(out).svg(), "node")["n0"])["n0-grad"] == "0"


def test_a_changed_parameter_is_said():
    loss = neuron()
    loss.backward()
    w = next(n for n in number(loss) if n.name == "w")
    w.data = 1.0
    assert "has changed since" in graph(loss).svg()


def test_making_a_picture_changes_no_gradient():
    loss = neuron()
    loss.backward()
    before = {n: n.gradient for n in number(loss)}
    graph(loss).svg()
    assert all(n.gradient is before[n] for n in before)


def test_values_and_gradients_can_be_left_out():
    svg = graph(neuron(), values=False, gradients=False).svg()
    assert "-value" not in svg
    assert "-grad" not in svg


def test_kinds_differ_without_colour():
    outlines = [
        (look["shape"], look["style"], look.get("penwidth", "1"), look.get("peripheries", "1"))
        for look in KINDS.values()
    ]
    assert len(set(outlines)) == len(outlines)


def test_the_result_has_two_outlines_also_where_a_style_sheet_fills():
    svg = graph(neuron()).svg()
    outlines = next(iter(groups(svg, "result").values())).findall(f"{SVG}path")
    assert [path.get("fill") == "none" for path in outlines] == [False, True]
    assert all(':not([fill="none"])' in rule for rule in re.findall(r"[^}]*fill:var\(--op\)", svg))


def test_each_node_has_its_kind():
    loss = neuron()
    nodes = groups(graph(loss).svg(), "node")
    names = {n.name or (n.op.name if n.op else "2"): key for n, key in number(loss).items()}
    kinds = {"w": "parameter", "x": "data", "2": "constant", "tanh": "op", "loss": "result"}
    for name, kind in kinds.items():
        assert kind in nodes[names[name]].get("class").split()


def test_light_and_dark_and_print():
    svg = graph(neuron()).svg()
    assert "prefers-color-scheme: dark" in svg
    assert "@media print" in svg
    assert "http" not in re.sub(r'"http://www\.w3\.org/[^"]*"', "", svg)


def test_marked_ids_stand_out():
    svg = graph(neuron(), marked={"n0", "n0-n4-0"}).svg()
    assert "n0" in groups(svg, "marked")


def test_room_for_other_lines():
    loss = neuron()
    line = "a very much wider line"
    narrow, wide = (graph(loss, widest=widest).svg() for widest in ({}, {"n0": [line]}))

    def width(svg):
        points = groups(svg, "node")["n0"].find(f"{SVG}polygon").get("points").split()
        xs = [float(point.split(",")[0]) for point in points]
        return max(xs) - min(xs)

    assert width(wide) > max(width(narrow), text_width(line, SIZE))


# --- names are data ------------------------------------------------------------------------------

HOSTILE = [
    '"quoted"', "</script><script>alert(1)</script>", "<b>bold</b>", "two\nlines", "nul\0nul",
    "\u202eright to left", "\u05d0\u05d1", "x" * 100_000, "\\N \\G \\", "]]>", "&amp;", "<!--",
    "\ud800", "\ufffe", "\x1b[2J", " ", "-->", "%s{0}", "-Tpng", "日本語", "\u0301" * 50,
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_any_name_is_only_text(name):
    check_name(name)


@settings(max_examples=30, deadline=None)
@given(st.text())
def test_any_text_at_all_is_only_text(name):
    check_name(name)


def check_name(name):
    w = mg.tensor(2.0, requires_grad=True, name=name)
    loss = w * w
    loss.name = name
    picture = graph(loss)
    svg = picture.svg()
    nodes = groups(svg, "node")
    assert set(nodes) == {"n0", "n1"}
    allowed = {"svg", "g", "title", "style", "text", "path", "polygon", "polyline", "ellipse"}
    assert {e.tag.removeprefix(SVG) for e in parse(svg).iter()} <= allowed
    assert max(len(t or "") for t in texts(nodes["n0"]).values()) <= 45
    if len(name) > 1000:
        assert "..." in texts(nodes["n0"])["n0-head"]
    assert "<script" not in picture.html()
    assert picture.dot().encode()


def test_a_hostile_module_path():
    class Odd(nn.Module):
        def __init__(self):
            self.parts = {"</script>\0<b>": nn.Linear(1, 1, rng=0)}

        def forward(self, x):
            return self.parts["</script>\0<b>"](x)

    loss = Odd()([[1.0]]).sum()
    for collapse in (None, "modules"):
        page = graph(loss, collapse).html()
        assert "</script>" not in page


# --- folding -------------------------------------------------------------------------------------


@pytest.mark.parametrize("collapse", [None, "modules", 1, 2, 3, {"blocks.1"}, {"blocks.0.inner.0"}])
@pytest.mark.parametrize("opened", [(), {"blocks.0"}])
@pytest.mark.parametrize("max_nodes", [1, 5, 10, 100])
def test_every_node_is_in_exactly_one_box(collapse, opened, max_nodes):
    loss = net(5)
    folding = fold(loss, collapse, opened, max_nodes)
    inside = [node for box in folding.boxes for node in box.nodes]
    assert len(inside) == len(set(inside)) == len(number(loss))
    assert {box.id for box in folding.boxes} == set(
        groups(graph(loss, collapse, opened=opened, max_nodes=max_nodes).svg(), "node")
    )


@pytest.mark.parametrize("collapse", [None, "modules", 2])
def test_edges_run_between_the_boxes_of_their_ends(collapse):
    loss = net(4)
    folding = fold(loss, collapse, (), 100)
    where = {node: box for box in folding.boxes for node in box.nodes}
    expected = {
        (where[x], where[n]) for n in number(loss) for x in n.inputs if where[x] is not where[n]
    }
    assert {(edge.source, edge.target) for edge in folding.edges} == expected
    uses = sum(where[x] is not where[n] for n in number(loss) for x in n.inputs)
    assert sum(edge.count for edge in folding.edges) == uses


def test_outermost_modules_fold_and_open():
    picture = graph(net(), collapse="modules")
    assert picture.folded == ["blocks.0", "blocks.1"]
    inner = picture.open("blocks.0")
    assert inner.folded == ["blocks.0.inner.0", "blocks.0.inner.1", "blocks.1"]
    assert inner.open("blocks.0.inner.0").folded == ["blocks.0.inner.1", "blocks.1"]
    assert set(groups(inner.svg(), "cluster")) == {"f1"}


def test_depth_and_paths():
    assert graph(net(), collapse=2).folded == [
        f"blocks.{i}.inner.{j}" for i in range(2) for j in range(2)
    ]
    assert graph(net(), collapse={"blocks.1"}).folded == ["blocks.1"]
    assert graph(net(), collapse="blocks.1").folded == ["blocks.1"]


def test_parameters_fold_with_their_module_and_shared_ones_do_not():
    first, second = nn.Linear(2, 2, rng=0), nn.Linear(2, 2, rng=1)
    second.weight = first.weight
    hidden = nn.Sequential(first, nn.Tanh(), second)(np.ones((1, 2)))
    boxes = fold(hidden.sum(), "modules", (), 100).boxes
    alone = {box.nodes[0].name for box in boxes if not box.folded and box.nodes[0].needs_grad}
    assert "weight" in alone
    assert "bias" not in alone


def test_a_large_graph_is_folded_and_says_so():
    x = mg.tensor(1.0, requires_grad=True, name="x")
    y = x
    for _ in range(5_000):
        y = mg.tanh(y)
    y.backward()
    svg = graph(y).svg()
    assert len(groups(svg, "node")) < 30
    assert "5,001 nodes in" in svg
    assert "max_nodes=100" in svg
    assert len(groups(graph(net(60)).svg(), "node")) <= 100


def test_a_tangled_graph_is_drawn_whole():
    w = mg.tensor(0.9, requires_grad=True, name="w")
    y = mg.tensor(1.0, requires_grad=True)
    for _ in range(150):
        y = mg.tanh(y * w)
    assert len(groups(graph(y, max_nodes=1000).svg(), "node")) == 302


# --- where it goes -------------------------------------------------------------------------------


def test_saving(tmp_path):
    picture = graph(neuron())
    start = {
        "a.svg": b"<svg", "a.png": b"\x89PNG", "a.dot": b"digraph", "a.gv": b"digraph",
        "a.html": b"<!doctype html>",
    }  # fmt: skip
    for name, magic in start.items():
        assert picture.save(tmp_path / name).read_bytes().startswith(magic)
    with pytest.raises(ValueError, match=r"suffix '\.jpg' is unknown"):
        picture.save(tmp_path / "a.jpg")


def test_a_notebook_shows_it():
    bundle = graph(net(), collapse="modules")._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/svg+xml", "text/html"}
    html = bundle["text/html"]
    targets = re.findall(r'href="#([^"]+)"', html)
    assert len(targets) == 2
    assert all(f'id="{target}"' in html for target in targets)
    assert html.count("<details>") == 6
    for image in re.findall(r"base64,([^\"]+)", html):
        parse(base64.b64decode(image))


def test_the_same_picture_twice():
    loss = net()
    assert graph(loss).svg() == graph(loss).svg()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"collapse": "block.0"}, "did you mean 'blocks.0'?"),
        ({"collapse": 0}, "collapse=0"),
        ({"max_nodes": 0}, "max_nodes=0"),
        ({"opened": ["x"]}, "'x' is unknown"),
        ({"direction": "up"}, "'up' is unknown"),
    ],
)
def test_misuse(options, said):
    with pytest.raises(ValueError) as error:
        graph(net(), **options)
    assert said in str(error.value)


def test_no_tensor():
    with pytest.raises(TypeError, match="got float"):
        graph(1.0)


def test_one_leaf_is_a_picture():
    assert set(groups(graph(mg.tensor(1.0, name="x")).svg(), "node")) == {"n0"}


def test_labels_of_a_batch():
    model = nn.MLP([2, 4, 2], rng=0)
    loss = cross_entropy(model(np.ones((3, 2))), target=np.array([0, 1, 0]))
    loss.backward()
    folded = groups(graph(loss, "modules").svg(), "module")
    first = texts(next(iter(folded.values())))
    assert "12 numbers" in first.values()
    assert "(3, 4)" in first.values()
