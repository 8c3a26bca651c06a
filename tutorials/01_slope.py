"""A slope you can measure

What a derivative is, measured; and why the gradient points uphill fastest.

Time: 15 minutes.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="1. A slope you can measure")


@app.cell(hide_code=True)
def _():
    import marimo as mo
    import numpy as np

    import microgd as mg
    from microgd import learn

    BLUE, ORANGE, GREEN = learn.COLOURS[:3]
    return BLUE, GREEN, ORANGE, learn, mg, mo, np


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 1. A slope you can measure

    You stand on a hillside in thick fog. You see neither the top nor the valley; all you can do is feel the ground under your feet. **Which way goes up most steeply, and how steep is it?**

    A program that learns stands on such a hillside. Its height is how wrong the program is, and the program sees no further than you do: all it has is the slope where it stands. So before anything can learn, a slope has to be measured. That is what you do here; going down is lesson 2.

    *How a lesson works: you guess first, and then see what is measured. Sliders redraw the picture next to them. At the end there are exercises; if an answer is wrong, the page says what is wrong with it.*
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Two pegs and a string

    Here is a road that grows steeper. To measure how steep it is at $x = 1$, drive a peg into the road there and another one further on, and stretch a string between the two. The **rise** is how much higher the second peg stands, the **run** is how far away it is, and

    $$\text{slope} = \frac{\text{rise}}{\text{run}}.$$

    Heights are in metres and ways in hundreds of metres, so a slope of 3 means 3 metres up in a hundred metres: a road sign would say 3 %.
    """)
    return


@app.cell(hide_code=True)
def _(ORANGE, learn, np):
    _x = np.linspace(-0.3, 2.4, 200)
    _figure, _ax = learn.axes(
        "A road that is $x^2$ metres high after $x$ hundred metres",
        "way along the road, x (hundred metres)",
        "height (metres)",
        height=3.3,
    )
    _ax.plot(_x, _x**2, label="road")
    _ax.plot([1, 2], [1, 4], "o-", color=ORANGE)
    _ax.plot([1, 2, 2], [1, 1, 4], color="#767676", lw=1, ls="--")
    _ax.text(1.5, 0.95, "run 1", ha="center", va="top")
    _ax.text(2.04, 2.5, "rise 3")
    _ax.text(1.36, 2.6, "slope 3", ha="right", color=ORANGE)
    _ax.set_xlim(-0.3, 2.5)
    _figure
    return


@app.cell(hide_code=True)
def _(learn):
    guess_limit = learn.guess(
        "**Predict first.** With a run of 1 the string has slope 3. Now bring the second peg closer: a run of 0.1, of 0.01, of 0.001. Rise and run both shrink to nothing. What is the slope, rise over run, with the last of them?",
        ["nearly 0", "nearly 2", "still 3", "larger and larger"],
    )
    guess_limit
    return (guess_limit,)


@app.cell(hide_code=True)
def _(mo):
    def road(x):
        return x**2

    def slope_of_string(f, x, run):
        rise = f(x + run) - f(x)
        return rise / run

    mo.show_code()
    return road, slope_of_string


@app.cell(hide_code=True)
def _(guess_limit, learn, road, slope_of_string):
    runs = [1.0, 0.1, 0.01, 0.001]
    strings = [slope_of_string(road, 1.0, _run) for _run in runs]
    limit_seen = learn.reveal(
        guess_limit,
        "nearly 2",
        "Measured at $x = 1$: "
        + ", ".join(
            f"{_slope:.3f} with a run of {_run:g}"
            for _run, _slope in zip(runs, strings, strict=True)
        )
        + ".",
    )
    limit_seen
    return limit_seen, runs, strings


@app.cell(hide_code=True)
def _(limit_seen, mo):
    limit_seen
    closer = mo.ui.slider(
        steps=[1, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.001],
        value=1,
        label="Bring the peg closer, step by step: run",
        show_value=True,
        full_width=True,
    )
    closer
    return (closer,)


@app.cell(hide_code=True)
def _(ORANGE, closer, learn, np, road, slope_of_string):
    def draw_string(run):
        slope = slope_of_string(road, 1.0, run)
        figure, (whole, glass) = learn.axes(
            [
                f"The string has slope {slope:.4g}",
                f"Under a magnifying glass, {1 / run:.4g} times",
            ],
            "x (hundred metres)",
            "height (metres)",
            columns=2,
            height=3.2,
        )
        for ax, low, high in ((whole, -0.3, 2.4), (glass, 1 - 0.6 * run, 1 + 1.5 * run)):
            x = np.linspace(low, high, 200)
            ax.plot(x, road(x), label="road")
            ax.plot(x, 1 + slope * (x - 1), color=ORANGE, lw=1.5, label="string, drawn on")
            ax.plot([1, 1 + run], road(np.array([1, 1 + run])), "o", color=ORANGE)
        whole.set(ylim=(-1.2, 5.8))
        glass.ticklabel_format(useOffset=False)
        glass.locator_params(nbins=4)
        whole.legend(frameon=False, loc="upper left")
        return figure

    draw_string(closer.value)
    return (draw_string,)


@app.cell(hide_code=True)
def _(limit_seen, mo):
    limit_seen
    mo.md(r"""
    Under the glass the road becomes straighter and straighter, until road and string are one line. That is the whole idea: **seen closely enough, a smooth curve is a straight line, and a straight line has one slope.**

    This slope is called the **derivative** of the road at 1, written $f'(1)$ or $\frac{df}{dx}$:

    $$f'(x) = \lim_{\text{run} \to 0} \frac{f(x + \text{run}) - f(x)}{\text{run}}.$$

    Read: what rise over run comes close to (its *limit*) when the run comes close to zero. For this road it can be done with a pencil. The rise is $(x + \text{run})^2 - x^2 = 2x \cdot \text{run} + \text{run}^2$, so the string has slope $2x + \text{run}$: at 1 that is 3, 2.1, 2.01 and 2.001, as measured, and as the run goes, $2x$ remains.

    ## A slope at every place

    Nothing is special about $x = 1$. Here are nine places, each measured with a run of 0.001. The slopes lie on the line $2x$, and that is the derivative of $x^2$. Where it is negative, the road goes down as you walk to the right; where it is zero, the road is level.
    """)
    return


@app.cell(hide_code=True)
def _(ORANGE, learn, limit_seen, np, road, slope_of_string):
    limit_seen
    places = np.linspace(-2, 2, 9)
    slopes_there = slope_of_string(road, places, 0.001)

    _x = np.linspace(-2.4, 2.4, 200)
    _figure, (_left, _right) = learn.axes(
        ["The road, and its slope at nine places", "The same slopes, as a function of the place"],
        "x (hundred metres)",
        ["height (metres)", "slope"],
        columns=2,
        height=3.2,
    )
    _left.plot(_x, road(_x))
    _right.plot(_x, 2 * _x, color="#b5b9be", lw=1.5)
    for _place, _slope in zip(places[::2], slopes_there[::2], strict=True):
        _near = np.array([_place - 0.7, _place + 0.7])
        _left.plot(_near, road(_place) + _slope * (_near - _place), color=ORANGE, lw=1.2)
    _left.plot(places, road(places), "o", color=ORANGE, ms=4)
    _right.plot(places, slopes_there, "o", color=ORANGE)
    _left.set_ylim(-0.8, 6.6)
    _right.text(0.75, 0.6, "the line $2x$", color="#767676")
    _right.text(-0.45, 1.4, "measured", color=ORANGE, ha="right")
    _figure
    return places, slopes_there


@app.cell(hide_code=True)
def _(mg, mo, places, road):
    slope = mg.grad(road)  # a function: the slope of the road, at any place
    exact = [slope(x).item() for x in places]
    mo.show_code()
    return (exact,)


@app.cell(hide_code=True)
def _(exact, learn, mo, places, slopes_there):
    learn.say(
        f"mg.grad(road) at x = {places[6]:g}: {exact[6]:g}; with two pegs: {slopes_there[6]:.3f}."
    )
    _numbers = [
        "| " + " | ".join([_name, *_row]) + " |"
        for _name, _row in (
            ("place", [f"{_x:g}" for _x in places]),
            ("with pegs", [f"{_slope:.3f}" for _slope in slopes_there]),
            ("`mg.grad`", [f"{_slope:g}" for _slope in exact]),
        )
    ]
    _numbers.insert(1, "|---" + "|--:" * len(places) + "|")
    mo.md("\n".join(_numbers))
    return


@app.cell(hide_code=True)
def _(limit_seen, mo):
    limit_seen
    mo.md(r"""
    `mg.grad` takes a function and returns the function of its slopes. It uses neither pegs nor string: it knows the derivative of each operation, and how to put them together is lesson 4. What that is good for, you see when you try to do without.

    ## A slider to break it

    If closer is better, why not bring the pegs as close as can be? Move the slider to the right, all the way, and watch the dot: how wrong is the measured slope, whose true value is 2?
    """)
    return


@app.cell(hide_code=True)
def _(limit_seen, mo):
    limit_seen
    digits = mo.ui.slider(
        0,
        17,
        1,
        value=2,
        label="The run is 10 to the power of minus",
        show_value=True,
        full_width=True,
    )
    digits
    return (digits,)


@app.cell(hide_code=True)
def _(ORANGE, digits, learn, np, road, slope_of_string):
    exponents = np.arange(18)
    errors = np.array([abs(slope_of_string(road, 1.0, 10.0**-k) - 2) for k in exponents])

    def draw_errors(k):
        figure, ax = learn.axes(
            f"With a run of $10^{{{-k}}}$ the string has slope {slope_of_string(road, 1.0, 10.0**-k):.10g}",
            "run: to the right, the pegs are closer together",
            "error of the slope",
            height=3.2,
        )
        ax.loglog(10.0**-exponents, errors, "o-", color="#b5b9be", ms=4, lw=1.5)
        ax.plot(10.0**-k, errors[k], "o", color=ORANGE, ms=9)
        ax.set(xlim=(10**0.7, 10**-17.7), ylim=(1e-10, 1e3))
        ax.text(1e-2, 3e0, "too far apart:\nthe road bends in between", ha="left", va="center")
        ax.text(
            10**-11.7,
            10**-8.2,
            "too close: the computer's\n16 digits run out",
            ha="left",
            va="center",
        )
        return figure

    draw_errors(digits.value)
    return draw_errors, errors, exponents


@app.cell(hide_code=True)
def _(errors, exact, exponents, learn, limit_seen, mo, np, road, slope_of_string):
    limit_seen
    best = int(exponents[errors.argmin()])
    closest = slope_of_string(road, 1.0, 1e-16)
    learn.say(f"Pegs at 1e-{best} measure best; at 1e-16 the measured slope is {closest:g}.")
    _power = int(np.floor(np.log10(errors.min())))
    mo.md(rf"""
    A computer keeps about 16 digits of a number. The two heights agree in ever more of them, so that ever fewer are left for the difference; with a run of $10^{{-16}}$ both pegs have the same place to the last digit, and the measured slope is {closest:g}. The best of these runs is $10^{{-{best}}}$, and even there the slope is off by ${{{errors.min() / 10**_power:.1f} \cdot 10^{{{_power}}}}}$. `mg.grad` gave {exact[6]:g}, with no error at all. Measured slopes stay useful all the same, as a check that a derivative was written down rightly: that is lesson 5.
    """)
    return best, closest


@app.cell(hide_code=True)
def _(limit_seen, mo):
    limit_seen
    mo.md(r"""
    ## From the road to the hill

    On a road there are two ways to go. On a hillside you may turn as you like, and each direction has a slope of its own. Here is a hill whose summit is 100 metres high; $x$ says how far east of the summit you are, and $y$ how far north, in hundreds of metres:

    $$\text{hill}(x, y) = 100 - x^2 - 4y^2.$$

    You stand at (3, 1). To measure a slope there, walk in one direction and leave the other alone: due east, with $y$ kept at 1, or due north, with $x$ kept at 3. Each cut through the hill is a road again. (On the map, the triangle is the summit, and each **contour** joins places of one height; the dark one is your own.)
    """)
    return


@app.cell(hide_code=True)
def _(BLUE, GREEN, ORANGE, learn, limit_seen, np):
    limit_seen

    def hill(x, y):
        return 100 - x**2 - 4 * y**2

    def draw_map(ax, x, y, named=True):
        east, north = np.meshgrid(np.linspace(-6, 6, 61), np.linspace(-4, 4, 41))
        height = hill(east, north)
        lines = ax.contour(
            east, north, height, levels=[60, 70, 80, 90, 97], colors="#b5b9be", linewidths=1
        )
        if named:
            above = [(0, -np.sqrt((100 - level) / 4)) for level in lines.levels]
            ax.clabel(lines, fontsize=7, fmt="%d", manual=above)
        if hill(x, y) < 100:  # the contour that you stand on
            ax.contour(east, north, height, levels=[hill(x, y)], colors="#4a525c", linewidths=1)
        ax.plot(0, 0, "^", color="#767676", ms=6)
        ax.plot(x, y, "o", color="#4a525c", ms=7, zorder=5)
        ax.set_aspect("equal")

    _figure, (_map, _east, _north) = learn.axes(
        ["The hill from above", "Walking east, y = 1", "Walking north, x = 3"],
        ["x, to the east", "x, to the east", "y, to the north"],
        ["y, to the north", "height (metres)", ""],
        columns=3,
        height=2.9,
    )
    draw_map(_map, 3, 1, named=False)
    _map.axhline(1, color=BLUE, lw=1.5)
    _map.axvline(3, color=GREEN, lw=1.5)
    _x, _y, _d = np.linspace(-1, 5.5, 100), np.linspace(-2, 3, 100), np.array([-1, 1])
    _east.plot(_x, hill(_x, 1.0), color=BLUE)
    _east.plot(3 + 1.3 * _d, 87 - 6 * 1.3 * _d, color=ORANGE)
    _north.plot(_y, hill(3.0, _y), color=GREEN)
    _north.plot(1 + _d, 87 - 8 * _d, color=ORANGE)
    for _ax, _at in ((_east, 3), (_north, 1)):
        _ax.plot(_at, 87, "o", color="#4a525c", ms=7)
        _ax.set_ylim(55, 105)
    _east.text(3.3, 89, "slope -6", color=ORANGE)
    _north.text(1.2, 89, "slope -8", color=ORANGE)
    _figure
    return draw_map, hill


@app.cell(hide_code=True)
def _(limit_seen, mo):
    limit_seen
    mo.md(r"""
    A slope along one variable, while the others stand still, is a **partial derivative**, written with a round ∂. What stands still counts as a plain number: along $x$, only $-x^2$ changes, so the slope is $-2x$; along $y$ it is $-4 \cdot 2y$. At (3, 1) that makes

    $$\frac{\partial\,\text{hill}}{\partial x} = -6 \qquad\text{and}\qquad \frac{\partial\,\text{hill}}{\partial y} = -8.$$

    Both are negative: to the east and to the north it goes down. All partial derivatives side by side are the **gradient**, written $\nabla\text{hill} = (-6, -8)$. In code, the gradient is one call:
    """)
    return


@app.cell(hide_code=True)
def _(hill, mg, mo):
    gradient_of_hill = mg.grad(hill, (0, 1))  # along x and along y
    east, north = gradient_of_hill(3.0, 1.0)
    mo.show_code()
    return east, gradient_of_hill, north


@app.cell(hide_code=True)
def _(east, learn, mo, north):
    learn.say(f"At (3, 1) the hill's gradient is ({east.item():g}, {north.item():g}).")
    mo.md(f"This gives {east.item():g} for `east` and {north.item():g} for `north`.")
    return


@app.cell(hide_code=True)
def _(learn, limit_seen):
    limit_seen
    guess_steepest = learn.guess(
        "**Predict first.** Seen from (3, 1), the slope is 6 to the west and 8 to the south, both upwards. Turn as you like: how large is the largest slope of all?",
        ["8", "10", "14"],
    )
    guess_steepest
    return (guess_steepest,)


@app.cell(hide_code=True)
def _(learn, limit_seen):
    limit_seen
    guess_summit = learn.guess(
        "**And:** where does the direction of the largest slope point?",
        ["straight at the summit", "past the summit"],
    )
    guess_summit
    return (guess_summit,)


@app.cell(hide_code=True)
def _(hill, mg, np):
    def slope_towards(heading, x, y):
        turned = np.radians(heading)
        step = np.array([np.cos(turned), np.sin(turned)])  # of length 1
        along = mg.directional_derivative(lambda place: hill(*place))
        return along(np.array([x, y], dtype=float), step).item()

    return (slope_towards,)


@app.cell(hide_code=True)
def _(guess_steepest, hill, learn, mg):
    every = mg.descent.directions(hill, (3.0, 1.0))  # once around: -180 and 180 are the same
    steepest_seen = learn.reveal(
        guess_steepest,
        "10",
        f"Of {len(every.slopes) - 1} directions all around, 5 degrees apart, the largest slope is {every.slopes.max():.2f}. Going south alone gives 8; turning a little to the west as well adds more than it costs.",
    )
    steepest_seen
    return every, steepest_seen


@app.cell(hide_code=True)
def _(every, guess_summit, learn, np, slope_towards, steepest_seen):
    steepest_seen
    to_summit = np.degrees(np.arctan2(-1, -3)) % 360
    towards_summit = slope_towards(to_summit, 3.0, 1.0)
    summit_seen = learn.reveal(
        guess_summit,
        "past the summit",
        f"The summit lies at {to_summit:.0f} degrees, and the slope that way is {towards_summit:.2f}. The largest slope is at {every.heading % 360:.0f} degrees. (Zero is east, 90 is north, 180 is west, 270 is south.) The slopes know the ground under your feet, and nothing of the summit.",
    )
    summit_seen
    return summit_seen, to_summit, towards_summit


@app.cell(hide_code=True)
def _(mo, summit_seen):
    summit_seen
    mo.md(r"""
    ## Turn around once

    The slope in a direction is the **directional derivative** (in code, `mg.directional_derivative(f)(place, step)` with a step of length 1). Turn the compass: the orange arrow is where you look, and the orange dot is the slope that way. The blue arrow is the gradient, the two numbers (-6, -8) drawn as a direction (all arrows here have one length). The small crosses are measured with two pegs, direction by direction; the curve is computed from nothing but the two numbers of the gradient.

    Then walk: with the other two sliders you can go anywhere on the hill. What becomes of the blue arrow at the summit?
    """)
    return


@app.cell(hide_code=True)
def _(mo, summit_seen):
    summit_seen
    heading = mo.ui.slider(
        0, 360, 5, value=0, label="heading, in degrees", show_value=True, full_width=True
    )
    at_x = mo.ui.slider(-5, 5, 0.5, value=3, label="x, to the east", show_value=True)
    at_y = mo.ui.slider(-3, 3, 0.5, value=1, label="y, to the north", show_value=True)
    mo.vstack([heading, mo.hstack([at_x, at_y], justify="start", gap=2, wrap=True)])
    return at_x, at_y, heading


@app.cell(hide_code=True)
def _(BLUE, ORANGE, at_x, at_y, draw_map, heading, hill, learn, mg, np, slope_towards):
    def pegs(angle, x, y, run=0.0001):
        turned = np.radians(angle)
        return (hill(x + run * np.cos(turned), y + run * np.sin(turned)) - hill(x, y)) / run

    def draw_compass(angle, x, y):
        slope = slope_towards(angle, x, y)
        gradient = np.array([part.item() for part in mg.grad(hill, (0, 1))(float(x), float(y))])
        length = np.linalg.norm(gradient)
        figure, (left, right) = learn.axes(
            [
                f"At ({x:g}, {y:g}), looking towards {angle}°",
                f"The slope that way is {slope + 0.0:.2f}",
            ],
            ["x, to the east", "heading, in degrees"],
            ["y, to the north", "slope"],
            columns=2,
            height=3.2,
        )
        draw_map(left, x, y)
        look = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        arrow = {"width": 0.012, "angles": "xy", "scale_units": "xy", "scale": 1, "zorder": 4}
        left.quiver(x, y, *(2 * look), color=ORANGE, **arrow)
        if length:
            left.quiver(x, y, *(2 * gradient / length), color=BLUE, **arrow)
            peak = np.degrees(np.arctan2(gradient[1], gradient[0])) % 360
            right.axvline(peak, color=BLUE, lw=1, ls="--")
            side = "right" if peak > 180 else "left"
            right.text(peak, 1.12 * length, f" gradient: {length:.2f} ", color=BLUE, ha=side)
        else:
            right.text(
                180,
                0.3,
                "here the gradient is (0, 0):\nno direction goes uphill",
                ha="center",
                va="bottom",
            )
        left.set(xlim=(-6, 6), ylim=(-4, 4))
        fine, coarse = np.linspace(0, 360, 181), np.arange(0, 361, 15)
        right.plot(
            fine,
            gradient @ [np.cos(np.radians(fine)), np.sin(np.radians(fine))],
            color=BLUE,
            lw=1.5,
        )
        right.plot(coarse, pegs(coarse, x, y), "x", color="#767676", ms=5)
        right.plot(angle, slope, "o", color=ORANGE, ms=9)
        right.axhline(0, color="#b5b9be", lw=1, zorder=0)
        right.set(
            xticks=[0, 90, 180, 270, 360], ylim=(-1.35 * max(length, 1), 1.35 * max(length, 1))
        )
        return figure

    draw_compass(heading.value, at_x.value, at_y.value)
    return draw_compass, pegs


@app.cell(hide_code=True)
def _(every, learn, mo, slope_towards, summit_seen):
    summit_seen
    turns = {_off: slope_towards(every.heading + _off, 3.0, 1.0) for _off in (0, 60, 90, 180)}
    _shown = {_off: f"{round(_slope, 6) + 0.0:.2f}" for _off, _slope in turns.items()}
    learn.say(
        "Turned away from the gradient, the slope is "
        + ", ".join(f"{_slope} at {_off} degrees" for _off, _slope in _shown.items())
        + "."
    )
    mo.md(rf"""
    ## Why the gradient points uphill fastest

    The curve is a wave, and here is why. Seen closely, the hillside is a tilted board, as the road was a straight line. On a board it does not matter in which order you walk: a little to the east and a little to the north climbs as much as both climb on their own. A step of length 1 towards the heading $\theta$ goes $\cos\theta$ east and $\sin\theta$ north, so

    $$\text{{slope}} = \frac{{\partial f}}{{\partial x}} \cos\theta + \frac{{\partial f}}{{\partial y}} \sin\theta = |\nabla f| \cdot \cos(\text{{angle between step and gradient}}).$$

    Here $|\nabla f|$ is the length of the gradient, which at (3, 1) is $\sqrt{{6^2 + 8^2}} = {every.length:g}$. For the second equals sign, call the gradient's own heading $\varphi$: its parts are $|\nabla f| \cos\varphi$ and $|\nabla f| \sin\varphi$, and $\cos\varphi\cos\theta + \sin\varphi\sin\theta = \cos(\theta - \varphi)$. These are the slopes at (3, 1):

    | you go | angle to the gradient | cosine | slope |
    |---|--:|--:|--:|
    | along the gradient | 0° | 1 | {_shown[0]} |
    | turned away from it | 60° | 0.5 | {_shown[60]} |
    | across, along a contour line of the map | 90° | 0 | {_shown[90]} |
    | straight against it | 180° | -1 | {_shown[180]} |

    A cosine is never above 1, and it is 1 only at angle 0. So no direction is steeper than the gradient's own: whoever turns away from it spends part of each step going sideways, along the contour, where nothing is gained. And straight against it, it goes down as steeply as it went up.
    """)
    return (turns,)


@app.cell(hide_code=True)
def _(mo, summit_seen):
    summit_seen
    mo.md(r"""
    ## What to remember

    A **derivative** is a slope, rise over run for a run that shrinks to nothing, and it can be measured. With several variables there is a slope along each of them while the others stand still, its **partial derivative**, and all of these together are the **gradient**. The slope in any direction is the gradient's length times the cosine of the angle to it: largest along the gradient, zero across it, and steepest downhill straight against it.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Exercises

    **1.** Let $f(x, y) = x^2 y$. What is the partial derivative of $f$ along $x$ at $x = 3$, $y = 2$?
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_partial = learn.number("The slope along x at (3, 2) is")
    answer_partial
    return (answer_partial,)


@app.cell(hide_code=True)
def _(answer_partial, learn):
    def check_partial(answer):
        if abs(answer - 12) < 0.05:
            return learn.right(
                "While $y$ stands still at 2, $f$ is $2x^2$: twice as steep as the road, whose slope at 3 is 6."
            )
        if abs(answer - 18) < 0.05:
            return learn.wrong("18 is the height $f(3, 2)$ itself; the slope there is asked for.")
        if abs(answer - 9) < 0.05:
            return learn.wrong(
                "9 is the slope along $y$: you let $x$ stand still. Here $y$ stands still, and $x$ moves."
            )
        if abs(answer - 6) < 0.05:
            return learn.wrong(
                "6 is the slope of $x^2$ alone. Standing still, $y$ is a number that multiplies it, and so multiplies the slope."
            )
        if abs(answer - 21) < 0.05:
            return learn.wrong("That is the sum of both partial derivatives; only $x$ moves here.")
        return learn.wrong(
            f"With two pegs: $f(3.001, 2)$ is 18.012 and $f(3, 2)$ is 18. Rise over run is not {answer:g}."
        )

    learn.check(answer_partial, check_partial)
    return (check_partial,)


@app.cell(hide_code=True)
def _(learn):
    answer_down = learn.choice(
        "**2.** At the place where you stand the gradient is (3, 4). Which of these directions goes *down* most steeply?",
        ["(3, 4)", "(-4, 3)", "(0, -1)", "(-3, -4)"],
    )
    answer_down
    return (answer_down,)


@app.cell(hide_code=True)
def _(answer_down, learn, np):
    def check_down(answer):
        way = np.array([float(part) for part in answer.strip("()").split(",")])
        slope = float(np.array([3.0, 4.0]) @ way / np.linalg.norm(way))
        if answer == "(-3, -4)":
            return learn.right(
                f"Straight against the gradient the slope is {slope:g}, and nowhere less. Lesson 2 goes this way, again and again."
            )
        if answer == "(3, 4)":
            return learn.wrong(
                f"That is the gradient itself. It points uphill: the slope that way is {slope:g}."
            )
        if answer == "(-4, 3)":
            return learn.wrong(
                f"That is at a right angle to the gradient. The slope is {slope:g}: you stay at one height, on the contour."
            )
        return learn.wrong(
            f"That goes down with a slope of {slope:g}. Of the step, nothing goes to the west, where it goes down as well."
        )

    learn.check(answer_down, check_down)
    return (check_down,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    **3.** Write the pegs and the string for a hillside: the slope of `f` at `(x, y)` along $y$, with a run of `run`. The function `f` takes two numbers, as `hill` did.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_north = learn.code(
        "def slope_north(f, x, y, run):\n    rise = ...\n    return rise / run"
    )
    answer_north
    return (answer_north,)


@app.cell(hide_code=True)
def _(answer_north, hill, learn):
    @learn.reads_code("slope_north")
    def check_north(slope_north):
        found = slope_north(hill, 3.0, 1.0, 0.5)
        if found is None:
            return learn.wrong(
                "`slope_north` returns nothing: the last line has to be `return rise / run`."
            )
        close = {
            "right": -10.0,
            "east": -6.5,
            "rise": -5.0,
            "swapped": 10.0,
            "both": -16.5,
            "upside down": -0.1,
            "height": 164.0,
            "behind": -6.0,
            "both sides": -16.0,
            "derivative": -8.0,
        }
        said = [name for name, value in close.items() if abs(found - value) < 1e-9]
        if not said:
            return learn.wrong(
                f"On the hill, from (3, 1) and with a run of 0.5, your function gives {found:g}. The second peg stands at (3, 1.5), where the hill is 82 high; the first stands at 87."
            )
        if said[0] == "right":
            if abs(slope_north(hill, 3.0, 1.0, 0.001) + 8.004) > 1e-6:
                return learn.wrong(
                    "With a run of 0.5 that is right, with a run of 0.001 it is not: use `run`, and not a number in its place."
                )
            return learn.right(
                "With a run of 0.5 it gives -10, with a run of 0.001 it gives -8.004, and the partial derivative is -8."
            )
        return learn.wrong(
            {
                "east": "That is the slope to the east: you moved `x`. The run belongs to `y`.",
                "rise": "That is the rise alone; a slope is the rise divided by the run.",
                "swapped": "The size is right, and the sign is not: a rise is the height at the second peg minus the height at the first.",
                "both": "You moved `x` and `y` both; `x` has to stand still.",
                "upside down": "That is run over rise; a slope is rise over run.",
                "height": "That divides the height of the second peg by the run. A rise is a difference of two heights.",
                "behind": "Your second peg stands behind you, at `y - run`: asked is the way to the north, from `y` to `y + run`.",
                "both sides": "Your pegs stand at `y - run` and `y + run`, twice the run apart; the first one belongs at `y`.",
                "derivative": "That is the derivative, -8, whatever the run. With pegs half a hundred metres apart the hill bends in between, and the string is steeper.",
            }[said[0]]
        )

    learn.check(answer_north, check_north)
    return (check_north,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Sources

    - Augustin-Louis Cauchy, *Résumé des leçons sur le calcul infinitésimal*, 1823: the derivative as a limit of rise over run.
    - Ian Goodfellow, Yoshua Bengio and Aaron Courville, [*Deep Learning*, chapter 4.3](https://www.deeplearningbook.org/contents/numerical.html), 2016: gradient, directional derivative, and why the gradient is the steepest.
    - Baydin, Pearlmutter, Radul and Siskind, [*Automatic differentiation in machine learning: a survey*](https://arxiv.org/abs/1502.05767), 2018: measured slopes and their error against the run.

    ## What comes next

    You can find the way that goes down most steeply. Lesson 2 takes it, step by step, and lets a line find its points: `microgd learn 2`.
    """)
    return


if __name__ == "__main__":
    app.run()
