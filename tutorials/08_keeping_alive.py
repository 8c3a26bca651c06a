"""Keeping gradients alive

Six remedies on one deep network: what each does to the gradient, and what it does not do.

Time: 20 minutes.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="8. Keeping gradients alive")


@app.cell(hide_code=True)
def _():
    import math
    from functools import partial

    import marimo as mo
    import numpy as np

    import microgd as mg
    from microgd import learn
    from microgd.draw.plots.theme import COLOURS

    return COLOURS, learn, math, mg, mo, np, partial


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 8. Keeping gradients alive

    Lesson 7 showed where a gradient is lost: in every layer it is multiplied by a **gain**, weight part times activation part, and many gains under 1 leave nothing. Here is a patient with **thirty** hidden layers of ReLU units. Its weights are drawn as was the habit for a long time: evenly between $-1/\sqrt{n}$ and $+1/\sqrt{n}$, where $n$ is the **fan-in**, the number of a neuron's inputs. For 64 inputs these are weights of up to 1/8.

    **How do you keep its gradient alive, all the way to the first layer?** Each remedy is tried on this same network, and each time the gradient is measured layer by layer.
    """)
    return


@app.cell(hide_code=True)
def _(mg, mo, partial):
    digits = mg.data.load("digits")
    images, labels = digits.x[:100], digits.y[:100]
    old = partial(mg.nn.init.uniform, bound=1 / 8)

    def network(init=old, activation="relu", depth=30, **remedy):
        sizes = [64] * (depth + 1) + [10]
        return mg.nn.MLP(sizes, activation, init=init, rng=3, **remedy)

    mo.show_code()
    return images, labels, network, old


@app.cell(hide_code=True)
def _(COLOURS, images, labels, learn, mg):
    def left(model):
        """The gradient's length at what each hidden layer gives, where the last one has 1."""
        starts = [
            f"layers.{i}"
            for i, part in enumerate(model.layers)
            if isinstance(part, mg.nn.Linear | mg.nn.Residual)
        ]
        flow = mg.explain.flow(model, (images, labels), split=False)
        rows = {row.module: row for row in flow}
        lengths = [rows[name].at_input for name in starts[1:]]
        return [length / lengths[-1] for length in lengths]

    _ours = ["old", "Xavier", "He", "batch normalisation", "residual", "both"]
    colours = dict(zip(_ours, COLOURS, strict=True)) | {"plain": COLOURS[0]}

    def draw(title, curves, height=3.4):
        """The gradient at each hidden layer, a line for each network."""
        figure, ax = learn.axes(
            title,
            "hidden layer (1 is next to the image)",
            "length, where the last layer has 1",
            height=height,
        )
        for name, lengths in curves.items():
            label = f"{name}: {lengths[0]:.3g} at layer 1"
            ax.plot(range(1, len(lengths) + 1), lengths, label=label, color=colours[name])
        ax.axhline(1, color="#767676", lw=1, ls=(0, (4, 4)))
        ax.set(yscale="log")
        ax.locator_params("x", integer=True)
        handles = ax.get_legend_handles_labels()
        figure.legend(
            *handles, loc="outside lower center", ncols=2 + (len(curves) == 3), frameon=False
        )
        return figure

    return colours, draw, left


@app.cell(hide_code=True)
def _(images, labels, mg):
    def trained(model, steps=40, rate=0.005, clip=None):
        return mg.train.fit(
            model,
            (images, labels),
            mg.optim.SGD(model.parameters(), lr=rate, momentum=0.9),
            epochs=steps,
            batch_size=None,
            callbacks=[mg.train.ClipGradNorm(clip)] if clip else [],
            progress=False,
        )

    return (trained,)


@app.cell(hide_code=True)
def _(draw, left, learn, mo, network):
    old_left = left(network())
    learn.say(
        f"Thirty ReLU layers, weights of the old habit: {old_left[0]:.1e} is left at layer 1."
    )
    mo.vstack(
        [
            mo.md(
                f"At the first layer {old_left[0]:.0e} of the gradient is left: one part in {1 / old_left[0] / 1e9:.0f} billion."
            ),
            draw("The patient: thirty ReLU layers", {"old": old_left}, height=2.9),
        ]
    )
    return (old_left,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## 1. Draw the weights well

    What counts is the **scale** of the weights: their variance times the fan-in. The habit gives a scale of only 1/3. Two rules do better; both are often called by the first name of an author:

    - **Xavier** (Glorot, 2010): variance $\dfrac{2}{\text{fan-in} + \text{fan-out}}$, where the **fan-out** is the number of neurons that a neuron feeds. With 64 of each the scale is 1. It is meant for an activation whose slope at 0 is 1, such as tanh.
    - **Kaiming** (He, 2015): variance $\dfrac{2}{\text{fan-in}}$, so the scale is 2. It is meant for ReLU, which passes only half.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_xavier = learn.guess(
        "**Predict first.** The patient gets Xavier's weights, three times the old scale, and keeps its ReLU units. What is left of the gradient at the first of thirty layers?",
        ["about a third", "about a hundredth", "less than a ten-thousandth"],
    )
    guess_xavier
    return (guess_xavier,)


@app.cell(hide_code=True)
def _(left, network):
    xavier_left = left(network("xavier_normal"))
    he_left = left(network("kaiming_normal"))
    tanh_left = left(network("xavier_normal", "tanh"))
    return he_left, tanh_left, xavier_left


@app.cell(hide_code=True)
def _(guess_xavier, he_left, learn, tanh_left, xavier_left):
    _gain = xavier_left[0] ** (1 / 29)
    xavier_seen = learn.reveal(
        guess_xavier,
        "less than a ten-thousandth",
        f"Measured: {xavier_left[0]:.1e}. The gain of a layer is {_gain:.2f}, and 29 such factors leave next to nothing. With He's weights {he_left[0]:.2f} is left. Xavier's are not wrong, they are for another activation: with tanh in the place of ReLU they leave {tanh_left[0]:.2f}.",
    )
    xavier_seen
    return (xavier_seen,)


@app.cell(hide_code=True)
def _(draw, he_left, mo, old_left, xavier_left, xavier_seen):
    xavier_seen

    def _row(name, scale, lengths):
        gain = lengths[0] ** (1 / (len(lengths) - 1))
        return f"| {name} | {scale} | {gain:.2f} | {lengths[19]:.2g} | {lengths[9]:.2g} | {lengths[0]:.2g} |"

    mo.vstack(
        [
            draw(
                "Thirty ReLU layers, weights of three scales",
                {"old": old_left, "Xavier": xavier_left, "He": he_left},
            ),
            mo.md(
                "\n".join(
                    [
                        "| weights | scale | gain of a layer | left at layer 20 | at layer 10 | at layer 1 |",
                        "|:--|--:|--:|--:|--:|--:|",
                        _row("old habit", "1/3", old_left),
                        _row("Xavier", "1", xavier_left),
                        _row("He", "2", he_left),
                        "",
                        "A good **initialisation** makes the gain 1 at the start. Nothing holds it there while training changes the weights.",
                    ]
                )
            ),
        ]
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## 2. Let no unit die: LeakyReLU

    A ReLU unit that gives 0 for every image is **dead**: its slope is 0 on all of them, no gradient passes it, and so its own weights get none.
    """)
    return


@app.cell(hide_code=True)
def _(images, labels, learn, mg, mo, network, np, trained):
    def dead_share(model):
        """Of all hidden units, those that give 0 for each of the hundred images."""
        flow = mg.explain.flow(model, (images, labels), split=False)
        return float(np.mean([row.dead for row in flow if row.dead is not None]))

    _model = network("kaiming_normal")
    dead_before = dead_share(_model)
    trained(_model, steps=1, rate=3)
    dead_after = dead_share(_model)
    learn.say(f"Dead units: {dead_before:.0%}, after one step at a rate of 3 {dead_after:.0%}.")
    mo.md(f"""
In the network with He's weights {dead_before:.0%} of the hidden units are dead from the start. One step that is far too large, at a rate of 3, and it is {dead_after:.0%}. What if it hits a whole layer? We do that by hand, and lower every bias of layer 15 by 20.

**LeakyReLU** gives $z$ where $z > 0$ and $0.01\\,z$ elsewhere: its slope is 1 or 0.01, and never 0.
""")
    return dead_after, dead_before, dead_share


@app.cell(hide_code=True)
def _(left, mo, network):
    def with_a_dead_layer(activation):
        model = network("kaiming_normal", activation)
        model.layers[28].bias.data -= 20  # of layer 15; activations count, too
        return left(model)

    dead = {name: with_a_dead_layer(name) for name in ("relu", "leaky_relu")}
    mo.show_code()
    return (dead,)


@app.cell(hide_code=True)
def _(dead, learn, mo):
    _layers = (30, 29, 16, 15, 14, 1)

    def _row(name, lengths):
        return f"| {name} | " + " | ".join(f"{lengths[k - 1]:.2g}" for k in _layers) + " |"

    learn.say(
        f"With layer 15 dead, layer 1 gets {dead['relu'][0]:g} with ReLU and {dead['leaky_relu'][0]:.3f} with LeakyReLU."
    )
    mo.md(
        "\n".join(
            [
                "| left of the gradient at layer | " + " | ".join(str(k) for k in _layers) + " |",
                "|:--|" + "--:|" * len(_layers),
                _row("ReLU", dead["relu"]),
                _row("LeakyReLU", dead["leaky_relu"]),
                "",
                f"With ReLU the gradient is exactly 0 in every layer but the last: the layers after the dead one get nothing but zeros and are silent as well, those before it are cut off. With LeakyReLU the sick layer costs one factor of about 0.01, and {dead['leaky_relu'][0]:.3f} comes through to the first. That is little, but it is not nothing.",
            ]
        )
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## 3. Normalise every layer: batch normalisation

    Why leave the size of the signal to luck? **Batch normalisation** stands between the weights and the activation. For each neuron it takes the mean and the standard deviation of $z$ over the images of the batch, and makes them 0 and 1:

    $$\hat z = \frac{z - \text{mean}}{\text{standard deviation}}, \qquad \text{then } \gamma \hat z + \beta.$$

    The two numbers $\gamma$ and $\beta$ are learned; they begin at 1 and 0. Weights that are ten times as large make $z$ ten times as large, and the division takes it back. So the patient may keep its old, small weights.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_batch = learn.guess(
        "**Predict.** The patient with its old weights gets a batch normalisation in each layer. How long is the gradient at layer 1, compared to that at layer 30?",
        ["still next to nothing", "about as long", "hundreds of times as long"],
    )
    guess_batch
    return (guess_batch,)


@app.cell(hide_code=True)
def _(left, network):
    batch_left = left(network(norm="batch"))
    batch_gain = batch_left[0] ** (1 / 29)
    return batch_gain, batch_left


@app.cell(hide_code=True)
def _(batch_gain, batch_left, guess_batch, learn, math):
    batch_seen = learn.reveal(
        guess_batch,
        "hundreds of times as long",
        f"Measured: {batch_left[0]:.0f} times as long. The gain of a layer is {batch_gain:.2f} on average; for wide ReLU layers and large batches the theory of Yang and others (2019) says $\\sqrt{{\\pi / (\\pi - 1)}} = {math.sqrt(math.pi / (math.pi - 1)):.2f}$, whatever the weights.",
    )
    batch_seen
    return (batch_seen,)


@app.cell(hide_code=True)
def _(batch_gain, batch_seen, mo):
    batch_seen
    mo.md(rf"""
    So it does cure the vanishing, for weights of any size. But the gain it settles at is not 1. In ten layers it adds up to a factor of {batch_gain**10:.0f}, which does no harm; in a hundred it would be {batch_gain**100:.0e}.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## 4. Build a short way: residual connections

    A gain is a product, and a single small factor spoils it. A **residual connection** makes it a sum. The layer's input is added to what the layer makes of it: instead of $f(h)$ it gives $h + f(h)$, whose slope is $1 + f'(h)$. However small $f'$ is, the 1 stays.

    Here are the four sigmoid neurons of lesson 7 once more, now each with a short way around it. Step back from the end: at every **+** the gradient goes two ways, and where they meet, it is added up.
    """)
    return


@app.cell(hide_code=True)
def _(mg, mo):
    w = mg.tensor(1.0, name="w")
    first = mg.tensor(1.0, name="x", requires_grad=True)
    signal, slopes = first, []
    for _ in range(4):
        squashed = mg.sigmoid(w * signal)
        slopes.append(squashed.item() * (1 - squashed.item()))
        signal = signal + squashed
    chain = mg.explain.backprop(signal)

    mo.show_code(chain, position="above")
    return chain, first, slopes


@app.cell(hide_code=True)
def _(chain, first, learn, math, mo, slopes):
    arrived = float(chain.gradient(first))
    long_way = math.prod(slopes)
    learn.say(
        f"Four sigmoid neurons: the long way alone leaves {long_way:.1e}, with short ways {arrived:.3f} arrives."
    )
    _slopes = ", ".join(f"{slope:.3f}" for slope in reversed(slopes))
    _product = r" \times ".join(f"{1 + slope:.3f}" for slope in reversed(slopes))
    mo.md(rf"""
    The slopes of the sigmoids are {_slopes}. Alone they would multiply to {long_way:.5f}. With the short ways each becomes one more, and what arrives at $x$ is ${_product} = {arrived:.3f}$. That is a sum over sixteen paths, one for each choice of short or long in four places; the path that is short all the way brings a full 1.
    """)
    return arrived, long_way


@app.cell(hide_code=True)
def _(batch_seen, images, left, mg, network, np):
    batch_seen
    residual_left = left(network(residual=True))
    _model = network(norm="batch", residual=True)
    both_left = left(_model)

    _signals, sizes = images, []
    with mg.no_grad():
        for _layer in _model.layers[:-1]:
            _signals = _layer(_signals)
            sizes.append(float(np.sqrt(np.mean(np.square(_signals)))))
    return both_left, residual_left, sizes


@app.cell(hide_code=True)
def _(batch_left, both_left, draw, learn, mo, old_left, residual_left, sizes):
    learn.say(
        f"Left at layer 1, old weights: batch normalisation {batch_left[0]:.0f}, residual {residual_left[0]:.0f}, both {both_left[0]:.0f}."
    )
    mo.vstack(
        [
            draw(
                "The patient's old weights in all four",
                {
                    "old": old_left,
                    "batch normalisation": batch_left,
                    "residual": residual_left,
                    "both": both_left,
                },
                height=3.6,
            ),
            mo.md(
                f"Residual connections cure the vanishing as well, and overdo it in their own way: 1 plus something is more than 1, in every layer. With a batch normalisation on the long way, every layer adds about as much as the one before, while the signal grows (from {sizes[0]:.1f} at layer 1 to {sizes[-1]:.1f} at layer 30, as a root mean square). So most layers change little and have a gain close to 1: at layer 10 the gradient is only {both_left[9]:.1f} times as long as at layer 30. The first few layers, where the signal is still small, make the rest of the {both_left[0]:.0f}. He and others (2016) trained networks of more than a hundred layers with both."
            ),
        ]
    )
    return


@app.cell(hide_code=True)
def _(batch_seen, mo):
    batch_seen
    mo.md(r"""
    ## Break it

    Scale 2 is He's, scale 1/3 was the old habit. Draw the weights too small or too large, or pile up more layers. Two of the four curves follow the scale, and two hardly move. Which ones, and why?
    """)
    return


@app.cell(hide_code=True)
def _(batch_seen, mo):
    batch_seen
    scale = mo.ui.slider(
        steps=[0.1, 0.2, 0.33, 0.5, 1, 2, 3, 4, 6, 8],
        value=2,
        label="Scale of the weights",
        show_value=True,
        full_width=True,
    )
    depth = mo.ui.slider(
        5, 60, 5, value=30, label="Hidden layers", show_value=True, full_width=True
    )
    mo.vstack([scale, depth])
    return depth, scale


@app.cell(hide_code=True)
def _(left, math, mg, network, partial):
    def remedies_at(scale, depth):
        """What is left in four networks whose weights are drawn with this scale."""
        init = partial(mg.nn.init.normal, std=math.sqrt(scale / 64))
        return {
            "plain": left(network(init, depth=depth)),
            "batch normalisation": left(network(init, depth=depth, norm="batch")),
            "residual": left(network(init, depth=depth, residual=True)),
            "both": left(network(init, depth=depth, norm="batch", residual=True)),
        }

    return (remedies_at,)


@app.cell(hide_code=True)
def _(depth, draw, remedies_at, scale):
    draw(
        f"{depth.value} layers, weights of scale {scale.value:.2g}",
        remedies_at(scale.value, depth.value),
        height=3.8,
    )
    return


@app.cell(hide_code=True)
def _(batch_seen, mo):
    batch_seen
    mo.md(r"""
    ## Alive, and does it learn?

    A gradient that arrives is needed for learning; is it enough? Four of the networks are trained for 40 steps on the hundred images, all at the same rate of 0.005, by gradient descent with momentum (which is for lesson 9).
    """)
    return


@app.cell(hide_code=True)
def _(batch_seen, left, network, trained):
    batch_seen
    pupils = {
        "old": network(),
        "He": network("kaiming_normal"),
        "batch normalisation": network(norm="batch"),
        "both": network(norm="batch", residual=True),
    }
    runs = {name: trained(model) for name, model in pupils.items()}
    left_after = {name: left(model)[0] for name, model in pupils.items()}
    return left_after, runs


@app.cell(hide_code=True)
def _(colours, learn, left_after, mo, runs):
    _figure, _ax = learn.axes("Forty steps of training", "step", "loss (cross-entropy)", height=3.2)
    for _name, _run in runs.items():
        _label = f"{_name}: {_run['accuracy'][-1]:.0%} right at the end"
        _ax.plot(range(1, 41), _run["loss"], label=_label, color=colours[_name])
    _ax.set(yscale="log")
    _figure.legend(
        *_ax.get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False
    )
    _losses = {name: run["loss"][-1] for name, run in runs.items()}
    learn.say(
        "Loss after 40 steps: " + ", ".join(f"{name} {_losses[name]:.3f}" for name in _losses)
    )
    mo.vstack(
        [
            _figure,
            mo.md(
                f"The old network stays where it was, at the loss of someone who guesses among ten digits, $\\ln 10 = 2.303$. He's begins to learn, by fits and starts. The two with batch normalisation come down to {_losses['batch normalisation']:.2f} and {_losses['both']:.3f}, and on the way the gradient becomes more even: with batch normalisation alone, what layer 1 gets has gone from hundreds to {left_after['batch normalisation']:.1f} times what layer 30 gets."
            ),
        ]
    )
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## 5. Through time: LSTM and GRU

    A **recurrent** network reads a sequence step by step. What it remembers, its state $h$, goes back into it: $h_t = \tanh(W x_t + U h_{t-1})$. Sixty steps of time are sixty layers, all with the same weights, and the gradient fades in the same way: what came early is not learned from.

    The **LSTM** (long short-term memory) and the **GRU** (gated recurrent unit) have a short way through time, and a **gate** on it: a number between 0 and 1 for each unit, computed by a sigmoid, that says how much is kept.

    $$\text{LSTM: } c_t = f \cdot c_{t-1} + i \cdot \tilde c$$

    $$\text{GRU: } h_t = z \cdot h_{t-1} + (1 - z) \cdot \tilde h$$

    What carries a $\sim$ is the new thing, made of the input and of $h_{t-1}$; $c$ is a second state that the LSTM keeps beside $h$.

    On this way the gradient is multiplied by nothing but $f$ (or $z$). Three networks read random sequences, and a loss looks at their last output alone.
    """)
    return


@app.cell(hide_code=True)
def _(mg, mo, np):
    draws = np.random.default_rng(0)
    sequences = draws.standard_normal((60, 20, 4))  # steps, batch, inputs

    def through_time(kind, opened=0.0):
        net = getattr(mg.nn, kind)(4, 32, rng=0)  # 4 inputs, 32 units
        if kind in ("LSTM", "GRU"):
            net.bias_ih_l0.data[32:64] += opened  # gate f or z
        output, _ = net(sequences)
        steps = mg.explain.through_time((output[-1] ** 2).sum())["l0"]
        return [step.at_output / steps[-1].at_output for step in steps]

    mo.show_code()
    return sequences, through_time


@app.cell(hide_code=True)
def _(learn):
    guess_time = learn.guess(
        "**Predict.** An LSTM as it is drawn, with its biases near 0: what is left of the gradient, sixty steps back in time?",
        ["nearly all of it", "about a hundredth", "less than a billionth"],
    )
    guess_time
    return (guess_time,)


@app.cell(hide_code=True)
def _(guess_time, learn, through_time):
    as_drawn = {kind: through_time(kind) for kind in ("RNN", "LSTM", "GRU")}
    time_seen = learn.reveal(
        guess_time,
        "less than a billionth",
        f"Measured at step 1: {as_drawn['LSTM'][0]:.0e} (LSTM), {as_drawn['GRU'][0]:.0e} (GRU), and {as_drawn['RNN'][0]:.0e} for the plain RNN. A gate whose bias is near 0 is half open, and a half, fifty-nine times, is next to nothing. The short way is there, but it has to be opened.",
    )
    time_seen
    return as_drawn, time_seen


@app.cell(hide_code=True)
def _(mo, time_seen):
    time_seen
    opened = mo.ui.slider(
        0,
        6,
        0.5,
        value=0,
        label="Open the gate: added to its bias",
        show_value=True,
        full_width=True,
    )
    opened
    return (opened,)


@app.cell(hide_code=True)
def _(as_drawn, learn, math, opened, through_time):
    _gate = 1 / (1 + math.exp(-opened.value))
    gated = as_drawn
    if opened.value:
        gated = as_drawn | {kind: through_time(kind, opened.value) for kind in ("LSTM", "GRU")}
    _figure, _ax = learn.axes(
        f"A gate of about {_gate:.3f}: sixty steps back in time",
        "time step (60 is the last)",
        "length, where the last step has 1",
        height=3.4,
    )
    for _kind, _lengths in gated.items():
        _ax.plot(range(1, 61), _lengths, label=f"{_kind}: {_lengths[0]:.2g} at step 1")
    _ax.axhline(1, color="#767676", lw=1, ls=(0, (4, 4)))
    _ax.set(yscale="log", ylim=(1e-17, 30))
    _figure.legend(
        *_ax.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False
    )
    _figure
    return (gated,)


@app.cell(hide_code=True)
def _(learn, mo, through_time, time_seen):
    time_seen
    open_gate = {kind: through_time(kind, 4.0) for kind in ("LSTM", "GRU")}
    learn.say(
        f"With 4 added to the gate's bias, {open_gate['LSTM'][0]:.2f} (LSTM) and {open_gate['GRU'][0]:.2f} (GRU) reach step 1."
    )
    mo.md(f"""
With 4 added, {open_gate["LSTM"][0]:.2f} and {open_gate["GRU"][0]:.2f} of the gradient come through. That is why the forget gate $f$ of an LSTM is often given a bias of 1 or more at the start (Józefowicz and others, 2015). (Lengths are over the whole batch, and for the LSTM over $h$ and $c$ together.)
""")
    return (open_gate,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## 6. Clipping

    The last remedy does not touch the network. If the gradient of all weights together is longer than some limit, it is shortened to the limit, and its direction stays:

    $$g \leftarrow g \cdot \min\left(1, \frac{\text{limit}}{|g|}\right)$$

    This is **clipping**. We try it on two networks: the patient, whose gradient vanishes, and one whose weights have a scale of 4, so that its gradient explodes. The limit is 1.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_clip = learn.guess(
        "**Predict.** The patient's gradient is clipped. How long is it at the first layer then?",
        [
            "1",
            "longer than before, though less than 1",
            "exactly as long as before",
        ],
    )
    guess_clip
    return (guess_clip,)


@app.cell(hide_code=True)
def _(images, labels, mg, mo, network, np, partial):
    large = partial(mg.nn.init.normal, std=0.25)  # scale 4

    def clipped(model, limit=1.0):
        loss = mg.nn.cross_entropy(model(images), labels)
        loss.backward()
        first = np.linalg.norm(model.layers[0].weight.grad)
        total = mg.nn.utils.clip_grad_norm_(model.parameters(), limit)
        after = np.linalg.norm(model.layers[0].weight.grad)
        return {"all": total, "first": first, "first, clipped": after}

    vanishing, exploding = clipped(network()), clipped(network(large))
    mo.show_code()
    return exploding, large, vanishing


@app.cell(hide_code=True)
def _(exploding, guess_clip, learn, vanishing):
    clip_seen = learn.reveal(
        guess_clip,
        "exactly as long as before",
        f"Its length is {vanishing['first']:.2e} before and {vanishing['first, clipped']:.2e} after, the same to the last digit: all gradients of the patient together are {vanishing['all']:.3f} long, and there is nothing to shorten. In the network that explodes they are {exploding['all']:,.0f} long, and become 1.",
    )
    clip_seen
    return (clip_seen,)


@app.cell(hide_code=True)
def _(clip_seen, large, mg, network, np, old, trained):
    clip_seen

    def losses_of(init, clip):
        """The losses of 20 steps, or of fewer if the loss is no longer a number."""
        try:
            with np.errstate(all="ignore"):
                history = trained(network(init), steps=20, clip=clip)
        except mg.train.NotFiniteError as error:
            history = error.history
        return history["loss"]

    vanishing_losses = {clip: losses_of(old, clip) for clip in (None, 1.0)}
    exploding_losses = {clip: losses_of(large, clip) for clip in (None, 1.0)}
    return exploding_losses, vanishing_losses


@app.cell(hide_code=True)
def _(exploding, exploding_losses, learn, mo, vanishing, vanishing_losses):
    _lost, _held = exploding_losses[None], exploding_losses[1.0]
    _same = vanishing_losses[1.0]
    learn.say(
        f"Exploding: {len(_lost)} steps until the loss is no number; clipped, all {len(_held)}. Vanishing: loss {vanishing_losses[None][-1]:.6f}, clipped {_same[-1]:.6f}."
    )
    mo.md(f"""
| network | all gradients | clipped | loss, 20 steps | the same, clipped |
|:--|--:|--:|:--|:--|
| exploding | {exploding["all"]:,.0f} | 1 | no number after {len(_lost)} steps | {_held[0]:,.0f} → {_held[-1]:,.0f} |
| vanishing | {vanishing["all"]:.3f} | {vanishing["all"]:.3f} | {vanishing_losses[None][0]:.5f} → {vanishing_losses[None][-1]:.5f} | {_same[0]:.5f} → {_same[-1]:.5f} |

Clipping tames an explosion: every step is short enough to live on. It does not make a bad network a good one, for a loss of {_held[-1]:,.0f} is still far too large. And it does **nothing for a gradient that vanishes**, because it never makes anything longer. Nor does it share out: all layers are shortened by the same factor.

Where it is at its best is the cliff of lesson 7, on which a single step was far too long. Here are the same descent and one that is clipped at 1, side by side. Press play.
""")
    return


@app.cell(hide_code=True)
def _(clip_seen, mg):
    clip_seen
    cliff = mg.descent.clipping("cliff")
    plateau = mg.descent.clipping("plateau")
    cliff
    return cliff, plateau


@app.cell(hide_code=True)
def _(cliff, learn, mo, plateau):
    _free, _held = (run.losses[-1] for run in cliff.runs)
    _flat = [run.losses for run in plateau.runs]
    learn.say(
        f"On the cliff the loss ends at {_free:.3f}, clipped at {_held:.0e}; on the plateau at {_flat[0][-1]:.4f}, clipped at {_flat[1][-1]:.4f}."
    )
    mo.md(f"""
After {cliff.steps} steps the loss is {_free:.3f} without clipping and {_held:.0e} with it. On the plateau of lesson 7 the two descents are the same to the last digit: from {_flat[0][0]:.4f} to {_flat[0][-1]:.4f}.
""")
    return


@app.cell(hide_code=True)
def _(batch_seen, clip_seen, mo, time_seen, xavier_seen):
    xavier_seen, batch_seen, time_seen, clip_seen
    mo.md(r"""
    ## What to remember

    Draw the weights so that the gain of a layer is 1 for its activation: Xavier's scale of 1 for tanh, He's scale of 2 for ReLU. Where that does not last, change the way itself: a LeakyReLU never closes, batch normalisation makes the gain independent of the scale of the weights, and a residual connection, or the open gate of an LSTM or GRU, gives the gradient a short way with a factor near 1. Clipping shortens a gradient that is too long and does nothing for one that is too short.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Exercises

    **1.** A ReLU layer has 200 inputs and 50 neurons. You draw its weights by He's rule.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_he = learn.number("The variance of a weight is")
    answer_he
    return (answer_he,)


@app.cell(hide_code=True)
def _(answer_he, learn):
    def check_he(answer):
        wrongs = {
            0.008: "That is Xavier's rule, 2 over the sum of both fans. He's looks at one of them.",
            0.04: "Those are the 50 neurons of the layer; a neuron's inputs count.",
            0.005: "That is 1 over the fan-in, a scale of 1. ReLU passes only half.",
            0.1: "That is the standard deviation; the variance is its square.",
            2: "That is the scale; the variance is the scale divided by the fan-in.",
            100: "Upside down: the more inputs, the smaller the weights.",
            1 / 600: "That is the old habit, with a scale of 1/3.",
        }
        if abs(answer / 0.01 - 1) < 0.02:
            return learn.right(
                "2 / 200. Two hundred terms of that variance, half of them passed, keep the size."
            )
        for value, said in wrongs.items():
            if abs(answer / value - 1) < 0.02:
                return learn.wrong(said)
        return learn.wrong(
            f"Times the fan-in of 200 that makes a scale of {answer * 200:g}. Which scale is He's?"
        )

    learn.check(answer_he, check_he)
    return (check_he,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    **2.** A recurrent network learns well for an hour, and the gradient of all its weights is about 1 long. Then, in a single step, it is 80,000 long; from the next step on, the loss is no longer a number.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_hour = learn.choice(
        "What would have helped, and would have left the hour before as it was?",
        [
            "Larger weights at the start",
            "Opening the forget gate wider",
            "LeakyReLU in the place of tanh",
            "Clipping at a length of 5",
        ],
    )
    answer_hour
    return (answer_hour,)


@app.cell(hide_code=True)
def _(answer_hour, learn):
    def check_hour(answer):
        if answer.startswith("Clipping"):
            return learn.right(
                "Steps with a gradient of length 1 are not touched; the one of 80,000 becomes 5 long, in the same direction."
            )
        if answer.startswith("Larger weights"):
            return learn.wrong(
                "The gradient did not vanish, it exploded; larger weights make the gains larger still."
            )
        if answer.startswith("Opening"):
            return learn.wrong(
                "That brings more of the gradient back through time. Here there was too much of it, once."
            )
        return learn.wrong(
            "LeakyReLU helps where units are dead. Its slope of 1 is larger than most of tanh's, and would not have made the gradient shorter."
        )

    learn.check(answer_hour, check_hour)
    return (check_hour,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    **3.** A residual layer computes $h + \text{relu}(z)$ with $z = h\,W^{\mathsf T}$. Take the gradient back through it: `g` is the gradient at what the layer gives, `W` its weights (a row for each neuron), `z` what goes into the ReLU. Rows of `g` and `z` are images. Give the gradient at $h$.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_back = learn.code(
        "def back(g, W, z):\n    delta = ...  # the gradient at z\n    return ...  # the gradient at h\n"
    )
    answer_back
    return (answer_back,)


@app.cell(hide_code=True)
def _(answer_back, learn, mg, np):
    @learn.reads_code("back")
    def check_back(back):
        draws = np.random.default_rng(8)
        g, W, h = (draws.standard_normal(shape) for shape in ((2, 3), (3, 3), (2, 3)))
        z, at_h = h @ W.T, mg.tensor(h, requires_grad=True)
        ((at_h + mg.relu(at_h @ W.T)) * g).sum().backward()
        found = back(g.copy(), W.copy(), z.copy())
        if np.shape(found) != g.shape:
            return learn.wrong(
                f"The gradient at $h$ has the shape of $h$, {g.shape}; this gives {np.shape(found)}."
            )
        if np.allclose(found, at_h.grad):
            return learn.right(
                "The short way hands `g` on as it is, the long way adds its part; the engine finds the same."
            )
        slope = z > 0
        delta = g * slope
        wrongs = [
            (g, "That is the short way alone. What comes back on the long one?"),
            (delta @ W, "That is the long way alone. The short way brings something, too."),
            (
                delta,
                "That is the gradient at $z$; the weights and the short way are still to come.",
            ),
            (g + delta, "From $z$ to $h$ the gradient goes through the weights."),
            (
                g + delta @ W.T,
                "Forward it was `W.T`. On the way back it is the other one.",
            ),
            (g + g @ W, "The slope of the ReLU is missing: it is 0 where `z` is not positive."),
            (
                g + (g * np.maximum(z, 0)) @ W,
                "The ReLU's slope multiplies the gradient, not what the ReLU gives.",
            ),
            (g + (g * z) @ W, "The slope of the ReLU is 0 or 1; you multiplied by `z` itself."),
            (g * (delta @ W), "What comes on two ways is added up, not multiplied."),
        ]
        for value, said in wrongs:
            if np.allclose(found, value):
                return learn.wrong(said)
        return learn.wrong(
            "The engine finds another gradient. Go back on the short way, then on the long one, and add up."
        )

    learn.check(answer_back, check_back)
    return (check_back,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Sources

    - Glorot and Bengio (2010), *Understanding the difficulty of training deep feedforward neural networks*, with the old habit and Xavier's rule: [proceedings.mlr.press/v9/glorot10a.html](https://proceedings.mlr.press/v9/glorot10a.html)
    - He, Zhang, Ren and Sun (2015), *Delving deep into rectifiers*: [arxiv.org/abs/1502.01852](https://arxiv.org/abs/1502.01852)
    - Maas, Hannun and Ng (2013), *Rectifier nonlinearities improve neural network acoustic models*, with LeakyReLU: [ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf](https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf)
    - Ioffe and Szegedy (2015), *Batch normalization*: [arxiv.org/abs/1502.03167](https://arxiv.org/abs/1502.03167); Yang and others (2019), *A mean field theory of batch normalization*: [arxiv.org/abs/1902.08129](https://arxiv.org/abs/1902.08129)
    - He, Zhang, Ren and Sun (2016), *Deep residual learning for image recognition*: [arxiv.org/abs/1512.03385](https://arxiv.org/abs/1512.03385)
    - Hochreiter and Schmidhuber (1997), *Long short-term memory*: [doi.org/10.1162/neco.1997.9.8.1735](https://doi.org/10.1162/neco.1997.9.8.1735); Gers, Schmidhuber and Cummins (2000), *Learning to forget*: [doi.org/10.1162/089976600300015015](https://doi.org/10.1162/089976600300015015); Józefowicz and others (2015), on the gate's bias: [proceedings.mlr.press/v37/jozefowicz15.html](https://proceedings.mlr.press/v37/jozefowicz15.html); Cho and others (2014), with the GRU: [arxiv.org/abs/1406.1078](https://arxiv.org/abs/1406.1078)
    - Pascanu, Mikolov and Bengio (2013), *On the difficulty of training recurrent neural networks*, with clipping: [arxiv.org/abs/1211.5063](https://arxiv.org/abs/1211.5063)

    ## What comes next

    The gradient arrives. Lesson 9 asks what to do with it: momentum, Adam and others race each other, down a ravine and past a saddle: `microgd learn 9`.
    """)
    return


if __name__ == "__main__":
    app.run()
