"""A sick network

Six networks that do not train, each for a reason of its own: diagnose, prescribe, and prove it.

Time: 20 minutes.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="14. A sick network")


@app.cell(hide_code=True)
def _():
    import math

    import marimo as mo
    import numpy as np

    import microgd as mg
    from microgd import learn

    return learn, math, mg, mo, np


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 14. A sick network

    Six networks lie in the ward. All were built alike, to read handwritten digits: 64 pixels, six hidden layers of 32 units, ten digits. Each has trained for 60 steps. The seventh curve is that of a healthy one.

    **None of the six learns, and each for another reason. Which is it, and what helps?**
    """)
    return


@app.cell(hide_code=True)
def _(mg, np):
    digits = mg.data.load("digits")
    batch = digits.x[:200], digits.y[:200]

    def weights_of(scale):
        """Normal weights; their variance is scale**2 / inputs of the unit."""
        return lambda shape, rng: rng.normal(0.0, scale * shape[1] ** -0.5, shape)

    def all_equal(shape, rng):
        return np.full(shape, 1 / shape[1])

    healthy = {"activation": "tanh", "rate": 0.1}
    ward = {
        "A": {"activation": "sigmoid", "rate": 0.1},
        "B": {"activation": "relu", "rate": 0.1, "bias": -5.0},
        "C": {"activation": "relu", "rate": 0.1, "init": weights_of(2.5)},
        "D": {"activation": "relu", "rate": 0.1, "init": all_equal},
        "E": {"activation": "tanh", "rate": 2.0},
        "F": {"activation": "tanh", "rate": 0.1, "init": weights_of(10)},
    }
    return all_equal, batch, digits, healthy, ward, weights_of


@app.cell(hide_code=True)
def _(mg, np):
    def build(activation, rate, init=None, bias=0.0, norm=None, clip=None, depth=6):
        """A network that is not trained yet, and the rule that is to train it."""
        model = mg.nn.MLP([64, *[32] * depth, 10], activation, init=init, norm=norm, rng=0)
        for layer in model.layers[:-1]:
            if bias and isinstance(layer, mg.nn.Linear) and layer.bias is not None:
                layer.bias.data = np.full(layer.bias.shape, bias)
        return model, mg.optim.SGD(model.parameters(), lr=rate)

    return (build,)


@app.cell(hide_code=True)
def _(batch, build, mg, np):
    trained = {}

    def train(options, steps=60):
        """The loss before each step on the batch, and after the last."""
        key = frozenset((name, value) for name, value in options.items() if value)
        if key not in trained:
            trained[key] = losses_of(options, steps)
        return trained[key]

    def losses_of(options, steps):
        model, rule = build(**options)
        found = []
        with np.errstate(all="ignore"):
            for step in range(steps + 1):
                loss = mg.nn.cross_entropy(model(batch[0]), batch[1])
                found.append(loss.item())
                if step < steps and np.isfinite(found[-1]):
                    rule.zero_grad()
                    loss.backward()
                    if options.get("clip"):
                        mg.nn.utils.clip_grad_norm_(model.parameters(), options["clip"])
                    rule.step()
        return np.array(found)

    def diagnose(options):
        """What the doctor of microgd finds before the first step."""
        model, rule = build(**options)
        return mg.explain.diagnose(model, batch, rule)

    return diagnose, train


@app.cell(hide_code=True)
def _(healthy, learn, train, ward):
    untreated = {name: train(options) for name, options in ward.items()}
    sound = train(healthy)
    _figure, (_left, _right) = learn.axes(
        ["Three that stand still", "Three that go astray"], "step", ["loss", "loss (log scale)"],
        columns=2,
    )  # fmt: skip
    for _ax, _names in ((_left, "ABD"), (_right, "CEF")):
        _ax.plot(sound, color="#767676", lw=4, label="healthy")
        for _name, _style in zip(_names, ("-", (0, (5, 5)), (0, (1, 3))), strict=True):
            _ax.plot(untreated[_name], ls=_style, label=f"patient {_name}")
        _ax.set_xlim(0, 60)
        _ax.legend(frameon=False, ncols=2)
    _left.set_ylim(0, 4)
    _right.set(yscale="log", ylim=(0.3, 1e3))
    _figure
    return sound, untreated


@app.cell(hide_code=True)
def _(math, mo):
    mo.md(f"""
All on the same 200 images. The loss says that they are ill, and little more. A, B and D stand still near $\\ln 10 \\approx {math.log(10):.2f}$, which is the loss of one who says "a tenth for each digit", whatever it sees. C leaves the chart with its second step, E wanders about above, and F comes down to the same standstill. For a diagnosis you need the numbers of the layers.

## How to read a chart

Here is the chart of the healthy network, before its first step.
""")
    return


@app.cell(hide_code=True)
def _(batch, build, mg, np):
    measured = {}

    def vitals(options):
        """What the chart at a bed says: of each hidden layer, and of the next step."""
        key = frozenset(options.items())
        if key not in measured:
            measured[key] = examined(*build(**options))
        return measured[key]

    def examined(model, rule):
        with np.errstate(all="ignore"):
            rows = mg.explain.flow(model, batch, optimizer=rule, split=False)
        dense = [layer.weight.numpy() for layer in model.layers if hasattr(layer, "weight")]
        active = rows[1:-1:2]
        return {
            "gradient": [row.at_output / active[-1].at_output for row in active],
            "spread": [row.std for row in active],
            "dead": [row.dead for row in active],
            "saturated": [row.saturated for row in active],
            "alike": [alike(weight) for weight in dense[:-1]],
            "step": max(row.update for row in rows if row.update is not None),
        }

    def alike(weight):
        """The share of units whose weights are those of another unit, too."""
        _, number = np.unique(weight, axis=0, return_inverse=True)
        return float(np.mean(np.bincount(number.ravel())[number.ravel()] > 1))

    return alike, vitals


@app.cell(hide_code=True)
def _(np):
    def number(value):
        """A number as it is written on a chart."""
        if not np.isfinite(value):
            return "not a number" if np.isnan(value) else "infinite"
        return f"{value:.2f}" if 0.1 <= abs(value) < 100 or value == 0 else f"{value:.2g}"

    def loss_axis(ax, *curves):
        """From 0 to 4; on a log scale if a curve goes far beyond."""
        if max(np.nanmax(losses) for losses in curves) > 6:
            ax.set(yscale="log", ylim=(0.01, 1e3))
        else:
            ax.set_ylim(0, 4)

    def percent(shares):
        return ["-" if share is None else f"{share:.0%}" for share in shares]

    return loss_axis, number, percent


@app.cell(hide_code=True)
def _(learn, loss_axis, math, np, number, percent, train, vitals):
    def pictures(options):
        """The chart of a patient, drawn: its loss, and the gradient of its layers."""
        losses, signs = train(options), vitals(options)
        figure, (left, right) = learn.axes(
            ["Loss over 60 steps", "Gradient at each layer, the last is 1"],
            ["step", "hidden layer (1 is next to the image)"],
            columns=2,
            height=2.4,
        )
        left.plot(losses, color="#D55E00")
        left.axhline(math.log(10), color="#767676", lw=1, ls=(0, (4, 4)))
        left.set_xlim(0, 60)
        loss_axis(left, losses)
        layer = np.arange(1, len(signs["gradient"]) + 1)
        arrives = np.array(signs["gradient"])
        right.plot(layer[arrives > 0], arrives[arrives > 0], "o-", color="#0072B2")
        for at in layer[arrives == 0]:
            right.text(at, 3e-5, "0", ha="center", color="#D55E00", size=12, weight="bold")
        right.axhline(1, color="#767676", lw=1, ls=(0, (4, 4)))
        right.set(yscale="log", ylim=(1e-5, 1e3), xticks=layer)
        return figure

    def figures(options):
        """The chart of a patient, in figures."""
        losses, signs = train(options), vitals(options)
        named = {
            "gradient that arrives": [f"{value:.2g}" for value in signs["gradient"]],
            "spread of the outputs": [f"{value:.2g}" for value in signs["spread"]],
            "dead units": percent(signs["dead"]),
            "saturated outputs": percent(signs["saturated"]),
            "units with a twin": percent(signs["alike"]),
        }
        head = "| hidden layer | " + " | ".join(map(str, range(1, len(signs["spread"]) + 1))) + " |"
        rule = "|---" * (len(signs["spread"]) + 1) + "|"
        body = "\n".join(f"| {name} | {' | '.join(row)} |" for name, row in named.items())
        said = (
            f"The learning rate is {options['rate']:g}. The next step would change a layer's weights by"
            f" up to {signs['step']:.2g} of their length. The loss is {number(losses[0])} at first,"
            f" {number(losses[20])} after 20 steps, {number(losses[60])} after 60."
        )
        return f"{head}\n{rule}\n{body}\n\n{said}"

    return figures, pictures


@app.cell(hide_code=True)
def _(healthy, pictures):
    pictures(healthy)
    return


@app.cell(hide_code=True)
def _(figures, healthy, mo):
    mo.md(figures(healthy))
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    - **Gradient that arrives**: its length at the outputs of a layer, beside that at the last hidden layer. Through six layers some of it may get lost, or come on top; a factor of twenty, either way, is too much. (Lesson 7)
    - **Spread of the outputs**: their standard deviation.
    - **Dead units**: ReLU units (also called rectifiers) that give 0 for each of the 200 images. No gradient passes them.
    - **Saturated outputs**: those on the flat parts of a tanh or sigmoid, where next to no gradient passes. A dash: this activation has no such thing.
    - **Units with a twin**: their weights are those of another unit of the same layer.
    - **The next step**: the largest change of a layer's weights, divided by their length. About a thousandth is usual; here, where 200 images are seen at once, a few hundredths still do.

    And this is the medicine chest. You may give any of it to anybody.

    - *A tenth of the learning rate*, or *ten times* of it.
    - *Clip the gradient*: where all gradients together are longer than 1, shorten them to 1. (Lesson 8)
    - *New random weights* of the size that is meant for the activation, Xavier's for tanh and sigmoid, He's for ReLU; all biases 0.
    - *ReLU with He's weights*, whatever the activation was.
    - *Batch normalisation*: in every layer each unit is shifted and scaled to mean 0 and spread 1 over the batch, before its activation.
    """)
    return


@app.cell(hide_code=True)
def _():
    CURES = {
        "a tenth of the learning rate": lambda patient: {"rate": patient["rate"] / 10},
        "ten times the learning rate": lambda patient: {"rate": patient["rate"] * 10},
        "clip the gradient": lambda patient: {"clip": 1.0},
        "new random weights": lambda patient: {"init": None, "bias": 0.0},
        "ReLU with He's weights": lambda patient: {
            "activation": "relu",
            "init": None,
            "bias": 0.0,
        },
        "batch normalisation": lambda patient: {"norm": "batch"},
    }
    DISEASES = {
        "dead rectifiers": "dead rectifiers",
        "exploding": "an exploding gradient",
        "learning rate too large": "a learning rate that is too large",
        "saturation": "saturation",
        "symmetric": "symmetry: units that are all alike",
        "vanishing": "a vanishing gradient",
    }
    return CURES, DISEASES


@app.cell(hide_code=True)
def _(CURES, diagnose, learn, loss_axis, mo, number, train, untreated, ward):
    def treated(name, cure):
        """The patient, with the cure."""
        return ward[name] | CURES[cure](ward[name])

    def ask_for_cure():
        return mo.ui.dropdown(list(CURES), label="I prescribe")

    def rerun(name, cure):
        """The same network on the same batch for the same 60 steps, without the cure and with it."""
        if cure is None:
            return None
        figure, ax = learn.axes("", "step", "loss", height=2.4)
        without, with_it = untreated[name], train(treated(name, cure))
        ax.plot(
            without, color="#767676", lw=2.5, label=f"without: {number(without[-1])} in the end"
        )
        ax.plot(with_it, color="#009E73", label=f"with: {number(with_it[-1])} in the end")
        ax.set_xlim(0, 60)
        loss_axis(ax, without, with_it)
        ax.legend(frameon=False)
        return figure

    def verdict(name, cure):
        """What the doctor finds in the treated patient."""
        if cure is None:
            return "*Choose a cure, and the same network is trained anew with it.*"
        left = [
            f"**{found.disease}** at `{found.place}`" for found in diagnose(treated(name, cure))
        ]
        found = "; ".join(left) or "nothing any more"
        return f"Patient {name}, {cure}. Before the first step the doctor now finds: {found}."

    return ask_for_cure, rerun, treated, verdict


@app.cell(hide_code=True)
def _(diagnose, ward):
    findings = {name: diagnose(options) for name, options in ward.items()}
    return (findings,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Patient A

    Its activation is the sigmoid.
    """)
    return


@app.cell(hide_code=True)
def _(pictures, ward):
    pictures(ward["A"])
    return


@app.cell(hide_code=True)
def _(figures, mo, ward):
    mo.md(figures(ward["A"]))
    return


@app.cell(hide_code=True)
def _(DISEASES, learn):
    guess_a = learn.guess("**Your diagnosis.** Patient A has", list(DISEASES.values()))
    guess_a
    return (guess_a,)


@app.cell(hide_code=True)
def _(DISEASES, findings, guess_a, learn):
    _revealed = learn.reveal(
        guess_a,
        DISEASES["vanishing"],
        f"The doctor: *{findings['A'][0].evidence}*. A sigmoid's slope is a quarter at most, and here it is multiplied six times. Larger steps with the little that arrives do not help: try it.",
    )
    known_a = "A"
    _revealed
    return (known_a,)


@app.cell(hide_code=True)
def _(ask_for_cure, known_a):
    _ = known_a
    cure_a = ask_for_cure()
    cure_a
    return (cure_a,)


@app.cell(hide_code=True)
def _(cure_a, known_a, rerun):
    rerun(known_a, cure_a.value)
    return


@app.cell(hide_code=True)
def _(cure_a, known_a, mo, verdict):
    mo.md(verdict(known_a, cure_a.value))
    return


@app.cell(hide_code=True)
def _(known_a, mo):
    _ = known_a
    mo.md(r"""
    The doctor is `mg.explain.diagnose(model, batch, optimizer)`. It calls the parts of a network by their place in `model.layers`: `layers.0` is the first dense layer, `layers.1` its activation, and so on to `layers.12`, the outputs. There it measures the gradient, before the activations, so that its number is a little another one than that of the chart. Each of its limits has a source, which a finding names in `.source`; 0.05 is $e^{-3}$.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Patient B

    Its activation is ReLU.
    """)
    return


@app.cell(hide_code=True)
def _(pictures, ward):
    pictures(ward["B"])
    return


@app.cell(hide_code=True)
def _(figures, mo, ward):
    mo.md(figures(ward["B"]))
    return


@app.cell(hide_code=True)
def _(DISEASES, learn):
    guess_b = learn.guess("**Your diagnosis.** Patient B has", list(DISEASES.values()))
    guess_b
    return (guess_b,)


@app.cell(hide_code=True)
def _(DISEASES, findings, guess_b, learn):
    _revealed = learn.reveal(
        guess_b,
        DISEASES["dead rectifiers"],
        f"The doctor: *{findings['B'][0].evidence}*. Its biases began at -5, so deep below zero that no image lifts a unit over it. Where all outputs of a layer are 0, no gradient passes, and no step changes a hidden layer.",
    )
    known_b = "B"
    _revealed
    return (known_b,)


@app.cell(hide_code=True)
def _(ask_for_cure, known_b):
    _ = known_b
    cure_b = ask_for_cure()
    cure_b
    return (cure_b,)


@app.cell(hide_code=True)
def _(cure_b, known_b, rerun):
    rerun(known_b, cure_b.value)
    return


@app.cell(hide_code=True)
def _(cure_b, known_b, mo, verdict):
    mo.md(verdict(known_b, cure_b.value))
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Patient C

    Its activation is ReLU.
    """)
    return


@app.cell(hide_code=True)
def _(pictures, ward):
    pictures(ward["C"])
    return


@app.cell(hide_code=True)
def _(figures, mo, ward):
    mo.md(figures(ward["C"]))
    return


@app.cell(hide_code=True)
def _(DISEASES, learn):
    guess_c = learn.guess("**Your diagnosis.** Patient C has", list(DISEASES.values()))
    guess_c
    return (guess_c,)


@app.cell(hide_code=True)
def _(DISEASES, findings, guess_c, learn):
    _revealed = learn.reveal(
        guess_c,
        DISEASES["exploding"],
        f"The doctor: *{findings['C'][0].evidence}*. Its weights are too large, by a factor of 1.8 in each layer. The last layers get a sensible gradient, the first ones one that throws them out: after five steps the loss has more than 50 digits.",
    )
    known_c = "C"
    _revealed
    return (known_c,)


@app.cell(hide_code=True)
def _(ask_for_cure, known_c):
    _ = known_c
    cure_c = ask_for_cure()
    cure_c
    return (cure_c,)


@app.cell(hide_code=True)
def _(cure_c, known_c, rerun):
    rerun(known_c, cure_c.value)
    return


@app.cell(hide_code=True)
def _(cure_c, known_c, mo, verdict):
    mo.md(verdict(known_c, cure_c.value))
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Patient D

    Its activation is ReLU.
    """)
    return


@app.cell(hide_code=True)
def _(pictures, ward):
    pictures(ward["D"])
    return


@app.cell(hide_code=True)
def _(figures, mo, ward):
    mo.md(figures(ward["D"]))
    return


@app.cell(hide_code=True)
def _(DISEASES, learn):
    guess_d = learn.guess("**Your diagnosis.** Patient D has", list(DISEASES.values()))
    guess_d
    return (guess_d,)


@app.cell(hide_code=True)
def _(DISEASES, findings, guess_d, learn):
    _revealed = learn.reveal(
        guess_d,
        DISEASES["symmetric"],
        f"The doctor: *{findings['D'][0].evidence}*. All weights began equal. So all units of a layer say the same, get the same gradient, and stay equal for ever: each layer of 32 is one unit, repeated.",
    )
    known_d = "D"
    _revealed
    return (known_d,)


@app.cell(hide_code=True)
def _(ask_for_cure, known_d):
    _ = known_d
    cure_d = ask_for_cure()
    cure_d
    return (cure_d,)


@app.cell(hide_code=True)
def _(cure_d, known_d, rerun):
    rerun(known_d, cure_d.value)
    return


@app.cell(hide_code=True)
def _(cure_d, known_d, mo, verdict):
    mo.md(verdict(known_d, cure_d.value))
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Patient E

    Its activation is tanh.
    """)
    return


@app.cell(hide_code=True)
def _(pictures, ward):
    pictures(ward["E"])
    return


@app.cell(hide_code=True)
def _(figures, mo, ward):
    mo.md(figures(ward["E"]))
    return


@app.cell(hide_code=True)
def _(DISEASES, learn):
    guess_e = learn.guess("**Your diagnosis.** Patient E has", list(DISEASES.values()))
    guess_e
    return (guess_e,)


@app.cell(hide_code=True)
def _(DISEASES, findings, guess_e, learn):
    _revealed = learn.reveal(
        guess_e,
        DISEASES["learning rate too large"],
        f"The doctor: *{findings['E'][0].evidence}*. $L$ is the largest curvature, and $2 / L$ the limit of lesson 2. The layers are those of the healthy network, number for number; only the steps are twenty times as long.",
    )
    known_e = "E"
    _revealed
    return (known_e,)


@app.cell(hide_code=True)
def _(ask_for_cure, known_e):
    _ = known_e
    cure_e = ask_for_cure()
    cure_e
    return (cure_e,)


@app.cell(hide_code=True)
def _(cure_e, known_e, rerun):
    rerun(known_e, cure_e.value)
    return


@app.cell(hide_code=True)
def _(cure_e, known_e, mo, verdict):
    mo.md(verdict(known_e, cure_e.value))
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Patient F

    Its activation is tanh.
    """)
    return


@app.cell(hide_code=True)
def _(pictures, ward):
    pictures(ward["F"])
    return


@app.cell(hide_code=True)
def _(figures, mo, ward):
    mo.md(figures(ward["F"]))
    return


@app.cell(hide_code=True)
def _(DISEASES, learn):
    guess_f = learn.guess("**Your diagnosis.** Patient F has", list(DISEASES.values()))
    guess_f
    return (guess_f,)


@app.cell(hide_code=True)
def _(DISEASES, findings, guess_f, learn):
    _revealed = learn.reveal(
        guess_f,
        DISEASES["saturation"],
        f"The doctor: *{findings['F'][0].evidence}*. Its weights are about ten times as large as Xavier's. Most of its outputs are far out where tanh is flat, close to 1 or -1. That the gradient grows as well comes of the same weights; the doctor names causes, not what they cause.",
    )
    known_f = "F"
    _revealed
    return (known_f,)


@app.cell(hide_code=True)
def _(ask_for_cure, known_f):
    _ = known_f
    cure_f = ask_for_cure()
    cure_f
    return (cure_f,)


@app.cell(hide_code=True)
def _(cure_f, known_f, rerun):
    rerun(known_f, cure_f.value)
    return


@app.cell(hide_code=True)
def _(cure_f, known_f, mo, verdict):
    mo.md(verdict(known_f, cure_f.value))
    return


@app.cell(hide_code=True)
def _(learn):
    guess_norm = learn.guess(
        "**Predict.** Give batch normalisation to all six. After 60 steps one of them has hardly learned anything. Which?",
        [
            "A, vanishing",
            "B, dead",
            "C, exploding",
            "D, symmetric",
            "E, rate too large",
            "F, saturated",
        ],
    )
    guess_norm
    return (guess_norm,)


@app.cell(hide_code=True)
def _(CURES, np, train, treated, ward):
    rounds = np.array([[train(treated(name, cure))[-1] for cure in CURES] for name in ward])
    return (rounds,)


@app.cell(hide_code=True)
def _(CURES, guess_norm, learn, rounds, ward):
    _normed = rounds[:, list(CURES).index("batch normalisation")]
    _revealed = learn.reveal(
        guess_norm,
        "D, symmetric",
        "Loss after 60 steps: "
        + ", ".join(f"{name} {loss:.2f}" for name, loss in zip(ward, _normed, strict=True))
        + ". Normalising makes units neither different nor differently taught: equal ones get equal gradients, and stay equal.",
    )
    known_rounds = rounds
    _revealed
    return (known_rounds,)


@app.cell(hide_code=True)
def _(known_rounds, mo):
    _ = known_rounds
    mo.md(r"""
    ## The round

    Every patient with every cure; NaN is what is no number any more. Read it by columns: what does clipping do for A, B and C? And by rows: who is helped by what has nothing to do with the cause?
    """)
    return


@app.cell(hide_code=True)
def _(CURES, known_rounds, learn, np, number, ward):
    for _cure, _losses in zip(CURES, known_rounds.T, strict=True):
        learn.say(
            f"{_cure}, loss after 60 steps: "
            + ", ".join(f"{k} {number(loss)}" for k, loss in zip(ward, _losses, strict=True))
        )
    _figure, _ax = learn.axes("Loss after 60 steps: green where it is under 1.2", height=3.2)
    _ax.pcolormesh(
        np.where(known_rounds < 1.2, 1.0, 0.0), cmap="Greens", vmin=0, vmax=2.2,
        edgecolors="white", linewidth=2,
    )  # fmt: skip
    for (_row, _column), _loss in np.ndenumerate(known_rounds):
        _text = "NaN" if np.isnan(_loss) else f"{_loss:.0f}" if _loss > 99 else number(_loss)
        _ax.text(_column + 0.5, _row + 0.5, _text, ha="center", va="center", size=10)
    _names = [
        "a tenth\nof the rate", "ten times\nthe rate", "clip", "new\nweights", "ReLU,\nHe", "batch\nnorm.",
    ]  # fmt: skip
    _kinds = ["vanishing", "dead", "exploding", "symmetric", "rate too large", "saturated"]
    _ax.set_xticks(np.arange(len(CURES)) + 0.5, _names)
    _ax.set_yticks(
        np.arange(len(ward)) + 0.5, [f"{k}, {kind}" for k, kind in zip(ward, _kinds, strict=True)]
    )
    _ax.invert_yaxis()
    _ax.tick_params(length=0)
    for _side in ("left", "bottom"):
        _ax.spines[_side].set_visible(False)
    _figure
    return


@app.cell(hide_code=True)
def _(known_rounds, mo):
    _ = known_rounds
    mo.md(r"""
    Clipping tames what is too long (C, E), and does nothing where nothing arrives (A, B, D). A tenth of the rate helps the same two. New weights of the right size help whoever has wrong weights (B, C, D, F), but not A, whose weights were right, nor E. What helps after 60 steps may yet be no cure of the cause: to C a smaller rate is a crutch, and the doctor still finds it exploding.

    ## Break it

    Now make a healthy network sick, and watch the doctor. At a scale of 1 the variance of a weight is 1 / inputs of the unit. With tanh: at which scale does the gradient vanish, at which are units saturated? Make it deeper: does the healthy range become wider or narrower? Back at 1: which rates are too large, and which too small?
    """)
    return


@app.cell(hide_code=True)
def _(known_rounds, mo):
    _ = known_rounds
    kind = mo.ui.dropdown(["tanh", "relu", "sigmoid"], value="tanh", label="activation")
    scale = mo.ui.slider(
        steps=[0.125, 0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 8.0],
        value=1.0,
        label="scale of the weights",
        show_value=True,
    )
    depth = mo.ui.slider(2, 14, 1, value=6, label="hidden layers", show_value=True)
    rate = mo.ui.slider(
        steps=[1e-6, 1e-5, 1e-4, 0.001, 0.01, 0.1, 0.3, 1.0, 3.0, 10.0],
        value=0.1,
        label="learning rate",
        show_value=True,
    )
    mo.vstack(
        [
            mo.hstack([kind, scale], justify="start", gap=2, wrap=True),
            mo.hstack([depth, rate], justify="start", gap=2, wrap=True),
        ]
    )
    return depth, kind, rate, scale


@app.cell(hide_code=True)
def _(depth, diagnose, kind, mo, rate, scale, weights_of):
    made = {
        "activation": kind.value,
        "init": weights_of(scale.value),
        "depth": depth.value,
        "rate": rate.value,
    }
    found_in_made = diagnose(made)
    _said = "\n\n".join(
        f"**{found.disease}** at `{found.place}`: {found.evidence}." for found in found_in_made
    )
    mo.md(_said or "The doctor finds **nothing**.")
    return found_in_made, made


@app.cell(hide_code=True)
def _(made, pictures):
    pictures(made)
    return


@app.cell(hide_code=True)
def _(figures, made, mo):
    mo.md(figures(made))
    return


@app.cell(hide_code=True)
def _(known_rounds, mo):
    _ = known_rounds
    mo.md(r"""
    ## What to remember

    A loss that does not fall is a sign that many diseases share, and which one it is stands in the numbers of the layers: how much gradient arrives, which units are dead, saturated or alike, and how large a step is beside the weights. A cure acts on a cause, so clipping helped the network whose gradient exploded and did nothing for the one whose gradient vanished, and batch normalisation helped five of six but could not make equal units different. Whoever prescribes also proves it, with the same network, the same batch and the same steps, without the cure and with it.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Exercises
    """)
    return


@app.cell(hide_code=True)
def _(mg, np):
    def friends_loss(activation="tanh", rate=0.1, shrink=1.0, standardise=False):
        """The friend's network after 60 steps; and its chart before them."""
        moons = mg.data.moons(200, rng=0)
        x = moons.x * [1.0, 5000.0]
        if standardise:
            x = (x - x.mean(axis=0)) / x.std(axis=0)
        model = mg.nn.MLP([2, 32, 32, 2], activation, rng=0)
        for layer in model.layers[::2]:
            layer.weight.data = layer.weight.numpy() * shrink
        rule = mg.optim.SGD(model.parameters(), lr=rate)
        rows = mg.explain.flow(model, (x, moons.y), split=False)
        losses = []
        for _ in range(60):
            loss = mg.nn.cross_entropy(model(x), moons.y)
            losses.append(loss.item())
            rule.zero_grad()
            loss.backward()
            rule.step()
        losses.append(mg.nn.cross_entropy(model(x), moons.y).item())
        return {
            "rms": np.sqrt((x**2).mean(axis=0)),
            "saturated": [rows[1].saturated, rows[3].saturated],
            "gradient": rows[1].at_output / rows[3].at_output,
            "losses": losses,
            "findings": mg.explain.diagnose(
                mg.nn.MLP([2, 32, 32, 2], activation, rng=0), (x, moons.y)
            ),
        }

    friend = friends_loss()
    remedies = {
        "A tenth of the learning rate.": friends_loss(rate=0.01)["losses"][-1],
        "All weights a tenth as large.": friends_loss(shrink=0.1)["losses"][-1],
        "ReLU in the place of tanh.": friends_loss(activation="relu")["losses"][-1],
        "For each input: subtract its mean, divide by its standard deviation.": friends_loss(
            standardise=True
        )["losses"][-1],
    }
    return friend, friends_loss, remedies


@app.cell(hide_code=True)
def _(friend, mo):
    mo.md(f"""
**1.** A friend's network tells two moons apart, by two coordinates that were measured in different units. It has two hidden layers of tanh units, with Xavier's weights, and learns slowly: {friend["losses"][0]:.2f} at first, {friend["losses"][-1]:.2f} after 60 steps at a rate of 0.1. Its chart:

| | input 1 | input 2 | hidden layer 1 | hidden layer 2 |
|---|---|---|---|---|
| root mean square | {friend["rms"][0]:.2f} | {friend["rms"][1]:.0f} | | |
| saturated outputs | | | {friend["saturated"][0]:.0%} | {friend["saturated"][1]:.0%} |
| gradient that arrives | | | {friend["gradient"]:.2f} | 1 |
""")
    return


@app.cell(hide_code=True)
def _(learn, remedies):
    answer_friend = learn.choice("Your friend should first try", list(remedies))
    answer_friend
    return (answer_friend,)


@app.cell(hide_code=True)
def _(answer_friend, friend, learn, number, remedies):
    def check_friend(answer):
        after = (
            f"Tried: {number(remedies[answer])} after 60 steps, beside {friend['losses'][-1]:.2f}."
        )
        if answer.startswith("For each input"):
            return learn.right(
                f"{after} The second input is thousands of times as large as the first, and saturates all units by itself; the first is drowned."
            )
        if answer.startswith("A tenth"):
            return learn.wrong(f"{after} Nothing leaps about here that would want smaller steps.")
        if answer.startswith("All weights"):
            return learn.wrong(
                f"{after} Xavier's weights were right for inputs of about 1. Which number of the chart is far from 1?"
            )
        return learn.wrong(
            f"{after} ReLU does not saturate, so it passes on all of the size. Where does the size come from?"
        )

    learn.check(answer_friend, check_friend)
    return (check_friend,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    **2.** This loop trains a network of one layer on two moons. Its loss falls to 0.39, and then rises again, to over 0.6. The doctor, called after 25 steps, looks at `.grad` and names a **stale gradient**. Mend the loop.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_loop = learn.code(
        "def train(model, x, y):\n"
        "    rule = mg.optim.SGD(model.parameters(), lr=0.3)\n"
        "    for step in range(25):\n"
        "        loss = mg.nn.cross_entropy(model(x), y)\n"
        "        loss.backward()\n"
        "        rule.step()\n"
        "    return rule\n"
    )
    answer_loop
    return (answer_loop,)


@app.cell(hide_code=True)
def _(answer_loop, learn, mg, np):
    def one_layer():
        return mg.nn.Sequential(mg.nn.Linear(2, 2, rng=0))

    def one_by_one(moons, steps=25):
        """The weights as they are after each step is made with its own gradient."""
        model = one_layer()
        rule = mg.optim.SGD(model.parameters(), lr=0.3)
        for _ in range(steps):
            rule.zero_grad()
            mg.nn.cross_entropy(model(moons.x), moons.y).backward()
            rule.step()
        return model[0].weight.numpy()

    @learn.reads_code("train")
    def check_loop(train):
        moons, model = mg.data.moons(200, rng=0), one_layer()
        begun = model[0].weight.numpy().copy()
        rule = train(model, moons.x, moons.y)
        if not isinstance(rule, mg.optim.Optimizer):
            return learn.wrong("`train` is to return its `rule`, for the doctor to look at.")
        if np.array_equal(model[0].weight.numpy(), begun):
            return learn.wrong(
                "The weights have not moved at all: the gradient is cleared after `backward` has made it, and before `step` uses it."
            )
        loss = mg.nn.cross_entropy(model(moons.x), moons.y).item()
        for found in mg.explain.diagnose(model, moons, rule):
            if found.disease == "stale gradient":
                return learn.wrong(
                    f"The doctor still finds a stale gradient: {found.evidence}. `backward` adds to what stands in `.grad`; who takes the old away? The loops of lessons 10 and 12 have a line for that."
                )
        if not np.allclose(model[0].weight.numpy(), one_by_one(moons)):
            return learn.wrong(
                f"No stale gradient at the end, but these are not the 25 steps at a rate of 0.3 that were asked for: the loss is {loss:.3f}. Is every step made with its own gradient alone?"
            )
        return learn.right(f"The doctor finds nothing, and the loss after 25 steps is {loss:.2f}.")

    learn.check(answer_loop, check_loop)
    return check_loop, one_by_one, one_layer


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Bring your own

    **3.** Put a network of your own in the place of this one, with a batch of some hundred rows of your data: a pair of arrays `(x, y)`, or what `mg.data.read_table` makes of a CSV file. The doctor looks at it, tries out its own cure on a copy for 50 steps, and tells the outcome. You are done when it finds nothing; the one that stands here is not well.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_own = learn.code(
        "data = mg.data.moons(200, noise=0.1, rng=0)\n"
        "model = mg.nn.MLP([2, *[16] * 9, 2], activation='sigmoid', rng=0)\n"
        "optimizer = mg.optim.SGD(model.parameters(), lr=0.1)\n"
        "loss = mg.nn.cross_entropy\n"
    )
    answer_own
    return (answer_own,)


@app.cell(hide_code=True)
def _(answer_own, learn, mg, number):
    @learn.reads_code("data", "model", "optimizer", "loss")
    def check_own(data, model, optimizer, loss):
        said = []
        for found in mg.explain.diagnose(model, data, optimizer, loss):
            proof = found.prove(50)
            before, after = proof.losses_before, proof.losses_after
            said.append(
                f"**{found.disease}** at `{found.place}`: {found.evidence}. *Cure:* {found.cure}"
                f" *Proof, in 50 steps on a copy:* the loss goes from {number(before[0])} to"
                f" {number(before[-1])} without the cure, from {number(after[0])} to"
                f" {number(after[-1])} with it."
            )
        if said:
            return learn.wrong("The doctor finds " + "\n\n".join(said))
        return learn.right(
            "The doctor finds nothing on this batch. Train it for a while, and ask again: some diseases come later."
        )

    learn.check(answer_own, check_own)
    return (check_own,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Sources

    - Rumelhart, Hinton and Williams (1986), *Learning representations by back-propagating errors*, who start from random weights to break symmetry: [doi.org/10.1038/323533a0](https://doi.org/10.1038/323533a0)
    - LeCun, Bottou, Orr and Müller (1998), *Efficient BackProp*, with the scale of inputs and the limit of the rate: [doi.org/10.1007/3-540-49430-8_2](https://doi.org/10.1007/3-540-49430-8_2)
    - Glorot and Bengio (2010), *Understanding the difficulty of training deep feedforward neural networks*, with saturation: [proceedings.mlr.press/v9/glorot10a.html](https://proceedings.mlr.press/v9/glorot10a.html)
    - Ioffe and Szegedy (2015), *Batch normalization*: [arxiv.org/abs/1502.03167](https://arxiv.org/abs/1502.03167)
    - Schoenholz and others (2017), *Deep information propagation*, with the limits for vanishing and exploding: [arxiv.org/abs/1611.01232](https://arxiv.org/abs/1611.01232)
    - Lu, Shin, Su and Karniadakis (2020), *Dying ReLU and initialization*: [arxiv.org/abs/1903.06733](https://arxiv.org/abs/1903.06733)
    - Karpathy (2022), *Building makemore, part 3*, on steps of a thousandth of the weights: [youtu.be/P6sfmUTpUmc](https://youtu.be/P6sfmUTpUmc)

    ## What comes next

    The closing page has what is often said of all this, and what you can measure: `microgd learn 15`.
    """)
    return


if __name__ == "__main__":
    app.run()
