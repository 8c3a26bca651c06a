"""From a neuron to a network

What one neuron cannot do and three can: XOR by hand, two moons, and real handwritten digits.

Time: 20 minutes.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="6. From a neuron to a network")


@app.cell(hide_code=True)
def _():
    from functools import cache

    import marimo as mo
    import numpy as np

    import microgd as mg
    from microgd import learn

    return cache, learn, mg, mo, np


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 6. From a neuron to a network

    A single neuron draws one straight line through the world. **What can several of them do that one cannot, and who sets their weights?**

    Here are two switches, $x_1$ and $x_2$, each 0 or 1. The lamp shall be on when they *differ*. This is the **exclusive or**, XOR for short: four cases, two of them *yes*. (In the pictures, 01 is the case $x_1 = 0$, $x_2 = 1$.)
    """)
    return


@app.cell(hide_code=True)
def _(mg, np):
    corners, wanted = mg.data.xor()  # the four cases, and 1 where the lamp shall be on
    COLD, WARM = "#0072B2", "#D55E00"  # no and yes, in all pictures

    def draw_cases(ax, places=corners, names=None):
        """The four cases, each in the colour of the answer that is wanted."""
        spots = {}
        for place, yes, case in zip(places, wanted, corners, strict=True):
            spots.setdefault(tuple(np.round(place, 3)), []).append((yes, case))
        for place, cases in spots.items():
            for size, (yes, _) in zip((13, 6), cases, strict=False):
                ax.plot(*place, "o", ms=size, color=WARM if yes else COLD, mec="white", zorder=4)
            said = " and ".join(f"{case[0]:.0f}{case[1]:.0f}" for _, case in cases)
            ax.annotate(
                said, place, (0, 11), textcoords="offset points", ha="center", fontsize=9, zorder=5
            )
        ax.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.6), xticks=(0, 1), yticks=(0, 1))

    return COLD, WARM, corners, draw_cases, wanted


@app.cell(hide_code=True)
def _(COLD, WARM, draw_cases, learn):
    _figure, (_left, _right) = learn.axes(
        ["XOR: the lamp is on if the switches differ", ""], ["x1", ""], ["x2", ""], columns=2
    )
    draw_cases(_left)
    _left.text(0.5, 0.5, "blue: no    orange: yes", ha="center", va="center", fontsize=9)
    _right.set(xlim=(0, 10), ylim=(0, 7.4))
    _right.axis("off")
    for _y, _name in ((5.6, "x1"), (1.6, "x2")):
        _right.plot(0.7, _y, "o", ms=26, color="white", mec=COLD, mew=1.5)
        _right.text(0.7, _y, _name, ha="center", va="center")
        _right.annotate(
            "", (4.1, 3.6 + (_y - 3.6) * 0.28), (1.5, _y), arrowprops={"arrowstyle": "->"}
        )
    _right.text(2.9, 5.4, "times w1")
    _right.text(2.9, 1.6, "times w2")
    _right.plot(5.0, 3.6, "o", ms=44, color="white", mec=WARM, mew=1.5)
    _right.text(5.0, 3.6, "sum\n+ b", ha="center", va="center", fontsize=9)
    _right.annotate("", (7.4, 3.6), (6.0, 3.6), arrowprops={"arrowstyle": "->"})
    _right.text(7.6, 3.6, "over zero?\nyes or no", va="center")
    _right.text(5.0, 6.9, "A neuron", ha="center", color="#4a525c")
    _figure
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    And on the right is a **neuron**. It multiplies each of its inputs by a number of its own, a **weight**; adds another number, the **bias**; and says yes if the sum is over zero:

    $$z = w_1 x_1 + w_2 x_2 + b, \qquad \text{answer} = \begin{cases} 1 & \text{if } z > 0 \\ 0 & \text{otherwise} \end{cases}$$

    Where $z = 0$ there is a straight line. On one side of it the neuron says yes, on the other no. The weights turn the line, the bias moves it.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_one = learn.guess(
        "**Predict first.** Choose $w_1$, $w_2$ and $b$ as cleverly as you like. In how many of the four cases can one neuron be right, at most?",
        ["2", "3", "4"],
    )
    guess_one
    return (guess_one,)


@app.cell(hide_code=True)
def _(corners, np, wanted):
    def neuron(x, w1, w2, b):
        """1 where the weighted sum is over zero, else 0."""
        return (w1 * x[..., 0] + w2 * x[..., 1] + b > 0).astype(int)

    settings = np.arange(-2, 2.01, 0.25)
    tried = np.array(np.meshgrid(settings, settings, settings)).reshape(3, -1)
    rights = np.array([(neuron(corners, *some) == wanted).sum() for some in tried.T])
    return neuron, rights, tried


@app.cell(hide_code=True)
def _(guess_one, learn, rights):
    told_one = learn.reveal(
        guess_one,
        "3",
        f"Of {len(rights):,} settings that were tried, none is right in all four cases, {(rights == 3).sum():,} are right in three.",
    )
    told_one
    return (told_one,)


@app.cell(hide_code=True)
def _(mo, told_one):
    told_one
    mo.md(r"""
    Try it yourself: turn and move the line, and look for one with both orange points on its orange side and both blue ones on the other. Or, on the right, for two orange bars over zero and two blue ones not.
    """)
    return


@app.cell(hide_code=True)
def _(mo, told_one):
    told_one
    w1, w2, bias = (
        mo.ui.slider(-2, 2, 0.5, value=_value, label=_name, show_value=True)
        for _name, _value in (("w1", 1), ("w2", 0), ("b", -0.5))
    )
    mo.hstack([w1, w2, bias], justify="start", gap=2, wrap=True)
    return bias, w1, w2


@app.cell(hide_code=True)
def _(COLD, WARM, corners, draw_cases, learn, neuron, np, wanted):
    def draw_answer(ax, answer, places=corners):
        """Shade where the answer is yes; a line where it changes; and the four cases."""
        x, y = np.meshgrid(np.linspace(-0.5, 1.5, 401), np.linspace(-0.5, 1.6, 401))
        yes = answer(np.stack([x, y], axis=-1))
        pale = np.array([(0.84, 0.91, 0.95), (0.98, 0.90, 0.84)])[yes]
        ax.imshow(pale, extent=(-0.5, 1.5, -0.5, 1.6), origin="lower", aspect="auto")
        if yes.min() != yes.max():
            ax.contour(x, y, yes, [0.5], colors="#4a525c", linewidths=1)
        draw_cases(ax, places)

    def count(answers):
        """How many of the four answers are right, in words."""
        right = int((answers == wanted).sum())
        return "right in all four cases" if right == 4 else f"right in {right} of 4 cases"

    def draw_neuron(w1, w2, b):
        figure, (left, right) = learn.axes(
            [f"One neuron: {count(neuron(corners, w1, w2, b))}", "The weighted sum in each case"],
            ["x1", "case"],
            ["x2", "z"],
            columns=2,
            height=2.8,
        )
        draw_answer(left, lambda x: neuron(x, w1, w2, b))
        sums = corners @ (w1, w2) + b
        right.bar(range(4), sums, width=0.6, color=[WARM if yes else COLD for yes in wanted])
        right.axhline(0, color="#4a525c", lw=1)
        right.axhspan(0, 7, color=WARM, alpha=0.16, lw=0, zorder=0)
        right.axhspan(-7, 0, color=COLD, alpha=0.16, lw=0, zorder=0)
        limit = max(1.5, 1.2 * abs(sums).max())
        right.set(ylim=(-limit, limit), xticks=range(4), xticklabels=["00", "01", "10", "11"])
        return figure

    return count, draw_answer, draw_neuron


@app.cell(hide_code=True)
def _(bias, draw_neuron, w1, w2):
    draw_neuron(w1.value, w2.value, bias.value)
    return


@app.cell(hide_code=True)
def _(mo, told_one):
    told_one
    mo.md(r"""
    Why it cannot be done: the two *yes* cases ask for $w_1 + b > 0$ and $w_2 + b > 0$. Together, $w_1 + w_2 + 2b > 0$. The two *no* cases ask for $b \le 0$ and $w_1 + w_2 + b \le 0$. Together, $w_1 + w_2 + 2b \le 0$. Both cannot be true. Minsky and Papert showed this, and much more of the kind, in 1969.

    ## Three neurons, and you set the weights

    Let two neurons, **A** and **B**, look at the switches. A third one, **C**, does not see the switches at all: its inputs are the answers of A and B. Neurons that stand between the inputs and the answer are a **hidden layer**.

    **Find weights that make the lamp right in all four cases.** A and B draw a line each (upper pictures). Below on the left is what C sees: the four cases, moved to where A and B put them; and C's own line. Below on the right is what all three say together.
    """)
    return


@app.cell(hide_code=True)
def _(mo, told_one):
    told_one
    by_hand = mo.ui.dictionary(
        {
            _name: mo.ui.slider(-2, 2, 0.5, value=_value, label=_name, show_value=True)
            for _name, _value in {
                "A: w1": 1, "A: w2": 0, "A: b": -0.5,
                "B: w1": 0, "B: w2": 1, "B: b": -0.5,
                "C: w1": 1, "C: w2": 1, "C: b": -0.5,
            }.items()
        }
    )  # fmt: skip
    mo.hstack(
        [
            mo.vstack([by_hand[f"{_neuron}: {_part}"] for _part in ("w1", "w2", "b")])
            for _neuron in "ABC"
        ],
        justify="start",
        gap=1,
        wrap=True,
    )
    return (by_hand,)


@app.cell(hide_code=True)
def _(corners, count, draw_answer, learn, mo, neuron, np, wanted):
    def three(x, a, b, c):
        """What neuron C says of the answers of A and B; each is given as (w1, w2, b)."""
        return neuron(np.stack([neuron(x, *a), neuron(x, *b)], axis=-1), *c)

    def table(a, b, c):
        """What each neuron says in each case, in Markdown."""
        answers = (neuron(corners, *a), neuron(corners, *b), three(corners, a, b, c), wanted)
        rows = "\n".join(
            f"| {x1:.0f} | {x2:.0f} | {p} | {q} | {r} | {y} | {'' if r == y else 'wrong'} |"
            for (x1, x2), p, q, r, y in zip(corners, *answers, strict=True)
        )
        return f"| x1 | x2 | A | B | C, the answer | wanted | |\n|--|--|--|--|--|--|--|\n{rows}"

    def judge(a, b, c):
        """What is still to be done with three neurons."""
        seen = {}  # by C: the answers of A and B, and what is wanted there
        for p, q, y in zip(neuron(corners, *a), neuron(corners, *b), wanted, strict=True):
            seen.setdefault((int(p), int(q)), set()).add(int(y))
        if (three(corners, a, b, c) == wanted).all():
            return "**Solved.** A and B have moved the four cases to where one line parts them, and C has drawn it."
        if any(len(answers) == 2 for answers in seen.values()):
            return "Here A and B give the same two answers for an orange case and for a blue one. C sees no difference between these two, and no weights of C can help: **change A or B.**"
        if len(seen) == 4:
            return "C sees four different points, with orange across from orange: that is XOR once more. **A and B must bring two cases of one colour together.**"
        return "A and B have done their part: what C sees can be parted by one line. **Now turn and move the line of C.**"

    def draw_three(a, b, c):
        first, (upper_left, upper_right) = learn.axes(
            ["Neuron A", "Neuron B"], "x1", ["x2", ""], columns=2, height=2.7
        )
        draw_answer(upper_left, lambda x: neuron(x, *a))
        draw_answer(upper_right, lambda x: neuron(x, *b))
        second, (left, right) = learn.axes(
            ["What C sees", f"All together: {count(three(corners, a, b, c))}"],
            ["answer of A", "x1"],
            ["answer of B", "x2"],
            columns=2,
            height=2.7,
        )
        moved = np.stack([neuron(corners, *a), neuron(corners, *b)], axis=-1)
        draw_answer(left, lambda x: neuron(x, *c), moved)
        draw_answer(right, lambda x: three(x, a, b, c))
        return mo.vstack([first, second])

    return draw_three, judge, table, three


@app.cell(hide_code=True)
def _(by_hand, draw_three, judge, mo, table):
    weights_by_hand = [
        tuple(by_hand.value[f"{_neuron}: {_part}"] for _part in ("w1", "w2", "b"))
        for _neuron in "ABC"
    ]
    mo.vstack(
        [
            mo.md(judge(*weights_by_hand)),
            draw_three(*weights_by_hand),
            mo.md(table(*weights_by_hand)),
        ]
    )
    return (weights_by_hand,)


@app.cell(hide_code=True)
def _(mo, told_one):
    told_one
    mo.md(r"""
    <details><summary>A hint, if you want one</summary>

    Say it in words first. The switches differ if *at least one* is on, *but not both*. Let A say "at least one", and B "both". A's weights are 1 and 1, as are B's; only their biases differ. C has to say "A but not B", for which one of its weights must be below zero.

    </details>
    """)
    return


@app.cell(hide_code=True)
def _(learn, three, corners, wanted):
    # one of the ways: at least one, both, the first but not the second
    solution = ((1, 1, -0.5), (1, 1, -1.5), (1, -1, -0.5))
    learn.say(
        "XOR by hand: at least one, both, the first but not the second: "
        f"{int((three(corners, *solution) == wanted).sum())} of 4 right"
    )
    return (solution,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Who finds the weights?

    Nine numbers can be found by hand, thousands cannot. Gradient descent could do it (lesson 2), if only it felt a slope. But the answer of our neuron is a step: flat to the left, flat to the right, and so its slope is zero nearly everywhere. The way out is a softer step.
    """)
    return


@app.cell(hide_code=True)
def _(COLD, WARM, learn, mg, np):
    _z = np.linspace(-6, 6, 241)
    _figure, _ax = learn.axes(
        "A step, and a soft step", "z, the weighted sum", "answer", height=2.4
    )
    _ax.plot(_z, (_z > 0).astype(float), color=COLD, lw=1.5, drawstyle="steps-mid")
    _ax.plot(_z, mg.sigmoid(_z), color=WARM)
    _ax.text(0.2, 1.04, "the step", color=COLD, va="bottom")
    _ax.text(2.1, 0.74, "the sigmoid", color=WARM)
    _ax.set_ylim(-0.05, 1.25)
    _figure
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    The **sigmoid** $\sigma(z) = 1/(1 + e^{-z})$ goes from 0 to 1 as well, but gently, and has a slope everywhere. What is applied to the weighted sum is called the **activation** of a neuron. With this activation the whole network of three neurons is two lines:
    """)
    return


@app.cell(hide_code=True)
def _(mg, mo):
    def network(x, W, b, V, c):
        hidden = mg.sigmoid(x @ W + b)  # neurons A and B
        return mg.sigmoid(hidden @ V + c)  # neuron C

    mo.show_code()
    return (network,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    `W` holds the weights of A and B, `b` their biases, `V` and `c` those of C; `@` multiplies each input with its weight and adds up. The loss is the mean squared distance to the answers wanted. We let **a hundred such networks** learn, side by side: each starts with other random weights, none knows of the others, each takes 1000 steps of gradient descent.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_hundred = learn.guess(
        "**Predict first.** How many of the hundred find weights that are right in all four cases?",
        ["hardly any", "about two thirds", "all"],
    )
    guess_hundred
    return (guess_hundred,)


@app.cell(hide_code=True)
def _(cache, corners, mg, network, np, wanted):
    @cache
    def crowd(hidden, steps=1000, rate=2.0, networks=100):
        """The losses of many networks, step by step, and how many cases each has right at last."""
        rng = np.random.default_rng(6)
        target = wanted[:, None]
        shapes = [(2, hidden), (1, hidden), (hidden, 1), (1, 1)]
        parameters = [
            mg.tensor(rng.normal(size=(networks, *shape)), requires_grad=True) for shape in shapes
        ]
        losses = []
        for _ in range(steps):
            answer = network(corners, *parameters)
            loss = ((answer - target) ** 2).mean(axis=(1, 2))  # of each network
            losses.append(loss.numpy())
            for parameter in parameters:
                parameter.zero_grad()
            loss.sum().backward()
            for parameter in parameters:
                parameter.data = parameter.data - rate * parameter.grad
        answer = network(corners, *parameters).numpy()
        return np.array(losses), ((answer > 0.5) == target).sum(axis=(1, 2))

    two_losses, two_right = crowd(2)
    return crowd, two_losses, two_right


@app.cell(hide_code=True)
def _(guess_hundred, learn, two_right):
    told_hundred = learn.reveal(
        guess_hundred,
        "about two thirds",
        f"{(two_right == 4).sum()} of 100. The others are right in {two_right.min()} or 3 cases; most of them have come to a place where the loss hardly falls any more, and is not low. Same data, same rate, same number of steps: only the start was different.",
    )
    told_hundred
    return (told_hundred,)


@app.cell(hide_code=True)
def _(mo, told_hundred):
    told_hundred
    mo.md(r"""
    So gradient descent finds weights by itself, but not from every start. **Move the slider:** what becomes of it with a single hidden neuron? And with more than XOR needs?
    """)
    return


@app.cell(hide_code=True)
def _(mo, told_hundred):
    told_hundred
    hidden_xor = mo.ui.slider(
        1, 8, 1, value=2, label="neurons in the hidden layer", show_value=True
    )
    hidden_xor
    return (hidden_xor,)


@app.cell(hide_code=True)
def _(COLD, WARM, crowd, hidden_xor, learn, np):
    def draw_crowd(hidden):
        losses, right = crowd(hidden)
        figure, (left, columns) = learn.axes(
            [
                f"The losses of 100 networks, {hidden} hidden",
                f"{(right == 4).sum()} of 100 have all four right",
            ],
            ["step", "cases right"],
            ["loss", "networks"],
            columns=2,
        )
        for solved, colour in ((False, COLD), (True, WARM)):
            left.plot(losses[:, (right == 4) == solved], color=colour, lw=0.6, alpha=0.5)
        left.set_ylim(0, 0.42)
        left.text(980, 0.39, "orange: solved   blue: not", ha="right", fontsize=9)
        bars = columns.bar(range(5), np.bincount(right, minlength=5), width=0.7)
        for number, bar in enumerate(bars):
            bar.set_color(WARM if number == 4 else COLD)
        columns.bar_label(bars)
        columns.set_ylim(0, 112)
        return figure

    draw_crowd(hidden_xor.value)
    return (draw_crowd,)


@app.cell(hide_code=True)
def _(crowd, learn, mo, told_hundred):
    told_hundred
    four_right = crowd(4)[1]
    learn.say(f"With four hidden neurons {(four_right == 4).sum()} of 100 networks solve XOR.")
    mo.md(f"""
    A single hidden neuron draws one line, and nothing behind it can bend that. Two are enough, if they start well. With four, {(four_right == 4).sum()} of 100 get there: neurons to spare make up for a bad start. This is one reason why networks are made larger than the task seems to need.
    """)
    return (four_right,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Two moons

    Now 200 points that no straight line parts, and the tools that microgd has for all this. `MLP([2, 16, 2])` is a network with 2 inputs, 16 hidden neurons and 2 at the end, one for each moon; the higher of these two **scores** is its answer. (MLP stands for *multilayer perceptron*. **tanh** is another soft step, from -1 to 1.)

    The scores $s$ become probabilities by the **softmax**, $p_i = e^{s_i} / \sum_j e^{s_j}$: all positive, and together 1. The loss is the **cross-entropy**, $-\log p_{\text{right}}$: zero if the network is sure and right, and large if it is sure and wrong. `mg.train.fit` does what you did in lesson 2, batch by batch, with stochastic gradient descent (`SGD`) and a learning rate of `lr`; an **epoch** is once through all points.
    """)
    return


@app.cell(hide_code=True)
def _(mg, np):
    class Film(mg.train.Callback):
        """What the network says all over the plane, before training and after each epoch."""

        def __init__(self):
            self.x, self.y = np.meshgrid(np.linspace(-1.6, 2.6, 57), np.linspace(-1.2, 1.7, 40))
            self.maps, self.accuracy = [], []

        def on_train_begin(self, run):
            scores = run.model(np.stack([self.x, self.y], axis=-1))
            self.maps.append(mg.softmax(scores, axis=-1).numpy()[..., 1])
            answers = run.model(moons.x).numpy().argmax(axis=1)
            self.accuracy.append((answers == moons.y).mean())

        on_epoch_end = on_train_begin

    moons = mg.data.moons(200, noise=0.1, rng=0)
    return Film, moons


@app.cell(hide_code=True)
def _(Film, cache, mg, mo, moons):
    @cache  # a run that was made is not made again
    def learn_moons(hidden, activation="tanh"):
        model = mg.nn.MLP([2, hidden, 2], activation, rng=2)
        film = Film()  # takes a picture after each epoch
        history = mg.train.fit(
            model,
            moons,
            mg.optim.SGD(model.parameters(), lr=0.5),
            epochs=100,
            callbacks=[film],
            progress=False,
        )
        return film, history

    mo.show_code()
    return (learn_moons,)


@app.cell(hide_code=True)
def _(learn):
    guess_bend = learn.guess(
        "**Predict first.** Where the answer changes from one moon to the other, there is the **decision boundary**. How does it form?",
        [
            "It is bent from the first epochs on, and slides into its place",
            "It is nearly straight at first, and bends later",
            "It comes in patches, one around each group of points",
        ],
    )
    guess_bend
    return (guess_bend,)


@app.cell(hide_code=True)
def _(learn_moons):
    sixteen, sixteen_history = learn_moons(16)
    line_film, _ = learn_moons(1)
    return line_film, sixteen, sixteen_history


@app.cell(hide_code=True)
def _(guess_bend, learn, line_film, sixteen):
    told_bend = learn.reveal(
        guess_bend,
        "It is nearly straight at first, and bends later",
        f"After 10 epochs {sixteen.accuracy[10]:.1%} of the points are on their side, about as many as with a single hidden neuron, which can only draw a straight line (at best {max(line_film.accuracy):.1%}). Then it bends: {sixteen.accuracy[50]:.1%} after 50 epochs, {sixteen.accuracy[100]:.0%} after 100. See for yourself, below.",
    )
    told_bend
    return (told_bend,)


@app.cell(hide_code=True)
def _(mo, told_bend):
    told_bend
    epoch = mo.ui.slider(0, 100, 1, value=10, label="after epoch", show_value=True)
    hidden_moons = mo.ui.slider(
        steps=[1, 2, 3, 4, 8, 16], value=16, label="hidden neurons", show_value=True
    )
    with_activation = mo.ui.checkbox(value=True, label="activation")
    mo.hstack([epoch, hidden_moons, with_activation], justify="start", gap=1, wrap=True)
    return epoch, hidden_moons, with_activation


@app.cell(hide_code=True)
def _(COLD, WARM, epoch, hidden_moons, learn, learn_moons, mg, moons, with_activation):
    def draw_film(hidden, at, activation):
        film, history = learn_moons(hidden, "tanh" if activation else mg.nn.Identity)
        figure, (left, right) = learn.axes(
            [
                f"After epoch {at}: {film.accuracy[at]:.1%} right",
                f"{hidden} hidden, {'tanh' if activation else 'no activation'}",
            ],
            ["x1", "epoch"],
            ["x2", "loss"],
            columns=2,
            height=3.4,
        )
        left.contourf(
            film.x, film.y, film.maps[at], [0, 0.5, 1],
            colors=[COLD, WARM], alpha=0.16,
        )  # fmt: skip
        left.contourf(film.x, film.y, film.maps[at], [0, 0.25], colors=[COLD], alpha=0.16)
        left.contourf(film.x, film.y, film.maps[at], [0.75, 1], colors=[WARM], alpha=0.16)
        if film.maps[at].min() < 0.5 < film.maps[at].max():
            left.contour(film.x, film.y, film.maps[at], [0.5], colors="#4a525c", linewidths=1.5)
        for label, colour in ((0, COLD), (1, WARM)):
            left.plot(*moons.x[moons.y == label].T, "o", ms=3, color=colour)
        right.plot(range(1, len(history) + 1), history["loss"], color="#4a525c")
        if at:
            right.plot(at, history["loss"][at - 1], "o", color=WARM, ms=8)
        right.set(ylim=(0, 0.6), xlim=(0, 101))
        return figure

    draw_film(hidden_moons.value, epoch.value, with_activation.value)
    return (draw_film,)


@app.cell(hide_code=True)
def _(learn_moons, mg, mo, told_bend):
    told_bend
    bare_film, _ = learn_moons(16, mg.nn.Identity)
    four_film, _ = learn_moons(4)
    three_film, _ = learn_moons(3)
    mo.md(f"""
    The line in the picture is the decision boundary; the deeper the colour, the surer the network. Go through the epochs, and then **break it**: with a single hidden neuron the line never bends. In this run three hidden neurons reach {three_film.accuracy[100]:.1%} within the hundred epochs, four {four_film.accuracy[100]:.0%}. And take the activation away: all sixteen together draw a straight line, and stay at {bare_film.accuracy[100]:.1%}. Weighing and adding, twice in a row, is only weighing and adding; the step in between, hard or soft, is what makes a layer worth having.
    """)
    return bare_film, four_film, three_film


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Digits

    The last step is only a matter of size. Here are real digits, written by hand, of 8 by 8 pixels each: 64 inputs instead of two, and ten classes instead of two.
    """)
    return


@app.cell(hide_code=True)
def _(learn, mg, np):
    digits = mg.data.digits()
    train, test = mg.data.train_test_split(digits, test=0.2, rng=0, stratify=True)

    def show(ax, pixels, title=""):
        """A digit, dark on light, without axes."""
        ax.imshow(pixels.reshape(8, 8), cmap="Greys", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
        ax.set_title(title, fontsize=9, loc="center")
        ax.spines[:].set_visible(True)

    def row_of(digits, titles):
        """Digits side by side, each with its title above."""
        figure, ax = learn.axes(height=1.25)
        ax.axis("off")
        for place, (pixels, title) in enumerate(zip(digits, titles, strict=True)):
            left = 9.5 * place
            ax.imshow(pixels.reshape(8, 8), "Greys", vmin=0, vmax=1, extent=(left, left + 8, 0, 8))
            ax.plot(left + np.array([0, 8, 8, 0, 0]), [0, 0, 8, 8, 0], color="#b5b9be", lw=1)
            ax.text(left + 4, 8.8, title, ha="center", fontsize=9)
        ax.set(xlim=(-1, 94), ylim=(-0.3, 12))
        return figure

    row_of([test.x[test.y == _digit][0] for _digit in range(10)], range(10))
    return digits, row_of, show, test, train


@app.cell(hide_code=True)
def _(mo, test, train):
    mo.md(f"""
    A network that has seen an answer may simply know it by heart. So {len(test.y)} of the digits are put aside as a **test set**: the network learns from the other {len(train.y)}, the **training set**, and is judged by those it has never seen. The share that it reads correctly is its **accuracy**. (The activation is now the **ReLU**, $\\max(z, 0)$, the usual one of `MLP`: no step any more, but not a straight line either.)
    """)
    return


@app.cell(hide_code=True)
def _(mg, mo, test, train):
    model = mg.nn.MLP([64, 32, 10], rng=0)
    before = (model(test.x).numpy().argmax(axis=1) == test.y).mean()
    digits_history = mg.train.fit(
        model,
        train,
        mg.optim.SGD(model.parameters(), lr=0.3),
        epochs=20,
        validation=test,
        progress=False,
    )

    mo.show_code()
    return before, digits_history, model


@app.cell(hide_code=True)
def _(learn):
    guess_wrong = learn.guess(
        "**Predict first.** After 20 epochs: how many of the 360 unseen digits does it read wrongly?",
        ["about 10", "about 50", "about 100"],
    )
    guess_wrong
    return (guess_wrong,)


@app.cell(hide_code=True)
def _(mg, model, np, test):
    chances = mg.softmax(model(test.x), axis=-1).numpy()  # ten probabilities for each digit
    read = chances.argmax(axis=1)
    misread = np.flatnonzero(read != test.y)
    test_accuracy = (read == test.y).mean()
    return chances, misread, read, test_accuracy


@app.cell(hide_code=True)
def _(before, digits_history, guess_wrong, learn, misread, test_accuracy):
    told_wrong = learn.reveal(
        guess_wrong,
        "about 10",
        f"{len(misread)} of 360: a test accuracy of {test_accuracy:.1%}. Before training, with random weights, it was {before:.1%}, little more than the tenth that blind guessing gives. On the digits it learned from it is {digits_history['accuracy'][-1]:.1%}.",
    )
    told_wrong
    return (told_wrong,)


@app.cell(hide_code=True)
def _(digits_history, learn, told_wrong):
    told_wrong
    _figure, _ax = learn.axes("Learning to read", "epoch", "accuracy", height=2.6)
    _epochs = range(1, len(digits_history) + 1)
    _ax.plot(_epochs, digits_history["accuracy"], label="training set")
    _ax.plot(_epochs, digits_history["val_accuracy"], "--", label="test set")
    _ax.set(ylim=(0.6, 1.0), xticks=range(1, 21, 1 + 1))
    _figure.legend(*_ax.get_legend_handles_labels(), loc="outside right center", frameon=False)
    _figure
    return


@app.cell(hide_code=True)
def _(mo, told_wrong):
    told_wrong
    mo.md(r"""
    And these are all that it read wrongly. Would you have known?
    """)
    return


@app.cell(hide_code=True)
def _(misread, read, row_of, test, told_wrong):
    told_wrong
    row_of(test.x[misread], [f"is {test.y[_row]}\nread as {read[_row]}" for _row in misread])
    return


@app.cell(hide_code=True)
def _(misread, mo, told_wrong):
    told_wrong
    which = mo.ui.slider(
        1, len(misread), 1, value=1, label="look closer at number", show_value=True
    )
    which
    return (which,)


@app.cell(hide_code=True)
def _(COLD, WARM, chances, learn, misread, read, show, test, which):
    def draw_chances(number):
        row = misread[number - 1]
        figure, (left, right) = learn.axes(
            ["", f"A {test.y[row]}, read as {read[row]}"],
            ["", "digit"],
            ["", "probability"],
            columns=2,
            height=2.5,
        )
        show(left, test.x[row])
        bars = right.bar(range(10), chances[row], color="#b5b9be")
        bars[read[row]].set_color(COLD)
        bars[test.y[row]].set_color(WARM)
        right.set(xticks=range(10), ylim=(0, 1.12))
        right.text(9.4, 1.02, "orange: what it is   blue: what was read", ha="right", fontsize=8)
        return figure

    draw_chances(which.value)
    return (draw_chances,)


@app.cell(hide_code=True)
def _(chances, misread, mo, read, test, told_wrong):
    told_wrong
    second = sum(
        int(chances[_row].argsort()[-2] == test.y[_row]) for _row in misread
    )  # where the truth came next
    mo.md(f"""
    The probabilities tell more than the answer. In {second} of the {len(misread)} the truth came second; and yet the network gave its wrong answer a probability of {max(chances[_row][read[_row]] for _row in misread):.0%} in one case: being sure is not being right.
    """)
    return (second,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## What has it learned?

    Move each test digit one pixel to the right. You read it as easily as before.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_shift = learn.guess(
        "**Predict.** And the network? Of the digits one pixel further to the right it reads",
        ["nearly as many as before", "about 80%", "less than half"],
    )
    guess_shift
    return (guess_shift,)


@app.cell(hide_code=True)
def _(model, np, test):
    def shifted(pixels, by):
        """Digits moved to the right by so many pixels (below 0: to the left); paper follows."""
        images = pixels.reshape(-1, 8, 8)
        moved = np.zeros_like(images)
        if by >= 0:
            moved[:, :, by:] = images[:, :, : 8 - by]
        else:
            moved[:, :, :by] = images[:, :, -by:]
        return moved.reshape(pixels.shape)

    shifts = list(range(-3, 4))
    shift_accuracy = [
        (model(shifted(test.x, by)).numpy().argmax(axis=1) == test.y).mean() for by in shifts
    ]
    return shift_accuracy, shifted, shifts


@app.cell(hide_code=True)
def _(guess_shift, learn, shift_accuracy, shifts):
    told_shift = learn.reveal(
        guess_shift,
        "less than half",
        f"{shift_accuracy[shifts.index(1)]:.1%} one pixel to the right, {shift_accuracy[shifts.index(-1)]:.1%} one to the left. It has learned which pixels are dark in a 3, and not what a 3 looks like.",
    )
    told_shift
    return (told_shift,)


@app.cell(hide_code=True)
def _(mo, told_shift):
    told_shift
    by = mo.ui.slider(-3, 3, 1, value=1, label="pixels to the right", show_value=True)
    by
    return (by,)


@app.cell(hide_code=True)
def _(WARM, by, learn, model, shift_accuracy, shifted, shifts, show, test):
    def draw_shift(by):
        figure, (left, right) = learn.axes(
            ["", f"Shifted by {by}: {shift_accuracy[shifts.index(by)]:.1%} of 360 right"],
            ["", "pixels to the right"],
            ["", "accuracy"],
            columns=2,
            height=2.6,
        )
        moved = shifted(test.x[0], by)
        show(left, moved, f"is {test.y[0]}, read as {model(moved).numpy().argmax()}")
        right.plot(shifts, shift_accuracy, "o-", color="#4a525c", lw=1.5)
        right.plot(by, shift_accuracy[shifts.index(by)], "o", ms=10, color=WARM)
        right.axhline(0.1, color="#767676", lw=1, ls=(0, (4, 4)))
        right.text(0, 0.13, "blind guessing", ha="center", fontsize=8, color="#4a525c")
        right.set(ylim=(0, 1.05), xticks=shifts)
        return figure

    draw_shift(by.value)
    return (draw_shift,)


@app.cell(hide_code=True)
def _(mo, told_bend, told_hundred, told_one):
    told_one, told_hundred, told_bend
    mo.md(r"""
    ## What to remember

    A neuron says yes on one side of a straight line, and so a single one cannot compute XOR. The neurons of a hidden layer move the points to where a straight line can part them, and an activation between the layers makes this possible. Gradient descent finds the weights from examples, though not from every start, and how well it did is measured on examples that it has not seen.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Exercises

    **1.** Set the weights of one neuron, as in the first picture, so that it says yes to "$x_1$ but not $x_2$", and only to that: to the case 1, 0 and to none of the other three.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_but_not = learn.code("w1 = ...\nw2 = ...\nb = ...\n")
    answer_but_not
    return (answer_but_not,)


@app.cell(hide_code=True)
def _(answer_but_not, learn):
    @learn.reads_code("w1", "w2", "b")
    def check_but_not(w1, w2, b):
        sums = [b, w2 + b, w1 + b, w1 + w2 + b]  # of 00, 01, 10, 11
        said = tuple(int(z > 0) for z in sums)
        typical = {
            (0, 0, 0, 0): "This neuron never says yes. For the case 1, 0 the sum is $w_1 + b$, and it has to be over zero.",
            (1, 1, 1, 1): "This neuron always says yes. With both switches off the sum is the bias alone: which sign must it have?",
            (0, 0, 1, 1): "This says yes to $x_1$, whatever $x_2$ is. The case 1, 1 has to become a no: let $w_2$ speak against it.",
            (0, 1, 0, 0): "That is $x_2$ but not $x_1$: the two weights are the wrong way round.",
            (0, 1, 1, 1): 'That is "at least one of the two". $x_2$ has to speak against, not for.',
            (0, 0, 0, 1): 'That is "both". $x_2$ has to speak against, not for.',
            (1, 0, 1, 0): "This says yes whenever $x_2$ is off, with both off as well. With both off the sum is the bias alone.",
            (1, 0, 1, 1): "Two cases too many: 0, 0, where the sum is the bias alone, and 1, 1, where $w_2$ does not yet weigh enough.",
        }  # fmt: skip
        if said == (0, 0, 1, 0):
            return learn.right(
                f"The sums are {', '.join(f'{z:g}' for z in sums)} for 00, 01, 10 and 11: only the third is over zero."
            )
        if said in typical:
            return learn.wrong(typical[said])
        return learn.wrong(
            f"For 00, 01, 10 and 11 the sums are {', '.join(f'{z:g}' for z in sums)}. Only the third may be over zero."
        )

    learn.check(answer_but_not, check_but_not)
    return (check_but_not,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    **2.** The network that read the digits is `MLP([64, 32, 10])`. How many numbers did gradient descent have to find?
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_size = learn.number("Weights and biases, all together:")
    answer_size
    return (answer_size,)


@app.cell(hide_code=True)
def _(answer_size, learn):
    def check_size(answer):
        typical = {
            64 * 32 + 32 * 10: "These are all the weights. Each neuron has a bias as well.",
            64 * 32: "These are the weights of the hidden neurons. They have biases, too; and ten more neurons follow.",
            64 * 32 + 32: "So many has the hidden layer. The ten neurons at the end have weights and biases as well.",
            32 * 10 + 10: "So many have the ten neurons at the end. The hidden layer has the most.",
            64 * 32 * 10: "Layers stand one after another: their numbers are added, not multiplied.",
            64 + 32 + 10: "These are the inputs and the neurons. Each neuron has a weight for *each* of its inputs.",
            32 + 10: "So many neurons there are, and so many biases. Each neuron also has a weight for each of its inputs.",
            64 * 32 + 64 + 32 * 10 + 32: "A bias belongs to a neuron, and the 64 pixels are no neurons.",
            64 * 32 + 64 + 32 + 32 * 10 + 10: "A bias belongs to a neuron, and the 64 pixels are no neurons.",
        }  # fmt: skip
        if answer == 2410:
            return learn.right(
                "In the hidden layer 64 times 32 weights and 32 biases, after it 32 times 10 weights and 10 biases."
            )
        return learn.wrong(
            typical.get(
                answer,
                "A hidden neuron has 64 weights and a bias, and there are 32 of them. How many inputs has each of the ten neurons at the end?",
            )
        )

    learn.check(answer_size, check_size)
    return (check_size,)


@app.cell(hide_code=True)
def _(learn):
    answer_friend = learn.choice(
        "**3.** A friend stacks five layers of 16 neurons for the two moons, and leaves out the activations. Her network stays at about 86%, however long it trains. What is the matter?",
        [
            "It has too few neurons",
            "Five layers are too many for gradient descent",
            "Without activations it can only draw a straight line",
            "It had a bad start",
        ],
    )
    answer_friend
    return (answer_friend,)


@app.cell(hide_code=True)
def _(answer_friend, learn):
    def check_friend(answer):
        return {
            "It has too few neurons": learn.wrong(
                "16 in a single hidden layer were enough above; she has five times as many."
            ),
            "Five layers are too many for gradient descent": learn.wrong(
                "Look at her 86%: descent did find something, and it is what a straight line reaches. What would stop the line from bending?"
            ),
            "Without activations it can only draw a straight line": learn.right(
                "Each layer then only weighs and adds; and sums of sums are sums. However many there are, they do what one neuron does."
            ),
            "It had a bad start": learn.wrong(
                "That can happen, as with XOR; but then another start would help. Here none does: what is there between her layers?"
            ),
        }[answer]

    learn.check(answer_friend, check_friend)
    return (check_friend,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Sources

    - Warren McCulloch and Walter Pitts, [*A logical calculus of the ideas immanent in nervous activity*](https://doi.org/10.1007/BF02478259), 1943: the neuron with a step.
    - Marvin Minsky and Seymour Papert, *Perceptrons*, 1969: what a single one cannot do.
    - David Rumelhart, Geoffrey Hinton and Ronald Williams, [*Learning representations by back-propagating errors*](https://doi.org/10.1038/323533a0), 1986: the weights of a hidden layer, found by gradient descent.
    - Ethem Alpaydin and Cenk Kaynak, [*Optical Recognition of Handwritten Digits*](https://doi.org/10.24432/C50P49), 1998, CC BY 4.0: the digits.

    ## What comes next

    One hidden layer can be trained with ease. With ten, the gradient has a long way back to the first one. Lesson 7 measures how much of it arrives: `microgd learn 7`.
    """)
    return


if __name__ == "__main__":
    app.run()
