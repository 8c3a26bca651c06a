"""`microgd tour --html`: what the tour measured, handed to the page that draws it."""

from collections.abc import Mapping
from pathlib import Path

import typer

from microgd.experiments.moons import moons
from microgd.experiments.vanishing import Measurement, Vanishing
from microgd.explain.flow import Flow
from microgd.explain.neuron import neuron_steps
from microgd.ops.elementwise import square, tanh
from microgd.tensor import Tensor
from microgd.train import History

SHOWN = {"sigmoid": "sigmoid", "relu": "ReLU"}


def place(path: Path | None) -> Path | None:
    """A file that can be written, checked before the work is done."""
    if path is not None and (path.is_dir() or not path.parent.is_dir()):
        what = "is a folder" if path.is_dir() else f"there is no folder {path.parent}"
        raise typer.BadParameter(f"{path}: {what}; give a file in a folder that is there")
    return path


def write(
    path: Path,
    contest: Vanishing,
    flows: Mapping[str, Flow],
    measured: tuple[Mapping[str, Measurement], Mapping[str, Measurement]],
    histories: Mapping[str, History],
    options: Mapping[str, int],
) -> str:
    """Write the page and say how large it is.

    flows     before training
    measured  before and after training
    """
    from microgd.draw.report import Tour, report

    before, after = measured
    network = contest.loss("relu")
    network.backward()
    learned = moons(contest.seed)
    page = report(
        Tour(
            title=" ".join(["microgd tour", *(f"--{name} {n}" for name, n in options.items())]),
            neuron=neuron_steps()["loss"],
            shared=shared(),
            network=network,
            before={SHOWN[name]: found for name, found in flows.items()},
            after={SHOWN[name]: contest.flow(name) for name in flows},
            accuracy={SHOWN[n]: (before[n].accuracy, after[n].accuracy) for n in before},
            histories={SHOWN[name]: history for name, history in histories.items()},
            moons=(learned.model, learned.test_set, learned.history),
        )
    )
    for parameter in contest.networks["relu"].parameters():
        parameter.zero_grad()
    path.write_text(page, encoding="utf-8")
    return f"{path}: one page of {path.stat().st_size / 1e6:.1f} MB, which works offline"


def shared() -> tuple[Tensor, Tensor]:
    """A loss in which a weight is used twice, with a skip connection, and that weight."""
    w = Tensor(0.8, requires_grad=True, name="w")
    p = w * Tensor(1.5, name="x")
    a = tanh(p)
    s = a + p
    q = w * s
    e = q - Tensor(0.5, name="y")
    loss: Tensor = square(e)
    for tensor, name in ((p, "p"), (a, "a"), (s, "s"), (q, "q"), (e, "e"), (loss, "loss")):
        tensor.name = name
    loss.backward()
    return loss, w
