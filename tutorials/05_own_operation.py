"""Write an operation of your own

What the engine has to be told of a new operation, and how a ruler notices when that is false.

Time: 20 minutes.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="5. Write an operation of your own")


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
    # 5. Write an operation of your own

    The engine knows some fifty operations. **If the one you need is not among them, what do you have to tell it; and if you tell it something false, who will notice?**

    In lesson 4 the gradient went back through a graph edge by edge, and at each edge the engine needed one thing only: the *local derivative* of that operation. So this is all that a new operation owes to the engine: how to compute it, and its derivative.

    Our new operation is a **bump**: high in the middle, flat far away. On paper it is $e^{-x^2}$.
    """)
    return


@app.cell(hide_code=True)
def _(learn, np):
    _x = np.linspace(-3, 3, 241)
    _bump = np.exp(-_x * _x)
    _figure, _ax = learn.axes("The bump, and its slope at three places", "x", "bump(x)", height=2.9)
    _ax.plot(_x, _bump)
    for _at, _side, _place in (
        (-0.7, "right", (-1.0, 0.78)),
        (0.0, "center", (0, 1.09)),
        (1.5, "left", (1.65, 0.26)),
    ):
        _height = np.exp(-_at * _at)
        _slope = (np.exp(-((_at + 1e-5) ** 2)) - np.exp(-((_at - 1e-5) ** 2))) / 2e-5
        _near = np.array([-0.45, 0.45])
        _ax.plot(_at + _near, _height + _slope * _near, color="#D55E00")
        _ax.text(*_place, f"slope {_slope:+.2f}" if _at else "slope 0", color="#D55E00", ha=_side)
    _ax.set_ylim(-0.05, 1.22)
    _figure
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    The slope is positive on the left, zero at the top, negative on the right. Two facts and the chain rule of lesson 4 say the same in a formula: the slope of $e^{u}$ is $e^{u}$ itself, and the slope of $u = -x^2$ is $-2x$.

    $$\frac{d}{dx}\,e^{-x^2} \;=\; -2x \cdot e^{-x^2} \;=\; -2x \cdot \text{out}$$

    where **out** is the value that the operation has just computed. It is there already, so nobody has to compute it twice. And this is the whole operation:
    """)
    return


@app.cell(hide_code=True)
def _(mg, mo, np):
    bump = mg.Op(
        "bump",
        lambda x: np.exp(-x * x),  # forward: how it is computed
        # its local derivative, twice: as text to show, and as a rule to compute
        mg.Local("-2 * x * out", lambda out, x: -2 * x * out),
    )
    mo.show_code()
    return (bump,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    From now on `bump` is an operation like any other. Let us place a bump at $c = 0.4$, look how high it is at $t = 1$, and call the squared distance to the wished-for height 0.9 the loss. Step through the backward pass: when it comes to `bump`, it shows *your* formula, with numbers put in for its names.
    """)
    return


@app.cell(hide_code=True)
def _(bump, mg, mo):
    centre_c = mg.tensor(0.4, requires_grad=True, name="c")
    loss_c = (bump(1.0 - centre_c) - 0.9) ** 2
    loss_c.name = "loss"
    steps_c = mg.explain.backprop(loss_c)

    mo.show_code(steps_c, position="above")
    return centre_c, steps_c


@app.cell(hide_code=True)
def _(centre_c, learn, steps_c):
    slope_c = steps_c.gradient(centre_c).item()
    learn.say(f"An operation of our own, bump(x) = exp(-x**2): d loss / d c = {slope_c:.4f}")
    return (slope_c,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Tell it something false

    Suppose that we forget the minus sign: the rule says `2 * x * out`.

    Here is a small training run. Twenty-five measurements come from a bump at 0; ours begins at $c = 0.8$. The loss is the mean of the squared distances to them, and thirty steps of gradient descent, at rate 0.5, move $c$.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_sign = learn.guess(
        "**Predict first.** The minus sign is missing in the rule. What does training do?",
        [
            "It stops with an error",
            "It runs, and the loss falls more slowly",
            "It runs, and the loss rises",
        ],
    )
    guess_sign
    return (guess_sign,)


@app.cell(hide_code=True)
def _(mg, np):
    times = np.linspace(-2, 2, 25)

    def trained(factor, lr=0.5, steps=30):
        """Losses and centres, when the rule gives `factor` times the derivative."""
        op = mg.Op(
            "bump", lambda x: np.exp(-x * x), mg.Local("", lambda out, x: factor * -2 * x * out)
        )
        centre = mg.tensor(0.8, requires_grad=True)
        losses, centres = [], []
        for _ in range(steps + 1):
            loss = ((op(times - centre) - np.exp(-(times**2))) ** 2).mean()
            losses.append(loss.item())
            centres.append(centre.item())
            centre.zero_grad()
            loss.backward()
            centre.data = centre.data - lr * centre.grad
        return losses, centres

    return times, trained


@app.cell(hide_code=True)
def _(guess_sign, learn, trained):
    right_losses, _ = trained(1)
    lied_losses, lied_centres = trained(-1)
    half_losses, _ = trained(0.5)
    told_sign = learn.reveal(
        guess_sign,
        "It runs, and the loss rises",
        f"With the right rule the loss falls from {right_losses[0]:.3f} to {right_losses[-1]:.1e}. Without the minus sign it rises from {lied_losses[0]:.3f} to {lied_losses[-1]:.3f}: each step goes uphill, until the bump stands at c = {lied_centres[-1]:.2f}, far from its place. There was no error message, for Python knows no calculus.",
    )
    told_sign
    return half_losses, lied_centres, lied_losses, right_losses, told_sign


@app.cell(hide_code=True)
def _(half_losses, mo, told_sign):
    told_sign
    mo.md(f"""
    A wrong sign at least shows in the loss. A wrong *factor* hides better: with half of the derivative the loss still falls, to {half_losses[-1]:.1e} after thirty steps. Here one operation's derivative is multiplied by a factor, which is the same as another learning rate for what lies behind it. **Move the slider, and break the rule** in other ways: 0 is a rule that always says zero, 4 happens to be better than the truth, and from 7 on, past the limit 2/L of lesson 2, the steps are too long for $c$ to come to rest in its place.
    """)
    return


@app.cell(hide_code=True)
def _(mo, told_sign):
    told_sign
    factor = mo.ui.slider(
        -2,
        16,
        0.5,
        value=-1,
        label="the rule gives this many times the derivative",
        show_value=True,
    )
    factor
    return (factor,)


@app.cell(hide_code=True)
def _(factor, learn, np, right_losses, times, trained):
    _losses, _centres = trained(factor.value)
    _figure, (_left, _right) = learn.axes(
        f"The rule gives {factor.value:g} times the derivative", columns=2
    )
    _left.plot(right_losses, label="the right rule", color="#009E73")
    _left.plot(_losses, label="your rule", color="#D55E00", linestyle="--")
    _left.set(xlabel="step", ylabel="loss", ylim=(-0.005, max(0.28, 1.05 * max(_losses))))
    _left.legend()
    _at = np.linspace(-3.6, 3.6, 181)
    _right.plot(_at, np.exp(-((_at - _centres[-1]) ** 2)), color="#D55E00", linestyle="--")
    _right.plot(times, np.exp(-(times**2)), "o", color="#0072B2", markersize=3.5)
    _right.set(xlabel="t", ylabel="height", ylim=(-0.05, 1.35), xlim=(-3.6, 3.6))
    _right.text(-3.5, 1.2, "points: measured", color="#0072B2", fontsize=9)
    _right.text(
        3.5, 1.2, f"dashed: yours, c = {_centres[-1]:.2f}", color="#D55E00", ha="right", fontsize=9
    )
    _figure
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## The ruler

    In lesson 1 you measured a slope without any calculus, with two pegs and a string. There, one peg stood at the place itself; now put one a little to the right of it, the other as far to the left, and divide the difference in height by the distance. This is a **finite difference**:

    $$f'(x) \;\approx\; \frac{f(x + h) - f(x - h)}{2h}$$

    It is slow, for it needs two evaluations for every single number in $x$, and so nobody trains by it. But it knows nothing of your formula, and so it is the perfect witness against it.

    How small should $h$ be?
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_h = learn.guess(
        "**Predict first.** Which $h$ measures the slope of the bump at 1 most exactly?",
        ["0.1", "0.00001", "0.000000000000001, the smallest of the three"],
    )
    guess_h
    return (guess_h,)


@app.cell(hide_code=True)
def _(bump, np):
    def measured_slope(x, h):
        return (bump(x + h) - bump(x - h)) / (2 * h)

    true_slope = -2 * np.exp(-1.0)
    exponents = np.arange(-17, 0.01, 0.25)
    errors = np.abs(measured_slope(1.0, 10.0**exponents) - true_slope)
    error_at = {e: abs(measured_slope(1.0, 10.0**e) - true_slope) for e in (-1, -5, -15)}
    return error_at, errors, exponents, measured_slope, true_slope


@app.cell(hide_code=True)
def _(error_at, guess_h, learn):
    told_h = learn.reveal(
        guess_h,
        "0.00001",
        f"It is wrong by {error_at[-5]:.0e} only. With h = 0.1 the error is {error_at[-1]:.0e}, for the chord is too long to follow the curve. With h = 0.000000000000001 it is {error_at[-15]:.0e}: the two heights then agree in nearly all of the 16 digits that the computer keeps, and what their difference has left is mostly **rounding error**.",
    )
    told_h
    return (told_h,)


@app.cell(hide_code=True)
def _(mo, told_h):
    told_h
    width = mo.ui.slider(-17, 0, 0.5, value=-0.5, label="h is ten to the power of", show_value=True)
    width
    return (width,)


@app.cell(hide_code=True)
def _(bump, errors, exponents, learn, measured_slope, np, true_slope, width):
    _h = 10.0**width.value
    _slope = measured_slope(1.0, _h)
    _figure, (_left, _right) = learn.axes(
        f"Measured {_slope:.9f}, true {true_slope:.9f}: wrong by {abs(_slope - true_slope):.1e}",
        columns=2,
    )
    _x = np.linspace(-0.3, 2.3, 121)
    _left.plot(_x, bump(_x))
    _reach = max(_h, 0.45)
    _line = np.array([1 - _reach, 1 + _reach])
    _middle = (bump(1 + _h) + bump(1 - _h)) / 2
    _left.plot(_line, _middle + _slope * (_line - 1), color="#D55E00")
    _left.plot([1 - _h, 1 + _h], [bump(1 - _h), bump(1 + _h)], "o", color="#D55E00")
    _left.set(xlabel="x", ylabel="bump(x)", xlim=(-0.3, 2.3), ylim=(-0.1, 1.3))
    _left.text(2.3, 1.2, "the chord from x - h to x + h", color="#D55E00", fontsize=9, ha="right")
    _shown = np.maximum(errors, 1e-13)
    _right.loglog(10.0**exponents, _shown)
    _right.plot([_h], [max(abs(_slope - true_slope), 1e-13)], "o", color="#D55E00", markersize=8)
    _right.set(xlabel="h", ylabel="error of the slope", ylim=(1e-13, 10))
    _right.text(1e-15, 1e-5, "rounding", ha="center", fontsize=9, color="#4a525c")
    _right.text(2e-3, 2e-8, "too long", fontsize=9, color="#4a525c")
    _figure
    return


@app.cell(hide_code=True)
def _(mo, told_h):
    told_h
    mo.md(r"""
    Seen from the right, the error falls with $h^2$: a chord ten times shorter is a hundred times better. Then rounding takes over and it rises again. At the far left $x + h$ and $x$ are the same number to the computer, and the measured slope is 0. The best $h$ lies in between, at a few millionths, and even there four or five of the sixteen digits are lost.

    ## gradcheck

    `mg.gradcheck` holds this ruler, with $h = 10^{-6}$, against the derivatives of any function. It moves each number of each input by itself, compares, and gives `True` if all is well:

    ```python
    mg.gradcheck(bump, np.array([-1.5, -0.2, 0.7, 1.1]))
    ```
    """)
    return


@app.cell(hide_code=True)
def _(bump, learn, mg, np):
    def verdict(f, *inputs):
        """What gradcheck says of the first derivatives: True, or its error."""
        try:
            return str(mg.gradcheck(f, inputs, order=1))
        except mg.GradcheckError as error:
            return str(error)

    said_right = verdict(bump, np.array([-1.5, -0.2, 0.7, 1.1]))
    learn.say(f"The right rule: {said_right}")
    return said_right, verdict


@app.cell(hide_code=True)
def _(mo, said_right, told_h):
    told_h
    mo.md(f"```text\n{said_right}\n```")
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Three planted mistakes

    Now we plant three mistakes, the three that happen to everybody, and see whether it catches them.

    ### Mistake 1: a sign, or a factor
    """)
    return


@app.cell(hide_code=True)
def _(mg, mo, np):
    bump_without_minus = mg.Op(
        "bump",
        lambda x: np.exp(-x * x),
        mg.Local("2 * x * out", lambda out, x: 2 * x * out),
    )
    mo.show_code()
    return (bump_without_minus,)


@app.cell(hide_code=True)
def _(bump_without_minus, learn, np, verdict):
    said_sign = verdict(bump_without_minus, np.array([-1.5, -0.2, 0.7, 1.1]))
    learn.say(f"Mistake 1: {said_sign}")

    def quoted(message):
        """An error as gradcheck words it, wrapped to the width of the page."""
        return "> **gradcheck says:** " + message.removeprefix("gradcheck: ").replace(
            "<", "&lt;"
        ).replace("_", r"\_").replace("*", r"\*")

    return quoted, said_sign


@app.cell(hide_code=True)
def _(mo, quoted, said_sign):
    mo.md(f"""
    {quoted(said_sign)}

    Read it from left to right: which operation, which of its inputs, which element of that; what the rule says, what the ruler says; and a guess at what went wrong. All numbers are the right ones times -1, which is how it knows. (Both derivatives are weighted by a random upstream gradient, so that no mistake cancels by chance.)
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ### Mistake 2: a wrong axis

    The next operation multiplies each *row* of a table $x$ by a number of its own, $s$. Its inputs have different shapes, and one number of $s$ touches a whole row. So a `Local`, one factor for each element, is not enough; a **`Pullback`** is given the upstream gradient `g` itself, and gives back the gradient of its input, in that input's shape.

    A number that is used in many places gets a contribution from each of them, and they add up (lesson 4). The row's number is used all along its row: the sum has to go along the rows, which is `axis=1`. Here it goes along the columns.
    """)
    return


@app.cell(hide_code=True)
def _(mg, mo):
    scale_rows = mg.Op(
        "scale_rows",
        lambda x, s: x * s[:, None],
        mg.Pullback("g * s[:, None]", lambda g, out, x, s: g * s[:, None]),
        mg.Pullback(
            "(g * x).sum(axis=0)",
            lambda g, out, x, s: (g * x).sum(axis=0),
        ),
    )
    mo.show_code()
    return (scale_rows,)


@app.cell(hide_code=True)
def _(learn):
    guess_axis = learn.guess(
        "**Predict first.** The table $x$ has 3 rows and 3 columns. What happens in `backward()`?",
        [
            "An error: the shapes do not fit",
            "No error, and the right gradient",
            "No error, and a wrong gradient",
        ],
    )
    guess_axis
    return (guess_axis,)


@app.cell(hide_code=True)
def _(mg, np, scale_rows):
    def row_gradient(rows, columns):
        """d sum(out) / d s by the planted rule; or the engine's error, and what a ruler measures."""
        rng = np.random.default_rng(5)
        x, s = rng.normal(size=(rows, columns)).round(1), np.ones(rows)
        ruler = [
            (scale_rows(x, s + h).sum() - scale_rows(x, s - h).sum()) / 2e-6
            for h in 1e-6 * np.eye(rows)
        ]
        tensor = mg.tensor(s, requires_grad=True, name="s")
        try:
            scale_rows(x, tensor).sum().backward()
        except ValueError as error:
            return str(error), np.array(ruler)
        return tensor.grad, np.array(ruler)

    square_rule, square_ruler = row_gradient(3, 3)
    oblong_error, _ = row_gradient(4, 3)
    return oblong_error, row_gradient, square_rule, square_ruler


@app.cell(hide_code=True)
def _(guess_axis, learn, square_rule, square_ruler):
    told_axis = learn.reveal(
        guess_axis,
        "No error, and a wrong gradient",
        f"The gradient of s is {', '.join(f'{v:.1f}' for v in square_rule)} by the rule, and {', '.join(f'{v:.1f}' for v in square_ruler)} by the ruler. In a square table the sums along rows and along columns have the same shape, so no shape can betray the mistake.",
    )
    told_axis
    return (told_axis,)


@app.cell(hide_code=True)
def _(np):
    def side_by_side(ax, rule, ruler, names):
        """Bars: what the rule says, and what the ruler measures, for each number of an input."""
        at = np.arange(len(names))
        ax.bar(at - 0.2, rule, 0.36, color="#D55E00", label="the rule")
        ax.bar(at + 0.2, ruler, 0.36, color="#009E73", label="the ruler")
        ax.axhline(0, color="#4a525c", linewidth=0.8)
        ax.set_xticks(at, names)
        ax.margins(y=0.15)
        ax.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.8, 1.0))

    return (side_by_side,)


@app.cell(hide_code=True)
def _(learn, side_by_side, square_rule, square_ruler, told_axis):
    told_axis
    _figure, _ax = learn.axes("A wrong axis", "", "gradient of s", height=2.5)
    side_by_side(_ax, square_rule, square_ruler, [f"s[{i}], row {i}" for i in range(3)])
    _figure
    return


@app.cell(hide_code=True)
def _(learn, mo, np, oblong_error, quoted, scale_rows, told_axis, verdict):
    told_axis
    _rng = np.random.default_rng(5)
    said_square = verdict(scale_rows, _rng.normal(size=(3, 3)), _rng.normal(size=3))
    said_oblong = verdict(scale_rows, _rng.normal(size=(4, 3)), _rng.normal(size=4))
    learn.say(f"Mistake 2: {said_square}")
    mo.md(f"""
    The ruler catches it all the same:

    {quoted(said_square)}

    With 4 rows and 3 columns the mistake cannot hide, even from the engine, which refuses to add {oblong_error.split("gradient ")[1].split(" for")[0]} to a gradient of another shape:

    {quoted(said_oblong)}

    So **test an operation on shapes whose sizes all differ**.
    """)
    return said_oblong, said_square


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ### Mistake 3: overwritten, not added

    The last operation picks elements of a list by their places, and may pick one more than once: from $x$ it makes $x_0, x_2, x_2, x_1$. Word vectors are looked up like this, in lesson 12. Going back, each upstream number belongs to the element that was picked. The rule below looks innocent.
    """)
    return


@app.cell(hide_code=True)
def _(mg, mo, np):
    def put_back(g, out, x, places):
        gradient = np.zeros(x.shape)
        for place, upstream in zip(places, g, strict=True):
            gradient[place] = upstream
        return gradient

    pick = mg.Op(
        "pick",
        lambda x, places: x[places],
        mg.Pullback("g, put back to its places", put_back),
    )
    mo.show_code()
    return pick, put_back


@app.cell(hide_code=True)
def _(learn, mo, np, pick, quoted, verdict):
    picked_places = [0, 2, 2, 1]
    said_pick = verdict(lambda x: pick(x, places=picked_places), np.array([0.3, 0.5, -0.4]))
    learn.say(f"Mistake 3: {said_pick}")
    mo.md(quoted(said_pick))
    return picked_places, said_pick


@app.cell(hide_code=True)
def _(learn, np, picked_places, put_back, side_by_side):
    _g = np.array([1.0, 0.5, 0.8, 0.6])
    pick_rule = put_back(_g, None, np.zeros(3), picked_places)
    pick_ruler = np.array(
        [sum(g for g, place in zip(_g, picked_places, strict=True) if place == i) for i in range(3)]
    )
    _figure, _ax = learn.axes("Overwritten, not added", "", "gradient of x", height=2.5)
    side_by_side(
        _ax, pick_rule, pick_ruler, ["x[0], picked once", "x[1], picked once", "x[2], picked twice"]
    )
    _figure
    return pick_rule, pick_ruler


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    What was picked once is right. What was picked twice has lost its first contribution: `=` where `+=` belongs. The engine itself adds up the contributions that arrive at a tensor from different operations; *inside* of your own rule, adding is up to you. And a test that picks nothing twice would have found nothing: **test an operation where its inputs are used more than once**.

    ### Where the ruler is no witness

    At a **kink**, where a curve has a corner and no slope, the ruler measures something in between:
    """)
    return


@app.cell(hide_code=True)
def _(mg, mo, np, quoted, verdict):
    said_kink = verdict(mg.relu, np.array([0.0]))
    mo.md(f"""
    {quoted(said_kink)}

    Nothing is wrong here: the ReLU, $\\max(x, 0)$, has slope 0 to the left of zero and 1 to the right, and the engine says 0 at the corner itself, by agreement. Keep test points away from kinks. Nor does gradcheck know which operation you *meant*: it compares the derivative with the forward that you wrote.
    """)
    return (said_kink,)


@app.cell(hide_code=True)
def _(mo, told_axis, told_sign):
    told_axis, told_sign
    mo.md(r"""
    ## What to remember

    1. To the engine an operation is a way to compute it and, for each input, a rule that turns the upstream gradient into a contribution.
    2. A wrong rule whose shape fits raises no error; training goes on with it, worse or in the wrong direction.
    3. Finite differences know nothing of your formula, so check every rule against them, on shapes that all differ, where inputs are used twice, and away from kinks.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Exercises

    In all three you write the derivative and gradcheck replies.

    **1. A bent line.** `bent` is $\sqrt{1 + x^2}$, straight far away and rounded at zero. Write its local derivative. (The slope of $\sqrt{u}$ is $\frac{1}{2\sqrt{u}}$, and `out` is the root that has been computed.)
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_bent = learn.code("""def slope(out, x):
    return ...
""")
    answer_bent
    return (answer_bent,)


@app.cell(hide_code=True)
def _(np, quoted, verdict):
    def unwritten(found, name):
        """What to say if nothing was computed."""
        if found is ...:
            return f"`{name}` is still to be written: put a formula in the place of the dots."
        return (
            ""
            if found is not None
            else f"`{name}` gives nothing: end it with `return` and a formula."
        )

    def typical(found, wrongs):
        """The words for a typical mistake, known by its numbers."""
        for numbers, hint in wrongs:
            if np.shape(found) == np.shape(numbers) and np.allclose(found, numbers):
                return hint
        return ""

    def reply(op, *inputs, hints):
        """gradcheck's message on an answer, and a hint to go with it; nothing if all is well."""
        said = verdict(op, *inputs)
        if said == "True":
            return ""
        hint = next((hint for part, hint in hints.items() if part in said), "")
        return f"\n\n{quoted(said)}\n\n{hint}"

    return reply, typical, unwritten


@app.cell(hide_code=True)
def _(answer_bent, learn, mg, np, reply, typical, unwritten):
    @learn.reads_code("slope")
    def check_bent(slope):
        x = np.array([-1.6, -0.3, 0.8, 2.1])
        out = np.sqrt(1 + x * x)
        found = slope(out, x)
        said = (
            unwritten(found, "slope")
            or typical(
                found,
                (
                    (
                        2 * x,
                        "That is the slope of what stands under the root; the root has one too.",
                    ),
                    (x, "The 2 of the square and the 2 of the root cancel; but where is the root?"),
                    (0.5 / out, "That is the slope of the root; what stands under it has one too."),
                    (1 / out, "What stands under the root has a slope as well, which is 2x."),
                    (x * out, "The slope of a root has the root below the line, not above."),
                ),
            )
            or reply(
                mg.Op("bent", lambda x: np.sqrt(1 + x * x), mg.Local("yours", slope)),
                x,
                hints={
                    "0 times": "So the line would be level everywhere. Is it?",
                    "wrong sign": "Look at the curve: to the right of zero, does it rise or fall?",
                    "wrong factor": "The form is right. Which factor comes from the root, and which from the square under it?",
                    "missing term": "The chain rule has two parts here: the slope of the root, and the slope of what stands under it. Are both in it?",
                },
            )
        )
        if said:
            return learn.wrong(said)
        return learn.right(
            "Rule and ruler agree. For large x it is nearly 1, as for a straight line, and 0 at the bottom of the bend."
        )

    learn.check(answer_bent, check_bent)
    return (check_bent,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    **2. A whole operation.** The distance of a point $(x, y)$ from the origin, $\sqrt{x^2 + y^2}$. There are two inputs now, and so two derivatives, in their order.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_distance = learn.code("""distance = mg.Op(
    "distance",
    lambda x, y: np.sqrt(x * x + y * y),
    mg.Local("...", lambda out, x, y: ...),
    mg.Local("...", lambda out, x, y: ...),
)
""")
    answer_distance
    return (answer_distance,)


@app.cell(hide_code=True)
def _(answer_distance, learn, mg, np, reply):
    @learn.reads_code("distance")
    def check_distance(distance):
        if not isinstance(distance, mg.Op):
            return learn.wrong(
                f"`distance` is of the type {type(distance).__name__}; make it with `mg.Op(...)`, as it was begun."
            )
        if len(distance.derivatives) != 2:
            return learn.wrong(
                f"There are two inputs, and you gave {len(distance.derivatives)} derivative; the engine needs one for each."
            )
        if not np.allclose(distance(np.array([3.0, -5.0]), np.array([4.0, 12.0])), [5, 13]):
            return learn.wrong(
                "The forward has changed: the point (3, 4) is to have the distance 5."
            )
        for i, derivative in enumerate(distance.derivatives):
            if isinstance(derivative, mg.Local) and derivative.rule(5.0, 3.0, 4.0) is ...:
                return learn.wrong(
                    f"The derivative for {'xy'[i]} is still to be written: put a formula in the place of the dots after the colon."
                )
        said = reply(
            distance,
            np.array([3.0, -0.5, 1.2]),
            np.array([-0.7, 2.0, 0.4]),
            hints={
                "wrong sign": "Where x and y are positive, more of either means further out. Do both formulas say so?",
                "wrong factor": "The form is right; count the factors of 2, the one from the root and the one from the square.",
                "input 0 (x)": "The input named above is x. While x moves, y is a constant: which term under the root changes?",
                "input 1 (y)": "The derivative for x is right. The one for y plays the same game with the roles exchanged.",
            },
        )
        if said:
            return learn.wrong(said)
        return learn.right(
            "You have added an operation to the engine. Its gradient has the length 1: a step straight outwards adds exactly its own length to the distance."
        )

    learn.check(answer_distance, check_distance)
    return (check_distance,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    **3. Going back through a mean.** `centre` takes from each row of $x$ its mean, as *layer normalisation* does to keep numbers in bounds (lesson 8). Each element changes the mean of its row, and so all elements of that row. Write the pullback: the gradient of `x`, from the upstream gradient `g` of the same shape. (`g.mean(axis=1, keepdims=True)` is a column with the mean of each row of `g`; what would it be good for?)
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_centre = learn.code("""def pullback(g, out, x):
    return ...


centre = mg.Op(
    "centre",
    lambda x: x - x.mean(axis=1, keepdims=True),
    mg.Pullback("...", pullback),
)
""")
    answer_centre
    return (answer_centre,)


@app.cell(hide_code=True)
def _(answer_centre, learn, mg, np, reply, typical, unwritten):
    @learn.reads_code("pullback")
    def check_centre(pullback):
        x = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.8], [0.2, 0.9, 0.4], [-0.6, 1.1, 0.7]])
        g = np.array([[0.7, 0.2, -0.5], [0.1, 1.0, 0.4], [-0.8, 0.3, 0.6], [0.9, -0.1, 0.5]])
        row, out = g.mean(axis=1, keepdims=True), x - x.mean(axis=1, keepdims=True)
        try:
            found = pullback(g, out, x)
        except ValueError as error:
            if "broadcast" not in str(error):
                raise
            return learn.wrong(
                f"NumPy says: {error}. A mean along an axis takes that axis away; `keepdims=True` leaves it in place, with size 1."
            )
        said = (
            unwritten(found, "pullback")
            or typical(
                found,
                (
                    (
                        g,
                        "This hands `g` on as it came, as if the mean were a constant. An element also raises the mean of its row, and so lowers every element of that row: a second contribution is missing.",
                    ),
                    (
                        row,
                        "That is a column, and `x` is a table: each element also has its own `g`.",
                    ),
                    (
                        -row,
                        "That is what comes back through the mean; each element also has its own `g`.",
                    ),
                    (
                        g + row,
                        "To raise an element raises the mean, and the mean is taken *off*: which sign?",
                    ),
                    (
                        g - 3 * row,
                        "A sum is not a mean: an element moves the mean by a third of its step.",
                    ),
                    (
                        g - g.mean(axis=0),
                        "That mean goes along the columns, over different rows. But an element moves only the mean of its own row.",
                    ),
                    (
                        g - g.mean(),
                        "That is the mean of the whole table. But an element moves only the mean of its own row.",
                    ),
                    (
                        g * 2 / 3,
                        "An element moves the other elements of its row as well, not only itself.",
                    ),
                    (out, "That is the forward once more. What comes back is made of `g`."),
                ),
            )
            or reply(
                mg.Op(
                    "centre",
                    lambda x: x - x.mean(axis=1, keepdims=True),
                    mg.Pullback("yours", pullback),
                ),
                x,
                hints={
                    "wrong axis?": "What comes back must have the shape of `x`.",
                    "wrong sign": "Raise an element alone: does what comes out at its place rise or fall?",
                    "missing term": "An element has two ways into the output: its own place, and the mean of its row. Are both in it, and nothing else?",
                },
            )
        )
        if said:
            return learn.wrong(said)
        return learn.right(
            "What comes back has the mean 0 in each row: to raise a whole row changes nothing, and so it has no slope in that direction."
        )

    learn.check(answer_centre, check_centre)
    return (check_centre,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Sources

    - Griewank and Walther (2008), *Evaluating Derivatives*, 2nd edition, SIAM, chapter 3: rules for each operation, put together by the chain rule. <https://doi.org/10.1137/1.9780898717761>
    - Baydin, Pearlmutter, Radul and Siskind (2018), *Automatic differentiation in machine learning: a survey*, JMLR 18(153). <https://www.jmlr.org/papers/v18/17-468.html>
    - Nocedal and Wright (2006), *Numerical Optimization*, 2nd edition, Springer, section 8.1: the error of finite differences, and the best $h$. <https://doi.org/10.1007/978-0-387-40065-5>
    - Karpathy, Johnson and Li (2015), *CS231n: gradient checks*, course notes, Stanford. <https://cs231n.github.io/neural-networks-3/#gradcheck>

    ## What comes next

    You know all that an engine is made of. Now something is to be made with it: lesson 6 goes from one neuron to a network that reads digits, `microgd learn 6`.
    """)
    return


if __name__ == "__main__":
    app.run()
