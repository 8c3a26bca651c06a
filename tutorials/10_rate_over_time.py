"""The rate over time

Large at first, small at the end: schedules, warm-up and restarts, and what each is good for.

Time: 20 minutes.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="10. The rate over time")


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
    # 10. The rate over time

    A batch (lesson 2) shows a few examples only, so the slope that it gives is a little off, each time in another way. With long steps one is soon near the minimum, and then every wrong slope throws one out again. With short steps one is thrown about less, and takes for ever to get there.

    **Must one choose between soon and close? And if the rate may change on the way: along which curve?**

    ## A bowl in an earthquake

    The smallest ground on which this happens is a bowl, $(x^2 + y^2)/2$, whose slope at $(x, y)$ is $(x, y)$. To it we add **noise**: in every step, in both directions, a random number from the normal distribution with standard deviation 1. We let a thousand walkers go down at once, all from (6, 0), each with noise of its own, and watch their mean loss.
    """)
    return


@app.cell(hide_code=True)
def _(mg, mo, np):
    def walk(plan, lr=0.5, steps=300, noise=1.0):
        """The mean losses, the rates, and the way of the first walker."""
        w = mg.tensor(np.tile([6.0, 0.0], (1000, 1)), requires_grad=True)
        rule = mg.optim.SGD([w], lr=lr)
        schedule = plan(rule)
        rng = np.random.default_rng(0)
        losses, rates, way = [], [], []
        for t in range(steps + 1):
            losses.append((w.data**2).sum(axis=1).mean() / 2)
            way.append(w.data[0].copy())
            if t < steps:
                rates.append(rule.param_groups[0]["lr"])
                wrong = noise * rng.normal(size=w.shape)
                rule.zero_grad()
                (w**2 / 2 + wrong * w).sum().backward()  # its slope: w + wrong
                rule.step()
                schedule.step(losses[-1])
        return np.array(losses), np.array(rates), np.array(way)

    def constant(rule):
        return mg.optim.ConstantLR(rule, 1.0)

    mo.show_code()
    return constant, walk


@app.cell(hide_code=True)
def _(constant, learn, np, walk):
    rates_tried = (0.5, 0.2, 0.1, 0.02)
    at_constant = {_lr: walk(constant, _lr, steps=400) for _lr in rates_tried}
    floors = {_lr: float(_losses[-100:].mean()) for _lr, (_losses, *_) in at_constant.items()}

    _losses, _, _way = at_constant[0.2]
    _figure, (_left, _right) = learn.axes(
        ["One walker, rate 0.2", "The mean loss of a thousand"],
        ["x", "step"],
        ["y", "loss, logarithmic"],
        columns=2,
        height=3.3,
    )
    _turn = np.linspace(0, 2 * np.pi, 100)
    for _radius in (1, 2, 3, 4, 5, 6):
        _left.plot(
            _radius * np.cos(_turn), _radius * np.sin(_turn), color="#d5d8dc", lw=0.8, zorder=0
        )
    _left.plot(*_way[:101].T, ".-", lw=0.8, ms=3)
    _left.plot(6, 0, "o", color="#1b2026", mfc="white", ms=6)
    _left.plot(0, 0, "*", color="#1b2026", ms=9)
    _left.set(xlim=(-2, 6.5), ylim=(-3.4, 3.4))
    _left.set_aspect("equal")
    _right.semilogy(_losses)
    _right.set_ylim(5e-3, 30)
    _figure
    return at_constant, floors, rates_tried


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    Left, the first hundred steps of one walker, from the ring to somewhere about the star. Right, the mean over all: it falls for some fifteen steps, and then no further. This level is called the **noise floor**: in each step, the slope takes away as much as the noise brings in.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_floor = learn.guess(
        "**Predict first.** With a rate of 0.2 the loss does not fall any more after some twenty steps. We start again with half the rate, 0.1. What becomes of the floor?",
        [
            "It stays: the noise is the same",
            "It is about half as high",
            "It is gone: the loss goes to zero, only later",
        ],
    )
    guess_floor
    return (guess_floor,)


@app.cell(hide_code=True)
def _(floors, guess_floor, learn):
    floor_seen = learn.reveal(
        guess_floor,
        "It is about half as high",
        f"Over the last 100 of 400 steps the mean loss is {floors[0.2]:.3f} with a rate of 0.2, and {floors[0.1]:.3f} with 0.1.",
    )
    floor_seen
    return (floor_seen,)


@app.cell(hide_code=True)
def _(at_constant, floor_seen, learn):
    _ = floor_seen
    _figure, _ax = learn.axes(
        "Four constant rates: the floors, dashed, are as theory has them",
        "step",
        "mean loss, logarithmic",
        height=3.4,
    )
    for _lr, (_losses, *_) in at_constant.items():
        (_line,) = _ax.semilogy(_losses)
        _ax.plot([0, 400], [_lr / (2 - _lr)] * 2, color=_line.get_color(), lw=1, ls="--")
        _ax.text(404, _lr / (2 - _lr), f"rate {_lr:g}", color=_line.get_color(), va="center")
    _ax.set_xlim(-5, 460)
    _figure
    return


@app.cell(hide_code=True)
def _(floor_seen, floors, learn, mo, rates_tried):
    _ = floor_seen
    learn.say(
        "Floors: " + ", ".join(f"{floors[_lr]:.4f} with rate {_lr:g}" for _lr in rates_tried) + "."
    )
    mo.md(f"""
    Soon *or* close: 0.5 is on its floor after a few steps and stays there, 0.02 gets far below it and needs two hundred steps.

    Here it can be calculated. A step with the rate η leaves $1 - η$ of a walker's distance and adds η times the noise. So the mean square of $x$, and just so that of $y$, goes from $m$ to

    $$m \\leftarrow (1 - η)^2\\, m + η^2,$$

    which comes to rest at $m = η/(2 - η)$; the loss is half of the two together, and so has the same floor. For small rates that is nearly η/2: **the floor is proportional to the rate.**

    | rate | floor, calculated | measured |
    |---:|---:|---:|
    {chr(10).join(f"    | {_lr:g} | {_lr / (2 - _lr):.4f} | {floors[_lr]:.4f} |" for _lr in rates_tried).strip()}

    If it is the rate that keeps the loss up, then lower it when you are there.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Twelve curves, drawn before use

    A plan for the rate is called a **schedule**. Each of the following begins, or has its top, at 0.5, and is made for 300 steps. In the code, `r` is the optimizer (the *rule*) whose rate is to change.
    """)
    return


@app.cell(hide_code=True)
def _(mg, mo):
    o = mg.optim
    plans = {
        "constant": lambda r: o.ConstantLR(r, 1.0),
        "step": lambda r: o.StepLR(r, step_size=100, gamma=0.1),
        "milestones": lambda r: o.MultiStepLR(r, [150, 225], gamma=0.1),
        "plateau": lambda r: o.ReduceLROnPlateau(r, factor=0.5, patience=15),
        "exponential": lambda r: o.ExponentialLR(r, gamma=0.985),
        "inverse time": lambda r: o.InverseTimeLR(r, decay=0.3),
        "linear": lambda r: o.PolynomialLR(r, total_iters=300),
        "cosine": lambda r: o.CosineAnnealingLR(r, T_max=300),
        "warm-up, cosine": lambda r: o.SequentialLR(
            r, [o.LinearLR(r, 0.02, 1, 50), o.CosineAnnealingLR(r, 250)], [50]
        ),
        "one cycle": lambda r: o.OneCycleLR(r, 0.5, 300, cycle_momentum=False),
        "cyclic": lambda r: o.CyclicLR(r, 0.02, 0.5, 30, cycle_momentum=False),
        "warm restarts": lambda r: o.CosineAnnealingWarmRestarts(r, 20, 2),
    }

    def preview(name, lr=0.5):
        rule = o.SGD([mg.tensor(0.0, requires_grad=True)], lr=lr)
        return plans[name](rule).preview(300)

    mo.show_code()
    return plans, preview


@app.cell(hide_code=True)
def _(learn, plans, preview):
    def draw_plans(names):
        figure, axes = learn.axes(names, "", columns=4, height=1.55)
        for ax, name in zip(axes, names, strict=True):
            ax.plot(preview(name))
            ax.set(ylim=(-0.02, 0.55), xticks=[0, 150, 300], yticks=[0, 0.25, 0.5])
            ax.tick_params(labelsize=8)
        for ax in axes[1:]:
            ax.set_yticklabels([])
        return figure

    draw_plans(list(plans)[:4])
    return (draw_plans,)


@app.cell(hide_code=True)
def _(draw_plans, plans):
    draw_plans(list(plans)[4:8])
    return


@app.cell(hide_code=True)
def _(draw_plans, plans):
    draw_plans(list(plans)[8:])
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    Across: 300 steps; up: the rate. `preview(300)` asks a schedule for its rates without taking a step. Only *plateau* cannot know them: it waits until the loss has not become better for a while; it is drawn for a loss that never does.

    | schedule | rate after t steps | meant for |
    |:---|:---|:---|
    | step, milestones | times 0.1 after every so many steps, or at steps that you name | long runs: what each drop does is plain to see |
    | plateau | times 0.5 whenever the loss has stopped falling | when you cannot tell beforehand when that will be |
    | exponential | base · γᵗ | a smooth fall, with one number to choose |
    | inverse time | base / (1 + decay · t) | noise, and no end in sight: it never quite stops |
    | linear, cosine | straight, or along a cosine, to zero | a number of steps that is known: large for long, and then gently down |
    | warm-up | rises in a straight line, before another | first steps that would be too large |
    | one cycle | one rise, and a fall to nearly zero | short runs with a large rate |
    | cyclic | up and down | going through a range of rates, again and again |
    | warm restarts | along a cosine, and at once up again | when you do not know how long you will train |

    ## Step through it

    Two walkers on the bowl, from (4, 2) and with the *same* noise: one keeps the rate 0.5, the other follows a cosine down in 100 steps. Play it, and watch the column `rate`.
    """)
    return


@app.cell(hide_code=True)
def _(mg):
    _ground = {"start": (4.0, 2.0), "steps": 100, "noise": 1.0}
    _constant = mg.descent.race("bowl", {"constant": "sgd:0.5"}, **_ground)
    race = _constant.beside(
        mg.descent.race(
            "bowl",
            {"cosine": "sgd:0.5"},
            schedule=lambda rule: mg.optim.CosineAnnealingLR(rule, T_max=100),
            **_ground,
        )
    )
    race
    return (race,)


@app.cell(hide_code=True)
def _(constant, np, plans, walk):
    walks = {_name: walk(_plan) for _name, _plan in plans.items()}
    ends = {_name: float(_losses[-1]) for _name, (_losses, *_) in walks.items()}

    def expected(rates):
        """The mean losses before, between and after steps with these rates, by the formula above."""
        x, y, losses = 36.0, 0.0, [18.0]  # mean squares, and their half: all start from (6, 0)
        for rate in rates:
            x, y = (1 - rate) ** 2 * x + rate**2, (1 - rate) ** 2 * y + rate**2
            losses.append((x + y) / 2)
        return np.array(losses)

    calculated = {_name: float(expected(_rates)[-1]) for _name, (_, _rates, _) in walks.items()}
    constants = np.geomspace(0.002, 0.5, 200)
    best_constant = float(constants[np.argmin([expected([_lr] * 300)[-1] for _lr in constants])])
    best_walk = walk(constant, best_constant)[0]
    best_end = float(best_walk[-1])
    return best_constant, best_end, best_walk, calculated, ends, expected, walks


@app.cell(hide_code=True)
def _(best_constant, best_end, calculated, ends, expected, floor_seen, learn):
    _ = floor_seen
    _best = f"best constant: {best_constant:.3f}"
    _ends = ends | {_best: best_end}
    _rings = calculated | {_best: expected([best_constant] * 300)[-1]}
    _names = sorted(_ends, key=_ends.get)
    _hues = {"constant": "#4a525c", _best: learn.COLOURS[1]}
    _figure, _ax = learn.axes(
        "Mean loss of a thousand walkers after 300 steps",
        "loss, logarithmic (ring: calculated from the rates)",
        height=4,
    )
    for _place, _name in enumerate(reversed(_names)):
        _ax.barh(_place, _ends[_name], color=_hues.get(_name, learn.COLOURS[0]))
        _ax.plot(_rings[_name], _place, "o", color="#1b2026", mfc="white", ms=5)
        _ax.text(_ends[_name] * 1.2, _place, f"{_ends[_name]:.4f}", va="center", fontsize=9)
    _ax.set_yticks(range(len(_names)), reversed(_names))
    _ax.set(xscale="log", xlim=(1e-3, 0.8))
    learn.say(
        "After 300 steps: " + ", ".join(f"{_name} {_ends[_name]:.4f}" for _name in _names) + "."
    )
    _figure
    return


@app.cell(hide_code=True)
def _(best_constant, best_end, best_walk, ends, floor_seen, mo, walks):
    _ = floor_seen
    passed = [_name for _name in sorted(ends, key=ends.get) if ends[_name] < 0.8 * best_end]
    mo.md(f"""
    All schedules are below the constant rate that they began with, and all but the cyclic one far below: that one ends as small, but its falls take only 30 steps. Is this a fair comparison? A smaller constant rate would be better, too. Of 200 of them the best one for 300 steps is {best_constant:.3f}, and ends at {best_end:.4f}; that is passed clearly by {" and ".join(passed)} alone, and plateau is level with it. The others stay large for longer than this bowl needs.

    But soon *and* close is what was asked for. After 50 steps the best constant rate is still at {best_walk[50]:.1f}, inverse time at {walks["inverse time"][0][50]:.3f}; and none of the schedules had 200 tries.
    """)
    return (passed,)


@app.cell(hide_code=True)
def _(learn):
    guess_fast = learn.guess(
        "**Predict first.** Can a rate fall too fast? Switch the noise off. The rate begins at 0.2 and falls by a tenth in *every* step: 0.2, 0.18, 0.162 ... A walker starts at 6. Where is it after ten thousand steps?",
        [
            "At 0: without noise, it only takes longer",
            "At about 0.7, and it will stay there",
            "At about 3, and it will stay there",
        ],
    )
    guess_fast
    return (guess_fast,)


@app.cell(hide_code=True)
def _(guess_fast, learn, mg, np):
    def distance(make, steps):
        """Where a walker from 6 is after some steps without noise, by the rates of a schedule."""
        rule = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=0.2)
        return 6 * np.cumprod(1 - make(rule).preview(steps))

    too_fast = distance(lambda rule: mg.optim.ExponentialLR(rule, 0.9), 10000)
    by_time = distance(lambda rule: mg.optim.InverseTimeLR(rule, 0.1), 10000)
    fast_seen = learn.reveal(
        guess_fast,
        "At about 0.7, and it will stay there",
        f"It is at {too_fast[49]:.3f} after 50 steps, and at {too_fast[-1]:.3f} after ten thousand. The rates add up to 0.2 / (1 - 0.9) = 2, however many they are: that is no more than ten steps of 0.2. A rate of 0.2 / (1 + 0.1 t) falls for ever, too, but its sum grows without end: {by_time[49]:.3f} after 50 steps, {by_time[-1]:.6f} after ten thousand.",
    )
    fast_seen
    return by_time, distance, fast_seen, too_fast


@app.cell(hide_code=True)
def _(fast_seen, mo):
    _ = fast_seen
    mo.md(r"""
    So a rate must fall, or the noise keeps it up, and it must not fall too fast, or it stops on the way. Robbins and Monro (1951) made this exact: the sum of the rates must be infinite, and the sum of their squares finite. For a run of a given length it is enough that the rates take you there, and end small.

    ## Break it

    Choose a schedule and the rate that it starts from. This bowl has curvature L = 1, so a constant rate above 2/L = 2 diverges. And a schedule that starts at 3?
    """)
    return


@app.cell(hide_code=True)
def _(fast_seen, mo, plans):
    _ = fast_seen
    which = mo.ui.dropdown(
        [
            _n for _n in plans if _n not in {"one cycle", "cyclic"}
        ],  # these bring a rate of their own
        value="exponential",
        label="Schedule",
    )
    base = mo.ui.slider(
        steps=[0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 1.5, 1.9, 2.1, 2.5, 3],
        value=0.5,
        label="starting from the rate",
        show_value=True,
    )
    mo.hstack([which, base], justify="start", gap=2, wrap=True)
    return base, which


@app.cell(hide_code=True)
def _(base, best_end, learn, np, plans, walk, which):
    def draw_walk(name, lr):
        losses, rates, _ = walk(plans[name], lr)
        figure, (left, right) = learn.axes(
            [f"Rate: {name}, from {lr:g}", f"Mean loss, at the end {losses[-1]:.3g}"],
            "step",
            ["rate", "loss, logarithmic"],
            columns=2,
        )
        left.plot(rates)
        left.axhline(2, color="#b5b9be", lw=1, ls="--")
        left.set_ylim(0, max(2.2, 1.08 * lr))
        left.text(300, 2.02, "2/L", ha="right", va="bottom", color="#767676", fontsize=9)
        right.semilogy(np.clip(losses, 1e-4, 1e12))
        right.axhline(best_end, color=learn.COLOURS[1], lw=1, ls="--")
        right.text(2, best_end * 0.8, "best constant", va="top", color=learn.COLOURS[1], fontsize=9)
        right.set_ylim(5e-4, max(50, min(1e12, losses.max() * 2)))
        return figure

    draw_walk(which.value, base.value)
    return


@app.cell(hide_code=True)
def _(expected, fast_seen, math, mo, preview):
    _ = fast_seen
    forgiven, thrown_out = expected(preview("exponential", 3.0)), expected(preview("step", 3.0))
    timid, steady = expected(preview("exponential", 0.005)), expected([0.005] * 300)
    mo.md(f"""
    By the formula, the exponential fall from 3 is thrown up to a loss above $10^{{{math.floor(math.log10(forgiven.max()))}}}$, is under 2 in time, and ends at {forgiven[-1]:.3f} all the same. The step schedule keeps the 3 for a hundred steps, goes up beyond $10^{{{math.floor(math.log10(thrown_out.max()))}}}$ in them, and does not come back. At the other end of the slider, from 0.005, it is the falling rate that fails: exponential ends at {timid[-1]:.1f}, stopped on the way, where a constant 0.005 ends at {steady[-1]:.2f}. In doubt, let a smoothly falling rate begin rather too large than too small.
    """)
    return forgiven, steady, thrown_out, timid


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## A real network

    Handwritten digits again, with three hidden layers of 64 units, trained by Adam (lesson 9) in six passes of 23 batches: 138 steps. Four rates, each kept constant, and each as the start of a cosine that ends at zero with the last step; two sets of first weights.
    """)
    return


@app.cell(hide_code=True)
def _(mg):
    digits, _ = mg.data.train_test_split(mg.data.digits(), test=360, rng=0, stratify=True)
    steps = 138

    def train(plan, lr, seed):
        """The loss on all training pictures after six epochs, and the history of every step."""
        model = mg.nn.MLP([64, 64, 64, 64, 10], rng=seed)
        rule = mg.optim.Adam(model.parameters(), lr=lr)
        history = mg.train.fit(
            model,
            digits,
            rule,
            epochs=6,
            batch_size=64,
            rng=seed,
            callbacks=[mg.train.Scheduled(plan(rule), each="step")],
            every="step",
            progress=False,
        )
        with mg.no_grad():
            return mg.nn.cross_entropy(model(digits.x), digits.y).item(), history

    return digits, steps, train


@app.cell(hide_code=True)
def _(constant, mg, np, steps, train):
    def cosine(rule):
        return mg.optim.CosineAnnealingLR(rule, T_max=steps)

    adam_rates = (0.003, 0.01, 0.03, 0.1)
    runs = {
        _name: {_lr: [train(_plan, _lr, _seed) for _seed in (0, 1)] for _lr in adam_rates}
        for _name, _plan in (("constant", constant), ("cosine", cosine))
    }
    trained = {
        _name: {_lr: np.array([_loss for _loss, _ in _pair]) for _lr, _pair in _by_rate.items()}
        for _name, _by_rate in runs.items()
    }
    return adam_rates, cosine, runs, trained


@app.cell(hide_code=True)
def _(adam_rates, learn, trained):
    _figure, _ax = learn.axes(
        "Training loss after six passes: two runs each, their mean as a line",
        "rate at the start, logarithmic",
        "training loss, logarithmic",
        height=3.3,
    )
    for _name, _color in (("constant", "#4a525c"), ("cosine", learn.COLOURS[0])):
        _losses = [trained[_name][_lr] for _lr in adam_rates]
        _ax.loglog(adam_rates, [_loss.mean() for _loss in _losses], color=_color, label=_name)
        _ax.loglog(adam_rates, _losses, "o", color=_color, ms=3)
    _ax.set_xticks(adam_rates, [f"{_lr:g}" for _lr in adam_rates])
    _ax.set_yticks([0.02, 0.05, 0.1, 0.2, 0.5], ["0.02", "0.05", "0.1", "0.2", "0.5"])
    _ax.minorticks_off()
    _ax.legend(loc="upper left", frameon=False)
    _figure
    return


@app.cell(hide_code=True)
def _(learn, mo, trained):
    best_of = {
        _name: min((float(_loss.mean()), _lr) for _lr, _loss in _by_rate.items())
        for _name, _by_rate in trained.items()
    }
    learn.say(
        "Digits, best rate of four: "
        + ", ".join(f"{_name} {_lr:g}: {_loss:.3f}" for _name, (_loss, _lr) in best_of.items())
        + "."
    )
    mo.md(f"""
    Compare each at its best rate, as lesson 9 advises: constant {best_of["constant"][0]:.3f} with {best_of["constant"][1]:g}, cosine {best_of["cosine"][0]:.3f} with {best_of["cosine"][1]:g}. The cosine's best rate is the larger one: at the end it is small anyhow, so that it may be large before. And at the small rate of 0.003, where nothing stalls yet, it is the worse of the two: {trained["cosine"][0.003].mean():.2f} against {trained["constant"][0.003].mean():.2f}.

    ## Warm-up

    At 0.1 both are bad, although the cosine passes 0.03 on its way down, where all was well. Is it the beginning that does the harm? In a **warm-up** the rate climbs from nearly nothing. Here it takes the first of the six passes, 23 steps, to climb to 0.1; the cosine comes down in the other five.
    """)
    return (best_of,)


@app.cell(hide_code=True)
def _(learn):
    guess_warm = learn.guess(
        "**Predict first.** Those 23 steps are lost for the large rate. What becomes of the loss at the end, compared to the cosine that starts at 0.1 at once?",
        [
            "It is higher: a sixth of the run is given away",
            "It is about the same",
            "It is less than half",
        ],
    )
    guess_warm
    return (guess_warm,)


@app.cell(hide_code=True)
def _(mg, np, steps, train):
    def warmed(rule):
        up = mg.optim.LinearLR(rule, 1 / 23, total_iters=23)
        down = mg.optim.CosineAnnealingLR(rule, T_max=steps - 23)
        return mg.optim.SequentialLR(rule, [up, down], milestones=[23])

    warm_runs = {_lr: [train(warmed, _lr, _seed) for _seed in (0, 1)] for _lr in (0.03, 0.1)}
    warm = {_lr: np.array([_loss for _loss, _ in _pair]) for _lr, _pair in warm_runs.items()}
    return warm, warm_runs, warmed


@app.cell(hide_code=True)
def _(guess_warm, learn, trained, warm):
    warm_seen = learn.reveal(
        guess_warm,
        "It is less than half",
        f"In the mean of two runs {warm[0.1].mean():.2f} with warm-up, {trained['cosine'][0.1].mean():.2f} without. At 0.03, where the beginning did no harm, it hardly matters: {warm[0.03].mean():.3f} and {trained['cosine'][0.03].mean():.3f}.",
    )
    warm_seen
    return (warm_seen,)


@app.cell(hide_code=True)
def _(learn, runs, warm_runs, warm_seen):
    _ = warm_seen
    at_once, slowly = runs["cosine"][0.1][0][1], warm_runs[0.1][0][1]
    _figure, (_left, _right) = learn.axes(
        ["The rate of each step", "The loss of each batch"],
        "step",
        ["rate", "loss, logarithmic"],
        columns=2,
    )
    for _history, _name, _color in (
        (at_once, "at once", "#4a525c"),
        (slowly, "with warm-up", learn.COLOURS[0]),
    ):
        _left.plot(_history["lr"], color=_color, label=_name)
        _right.semilogy(_history["loss"], color=_color, lw=1.3)
    _left.legend(loc="upper right", frameon=False)
    _left.set_ylim(0, 0.125)
    _figure
    return at_once, slowly


@app.cell(hide_code=True)
def _(at_once, digits, math, mg, mo, np, slowly):
    def first_step(lr):
        """The size of the weights between hidden layers, and how far Adam's first step moves them."""
        model = mg.nn.MLP([64, 64, 64, 64, 10], rng=0)
        rule = mg.optim.Adam(model.parameters(), lr=lr)
        weight = model.parameters()[2]
        before = weight.numpy().copy()
        mg.nn.cross_entropy(model(digits.x[:64]), digits.y[:64]).backward()
        rule.step()
        return math.sqrt(np.mean(before**2)), float(np.median(abs(weight.numpy() - before)))

    size, moved = first_step(0.1)
    mo.md(f"""
    At once, the loss of a batch shoots up to {at_once["loss"].max():.0f}; with warm-up it is never above {slowly["loss"].max():.1f}. Lesson 9 knows why: Adam's first step has the length of the rate in *every* weight, whatever the gradients. Between the hidden layers, the weights have a typical size of {size:.2f}, and the first step moves a typical one by {moved:.2f}: that is nearly a new network, and the batch says what it is worth. The warm-up's first step is a twenty-third of that.
    """)
    return moved, size


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Warm restarts

    A cosine has to know when it will end: stop it half-way, and the rate is still large. **Warm restarts** come down again and again, each time taking twice as long: their cosines end after 20, 60, 140 and 300 steps. Back to the bowl with noise:
    """)
    return


@app.cell(hide_code=True)
def _(learn, walks):
    cycle_ends = (20, 60, 140, 300)
    restarted, single = walks["warm restarts"][0], walks["cosine"][0]
    _figure, _ax = learn.axes("One cosine, and four", "step", "mean loss, logarithmic", height=3.2)
    _ax.semilogy(single, color="#4a525c", label="one cosine")
    _ax.semilogy(restarted, label="warm restarts")
    _ax.plot(
        cycle_ends,
        restarted[list(cycle_ends)],
        "o",
        color=learn.COLOURS[1],
        label="end of a cosine",
    )
    _ax.legend(loc="upper right", ncols=3, frameon=False)
    learn.say(
        "Loss at the ends of the restarts, and of one cosine there: "
        + ", ".join(f"step {_t}: {restarted[_t]:.3f}, {single[_t]:.3f}" for _t in cycle_ends)
        + "."
    )
    _figure
    return cycle_ends, restarted, single


@app.cell(hide_code=True)
def _(cycle_ends, mo, restarted, single):
    _rows = "\n".join(
        f"    | {_t} | {restarted[_t]:.3f} | {single[_t]:.3f} | {f'{restarted[_t + 5]:.3f}' if _t < 300 else ''} |"
        for _t in cycle_ends
    ).strip()
    mo.md(f"""
    | after step | warm restarts | one cosine | restarts, five steps later |
    |---:|---:|---:|---:|
    {_rows}

    Whoever may be stopped at any time has, with restarts, a good place to stop every now and then. Whoever knows the end does not gain by them here: after 300 steps the single cosine is a little lower. Restarts are also said to throw one out of a poor minimum. A bowl has but one minimum, so this page cannot tell.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## What to remember

    With noisy gradients a constant rate stalls at a floor that is about proportional to it, so let the rate be large at first and small at the end. Let it not fall so fast that the rates add up to less than the way to go. A warm-up protects the first steps from a rate that is good only later, and restarts give you good places to stop, where you do not know the end.

    ## Exercises

    **1.** A rate begins at 0.8. `StepLR(rule, step_size=10, gamma=0.5)` is stepped once after each epoch. What is the rate after 35 epochs?
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_step = learn.number("The rate is")
    answer_step
    return (answer_step,)


@app.cell(hide_code=True)
def _(answer_step, learn):
    def check_step(answer):
        if abs(answer - 0.1) < 1e-6:
            return learn.right("Three tens have passed, after 10, 20 and 30 epochs: 0.8 · 0.5³.")
        typical = {
            0.05: "You halved four times; the fourth time comes after 40 epochs.",
            0.2: "You halved twice; how many full tens are there in 35?",
            0.4: "You halved once; it is done again after every further ten.",
            0.0707: "That is 0.8 · 0.5^3.5, on a smooth curve; a step schedule stays level in between.",
            0.2667: "You divided by 3; it is halved three times.",
            0.8
            * 0.5**35: "That halves after each epoch; `step_size` says how many there are between.",
        }
        for value, said in typical.items():
            if abs(answer - value) < 0.01 * value:
                return learn.wrong(said)
        if answer < 0:
            return learn.wrong("A rate is never below 0. Each drop takes half of what there is.")
        if answer > 0.8:
            return learn.wrong(
                "With gamma = 0.5 it falls; it cannot be above the 0.8 of the start."
            )
        return learn.wrong("How many times is the rate halved in 35 epochs? Halve 0.8 so often.")

    learn.check(answer_step, check_step)
    return (check_step,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    **2.** A friend trains with a constant rate. For five epochs the loss fell quickly; for twenty epochs since, it has gone up and down around 0.4, batch by batch, and gets no better.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_friend = learn.choice(
        "What is to be tried first?",
        [
            "A larger rate, for it is stuck.",
            "A warm-up of five epochs.",
            "Lowering the rate from here on.",
            "Starting again with a tenth of the rate, constant.",
            "Twenty epochs more of the same.",
        ],
    )
    answer_friend
    return (answer_friend,)


@app.cell(hide_code=True)
def _(answer_friend, learn):
    def check_friend(answer):
        if answer.startswith("Lowering"):
            return learn.right(
                "It looks like a noise floor: quickly down, then level and restless. If the loss falls soon after the rate, that is what it was."
            )
        said = {
            "A larger": "A larger rate has a higher floor. And it is not still, as on a plateau: it goes up and down.",
            "A warm-up": "That is for a bad beginning; here the beginning was good.",
            "Starting": "That lowers the floor, too, but the quick part would take ten times as long. It has done its work; keep it.",
            "Twenty": "At a floor, each step brings as much in as it takes away: see the walkers, from step 20 to 300.",
        }
        return learn.wrong(next(text for begun, text in said.items() if answer.startswith(begun)))

    learn.check(answer_friend, check_friend)
    return (check_friend,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    **3.** Write a schedule: in the steps t = 0 to 9 the rate climbs by 0.04 each time, from 0.04 to 0.4. At t = 10 it is 0.4 once more, and from there a cosine takes it down, to reach 0 at t = 100: half of (1 + cos) of a number that goes from 0 to π.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_rate = learn.code(
        "def rate(t):\n    if t < 10:\n        return ...\n    return 0.4 * (1 + np.cos(...)) / 2"
    )
    answer_rate
    return (answer_rate,)


@app.cell(hide_code=True)
def _(mg, np):
    def rates_itself():
        """The same by the classes that train."""
        rule = mg.optim.SGD([mg.tensor(0.0, requires_grad=True)], lr=0.4)
        up = mg.optim.LinearLR(rule, 0.1, total_iters=9)
        down = mg.optim.CosineAnnealingLR(rule, T_max=90)
        return mg.optim.SequentialLR(rule, [up, down], milestones=[10]).preview(101)

    def fault_of_climb(found):
        """What is wrong with these rates for t = 0 ... 9; None if it is nothing typical."""
        t = np.arange(10)
        typical = {
            "It begins at 0, so that the first step does nothing; at t = 0 it should be 0.04 already.": 0.04
            * t,
            "It is 0.4 from the start: that is no warm-up.": 0.4 + 0 * t,
            "It climbs to 1; the top is 0.4.": 0.1 * (t + 1),
            "It goes down, from 0.4; it should go up to that.": 0.4 - 0.04 * t,
        }
        return next((said for said, rates in typical.items() if np.allclose(found, rates)), None)

    def fault_of_fall(found):
        """What is wrong with these rates for t = 10 ... 100; None if it is nothing typical."""
        t = np.arange(10, 101)

        def along(angle):
            return 0.2 * (1 + np.cos(angle))

        typical = {
            "The cosine counts from t = 0, so that it does not begin at 0.4; it should count from 10.": along(
                np.pi * t / 100
            ),
            "It counts from 10, but takes 100 steps: it is not at 0 when t is 100.": along(
                np.pi * (t - 10) / 100
            ),
            "It takes 90 steps, but counts from t = 0: it is too far at t = 10, and rises after 90.": along(
                np.pi * t / 90
            ),
            "The angle goes to 1, not to π.": along((t - 10) / 90),
            "The angle goes to 2π, so that the rate comes up again.": along(
                2 * np.pi * (t - 10) / 90
            ),
            "The angle goes to 180: NumPy's cosine counts in radians, where that is π.": along(
                180 * (t - 10) / 90
            ),
        }
        return next((said for said, rates in typical.items() if np.allclose(found, rates)), None)

    return fault_of_climb, fault_of_fall, rates_itself


@app.cell(hide_code=True)
def _(answer_rate, fault_of_climb, fault_of_fall, learn, np, rates_itself):
    @learn.reads_code("rate")
    def check_rate(rate):
        for t in (0, 10):
            if rate(t) is ... or rate(t) is None:
                return learn.wrong(f"`rate({t})` gives no number yet.")
        found, true = np.array([float(rate(t)) for t in range(101)]), rates_itself()
        if not np.allclose(found[:10], true[:10]):
            seen = f"For t = 0, 1 and 9 it is {found[0]:.3g}, {found[1]:.3g} and {found[9]:.3g}; it should be 0.04, 0.08 and 0.4."
            return learn.wrong(f"The climb: {fault_of_climb(found[:10]) or seen}")
        if not np.allclose(found[10:], true[10:]):
            seen = f"At t = 10, 55 and 100 it is {found[10]:.3g}, {found[55]:.3g} and {found[100]:.3g}; it should be 0.4, 0.2 and 0."
            return learn.wrong(f"The climb is right; the fall: {fault_of_fall(found[10:]) or seen}")
        return learn.right(
            "The same 101 rates as those of `LinearLR` and `CosineAnnealingLR`, one after the other."
        )

    learn.check(answer_rate, check_rate)
    return (check_rate,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Sources

    - H. Robbins and S. Monro (1951), [A stochastic approximation method](https://doi.org/10.1214/aoms/1177729586): which rates arrive in spite of noise.
    - C. Darken and J. Moody (1990), [Note on learning rate schedules for stochastic optimization](https://papers.neurips.cc/paper/1990/hash/18d8042386b79e2c279fd162df0205c8-Abstract.html): inverse time, "search, then converge".
    - A. Krizhevsky, I. Sutskever and G. Hinton (2012), [ImageNet classification with deep convolutional neural networks](https://papers.nips.cc/paper/2012/hash/c399862d3b9d6b76c8436e924a68c45b-Abstract.html): a tenth, whenever the validation error stood still.
    - I. Loshchilov and F. Hutter (2017), [SGDR: stochastic gradient descent with warm restarts](https://arxiv.org/abs/1608.03983): the cosine, and its restarts.
    - L. N. Smith (2017), [Cyclical learning rates](https://arxiv.org/abs/1506.01186), and with N. Topin (2018), [Super-convergence](https://arxiv.org/abs/1708.07120): cyclic, and one cycle.
    - P. Goyal et al. (2017), [Accurate, large minibatch SGD](https://arxiv.org/abs/1706.02677): warm-up.

    ## What comes next

    The loss on the training pictures can now be brought down. Whether that is good for pictures that the network has never seen is another question: `microgd learn 11`.
    """)
    return


if __name__ == "__main__":
    app.run()
