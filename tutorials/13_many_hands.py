"""Many hands

Many workers share one network, and each gradient comes a little late: when that is harmless, and
when it breaks the training.

Time: 20 minutes.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="13. Many hands")


@app.cell(hide_code=True)
def _():
    import inspect
    import math

    import marimo as mo
    import numpy as np

    import microgd as mg
    from microgd import learn
    from microgd.experiments.elastic import elastic

    return elastic, inspect, learn, math, mg, mo, np


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 13. Many hands

    **Four people walk down the same hill, and all of them steer one cart. Each looks at the slope,
    thinks for a moment, and pushes. But while one of them was thinking, the others have moved the
    cart. Does it still arrive at the bottom?**

    In training, the people are **workers**: processes, or machines, each with a copy of the network
    and a share of the data. The cart is the one set of weights that they train together. It lies
    with a **parameter server**, which counts its **versions**: every update makes a new one. A worker

    1. **pulls**: it reads the weights, in the version of that moment;
    2. computes the gradient of the loss on its next batch, which takes time;
    3. **pushes**: it sends the gradient, and the server takes a step with it.

    If nobody waits for anybody, the server has often moved on before the gradient arrives. The number
    of updates that came in between is the gradient's **staleness**, $\tau$ (tau). A fresh gradient has
    staleness 0; that is ordinary gradient descent.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_staleness = learn.guess(
        "**Predict first.** Four workers, all equally fast on average, and none ever waits. How many"
        " updates of others come in, on average, between a worker's pull and its push?",
        ["none", "about 1", "about 2", "about 3", "about 4"],
    )
    guess_staleness
    return (guess_staleness,)


@app.cell(hide_code=True)
def _(mg, np):
    moons = mg.data.moons(256, noise=0.1, rng=0)

    def hands(algorithm, workers, **options):
        """A small network trained on two moons by so many workers; the record, and its loss."""
        network = mg.nn.MLP([2, 16, 2], rng=0)
        made = {"epochs": 10, "batch_size": 8} | options
        with np.errstate(all="ignore"):
            found = mg.parallel.train(
                network, moons, algorithm, workers, backend="simulated", **made
            )
        return found, mg.train.evaluate(network, moons)["loss"]

    record, loss_of_four = hands(mg.parallel.Downpour(lr=0.3), 4)
    _all_at_work = record.times <= min(event.time for event in record.of("done"))
    mean_staleness = record.staleness[_all_at_work].mean()
    return hands, loss_of_four, mean_staleness, moons, record


@app.cell(hide_code=True)
def _(guess_staleness, learn, mean_staleness, record):
    learn.say(repr(record))
    learn.reveal(
        guess_staleness,
        "about 3",
        f"Measured over the {len(record.losses)} updates of four workers: {mean_staleness:.2f} on"
        f" average while all four were at work, and {record.staleness.max():.0f} at most. While one"
        " worker makes one gradient, each of the three others makes about one.",
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Step through it

    The first sixteen updates of four workers. Time is counted in gradients: one takes 1 on average, here
    anything from a half to one and a half. Every worker has a lane; at the bottom are the versions of
    the weights. Move the slider from update to update.
    """)
    return


@app.cell(hide_code=True)
def _(hands, mg):
    def between_half_and_more(rng, _worker):
        return rng.uniform(0.5, 1.5)

    first_updates = hands(
        mg.parallel.Downpour(lr=0.3), 4, epochs=1, delay=between_half_and_more, rng=4
    )[0]
    return (first_updates,)


@app.cell(hide_code=True)
def _(mo):
    step = mo.ui.slider(1, 16, 1, value=7, label="update", show_value=True)
    step
    return (step,)


@app.cell(hide_code=True)
def _(first_updates, learn, np, step):
    _colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7"]
    _pushes = first_updates.of("push")[:16]
    _made = np.array([0.0, *(e.time for e in _pushes)])  # when each version was made
    shown_update = _pushes[step.value - 1]
    _figure, _ax = learn.axes("", "time, in gradients", "", height=3.5)
    for _k, _e in enumerate(_pushes, 1):
        _done, _colour = _k <= step.value, _colours[_e.worker]
        _start = max(p.time for p in first_updates.of("pull", _e.worker) if p.time < _e.time)
        _ax.barh(
            4 - _e.worker, _e.time - _start, 0.5, _start, color=_colour, edgecolor="white",
            alpha=0.95 if _k == step.value else 0.4 if _done else 0.15,
        )  # fmt: skip
        _ax.plot(_e.time, 0, "o", color=_colour, ms=7, alpha=1 if _done else 0.2)
        if _k == step.value:
            _ax.plot([_start, _start], [0, 4 - _e.worker], color=_colour, lw=1.4, ls=":")
            _ax.plot([_e.time] * 2, [0, 4 - _e.worker], color=_colour, lw=1.4)
    for _version, _time in enumerate(_made):
        _ax.annotate(
            str(_version), (_time, -0.3 - 0.34 * (_version % 3)), ha="center", va="top", size=8,
            color="#4a525c" if _version <= step.value else "#b5b9be",
        )  # fmt: skip
    _between = _made[shown_update.read[0] + 1 : shown_update.written[0]]
    _ax.plot(_between, 0 * _between, "o", mfc="none", mec="#1b2026", ms=13, mew=1.5)
    _ax.plot(0, 0, "o", color="#767676", ms=7)
    _ax.set_yticks([0, 1, 2, 3, 4], ["versions", *(f"worker {k}" for k in (3, 2, 1, 0))])
    _ax.set(ylim=(-1.4, 4.6), xlim=(-0.15, _made[-1] + 0.15))
    _ax.set_title(
        f"Update {step.value} by worker {shown_update.worker}: pulled version"
        f" {shown_update.read[0]} (dotted), made version {shown_update.written[0]}."
        f" Ringed: staleness {shown_update.staleness:.0f}",
        size=10,
    )
    learn.say(
        f"Update {step.value} by worker {shown_update.worker}: pulled version"
        f" {shown_update.read[0]}, made version {shown_update.written[0]}: staleness"
        f" {shown_update.staleness:.0f}"
    )
    _figure
    return (shown_update,)


@app.cell(hide_code=True)
def _(inspect, mg, mo):
    _program = inspect.getsource(mg.parallel.AdaDelay.worker)
    mo.md(f"""
    A worker's whole program is as short as its description. In microgd it is a generator: what it
    *yields* goes to the server, and the answer comes back in the same place.

    ```python
{_program.rstrip()}
    ```

    The same program runs on a simulated clock, as here, in processes of your machine, and on a cluster.

    Below is the longer run, of which you guessed the staleness, as `microgd parallel` draws it. An arc
    leads from the version that an update saw to the version that it made; the longer it took, the
    higher the arc. Point at anything for its numbers; drag, and zoom with the buttons, for the rest.
    """)
    return


@app.cell(hide_code=True)
def _(mg, record):
    timeline = mg.draw.timeline(record)
    timeline
    return (timeline,)


@app.cell(hide_code=True)
def _(learn):
    guess_limit = learn.guess(
        "**Predict first.** In lesson 2 a valley of curvature $c$ took any learning rate with"
        " $\\eta \\, c$ below 2, and threw the walker out above. Now every gradient is one update"
        " late, $\\tau = 1$. How large may $\\eta \\, c$ be?",
        ["still 2", "about 1.9", "about 1.5", "1", "0: nothing is stable"],
    )
    guess_limit
    return (guess_limit,)


@app.cell(hide_code=True)
def _(mg, np):
    class Valley(mg.nn.Module):
        """Height c w**2 / 2, from w = 1; several c, each by itself."""

        def __init__(self, curvatures):
            ones = np.ones(len(curvatures))
            self.w = mg.Tensor(ones, requires_grad=True)
            self.c = np.array(curvatures)

        def forward(self, _):
            return (0.5 * self.c * self.w**2).sum()

    def in_turn(workers):
        """Delays by which all push in turn: each is workers - 1 late."""
        first = {me: (me + 1) / workers for me in range(workers)}
        return lambda _rng, me: first.pop(me, 1.0)

    def walk(products, tau, updates=120, algorithm=None):
        """w after each update by gradients that are tau late."""
        rows = np.zeros((updates, 1))
        found = mg.parallel.train(
            Valley(products),
            (rows, rows),
            algorithm or mg.parallel.Downpour(lr=1.0),
            workers=tau + 1,
            backend="simulated",
            epochs=1,
            batch_size=1,
            loss=lambda height, _: height,
            delay=in_turn(tau + 1),
            trace=True,
        )
        places = [push.centre for push in found.of("push")]
        return np.array([np.ones(len(products)), *places])

    return (walk,)


@app.cell(hide_code=True)
def _(np, walk):
    products = np.arange(0.02, 2.3, 0.01)  # of rate and curvature

    def largest_stable(tau):
        """The largest product at which the last 80 updates are clearly nearer to 0 than 80 before."""
        away = np.abs(walk(products, tau, updates=240))
        return products[away[-80:].max(axis=0) < 0.9 * away[-160:-80].max(axis=0)].max()

    measured_limits = [largest_stable(tau) for tau in range(4)]
    return (measured_limits,)


@app.cell(hide_code=True)
def _(guess_limit, learn, measured_limits):
    learn.say(
        "Largest stable rate x curvature, tau = 0, 1, 2, 3: "
        + ", ".join(f"{limit:.2f}" for limit in measured_limits)
    )
    _revealed = learn.reveal(
        guess_limit,
        "1",
        "Measured, the largest product of those tried (0.01 apart) at which the walk still came to"
        f" rest: {measured_limits[1]:.2f}. One update too late halves the rate. With no staleness it"
        f" is {measured_limits[0]:.2f}; with two updates {measured_limits[2]:.2f}, with three"
        f" {measured_limits[3]:.2f}.",
    )
    known_limits = measured_limits
    _revealed
    return (known_limits,)


@app.cell(hide_code=True)
def _(known_limits, mo):
    _ = known_limits  # shown with the answer
    rate_times_curvature = mo.ui.slider(
        0.05, 2.2, 0.05, value=0.8, label="rate times curvature", show_value=True
    )
    lateness = mo.ui.slider(0, 7, 1, value=0, label="staleness τ", show_value=True)
    mo.vstack(
        [
            mo.md(r"""
    ## Break it

    On the left, $w$ after every update, by $\tau + 1$ workers who push in turn, so that every gradient
    but the first few is exactly $\tau$ updates late; the bottom of the valley is at 0. On the right,
    all settings at once: below the line the walk comes to rest. Leave the rate alone and raise $\tau$.
    Then find the rate that saves it.
    """),
            mo.hstack([rate_times_curvature, lateness], justify="start", gap=2, wrap=True),
        ]
    )
    return lateness, rate_times_curvature


@app.cell(hide_code=True)
def _(known_limits, lateness, learn, math, np, rate_times_curvature, walk):
    _tau, _product = lateness.value, rate_times_curvature.value
    late_walk = walk([_product], _tau, updates=100)[:, 0]
    late_limit = 2 * math.sin(math.pi / (4 * _tau + 2))
    late_verdict = (
        "swings for ever"
        if math.isclose(_product, late_limit)
        else "comes to rest"
        if _product < late_limit
        else "swings ever wider"
    )
    _colour = "#0072B2" if late_verdict == "comes to rest" else "#D55E00"
    _figure, (_left, _right) = learn.axes(columns=2, height=3.1)
    _left.plot(late_walk, color=_colour, lw=1.5)
    _left.axhline(0, color="#b5b9be", lw=1, zorder=0)
    _left.set(ylim=(-3, 3), xlabel="update", ylabel="w")
    _left.set_title(f"The walk {late_verdict}", loc="left", size=11)
    _taus = np.arange(8)
    _right.plot(_taus, 2 * np.sin(np.pi / (4 * _taus + 2)), color="#4a525c", lw=1.2)
    _right.plot(range(4), known_limits, "o", color="#009E73", ms=6, label="measured limit")
    _right.plot(_tau, _product, "X", color=_colour, ms=10, label="your setting")
    _right.set(ylim=(0, 2.3), xlabel="staleness τ, in updates", ylabel="rate times curvature")
    _right.set_title("How much a stale gradient allows", loc="left", size=11)
    _right.legend(frameon=False)
    _figure
    return late_limit, late_verdict, late_walk


@app.cell(hide_code=True)
def _(known_limits, mo):
    _ = known_limits
    mo.md(r"""
    ### Where the line comes from

    The grey line is exact. A step with a gradient that is $\tau$ updates old is

    $$w_{t+1} = w_t - \eta \, c \, w_{t-\tau}.$$

    On the edge between rest and ruin the walk swings for ever, as $w_t = e^{i \theta t}$. Put that in;
    the smallest rate at which both sides agree goes with $\theta = \pi / (2\tau + 1)$, and is

    $$\eta \, c = 2 \sin \frac{\pi}{4 \tau + 2},$$

    which is 2, 1, 0.618, 0.445 for $\tau$ = 0, 1, 2, 3. Below that the walk is stable, above it is not.
    Whoever walks with old news steers to the left when it is already time to steer to the right, and
    the later the news, the smaller the steps must be: for large $\tau$, about $\pi / (2\tau + 1)$.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_crowd = learn.guess(
        "**Predict first.** Back to the network with the two moons. At a learning rate of 1 one worker"
        " alone brings the loss near 0.03. Now sixteen workers share the same 320 updates, at the same"
        " rate. The loss is then",
        [
            "smaller: many hands",
            "about the same",
            "about twice as large",
            "about ten times as large",
        ],
    )
    guess_crowd
    return (guess_crowd,)


@app.cell(hide_code=True)
def _(hands, mg):
    alone, loss_alone = hands(mg.parallel.Downpour(lr=1.0), 1)
    crowd, loss_of_crowd = hands(mg.parallel.Downpour(lr=1.0), 16)
    return alone, crowd, loss_alone, loss_of_crowd


@app.cell(hide_code=True)
def _(alone, crowd, guess_crowd, learn, loss_alone, loss_of_crowd):
    _revealed = learn.reveal(
        guess_crowd,
        "about ten times as large",
        f"Measured: {loss_alone:.3f} by one worker, {loss_of_crowd:.3f} by sixteen, in"
        f" {len(crowd.losses)} updates each. The mean staleness was {crowd.staleness.mean():.1f}. They"
        f" were done after {crowd.seconds:.0f} units of time, where the one took {alone.seconds:.0f},"
        " but what they made in it is worth little.",
    )
    known_alone = alone
    _revealed
    return (known_alone,)


@app.cell(hide_code=True)
def _(known_alone, mo):
    _ = known_alone
    crew = mo.ui.slider(steps=[1, 2, 4, 8, 16], value=4, label="workers", show_value=True)
    crew_rate = mo.ui.slider(
        steps=[0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5], value=1.0, label="learning rate", show_value=True
    )
    mo.vstack(
        [
            mo.md(r"""
    The same in pictures, with your own crew. Watch both charts: what an **update** is worth (left), and
    what a stretch of **time** is worth (right). Stale updates are worth less each, but more of them are
    made. Which crew and which rate are lowest at time 30?
    """),
            mo.hstack([crew, crew_rate], justify="start", gap=2, wrap=True),
        ]
    )
    return crew, crew_rate


@app.cell(hide_code=True)
def _(crew, crew_rate, hands, known_alone, learn, mg, np):
    _found, loss_of_crew = hands(mg.parallel.Downpour(lr=crew_rate.value), crew.value)
    _figure, _axes = learn.axes(columns=2, height=3.1)

    def _smooth(values):
        return np.convolve(values, np.ones(20) / 20, "valid")

    for _run, _colour, _name in (
        (known_alone, "#767676", "1 worker, rate 1"),
        (_found, "#D55E00", f"{crew.value} at rate {crew_rate.value:g}"),
    ):
        _losses = _smooth(_run.losses)
        _axes[0].plot(np.arange(len(_losses)) + 20, _losses, color=_colour, lw=1.6, label=_name)
        _axes[1].plot(_run.times[19:], _losses, color=_colour, lw=1.6, label=_name)
    _axes[0].set(xlabel="updates", ylabel="loss, mean of 20 batches", ylim=(0, 1))
    _axes[1].set(xlabel="time, in gradients", xlim=(0, 120), ylim=(0, 1))
    _axes[0].set_title(f"Per update (staleness {_found.staleness.mean():.1f})", loc="left", size=11)
    _axes[1].set_title("Per time", loc="left", size=11)
    _axes[0].legend(frameon=False)
    _figure
    return (loss_of_crew,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Ways to live with it

    **Small steps.** You have just tried that: it costs speed, and it is the first thing to do.

    **Downpour SGD** (Dean and others, 2012) is what you have seen so far, with a means to talk less: a
    worker pulls every $n_{\text{fetch}}$ steps and pushes every $n_{\text{push}}$ steps what has come
    together, and the server is split into **shards**, each with a part of the weights.

    **Delay-tolerant SGD.** The delays are not all alike: some worker is always slow, and its gradient
    comes from long ago, with full force. So let the server look at the versions and weigh each update by
    its delay. AdaDelay (Sra and others, 2016) divides the rate of update number $t$ by
    $\sqrt{t + \tau}$ instead of $\sqrt{t}$. Below, 32 workers fit a linear model with 20 inputs, with
    and without a look at $\tau$. Their delays are **heavy-tailed**: half of the gradients take less than
    0.53 of the mean time, and one in 164 takes more than ten times the mean.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    tolerant_rate = mo.ui.slider(
        steps=[0.1, 0.2, 0.3, 0.4, 0.5, 0.6], value=0.5, label="learning rate", show_value=True
    )
    tolerant_rate
    return (tolerant_rate,)


@app.cell(hide_code=True)
def _(learn, mg, np, tolerant_rate):
    _rng = np.random.default_rng(0)
    _x = _rng.standard_normal((600, 20)) * np.logspace(0, -1, 20)
    _y = _x @ _rng.standard_normal((20, 1)) + 0.1 * _rng.standard_normal((600, 1))
    _figure, _ax = learn.axes(
        "32 workers, some of them very late", "update", "loss, mean of 30", height=3
    )
    tolerant_losses = {}
    for _name, _naive, _colour in (
        ("takes every gradient for fresh", True, "#D55E00"),
        ("knows the delay", False, "#0072B2"),
    ):
        _line = mg.nn.Linear(20, 1, bias=False, init="zeros", rng=0)
        _run = mg.parallel.train(
            _line, (_x, _y), mg.parallel.AdaDelay(lr=tolerant_rate.value, naive=_naive), 32,
            backend="simulated", epochs=1, batch_size=1, loss=mg.nn.mse_loss, delay="pareto",
        )  # fmt: skip
        tolerant_losses[_name] = mg.train.evaluate(_line, (_x, _y), mg.nn.mse_loss)["loss"]
        _smooth = np.convolve(_run.losses, np.ones(30) / 30, "valid")
        _label = f"{_name}: in the end {tolerant_losses[_name]:.3g}"
        _ax.plot(np.arange(len(_smooth)) + 30, _smooth, color=_colour, lw=1.6, label=_label)
    stalest = _run.staleness.max()
    _ax.set_yscale("log")
    _ax.legend(
        title=f"staleness {_run.staleness.mean():.0f} on average, {stalest:.0f} at most",
        loc="upper right",
        frameon=False,
    )
    learn.say(
        f"32 workers with heavy-tailed delays, rate {tolerant_rate.value}: final loss "
        + ", ".join(f"{loss:.3g} ({name})" for name, loss in tolerant_losses.items())
    )
    _figure
    return stalest, tolerant_losses


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    At the rate of 0.1 the careful server is even a little behind: caution costs. But it bears a larger
    rate, and from 0.4 on it ends lower. This is one problem; `microgd reproduce delay-aware` takes ten,
    and tests the difference.

    ## No lock at all: Hogwild!

    On one machine the weights can lie in **shared memory**, and every worker writes to them itself. The
    careful way is a **lock**: whoever writes shuts the others out. Hogwild! (Niu and others, 2011) leaves
    the lock away. To write is to read a number, add to it, and store it; if another worker stores in
    between, its update is **lost**. That sounds like ruin. It is not, where the data are **sparse**: where
    an example has few of all the features, as a text has few of all words, and its gradient changes
    only their weights.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_lost = learn.guess(
        "**Predict first.** Two workers, no lock. A write takes a tenth of the time of a gradient, and"
        " every example has one in ten of the features. Which share of all the numbers written is lost?",
        ["about 1 in 2", "about 1 in 10", "about 1 in 100", "about 1 in 10,000"],
    )
    guess_lost
    return (guess_lost,)


@app.cell(hide_code=True)
def _(mg, np):
    FEATURES = 100

    def sparse_examples(density):
        """Rows with that share of the features, at random, and which side of a plane they lie."""
        rng = np.random.default_rng(0)
        count = round(density * FEATURES)
        x = np.zeros((200, FEATURES))
        for row in x:
            row[rng.choice(FEATURES, count, replace=False)] = rng.standard_normal(count)
        return x, (x @ rng.standard_normal((FEATURES, 1)) > 0).astype(float)

    def without_lock(density):
        """Two workers, and a write that takes 0.1; the share of the numbers written that is lost."""
        line = mg.nn.Linear(FEATURES, 1, bias=False, init="zeros", rng=0)
        found = mg.parallel.train(
            line, sparse_examples(density), mg.parallel.Hogwild(lr=0.1), 2, backend="simulated",
            epochs=5, batch_size=1, loss=mg.nn.binary_cross_entropy_with_logits,
            write=0.1 / density,
        )  # fmt: skip
        return found.lost / found.written

    lost_at = {density: without_lock(density) for density in (0.1, 0.3, 1.0)}
    return lost_at, sparse_examples, without_lock


@app.cell(hide_code=True)
def _(guess_lost, learn, lost_at):
    _revealed = learn.reveal(
        guess_lost,
        "about 1 in 100",
        f"Measured: {lost_at[0.1]:.2%}. A write overlaps with one of the other worker about one time in"
        " eleven (0.1 / 1.1), and then only the features that both examples have can be lost: one in"
        f" ten. Were every feature in every example, it would be {lost_at[1.0]:.1%}.",
    )
    known_lost = lost_at
    _revealed
    return (known_lost,)


@app.cell(hide_code=True)
def _(known_lost, mo):
    _ = known_lost
    density = mo.ui.slider(
        steps=[0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0],
        value=0.1,
        label="density",
        show_value=True,
    )
    density
    return (density,)


@app.cell(hide_code=True)
def _(density, known_lost, learn, np, sparse_examples, without_lock):
    _x, _ = sparse_examples(density.value)
    _a, _b = _x[0, :40] != 0, _x[1, :40] != 0
    lost_share = without_lock(density.value)
    _figure, (_left, _right) = learn.axes(columns=2, height=2.8)
    for _row, _has in ((1, _a), (0, _b)):
        _left.scatter(np.arange(40), np.full(40, _row), s=22, marker="s", color="#eceae5")
        _hue = np.where(_a & _b, "#D55E00", "#0072B2")[_has]
        _left.scatter(np.arange(40)[_has], np.full(_has.sum(), _row), s=22, marker="s", c=_hue)
    _left.set_yticks([1, 0], ["one example", "another"])
    _left.set(ylim=(-1, 2), xlabel="the first 40 weights", xticks=[])
    _left.set_title(f"Weights that both write: {(_a & _b).sum()}", loc="left", size=11)
    _densities = np.linspace(0.02, 1, 30)
    _right.plot(_densities, _densities * 0.1 / 1.1, color="#4a525c", lw=1.2)
    _right.plot(
        list(known_lost), list(known_lost.values()), "o", color="#009E73", ms=6, label="measured"
    )
    _right.plot(density.value, lost_share, "X", color="#0072B2", ms=10, label="your setting")
    _right.set(xlabel="density", ylabel="share of writes lost", ylim=(0, 0.125))
    _right.set_title(f"Lost: {lost_share:.2%}", loc="left", size=11)
    _right.legend(loc="upper left", frameon=False)
    learn.say(f"Hogwild!, two workers, density {density.value}: {lost_share:.2%} of writes lost")
    _figure
    return (lost_share,)


@app.cell(hide_code=True)
def _(known_lost, mo):
    _ = known_lost
    mo.md(r"""
    The line is the density times 0.1 / 1.1, from the argument above; the dots scatter about it by chance. Writes that are lost are updates not made,
    a little as if a batch had been left out; staleness is still there as well.

    ## On springs: elastic averaging

    In EASGD (Zhang, Choromanska and LeCun, 2015) every worker keeps weights of its own and walks down by
    itself. A spring ties it to the **centre**, which is the network that is trained. When they meet, each
    moves towards the other by the share $\alpha$ of the distance between them. A weak spring lets the
    workers explore; a strong one keeps them together. Four workers in a bowl, each with noise of its own:
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    spring = mo.ui.slider(
        steps=[0.01, 0.03, 0.1, 0.3, 0.6, 0.9, 1.1],
        value=0.1,
        label="spring alpha",
        show_value=True,
    )
    spring
    return (spring,)


@app.cell(hide_code=True)
def _(elastic, learn, mg, np, spring):
    _rule = mg.parallel.EASGD(lr=0.1, rho=spring.value / 0.1, order="round-robin")
    on_springs = elastic("bowl", _rule, workers=4, steps=40).record
    _pushes = on_springs.of("push")
    _figure, (_left, _right) = learn.axes(columns=2, height=3.3)
    for _me, _colour in enumerate(["#0072B2", "#D55E00", "#009E73", "#CC79A7"]):
        _way = np.array([_e.place for _e in _pushes if _e.worker == _me])
        _left.plot(*_way.T, color=_colour, lw=1, alpha=0.6, label="a worker" if _me == 0 else None)
    _centre = np.array([_e.centre for _e in _pushes])
    _left.plot(*_centre.T, color="#1b2026", lw=2.2, label="centre")
    _left.plot(0, 0, "+", color="#1b2026", ms=12)
    _left.set(xlim=(-5.5, 4.5), ylim=(-4.5, 5), xlabel="$w_1$", ylabel="$w_2$")
    _left.set_title("From the left to the cross", loc="left", size=11)
    _left.legend(frameon=False)
    _right.plot(on_springs.distances, color="#4a525c", lw=1.2)
    _right.set(xlabel="update of the centre", ylabel="distance", ylim=(0, 8))
    _right.set_title("Worker to centre, at each meeting", loc="left", size=11)
    _figure
    return (on_springs,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    At $\alpha$ = 0.01 the centre is dragged along slowly behind its workers; at 1.1 the springs
    themselves throw them apart. Taken in turn, as here, elastic averaging is stable up to
    $\alpha = (4 - 2\eta c)/(4 - \eta c)$, which is 0.97 in this bowl ($\eta c = 0.1$).

    Press *play*: a line joins each worker to the centre.
    """)
    return


@app.cell(hide_code=True)
def _(elastic):
    springs = elastic("bowl", workers=3, steps=25)
    springs
    return (springs,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Against the clock

    Why not simply wait for one another? That is **synchronous** training: all pull the same version, all
    gradients are averaged, and one step is taken. Nothing is stale. Here are 320 gradients on the two
    moons, each of 8 rows, by four workers in four ways. The rates are about the best of those that we
    tried for each; time, waiting, staleness and the loss on all data are means of three runs.
    """)
    return


@app.cell(hide_code=True)
def _(hands, learn, mg, mo, np):
    crews = {  # the rate of each is about the best of those that we tried
        "synchronous": (mg.parallel.Synchronous(lr=2.0), 32),
        "Downpour": (mg.parallel.Downpour(lr=0.5), 8),
        "Hogwild!": (mg.parallel.Hogwild(lr=0.5), 8),
        "elastic": (mg.parallel.EASGD(lr=2.0, rho=0.1), 8),
    }
    crew_runs = {
        name: [hands(algorithm, 4, batch_size=rows, rng=seed) for seed in (0, 1, 2)]
        for name, (algorithm, rows) in crews.items()
    }

    def crew_means(runs):
        """Over three seeds: time, share of it spent waiting, staleness, loss on all of the data."""
        each = [
            (run.seconds, run.waited.mean() / run.seconds, run.staleness.mean(), loss)
            for run, loss in runs
        ]
        return np.mean(each, axis=0)

    _head = "| | rate | updates | time | waits | stale | loss |\n|---|---|---|---|---|---|---|"
    _rows = "\n".join(
        f"| {name} | {crews[name][0].lr:g} | {len(runs[0][0].losses)} |"
        " {:.0f} | {:.0%} | {:.1f} | {:.3f} |".format(*crew_means(runs))
        for name, runs in crew_runs.items()
    )
    learn.say(f"{_head}\n{_rows}")
    _figure, _ax = learn.axes("", "time, in gradients", "loss, mean of 160 rows", height=3)
    for _name, _runs in crew_runs.items():
        _window = 160 // crews[_name][1]
        _smooth = np.convolve(_runs[0][0].losses, np.ones(_window) / _window, "valid")
        _ax.plot(_runs[0][0].times[_window - 1 :], _smooth, lw=1.6, label=_name)
    _ax.set_ylim(0, 1)
    _ax.legend(frameon=False)
    mo.vstack([mo.md(f"{_head}\n{_rows}"), _figure])
    return crew_means, crew_runs


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    The synchronous crew is done last: at every step all wait for whoever is slowest this time, for half
    of their time. For that its updates are fresh, and each is the mean of four gradients; a rate
    of 2 suited it best. Hogwild!'s workers wait for nobody; their 8 % is the time that they write. An
    elastic worker reads the centre just before it pulls at it, so that nothing is stale there; but it
    walks by itself on a quarter of the data, and 80 steps of each have not brought the centre as far.
    The curves are the batch losses of the first run of each, smoothed. All this is one small network: which way
    wins is a matter of the problem, and of how much slower the slowest is.

    ## On real hands

    All of the above ran on a simulated clock, so that you and I see the same. The same algorithms run
    in processes of your machine; this prints a line for each worker and writes the timeline:

    ```console
    microgd parallel hogwild --workers 2 --data digits --html run.html
    microgd parallel downpour --workers 4 --option n_push=5
    microgd parallel --list
    ```

    In Python it is one word, `backend="processes"`. Put it in a file, under the line with `__main__`,
    since every process reads that file anew:

    ```python
    import microgd as mg

    if __name__ == "__main__":
        digits = mg.data.digits()
        network = mg.nn.MLP([64, 32, 10], rng=0)
        record = mg.parallel.train(
            network, digits, "hogwild", workers=2, backend="processes"
        )
        print(record)
    ```

    With `backend="ray"` (after `pip install 'microgd[cluster]'`) the workers are on a cluster.
    """)
    return


@app.cell(hide_code=True)
def _(known_alone, known_limits, known_lost, mo):
    _ = known_limits, known_alone, known_lost
    mo.md(r"""
    ## What to remember

    A gradient that arrives $\tau$ updates late still points where it once was downhill, so the largest
    stable rate falls from $2 / c$ to $2 \sin(\pi / (4\tau + 2)) / c$, and with many workers you must take
    smaller steps. Hogwild! needs no lock where the data are sparse, Downpour counts versions at a server,
    delay-tolerant rules let late gradients count for less, and elastic averaging ties wandering workers to
    a centre. Whoever waits for nobody makes more updates in the same time, each worth a little less, and
    what counts is the loss against the clock.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Exercises

    **1.** Eight workers, all alike, none ever waits.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_eight = learn.number("The mean staleness of their gradients is about")
    answer_eight
    return (answer_eight,)


@app.cell(hide_code=True)
def _(answer_eight, learn):
    _replies = {
        8: "Eight push in that time, but one of them is the worker itself, and its own push is not"
        " *between* its pull and its push.",
        3: "That was measured for four workers. What did the number depend on?",
        0: "0 is a fresh gradient: it takes one worker alone, or all waiting for one another.",
        3.5: "Half of the others? In the time of one gradient each other worker makes a whole one.",
        4: "Half of the workers? In the time of one gradient each other worker makes a whole one.",
    }

    def check_eight(answer):
        if abs(answer - 7) < 0.3:
            return learn.right(
                "While one works, each of the seven others pushes once. (Not quite seven as they start"
                " and as they end.)"
            )
        for wrong, reply in _replies.items():
            if abs(answer - wrong) < 0.2:
                return learn.wrong(reply)
        return learn.wrong(
            "Count who pushes in the time that one gradient takes, and how often each of them does."
        )

    learn.check(answer_eight, check_eight)
    return (check_eight,)


@app.cell(hide_code=True)
def _(learn, mo):
    answer_rate = learn.number("The largest stable learning rate is")
    mo.vstack(
        [
            mo.md("**2.** A valley has the curvature $c = 4$. Every gradient is two updates late."),
            answer_rate,
        ]
    )
    return (answer_rate,)


@app.cell(hide_code=True)
def _(answer_rate, learn, math):
    _replies = {
        0.618: "That is the limit for rate times curvature. The curvature is 4.",
        0.5: "That is 2 / c, for fresh gradients. These are two updates late.",
        0.25: "That would do for gradients that are one update late, not two.",
        0.111: "That is for three updates late. Two late are three workers in turn; the formula wants"
        " the updates in between.",
        0.0027: "Is your calculator set to degrees? The angle is in radians.",
    }

    def check_rate(answer):
        if abs(answer - math.sin(math.pi / 10) / 2) < 0.002:
            return learn.right(
                "The product of rate and curvature may be 0.618, so the rate may be a quarter of it."
            )
        for wrong, reply in _replies.items():
            if abs(answer - wrong) < 0.002:
                return learn.wrong(reply)
        if answer > 0.5:
            return learn.wrong("That is above even the limit for fresh gradients, 2 / c.")
        return learn.wrong(
            "Read the limit for the product off the chart above, at a staleness of 2, and divide."
        )

    learn.check(answer_rate, check_rate)
    return (check_rate,)


@app.cell(hide_code=True)
def _(learn, mo):
    answer_careful = learn.code(
        "class Careful(mg.parallel.Downpour):\n"
        "    def weigh(self, rule, staleness, version):\n"
        "        # self.lr is the rate of a fresh gradient\n"
        "        rate = ...\n"
        '        rule.param_groups[0]["lr"] = rate\n'
    )
    mo.vstack(
        [
            mo.md(r"""
    **3.** Make a server that is careful with old news. `weigh` is called before every update, with the
    staleness of its gradient. A fresh gradient is to have the full rate, and an old one less: so much
    less that four workers in turn come to rest in a valley where rate times curvature is 1, more than twice of
    what plain Downpour bears there.
    """),
            answer_careful,
        ]
    )
    return (answer_careful,)


@app.cell(hide_code=True)
def _(mg, np):
    def weighed(server, staleness):
        """The rate at which a gradient as stale as that is taken."""
        rule = server.rule([mg.tensor([1.0], requires_grad=True)])
        for lateness in (9, staleness):  # a very late one comes before
            server.weigh(rule, lateness, 10)
        return rule.param_groups[0]["lr"]

    def fault(fresh, late, later):
        """What is wrong with the rates at a staleness of 0, 3 and 9, where 0.8 is the full one."""
        if ... in (fresh, late, later):
            return "`rate` is still `...`."
        if not np.isclose(fresh, 0.8):
            return (
                f"A fresh gradient gets the rate {fresh:.3g} after a late one, in place of the full"
                " 0.8. Begin from `self.lr` every time, and take all of it at a staleness of 0."
            )
        if late > fresh:
            return (
                f"At a staleness of 3 the rate is {late:.3g}: old news count for more than fresh."
            )
        if late == later:
            return f"The rate is {late:.3g} for a staleness of 3 and of 9; the later, the less."
        if later <= 0:
            return f"At a staleness of 9 the rate is {later:.3g}, which leads downhill no more."
        return None

    return fault, weighed


@app.cell(hide_code=True)
def _(answer_careful, fault, learn, mg, np, walk, weighed):
    @learn.reads_code("Careful")
    def check_careful(Careful):
        if not (isinstance(Careful, type) and issubclass(Careful, mg.parallel.Downpour)):
            return learn.wrong("`Careful` is to be a class made from `mg.parallel.Downpour`.")
        fresh, late, later = (weighed(Careful(lr=0.8), staleness) for staleness in (0, 3, 9))
        if said := fault(fresh, late, later):
            return learn.wrong(said)
        end = np.abs(walk([1.0], 3, 160, Careful(lr=1.0))[-20:]).max()
        if end > 0.1:
            return learn.wrong(
                f"It counts late gradients for less, but not by enough: after 160 updates w is still"
                f" as far off as {end:.3g}. At a staleness of 3 the product may be 0.445 at most."
            )
        return learn.right(
            f"At a staleness of 3 you take {late / fresh:.0%} of the rate, and w comes to rest, to"
            f" {end:.1g} of where it began."
        )

    learn.check(answer_careful, check_careful)
    return (check_careful,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Sources

    - F. Niu, B. Recht, C. Ré, S. Wright, *Hogwild!: A lock-free approach to parallelizing stochastic
      gradient descent*, 2011, [arXiv:1106.5730](https://arxiv.org/abs/1106.5730)
    - J. Dean and others, *Large scale distributed deep networks* (Downpour SGD), 2012,
      [NIPS 4687](https://papers.nips.cc/paper/4687)
    - S. Sra, A. W. Yu, M. Li, A. Smola, *AdaDelay: Delay adaptive distributed stochastic optimization*,
      2016, [PMLR 51](https://proceedings.mlr.press/v51/sra16.html)
    - S. Zhang, A. Choromanska, Y. LeCun, *Deep learning with elastic averaging SGD*, 2015,
      [arXiv:1412.6651](https://arxiv.org/abs/1412.6651)
    - S. A. Levin, R. M. May, *A note on difference-delay equations* (the limit
      $2 \sin(\pi / (4\tau + 2))$), 1976, [doi](https://doi.org/10.1016/0040-5809(76)90043-5)
    - I. Mitliagkas, C. Zhang, S. Hadjis, C. Ré, *Asynchrony begets momentum*, 2016,
      [arXiv:1605.09774](https://arxiv.org/abs/1605.09774)

    All of it is measured again by `microgd reproduce delayed-descent`, `hogwild`, `delay-aware` and
    `elastic-stability`.

    ## What comes next

    Late gradients are one thing that can go wrong, and there are others. Lesson 14 has six networks that do not
    train, and a doctor for them: `microgd learn 14`.
    """)
    return


if __name__ == "__main__":
    app.run()
