"""Walking downhill

A straight line finds its points: how long the steps may be, and how few points a step needs.

Time: 20 minutes.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="2. Walking downhill")


@app.cell(hide_code=True)
def _():
    from dataclasses import replace

    import marimo as mo
    import numpy as np

    import microgd as mg
    from microgd import learn

    BLUE, ORANGE, GREEN = learn.COLOURS[:3]
    return BLUE, GREEN, ORANGE, learn, mg, mo, np, replace


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 2. Walking downhill

    Here are thirty points, and a straight line is to run through them as well as it can. Nobody tells the line where to go. It feels only the slope under its feet, as you did in lesson 1, and takes a step downhill; and another one. **How long may its steps be, and how many of the points does it have to look at before each of them?**

    ## Lay a line by hand

    Try it yourself first. A line has two numbers, its slope and its intercept (its height at $x = 0$). How wrong it is, is one number, the **loss**: at each point, take how far the line is above or below it (dashed), square that, and take the mean over all points. On the right is a map of the loss: **each place on the map is a line**, and the dot is yours. Can you come below 0.2?
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    by_slope = mo.ui.slider(-3, 6, 0.1, value=-2, label="slope", show_value=True)
    by_intercept = mo.ui.slider(-3, 5, 0.1, value=3.5, label="intercept", show_value=True)
    mo.hstack([by_slope, by_intercept], justify="start", gap=2, wrap=True)
    return by_intercept, by_slope


@app.cell(hide_code=True)
def _(mg):
    points = mg.data.line(30, slope=2.0, intercept=1.0, noise=0.4, rng=4)
    x, y = points.x.ravel(), points.y.ravel()
    ground = mg.descent.regression(points)  # the loss over slope and intercept, to be drawn
    start = (-2.0, 3.5)
    return ground, points, start, x, y


@app.cell(hide_code=True)
def _(ORANGE, np, x, y):
    def draw_map(ax, surface):
        east, north, height = surface.grid(81)
        rings = surface.lowest + 0.35 * np.arange(1, 14) ** 2
        ax.contour(east, north, height, levels=rings, colors="#b5b9be", linewidths=1)
        ax.plot(*surface.minima[0], "+", color="#4a525c", ms=9, mew=2)
        ax.set(xlim=surface.box[:2], ylim=surface.box[2:], aspect="equal")

    def draw_line(ax, slope, intercept, color=ORANGE):
        ax.vlines(x, y, slope * x + intercept, color="#b5b9be", lw=1, ls=(0, (3, 2)))
        ax.plot(x, y, "o", color="#4a525c", ms=4)
        ends = np.array([-1.05, 1.05])
        ax.plot(ends, slope * ends + intercept, color=color)
        ax.set(xlim=(-1.05, 1.05), ylim=(-3, 6))

    return draw_line, draw_map


@app.cell(hide_code=True)
def _(ORANGE, by_intercept, by_slope, draw_line, draw_map, ground, learn):
    def draw_by_hand(slope, intercept):
        figure, (line, chart) = learn.axes(
            [f"Your line: loss {ground(slope, intercept):.3f}", "Your place on the map"],
            ["x", "slope"],
            ["y", "intercept"],
            columns=2,
        )
        draw_line(line, slope, intercept)
        draw_map(chart, ground)
        chart.plot(slope, intercept, "o", color=ORANGE, ms=8)
        return figure

    draw_by_hand(by_slope.value, by_intercept.value)
    return (draw_by_hand,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## The walk

    By hand you looked at the map. The walker cannot: it stands in the fog of lesson 1 and knows the gradient at its feet, which points uphill. So it goes the other way, against the gradient. How far, is a number times the gradient's length, and the number is the **learning rate**:

    $$w \leftarrow w - \text{rate} \cdot \nabla\text{loss}(w), \qquad w = (\text{slope}, \text{intercept}).$$

    This rule is called **gradient descent**, and here is all of it:
    """)
    return


@app.cell(hide_code=True)
def _(mg, mo, x, y):
    def loss(w):
        error = w[0] * x + w[1] - y  # at each of the points
        return mg.mean(error**2)

    gradient = mg.grad(loss)

    def step(w, rate):
        return w - rate * gradient(w).numpy()

    mo.show_code()
    return gradient, loss, step


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    Go with it, step by step, at a rate of 0.2. The arrow is the next step; it stands at a right angle to the contour, and shortens as the ground becomes level.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    at_step = mo.ui.slider(0, 20, 1, value=0, label="Step", show_value=True, full_width=True)
    at_step
    return (at_step,)


@app.cell(hide_code=True)
def _(ground, loss, np, start, step):
    walk = [np.array(start)]
    for _ in range(21):
        walk.append(step(walk[-1], 0.2))
    walk = np.array(walk)
    walk_losses = np.array([loss(_w).item() for _w in walk])
    best_line = ground.minima[0]  # by the formula of least squares, without a walk
    return best_line, walk, walk_losses


@app.cell(hide_code=True)
def _(BLUE, ORANGE, at_step, draw_line, draw_map, ground, learn, walk, walk_losses):
    def draw_walk(k):
        figure, (line, chart) = learn.axes(
            [f"Step {k}: loss {walk_losses[k]:.3f}", "The walk on the map"],
            ["x", "slope"],
            ["y", "intercept"],
            columns=2,
        )
        draw_line(line, *walk[k], color=BLUE)
        draw_map(chart, ground)
        chart.plot(*walk[: k + 1].T, "o-", color=BLUE, ms=4, lw=1.2)
        chart.quiver(
            *walk[k],
            *(walk[k + 1] - walk[k]),
            color=ORANGE,
            angles="xy",
            scale_units="xy",
            scale=1,
            width=0.012,
            zorder=4,
        )
        return figure

    draw_walk(at_step.value)
    return (draw_walk,)


@app.cell(hide_code=True)
def _(best_line, learn, mo, walk, walk_losses):
    learn.say(
        f"Twenty steps at rate 0.2: loss {walk_losses[0]:.2f} to {walk_losses[20]:.4f}, the line {walk[20][0]:.2f} x + {walk[20][1]:.2f}."
    )
    mo.md(f"""
    After 20 steps the line is ${walk[20][0]:.2f}\\,x + {walk[20][1]:.2f}$. For a straight line there is also a formula for the very bottom, *least squares*; it gives ${best_line[0]:.2f}\\,x + {best_line[1]:.2f}$, where the cross is. (The points were made from $2x + 1$ and then shaken. The line that fits these thirty best is not quite the one that they came from.) A network has no such formula. The walk it has.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## How long a step?

    If a longer step gets down faster, why not take really long ones? Four walkers set out from the same place. They differ in nothing but the rate.
    """)
    return


@app.cell(hide_code=True)
def _(ground, mg, start):
    found = mg.descent.rates(ground, start, steps=40)  # four rates, each run and written down
    rate_names = [f"{rate.lr:.2f}" for rate in found.rates]
    after_20 = [found.race[rate.name].losses[20] for rate in found.rates]
    return after_20, found, rate_names


@app.cell(hide_code=True)
def _(learn, rate_names):
    guess_rate = learn.guess(
        "**Predict first.** The four rates are "
        + ", ".join(rate_names[:3])
        + f" and {rate_names[3]}. Which walker is lowest after 20 steps?",
        [f"the one with {name}" for name in rate_names],
    )
    guess_rate
    return (guess_rate,)


@app.cell(hide_code=True)
def _(after_20, guess_rate, learn, rate_names, walk_losses):
    rates_seen = learn.reveal(
        guess_rate,
        f"the one with {rate_names[1]}",
        f"All began at {walk_losses[0]:.2f}. After 20 steps the losses are "
        + ", ".join(
            f"{_loss:.3f} (rate {_name})" for _name, _loss in zip(rate_names, after_20, strict=True)
        )
        + ". The last walker is higher than where it began.",
    )
    rates_seen
    return (rates_seen,)


@app.cell(hide_code=True)
def _(found, learn, rate_names, rates_seen):
    rates_seen
    _figure, _ax = learn.axes(
        "The loss of four walkers (each power of ten up is ten times as much)",
        "step",
        "loss",
        height=3.4,
    )
    for _rate, _name in zip(found.rates, rate_names, strict=True):
        _losses = found.race[_rate.name].losses
        _ax.plot(_losses, label=f"{_name}: {_rate.name}")
    _ax.set(yscale="log", xlim=(0, 40), ylim=(0.05, 2e4))
    _ax.legend(loc="upper left", frameon=False)
    colours = [_line.get_color() for _line in _ax.lines]
    _figure
    return (colours,)


@app.cell(hide_code=True)
def _(mo, rates_seen):
    rates_seen
    mo.md(r"""
    Four things can happen. The rate is **too small**: safe, and slow. It is **right**. It is **oscillating**: too long a step lands on the other side of the valley, and back, and forth, a little lower each time. It is **divergent**: each step lands *higher* on the other side, there the slope is steeper, and so the next step is longer still.

    Here are the four on the map, to step through: press play, or use the arrow keys.
    """)
    return


@app.cell(hide_code=True)
def _(found, rate_names, rates_seen):
    rates_seen
    _names = (_rate.name for _rate in found.rates)
    found.race.renamed(dict(zip(_names, rate_names, strict=True)))
    return


@app.cell(hide_code=True)
def _(mo, rates_seen):
    rates_seen
    mo.md(r"""
    ## What a step makes of the distance

    Cut the valley open across its steepest direction, and look along it. What you see is a parabola, with the four walkers on it, six steps each:
    """)
    return


@app.cell(hide_code=True)
def _(colours, found, ground, learn, np, rate_names, rates_seen):
    rates_seen
    curvatures, _directions = np.linalg.eigh(ground.hessian(found.place))
    steepest = _directions[:, -1]
    across = {
        _rate.name: (found.race[_rate.name].points - found.place) @ steepest
        for _rate in found.rates
    }
    _figure, _charts = learn.axes(
        [f"{_name}: {_rate.name}" for _name, _rate in zip(rate_names, found.rates, strict=True)],
        "distance",
        ["height above the bottom", "", "", ""],
        columns=4,
        height=2.7,
    )
    for _number, (_ax, _away) in enumerate(zip(_charts, across.values(), strict=True)):
        _d = np.linspace(-3, 3, 100)
        _ax.plot(_d, curvatures[-1] / 2 * _d**2, color="#b5b9be", lw=1.5)
        _way = _away[:7]
        _ax.plot(_way, curvatures[-1] / 2 * _way**2, "o-", color=colours[_number], ms=4, lw=1)
        _ax.set(xlim=(-3, 3), ylim=(-0.3, 8))
        _ax.title.set_fontsize(9)
        if _number:
            _ax.set_yticklabels([])
    _figure
    return across, curvatures


@app.cell(hide_code=True)
def _(curvatures, found, learn, mo, rate_names):
    _largest, _limit = found.curvature, found.limit
    flat_factor = 1 - found.rates[1].lr * curvatures[0]
    _rows = "\n".join(
        f"    | {_name} | {_rate.name} | {_rate.factor:.2f} | {_rate.measured + 0.0:.2f} |"
        for _name, _rate in zip(rate_names, found.rates, strict=True)
    )
    learn.say(
        f"The largest curvature L is {_largest:.3f}, so 2/L is {_limit:.3f}; foretold and measured factors: "
        + ", ".join(f"{_r.factor:.2f} and {_r.measured + 0.0:.2f}" for _r in found.rates)
        + "."
    )
    mo.md(rf"""
    On a parabola the slope grows evenly: at distance $d$ from the bottom it is $L \cdot d$. The number $L$ is the **curvature**, how much slope each unit of distance adds; it is the derivative of the derivative. One step goes against the slope, so

    $$d \leftarrow d - \text{{rate}} \cdot L d = (1 - \text{{rate}} \cdot L)\, d.$$

    **Each step multiplies the distance by the same factor.** Here $L = {_largest:.3f}$, and so the factor of every walker is known before its first step:

    | rate | | 1 - rate · L | measured on the way |
    |---|---|--:|--:|
{_rows}

    A factor between 0 and 1 comes closer; a factor below 0 changes sides; beyond -1 each step ends further away than it began. That is the limit: $1 - \text{{rate}} \cdot L = -1$, or

    $$\text{{rate}} = \frac{{2}}{{L}} = \frac{{2}}{{{_largest:.3f}}} = {_limit:.3f}.$$

    The valley has a flat direction, too. There the curvature is only {curvatures[0]:.2f}, and the walker with rate {rate_names[1]} keeps {flat_factor:.2f} of its distance in each step. So the steepest direction sets the limit, and the flattest one sets how long it takes. (For more than two numbers, $L$ is the largest curvature of all directions: the largest *eigenvalue* of the table of all second derivatives, the *Hessian*.)
    """)
    return (flat_factor,)


@app.cell(hide_code=True)
def _(learn):
    guess_far = learn.guess(
        "**Predict.** Another walker sets out in the same direction from the bottom, but ten times as far away. There it is ten times as steep. How large is the largest rate with which it comes down?",
        ["a tenth of the old limit", "the old limit", "ten times the old limit"],
    )
    guess_far
    return (guess_far,)


@app.cell(hide_code=True)
def _(found, ground, guess_far, learn, mg, np, rates_seen, start):
    rates_seen
    far = tuple(np.array(found.place) + 10 * (np.array(start) - found.place))
    found_far = mg.descent.rates(ground, far, steps=40)
    _in, _out = (found_far.race[_name].losses for _name in ("oscillating", "divergent"))
    far_seen = learn.reveal(
        guess_far,
        "the old limit",
        f"It begins at a loss of {_in[0]:.0f}. After 40 steps it is {_in[-1]:.2f} with a rate of {found_far.rates[2].lr:.2f}, and {_out[-1]:,.0f} with {found_far.rates[3].lr:.2f}. The factor of a step has no distance in it, only the curvature, and in this valley that is the same everywhere.",
    )
    far_seen
    return far, far_seen, found_far


@app.cell(hide_code=True)
def _(far_seen, mo):
    far_seen
    mo.md(r"""
    ## The wall

    How many steps does it take, for every rate? Counted is until a thousandth of the loss above the bottom is left, for good.
    """)
    return


@app.cell(hide_code=True)
def _(BLUE, ORANGE, curvatures, far_seen, found, ground, learn, mg, np, start):
    far_seen
    tried = found.limit * np.linspace(0.03, 1.2, 79)
    _all = np.tile(np.array(start)[:, None], len(tried))  # a walker for each rate
    _slopes = mg.grad(lambda w: ground.at(w).sum())
    _above = []
    for _ in range(301):
        _above.append(ground.at(_all).numpy() - ground.lowest)
        _all = _all - tried * _slopes(_all).numpy()
    _above = np.array(_above)
    _late = _above > _above[0] / 1000
    needed = np.where(_late[-1], np.inf, 301 - np.argmax(_late[::-1], axis=0))
    fastest = tried[needed == needed.min()]

    _figure, _ax = learn.axes(
        f"Steps needed, by rate: the wall stands at 2/L = {found.limit:.3f}",
        "learning rate",
        "steps needed",
        height=3.4,
    )
    _ax.plot(tried, needed, "o", color=BLUE, ms=4)
    _ax.axvline(found.limit, color=ORANGE, lw=2)
    _ax.axvspan(found.limit, tried[-1], color=ORANGE, alpha=0.08, lw=0)
    _ax.text(found.limit * 1.01, 40, "divergent: it\nnever arrives", color=ORANGE)
    _ax.axvline(2 / curvatures.sum(), color="#767676", lw=1, ls="--")
    _ax.text(
        2 / curvatures.sum(), 150, "2/(largest + smallest curvature) ", color="#767676", ha="right"
    )
    _ax.set(yscale="log", xlim=(0, tried[-1]), ylim=(3, 300))
    _figure
    return fastest, needed, tried


@app.cell(hide_code=True)
def _(curvatures, fastest, found, learn, mo, needed, tried):
    _small = needed[abs(tried / found.limit - 0.06).argmin()]
    learn.say(
        f"The fastest rates, {fastest[0]:.2f} to {fastest[-1]:.2f}, need {needed.min():.0f} steps; at the wall, {found.limit:.3f}, it ends."
    )
    mo.md(f"""
    The fastest rates, from {fastest[0]:.2f} to {fastest[-1]:.2f}, need {needed.min():.0f} steps. They are not far from the wall: the best compromise between the steepest and the flattest direction is $2 / ({curvatures[-1]:.2f} + {curvatures[0]:.2f}) = {2 / curvatures.sum():.2f}$. Too small a rate costs time, {_small:.0f} steps at {0.06 * found.limit:.2f}; too large a one costs everything. So one looks for the wall, and stays a little away from it.

    ## Break it

    The same points, the same first line, 40 steps. First bring the rate to the wall, and over it. Then put it back to 0.5 and *measure x in a smaller unit*, so that all its numbers become larger. What becomes of the wall?
    """)
    return


@app.cell(hide_code=True)
def _(far_seen, mo):
    far_seen
    break_rate = mo.ui.slider(0.05, 1.2, 0.05, value=0.5, label="rate", show_value=True)
    stretch = mo.ui.slider(1, 4, 0.25, value=1, label="x times", show_value=True)
    mo.hstack([break_rate, stretch], justify="start", gap=2, wrap=True)
    return break_rate, stretch


@app.cell(hide_code=True)
def _(BLUE, ORANGE, draw_map, ground, learn, mg, points, replace, start):
    def broken(rate, times):
        """The map of the points with stretched x, and the walk on it."""
        surface = mg.descent.regression(mg.data.Dataset(points.x * times, points.y))
        surface = replace(surface, box=ground.box)  # the same window, whatever the unit
        return mg.descent.race(
            surface, "sgd", (start[0] / times, start[1]), steps=40, lr=float(rate)
        )

    def draw_broken(rate, times):
        race = broken(rate, times)
        walked = race["sgd"]
        figure, (chart, curve) = learn.axes(
            [
                f"Rate {rate:g}, the wall at {race.limit('sgd'):.3g}",
                f"Loss after 40 steps: {walked.losses[-1]:.3g}",
            ],
            ["slope", "step"],
            ["intercept", "loss"],
            columns=2,
        )
        draw_map(chart, race.surface)
        over = rate > race.limit("sgd")
        chart.plot(*walked.points.T, "o-", color=ORANGE if over else BLUE, ms=3, lw=1)
        curve.plot(walked.losses, color=ORANGE if over else BLUE)
        curve.set(yscale="log", ylim=(0.05, 1e6))
        return figure

    return broken, draw_broken


@app.cell(hide_code=True)
def _(break_rate, draw_broken, stretch):
    draw_broken(break_rate.value, stretch.value)
    return


@app.cell(hide_code=True)
def _(broken, far_seen, learn, mo):
    far_seen
    walls = {times: broken(0.5, times).limit("sgd") for times in (1, 2, 4)}
    learn.say(
        "With x times 1, 2 and 4 the wall is at "
        + ", ".join(f"{wall:.3f}" for wall in walls.values())
        + "."
    )
    mo.md(f"""
    With $x$ twice as large the wall stands at {walls[2]:.2f}, with $x$ four times as large at {walls[4]:.2f}, and there a rate of 0.5 is over it. Nothing has changed but a unit. That is one reason why data are brought to one scale before training, and why no rate is right for everything.

    ## How many points for one step?

    Each step so far looked at all thirty points: that is **batch** descent. But each point alone has a gradient, too, and the gradient of the loss is the mean of them. One may as well look at a few points only (a **mini-batch**), or at a single one, drawn by chance (**stochastic** descent). Such a step is far cheaper. It is also wrong, in general, as you see: each small dot is the gradient of one point, and the diamond is the true one.
    """)
    return


@app.cell(hide_code=True)
def _(best_line, learn, mg, np, start, x, y):
    of_each = mg.jacobian(lambda w: (w[0] * x + w[1] - y) ** 2)  # a gradient for each point

    def by_tens(gradients, count=12):
        generator = np.random.default_rng(0)
        return np.array(
            [gradients[generator.permutation(len(x))[:10]].mean(axis=0) for _ in range(count)]
        )

    clouds = {
        place: of_each(np.array(place)).numpy() for place in (start, tuple(map(float, best_line)))
    }
    return by_tens, clouds


@app.cell(hide_code=True)
def _(BLUE, GREEN, ORANGE, by_tens, clouds, far_seen, learn):
    far_seen
    _figure, _charts = learn.axes(
        ["At the start", "At the bottom"],
        "gradient: its slope part",
        ["its intercept part", ""],
        columns=2,
        height=3.4,
    )
    for _ax, _cloud in zip(_charts, clouds.values(), strict=True):
        _ax.axhline(0, color="#b5b9be", lw=1)
        _ax.axvline(0, color="#b5b9be", lw=1)
        _ax.plot(*_cloud.T, "o", color=BLUE, ms=4, alpha=0.6, label="one point")
        _ax.plot(*by_tens(_cloud).T, "o", color=GREEN, ms=6, label="mean of ten")
        _ax.plot(
            *_cloud.mean(axis=0), "D", color=ORANGE, ms=9, zorder=5, label="mean of all thirty"
        )
    _figure.legend(
        *_charts[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False
    )
    _figure
    return


@app.cell(hide_code=True)
def _(far_seen, mo):
    far_seen
    mo.md(r"""
    At the start, most single points agree on the way: down with the intercept. At the bottom the true gradient is zero; those of most points are not, and they pull in all directions. The means of ten lie closer together than the points do.
    """)
    return


@app.cell(hide_code=True)
def _(far_seen, learn):
    far_seen
    guess_batch = learn.guess(
        "**Predict.** Two walkers set out, both with rate 0.2. One looks at all thirty points before each step, the other at one. Who is lower when each has looked at 300 points (10 steps against 300)? And after 1500 points (50 steps against 1500)?",
        [
            "one at a time, both times",
            "all at once, both times",
            "first one at a time, then all at once",
            "first all at once, then one at a time",
        ],
    )
    guess_batch
    return (guess_batch,)


@app.cell(hide_code=True)
def _(mg, points):
    budget = 1500  # points to look at
    sampled = {
        size: mg.descent.sampled(points, (size,), budget // size, lr=0.2) for size in (30, 10, 1)
    }
    above = {}  # the loss above the lowest, and the points looked at
    for _size, _study in sampled.items():
        (_name,) = _study.sizes
        above[_size] = (
            _study.examples(_name),
            _study.race[_name].losses - _study.race.surface.lowest,
        )
    return above, sampled


@app.cell(hide_code=True)
def _(above, guess_batch, learn):
    def above_after(looked):
        """The loss above the lowest when so many points have been looked at, by batch size."""
        return {size: found[looked // size] for size, (_, found) in above.items()}

    _early, _late = above_after(300), above_after(1500)
    batches_seen = learn.reveal(
        guess_batch,
        "first one at a time, then all at once",
        f"Above the lowest possible loss, after 300 points: {_early[30]:.3f} for all at once, {_early[1]:.3f} for one at a time. After 1500: {_late[30]:.5f} and {_late[1]:.3f}.",
    )
    batches_seen
    return above_after, batches_seen


@app.cell(hide_code=True)
def _(BLUE, GREEN, ORANGE, above, batches_seen, learn):
    batches_seen
    _figure, _ax = learn.axes(
        "One rate, three sizes of batches",
        "points looked at",
        "loss above the lowest",
        height=3.4,
    )
    for (_size, (_looked, _above)), _name, _colour in zip(
        above.items(),
        ("all 30", "mini-batch of 10", "one at a time"),
        (ORANGE, GREEN, BLUE),
        strict=True,
    ):
        _ax.plot(
            _looked, _above, color=_colour, lw=1 if _size == 1 else 2, label=_name,
            zorder=1 if _size == 1 else 3,
        )  # fmt: skip
    _ax.set(yscale="log", xlim=(0, 1500))
    _figure.legend(loc="outside lower center", ncols=3, frameon=False)
    _figure
    return


@app.cell(hide_code=True)
def _(above_after, batches_seen, mo):
    batches_seen
    mo.md(f"""
    Far from the bottom most points agree, so that cheap steps go roughly the right way, and there are thirty of them in an **epoch**, once through all the points. Near the bottom they disagree, and the stochastic walker is pushed about as long as it walks. A mini-batch is the usual compromise: after 300 points its loss is {above_after(300)[10]:.4f} above the lowest, and from then on it is pushed about less.

    Walk with them. How do you quieten the stochastic walker without giving it more points? (What does the rate do to a push?)
    """)
    return


@app.cell(hide_code=True)
def _(batches_seen, mo):
    batches_seen
    batch_size = mo.ui.slider(
        steps=[1, 2, 3, 5, 10, 15, 30], value=1, label="points a step", show_value=True
    )
    batch_rate = mo.ui.slider(
        steps=[0.02, 0.05, 0.1, 0.2, 0.3], value=0.2, label="rate", show_value=True
    )
    mo.hstack([batch_size, batch_rate], justify="start", gap=2, wrap=True)
    return batch_rate, batch_size


@app.cell(hide_code=True)
def _(BLUE, draw_map, learn, mg, np, points):
    def walk_on(size, rate):
        """The walk until 600 points have been looked at."""
        (walked,) = mg.descent.sampled(points, (size,), 600 // size, lr=float(rate)).race.runs
        return walked

    def restless(walked, surface, size):
        """The mean loss above the lowest over the last ten epochs."""
        last = walked.losses[-(300 // size) :]
        return float(np.mean(last)) - surface.lowest

    def draw_walk_on(size, rate, surface):
        walked = walk_on(size, rate)
        figure, (chart, near) = learn.axes(
            [
                f"{len(walked)} steps of {size} point{'s' if size > 1 else ''}, rate {rate:g}",
                f"Last ten epochs: {restless(walked, surface, size):.2g} above lowest",
            ],
            "slope",
            "intercept",
            columns=2,
        )
        for ax in (chart, near):
            draw_map(ax, surface)
            ax.plot(*walked.points.T, color=BLUE, lw=0.8)
        near.lines[-1].set_data(*walked.points[-(300 // size) :].T)
        slope, intercept = surface.minima[0]
        near.set(xlim=(slope - 1.25, slope + 1.25), ylim=(intercept - 1, intercept + 1))
        return figure

    return draw_walk_on, restless, walk_on


@app.cell(hide_code=True)
def _(batch_rate, batch_size, draw_walk_on, ground):
    draw_walk_on(batch_size.value, batch_rate.value, ground)
    return


@app.cell(hide_code=True)
def _(batches_seen, ground, learn, mo, restless, walk_on):
    batches_seen
    quiet = {_rate: restless(walk_on(1, _rate), ground, 1) for _rate in (0.2, 0.05)}
    learn.say(
        f"One point at a time, over ten epochs: {quiet[0.2]:.4f} above the lowest at rate 0.2, {quiet[0.05]:.4f} at 0.05."
    )
    mo.md(f"""
    On the right are the last ten of twenty epochs, close to the bottom. With rate 0.2 the stochastic walker is on average {quiet[0.2]:.3f} above the lowest there, with rate 0.05 only {quiet[0.05]:.4f}: a smaller rate makes each push smaller. It also makes the way there longer. To begin with a large rate and to end with a small one is what lesson 10 is about.
    """)
    return (quiet,)


@app.cell(hide_code=True)
def _(batches_seen, mo):
    batches_seen
    mo.md(r"""
    ## What to remember

    Gradient descent steps against the gradient, and in a valley that is a parabola each step multiplies the distance to the bottom by $1 - \text{rate} \cdot L$, where $L$ is the curvature of the direction. Up to 2/L, for the largest curvature, it comes down; beyond that it diverges from wherever it starts, and below it a rate can be too small, right, or oscillating. A step on one point or a mini-batch is cheap and roughly right, which brings it close to the bottom with few looks at the points, and keeps it from coming to rest there.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Exercises

    **1.** A valley has the height $5w^2$, and so the slope $10w$. Gradient descent starts at $w = 3$.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_limit = learn.number("It comes down with every rate up to")
    answer_limit
    return (answer_limit,)


@app.cell(hide_code=True)
def _(answer_limit, learn):
    def check_limit(answer):
        if abs(answer - 0.2) < 0.002:
            return learn.right(
                "The slope grows by 10 for each unit of $w$, so L is 10, and 2/L is 0.2. Where it starts does not matter."
            )
        wrongs = {
            0.4: "That is 2/5. The curvature is not the 5 in front of $w^2$: by how much does the *slope* grow from $w = 1$ to $w = 2$?",
            0.1: "That is 1/L: with this rate it is at the bottom after one step. It may go on longer: over to the other side, as long as it is not higher there.",
            10: "That is the curvature L itself; the more curved, the *smaller* the rate has to be.",
            5: "That is the number in front of $w^2$. A step with this rate from $w = 3$ goes to 3 - 5 · 30 = -147.",
            2: "A step with rate 2 goes from $w = 3$ to 3 - 2 · 30 = -57, which is further away. Where does the curvature come in?",
            1: "A step with rate 1 goes from $w = 3$ to 3 - 30 = -27, which is further away. Where does the curvature come in?",
            1
            / 15: "That has the slope at the start in it, 30. The limit depends on how fast the slope grows, not on how large it is where you stand.",
            20: "That is 2 times L; the limit is 2 divided by it.",
        }
        for value, said in wrongs.items():
            if abs(answer / value - 1) < 0.02:
                return learn.wrong(said)
        if answer <= 0:
            return learn.wrong("With a rate of 0 it stays, and with one below 0 it walks uphill.")
        to = 3 - answer * 30
        if answer < 0.2:
            return learn.wrong(
                f"With {answer:g} it does come down: one step goes from 3 to {to:g}. But it still would with a somewhat larger rate."
            )
        return learn.wrong(
            f"One step with {answer:g} goes from 3 to {to:g}, which is further from the bottom than it was."
        )

    learn.check(answer_limit, check_limit)
    return (check_limit,)


@app.cell(hide_code=True)
def _(learn):
    answer_growing = learn.choice(
        "**2.** A friend trains on all points at once. The loss of the first five steps: 1.0, 1.7, 2.9, 4.9, 8.4. What do you advise?",
        [
            "More steps: it has only begun.",
            "A larger rate, to get over the hill.",
            "A smaller rate.",
            "Another place to start from, nearer to the bottom.",
        ],
    )
    answer_growing
    return (answer_growing,)


@app.cell(hide_code=True)
def _(answer_growing, learn):
    def check_growing(answer):
        if answer.startswith("A smaller rate"):
            return learn.right(
                "Each loss is about 1.7 times the one before: the distance grows by the square root of that, 1.3, in each step. So rate times L is 2.3, and a rate a third as large would have a factor of about 0.2."
            )
        if answer.startswith("More steps"):
            return learn.wrong(
                "Each loss is about 1.7 times the one before, and a divergent walk goes on like that: after 50 more steps it would be above 10 to the power of 12."
            )
        if answer.startswith("A larger rate"):
            return learn.wrong(
                "There is no hill: each step lands higher on the other side of the same valley. A longer step lands higher still."
            )
        return learn.wrong(
            "From nearer by it diverges just as well, only from a smaller number: the factor of a step does not know the distance."
        )

    learn.check(answer_growing, check_growing)
    return (check_growing,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    **3.** Write one stochastic step without `mg.grad`. For the single point `(x, y)` the loss is error², with error = slope · x + intercept - y. Along the slope its derivative is 2 · error · x, along the intercept 2 · error. Give back the new slope and the new intercept.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_step = learn.code(
        "def step(slope, intercept, x, y, rate):\n"
        "    error = slope * x + intercept - y\n"
        "    ...\n"
        "    return slope, intercept"
    )
    answer_step
    return (answer_step,)


@app.cell(hide_code=True)
def _(answer_step, learn, np):
    @learn.reads_code("step")
    def check_step(step):
        slope, intercept, x, y, rate = 1.0, 0.5, 2.0, 4.0, 0.05
        given = step(slope, intercept, x, y, rate)
        if given is None:
            return learn.wrong(
                "`step` returns nothing: it has to end with `return` and two numbers."
            )
        if np.shape(given) != (2,):
            return learn.wrong(
                "`step` has to return two numbers, the new slope and the new intercept."
            )

        error = slope * x + intercept - y
        first = slope - rate * 2 * error * x  # the new slope
        late = first * x + intercept - y
        wrongs = [
            ((slope, intercept), "Nothing has moved: both numbers come back as they went in."),
            (
                (slope + rate * 2 * error * x, intercept + rate * 2 * error),
                "That goes uphill, *with* the gradient. From the point's height 4 the line is further away than before.",
            ),
            (
                (slope - rate * error * x, intercept - rate * error),
                "The step is half as long as it should be: the derivative of error² is *2* · error.",
            ),
            (
                (slope - rate * 2 * error, intercept - rate * 2 * error),
                "The slope moves as far as the intercept does. A change of the slope counts `x` times at the point.",
            ),
            (
                (slope - rate * 2 * error * x, intercept - rate * 2 * error * x),
                "The intercept moves as far as the slope does. Its derivative has no `x` in it.",
            ),
            (
                (first, intercept - rate * 2 * late),
                "The slope is right. The intercept was moved with an error computed *after* the slope had moved; both belong to the same place.",
            ),
            ((slope - 2 * error * x, intercept - 2 * error), "Where is the rate?"),
            (
                (2 * error * x, 2 * error),
                "These are the two derivatives. The step goes from `slope` and `intercept` against them, `rate` times as far.",
            ),
            ((first, intercept), "The slope is right, and the intercept has not moved."),
            (
                (slope, intercept - rate * 2 * error),
                "The intercept is right, and the slope has not moved.",
            ),
            (
                (intercept - rate * 2 * error, first),
                "The two numbers are right, and the wrong way round: first the slope.",
            ),
        ]
        true = (first, intercept - rate * 2 * error)
        if np.allclose(given, true, rtol=0, atol=1e-9):
            if not np.allclose(step(0.0, 0.0, -1.0, 3.0, 0.5), (-3.0, 3.0), rtol=0, atol=1e-9):
                return learn.wrong(
                    "At one point it is right, and at another it is not: is there a number where a name should be?"
                )
            return learn.right(
                f"From the line x + 0.5 and the point (2, 4) it goes to {true[0]:g} x + {true[1]:g}, which misses the point by {abs(true[0] * x + true[1] - y):.2g} instead of {abs(error):g}."
            )
        for value, said in wrongs:
            if np.allclose(given, value, rtol=0, atol=1e-9):
                return learn.wrong(said)
        return learn.wrong(
            f"With the line x + 0.5, the point (2, 4) and a rate of 0.05, the error is {error:g}, and the derivatives are {2 * error * x:g} and {2 * error:g}. Your function gives {given[0]:g} and {given[1]:g}."
        )

    learn.check(answer_step, check_step)
    return (check_step,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Sources

    - Cauchy (1847), *Méthode générale pour la résolution des systèmes d'équations simultanées*, the first gradient descent; its story is told in Lemaréchal (2012), [*Cauchy and the gradient method*](https://www.math.uni-bielefeld.de/documenta/vol-ismp/40_lemarechal-claude.pdf).
    - Robbins and Monro (1951), [*A stochastic approximation method*](https://doi.org/10.1214/aoms/1177729586): steps on samples, with a rate that shrinks.
    - LeCun, Bottou, Orr and Müller (1998), [*Efficient BackProp*](https://doi.org/10.1007/3-540-49430-8_2): the four rates and the limit 2/L, and why data are scaled.
    - Bottou, Curtis and Nocedal (2018), [*Optimization methods for large-scale machine learning*](https://arxiv.org/abs/1606.04838): batch against stochastic, in full.

    ## What comes next

    You have used `mg.grad` as a black box. How does it know the gradient of a function that you have just written? Lesson 3 opens the box: `microgd learn 3`.
    """)
    return


if __name__ == "__main__":
    app.run()
