"""The optimizers race

Six rules follow the same gradients: what each remembers of them, and what that is good for.

Time: 20 minutes.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="9. The optimizers race")


@app.cell(hide_code=True)
def _():
    from collections import defaultdict

    import marimo as mo
    import numpy as np

    import microgd as mg
    from microgd import learn

    return defaultdict, learn, mg, mo, np


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 9. The optimizers race

    Gradient descent (lesson 2) has no memory: it looks at the slope under its feet and takes a step. Six famous rules *remember* something of the slopes they have seen. **What does each of them remember, and whom does that help, where?**

    Such a rule is called an **optimizer**. We let them race on two grounds of two weights each, which can be drawn whole, and then on a real network. The height of the ground is the **loss**; the **learning rate** (lr, or η) says how far to go for a given slope.
    """)
    return


@app.cell(hide_code=True)
def _(mg, np):
    hues = {
        "sgd": "#4a525c",
        "momentum": "#0072B2",
        "nesterov": "#56B4E9",
        "adagrad": "#D55E00",
        "adadelta": "#CC79A7",
        "rmsprop": "#E69F00",
        "adam": "#009E73",
    }

    def draw_ground(ax, surface):
        """The surface from above: lines of equal loss, and a star at each minimum."""
        x, y, f = surface.grid(81)
        levels = np.quantile(f, np.linspace(0.01, 0.99, 14))
        ax.contour(x, y, f, levels=levels, colors="#b5b9be", linewidths=0.8, linestyles="solid")
        for minimum in surface.minima:
            ax.plot(*minimum, "*", color="#1b2026", ms=9, zorder=9)
        ax.set(xlim=surface.box[:2], ylim=surface.box[2:])

    def draw_way(ax, run, **look):
        """The way of one rule, and where it is at the end."""
        ax.plot(*run.points.T, color=hues[run.name], lw=1.5, **look)
        ax.plot(*run.points[-1], "o", color=hues[run.name], ms=5)

    def powers(number):
        """A number as 3·10⁻¹⁵."""
        digit, power = f"{number:.0e}".split("e")
        return f"{digit}·10{str(int(power)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"

    ravine, saddle = mg.descent.SURFACES["ravine"], mg.descent.SURFACES["saddle"]
    return draw_ground, draw_way, hues, powers, ravine, saddle


@app.cell(hide_code=True)
def _(draw_ground, draw_way, learn, mg, ravine, saddle):
    _figure, _axes = learn.axes(
        ["Ravine: steep across, flat along", "Saddle: level at (0, 0), yet no minimum"],
        "weight x",
        "weight y",
        columns=2,
    )
    for _ax, _surface in zip(_axes, (ravine, saddle), strict=True):
        draw_ground(_ax, _surface)
        _run = mg.descent.race(_surface, "sgd")["sgd"]
        draw_way(_ax, _run, marker=".", ms=4)
        _ax.plot(*_run.points[0], "o", color="#1b2026", mfc="white", ms=6)
    _figure
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    The line is plain gradient descent, from the ring onwards, with a dot for each step; stars are minima. We call it **SGD**, as everybody does, although no batch is drawn here and so nothing about it is stochastic.

    In the **ravine** it zigzags: across, the slope is steep and its sign flips at every step; along, it is gentle and always the same way. The rate has to be small enough for the steep direction, and is then far too small for the flat one. On the **saddle** it walks straight to the point where the gradient is nearly zero, and there its steps become so short that the dots run together.

    ## A memory of directions: momentum

    Add up the gradients, and let old ones fade: the sum is the **velocity**. What flips its sign cancels; what keeps its sign grows.

    $$v \leftarrow 0.9\,v + g, \qquad w \leftarrow w - \eta\,v$$
    """)
    return


@app.cell(hide_code=True)
def _(hues, learn, mg, np, ravine):
    _gradients = mg.descent.race(ravine, "sgd", steps=30)["sgd"].gradients
    velocities = np.zeros_like(_gradients)
    for _step, _gradient in enumerate(_gradients):
        velocities[_step] = 0.9 * velocities[_step - 1] + _gradient
    _figure, _axes = learn.axes(
        ["Across: what flips, cancels", "Along: what stays, adds up"],
        "step",
        ["in the direction y", "in the direction x"],
        columns=2,
    )
    for _ax, _axis in zip(_axes, (1, 0), strict=True):
        _ax.axhline(0, color="#b5b9be", lw=0.8)
        _ax.plot(_gradients[:, _axis], color=hues["sgd"], lw=1.5, label="gradient")
        _ax.plot(velocities[:, _axis], color=hues["momentum"], label="velocity")
    _axes[0].legend(loc="upper right", frameon=False)
    _figure
    return (velocities,)


@app.cell(hide_code=True)
def _(mo, velocities):
    mo.md(f"""
    These are the gradients that SGD met in its first 30 steps, and the velocity that they add up to. Across the ravine the velocity never becomes larger than the first gradient, {abs(velocities[:, 1]).max():.0f}: each new gradient takes away most of what the one before has added. Along it, the velocity grows to {abs(velocities[:, 0]).max():.0f}, where the gradient was never larger than 9.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_limit = learn.guess(
        "**Predict first.** Lesson 2 found that plain descent is stable up to a rate of 2/L, where L is the largest curvature. In this ravine L = 50, so that is 0.04. Up to which rate is descent with a momentum of 0.9 stable?",
        [
            "0.004, a tenth: velocity makes every step longer",
            "0.04, the same",
            "0.076, nearly twice",
        ],
    )
    guess_limit
    return (guess_limit,)


@app.cell(hide_code=True)
def _(mg, ravine):
    # just below the limit that theory gives, and just above it: does the loss fall or grow?
    limits = {}
    for _name in ("sgd", "momentum", "nesterov"):
        _limit = mg.descent.race(ravine, _name, steps=1).limit(_name)
        _losses = [
            mg.descent.race(ravine, _name, steps=300, lr=_share * _limit)[_name].losses
            for _share in (0.98, 1.02)
        ]
        limits[_name] = _limit, *(float(_loss[-1] / _loss[0]) for _loss in _losses)
    return (limits,)


@app.cell(hide_code=True)
def _(guess_limit, learn, limits, mo, powers):
    _rows = "\n".join(
        f"| {_name} | {_limit:.4f} | {powers(_below)} | {powers(_above)} |"
        for _name, (_limit, _below, _above) in limits.items()
    )
    _answer = learn.reveal(
        guess_limit,
        "0.076, nearly twice",
        f"The velocity brakes what flips. At 0.98 of {limits['momentum'][0]:.3f} the loss shrank to {powers(limits['momentum'][1])} of what it was, in 300 steps; at 1.02 of it, it grew to {powers(limits['momentum'][2])} times that.",
    )
    mo.vstack(
        [
            _answer,
            mo.md(f"""
    | rule | largest stable rate | at 0.98 of it: final loss over first | at 1.02 of it |
    |:---|---:|---:|---:|
    {_rows}

    In letters, for a momentum β: 2(1 + β)/L. **Nesterov's** momentum is meant to look one step ahead: in the form that training uses, it takes the newest gradient once more beside the velocity, so that a turn counts at once. The price is a *smaller* limit, here even below that of plain descent: 2(1 + β)/(L(1 + 2β)). What it buys, the race will show.
    """),
        ]
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## A memory of sizes: a rate for each weight

    The other idea: remember how *large* the gradients of each weight have been, and divide by it. Where the ground is steep the steps become shorter, where it is flat, longer; every weight has a rate of its own. The rules differ in *how long* they remember.
    """)
    return


@app.cell(hide_code=True)
def _(learn, mg, np, ravine):
    _race = mg.descent.race(ravine, ["adagrad", "rmsprop"], steps=60)
    rates_along = {  # what the gradient of each weight is multiplied by, step by step
        _run.name: _run.options["lr"] / np.sqrt(_run.state[_memory][1:])
        for _run, _memory in zip(_race.runs, ("sum", "square_avg"), strict=True)
    }
    _figure, _axes = learn.axes(
        ["Adagrad: every square, for ever", "RMSprop: old squares fade"],
        "step",
        ["rate of the weight", ""],
        columns=2,
    )
    for _ax, _rates in zip(_axes, rates_along.values(), strict=True):
        for _axis, _name in enumerate(["x, the flat direction", "y, the steep direction"]):
            _ax.semilogy(_rates[:, _axis], label=_name)
        _ax.set_ylim(0.01, 0.5)
        _ax.set_yticks(
            [0.01, 0.02, 0.05, 0.1, 0.2, 0.5], ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5"]
        )
        _ax.minorticks_off()
    _axes[0].legend(loc="center right", frameon=False)
    _figure
    return (rates_along,)


@app.cell(hide_code=True)
def _(learn, mo, rates_along):
    _begun, _ended = rates_along["adagrad"][0], rates_along["adagrad"][-1]
    _low, _back = rates_along["rmsprop"][:, 0].min(), rates_along["rmsprop"][-1, 0]
    learn.say(
        f"Adagrad's rates begin at {_begun[0]:.2f} along and {_begun[1]:.2f} across the ravine; "
        f"after 60 steps they are {_ended[0]:.2f} and {_ended[1]:.2f}, and can only fall."
    )
    mo.md(f"""
    Both begin with {_begun[0]:.2f} along and {_begun[1]:.2f} across the ravine, though each has been given one learning rate for both weights. Adagrad's rates can only fall: after 60 steps {_ended[0]:.3f} along. RMSprop's fell to {_low:.3f} and are back at {_back:.3f}, for the large gradients of the start are being forgotten. **Adadelta** forgets too, and puts a memory of its own past steps in the place of the learning rate. **Adam** has both memories at once: a velocity, and squares to divide it by.

    | rule | remembers | divides by |
    |:---|:---|:---|
    | SGD | nothing | nothing |
    | momentum, Nesterov | the velocity: gradients, fading by 0.9 a step | nothing |
    | Adagrad | the sum of all squares | its root |
    | RMSprop | the mean of squares, fading by 0.99 | its root |
    | Adadelta | the mean of squares, and of its own steps' squares | the root of the first, times that of the second |
    | Adam | the mean of gradients (0.9), the mean of squares (0.999) | the root of the second |

    Here they are, whole. `g` is the gradient, `m` the memory, which begins as zeros; the weights move by `-lr` times what is returned.
    """)
    return


@app.cell(hide_code=True)
def _(mo, np):
    def momentum(g, m):
        m["v"] = 0.9 * m["v"] + g
        return m["v"]

    def nesterov(g, m):
        m["v"] = 0.9 * m["v"] + g
        return g + 0.9 * m["v"]

    def adagrad(g, m):
        m["s"] = m["s"] + g**2
        return g / (np.sqrt(m["s"]) + 1e-10)

    def rmsprop(g, m):
        m["s"] = 0.99 * m["s"] + 0.01 * g**2
        return g / (np.sqrt(m["s"]) + 1e-8)

    def adadelta(g, m):
        m["s"] = 0.9 * m["s"] + 0.1 * g**2
        step = np.sqrt(m["d"] + 1e-6) / np.sqrt(m["s"] + 1e-6) * g
        m["d"] = 0.9 * m["d"] + 0.1 * step**2
        return step

    def adam(g, m):
        m["t"] = m["t"] + 1
        m["v"] = 0.9 * m["v"] + 0.1 * g
        m["s"] = 0.999 * m["s"] + 0.001 * g**2
        mean = m["v"] / (1 - 0.9 ** m["t"])  # it began at 0: put right
        square = m["s"] / (1 - 0.999 ** m["t"])
        return mean / (np.sqrt(square) + 1e-8)

    mo.show_code()
    return adadelta, adagrad, adam, momentum, nesterov, rmsprop


@app.cell(hide_code=True)
def _(
    adadelta,
    adagrad,
    adam,
    defaultdict,
    learn,
    mg,
    mo,
    momentum,
    nesterov,
    np,
    powers,
    ravine,
    rmsprop,
):
    race = mg.descent.race(
        ravine, ["sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam"]
    )
    apart = {}
    for _rule in (momentum, nesterov, adagrad, rmsprop, adadelta, adam):
        _run = race[_rule.__name__]
        _w, _memory, _points = np.array(race.start), defaultdict(float), [race.start]
        for _ in range(race.steps):
            _w = _w - _run.options["lr"] * _rule(np.array([1, 50]) * _w, _memory)
            _points.append(_w)
        apart[_run.name] = float(abs(np.array(_points) - _run.points).max())
    learn.say(
        f"The six rules in plain NumPy and those of mg.optim differ by at most {powers(max(apart.values()))}."
    )
    mo.md(f"""
    Are these the real rules? Each was run from the start of the race for {race.steps} steps, beside the class of `mg.optim` that trains networks. In any coordinate of any step, the two were never further apart than {powers(max(apart.values()))}.

    ## The race in the ravine

    Step with **→** or press play; a click on a rule's name shows its memory at this step: arrows are velocities, ellipses the rates of the two weights. The classes' rates are chosen to suit the ground: {", ".join(f"{_run.name} {_run.rates[0]:.3g}" for _run in race.runs)}.
    """)
    return (race,)


@app.cell(hide_code=True)
def _(race):
    race
    return


@app.cell(hide_code=True)
def _(learn, mo, race):
    reached = {_run.name: _run.reached(race.goal) for _run in race.runs}
    learn.say(
        "Steps to the bottom of the ravine: "
        + ", ".join(f"{_n} {_s}" for _n, _s in reached.items())
    )
    mo.md(
        f"""
    Steps until only a thousandth of the loss is left:

    | {" | ".join(reached)} |
    |{"---:|" * len(reached)}
    | {" | ".join("not in 100" if _s is None else str(_s) for _s in reached.values())} |

    Adadelta has hardly moved. Its first steps have a length of about $\\sqrt{{\\varepsilon / 0.1}}$ with ε = 0.000001, that is 0.003, and they grow slowly: it has no rate to choose, but a start to wait for.
    """
    )
    return (reached,)


@app.cell(hide_code=True)
def _(learn):
    guess_turned = learn.guess(
        "**Predict first.** Adagrad and RMSprop are far ahead. Now we turn the ravine by 45 degrees, start and all: the same shape, seen from another side. What becomes of their lead?",
        [
            "They keep it: the shape is the same",
            "They keep half of it",
            "They lose it: plain SGD comes in before them",
        ],
    )
    guess_turned
    return (guess_turned,)


@app.cell(hide_code=True)
def _(mg, np):
    def turned(degrees):
        """The ravine, turned about its minimum; its start is turned with it."""
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        return mg.descent.Surface(
            name="turned ravine",
            f=lambda x, y: ((c * x + s * y) ** 2 + 50 * (c * y - s * x) ** 2) / 2,
            box=(-10.0, 10.0, -10.0, 10.0),
            start=(-9 * c - 2 * s, -9 * s + 2 * c),
            lr=0.036,
            stride=0.4,
            steps=120,
            minima=((0.0, 0.0),),
        )

    def race_turned(degrees):
        return mg.descent.race(
            turned(degrees), ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"]
        )

    def fewest(name, degrees):
        """The fewest steps to the bottom at half, once, twice and four times the rate."""
        surface = turned(degrees)
        rates = [share * mg.descent.RULES[name].rate(surface) for share in (0.5, 1, 2, 4)]
        race = mg.descent.race(surface, [f"{name}:{rate}" for rate in rates])
        return min(run.reached(race.goal) or race.steps + 1 for run in race.runs)

    race_45 = race_turned(45)
    reached_45 = {_run.name: _run.reached(race_45.goal) for _run in race_45.runs}
    best_rates = {
        _name: (fewest(_name, 0), fewest(_name, 45)) for _name in ("adagrad", "rmsprop", "adam")
    }
    return best_rates, race_turned, reached_45


@app.cell(hide_code=True)
def _(best_rates, guess_turned, learn, reached, reached_45):
    told_turned = learn.reveal(
        guess_turned,
        "They lose it: plain SGD comes in before them",
        f"Adagrad goes from {reached['adagrad']} steps to {reached_45['adagrad']}, RMSprop from {reached['rmsprop']} to {reached_45['rmsprop']}. SGD, momentum and Nesterov need {reached_45['sgd']}, {reached_45['momentum']} and {reached_45['nesterov']}, as before. Is it only that the rates do not suit any more? The best of half, once, twice and four times the rate gives Adagrad {best_rates['adagrad'][0]} steps in the straight ravine and {best_rates['adagrad'][1]} in the turned one, RMSprop {best_rates['rmsprop'][0]} and {best_rates['rmsprop'][1]}: no, their lead is lost. For Adam, which also has a velocity, it is {best_rates['adam'][0]} and {best_rates['adam'][1]}.",
    )
    told_turned
    return (told_turned,)


@app.cell(hide_code=True)
def _(mo, told_turned):
    _ = told_turned  # the slider would give it away
    angle = mo.ui.slider(0, 90, 5, value=20, label="Turn the ravine by (degrees)", show_value=True)
    angle
    return (angle,)


@app.cell(hide_code=True)
def _(angle, draw_ground, draw_way, hues, learn, race_turned):
    _race = race_turned(angle.value)
    _figure, (_left, _right) = learn.axes(
        [f"The ravine turned by {angle.value} degrees", "Steps to the bottom"],
        ["weight x", "steps"],
        ["weight y", ""],
        columns=2,
        height=3.5,
    )
    draw_ground(_left, _race.surface)
    for _name in ("momentum", "rmsprop", "adam"):
        draw_way(_left, _race[_name], label=_name)
    _left.legend(loc="upper right", fontsize=8.5, frameon=True, facecolor="white", edgecolor="none")
    _steps = {_run.name: _run.reached(_race.goal) for _run in _race.runs}
    _names = list(_steps)[::-1]
    _lengths = [_steps[_name] or _race.steps for _name in _names]
    _right.barh(_names, _lengths, color=[hues[_name] for _name in _names])
    _right.spines["left"].set_visible(False)
    for _place, _name in enumerate(_names):
        _right.text(
            _lengths[_place] + 2, _place, _steps[_name] or "not yet", va="center", fontsize=9
        )
    _right.set_xlim(0, 145)
    _figure
    return


@app.cell(hide_code=True)
def _(mo, told_turned):
    _ = told_turned
    mo.md(r"""
    At 0 and at 90 degrees the axes of the weights are the axes of the ravine. A rate for each weight stretches the ground along these axes, and along no other direction; momentum does not know where the axes are. In a network nobody knows how the two lie; it is found out by trying.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## The saddle

    On the saddle the loss curves upwards in x and downwards in y. On the ridge, y = 0, the gradient in y is zero; the race starts 0.001 beside it. To get away, y has to grow.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_saddle = learn.guess(
        "**Predict first.** Now SGD starts a thousand times nearer to the ridge, at y = 0.000001. How many steps does it need to get away (to where y is beyond 0.5)?",
        ["About a thousand times as many", "About ten times as many", "About twice as many"],
    )
    guess_saddle
    return (guess_saddle,)


@app.cell(hide_code=True)
def _(mg, np, race):
    def race_saddle(y, **options):
        return mg.descent.race("saddle", race.names, start=(-1.8, y), steps=150, **options)

    def got_away(raced):
        """For each rule, the first step at which |y| is above 0.5; None if there is none."""
        beyond = {run.name: np.flatnonzero(abs(run.points[:, 1]) > 0.5) for run in raced.runs}
        return {name: int(steps[0]) if steps.size else None for name, steps in beyond.items()}

    away = {_y: got_away(race_saddle(_y)) for _y in (1e-3, 1e-6, 0.0)}
    away["noise"] = got_away(race_saddle(0.0, noise=0.01))
    return away, race_saddle


@app.cell(hide_code=True)
def _(away, guess_saddle, learn):
    told_saddle = learn.reveal(
        guess_saddle,
        "About twice as many",
        f"From {away[1e-3]['sgd']} steps to {away[1e-6]['sgd']}. Near the ridge the slope is as large as y itself, so with a rate of 0.1 each step makes y 1.1 times as large: growth is exponential, and a factor of 1000 costs ln 1000 / ln 1.1 = 72 steps.",
    )
    told_saddle
    return (told_saddle,)


@app.cell(hide_code=True)
def _(away, learn, mo, told_saddle):
    _ = told_saddle  # the table would give it away
    _rows = "\n".join(
        f"| {_label} | "
        + " | ".join("never" if _s is None else str(_s) for _s in away[_key].values())
        + " |"
        for _key, _label in (
            (1e-3, "0.001"),
            (1e-6, "0.000001"),
            (0.0, "exactly 0"),
            ("noise", "exactly 0, with noise"),
        )
    )
    learn.say(
        f"Away from the saddle after: sgd {away[1e-3]['sgd']}, momentum {away[1e-3]['momentum']}, "
        f"adam {away[1e-3]['adam']} steps; from exactly on the ridge: "
        f"{sum(_s is not None for _s in away[0.0].values())} of {len(away[0.0])} rules, with noise "
        f"{sum(_s is not None for _s in away['noise'].values())}."
    )
    mo.md(f"""
    Steps until each rule has got away, by where it starts:

    | y at the start | {" | ".join(away[0.0])} |
    |:---|{"---:|" * len(away[0.0])}
    {_rows}

    Dividing by the size of the gradient makes a tiny slope worth a whole step: that is what the rules with squares are good at. But zero divided by anything is zero. Exactly on the ridge nobody leaves, until there is a little noise on the gradients (normal, of standard deviation 0.01 in the last row), as the batches of real training bring it. Watch it, starting at 0.001:
    """)
    return


@app.cell(hide_code=True)
def _(race_saddle, told_saddle):
    _ = told_saddle
    race_saddle(0.001)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Break it: the rate

    All rates of the race are multiplied by the same factor. Move it to the right, from 1.15 on: which rules are thrown out of the ravine, and in which order? And which do not mind?
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    ground = mo.ui.radio(["ravine", "saddle", "rosenbrock", "plateau"], value="ravine", inline=True)
    factor = mo.ui.slider(
        steps=[1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 1.15, 1.5, 2, 4, 8, 16],
        value=1,
        label="All rates times",
        show_value=True,
    )
    mo.hstack([ground, factor], justify="start", gap=2, wrap=True)
    return factor, ground


@app.cell(hide_code=True)
def _(draw_ground, draw_way, factor, ground, hues, learn, mg, np):
    _surface = mg.descent.SURFACES[ground.value]
    _rules = {
        _name: f"{_name}:{mg.descent.RULES[_name].rate(_surface) * factor.value}"
        for _name in ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam")
    }
    _race = mg.descent.race(_surface, _rules)
    _figure, (_left, _right) = learn.axes(
        [f"Ways on the {_surface.name}", "Loss above the lowest"],
        ["weight x", "step"],
        ["weight y", "loss, logarithmic"],
        columns=2,
        height=3.6,
    )
    draw_ground(_left, _surface)
    for _run in _race.runs:
        draw_way(_left, _run)
        _loss = np.clip(_run.losses - _surface.lowest, 1e-8, 1e8)
        _right.semilogy(_loss, color=hues[_run.name], lw=1.5, label=_run.name)
    _right.set_ylim(1e-8, 1e8)
    _figure.legend(loc="outside lower center", ncols=6, fontsize=9, frameon=False)
    _figure
    return


@app.cell(hide_code=True)
def _(mg, ravine):
    def ends(share):
        """For each rule, the last loss in the ravine over the first, at this share of its rate."""
        rules = {
            name: f"{name}:{mg.descent.RULES[name].rate(ravine) * share}"
            for name in ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam")
        }
        runs = mg.descent.race(ravine, rules).runs
        return {run.name: float(run.losses[-1] / run.losses[0]) for run in runs}

    thrown = {_share: [_n for _n, _e in ends(_share).items() if _e > 1] for _share in (1.15, 2, 16)}
    calm = max(ends(16)[_name] for _name in ("adagrad", "rmsprop", "adam"))
    return calm, ends, thrown


@app.cell(hide_code=True)
def _(calm, mo, powers, thrown):
    mo.md(f"""
    In the ravine, {" and ".join(thrown[1.15])} is thrown out at 1.15 times its rate, {" and ".join(thrown[2])} at 2 times, and at 16 times {", ".join(thrown[16][:-1])} and {thrown[16][-1]}: each when it passes its limit of the table above. Adagrad, RMSprop and Adam are down to {powers(calm)} of the first loss, or less, even at 16 times: their step is about as long as the rate says, however steep the wall. To the left, at 1/32, none of them arrives.

    ## A real network

    Handwritten digits, 64 pixels in, 32 hidden units, 10 classes: 2,410 weights, three passes (**epochs**) through 1,437 pictures. Each rule trains it with five rates (0.001, 0.01, 0.1, 1 and 10), from three different sets of first weights.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_network = learn.guess(
        "**Predict first.** SGD and Adam both train with the rate 0.01, and Adam is far ahead. Then each gets the best of the five rates. What is left of Adam's lead?",
        [
            "All of it: Adam's loss is less than a tenth of SGD's",
            "Most of it: less than a third",
            "Little or nothing: within a factor of three",
        ],
    )
    guess_network
    return (guess_network,)


@app.cell(hide_code=True)
def _(mg, np):
    digits, _ = mg.data.train_test_split(mg.data.digits(), test=360, rng=0, stratify=True)
    makers = {
        "sgd": lambda weights, lr: mg.optim.SGD(weights, lr=lr),
        "momentum": lambda weights, lr: mg.optim.SGD(weights, lr=lr, momentum=0.9),
        "nesterov": lambda weights, lr: mg.optim.SGD(weights, lr=lr, momentum=0.9, nesterov=True),
        "adagrad": lambda weights, lr: mg.optim.Adagrad(weights, lr=lr),
        "adadelta": lambda weights, lr: mg.optim.Adadelta(weights, lr=lr),
        "rmsprop": lambda weights, lr: mg.optim.RMSprop(weights, lr=lr),
        "adam": lambda weights, lr: mg.optim.Adam(weights, lr=lr),
    }

    def train(name, lr, seed):
        """The optimizer after three epochs, and the loss on all of the training pictures."""
        model = mg.nn.MLP([64, 32, 10], rng=seed)
        optimizer = makers[name](model.parameters(), lr)
        try:
            mg.train.fit(
                model, digits, optimizer, epochs=3, batch_size=64, rng=seed, progress=False
            )
        except mg.train.NotFiniteError:
            return optimizer, np.inf
        with mg.no_grad():
            return optimizer, mg.nn.cross_entropy(model(digits.x), digits.y).item()

    tried = [0.001, 0.01, 0.1, 1.0, 10.0]
    losses = {
        _name: np.array([[train(_name, _lr, _seed)[1] for _seed in range(3)] for _lr in tried])
        for _name in makers
    }
    return digits, losses, train, tried


@app.cell(hide_code=True)
def _(guess_network, learn, losses, tried):
    _means = {_name: _loss.mean(axis=1) for _name, _loss in losses.items()}
    best = {_name: (tried[_m.argmin()], float(_m.min())) for _name, _m in _means.items()}
    same = {_name: float(_m[tried.index(0.01)]) for _name, _m in _means.items()}
    learn.reveal(
        guess_network,
        "Little or nothing: within a factor of three",
        f"At 0.01, SGD's loss is {same['sgd']:.2f} and Adam's {same['adam']:.2f}. At their best rates, {best['sgd'][0]:g} for SGD and {best['adam'][0]:g} for Adam, they are {best['sgd'][1]:.2f} and {best['adam'][1]:.2f}. (Means of three runs, after three epochs.)",
    )
    return best, same


@app.cell(hide_code=True)
def _(best, hues, learn, losses, tried):
    _figure, _ax = learn.axes(
        "Loss after three epochs, by the rate: three runs each, their mean as a line",
        "learning rate, logarithmic",
        "training loss, logarithmic",
        height=3.6,
    )
    for _name, _loss in losses.items():
        _ax.loglog(tried, _loss.mean(axis=1), color=hues[_name], lw=1.6, label=_name)
        _ax.loglog(tried, _loss, "o", color=hues[_name], ms=2.5, alpha=0.7)
    _ax.axhline(2.303, color="#b5b9be", lw=1, ls="--")
    _ax.text(0.00085, 3.1, "guessing: ln 10", fontsize=9, color="#767676")
    _ax.set_ylim(0.05, 30)
    _figure.legend(loc="outside right center", frameon=False)
    learn.say(
        "Digits, best rate and loss: "
        + ", ".join(f"{_n} {_r:g}: {_l:.2f}" for _n, (_r, _l) in best.items())
    )
    _figure
    return


@app.cell(hide_code=True)
def _(best, mo):
    mo.md(f"""
    Every rule has good rates and bad ones, and they lie at different places: the best of the five is {best["rmsprop"][0]:g} for RMSprop, {best["momentum"][0]:g} for momentum, Nesterov, Adagrad and Adam, {best["sgd"][0]:g} for SGD, {best["adadelta"][0]:g} for Adadelta. At any one rate in common, some rule wins because the rate suits it. Such a comparison compares rates, not optimizers.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ### The memory of a real network

    Adagrad keeps one sum of squares for each of the 2,410 weights. The first layer's weights belong to pixels, so that its memory can be looked at as a picture.
    """)
    return


@app.cell(hide_code=True)
def _(digits, learn, np, train):
    _optimizer, _ = train("adagrad", 0.1, 0)
    squares = _optimizer.state_dict()["state"][0][
        "sum"
    ]  # of the first layer: (32 units, 64 pixels)
    pixel_rates = np.where(squares.any(axis=0), 0.1 / np.sqrt(squares.mean(axis=0) + 1e-30), np.nan)
    ink = digits.x.mean(axis=0)
    _figure, _axes = learn.axes(
        ["Mean ink of each pixel", "Adagrad's rate for the pixel's weights"], columns=2, height=3.0
    )
    for _ax, _values, _map in (
        (_axes[0], ink, "Greys"),
        (_axes[1], np.log10(pixel_rates), "viridis"),
    ):
        _shown = _ax.imshow(_values.reshape(8, 8), cmap=_map)
        _ax.set(xticks=[], yticks=[])
        _bar = _figure.colorbar(_shown, ax=_ax, shrink=0.9)
    _ticks = np.array([0.1, 0.3, 1, 3, 10, 30, 100])
    _ticks = _ticks[(_ticks >= np.nanmin(pixel_rates)) & (_ticks <= np.nanmax(pixel_rates))]
    _bar.set_ticks(np.log10(_ticks), labels=[f"{_tick:g}" for _tick in _ticks])
    _figure
    return ink, pixel_rates


@app.cell(hide_code=True)
def _(ink, learn, mo, np, pixel_rates):
    _inked = ink > 0
    _rare, _often = pixel_rates[_inked].max(), pixel_rates[_inked].min()
    learn.say(
        f"Adagrad's rates for the weights of a pixel: from {_often:.2f} (much ink) to {_rare:.0f} (hardly any)."
    )
    mo.md(f"""
    One learning rate of 0.1 has become rates from {_often:.2f}, for pixels that nearly every digit covers, to {_rare:.0f}, for those that hardly any does: a rare pixel learns a lot from the few pictures that have it. That is what Adagrad was made for. The {np.count_nonzero(~_inked)} white cells are pixels without ink in any picture: their gradient is always zero, and nothing is remembered.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## What to remember

    Momentum remembers directions: what flips cancels, what stays adds up. Adagrad, RMSprop, Adadelta and Adam remember sizes and give each weight a rate of its own, which is worth much where the ravine lies along the axes of the weights, and little where it lies across them. Compare optimizers at the best rate of each, or it is the rates that you compare.

    ## Exercises

    **1.** A weight has the gradient 1 in every step. With a momentum of 0.9, what does the velocity grow to in the end?
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_velocity = learn.number("The velocity grows to")
    answer_velocity
    return (answer_velocity,)


@app.cell(hide_code=True)
def _(answer_velocity, learn):
    def check_velocity(answer):
        if abs(answer - 10) < 0.01:
            return learn.right(
                "A velocity v that does not change any more has v = 0.9 v + 1. Along a steady slope, momentum multiplies the rate by that."
            )
        typical = {
            1: "That is a mean of gradients, as Adam keeps it, with 0.1 g. Here the whole gradient is added in every step.",
            1.9: "That is the velocity after the second step; it goes on growing.",
            9: "That is what is left of the old velocity. This step's gradient is added to it.",
            0.9: "That is the share that is kept in each step; the rest adds up.",
        }
        for value, said in typical.items():
            if abs(answer - value) < 0.01:
                return learn.wrong(said)
        return learn.wrong(
            f"Try it: put v = {answer:g} into 0.9 v + 1. It gives {0.9 * answer + 1:g}, so it is still changing."
        )

    learn.check(answer_velocity, check_velocity)
    return (check_velocity,)


@app.cell(hide_code=True)
def _(learn):
    answer_adam = learn.number(
        "**2.** Adam, with a learning rate of 0.1, meets a weight whose first gradient is 1000. How far does its first step move the weight?"
    )
    answer_adam
    return (answer_adam,)


@app.cell(hide_code=True)
def _(answer_adam, learn):
    def check_adam(answer):
        size = abs(answer)
        if abs(size - 0.1) < 1e-4:
            return learn.right(
                "In the first step the corrected mean is the gradient, and the corrected root is its size: the two cancel, and the step is the learning rate, whatever the gradient."
            )
        typical = {
            100: "That is the step of SGD, 0.1 · 1000. Adam divides by the size of the gradient.",
            0.01: "You took a tenth of the gradient, the mean that began at 0; the division by 1 - 0.9 puts that right.",
            0.316: "That is without the two corrections: 0.1 g over the root of 0.001 g². See the comment in the code of `adam`: put right.",
            1: "The gradient over its size is 1; the learning rate is still to come.",
            0.0001: "That divides by the square of the gradient; Adam divides by the root of it.",
        }
        for value, said in typical.items():
            if abs(size - value) < 0.01 * value:
                return learn.wrong(said)
        return learn.wrong(
            "Follow the lines of `adam` with g = 1000 and t = 1: what is the mean, what the square?"
        )

    learn.check(answer_adam, check_adam)
    return (check_adam,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    **3.** Write one step of RMSprop for one weight: from the weight `w`, its gradient `g` and the mean of squares `s`, the new `w` and the new `s`. The learning rate is 0.1, the memory fades by 0.9, ε is 1e-8.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_rmsprop = learn.code("def step(w, g, s):\n    s = ...\n    w = ...\n    return w, s")
    answer_rmsprop
    return (answer_rmsprop,)


@app.cell(hide_code=True)
def _(np):
    def follow(step):
        """Where a step takes the weight for three gradients, and what it remembers: w, s."""
        w, s, seen = 1.0, 0.0, []
        for g in (3.0, -1.0, 2.0):
            w, s = step(w, g, s)
            seen.append((w, s))
        return np.array(seen).T

    def mean(g, s):
        return 0.9 * s + 0.1 * g**2

    def size(s):
        return np.sqrt(s) + 1e-8

    return follow, mean, size


@app.cell(hide_code=True)
def _(follow, mean, np, size):
    wrong_memories = {  # s becomes the first times s, the second times g, the third times g**2
        "Your `s` is the sum of all squares. That is Adagrad, which forgets nothing.": (1, 0, 1),
        "The old squares fade in your `s`, but the new one counts in full.": (0.9, 0, 1),
        "Your `s` is a mean of the gradients; it should be one of their squares.": (0.9, 0.1, 0),
        "In your `s` the old squares count 0.1, the new one 0.9: the wrong way round.": (
            0.1,
            0,
            0.9,
        ),
        "Your `s` stays as it was; this gradient's square belongs into it.": (1, 0, 0),
    }
    wrong_steps = {
        "It goes uphill.": lambda w, g, s: w + 0.1 * g / size(mean(g, s)),
        "You divide by `s` itself, which is a square.": lambda w, g, s: (
            w - 0.1 * g / (mean(g, s) + 1e-8)
        ),
        "You do not divide by anything: that is SGD.": lambda w, g, s: w - 0.1 * g,
        "You divide by what `s` was before this gradient came.": lambda w, g, s: (
            w - 0.1 * g / size(s)
        ),
        "The learning rate is missing.": lambda w, g, s: w - g / size(mean(g, s)),
    }

    def fault_of_memory(found):
        """What is wrong with these values of s; None if it is nothing typical."""
        for said, (a, b, c) in wrong_memories.items():
            if np.allclose(
                found, follow(lambda w, g, s, a=a, b=b, c=c: (w, a * s + b * g + c * g**2))[1]
            ):
                return said
        return None

    def fault_of_step(found):
        """What is wrong with these values of w; None if it is nothing typical."""
        for said, move in wrong_steps.items():
            if np.allclose(
                found, follow(lambda w, g, s, move=move: (move(w, g, s), mean(g, s)))[0]
            ):
                return said
        return None

    return fault_of_memory, fault_of_step


@app.cell(hide_code=True)
def _(answer_rmsprop, fault_of_memory, fault_of_step, follow, learn, mg, np):
    def rmsprop_itself():
        """The same by the class that trains."""
        weight = mg.Tensor(1.0, requires_grad=True)
        rule = mg.optim.RMSprop([weight], lr=0.1, alpha=0.9, eps=1e-8)

        def step(w, g, s):
            weight.grad = g
            rule.step()
            return weight.item(), rule.state_dict()["state"][0]["square_avg"].item()

        return step

    @learn.reads_code("step")
    def check_rmsprop(step):
        given = step(1.0, 3.0, 0.0)
        if not isinstance(given, tuple) or len(given) != 2:
            return learn.wrong("`step` is to return two things, `w, s`.")
        if any(one is ... for one in given):
            return learn.wrong(f"`{'w' if given[0] is ... else 's'}` is still `...`.")
        (w, s), (true_w, true_s) = follow(step), follow(rmsprop_itself())
        if not np.allclose(s, true_s):
            seen = f"For the gradients 3, -1 and 2 your `s` is {s[0]:.4g}, {s[1]:.4g}, {s[2]:.4g}, which is no mean of squares that fades by 0.9."
            return learn.wrong(fault_of_memory(s) or seen)
        if not np.allclose(w, true_w):
            seen = f"The gradients 3, -1 and 2 take it from 1 to {w[2]:.4g}; follow the two lines of `rmsprop` above."
            return learn.wrong(f"`s` is right, `w` is not yet. {fault_of_step(w) or seen}")
        return learn.right("The same weights as those of mg.optim.RMSprop, step after step.")

    learn.check(answer_rmsprop, check_rmsprop)
    return (check_rmsprop,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Sources

    - B. T. Polyak (1964), [Some methods of speeding up the convergence of iteration methods](https://doi.org/10.1016/0041-5553(64)90137-5): momentum, and its limit.
    - I. Sutskever et al. (2013), [On the importance of initialization and momentum in deep learning](https://proceedings.mlr.press/v28/sutskever13.html): Nesterov's momentum (1983) for networks.
    - G. Goh (2017), [Why momentum really works](https://distill.pub/2017/momentum/): the ravine.
    - J. Duchi, E. Hazan and Y. Singer (2011), [Adaptive subgradient methods](https://jmlr.org/papers/v12/duchi11a.html): Adagrad.
    - T. Tieleman and G. Hinton (2012), [Neural networks for machine learning, lecture 6](https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf): RMSprop.
    - M. D. Zeiler (2012), [Adadelta](https://arxiv.org/abs/1212.5701).
    - D. P. Kingma and J. Ba (2015), [Adam](https://arxiv.org/abs/1412.6980).
    - Y. Dauphin et al. (2014), [Identifying and attacking the saddle point problem](https://arxiv.org/abs/1406.2572).
    - D. Choi et al. (2019), [On empirical comparisons of optimizers for deep learning](https://arxiv.org/abs/1910.05446): comparisons depend on how the rates were searched.

    ## What comes next

    Here every rate was a number, chosen before the first step. It may as well be a curve: `microgd learn 10`.
    """)
    return


if __name__ == "__main__":
    app.run()
