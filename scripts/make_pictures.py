"""Make the pictures of docs/pictures again, all of them or those that are named.

    python scripts/make_pictures.py            all
    python scripts/make_pictures.py flow tour  these two

Graphs are SVG. Plots and pages are photographed in Chromium, by Playwright's Python package
(`pip install -e ".[browser]"`; MICROGD_CHROMIUM names another Chromium).
"""

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import microgd as mg
from microgd import data, nn, optim
from microgd.cli import tour_report
from microgd.draw.descent.page import page as race_page
from microgd.draw.plots.page import page
from microgd.draw.stepper import page as steps
from microgd.experiments.moons import moons
from microgd.experiments.vanishing import Vanishing
from microgd.explain.neuron import INPUTS
from microgd.explain.recorder import FlowRecorder
from microgd.train import fit

PLACE = Path(__file__).parents[1] / "docs" / "pictures"
FLAGS = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking"

RIGHT = ["ArrowRight"]

PICTURES: dict[str, Callable[[], None]] = {}


def picture(make: Callable[[], None]) -> Callable[[], None]:
    """Register a function that writes the picture of its name."""
    PICTURES[make.__name__] = make
    return make


# --- plots ---------------------------------------------------------------------------------------


@picture
def history() -> None:
    found = moons()
    plots = [mg.draw.history(found.history, what) for what in ("loss", "accuracy")]
    photograph("history", page(plots, "training"), (760, 728))


@picture
def flow() -> None:
    contest = Vanishing(depth=10, seed=0)
    flows = {"sigmoid": contest.flow("sigmoid"), "ReLU": contest.flow("relu")}
    photograph("flow", page([mg.draw.flow(flows)], "flow"), (760, 364))


@picture
def heatmap() -> None:
    digits = data.digits()
    model = nn.MLP([64, *[64] * 9, 10], "sigmoid", rng=0)
    recorder = FlowRecorder(every=1)
    optimizer = optim.Adam(model.parameters(), lr=0.003)
    batch = digits.x[:500], digits.y[:500]
    fit(model, batch, optimizer, epochs=25, callbacks=[recorder], progress=False)
    photograph("heatmap", page([mg.draw.heatmap(recorder)], "flow"), (760, 354))


@picture
def activations() -> None:
    digits = data.digits()
    model = nn.MLP([64, *[64] * 5, 10], "tanh", rng=0)
    plot = mg.draw.activations(model, digits.x[:300])
    photograph("activations", page([plot], "outputs"), (760, 650))


@picture
def boundary() -> None:
    found = moons()
    plot = mg.draw.decision_boundary(found.model, found.test_set)
    photograph("boundary", page([plot], "boundary"), (664, 464))


@picture
def weights() -> None:
    digits = data.digits()
    model = nn.MLP([64, 32, 10], rng=0)
    optimizer = optim.Adam(model.parameters(), lr=0.01, weight_decay=1e-2)
    fit(model, digits, optimizer, epochs=15, progress=False)
    plot = mg.draw.weights(model.layers[0].weight, tile=(8, 8))
    photograph("weights", page([plot], "weights"), (760, 400))


# --- graphs --------------------------------------------------------------------------------------


@picture
def neuron() -> None:
    w, b = (mg.tensor(v, requires_grad=True, name=n) for n, v in {"w": 0.8, "b": -0.3}.items())
    x, y = mg.tensor(1.5, name="x"), mg.tensor(0.5, name="y")
    loss = (mg.tanh(w * x + b) - y) ** 2
    loss.name = "loss"
    loss.backward()
    mg.draw.graph(loss).save(PLACE / "neuron.svg")


@picture
def accumulation() -> None:
    w = mg.tensor(3.0, requires_grad=True, name="w")
    loss = w * w + w
    loss.backward()
    mg.draw.graph(loss).save(PLACE / "accumulation.svg")


@picture
def network() -> None:
    drawn = mg.draw.graph(_classified(nn.MLP([2, 16, 16, 2], "relu", rng=0)), collapse="modules")
    drawn.save(PLACE / "network.svg")
    drawn.open("layers.0").save(PLACE / "network_open.svg")


@picture
def shared() -> None:
    first, second = nn.Linear(2, 2, rng=0), nn.Linear(2, 2, rng=1)
    second.weight = first.weight
    model = nn.Sequential(first, nn.Tanh(), second)
    mg.draw.graph(_classified(model), collapse="modules").save(PLACE / "shared.svg")


@picture
def large() -> None:
    model = nn.MLP([2, *[8] * 500, 2], "tanh", init="orthogonal", rng=0)
    mg.draw.graph(_classified(model)).save(PLACE / "large.svg")


def _classified(model: nn.Module) -> mg.Tensor:
    """The loss of a classifier of two classes on four points, after a backward pass."""
    x = mg.tensor([[0.5, -1.0], [1.5, 0.3], [-0.7, 0.9], [0.1, 0.2]], name="x")
    loss = nn.cross_entropy(model(x), target=np.array([0, 1, 0, 1]))
    loss.name = "loss"
    loss.backward()
    return loss


# --- records -------------------------------------------------------------------------------------


@picture
def paths() -> None:
    loss, w = tour_report.shared()
    found = mg.explain.paths(loss, w)
    mg.draw.graph(loss, marked=found[0].ids).save(PLACE / "paths.svg")


@picture
def tour() -> None:
    contest = Vanishing(depth=10, seed=0)
    before = {name: contest.measure(name) for name in contest.networks}
    flows = {name: contest.flow(name) for name in contest.networks}
    histories = {name: contest.train(name, 20) for name in contest.networks}
    after = {name: contest.measure(name) for name in contest.networks}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        options = {"seed": 0, "depth": 10, "epochs": 20}
        tour_report.write(path, contest, flows, (before, after), histories, options)
        photograph("tour", path.read_text(encoding="utf-8"), (1200, 1380), scale=1)


@picture
def stepper() -> None:
    photograph("stepper", steps(mg.explain.backprop(_named())), (1280, 720), 1.5, RIGHT * 5)


@picture
def quiz() -> None:
    html = steps(mg.explain.backprop(_named()))
    photograph("quiz", html, (400, 1180), keys=[*RIGHT * 5, "quiz"], dark=True)


@picture
def race() -> None:
    found = mg.descent.race("ravine", ["sgd", "momentum", "nesterov", "adam"])
    photograph("race", race_page(found), (1280, 900), 1.25, [*RIGHT * 14, "every"])


@picture
def race_in_space() -> None:
    found = mg.descent.race("bumps", ["sgd", "momentum", "adam"])
    html = race_page(found)
    photograph("race_in_space", html, (1280, 900), 1.25, [*RIGHT * 30, "space"], dark=True)


def _named() -> mg.Tensor:
    w, x, b, y = (mg.tensor(v, requires_grad=n in "wb", name=n) for n, v in INPUTS.items())
    p = w * x
    z = p + b
    a = mg.tanh(z)
    e = a - y
    loss = e * e
    p.name, z.name, a.name, e.name, loss.name = "p", "z", "a", "e", "loss"
    return loss


def photograph(
    name: str,
    html: str,
    size: tuple[int, int],
    scale: float = 2,
    keys: Sequence[str] = (),
    dark: bool = False,
) -> None:
    """A page as docs/pictures/<name>.png, in pixels of CSS times `scale`.

    keys  what is pressed before: a key, or the id of a button
    """
    from playwright.sync_api import sync_playwright

    program = os.environ.get("MICROGD_CHROMIUM") or shutil.which("chromium")
    with TemporaryDirectory() as folder, sync_playwright() as driver:
        path = Path(folder) / "page.html"
        path.write_text(html, encoding="utf-8")
        browser = driver.chromium.launch(executable_path=program, args=FLAGS.split())
        tab = browser.new_page(
            viewport={"width": size[0], "height": size[1]},
            device_scale_factor=scale,
            color_scheme="dark" if dark else "light",
        )
        tab.goto(path.as_uri())
        tab.wait_for_timeout(1500)  # plots are drawn after the page has loaded
        for key in keys:
            if key.islower():
                tab.click(f"#{key}")
            else:
                tab.keyboard.press(key)
        tab.screenshot(path=PLACE / f"{name}.png")
        browser.close()


def main() -> None:
    wanted = sys.argv[1:] or list(PICTURES)
    unknown = sorted(set(wanted) - set(PICTURES))
    if unknown:
        sys.exit(f"unknown: {', '.join(unknown)}; there are {', '.join(PICTURES)}")
    PLACE.mkdir(parents=True, exist_ok=True)
    for name in wanted:
        PICTURES[name]()
        print(name)


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
