"""Where gradients go

How much of the gradient reaches the first layer, what takes the rest, and how theory knew.

Time: 20 minutes.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="7. Where gradients go")


@app.cell(hide_code=True)
def _():
    import math
    from functools import partial

    import marimo as mo
    import numpy as np

    import microgd as mg
    from microgd import learn

    return learn, math, mg, mo, np, partial


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 7. Where gradients go

    A network of ten hidden layers looks at a handwritten digit and takes it for another. The **loss** sees this, and on the way back it tells the last layer quite clearly what to change. The last layer passes the message on to the one before, and that one to the one before it.

    **How much of the message is left when it comes to the first layer? And what took the rest?**
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    Here is the network: images of 64 pixels, ten hidden layers of 64 neurons, ten digits to choose from. Nothing is trained yet; the weights are as they are drawn. `scale` says how large they are: it is the variance of a weight, times the 64 inputs of a neuron.
    """)
    return


@app.cell(hide_code=True)
def _(math, mg, mo, partial):
    digits = mg.data.load("digits")
    images, labels = digits.x[:100], digits.y[:100]

    def network(activation, scale=1.0, depth=10):
        sizes = [64] * (depth + 1) + [10]
        init = partial(mg.nn.init.normal, std=math.sqrt(scale / 64))
        return mg.nn.MLP(sizes, activation, init=init, rng=3)

    mo.show_code()
    return images, labels, network


@app.cell(hide_code=True)
def _(learn):
    guess_left = learn.guess(
        "**Predict first.** The activation is the sigmoid, the weights have `scale` 1. The gradient that arrives at the tenth hidden layer has some length. Of this length, what is left at the first hidden layer?",
        ["about a tenth", "about a thousandth", "less than a hundred-thousandth"],
    )
    guess_left
    return (guess_left,)


@app.cell(hide_code=True)
def _(images, labels, mg, network):
    def left(flow):
        """What is left of the gradient's length at each hidden layer; 1 at the last of them."""
        lengths = [row.at_output for row in flow[1::2]]
        return [length / lengths[-1] for length in lengths]

    sigmoid_flow = mg.explain.flow(network("sigmoid"), (images, labels))
    sigmoid_left = left(sigmoid_flow)
    return left, sigmoid_flow, sigmoid_left


@app.cell(hide_code=True)
def _(guess_left, learn, sigmoid_left):
    _revealed = learn.reveal(
        guess_left,
        "less than a hundred-thousandth",
        f"Measured on 100 digits: {sigmoid_left[0]:.1e} of it is left, one part in {1 / sigmoid_left[0]:,.0f}.",
    )
    bars = sigmoid_left
    _revealed
    return (bars,)


@app.cell(hide_code=True)
def _(bars, learn):
    _figure, _ax = learn.axes(
        "Ten sigmoid layers: the gradient's length on its way back",
        "hidden layer (1 is next to the image)",
        "length, where layer 10 has 1",
    )
    _ax.bar(range(1, 11), bars, width=0.7)
    _ax.set(yscale="log", xticks=range(1, 11))
    _figure
    return


@app.cell(hide_code=True)
def _(bars, mo):
    mo.md(f"""
Mind the scale: from one number to the next it is a factor of ten. The bars fall like stairs, each by nearly the same factor: nine stairs from {bars[-1]:.0f} to {bars[0]:.0e}. Lengths here are Euclidean, over all neurons and all 100 images.
""")
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    When so little arrives that a layer hardly learns, people speak of a **vanishing gradient**; when it grows without measure, of an **exploding** one. What matters is the factor of one layer, its **gain**: the gradient's length at the layer's input, divided by that at its output. Many gains are multiplied, so it counts whether a gain lies a little under 1 or a little over.

    ## One neuron in each layer

    To see what a gain is made of, let every layer be a single neuron. Four of them in a row:
    """)
    return


@app.cell(hide_code=True)
def _(mg, mo):
    signals, weights = [mg.tensor(1.0, name="x")], []
    for _name in ("w1", "w2", "w3", "w4"):
        weights.append(mg.tensor(1.0, requires_grad=True, name=_name))
        signals.append(mg.sigmoid(weights[-1] * signals[-1]))
    loss = (signals[-1] - 1) ** 2
    chain = mg.explain.backprop(loss)

    mo.show_code(chain, position="above")
    return chain, signals, weights


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    Step through it, from the loss towards `w1`. Each time the gradient goes back through a neuron, it is multiplied twice: at the **sigmoid** by its slope at this place, at the **product** by the weight. So the gain of a neuron is

    $$\text{gain} \;=\; \underbrace{|w|}_{\text{weight part}} \times \underbrace{\sigma'(z)}_{\text{activation part}}, \qquad \sigma'(z) = h\,(1 - h), \quad h = \sigma(z).$$
    """)
    return


@app.cell(hide_code=True)
def _(bars, chain, learn, mo, signals, weights):
    bars
    chain_slopes = [float(h.data * (1 - h.data)) for h in signals[1:]]
    chain_gradients = [abs(float(chain.gradient(h))) for h in signals[1:]]
    chain_gains = [abs(w.item()) * slope for w, slope in zip(weights, chain_slopes, strict=True)]
    _rows = "\n".join(
        f"| {i + 1} | {chain_gradients[i]:.5f} | {weights[i].item():.2f} | {chain_slopes[i]:.3f} | {chain_gains[i]:.3f} |"
        for i in reversed(range(4))
    )
    learn.say(
        "Four neurons, gradient at each output, last first: "
        + ", ".join(f"{g:.5f}" for g in reversed(chain_gradients))
    )
    mo.md(f"""
| neuron | gradient at its output | weight part | times activation part | = gain |
|---|---|---|---|---|
{_rows}

Each row's gradient is that of the row above, times the gain of the row above. Every weight is 1 and takes nothing. It is the slope that takes three quarters and more, each time.
""")
    return chain_gains, chain_gradients, chain_slopes


@app.cell(hide_code=True)
def _(bars, learn, mg, mo, np):
    bars
    z = np.linspace(-6, 6, 241)
    slopes = {}
    for _name in ("sigmoid", "tanh", "relu"):
        _z = mg.tensor(z, requires_grad=True)
        getattr(mg, _name)(_z).sum().backward()
        slopes[_name] = _z.grad
    _figure, _ax = learn.axes("The slope of three activations", "z", "slope")
    _labels = [
        (2.3, 0.14, "sigmoid: 0.25 at most"),
        (1.3, 0.36, "tanh: 1 at most"),
        (1.3, 0.92, "ReLU: 0 or 1"),
    ]
    for _slope, _label in zip(slopes.values(), _labels, strict=True):
        (_line,) = _ax.plot(z, _slope)
        _ax.text(*_label, color=_line.get_color())
    _ax.set_ylim(-0.03, 1.08)
    mo.vstack(
        [
            mo.md(
                "The slope of a sigmoid is nowhere more than a quarter. Far out it is nearly 0: there the neuron is **saturated**. Two other activations are kinder."
            ),
            _figure,
        ]
    )
    return (slopes,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## A whole layer

    In a layer of 64 neurons the gradient is a vector, and its length takes the place of the number. On its way back the vector $g$ is first multiplied by the slopes, which gives $\delta = \phi'(z)\, g$, and then by the weights, which gives $W^{\mathsf T} \delta$. So the gain again falls exactly into two parts:

    $$\frac{|W^{\mathsf T}\delta|}{|g|} \;=\; \underbrace{\frac{|W^{\mathsf T}\delta|}{|\delta|}}_{\text{weight part}} \times \underbrace{\frac{|\delta|}{|g|}}_{\text{activation part}}$$

    `mg.explain.flow(model, batch)` measures both for every layer. Now keep **every weight as it is**, and put ReLU in the place of the sigmoid.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_part = learn.guess(
        "**Predict.** With ReLU on the same weights, what becomes different?",
        ["mostly the weight part", "mostly the activation part", "both, about equally"],
    )
    guess_part
    return (guess_part,)


@app.cell(hide_code=True)
def _(images, labels, left, mg, network, np):
    both = mg.explain.compare(
        {name: network(name) for name in ("sigmoid", "relu")}, (images, labels)
    )
    relu_left = left(both.flows["relu"])

    def mean_part(flow, part):
        """The geometric mean of a part over the layers between hidden ones."""
        return float(np.exp(np.mean([np.log(getattr(layer, part)) for layer in flow.layers[1:-1]])))

    parts = {
        name: {part: mean_part(flow, f"{part}_part") for part in ("weight", "activation")}
        for name, flow in both.flows.items()
    }
    return both, parts, relu_left


@app.cell(hide_code=True)
def _(both, guess_part, learn, parts, relu_left):
    _revealed = learn.reveal(
        guess_part,
        "mostly the activation part",
        f"In the mean over the layers the weight part goes from {parts['sigmoid']['weight']:.2f} to {parts['relu']['weight']:.2f}, the activation part from {parts['sigmoid']['activation']:.2f} to {parts['relu']['activation']:.2f}. At the first hidden layer {relu_left[0]:.3f} of the gradient is left.",
    )
    compared = both.flows
    _revealed
    return (compared,)


@app.cell(hide_code=True)
def _(compared, learn):
    _figure, _charts = learn.axes(
        ["sigmoid", "ReLU, on the same weights"],
        "hidden layer",
        ["factor", ""],
        columns=2,
    )
    for _ax, _flow in zip(_charts, compared.values(), strict=True):
        _hidden = _flow.layers[1:-1]
        _at = range(2, len(_hidden) + 2)
        _ax.plot(_at, [layer.weight_part for layer in _hidden], "s-", label="weight part")
        _ax.plot(_at, [layer.activation_part for layer in _hidden], "o-", label="activation part")
        _ax.plot(_at, [layer.gain for layer in _hidden], "D-", label="gain, their product")
        _ax.axhline(1, color="#767676", lw=1, ls=(0, (4, 4)))
        _ax.set(ylim=(0, 1.35), xticks=range(2, 11))
    _lines = _charts[0].get_legend_handles_labels()
    _figure.legend(*_lines, loc="outside lower center", ncols=3, frameon=False)
    _figure
    return


@app.cell(hide_code=True)
def _(compared, mo, parts):
    compared
    mo.md(f"""
The weight parts of the two networks hardly differ; the activation parts do. What ate the gradient was the slope of the sigmoid, {parts["sigmoid"]["activation"]:.2f} in the mean. ReLU's slope is 1 for about half of the neurons and 0 for the others, which leaves about $\\sqrt{{1/2}} \\approx 0.71$ of a length. That is far better, and still not 1.
""")
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## What theory predicts

    Nothing here was luck of the draw. In a wide layer with random weights each $z$ is a sum of many small terms, and so nearly normal. **Mean-field theory** makes use of that: it needs only the variance $q$ of $z$ and the scale $\sigma_w^2$ of the weights (fan-in times the variance of a weight; the **fan-in** is the number of a neuron's inputs), and says

    $$\text{gain} \;\approx\; \underbrace{\sigma_w}_{\text{weight part}} \times \underbrace{\sqrt{\mathbb E\,[\phi'(\sqrt q\,u)^2]}}_{\text{activation part}}, \qquad u \text{ standard normal.}$$

    For ReLU the average under the root is one half, whatever $q$ is.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_scale = learn.guess(
        "**Predict.** Which scale $\\sigma_w^2$ of the weights gives ReLU layers a gain of 1?",
        ["1", "1.41", "2", "4"],
    )
    guess_scale
    return (guess_scale,)


@app.cell(hide_code=True)
def _(images, labels, math, mg, network, np):
    scales = [0.5, 1, 2, 3, 4, 6, 8]

    def measured_gain(activation, scale):
        """The geometric mean of the gains of layers 8 to 18 of 20, far from both ends."""
        flow = mg.explain.flow(network(activation, scale, depth=20), (images, labels))
        return float(np.exp(np.mean([math.log(layer.gain) for layer in flow.layers[7:18]])))

    def predicted_gain(activation, scale):
        """What the theory says of a layer deep inside, where q has come to rest."""
        q = (
            1.0
            if activation == "relu"
            else mg.explain.meanfield.resting_variance(activation, scale)
        )
        return mg.explain.meanfield.gain(activation, scale, q)

    measured = {
        name: [measured_gain(name, scale) for scale in scales]
        for name in ("sigmoid", "tanh", "relu")
    }
    predicted = {name: [predicted_gain(name, scale) for scale in scales] for name in measured}
    return measured, predicted, predicted_gain, scales


@app.cell(hide_code=True)
def _(guess_scale, learn, measured, predicted, scales):
    _he = scales.index(2)
    _revealed = learn.reveal(
        guess_scale,
        "2",
        f"Theory: {predicted['relu'][_he]:.3f}. Measured deep inside a network of twenty layers: {measured['relu'][_he]:.3f}. With scale 1 it is {measured['relu'][scales.index(1)]:.3f}. A scale of 2 is the initialisation of He and others; lesson 8 goes on from there.",
    )
    dots = measured
    _revealed
    return (dots,)


@app.cell(hide_code=True)
def _(dots, learn, np, predicted_gain, scales):
    _figure, _ax = learn.axes(
        "Gain of a layer: lines are predicted, dots are measured",
        "scale of the weights: fan-in times variance",
        "gain",
        height=3.6,
    )
    _fine = np.linspace(0.3, 8, 40)
    for _name, _said in dots.items():
        _line = [predicted_gain(_name, scale) for scale in _fine]
        _colour = _ax.plot(_fine, _line)[0].get_color()
        _ax.plot(scales, _said, "o", color=_colour)
        _ax.text(8.2, _line[-1], _name.replace("relu", "ReLU"), color=_colour, va="center")
    _ax.axhline(1, color="#767676", lw=1, ls=(0, (4, 4)))
    _ax.set(xlim=(0, 9), ylim=(0, 2.2))
    _figure
    return


@app.cell(hide_code=True)
def _(dots, learn, mo, predicted):
    theory_error = max(
        abs(m / p - 1) for name in dots for m, p in zip(dots[name], predicted[name], strict=True)
    )
    learn.say(f"Theory and measurement differ by at most {theory_error:.1%}, over 21 networks.")
    mo.md(f"""
The prediction knows no image and none of the weights, only how they were drawn; and it is never more than {theory_error:.1%} off. The sigmoid stays under 1 for every scale shown here: larger weights saturate it, and of what the weight part gains, the activation part takes back the most.

""")
    return (theory_error,)


@app.cell(hide_code=True)
def _(bars, mo):
    bars
    mo.md(r"""
    ## Break it

    Make the network deeper, or its weights larger or smaller. Where does ReLU explode? For which scale does tanh keep the gradient over forty layers? Is there one that saves the sigmoid? Dashed is what the theory predicts, from the variance of the weights and that of $z$ in each layer.
    """)
    return


@app.cell(hide_code=True)
def _(bars, mo):
    bars
    depth = mo.ui.slider(
        2, 40, 1, value=10, label="Hidden layers", show_value=True, full_width=True
    )
    scale = mo.ui.slider(
        0.25, 6, 0.25, value=1, label="Scale of the weights", show_value=True, full_width=True
    )
    mo.vstack([depth, scale])
    return depth, scale


@app.cell(hide_code=True)
def _(images, labels, left, mg, network):
    def flows_at(scale, depth):
        """What is left at each layer, measured and predicted, for three activations."""
        found = {}
        for name in ("sigmoid", "tanh", "relu"):
            flow = mg.explain.flow(network(name, scale, depth), (images, labels))
            theory = [1.0]
            for layer in reversed(flow.layers[1:-1]):
                theory.insert(0, theory[0] * layer.predicted)
            found[name] = (left(flow), theory)
        return found

    return (flows_at,)


@app.cell(hide_code=True)
def _(depth, flows_at, learn, scale):
    shares = flows_at(scale.value, depth.value)
    _figure, _ax = learn.axes(
        f"What is left of the gradient: {depth.value} layers, weights of scale {scale.value:g}",
        "hidden layer (1 is next to the image)",
        "length, where the last layer has 1",
        height=3.8,
    )
    _at = range(1, depth.value + 1)
    for _name, (_measured, _theory) in shares.items():
        _label = f"{_name.replace('relu', 'ReLU')}: {_measured[0]:.2g} at layer 1"
        (_line,) = _ax.plot(_at, _measured, label=_label)
        _ax.plot(_at, _theory, "--", color=_line.get_color(), lw=1)
    _ax.axhline(1, color="#767676", lw=1, ls=(0, (4, 4)))
    _ax.set(yscale="log")
    _ax.locator_params("x", integer=True)
    _figure.legend(
        *_ax.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False
    )
    _figure
    return (shares,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## The same thing as a landscape: plateau and cliff

    Small and large factors have a shape. Seen from the weights, the loss is a landscape, and where the slope of a saturated unit multiplies everything, it is a **plateau**: nearly flat, however high above the minimum. Where many gains over 1 multiply each other, it is a **cliff**.

    On the right is the loss of one recurrent neuron, $h_t = w\,\sigma(h_{t-1}) + b$, that is run for 50 steps: fifty layers with the same weight.
    """)
    return


@app.cell(hide_code=True)
def _(learn, mg, np):
    def cut(name, along, across):
        """A surface and its slope along one line of it."""
        surface = mg.descent.SURFACES[name]
        line = mg.tensor(np.stack([along, np.full_like(along, across)]), requires_grad=True)
        height = surface.at(line)
        height.sum().backward()
        return height.numpy(), line.grad[0]

    plateau_x, cliff_w = np.linspace(-6, 6, 241), np.linspace(4, 6.5, 1001)
    plateau, plateau_slope = cut("plateau", plateau_x, 0.0)
    cliff, cliff_slope = cut("cliff", cliff_w, -2.2)
    _figure, _charts = learn.axes(
        ["A plateau: tanh((x² + y²)/6), at y = 0", "A cliff: 50 steps back in time, b = -2.2"],
        ["x", "w"],
        ["loss", ""],
        columns=2,
    )
    _charts[0].plot(plateau_x, plateau)
    _charts[0].annotate(
        f"slope {plateau_slope[0]:.0e}",
        (-5.8, 1.0),
        (-6.1, 0.5),
        color="#4a525c",
        arrowprops={"arrowstyle": "-", "color": "#b5b9be"},
    )
    _charts[1].plot(cliff_w, cliff)
    _wall = int(np.argmax(np.abs(cliff_slope)))
    _charts[1].annotate(
        f"slope {cliff_slope[_wall]:.0f}",
        (cliff_w[_wall], cliff[_wall]),
        (5.2, 0.19),
        color="#4a525c",
        arrowprops={"arrowstyle": "-", "color": "#b5b9be"},
    )
    _figure
    return cliff_slope, cliff_w, plateau_slope


@app.cell(hide_code=True)
def _(cliff_slope, cliff_w, mg, mo, np):
    def factors_at(w, b=-2.2, steps=50):
        """What multiplies the gradient at each step back in time: the weight times the slope."""
        h, factors = 0.5, []
        for _ in range(steps):
            squashed = mg.sigmoid(h)
            factors.append(w * squashed * (1 - squashed))
            h = w * squashed + b
        return np.array(factors)

    wall = float(cliff_w[np.abs(cliff_slope).argmax()])
    at_wall, far_right = factors_at(wall), factors_at(6.5)
    mo.md(f"""
At the wall, $w = {wall:.2f}$, a step back in time multiplies the gradient by weight times slope, on average by {np.exp(np.log(at_wall).mean()):.2f}. That is hardly more than 1, but fifty such factors make {at_wall.prod():.0f}. At the right end, $w = 6.5$, they are {np.exp(np.log(far_right).mean()):.2f} on average, and all fifty make {far_right.prod():.0e}.
""")
    return at_wall, factors_at, far_right, wall


@app.cell(hide_code=True)
def _(learn):
    guess_cliff = learn.guess(
        "**Predict.** Gradient descent walks down the right-hand landscape, with rate 0.5 and steps that are mostly shorter than a tenth. It comes to the wall. How long is its longest step, as a multiple of the step before?",
        ["about twice as long", "about twenty times as long", "about two hundred times as long"],
    )
    guess_cliff
    return (guess_cliff,)


@app.cell(hide_code=True)
def _(mg, np):
    race = mg.descent.race("cliff", "sgd")
    _run = race["sgd"]
    descent_losses = _run.losses
    strides = np.hypot(*np.diff(_run.points, axis=0).T)
    thrown = int(strides.argmax())
    return descent_losses, race, strides, thrown


@app.cell(hide_code=True)
def _(guess_cliff, learn, race, strides, thrown):
    _revealed = learn.reveal(
        guess_cliff,
        "about two hundred times as long",
        f"Step {thrown} is {strides[thrown - 1]:.3f} long, step {thrown + 1} is {strides[thrown]:.1f}: {strides[thrown] / strides[thrown - 1]:.0f} times as long. It leaves the picture and comes to lie on a plateau, where all further steps are shorter than {strides[thrown + 1 :].max():.0e}.",
    )
    cliff_race = race
    _revealed
    return (cliff_race,)


@app.cell(hide_code=True)
def _(cliff_race):
    cliff_race
    return


@app.cell(hide_code=True)
def _(cliff_race, descent_losses, mo):
    mo.md(f"""
Press play, and watch the numbers beside the picture: from wall to slope and back, until one step goes too far. After {cliff_race.steps} steps the loss is {descent_losses[-1]:.3f}; at the start it was {descent_losses[0]:.3f}. How to keep such steps short, and why that is no help on a plateau, is for the next lesson.
""")
    return


@app.cell(hide_code=True)
def _(bars, compared, dots, mo):
    bars, compared, dots
    mo.md(r"""
    ## What to remember

    The gradient reaches the first layer multiplied by the gain of every layer on its way, and so it vanishes or explodes with depth unless the gains are close to 1. A gain is exactly a weight part times an activation part: a sigmoid's slope leaves a quarter at most, while ReLU leaves about 0.71 and needs weights of scale 2 to make up for it. How a network was drawn is enough to predict its gains, before it has seen any data.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Exercises

    **1.** Six sigmoid layers stand in a row, and the weight part of each is exactly 1. No gradient is known, no data either.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_most = learn.number("At most this share of the gradient's length comes through all six:")
    answer_most
    return (answer_most,)


@app.cell(hide_code=True)
def _(answer_most, learn):
    def check_most(answer):
        wrongs = {
            4096: "That is by how much it becomes shorter; what is left is asked for.",
            6 * 0.25: "Gains in a row are multiplied with each other, not added.",
            0.25 / 6: "Each layer takes its part of what is left; a quarter is not shared out.",
            0.25: "So much comes through one layer; there are six.",
            1: "The weights take nothing, that is true; the slopes of the sigmoids do.",
            0.5**6: "A half is the sigmoid's value at zero; its slope multiplies the gradient.",
            0.235**6: "That is what such layers usually leave; asked is the most they can.",
        }
        if abs(answer / 0.25**6 - 1) < 0.03:
            return learn.right("A quarter, six times: one part in 4096. Most gradients lose more.")
        for value, said in wrongs.items():
            if abs(answer / value - 1) < 0.03:
                return learn.wrong(said)
        return learn.wrong("Where is the slope of a sigmoid largest, and what is it there?")

    learn.check(answer_most, check_most)
    return (check_most,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    **2.** A friend's network does not learn. For each of its eight tanh layers `mg.explain.flow` says: weight part 1.9, activation part 0.12, gain 0.23.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_friend = learn.choice(
        "What is the matter?",
        [
            "The weights are too small.",
            "The units are saturated: the weights are too large.",
            "The gradient explodes: the weight part is over 1.",
            "Nothing: 1.9 and 0.12 are about 1 in the mean.",
        ],
    )
    answer_friend
    return (answer_friend,)


@app.cell(hide_code=True)
def _(answer_friend, learn):
    def check_friend(answer):
        if answer.startswith("The units are saturated"):
            return learn.right(
                "A tanh has slope 1 at zero; 0.12 says that most units are far out. Smaller weights lower the weight part and raise the activation part by much more."
            )
        if answer.startswith("The weights are too small"):
            return learn.wrong(
                "The gradient does vanish; but see the weight part: the weights lengthen it. And larger ones would push the units further out."
            )
        if answer.startswith("The gradient explodes"):
            return learn.wrong(
                "A weight part over 1 is needed for that, but it is not enough: the gain decides, and it is 0.23."
            )
        return learn.wrong("The two are multiplied, not averaged; eight times in a row, at that.")

    learn.check(answer_friend, check_friend)
    return (check_friend,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    **3.** Write the activation part of a sigmoid layer yourself. `z` and `g` are arrays of the same shape: what goes into the sigmoid, and the gradient that arrives at what comes out.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_part = learn.code(
        "def activation_part(z, g):\n"
        "    h = 1 / (1 + np.exp(-z))\n"
        "    delta = ...  # the gradient at z\n"
        "    return np.linalg.norm(delta) / np.linalg.norm(g)\n"
    )
    answer_part
    return (answer_part,)


@app.cell(hide_code=True)
def _(answer_part, learn, np):
    @learn.reads_code("activation_part")
    def check_part(activation_part):
        z, g = np.array([[0.0, 2.0], [-1.0, 5.0]]), np.array([[1.0, -2.0], [0.5, 3.0]])
        h = 1 / (1 + np.exp(-z))
        slope, length = h * (1 - h), np.linalg.norm
        found = activation_part(z.copy(), g.copy())
        if np.ndim(found) or not np.isreal(found):
            return learn.wrong(f"A single number is asked for; this gives {found!r:.60}.")
        true = length(slope * g) / length(g)
        wrongs = [
            (
                length(h * g) / length(g),
                "That is with the sigmoid itself. What multiplies a gradient on its way back?",
            ),
            (length((1 - h) * g) / length(g), "One factor of the slope is missing."),
            (
                length(slope) / length(g),
                "The slopes alone: where does the gradient `g` that arrives come in?",
            ),
            (
                length(slope + g) / length(g),
                "Upstream gradient and local derivative are multiplied, not added.",
            ),
            (
                slope.mean(),
                "The mean slope is not it: where `g` is long, its slope counts for more.",
            ),
            (true**2, "That is the square; lengths are asked for."),
            (1 / true, "Upside down: what comes out of the way back is divided by what went in."),
            (1.0, "It gives 1, as if the sigmoid had slope 1 everywhere."),
        ]
        if abs(found - true) < 1e-9:
            return learn.right(f"On four neurons it gives {found:.3f}, as the engine does.")
        for value, said in wrongs:
            if abs(found - value) < 1e-9:
                return learn.wrong(said)
        return learn.wrong(
            f"On four neurons this gives {found:.3f}, and the engine finds another number. The slope at z is the local derivative."
        )

    learn.check(answer_part, check_part)
    return (check_part,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Sources

    - Hochreiter (1991), *Untersuchungen zu dynamischen neuronalen Netzen*, where vanishing gradients were first explained: [people.idsia.ch/~juergen/SeppHochreiter1991ThesisAdvisorSchmidhuber.pdf](https://people.idsia.ch/~juergen/SeppHochreiter1991ThesisAdvisorSchmidhuber.pdf)
    - Glorot and Bengio (2010), *Understanding the difficulty of training deep feedforward neural networks*: [proceedings.mlr.press/v9/glorot10a.html](https://proceedings.mlr.press/v9/glorot10a.html)
    - Pascanu, Mikolov and Bengio (2013), *On the difficulty of training recurrent neural networks*, with the cliff: [arxiv.org/abs/1211.5063](https://arxiv.org/abs/1211.5063)
    - He, Zhang, Ren and Sun (2015), *Delving deep into rectifiers*, with the scale of 2: [arxiv.org/abs/1502.01852](https://arxiv.org/abs/1502.01852)
    - Poole and others (2016), [arxiv.org/abs/1606.05340](https://arxiv.org/abs/1606.05340), and Schoenholz and others (2017), [arxiv.org/abs/1611.01232](https://arxiv.org/abs/1611.01232), the mean-field theory.

    ## What comes next

    You can say where a gradient is lost, and how much of it. Lesson 8 keeps it alive, with six remedies on one deep network: `microgd learn 8`.
    """)
    return


if __name__ == "__main__":
    app.run()
