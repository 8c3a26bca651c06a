"""Said and measured

Eight common statements about gradient descent, each with the experiment that decides.

Time: 20 minutes.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="15. Said and measured")


@app.cell(hide_code=True)
def _():
    import math
    from functools import partial

    import marimo as mo
    import numpy as np

    import microgd as mg
    from microgd import learn

    digits = mg.data.load("digits")
    images, labels = digits.x[:100], digits.y[:100]
    SAID = ["true", "false", "true on a condition"]
    GREY = "#767676"
    return GREY, SAID, digits, images, labels, learn, math, mg, mo, np, partial


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 15. Said and measured

    Some sentences about training are heard so often that nobody asks any more. You have come through fourteen lessons, and need not take anybody's word. **Which of these eight sentences would you sign?**

    For each of them: read it as it stands, say *true*, *false* or *true on a condition*, look at the experiment that is going to decide, and only then at its outcome. Each is small, and runs in about a second on this page. The one that you would have signed without a thought is the one to stay with.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## 1. "Clipping cures vanishing gradients"

    **Clipping** changes gradients before the step is made. By norm: if all of them together are longer than a limit, all are shortened by one common factor. By value: each single number beyond the limit is cut off there. The patient is a network of ten sigmoid layers, as in lesson 7: its first layer gets next to nothing.
    """)
    return


@app.cell(hide_code=True)
def _(SAID, learn):
    guess_clipping = learn.guess("*Clipping cures vanishing gradients.* You say:", SAID)
    guess_clipping
    return (guess_clipping,)


@app.cell(hide_code=True)
def _(images, labels, mg, mo, np, partial):
    def lengths(clip=None, limit=0.01):
        """The length of the gradient of each layer's weights, as it is used."""
        init = partial(mg.nn.init.normal, std=1 / 8)
        net = mg.nn.MLP([64] * 11 + [10], "sigmoid", init=init, rng=3)
        mg.nn.cross_entropy(net(images), labels).backward()
        if clip:
            clip(net.parameters(), limit)
        dense = [layer for layer in net.layers if hasattr(layer, "weight")]
        return [float(np.linalg.norm(layer.weight.grad)) for layer in dense]

    unclipped = lengths()
    by_norm = lengths(mg.nn.utils.clip_grad_norm_)
    by_value = lengths(mg.nn.utils.clip_grad_value_)

    mo.show_code()
    return by_norm, by_value, unclipped


@app.cell(hide_code=True)
def _(by_norm, by_value, guess_clipping, learn, unclipped):
    _revealed = learn.reveal(
        guess_clipping,
        "false",
        f"At the first layer the gradient has length {unclipped[0]:.1e}. Clipped by norm it has {by_norm[0]:.1e}, clipped by value {by_value[0]:.1e}. What is short is never made longer.",
    )
    said_1 = (
        "Clipping cures vanishing gradients",
        "false",
        f"gradient at the first of ten sigmoid layers: {unclipped[0]:.1e} before, {max(by_norm[0], by_value[0]):.1e} after, at best",
        "8",
    )
    _revealed
    return (said_1,)


@app.cell(hide_code=True)
def _(by_norm, by_value, learn, mo, said_1, unclipped):
    _ = said_1
    _figure, _ax = learn.axes(
        "Clipping takes from the long ones, and gives nothing to the short ones",
        "layer (1 is next to the image)",
        "length of the gradient",
    )
    _at = range(1, len(unclipped) + 1)
    _ax.plot(_at, unclipped, "o-", label="as it is")
    _ax.plot(_at, by_norm, "s-", label="clipped by norm, limit 0.01")
    _ax.plot(_at, by_value, "x--", label="clipped by value, limit 0.01", ms=8)
    _ax.set(yscale="log", xticks=list(_at))
    _ax.legend(loc="upper left", frameon=False)
    mo.vstack(
        [
            _figure,
            mo.md(
                f"By norm, the first layer's share of the last one's stays {by_norm[0] / by_norm[-1]:.1e}, as it was. By value, the share rises to {by_value[0] / by_value[-1]:.1e}, but only because the last layer lost. Clipping is for gradients that explode: there, see lesson 8, it does what it should."
            ),
        ]
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## 2. "A weight norm above 1 makes gradients explode"

    The **norm** meant here is the most by which a layer's weights can lengthen a vector (their largest **singular value**). On its way back through twenty layers the gradient is multiplied by such weights again and again, and by the slopes of the activations. In the experiment every layer lengthens every vector by exactly the same factor, its norm.
    """)
    return


@app.cell(hide_code=True)
def _(SAID, learn):
    guess_norm = learn.guess("*A weight norm above 1 makes gradients explode.* You say:", SAID)
    guess_norm
    return (guess_norm,)


@app.cell(hide_code=True)
def _(images, labels, mg, mo, partial):
    def left(activation, norm, depth=20):
        """What is left of the gradient at each layer, if the last has 1."""
        init = partial(mg.nn.init.orthogonal, gain=norm)
        net = mg.nn.MLP([64] * (depth + 1) + [10], activation, init=init, rng=3)
        flow = mg.explain.flow(net, (images, labels), split=False)
        arrived = [row.at_input for row in flow if row.weights][1:]
        return [length / arrived[-1] for length in arrived]

    activations = ["identity", "relu", "tanh", "sigmoid"]
    above = {name: left(name, 1.5) for name in activations}
    below = {name: left(name, 0.9) for name in activations}

    mo.show_code()
    return above, activations, below, left


@app.cell(hide_code=True)
def _(above, below, guess_norm, learn):
    most_below = max(_left[0] for _left in below.values())
    _revealed = learn.reveal(
        guess_norm,
        "true on a condition",
        f"With the norm 1.5 in each of twenty layers, {above['identity'][0]:,.0f} times the gradient's length comes to the first layer if there are no activations, {above['relu'][0]:.1f} times with ReLU, {above['tanh'][0]:.1f} times with tanh, and {above['sigmoid'][0]:.0e} with the sigmoid. With the norm 0.9 it is {most_below:.2f} at most. So a norm above 1 is **necessary** for an explosion here, and not **sufficient**.",
    )
    said_2 = (
        "A weight norm above 1 makes gradients explode",
        "true on a condition",
        f"norm 1.5, twenty layers: times {above['identity'][0]:,.0f} without activations, times {above['sigmoid'][0]:.0e} with sigmoids; norm 0.9: times {most_below:.2f} at most",
        "7",
    )
    _revealed
    return most_below, said_2


@app.cell(hide_code=True)
def _(mo, said_2):
    _ = said_2
    mo.md(r"""
    The reason: no slope of these activations is over 1, so that a layer lengthens the gradient by its norm at most, whatever the data. Under 1, nothing can grow. Over 1, the slopes decide. A sigmoid's slope is a quarter at most; for sigmoids the norm must be above 4, and even then they saturate.

    **Break it.** Which norm makes ReLU layers keep the gradient? Is there one at which the sigmoids explode?
    """)
    return


@app.cell(hide_code=True)
def _(mo, said_2):
    _ = said_2
    norm = mo.ui.slider(
        steps=[0.5, 0.7, 0.9, 1, 1.2, 1.4, 1.5, 1.6, 2, 3, 4, 5, 6, 8],
        value=1.5,
        label="Norm of the weights of each layer",
        show_value=True,
        full_width=True,
    )
    norm
    return (norm,)


@app.cell(hide_code=True)
def _(GREY, activations, learn, left, norm):
    def draw_left(norm):
        figure, ax = learn.axes(
            f"What is left of the gradient, if every layer has the norm {norm:g}",
            "layer (1 is next to the image)",
            "length, where layer 20 has 1",
            height=3.5,
        )
        at = range(1, 21)
        for name, called in zip(activations, ("none", "ReLU", "tanh", "sigmoid"), strict=True):
            share = left(name, norm)
            ax.plot(at, share, label=f"{called}: {share[0]:.1e}")
        ax.plot(at, [norm ** (20 - k) for k in at], ls=(0, (2, 4)), color=GREY, label="at most")
        ax.axhline(1, color=GREY, lw=1, ls=(0, (4, 4)))
        ax.set(yscale="log", xticks=[1, 5, 10, 15, 20])
        figure.legend(
            *ax.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False
        )
        return figure

    draw_left(norm.value)
    return (draw_left,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## 3. "Gradient descent is guaranteed to reach the global minimum"

    The **global** minimum is the lowest place of all. The landscape is a wide bowl with dents in it, *bumps* in `mg.descent.SURFACES`; its lowest place is the middle, where the loss is 0. The rate is 0.3, far under the limit 2/L of lesson 2. We start once at every crossing of a fine grid.
    """)
    return


@app.cell(hide_code=True)
def _(SAID, learn):
    guess_global = learn.guess(
        "*Gradient descent is guaranteed to reach the global minimum.* You say:", SAID
    )
    guess_global
    return (guess_global,)


@app.cell(hide_code=True)
def _(mg, mo, np):
    def descend_from_everywhere(surface, steps=300):
        """The loss at the end, for 41 x 33 starts all over the surface."""
        x0, x1, y0, y1 = surface.box
        grid = np.meshgrid(np.linspace(x0, x1, 41), np.linspace(y0, y1, 33))
        places = mg.tensor(np.stack(grid), requires_grad=True)
        rule = mg.optim.SGD([places], lr=surface.lr)
        for _ in range(steps):
            rule.zero_grad()
            surface.at(places).sum().backward()  # each place has its own gradient
            rule.step()
        return surface.at(places).numpy()

    bumps, bowl = mg.descent.SURFACES["bumps"], mg.descent.SURFACES["bowl"]
    ends = {s.name: descend_from_everywhere(s) for s in (bumps, bowl)}
    found = {name: float((loss < 1e-3).mean()) for name, loss in ends.items()}

    mo.show_code()
    return bumps, ends, found


@app.cell(hide_code=True)
def _(ends, found, guess_global, learn):
    _revealed = learn.reveal(
        guess_global,
        "false",
        f"Of {ends['bumps'].size:,} starts {found['bumps']:.1%} end at the lowest place. All others end in a dent, where the gradient is zero too. In a bowl without dents it is {found['bowl']:.0%}: a guarantee needs a landscape without other minima.",
    )
    said_3 = (
        "Gradient descent is guaranteed to reach the global minimum",
        "false",
        f"{found['bumps']:.1%} of {ends['bumps'].size:,} starts reach it among dents ({found['bowl']:.0%} in a plain bowl)",
        "6",
    )
    _revealed
    return (said_3,)


@app.cell(hide_code=True)
def _(bumps, ends, learn, np, said_3):
    _ = said_3
    _x0, _x1, _y0, _y1 = bumps.box
    _x, _y = np.linspace(_x0, _x1, 161), np.linspace(_y0, _y1, 129)
    _figure, (_left, _right) = learn.axes(
        ["The landscape along y = 0", "Where you end, by where you start"],
        ["x", "x at the start"],
        ["loss", "y at the start"],
        columns=2,
        height=3.4,
    )
    _left.plot(_x, [bumps(x, 0.0) for x in _x])
    _left.plot(0, 0, "o", color=learn.COLOURS[2], ms=8)
    _left.text(0, -0.12, "lowest", color=learn.COLOURS[2], ha="center", va="top")
    _left.set_ylim(-0.45, 3.4)
    _picture = _right.imshow(
        ends["bumps"],
        extent=bumps.box,
        origin="lower",
        cmap="viridis",
        interpolation="nearest",
        aspect="auto",
    )
    _figure.colorbar(_picture, ax=_right, label="loss at the end")
    _figure
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## 4. "ReLU cannot lose gradients"

    The slope of ReLU is 1 where its input is positive, however large it is: it does not saturate as a sigmoid does. Two experiments. The first sends a gradient back through twenty ReLU layers whose weights have the variance 1/fan-in, and then 2/fan-in, **He's** variance. The second trains three ReLU layers on digits for thirty steps, once with a small rate, and once with a large one.
    """)
    return


@app.cell(hide_code=True)
def _(SAID, learn):
    guess_relu = learn.guess("*ReLU cannot lose gradients.* You say:", SAID)
    guess_relu
    return (guess_relu,)


@app.cell(hide_code=True)
def _(digits, images, labels, math, mg, mo, partial):
    def left_of_relu(scale, depth=20):
        init = partial(mg.nn.init.normal, std=math.sqrt(scale / 64))
        net = mg.nn.MLP([64] * (depth + 1) + [10], "relu", init=init, rng=3)
        flow = mg.explain.flow(net, (images, labels), split=False)
        arrived = [row.at_input for row in flow if row.weights][1:]
        return [length / arrived[-1] for length in arrived]

    def dead_after(rate, steps=30):
        """The share of dead units in each layer, and the first one's gradient."""
        net = mg.nn.MLP([64, 64, 64, 64, 10], "relu", rng=0)
        rule = mg.optim.SGD(net.parameters(), lr=rate)
        for step in range(steps):
            batch = slice(50 * step, 50 * step + 50)
            rule.zero_grad()
            mg.nn.cross_entropy(net(digits.x[batch]), digits.y[batch]).backward()
            rule.step()
        flow = mg.explain.flow(net, (digits.x, digits.y), split=False)
        return [row.dead for row in flow[1:6:2]], flow[0].of_weights

    plain, he = left_of_relu(1), left_of_relu(2)
    dead_small, grad_small = dead_after(0.1)
    dead_large, grad_large = dead_after(2.0)

    mo.show_code()
    return dead_large, dead_small, grad_large, grad_small, he, plain


@app.cell(hide_code=True)
def _(dead_large, grad_large, guess_relu, he, learn, plain):
    _revealed = learn.reveal(
        guess_relu,
        "false",
        f"With the variance 1/fan-in, {plain[0]:.4f} of the gradient comes through twenty layers; with He's it is {he[0]:.2f}. And after thirty steps with rate 2, {dead_large[-1]:.0%} of the third layer's units are **dead**: they give 0 for every digit, and the gradient of the first layer's weights is {grad_large:g}. Exactly.",
    )
    said_4 = (
        "ReLU cannot lose gradients",
        "false",
        f"{plain[0]:.4f} left after twenty layers without He's variance ({he[0]:.2f} with it); {dead_large[-1]:.0%} of a layer dead after a rate of 2, gradient {grad_large:g}",
        "7 and 8",
    )
    _revealed
    return (said_4,)


@app.cell(hide_code=True)
def _(GREY, dead_large, dead_small, he, learn, mo, np, plain, said_4):
    _ = said_4
    _figure, (_left, _right) = learn.axes(
        ["What is left of the gradient", "Dead units after thirty steps"],
        ["layer (1 is next to the image)", "hidden layer"],
        ["length, where layer 20 has 1", "share of the units"],
        columns=2,
        height=3.0,
    )
    _at = range(1, 21)
    for _share, _name, _place in (
        (he, "He: 2/fan-in", (2, 0.4)),
        (plain, "1/fan-in", (11, 0.012)),
    ):
        (_line,) = _left.plot(_at, _share)
        _left.text(*_place, _name, color=_line.get_color(), va="top")
    _left.axhline(1, color=GREY, lw=1, ls=(0, (4, 4)))
    _left.set(yscale="log", xticks=[1, 5, 10, 15, 20], ylim=(4e-4, 3))
    _where = np.arange(1, 4)
    _right.bar(_where - 0.2, dead_small, width=0.38, label="rate 0.1")
    _right.bar(_where + 0.2, dead_large, width=0.38, label="rate 2")
    _right.set(xticks=_where, ylim=(0, 1.25))
    _right.legend(loc="upper left", frameon=False, ncols=2)
    mo.vstack(
        [
            _figure,
            mo.md(
                "The slope of ReLU is 1 *or 0*. About half of the units pass nothing back, and only He's factor 2 makes up for it; a unit that was pushed under zero for every input gets no gradient that could bring it back. What is true of the sentence: a unit that is alive does not saturate."
            ),
        ]
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## 5. "Adam's update does not depend on the gradient's scale"

    Adam divides a mean of the gradients by the root of a mean of their squares, and adds a small number `eps` to the root, $10^{-8}$ unless you say otherwise. On its first step the means are the gradient itself, and the step is

    $$\text{rate} \cdot \frac{g}{|g| + \text{eps}}.$$

    The experiment: the ravine of lesson 9, and the same ravine with its height multiplied by some factor. Fifty steps of Adam on each. Do the paths differ?
    """)
    return


@app.cell(hide_code=True)
def _(SAID, learn):
    guess_adam = learn.guess(
        "*Adam's update does not depend on the gradient's scale.* You say:", SAID
    )
    guess_adam
    return (guess_adam,)


@app.cell(hide_code=True)
def _(mg, mo, np):
    ravine = mg.descent.SURFACES["ravine"]

    def path(factor, steps=50):
        """Where Adam was, on the ravine with its height multiplied."""

        def scaled(x, y):
            return factor * ravine.f(x, y)

        race = mg.descent.race(scaled, "adam:0.1", ravine.start, steps)
        return race["adam:0.1"].points

    factors = [1e3, 1e-3, 1e-8, 1e-10]
    apart = {f: float(np.abs(path(f) - path(1)).max()) for f in factors}

    mo.show_code()
    return apart, path, ravine


@app.cell(hide_code=True)
def _(apart, guess_adam, learn):
    _revealed = learn.reveal(
        guess_adam,
        "true on a condition",
        f"A thousand times the height moves the path by {apart[1e3]:.0e} at most, a thousandth of it by {apart[1e-3]:.0e}. With the factor $10^{{-8}}$ the paths are {apart[1e-8]:.2f} apart, with $10^{{-10}}$ {apart[1e-10]:.1f}. The condition: gradients have to be much larger than `eps`.",
    )
    said_5 = (
        "Adam's update does not depend on the gradient's scale",
        "true on a condition",
        f"paths apart by {apart[1e3]:.0e} for gradients times 1000, by {apart[1e-10]:.1f} for gradients times $10^{{-10}}$, where `eps` counts",
        "9",
    )
    _revealed
    return (said_5,)


@app.cell(hide_code=True)
def _(mo, said_5):
    _ = said_5
    zeros = mo.ui.slider(
        -12,
        3,
        1,
        value=0,
        label="Multiply the height by 10 to the power of",
        show_value=True,
        full_width=True,
    )
    mo.vstack([mo.md("Move the slider to the left: from where on does the scale count?"), zeros])
    return (zeros,)


@app.cell(hide_code=True)
def _(GREY, learn, np, path, ravine, zeros):
    def draw_path(power):
        figure, ax = learn.axes(
            f"Fifty steps of Adam on the ravine, its height times $10^{{{power}}}$",
            "x",
            "y",
            height=3.0,
        )
        x, y = np.meshgrid(np.linspace(-10, 1, 111), np.linspace(-2.6, 2.6, 53))
        ax.contour(
            x, y, ravine.f(x, y), levels=[1, 5, 15, 30, 50, 90], colors="#d5d8dc", linewidths=1
        )
        one, other = path(1), path(10.0**power)
        ax.plot(*one.T, color=GREY, lw=5, alpha=0.45, label="as it is")
        ax.plot(*other.T, "o-", color=learn.COLOURS[1], ms=3, lw=1.2, label="multiplied")
        ax.plot(0, 0, "x", color=GREY)
        ax.set(xlim=(-10, 1), ylim=(-2.6, 2.6))
        ax.legend(loc="lower left", frameon=False)
        return figure

    draw_path(zeros.value)
    return (draw_path,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## 6. "Adagrad's rate shrinks until learning stops"

    Adagrad divides its learning rate by the root of the sum of all squared gradients so far. The experiment walks down a slope that is 1 everywhere, so that there is always further to go. Once the slope is even; and once the very first gradient was 1000, as a single bad example may cause. RMSprop, which forgets old squares, walks beside it.
    """)
    return


@app.cell(hide_code=True)
def _(SAID, learn):
    guess_adagrad = learn.guess("*Adagrad's rate shrinks until learning stops.* You say:", SAID)
    guess_adagrad
    return (guess_adagrad,)


@app.cell(hide_code=True)
def _(mg, mo, np):
    def strides(rule, first, steps=1000, **options):
        """How long each step is; all gradients but the first are 1."""
        w = mg.tensor(0.0, requires_grad=True)
        optimizer, places = rule([w], **options), [0.0]
        for step in range(steps):
            w.grad = first if step == 0 else 1.0
            optimizer.step()
            places.append(w.item())
        return -np.diff(places)

    even = strides(mg.optim.Adagrad, 1.0, lr=1.0)
    spiked = strides(mg.optim.Adagrad, 1000.0, lr=1.0)
    forgetful = strides(mg.optim.RMSprop, 1000.0, lr=0.1)

    mo.show_code()
    return even, forgetful, spiked


@app.cell(hide_code=True)
def _(even, guess_adagrad, learn, spiked):
    _revealed = learn.reveal(
        guess_adagrad,
        "true on a condition",
        f"That it shrinks is true: it never grows again. On the even slope step 1000 is {even[-1]:.4f} long, which is 1/√1000. But such steps add up without end: steps 2 to 250 went {even[1:250].sum():.1f} far, steps 2 to 1000 {even[1:].sum():.1f}, and $n$ steps go about $2\\sqrt n$. After one gradient of 1000, the same steps went {spiked[1:].sum():.2f}: there, learning has as good as stopped. The condition is a large gradient early on.",
    )
    said_6 = (
        "Adagrad's rate shrinks until learning stops",
        "true on a condition",
        f"steps 2 to 1000 go {even[1:].sum():.1f} far on an even slope, {spiked[1:].sum():.2f} after one gradient of 1000",
        "9",
    )
    _revealed
    return (said_6,)


@app.cell(hide_code=True)
def _(even, forgetful, learn, said_6, spiked):
    _ = said_6
    _figure, _ax = learn.axes(
        "Length of each step on a slope of 1",
        "step",
        "length of the step",
        height=3.3,
    )
    _at = range(2, 1001)
    for _length, _name in (
        (even, "Adagrad, even slope"),
        (spiked, "Adagrad, after a gradient of 1000"),
        (forgetful, "RMSprop, after a gradient of 1000"),
    ):
        _ax.plot(_at, _length[1:], label=_name)
    _ax.set(xscale="log", yscale="log", ylim=(3e-4, 2))
    _ax.legend(loc="center left", frameon=False)
    _figure
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## 7. "A larger partial derivative deserves a larger step"

    Plain descent acts on this sentence: along each axis, the step is the rate times the partial derivative. So compare, at one place, the partial derivatives with the way that is really to be gone: from $(-9, 2)$, where the race of lesson 9 starts, to the minimum at $(0, 0)$. Then measure the height in the same way, but the second axis in another unit, $v = \sqrt{50}\,y$. The ravine $(x^2 + 50y^2)/2$ becomes the round bowl $(x^2 + v^2)/2$.
    """)
    return


@app.cell(hide_code=True)
def _(SAID, learn):
    guess_larger = learn.guess(
        "*A larger partial derivative deserves a larger step.* You say:", SAID
    )
    guess_larger
    return (guess_larger,)


@app.cell(hide_code=True)
def _(math, mg, mo, ravine):
    start = (-9.0, 2.0)
    round_bowl = mg.descent.SURFACES["bowl"]
    round_start = (-9.0, math.sqrt(50) * 2.0)
    # For each the best constant rate: 2 / (smallest + largest curvature)
    narrow = mg.descent.race(ravine, "sgd", start, 150, lr=2 / (1 + 50))
    even_axes = mg.descent.race(round_bowl, "sgd", round_start, 150, lr=1.0)

    slopes = narrow["sgd"].gradients[0]
    needed = {
        "ravine": narrow["sgd"].reached(narrow.goal),
        "bowl": even_axes["sgd"].reached(even_axes.goal),
    }

    mo.show_code()
    return even_axes, narrow, needed, round_bowl, slopes, start


@app.cell(hide_code=True)
def _(guess_larger, learn, needed, slopes, start):
    _along, _across = abs(slopes)
    too_far = (_across / _along) / (abs(start[1]) / abs(start[0]))
    _revealed = learn.reveal(
        guess_larger,
        "true on a condition",
        f"In the ravine the partial derivatives have sizes {_along:g} and {_across:g}; the ways to go are {-start[0]:g} and {start[1]:g}. Across, the derivative is {_across / _along:.0f} times as large, and the step has to be {start[0] / -start[1]:.1f} times *smaller*: together wrong by a factor of {too_far:.0f}, which is the ratio of the curvatures. In the bowl each derivative is exactly the way to go. The condition: the axes have to be scaled alike. Steps needed, at the best rate: {needed['ravine']} and {needed['bowl']}.",
    )
    said_7 = (
        "A larger partial derivative deserves a larger step",
        "true on a condition",
        f"{needed['ravine']} steps where the axes are scaled badly, {needed['bowl']} where they are scaled alike",
        "9",
    )
    _revealed
    return said_7, too_far


@app.cell(hide_code=True)
def _(GREY, even_axes, learn, mo, narrow, np, ravine, round_bowl, said_7):
    _ = said_7
    _figure, _charts = learn.axes(
        ["The ravine: y in its own unit", "The same place: v = √50 · y"],
        "x",
        ["y", "v"],
        columns=2,
        height=3.2,
    )
    for _ax, _surface, _run, _box, _long in (
        (_charts[0], ravine, narrow["sgd"], (-11, 4, -6.5, 6.5), 6),
        (_charts[1], round_bowl, even_axes["sgd"], (-21, 15, -14, 17), 12),
    ):
        _x, _y = np.meshgrid(np.linspace(*_box[:2], 121), np.linspace(*_box[2:], 121))
        _levels = [5, 20, 50, 100, 140]
        _ax.contour(_x, _y, _surface.f(_x, _y), _levels, colors="#d5d8dc", linewidths=1)
        _start, _slope = _run.points[0], _run.gradients[0]
        _tip = _start - _long * _slope / np.linalg.norm(_slope)
        _ax.plot(*_run.points.T, color=GREY, lw=1)
        _ax.annotate(
            "", _tip, _start, arrowprops={"arrowstyle": "-|>", "color": learn.COLOURS[1], "lw": 2}
        )
        _ax.plot(*_start, "o", color=learn.COLOURS[1])
        _ax.plot(0, 0, "x", color=learn.COLOURS[0], ms=8, mew=2)
        _ax.set(xlim=_box[:2], ylim=_box[2:], aspect="equal")
    mo.vstack(
        [
            _figure,
            mo.md(
                "Orange is the direction that the partial derivatives tell, grey the way that descent takes, the cross is the minimum. A partial derivative has the unit *loss per y*, a step has the unit *y*: change the unit, and one grows as the other shrinks. A rate for each weight (lesson 9) or inputs that are scaled alike repair this, as long as the axes of the ravine are those of the weights."
            ),
        ]
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## 8. "Stochastic gradients help to leave saddle points"

    A **stochastic** gradient is that of some examples instead of all. Here the loss of an example is the saddle of lesson 9, $x^2/2 - y^2/2 + y^4/4$, plus a pull of its own: half of the examples add $0.1\,y$, the other half take it away. Over all examples the pulls cancel. Everyone starts on the ridge, $y = 0$, where the full gradient leads straight to the saddle point. Two hundred walkers see one example a step, chosen at random.
    """)
    return


@app.cell(hide_code=True)
def _(SAID, learn):
    guess_noise = learn.guess("*Stochastic gradients help to leave saddle points.* You say:", SAID)
    guess_noise
    return (guess_noise,)


@app.cell(hide_code=True)
def _(mg, mo, np):
    saddle = mg.descent.SURFACES["saddle"]

    def walk(starts, pull, steps=150):
        """How far every walker is from the ridge, after each step."""
        rng = np.random.default_rng(0)
        start = np.stack([np.full(len(starts), -1.8), starts])
        places = mg.tensor(start, requires_grad=True)
        rule, away = mg.optim.SGD([places], lr=0.1), [np.abs(start[1])]
        for _ in range(steps):
            pulls = rng.choice([-pull, pull], size=len(starts))
            rule.zero_grad()
            (saddle.at(places) + pulls * places[1]).sum().backward()
            rule.step()
            away.append(np.abs(places.numpy()[1]))
        return np.array(away)

    full = walk(np.array([0.0, 1e-3, 1e-6]), pull=0.0)
    stochastic = walk(np.zeros(200), pull=0.1)

    mo.show_code()
    return full, stochastic


@app.cell(hide_code=True)
def _(full, guess_noise, learn, np, stochastic):
    def steps_to_leave(away):
        """The step after which each walker is first 0.5 from the ridge; None for who is not."""
        gone = away > 0.5
        return [int(walker.argmax()) if walker.any() else None for walker in gone.T]

    left_full, left_noisy = steps_to_leave(full), steps_to_leave(stochastic)
    got_away = sum(_step is not None for _step in left_noisy)
    typical = float(np.median([_step for _step in left_noisy if _step is not None]))
    _revealed = learn.reveal(
        guess_noise,
        "true",
        f"With the full gradient the walker on the ridge is still exactly on it after {len(full) - 1} steps, its distance is {full[-1, 0]:g}. With one example a step, {got_away} of {len(left_noisy)} have left, half of them within {typical:.0f} steps. Who starts beside the ridge leaves without noise, too, later the closer it is: after {left_full[1]} steps from 0.001, after {left_full[2]} from 0.000001.",
    )
    said_8 = (
        "Stochastic gradients help to leave saddle points",
        "true",
        f"{got_away} of {len(left_noisy)} leave the ridge within 150 steps with one example a step, none with the full gradient",
        "9",
    )
    _revealed
    return got_away, left_full, left_noisy, said_8, typical


@app.cell(hide_code=True)
def _(full, learn, mo, said_8, stochastic):
    _ = said_8
    _figure, _ax = learn.axes(
        "How far from the ridge", "step", "distance from the ridge, |y|", height=3.2
    )
    _ax.plot(stochastic[:, :25], color=learn.COLOURS[0], lw=0.8, alpha=0.5)
    _ax.plot([], [], color=learn.COLOURS[0], label="one example a step: 25 of the 200")
    for _start, _colour, _name in (
        (1, learn.COLOURS[2], "0.001"),
        (2, learn.COLOURS[3], "0.000001"),
    ):
        _ax.plot(full[:, _start], color=_colour, label=f"full gradient, from {_name} beside it")
    _ax.plot(full[:, 0], color=learn.COLOURS[1], lw=3, label="full gradient, on the ridge")
    _ax.set(ylim=(-0.04, 1.7))
    _ax.legend(loc="upper left", frameon=False, ncols=2)
    mo.vstack(
        [
            _figure,
            mo.md(
                "Who sits exactly on the ridge needs a push, and one example is push enough. Beside it, the push only saves time. Does every noise push in the right direction? That is exercise 2."
            ),
        ]
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## The eight sentences

    The table appears here when all eight guesses are sent.
    """)
    return


@app.cell(hide_code=True)
def _(
    guess_adagrad,
    guess_adam,
    guess_clipping,
    guess_global,
    guess_larger,
    guess_noise,
    guess_norm,
    guess_relu,
    learn,
    mo,
    said_1,
    said_2,
    said_3,
    said_4,
    said_5,
    said_6,
    said_7,
    said_8,
):
    verdicts = [said_1, said_2, said_3, said_4, said_5, said_6, said_7, said_8]
    _guesses = [
        guess_clipping,
        guess_norm,
        guess_global,
        guess_relu,
        guess_adam,
        guess_adagrad,
        guess_larger,
        guess_noise,
    ]
    _pairs = list(zip(_guesses, verdicts, strict=True))
    agreed = sum(_guess.value == _verdict[1] for _guess, _verdict in _pairs)
    _rows = "\n".join(
        f"| {_said} | **{_verdict}** | {_guess.value or ''} | {_number} | {_lesson} |"
        for _guess, (_said, _verdict, _number, _lesson) in _pairs
    )
    learn.say("The table: " + ", ".join(f"{k} {v[1]}" for k, v in enumerate(verdicts, 1)) + ".")
    mo.md(f"""
| statement | verdict | you said | the number that decides | met in lesson |
|:--|:--|:--|:--|:--|
{_rows}

You and the experiments agree on {agreed} of {len(verdicts)}. Each verdict holds for the experiment that was shown; another one may decide otherwise, and then there is something to be learned.
""")
    return agreed, verdicts


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## What to remember

    A sentence about training becomes worth something when it says what would have to be measured for it to be wrong. Many common ones are true on a condition that they do not name, and the condition is the part to know. A small experiment, seeded and looked at, settles more than many authorities do.

    ## Exercises

    **1.** With Adam, a weight's first gradient is $2 \cdot 10^{-8}$; `eps` is $10^{-8}$, and the rate is 0.1.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_step = learn.number("The length of Adam's first step for this weight is")
    answer_step
    return (answer_step,)


@app.cell(hide_code=True)
def _(answer_step, learn):
    def check_step(answer):
        wrongs = {
            0.1: "That would be without `eps`; here it is half as large as the gradient, and stands under the fraction, too.",
            0.2: "That is the rate times gradient over eps; the denominator is their sum.",
            2e-9: "That is the rate times the gradient: the step of plain descent.",
            0.05: "That is for a gradient as large as `eps`; this one is twice as large.",
            0.1 / 3: "That has `eps` above the fraction's bar; the gradient stands there.",
            2 / 3: "That is the fraction; the rate is still to be multiplied.",
        }
        if answer < 0:
            return learn.wrong("A length is asked for; it has no sign.")
        if abs(answer / (0.2 / 3) - 1) < 0.02:
            return learn.right("Two thirds of the rate: 0.1 · 2 / (2 + 1). Here the scale counts.")
        for value, said in wrongs.items():
            if abs(answer / value - 1) < 0.02:
                return learn.wrong(said)
        return learn.wrong(
            "Put the three numbers into the formula of statement 5; all powers of ten but the rate cancel."
        )

    learn.check(answer_step, check_step)
    return (check_step,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    **2.** All hidden units of a network start with the same weights, incoming and outgoing. They are on a ridge, too: to go down beside it, they would have to become different. The network is trained on two moons for 500 steps, with mini-batches of 16 examples chosen at random.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_equal = learn.choice(
        "What becomes of the units?",
        [
            "They become different, as the mini-batches are random.",
            "They become different, if only the rate is large enough.",
            "They stay where they began, as the gradient is zero.",
            "They change, and stay equal to one another.",
        ],
    )
    answer_equal
    return (answer_equal,)


@app.cell(hide_code=True)
def _(mg, np):
    def train_equals(lr=0.1, steps=500):
        """The first layer's weights, before and after, of a network whose units begin equal."""
        moons, rng = mg.data.load("moons"), np.random.default_rng(0)

        def equal(shape, rng=None, dtype=float):
            return np.full(shape, 0.5, dtype)

        net = mg.nn.MLP([2, 8, 1], "tanh", init=equal)
        before = net.layers[0].weight.numpy().copy()
        rule = mg.optim.SGD(net.parameters(), lr=lr)
        for _ in range(steps):
            batch = rng.integers(len(moons.x), size=16)
            rule.zero_grad()
            scores = net(moons.x[batch])
            mg.nn.binary_cross_entropy_with_logits(scores[:, 0], moons.y[batch]).backward()
            rule.step()
        return before, net.layers[0].weight.numpy()

    return (train_equals,)


@app.cell(hide_code=True)
def _(answer_equal, learn, np, train_equals):
    def check_equal(answer):
        before, after = train_equals()
        moved = np.abs(after - before).max()
        apart = np.ptp(after, axis=0).max()
        if answer.startswith("They change"):
            return learn.right(
                f"Measured: the weights moved by up to {moved:.2f}, and the eight units are {apart:.0e} apart. Whatever the batch, equal units get equal gradients: this noise never points out of the saddle. Random first weights do."
            )
        if answer.startswith("They stay where"):
            return learn.wrong(
                f"The gradient is zero only in the directions that would tell the units apart; measured, the weights move by up to {moved:.2f}."
            )
        if "rate" in answer:
            _, fast = train_equals(lr=1.0)
            return learn.wrong(
                f"A larger rate makes the same steps longer. Measured with a rate ten times as large: the units are {np.ptp(fast, axis=0).max():.0e} apart."
            )
        return learn.wrong(
            "The batches are random, but every unit sees the same one. Of two units with equal weights, in and out: what can tell their gradients apart?"
        )

    learn.check(answer_equal, check_equal)
    return (check_equal,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    **3.** Write clipping by norm yourself. `gradients` is a list of arrays; return a list of arrays. Together they have a length, the root of the sum of all squares; if it is longer than `limit`, all are shortened by one factor, so that it is `limit` afterwards.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_clip = learn.code(
        "def clip(gradients, limit):\n"
        "    length = ...\n"
        "    factor = ...\n"
        "    return [factor * g for g in gradients]"
    )
    answer_clip
    return (answer_clip,)


@app.cell(hide_code=True)
def _(answer_clip, learn, math, np):
    given = [np.array([3.0, 0.0]), np.array([[4.0], [12.0]])]  # the length of both together is 13
    mistakes = {
        "With the limit 6.5, a length of 13 is still 13 afterwards.": [1, 1],
        "You shorten each array by a factor of its own. That turns the direction; one factor is asked for, from the length of all together.": [
            1,
            6.5 / math.sqrt(160),
        ],
        "That is clipping by value: it cuts numbers, not the length.": [1, [[1], [6.5 / 12]]],
        "You divide by the sum of squares; the length is its root.": [6.5 / 169] * 2,
        "You add the lengths of the arrays; what is added is their squares, and the root is taken at the end.": [
            6.5 / (3 + math.sqrt(160))
        ]
        * 2,
        "Upside down: the factor is limit over length.": [2, 2],
    }

    @learn.reads_code("clip")
    def check_clip(clip):
        def is_scaled(clipped, factors):
            wanted = [np.multiply(f, g) for f, g in zip(factors, given, strict=True)]
            return all(np.allclose(g, w, atol=1e-4) for g, w in zip(clipped, wanted, strict=True))

        long, short = (clip([g.copy() for g in given], limit) for limit in (6.5, 26.0))
        if not isinstance(long, list) or list(map(np.shape, long)) != [(2,), (2, 1)]:
            return learn.wrong(
                "A list is asked for, with an array for each one given, and of the same shape."
            )
        if is_scaled(long, [0.5, 0.5]):
            if is_scaled(short, [1, 1]):
                return learn.right(
                    "Under the limit of 6.5 a length of 13 is halved, in the same direction; under the limit of 26 nothing changes. Clipping never lengthens."
                )
            return learn.wrong(
                "Long gradients become right. But with the limit 26 a length of 13 does not stay as it is: what is within the limit must not change."
            )
        said = [words for words, factors in mistakes.items() if is_scaled(long, factors)]
        total = math.sqrt(sum(float((g**2).sum()) for g in long))
        return learn.wrong(
            said[0] if said else f"With the limit 6.5, a length of 13 is {total:.3g} afterwards."
        )

    learn.check(answer_clip, check_clip)
    return (check_clip,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Sources

    - Razvan Pascanu, Tomas Mikolov and Yoshua Bengio, [*On the difficulty of training recurrent neural networks*](https://arxiv.org/abs/1211.5063), 2013: clipping by norm; a norm above 1 as necessary for an explosion, and above 4 for sigmoids (statements 1 and 2).
    - Andreas Griewank, [*Generalized descent for global optimization*](https://doi.org/10.1007/BF00933356), 1981: dents in a bowl (3).
    - Kaiming He and others, [*Delving deep into rectifiers*](https://arxiv.org/abs/1502.01852), 2015, and Lu Lu and others, [*Dying ReLU and initialization*](https://arxiv.org/abs/1903.06733), 2020 (4).
    - Diederik Kingma and Jimmy Ba, [*Adam*](https://arxiv.org/abs/1412.6980), 2015 (5).
    - John Duchi, Elad Hazan and Yoram Singer, [*Adaptive subgradient methods*](https://jmlr.org/papers/v12/duchi11a.html), 2011; Matthew Zeiler, [*ADADELTA*](https://arxiv.org/abs/1212.5701), 2012, who says that its rate becomes too small (6).
    - Yann LeCun, Léon Bottou, Genevieve Orr and Klaus-Robert Müller, [*Efficient BackProp*](http://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf), 1998: curvature, and why inputs are scaled (7).
    - Rong Ge and others, [*Escaping from saddle points*](https://arxiv.org/abs/1503.02101), 2015 (8).

    ## The end, and a beginning

    This was the last lesson. Every sentence above became a dozen lines of code; yours can, too. `microgd reproduce` lists published numbers that are measured in the same way, and `mg.explain` works on your own network as it did on these.
    """)
    return


if __name__ == "__main__":
    app.run()
