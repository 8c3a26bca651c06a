"""Training well

Six remedies against learning by heart and in a bad order, each tried with and without.

Time: 20 minutes.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="11. Training well")


@app.cell(hide_code=True)
def _():
    import marimo as mo
    import numpy as np

    import microgd as mg
    from microgd import learn

    return learn, mg, mo, np


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 11. Training well

    A pupil knows every exercise of the book by heart, and fails the examination. A network can do much the same: it becomes better and better on the examples that it is trained on, and worse on all others. **Six remedies are in every textbook. Which of them help, by how much, and when not?**

    Until now the question was whether the loss comes down. Now it is what the network has learned when it does. Every remedy on this page is tried in the same way: the same data and the same first weights, once with it and once without. And that eight times over, for one run proves nothing.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## In which order? Shuffling

    An **epoch** is one pass through the data; a **mini-batch** is the handful of examples that one step sees. **Shuffling** means that each epoch goes through the examples in a new random order.

    Take 200 points of two moons, the two crescents of lesson 6, and sort them: first all of the upper moon, then all of the lower one. A network of 32 hidden units sees them 20 times, 20 points a step. Only the order differs.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_order = learn.guess(
        "**Predict first.** Sorted, and never shuffled: what comes of it, as against shuffling?",
        [
            "Nothing: the same points, equally often",
            "Some more answers are wrong",
            "Half of the answers are wrong: it learns nothing",
        ],
    )
    guess_order
    return (guess_order,)


@app.cell(hide_code=True)
def _(mg, mo, np):
    SEEDS = range(100, 108)  # of data and first weights: eight of each

    def wrong_answers(model, points):
        """How many answers of 100 are wrong."""
        return 100 * (1 - mg.train.evaluate(model, points)["accuracy"])

    def in_order(seed, shuffle, by_class, callbacks=()):
        moons = mg.data.moons(200, noise=0.2, rng=seed + 200)
        if by_class:
            moons = moons.take(np.argsort(moons.y, kind="stable"))
        model = mg.nn.MLP([2, 32, 2], rng=seed)
        rule = mg.optim.SGD(model.parameters(), lr=0.5)
        mg.train.fit(
            model, moons, rule, epochs=20, batch_size=20, shuffle=shuffle,
            rng=seed, callbacks=callbacks, metrics=[], progress=False,
        )  # fmt: skip
        new = mg.data.moons(1000, noise=0.2, rng=seed + 1000)
        return wrong_answers(model, new)

    mo.show_code()
    return SEEDS, in_order, wrong_answers


@app.cell(hide_code=True)
def _(np):
    def difference(one, other):
        """The mean of the paired differences, and half the width of its 95 % interval."""
        gap = one - other
        errors = {5: 2.776, 8: 2.365}[len(gap)]  # of Student's t for so many pairs
        return gap.mean(axis=0), errors * gap.std(axis=0, ddof=1) / np.sqrt(len(gap))

    def verdict(mean, half):
        if mean + half < 0:
            return "helps"
        return "harms" if mean - half > 0 else "cannot be told"

    def forest(axes, measured):
        """A row for each remedy: the change of both measures, and its 95 % interval."""
        _names = [name for name in measured if name != "nothing"]
        _colours = {"helps": "#009E73", "harms": "#D55E00", "cannot be told": "#767676"}
        for _row, _name in enumerate(_names):
            _found = difference(measured[_name], measured["nothing"])
            for _ax, _mean, _half, _form in zip(axes, *_found, ("+.1f", "+.2f"), strict=True):
                _colour = _colours[verdict(_mean, _half)]
                _ax.plot([_mean - _half, _mean + _half], [_row, _row], color=_colour)
                _ax.plot(_mean, _row, "o", color=_colour)
                _ax.text(
                    _mean,
                    _row - 0.25,
                    f"{_mean:{_form}}",
                    color=_colour,
                    ha="center",
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
                )
        for _ax in axes:
            _ax.axvline(0, color="#4a525c", linewidth=1)
            _ax.set(yticks=range(len(_names)), ylim=(len(_names) - 0.5, -0.8))
            _ax.tick_params(axis="y", length=0)
            _ax.locator_params(axis="x", nbins=5)
        axes[0].set_yticklabels(_names)
        axes[1].set_yticklabels([])

    return difference, forest, verdict


@app.cell(hide_code=True)
def _(SEEDS, in_order, mg, np, wrong_answers):
    class Watch(mg.train.Callback):
        """Note after each step how many of 100 new points are wrong."""

        def __init__(self, new):
            self.new, self.wrong = new, []

        def on_batch_end(self, run):
            self.wrong.append(wrong_answers(run.model, self.new))

    orders = {
        "shuffled": np.array([in_order(s, True, True) for s in SEEDS]),
        "sorted": np.array([in_order(s, False, True) for s in SEEDS]),
        "one random order": np.array([in_order(s, False, False) for s in SEEDS]),
    }
    watched = {}
    for _name, _shuffle in (("sorted", False), ("shuffled", True)):
        _watch = Watch(mg.data.moons(1000, noise=0.2, rng=1100))
        in_order(100, _shuffle, True, [_watch])
        watched[_name] = _watch.wrong
    return orders, watched


@app.cell(hide_code=True)
def _(guess_order, learn, orders):
    order_seen = learn.reveal(
        guess_order,
        "Some more answers are wrong",
        f"Of 100 new points, {orders['sorted'].mean():.1f} are wrong after sorted epochs, and {orders['shuffled'].mean():.1f} after shuffled ones (mean of eight networks each). In {(orders['sorted'] > orders['shuffled']).sum()} of 8 pairs sorted was worse.",
    )
    order_seen
    return (order_seen,)


@app.cell(hide_code=True)
def _(learn, np, order_seen, watched):
    order_seen
    _figure, _ax = learn.axes(
        "Sorted data pull the network to and fro", "step", "wrong answers, of 100"
    )
    _steps = np.arange(1, 61)
    _ax.plot(_steps, watched["sorted"][:60], color="#D55E00", label="sorted")
    _ax.plot(_steps, watched["shuffled"][:60], color="#0072B2", label="shuffled")
    for _epoch in range(0, 60, 10):
        _ax.axvspan(_epoch + 0.5, _epoch + 5.5, color="#f1f2f4", zorder=0)
    _ax.set(xlim=(0.5, 60.5), ylim=(0, 60))
    _ax.legend(loc="upper right", ncols=2, frameon=False)
    _figure
    return


@app.cell(hide_code=True)
def _(difference, learn, mo, order_seen, orders):
    order_seen
    gap, give = difference(orders["one random order"], orders["shuffled"])
    learn.say(f"Mixed once and never again: {orders['one random order'].mean():.1f} of 100 wrong.")
    mo.md(rf"""
    Grey: the steps at which a sorted epoch shows only the upper moon. Each such step says "more upper" and nobody says the opposite, so that the network forgets the other moon, more with every step; the first step of white pulls it back. In a shuffled batch both moons speak.

    **And where it does not help.** Mix the points once, then keep that order for all epochs. Of 100 answers {orders["one random order"].mean():.1f} are wrong, as against {orders["shuffled"].mean():.1f} when each epoch is shuffled anew. The difference is {gap:+.1f}, give or take {give:.1f}: not to be told from chance. What hurts is an order that *means* something.
    """)
    return gap, give


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Learning by heart

    Now a patient for the other five. There are only 80 examples, and about one label in seven is wrong, as in data that people have labelled in a hurry. The network has two hidden layers of 32 units and 1,218 weights, far more than there are examples.

    - The **training set**, 80 points, is what the network learns from.
    - The **validation set**, 40 further points with the same share of wrong labels, is for watching.
    - The **test set**, 1,000 points with the right labels, decides. The doses further down were chosen without it.
    """)
    return


@app.cell(hide_code=True)
def _(mg, mo, np):
    def points(count, seed, mislabelled=0.15):
        """Two moons with some wrong labels; and which labels these are."""
        moons = mg.data.moons(count, noise=0.2, rng=seed)
        wrong = np.random.default_rng(seed + 5000).random(count) < mislabelled
        labels = np.where(wrong, 1 - moons.y, moons.y)
        return mg.data.Dataset(moons.x, labels), wrong

    def trained(seed, examples, *, dropout=0.0, weight_decay=0.0, **options):
        model = mg.nn.MLP([2, 32, 32, 2], dropout=dropout, rng=seed)
        rule = mg.optim.AdamW(model.parameters(), 0.04, weight_decay=weight_decay)
        history = mg.train.fit(
            model, examples, rule, epochs=150, batch_size=None, rng=seed,
            metrics=[], progress=False, **options,
        )  # fmt: skip
        return model, history

    mo.show_code()
    return points, trained


@app.cell(hide_code=True)
def _(mg, points, trained):
    class Keep(mg.train.Callback):
        """Keep a copy of the network after each epoch."""

        def __init__(self):
            self.states = []

        def on_epoch_end(self, run):
            self.states.append(run.model.state_dict())

    examples, mislabelled = points(80, 100)
    watching, _ = points(40, 1100)
    keep = Keep()
    by_heart, story = trained(100, examples, validation=watching, callbacks=[keep])
    best_epoch = int(story["val_loss"].argmin()) + 1
    return best_epoch, by_heart, examples, keep, mislabelled, story


@app.cell(hide_code=True)
def _(mg, np):
    _x, _y = np.meshgrid(np.linspace(-1.7, 2.7, 70), np.linspace(-1.2, 1.7, 50))
    _grid = np.c_[_x.ravel(), _y.ravel()]

    def draw_network(ax, model, examples, mislabelled):
        """Where a network says which moon, over what it was trained on."""
        if model is not None:
            with mg.no_grad():
                _scores = mg.softmax(model.eval()(_grid), axis=1).numpy()[:, 1]
            ax.contourf(
                _x, _y, _scores.reshape(_x.shape), [0, 0.5, 1], colors=["#cfe3f1", "#f7dccb"]
            )
        for _label, _colour in ((0, "#0072B2"), (1, "#D55E00")):
            _of = examples.y == _label
            ax.scatter(*examples.x[_of].T, s=16, color=_colour, linewidth=0, zorder=3)
        if mislabelled.any():
            ax.scatter(
                *examples.x[mislabelled].T, s=70, facecolor="none", edgecolor="#4a525c", zorder=4
            )
        ax.set(xticks=[], yticks=[], xlim=(-1.7, 2.7), ylim=(-1.2, 1.7), xlabel="", ylabel="")
        ax.spines[:].set_visible(False)

    return (draw_network,)


@app.cell(hide_code=True)
def _(draw_network, examples, learn, mislabelled, np, points):
    _figure, (_left, _right) = learn.axes(
        [f"80 examples; ringed: {mislabelled.sum()} wrong labels", "The test: 1,000 new points"],
        columns=2,
        height=2.8,
    )
    draw_network(_left, None, examples, mislabelled)
    draw_network(_right, None, points(1000, 2100, 0.0)[0], np.zeros(1000, bool))
    _figure
    return


@app.cell(hide_code=True)
def _(learn):
    guess_heart = learn.guess(
        "**Predict first.** As this network trains, its loss on the 80 examples falls and falls."
        " What does its loss on the validation set do?",
        [
            "It falls too, only more slowly",
            "It falls, and then stays where it is",
            "It falls, and then rises above where it began",
        ],
    )
    guess_heart
    return (guess_heart,)


@app.cell(hide_code=True)
def _(best_epoch, guess_heart, learn, story):
    _v = story["val_loss"]
    heart_seen = learn.reveal(
        guess_heart,
        "It falls, and then rises above where it began",
        f"It is {_v[0]:.2f} after the first epoch, {_v.min():.2f} at its best (epoch {best_epoch}), and {_v[-1]:.2f} after epoch 150. On the examples themselves it goes from {story['loss'][0]:.2f} to {story['loss'][-1]:.2f}.",
    )
    heart_seen
    return (heart_seen,)


@app.cell(hide_code=True)
def _(heart_seen, mo):
    heart_seen
    mo.md(r"""
    ### Step through it

    That is **overfitting**: to become better on the examples and worse on everything else. Move through the epochs, and watch the network draw borders round single points.
    """)
    return


@app.cell(hide_code=True)
def _(heart_seen, mo):
    heart_seen
    epoch = mo.ui.slider(1, 150, 1, value=10, label="epoch", show_value=True, full_width=True)
    epoch
    return (epoch,)


@app.cell(hide_code=True)
def _(
    best_epoch,
    draw_network,
    epoch,
    examples,
    keep,
    learn,
    mg,
    mislabelled,
    story,
):
    _figure, (_left, _right) = learn.axes(
        [f"What it says after epoch {epoch.value}", "Loss"], columns=2, height=3.0
    )
    _model = mg.nn.MLP([2, 32, 32, 2])
    _model.load_state_dict(keep.states[epoch.value - 1])
    draw_network(_left, _model, examples, mislabelled)
    _right.plot(story["epoch"], story["loss"], color="#0072B2")
    _right.plot(story["epoch"], story["val_loss"], color="#D55E00")
    _right.axvline(epoch.value, color="#4a525c", linewidth=1, linestyle="dotted")
    _right.plot(best_epoch, story["val_loss"].min(), "o", color="#D55E00")
    _right.text(
        100, story["val_loss"][-1] * 0.9, "validation", color="#D55E00", ha="right", va="top"
    )
    _right.text(149, story["loss"][-1] + 0.03, "training", color="#0072B2", ha="right", va="bottom")
    _right.set(xlabel="epoch", ylim=(0, None))
    _figure
    return


@app.cell(hide_code=True)
def _(by_heart, examples, heart_seen, mg, mislabelled, mo):
    heart_seen
    with mg.no_grad():
        _says = by_heart.eval()(examples.x).numpy().argmax(1)
    repeated = int((_says == examples.y)[mislabelled].sum())
    mo.md(rf"""
    After 150 epochs the network repeats **{repeated} of the {mislabelled.sum()} wrong labels**, as it was told to: the loss asks for nothing else.
    """)
    return (repeated,)


@app.cell(hide_code=True)
def _(heart_seen, mo):
    heart_seen
    mo.md(r"""
    ## Early stopping

    The curve itself says what to do: stop where validation is best, and take the weights of that epoch. A curve jumps, so one waits a little before giving up. How many epochs may pass without a new best is called **patience**. The whole of it is:

    ```python
    for epoch in epochs:
        train_one_epoch(model)
        loss = validation_loss(model)
        if loss < best:
            best, best_weights, waited = loss, weights(model), 0
        else:
            waited += 1
            if waited == patience:
                break
    model.load(best_weights)
    ```

    In microgd it is a callback: `mg.train.EarlyStopping(patience=20)`.

    It has a price that is easily forgotten: the 40 points for watching had labels too, and could have been learned from. So it has two rivals here: training to the end with 80 examples, and training to the end with 80 + 40.

    ## Three ways to make learning by heart harder

    **Weight decay.** Each step also shrinks every weight by a small share of itself; only a weight that the gradient keeps asking for stays large.

    $$w \leftarrow w - \eta\,(g + \lambda w)$$

    Here $\eta$ is the learning rate, $g$ the gradient, and $\lambda$ the decay. (`mg.optim.AdamW`, used on this page, shrinks by $\eta\lambda w$ too, beside Adam's step.)

    **Dropout.** In each step each hidden unit is left out with probability $p$, so that none can rely on another being there. What stays is divided by $1 - p$, so that its mean over many steps is as before. After the training all units are there.

    $$\tilde h = \frac{m \cdot h}{1 - p}, \qquad m = 0 \text{ with probability } p, \text{ else } 1$$

    **Gradient noise.** Each gradient is shaken, less and less as time goes on: at step $t$ a random number of variance $\eta_n / (1 + t)^{0.55}$ is added to every element, where $\eta_n$ is the dose.

    ## Break it

    Here are the same 80 examples with a dose of your choice. Turn it up. Where does the network stop believing the ringed points? Where does it stop learning at all? And which of the three is the hardest to overdose?
    """)
    return


@app.cell(hide_code=True)
def _(heart_seen, mo):
    heart_seen
    DOSES = {
        "weight decay": (0.0, 0.1, 0.5, 2.0, 10.0, 30.0),
        "dropout": (0.0, 0.1, 0.2, 0.4, 0.7, 0.95),
        "gradient noise": (0.0, 0.001, 0.01, 0.1, 10.0, 1000.0),
    }
    remedy = mo.ui.dropdown(list(DOSES), value="weight decay", label="Remedy")
    dose = mo.ui.slider(0, 5, 1, value=2, label="Dose, from none to far too much", show_value=True)
    mo.hstack([remedy, dose], justify="start", gap=3, wrap=True)
    return DOSES, dose, remedy


@app.cell(hide_code=True)
def _(mg, np, points):
    def test_of(model, seed):
        """Wrong answers of 100, and the loss, on 1,000 new points with the right labels."""
        found = mg.train.evaluate(model, points(1000, seed + 2000, 0.0)[0])
        return np.array([100 * (1 - found["accuracy"]), found["loss"]])

    return (test_of,)


@app.cell(hide_code=True)
def _(mg, np, points, trained, wrong_answers):
    def dosed(seed, examples, name, amount):
        """A network that was trained with so much of a remedy, and its wrong answers of 100."""
        if name == "gradient noise":
            shaken = [mg.train.GradientNoise(amount, rng=seed)] if amount else []
            model, _ = trained(seed, examples, callbacks=shaken)
        else:
            model, _ = trained(seed, examples, **{name.replace(" ", "_"): amount})
        return model, wrong_answers(model, points(1000, seed + 2000, 0.0)[0])

    def length(model):
        """Of all weights and biases, taken as one vector."""
        return float(np.sqrt(sum((part.data**2).sum() for part in model.parameters())))

    return dosed, length


@app.cell(hide_code=True)
def _(
    DOSES,
    by_heart,
    dose,
    dosed,
    draw_network,
    examples,
    learn,
    length,
    mislabelled,
    points,
    remedy,
    wrong_answers,
):
    _amount = DOSES[remedy.value][dose.value]
    _model, _wrong = dosed(100, examples, remedy.value, _amount)
    _without = wrong_answers(by_heart, points(1000, 2100, 0.0)[0])
    _said = (f"Without: {_without:.1f}", f"{remedy.value.capitalize()} {_amount:g}: {_wrong:.1f}")
    _figure, _charts = learn.axes(
        [
            f"{_name} of 100 wrong\nweights of length {length(_network):.1f}"
            for _name, _network in zip(_said, (by_heart, _model), strict=True)
        ],
        columns=2,
        height=3.1,
    )
    for _ax, _network in zip(_charts, (by_heart, _model), strict=True):
        draw_network(_ax, _network, examples, mislabelled)
    _figure
    return


@app.cell(hide_code=True)
def _(heart_seen, mo):
    heart_seen
    mo.md(r"""
    Did you find a dose of weight decay that does worse than none? A single run jumps by several answers in 100 for no good reason; that is why the comparison below takes eight.

    ## Easy ones first? Curriculum learning

    A **curriculum** shows the easy examples first, and more and more of the hard ones later. Here the easy ones are those near the middle of their class. It begins with a fifth of the examples, and has all of them from half-time on. It sounds like school, and convincing.

    To know whether it is the *order* that helps, one needs a control with the same schedule: a random fifth first.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_curriculum = learn.guess(
        "**Predict first.** Against a random fifth first, in eight pairs of runs, what does easy"
        " first do?",
        [
            "Clearly better",
            "Nothing that could be told from chance",
            "Clearly worse",
        ],
    )
    guess_curriculum
    return (guess_curriculum,)


@app.cell(hide_code=True)
def _(mg, mo, np):
    def curriculum(order, seed):
        """A fifth of the examples first; all of them from epoch 75 on."""
        difficulty = {
            "easy": mg.train.difficulty.distance,
            "random": lambda x, _: np.random.default_rng(seed).random(len(x)),
        }
        pacing = mg.train.pacing.linear(0.2, end=75)
        return mg.train.Curriculum(difficulty[order], pacing, balanced=True)

    mo.show_code()
    return (curriculum,)


@app.cell(hide_code=True)
def _(SEEDS, curriculum, mg, np, points, test_of, trained):
    REMEDIES = {
        "weight decay 2": lambda _: {"weight_decay": 2.0},
        "dropout 0.4": lambda _: {"dropout": 0.4},
        "gradient noise 0.1": lambda s: {"callbacks": [mg.train.GradientNoise(0.1, rng=s)]},
        "easy first": lambda s: {"callbacks": [curriculum("easy", s)]},
        "random first": lambda s: {"callbacks": [curriculum("random", s)]},
    }

    def _measure(seed):
        """Wrong answers of 100, and loss, of networks that begin with the same weights."""
        examples, _ = points(80, seed)
        watching, _ = points(40, seed + 1000)
        both = mg.data.Dataset(
            np.concatenate([examples.x, watching.x]), np.concatenate([examples.y, watching.y])
        )
        stop = mg.train.EarlyStopping(patience=20)
        models = {
            "nothing": trained(seed, examples),
            "early stopping": trained(seed, examples, validation=watching, callbacks=[stop]),
            "those 40 as examples": trained(seed, both),
            **{name: trained(seed, examples, **of(seed)) for name, of in REMEDIES.items()},
        }
        return {name: test_of(model, seed) for name, (model, _) in models.items()}

    _rows = [_measure(seed) for seed in SEEDS]
    sick = {name: np.array([row[name] for row in _rows]) for name in _rows[0]}
    return REMEDIES, sick


@app.cell(hide_code=True)
def _(difference, guess_curriculum, learn, sick):
    _mean, _half = (m[0] for m in difference(sick["easy first"], sick["random first"]))
    curriculum_seen = learn.reveal(
        guess_curriculum,
        "Nothing that could be told from chance",
        f"Easy first changes the wrong answers by {_mean:+.1f} of 100 as against random first. But eight pairs of runs scatter so much that anything from {_mean - _half:+.1f} to {_mean + _half:+.1f} goes with what was seen.",
    )
    curriculum_seen
    return (curriculum_seen,)


@app.cell(hide_code=True)
def _(curriculum_seen, mo):
    curriculum_seen
    mo.md(r"""
    ## All of them measured

    Each remedy was trained from the same eight starts as "without". A dot is the mean change; its bar is the **95 % interval**, which in 95 of 100 such experiments has the true change in it (Student's t, for normal differences). If the bar crosses zero, eight pairs are too few to tell the remedy from chance. Green helps, orange harms, grey cannot be told. The doses are those of the slider with the fewest wrong answers on six other draws of the data.

    The left chart counts wrong answers. The right one shows the **loss**, which also asks how sure the network was: an answer that is wrong and certain costs far more than a doubtful one.
    """)
    return


@app.cell(hide_code=True)
def _(curriculum_seen, forest, learn, sick):
    curriculum_seen
    _wrong, _loss = sick["nothing"].mean(axis=0)
    _figure, _axes = learn.axes(
        [f"Wrong answers ({_wrong:.1f} without)", f"Loss on new points ({_loss:.2f} without)"],
        ["change, of 100 new points", "change"],
        columns=2,
        height=4.0,
    )
    forest(_axes, sick)
    _figure
    return


@app.cell(hide_code=True)
def _(SEEDS, curriculum_seen, difference, learn, mg, mo, np, points, sick):
    curriculum_seen
    _nothing = sick["nothing"].mean(axis=0)
    learn.say(
        f"80 examples, some labels wrong; {_nothing[0]:.1f} of 100 wrong without remedy, with: "
        + ", ".join(f"{n} {f.mean(axis=0)[0]:.1f}" for n, f in sick.items() if n != "nothing")
    )
    _stop, _half = (m[0] for m in difference(sick["early stopping"], sick["those 40 as examples"]))
    easiest, hardest = [], []
    for _seed in SEEDS:
        _examples, _bad = points(80, _seed)
        _order = np.argsort(mg.train.difficulty.distance(*_examples))
        easiest.append(_bad[_order[:40]].mean())
        hardest.append(_bad[_order[40:]].mean())
    mo.md(rf"""
    - **Weight decay, dropout and gradient noise** make fewer wrong answers and a lower loss.
    - **Early stopping** does too. Against its rival, which learned from the 40 points instead of watching them, it is {_stop:+.1f} wrong answers of 100, give or take {_half:.1f}: not to be told from chance.
    - **Curriculum**: neither easy first nor random first can be told from no remedy. A reason why easy first might still do something can be counted: {100 * np.mean(easiest):.0f} % of the easier half have a wrong label, and {100 * np.mean(hardest):.0f} % of the harder half. So most wrong labels come late; but they do come. Wu and others (2021) found no order better than another on ordinary images; with wrong labels in them, or little time, easy first was.
    """)
    return easiest, hardest


@app.cell(hide_code=True)
def _(curriculum_seen, mo):
    curriculum_seen
    mo.md(r"""
    ## A remedy for an illness that one does not have

    The same network, the same 150 epochs, the same doses; but 200 examples, all with the right label. Now there is little that should not be learned. (Five pairs of runs.)
    """)
    return


@app.cell(hide_code=True)
def _(REMEDIES, SEEDS, curriculum_seen, forest, learn, np, points, test_of, trained):
    curriculum_seen
    _names = ("weight decay 2", "dropout 0.4", "gradient noise 0.1", "easy first")
    _sets = {seed: points(200, seed, 0.0)[0] for seed in SEEDS[:5]}
    well = {
        "nothing": np.array([test_of(trained(s, of)[0], s) for s, of in _sets.items()]),
        **{
            name: np.array(
                [test_of(trained(s, of, **REMEDIES[name](s))[0], s) for s, of in _sets.items()]
            )
            for name in _names
        },
    }
    _wrong, _loss = well["nothing"].mean(axis=0)
    _figure, _axes = learn.axes(
        [f"Wrong answers ({_wrong:.1f} without)", f"Loss on new points ({_loss:.2f} without)"],
        ["change, of 100 new points", "change"],
        columns=2,
        height=2.9,
    )
    forest(_axes, well)
    _figure
    return (well,)


@app.cell(hide_code=True)
def _(learn, mg, mo, np, well, wrong_answers):
    def from_zero(seed, noise, init="zeros"):
        """The wrong answers, of 100, of a network whose weights are all zero at first."""
        moons, new = (mg.data.moons(n, noise=0.2, rng=seed + n) for n in (200, 1000))
        model = mg.nn.MLP([2, 16, 2], "tanh", init=init, rng=seed)
        rule = mg.optim.SGD(model.parameters(), lr=0.5)
        shaken = [mg.train.GradientNoise(noise, rng=seed)] if noise else []
        mg.train.fit(
            model, moons, rule, epochs=20, batch_size=20, rng=seed, callbacks=shaken,
            metrics=[], progress=False,
        )  # fmt: skip
        return wrong_answers(model, new)

    zeros = {
        "without noise": np.mean([from_zero(s, 0.0) for s in range(100, 103)]),
        "with noise": np.mean([from_zero(s, 0.1) for s in range(100, 103)]),
        "random weights": np.mean([from_zero(s, 0.0, None) for s in range(100, 103)]),
    }
    learn.say(
        f"200 examples, all labels right; {well['nothing'].mean(axis=0)[0]:.1f} of 100 wrong without remedy, with: "
        + ", ".join(f"{n} {f.mean(axis=0)[0]:.1f}" for n, f in well.items() if n != "nothing")
    )
    learn.say(
        f"From weights of zero: {zeros['without noise']:.1f} of 100 wrong without gradient noise, {zeros['with noise']:.1f} with it, {zeros['random weights']:.1f} from random weights."
    )
    mo.md(rf"""
    Of not one of the four can it be told that it makes fewer wrong answers here. What they still do is to lower the loss. A remedy is for an illness. Look at both curves first, training and validation: far apart, try one of these; close together, you need none.

    **One case in which noise does everything.** When all weights are zero, a hidden unit gives zero and passes no gradient on; only the bias of the output moves. Such a network is wrong on {zeros["without noise"]:.1f} of 100 points. With gradient noise of 0.1 it is wrong on {zeros["with noise"]:.1f}. But first weights drawn at random, as in lesson 8, do it with no noise at all: {zeros["random weights"]:.1f}.
    """)
    return from_zero, zeros


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## What to remember

    Judge a network by examples that it has not learned from, and a remedy by pairs of runs from the same starts. Early stopping, weight decay, dropout and gradient noise keep a network from learning single examples by heart; where there was nothing of the kind to prevent, no gain in right answers could be told. Shuffle data that come in a meaningful order, and ask of a curriculum whether a random one would do as well.

    ## Exercises
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_patience = learn.number(
        "**1.** The validation losses after epochs 1 to 8 would be"
        " 0.60, 0.48, 0.41, 0.44, 0.40, 0.43, 0.42, 0.39. The patience is 2. After which epoch does"
        " training end?"
    )
    answer_patience
    return (answer_patience,)


@app.cell(hide_code=True)
def _(answer_patience, learn):
    def check_patience(answer):
        said = {
            5: "That is the epoch whose weights are taken. When it is over nobody knows yet that"
            " no better one follows.",
            8: "It never gets there: count the epochs since the last new best one before it.",
            4: "One epoch without a new best is not yet the end; the patience is 2.",
            6: "By then one epoch has passed without a new best; the patience is 2.",
            3: "That is the best so far, and so no reason to end. What follows it?",
        }
        if answer == 7:
            return learn.right(
                "Epoch 5 was the best, 6 and 7 were not better, and that was the patience. The"
                " 0.39 of epoch 8 is never seen: with patience 3 it would have been."
            )
        return learn.wrong(
            said.get(
                answer,
                "Go through the epochs one by one, and note the best so far and how many epochs"
                " ago it was.",
            )
        )

    learn.check(answer_patience, check_patience)
    return (check_patience,)


@app.cell(hide_code=True)
def _(learn):
    answer_dropout = learn.number(
        "**2.** A hidden unit gives 4, and a dropout of $p = 0.2$ follows. In training, when the"
        " unit is not left out, what is passed on?"
    )
    answer_dropout
    return (answer_dropout,)


@app.cell(hide_code=True)
def _(answer_dropout, learn, np):
    def check_dropout(answer):
        said = {
            4: "That is what is passed on after training, when nothing is left out. In training the"
            " units that stay make up for those that do not.",
            3.2: "That is the mean of 0 and 4, taken with their probabilities; what stays must be"
            " more than 4, so that this mean becomes 4.",
            20: "Divided by the share that is left out; divide by the share that stays.",
            0: "That is passed on when the unit is left out.",
            4.8: "A fifth more does not do: 0.8 times that is still below 4.",
            0.8: "Multiplied by the share that is left out. What has to be done so that the mean"
            " over many steps is 4?",
        }
        if np.isclose(answer, 5):
            return learn.right("4 / (1 - 0.2): it is there in 8 of 10 steps, and 0.8 times 5 is 4.")
        for value, reply in said.items():
            if np.isclose(answer, value):
                return learn.wrong(reply)
        return learn.wrong("The mean over many steps has to be 4, and in 2 of 10 steps it is 0.")

    learn.check(answer_dropout, check_dropout)
    return (check_dropout,)


@app.cell(hide_code=True)
def _(learn, mo):
    answer_decay = learn.code(
        "def step(w, g, lr, decay):\n"
        '    """The weight after one step, with weight decay."""\n'
        "    return ..."
    )
    mo.vstack(
        [
            mo.md(
                "**3.** Write the step: `w` is a weight, `g` its gradient, `lr` the learning rate,"
                " `decay` the $\\lambda$ of the formula."
            ),
            answer_decay,
        ]
    )
    return (answer_decay,)


@app.cell(hide_code=True)
def _(answer_decay, learn, mg, np):
    @learn.reads_code("step")
    def check_decay(step):
        w, g, lr, decay = 3.0, 0.7, 0.1, 0.2
        made = step(w, g, lr, decay)
        if made is ... or made is None:
            return learn.wrong("`step` gives nothing yet; it has to return the new weight.")
        weight = mg.Tensor(np.array(w), requires_grad=True)
        rule = mg.optim.SGD([weight], lr=lr, weight_decay=decay)
        (weight * g).backward()
        rule.step()
        typical = {
            w - lr * g * (1 + decay): "It is the weight that shrinks by a share of itself, not the"
            " gradient that grows.",
            w - lr * g: "The weight is not shrunk at all: `decay` has no effect.",
            w - lr * g - decay * w: "The shrinking goes past the learning rate; in the formula"
            r" $\eta$ stands before the whole bracket.",
            w - lr * (g - decay * w): "The decay makes the weight larger: look at its sign.",
            w + lr * (g + decay * w): "That goes uphill: look at the first sign.",
            w - lr * decay * w: "The weight shrinks, but the gradient has no say.",
            w - lr * (g + decay): "Every weight is pulled by the same amount, however large it is;"
            " it should shrink by a share of itself.",
        }
        if np.isclose(made, weight.item()):
            return learn.right(
                f"step(3, 0.7, 0.1, 0.2) is {made:.4g}, and `mg.optim.SGD` with `weight_decay` does"
                " the same."
            )
        for value, reply in typical.items():
            if np.isclose(made, value):
                return learn.wrong(reply)
        return learn.wrong(
            f"step(3, 0.7, 0.1, 0.2) is {made:.4g}. Without decay it would be 2.93; the decay takes"
            " a little more away."
        )

    learn.check(answer_decay, check_decay)
    return (check_decay,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Sources

    - L. Prechelt (1998), *Early stopping - but when?*,
      [doi:10.1007/3-540-49430-8_3](https://doi.org/10.1007/3-540-49430-8_3)
    - A. Krogh and J. Hertz (1991), *A simple weight decay can improve generalization*,
      [NeurIPS 4](https://proceedings.neurips.cc/paper/1991/hash/8eefcfdf5990e441f0fb6f3fad709e21-Abstract.html)
    - I. Loshchilov and F. Hutter (2019), *Decoupled weight decay regularization* (AdamW),
      [arXiv:1711.05101](https://arxiv.org/abs/1711.05101)
    - N. Srivastava et al. (2014), *Dropout*,
      [JMLR 15](https://jmlr.org/papers/v15/srivastava14a.html)
    - A. Neelakantan et al. (2015), *Adding gradient noise improves learning for very deep networks*,
      [arXiv:1511.06807](https://arxiv.org/abs/1511.06807)
    - Y. Bengio et al. (2009), *Curriculum learning*,
      [doi:10.1145/1553374.1553380](https://doi.org/10.1145/1553374.1553380)
    - X. Wu, E. Dyer and B. Neyshabur (2021), *When do curricula work?*,
      [arXiv:2012.03107](https://arxiv.org/abs/2012.03107)
    - C. Zhang et al. (2017), *Understanding deep learning requires rethinking generalization*
      (networks learn random labels by heart), [arXiv:1611.03530](https://arxiv.org/abs/1611.03530)

    ## What comes next

    Every example so far came with its answer. Lesson 12 learns from a book in which nobody has marked any, and
    makes vectors of its words: `microgd learn 12`.
    """)
    return


if __name__ == "__main__":
    app.run()
