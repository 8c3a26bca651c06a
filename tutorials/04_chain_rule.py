"""The chain rule, edge by edge

Backpropagation by hand on five nodes, then stepped through both ways; paths and their sum.

Time: 20 minutes.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="4. The chain rule, edge by edge")


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
    # 4. The chain rule, edge by edge

    In lesson 3 we asked how the loss answers to each of four numbers, and it took four forward passes. A network with a million parameters would take a million, for one step downhill.

    **How can a single pass, backwards, find the slope of every number at once?**

    You will do such a pass by hand, arrow by arrow. After that you will step through the same pass as the engine does it, and see that it is nothing else.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Two arrows in a row

    Here is a graph in which one thing happens after another: `x` is doubled, and the result is squared.
    """)
    return


@app.cell(hide_code=True)
def _(mg):
    def doubled_and_squared(x):
        x = mg.tensor(x, name="x", requires_grad=True)
        u = 2 * x
        u.name = "u"
        y = mg.square(u)
        y.name = "y"
        return y

    mg.draw.graph(doubled_and_squared(4.0), gradients=False)
    return (doubled_and_squared,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    Nudge a number a little, and what comes next is nudged as well. By how many times as much, that is the slope of this one arrow alone, its **local derivative**. From `x` to `u` it is 2. From `u` to `y` it is 16, for the slope of a square is twice the number that is squared (lesson 1), and `u` is 8.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_chain = learn.guess(
        "**Predict first.** Make `x` larger by one thousandth. `u` grows by 2 thousandths. By how many thousandths does `y` grow?",
        [
            "16: the last arrow decides",
            "18: the slopes are added",
            "32: the slopes are multiplied",
        ],
    )
    guess_chain
    return (guess_chain,)


@app.cell(hide_code=True)
def _(doubled_and_squared, guess_chain, learn):
    nudged = (doubled_and_squared(4.001).item() - doubled_and_squared(4.0).item()) * 1000
    chain_seen = learn.reveal(
        guess_chain,
        "32: the slopes are multiplied",
        f"Measured: `y` grows by {nudged:.3f} thousandths. Each thousandth of `x` becomes 2 at `u`, and each of these becomes 16 at `y`.",
    )
    chain_seen
    return chain_seen, nudged


@app.cell(hide_code=True)
def _(chain_seen, mo):
    chain_seen
    mo.md(r"""
    That is the **chain rule**: along a row of arrows, local derivatives are multiplied. (The 0.004 too many are the bend of the curve, as under the magnifying glass of lesson 1.)

    $$\frac{dy}{dx} = \frac{dy}{du} \cdot \frac{du}{dx} = 16 \cdot 2$$

    ## What each operation does to a nudge

    Only the operation itself decides its local derivatives, and what was computed before or comes after does not matter. These four are all that we need. The last two columns were measured with pegs, as in lesson 1, at $u = 7$ and $v = 4$.
    """)
    return


@app.cell(hide_code=True)
def _(chain_seen, mo):
    chain_seen

    def pegs(f, at, which, run=1e-6):
        """The slope of f along one of its arguments, measured from both sides."""
        up, down = list(at), list(at)
        up[which], down[which] = at[which] + run, at[which] - run
        return (f(*up) - f(*down)) / (2 * run)

    rules = {
        "u + v": (lambda u, v: u + v, "1", "1"),
        "u - v": (lambda u, v: u - v, "1", "-1"),
        "u · v": (lambda u, v: u * v, "v, the other factor", "u, the other factor"),
        "u²": (lambda u, v: u * u, "2u", ""),
    }
    measured_locals = {
        name: [pegs(f, (7.0, 4.0), which) for which in (0, 1)] for name, (f, _, _) in rules.items()
    }

    def _cell(value, rule):
        return "" if rule == "" else f"{value:.3f}"

    mo.md(
        "| operation | local derivative along u | along v | measured along u | along v |\n|---|---|---|--:|--:|\n"
        + "\n".join(
            f"| {_name} | {_u} | {_v} | {_cell(measured_locals[_name][0], _u)} | {_cell(measured_locals[_name][1], _v)} |"
            for _name, (_f, _u, _v) in rules.items()
        )
    )
    return measured_locals, pegs, rules


@app.cell(hide_code=True)
def _(chain_seen, mo):
    chain_seen
    mo.md(r"""
    ## Your turn: backwards, by hand

    Five nodes, of which `a` is used twice: `r` is what remains of the product `p` when `a` is taken away.

    ```python
    p = a * b
    r = p - a
    loss = mg.square(r)
    ```
    """)
    return


@app.cell(hide_code=True)
def _(mg):
    def five(a, b):
        a = mg.tensor(a, name="a", requires_grad=True)
        b = mg.tensor(b, name="b", requires_grad=True)
        p = a * b
        r = p - a
        loss = mg.square(r)
        p.name, r.name, loss.name = "p", "r", "loss"
        return loss, a, b

    return (five,)


@app.cell(hide_code=True)
def _(chain_seen, mo):
    chain_seen
    mo.md(r"""
    Start at the loss, and go against the arrows. At every arrow it is the same little multiplication:

    $$\underbrace{\text{upstream}}_{\text{at its end}} \times \underbrace{\text{local derivative}}_{\text{of the arrow}} = \underbrace{\text{contribution}}_{\text{to its beginning}}$$

    The **upstream gradient** is the slope of the loss at the node where the arrow ends: what has come back so far. At the loss itself it is 1: the loss grows as much as the loss grows. The **contribution** is handed back to the node where the arrow begins. Where several arrows leave a node, several contributions come back to it, and they are *added*. (Lesson 3 had `x + x`: each of its two arrows has slope 1, and the sum grows by 2 for each 1 of `x`.) All contributions to a node together are its **gradient**, and that is what the next arrows find upstream.

    Write down the contribution of each arrow. You may check after every single one; the arrow that comes next is marked in the picture.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    # Of each arrow: upstream, local derivative, whose upstream it is, and the wrong turns
    A, B, P, R, LOSS = 3.0, 5.0, 15.0, 12.0, 144.0
    ARROWS = {
        "r": (1.0, 2 * R, None, {
            R: "12 is `r` itself. The slope of a square is *twice* what is squared.",
            LOSS: "144 is the value of the loss. A slope is asked for.",
            2.0: "Twice what? The slope of a square depends on the number that is squared.",
            2 * LOSS: "Twice the loss; the slope is twice what is *squared*.",
            1.0: "That is the upstream gradient alone. It is still to be multiplied by the slope of the square.",
        }),
        "p": (24.0, 1.0, "r", {
            P: "15 is the value of `p`. What comes back is upstream times local derivative; values enter only where a rule of the table names them.",
            R: "12 is the value of `r`. What comes back to `r` is its gradient, the line above.",
            24 * P: "You multiplied by the value of `p`. The local derivative of a difference is no value, only 1 or -1.",
        }),
        "a_from_r": (24.0, -1.0, "r", {
            24.0: "The size is right, the sign is not: `a` is taken *away*, so `r` shrinks as `a` grows.",
            A: "3 is the value of `a`. Along this arrow its value does not matter.",
            24 * A: "You multiplied by the value of `a`. The local derivative of a difference is no value, only 1 or -1.",
            -24 * A: "You multiplied by the value of `a`. The local derivative of a difference is no value, only 1 or -1.",
            1.0: "The local derivative alone, and without its sign. What comes from upstream?",
            96.0: "That is what `a` gets in all. Here only the arrow from `r` is asked for.",
        }),
        "a_from_p": (24.0, B, "p", {
            24 * A: "You multiplied by `a` itself. The local derivative of a product is the *other* factor.",
            A: "3 is the value of `a`. The local derivative along this arrow is the other factor, and upstream comes on top.",
            P: "15 is the value of `p`. What comes back is upstream times local derivative.",
            24 * P: "You multiplied by the product. Its local derivative is one factor, the other one.",
            96.0: "That is what `a` gets in all. Here only the arrow from `p` is asked for; line 6 adds up.",
        }),
        "b": (24.0, A, "p", {
            24 * B: "You multiplied by `b` itself. The local derivative of a product is the *other* factor.",
            B: "5 is the value of `b`. The local derivative along this arrow is the other factor, and upstream comes on top.",
            P: "15 is the value of `p`. What comes back is upstream times local derivative.",
            24 * P: "You multiplied by the product. Its local derivative is one factor, the other one.",
        }),
    }  # fmt: skip

    def turns(name):
        """Wrong turns that there are at every arrow, by the number that they give."""
        upstream, local, _, own = ARROWS[name]
        yield from own.items()
        yield -upstream * local, "The size is right, the sign is not."
        yield (
            local,
            f"{local:g} is the local derivative alone. You forgot what comes from upstream.",
        )
        yield (
            upstream,
            "That is the upstream gradient as it arrives. It is still to be multiplied by the local derivative.",
        )
        yield (
            upstream + local,
            "You added upstream and local derivative; they are multiplied.",
        )

    def same(one, other):
        return abs(one - other) < 1e-6 * max(1, abs(other))

    def check_arrow(name, given, upstream_given=None):
        """What a number is, written down for one arrow; `upstream_given` is the learner's own."""
        upstream, local, *_ = ARROWS[name]
        own = upstream if upstream_given is None else upstream_given
        if same(given, upstream * local):
            follows = same(own, upstream)
            return learn.right(
                f"{upstream:g} times {local:g}."
                if follows
                else "But it does not follow from the line that it should come from; see there."
            )
        if same(given, own * local):
            return learn.wrong(
                "Your multiplication is right, but your upstream gradient is not. Mend the line that it comes from."
            )
        for value, said in turns(name):
            if same(given, value):
                return learn.wrong(said)
        return learn.wrong(
            f"{given:g} is not upstream times local derivative. What has come back to the node where the arrow ends, and which rule of the table holds for the arrow?"
        )

    return ARROWS, check_arrow, same


@app.cell(hide_code=True)
def _(ARROWS, check_arrow, learn, same):
    def check_sum(given, parts=(None, None)):
        """What a number is, written down for the gradient of `a`; `parts` are the learner's own."""
        wrongs = {
            120.0: "That is the contribution of one arrow alone, as if it had overwritten the other. They are added.",
            -24.0: "That is the contribution of one arrow alone. Another arrow leaves `a`, too.",
            144.0: "You lost a minus sign on the way: one of the two contributions is negative.",
            -144.0: "Look at the signs again: one of the two contributions is positive, and it is the larger.",
            -2880.0: "You multiplied the two contributions. Along a path it is times; where paths meet it is plus.",
            -96.0: "The size is right, the sign is not. Which of the two contributions is larger?",
            48.0: "That is the mean of the two; they are added.",
            3.0: "3 is the value of `a`; its gradient is asked for.",
            4.0: "Those are the local derivatives, added. What came from upstream?",
        }
        if same(given, 96):
            return learn.right("-24 + 120: what came back along both arrows, added.")
        if None not in parts and parts != (-24.0, 120.0) and same(given, sum(parts)):
            return learn.wrong(
                "You added rightly, but not yet the right numbers: see lines 3 and 4."
            )
        for value, said in wrongs.items():
            if same(given, value):
                return learn.wrong(said)
        return learn.wrong("Two arrows leave `a`. Add what came back along each of them.")

    def check_hand(answer):
        """Each line that has a number, in order."""
        checked = {}
        for name, given in answer.items():
            if given is None:
                continue
            if name == "a":
                parts = (answer.get("a_from_r"), answer.get("a_from_p"))
                checked[name] = check_sum(given, parts)
            else:
                checked[name] = check_arrow(name, given, answer.get(ARROWS[name][2]))
        return checked

    return check_hand, check_sum


@app.cell(hide_code=True)
def _(chain_seen, learn):
    chain_seen
    LINES = {
        "r": "(1) back from `loss` to `r`",
        "p": "(2) back from `r` to `p`",
        "a_from_r": "(3) back from `r` to `a`",
        "a_from_p": "(4) back from `p` to `a`",
        "b": "(5) back from `p` to `b`",
        "a": "(6) to `a`, in all: its gradient",
    }
    answer_hand = learn.numbers("**What comes back along each arrow?**", LINES)
    return LINES, answer_hand


@app.cell(hide_code=True)
def _(answer_hand, check_hand, five, mg):
    def next_arrow(answer):
        """What to mark in the picture: the first line that is not right yet."""
        marks = {  # the arrow, and the node that it leads back to
            "r": {"n3-n4-0", "n3"},
            "p": {"n2-n3-0", "n2"},
            "a_from_r": {"n0-n3-1", "n0"},
            "a_from_p": {"n0-n2-0", "n0"},
            "b": {"n1-n2-1", "n1"},
            "a": {"n0", "n0-n3-1", "n0-n2-0"},
        }
        checked = check_hand(answer or {})
        for name, mark in marks.items():
            if name not in checked or not checked[name].right:
                return mark
        return set()

    mg.draw.graph(five(3.0, 5.0)[0], gradients=False, marked=next_arrow(answer_hand.value))
    return (next_arrow,)


@app.cell(hide_code=True)
def _(answer_hand):
    answer_hand
    return


@app.cell(hide_code=True)
def _(LINES, answer_hand, check_hand, learn):
    learn.check_each(
        answer_hand,
        lambda answer: {LINES[name]: said for name, said in check_hand(answer).items()},
    )
    return


@app.cell(hide_code=True)
def _(chain_seen, mo):
    chain_seen
    go_on = mo.ui.checkbox(label="Go on, though not all six lines are right")
    go_on
    return (go_on,)


@app.cell(hide_code=True)
def _(answer_hand, five, go_on, learn, mg, mo, next_arrow):
    mo.stop(
        mo.running_in_notebook() and not go_on.value and bool(next_arrow(answer_hand.value)),
        mo.md("*The lesson goes on here when all six lines are right.*"),
    )
    loss, a, b = five(3.0, 5.0)
    record = mg.explain.backprop(loss)
    for _step in record:
        for _edge in _step.edges:
            learn.say(
                f"{_step.name} to {_edge.label}: {_edge.upstream:g} x {_edge.local:g} = {_edge.contribution:g}; so far {_edge.after:g}"
            )
    mo.md(r"""
    ## The same pass, by the engine

    You have just done **backpropagation**. Here it is again, recorded while microgd did it. *Step* and *Back* go both ways, or the arrow keys; *Forward* shows the pass that came before, *Quiz* asks you for the next number.

    In steps 2 to 7 you meet your own five multiplications. When the pass comes to `a` for the second time, what it brings is added to what is there already. That is called to **accumulate**.
    """)
    return a, b, loss, record


@app.cell(hide_code=True)
def _(record):
    record
    return


@app.cell(hide_code=True)
def _(mo, record):
    mo.md(f"""
    The page goes arrow by arrow. The record behind it has {len(record)} steps, one for each operation, and each of them hands back along all arrows that end there. `p` has to wait for `r`, for what arrives at `p` comes from there. Nobody has to plan this order: it is that of the forward pass, reversed.

    ## Stop where it gets interesting

    The same pass can be walked in code, and it stops where you like, for example where something accumulates. `run` goes there, and `back` takes one step back.
    """)
    return


@app.cell(hide_code=True)
def _(mg, mo, record):
    walk = mg.explain.debug(record.loss)
    walk.break_when(lambda step: step.accumulates)
    stopped = walk.run()  # goes on to where the condition holds

    mo.show_code(walk, position="above")
    return stopped, walk


@app.cell(hide_code=True)
def _(mo, walk):
    before = walk.back()

    mo.show_code(walk, position="above")
    return (before,)


@app.cell(hide_code=True)
def _(mo, record):
    record
    mo.md(r"""
    In a network, one stops in this way where a gradient is nearly zero, or not a number at all. The debugger computes nothing a second time: it holds the very pass that trains, between two steps.

    ## Is it true?
    """)
    return


@app.cell(hide_code=True)
def _(five, learn, mo, pegs, record):
    gradients = {record.label(node): record.gradient(node).item() for node in record.nodes[:2]}
    measured = [pegs(lambda a, b: five(a, b)[0].item(), (3.0, 5.0), which) for which in (0, 1)]
    learn.say(
        f"Backwards: a {gradients['a']:g}, b {gradients['b']:g}. With pegs: {measured[0]:.4f}, {measured[1]:.4f}."
    )
    mo.md(f"""
    Pegs and string, as in lesson 1, know nothing of arrows. They move `a` a little, compute the loss again, and see what it does; then `b`.

    | | backwards | measured with pegs |
    |---|--:|--:|
    | slope along a | {gradients["a"]:g} | {measured[0]:.4f} |
    | slope along b | {gradients["b"]:g} | {measured[1]:.4f} |

    The pegs needed two forward passes for *each* number. Backwards, one pass found both.
    """)
    return gradients, measured


@app.cell(hide_code=True)
def _(mo, record):
    record
    mo.md(r"""
    ## Paths and their sum

    There is another way to say what you did. From the loss, two **paths** lead back to `a`, one through `p`, and one straight from `r`. Multiply along each path, add up over all paths, and you have the gradient:
    """)
    return


@app.cell(hide_code=True)
def _(a, loss, mg, mo):
    found = mg.explain.paths(loss, a)
    mo.show_code(found, position="above")
    return (found,)


@app.cell(hide_code=True)
def _(mo, record):
    record
    mo.md(r"""
    The *share* is how much of the gradient a path makes up. Here one path gives more than all of it, and the other one takes some away: paths may work against each other.

    $$\frac{d\,\text{loss}}{d\,a} = \sum_{\text{paths}} \; \prod_{\text{arrows on the path}} \text{local derivative}$$

    ∑ means "add up over", and ∏ means "multiply over".

    ## Break it

    Now move `a` and `b`. All values and gradients are computed anew; the chart shows what both paths bring to `a`. What happens at `b` = 1? For which `b` do the two paths pull the same way?
    """)
    return


@app.cell(hide_code=True)
def _(mo, record):
    record
    move_a = mo.ui.slider(-4, 4, 0.5, value=3, label="a", show_value=True)
    move_b = mo.ui.slider(-5, 5, 0.5, value=5, label="b", show_value=True)
    mo.hstack([move_a, move_b], justify="start", gap=2, wrap=True)
    return move_a, move_b


@app.cell(hide_code=True)
def _(five, mg, move_a, move_b):
    def with_gradients(a, b):
        result, *_ = five(a, b)
        result.backward()
        return result

    mg.draw.graph(with_gradients(move_a.value, move_b.value))
    return (with_gradients,)


@app.cell(hide_code=True)
def _(five, learn, mg, move_a, move_b):
    def two_paths(a, b):
        """What comes back to a along each path: straight from r, and through p."""
        result, a, _ = five(a, b)
        listed = mg.explain.paths(result, a)
        by_length = sorted(listed, key=lambda path: len(path.hops))
        return [path.contribution.item() for path in by_length], listed.gradient.item()

    _parts, _total = two_paths(move_a.value, move_b.value)
    _figure, _ax = learn.axes(
        f"What comes back to a: {_parts[0]:g} and {_parts[1]:g}, together {_total:g}",
        "slope of the loss",
        height=2.2,
    )
    _names = ["straight from r", "through p", "together"]
    _ax.barh(
        _names[::-1],
        [_total, *_parts[::-1]],
        color=[learn.COLOURS[1], learn.COLOURS[0], learn.COLOURS[0]],
        height=0.6,
    )
    _ax.axvline(0, color="#767676", lw=1)
    _far = 1.15 * max(abs(_total), *map(abs, _parts), 1)
    _ax.set_xlim(-_far, _far)
    _figure
    return (two_paths,)


@app.cell(hide_code=True)
def _(mo, record):
    record
    mo.md(r"""
    At `b` = 1 nothing remains: `r` is 0, the slope of the square there is 0, and it stands in *both* products. One zero on the way, and nothing gets through, whatever comes after it. For a negative `b` both paths bring the same sign, and add up instead of fighting. Lesson 7 is about what many small factors in a row do.

    ## Why nobody walks the paths

    Two squares in a row: `x` times itself, and the result times itself.
    """)
    return


@app.cell(hide_code=True)
def _(mg, record):
    record

    def multiplied(times, start=2.0):
        """A number times itself, so many times over; and the number itself."""
        x = mg.tensor(start, name="x", requires_grad=True)
        number = x
        for _ in range(times):
            number = number * number
        return number, x

    mg.draw.graph(multiplied(2)[0], gradients=False)
    return (multiplied,)


@app.cell(hide_code=True)
def _(learn, record):
    record
    guess_paths = learn.guess(
        "**Predict first.** How many paths lead from the end back to `x`?",
        ["2", "3", "4"],
    )
    guess_paths
    return (guess_paths,)


@app.cell(hide_code=True)
def _(guess_paths, learn, mg, multiplied):
    four = mg.explain.paths(*multiplied(2))
    paths_seen = learn.reveal(
        guess_paths,
        "4",
        f"At each product there are two arrows to choose from: 2 · 2 = {four.n_paths}. Each brings {four[0].contribution.item():g}, and together they bring {four.gradient.item():g}, as they should: this is $x^4$, its slope is $4x^3$, and $x$ is 2.",
    )
    paths_seen
    return four, paths_seen


@app.cell(hide_code=True)
def _(four, paths_seen):
    paths_seen
    four
    return


@app.cell(hide_code=True)
def _(learn, paths_seen):
    paths_seen
    guess_many = learn.guess(
        "**Predict first.** Twenty products in a row, each of a number times itself. How many paths are there, and along how many arrows does the backward pass go?",
        [
            "40 paths, 40 arrows",
            "about a million paths, 40 arrows",
            "about a million paths, about a million arrows",
        ],
    )
    guess_many
    return (guess_many,)


@app.cell(hide_code=True)
def _(guess_many, learn, mg, multiplied):
    def effort(times):
        """How many paths there are, and how many arrows the backward pass goes along."""
        end, x = multiplied(times, start=1.0)
        walked = sum(len(step.edges) for step in mg.explain.backprop(end))
        return mg.explain.paths(end, x, top=1).n_paths, walked

    many_paths, many_arrows = effort(20)
    many_seen = learn.reveal(
        guess_many,
        "about a million paths, 40 arrows",
        f"Counted: {many_paths:,} paths. The backward pass goes along {many_arrows} arrows, each of them once.",
    )
    many_seen
    return effort, many_arrows, many_paths, many_seen


@app.cell(hide_code=True)
def _(effort, many_seen, mo, np):
    many_seen
    efforts = np.array([effort(k) for k in range(1, 31)])
    products = mo.ui.slider(
        1, 30, 1, value=3, label="products in a row", show_value=True, full_width=True
    )
    mo.vstack(
        [
            mo.md(
                "Push the slider to the right. (Each line of the chart stands for a hundred times as many as the line below it.)"
            ),
            products,
        ]
    )
    return efforts, products


@app.cell(hide_code=True)
def _(efforts, learn, products):
    _now = products.value
    _figure, _ax = learn.axes(
        f"{_now} products: {efforts[_now - 1, 0]:,} paths, {efforts[_now - 1, 1]} arrows",
        "products in a row",
        "how many",
        height=3.4,
    )
    for _which, (_name, _colour) in enumerate(
        (("paths", learn.COLOURS[1]), ("arrows", learn.COLOURS[0]))
    ):
        _ax.plot(range(1, 31), efforts[:, _which], color=_colour, lw=1.5)
        _ax.plot(_now, efforts[_now - 1, _which], "o", color=_colour, ms=8)
        _ax.text(30.5, efforts[-1, _which], _name, color=_colour, va="center")
    _ax.set(yscale="log", xlim=(0, 34), ylim=(1, 1e10))
    _ax.grid(axis="y", color="#e3e5e8", lw=0.7)
    _figure
    return


@app.cell(hide_code=True)
def _(many_seen, mo):
    many_seen
    mo.md(r"""
    That is the whole secret of one pass backwards. All paths that come to a node go on along the same arrows. So the pass first *adds* what has arrived there, and then multiplies once, for all of them together. It gets the sum over all paths without walking any of them to its end.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## What to remember

    Along an arrow, the upstream gradient times the local derivative is the contribution that is handed back. Where a number is used more than once, its contributions accumulate, and so its gradient is the sum over all paths of the products along them. Because contributions are added before they go on, a single pass backwards goes along every arrow once and finds the slopes of all numbers.

    ## Exercises

    **1. A cube.** With `x` = 5, let `s = square(x)` and `y = s * x`, whose value is 125.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_cube = learn.number("The gradient of `x`, the slope of `y` along it, is")
    answer_cube
    return (answer_cube,)


@app.cell(hide_code=True)
def _(answer_cube, learn):
    def check_cube(answer):
        wrongs = {
            50: "That is the path through `s`. There is an arrow from `x` straight to `y` as well.",
            25: "That is the path straight to `y`. `x` is used in `s` as well.",
            1250: "You multiplied the two paths with each other. Where paths meet, they are added.",
            125: "125 is the value of `y`; its slope is asked for.",
            35: "On the path through `s` you forgot what comes from upstream: from `y` to `s` it is multiplied by the other factor.",
            10: "That is the local derivative of the square alone. What comes from upstream, and what along the other path?",
            15: "That is 3 times `x`. Write down both paths, and multiply along each.",
            30: "Each path has a product. Along the straight one the local derivative is `s`, the other factor, which is 25.",
            55: "The path through `s` is right. Along the straight one the local derivative is the *other* factor, `s`.",
            275: "The straight path is right. Along the other one, the arrow from `y` to `s` multiplies by `x`, not by `s`.",
        }
        if abs(answer - 75) < 1e-6:
            return learn.right(
                "Through `s` it is 5 times 10, straight it is 25, and 50 + 25 = 75: three times the square, the slope of a cube."
            )
        for value, said in wrongs.items():
            if abs(answer - value) < 1e-6:
                return learn.wrong(said)
        return learn.wrong(
            "Two paths lead back to `x`: one arrow, or two in a row. Multiply along each, and add."
        )

    learn.check(answer_cube, check_cube)
    return (check_cube,)


@app.cell(hide_code=True)
def _(learn):
    answer_wait = learn.choice(
        "**2. When to go on.** Three operations use the number `h`. The backward pass has come back from the first of them. May it go on from `h` to what `h` was made from?",
        [
            "Yes, with what is there: the rest can follow later.",
            "Yes: each contribution is complete in itself, and the last one counts.",
            "No: first the other two have to come back, too.",
            "No: the three contributions have to be multiplied first.",
        ],
    )
    answer_wait
    return (answer_wait,)


@app.cell(hide_code=True)
def _(answer_wait, learn):
    def check_wait(answer):
        if answer.startswith("No: first"):
            return learn.right(
                "Only the whole sum is the gradient of `h`, and then every arrow behind it is walked once. The reverse of the forward order takes care of that: all who use `h` were computed after it."
            )
        if "can follow later" in answer:
            return learn.wrong(
                "The sum would come out right, but every arrow behind `h` would be walked three times. With twenty such places in a row, how many times is the last arrow walked?"
            )
        if "last one counts" in answer:
            return learn.wrong(
                "Then what the other two bring would be lost. In your pass by hand, `a` got -24 and then 120: which of them was its gradient?"
            )
        return learn.wrong(
            "To wait is right. But factors are multiplied *along* a path; what do contributions do where they meet?"
        )

    learn.check(answer_wait, check_wait)
    return (check_wait,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    **3. Write it yourself.** `arrows` lists every arrow of a graph in the order of the backward pass, as (where it ends, where it begins, its local derivative). If the loss were `y` at the top of this page, it would be `[("loss", "u", 16.0), ("u", "x", 2.0)]`. Fill in the dots, so that `gradients` returns the gradient of every node. (`grad.get(name, 0.0)` is what is there already, or 0.)
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_sweep = learn.code(
        "def gradients(arrows):\n"
        '    grad = {"loss": 1.0}\n'
        "    for end, begin, local in arrows:\n"
        "        grad[begin] = ...\n"
        "    return grad\n"
    )
    answer_sweep
    return (answer_sweep,)


@app.cell(hide_code=True)
def _(answer_sweep, five, learn, mg):
    def arrows_of(result):
        return [
            (step.name, edge.label, edge.local.item())
            for step in mg.explain.backprop(result)
            for edge in step.edges
        ]

    @learn.reads_code("gradients")
    def check_sweep(gradients):
        result, *_ = five(3.0, 5.0)
        found = gradients(arrows_of(result))
        if not isinstance(found, dict):
            return learn.wrong(
                f"`gradients` has to return `grad`, a dict; it returns {found!r:.60}."
            )
        if ... in found.values():
            return learn.wrong("What comes back along an arrow is to be put where the dots are.")
        missing = [name for name in ("loss", "r", "p", "a", "b") if name not in found]
        if missing:
            return learn.wrong(f"The gradient of `{missing[0]}` is missing.")
        right = {"loss": 1, "r": 24, "p": 24, "a": 96, "b": 72}
        wrongs = {
            ("a", 120): "The contribution from `p` has overwritten the one from `r`. A second contribution is *added* to what is there.",
            ("a", -24): "The contribution from `r` is kept, and the one from `p` is lost. Contributions are added.",
            ("a", -2880): "Two contributions to `a` were multiplied. They are added.",
            ("a", 4): "The local derivatives are added up, but nothing comes from upstream: `grad[end]` is missing.",
            ("r", 25): "That adds upstream and local derivative. They are multiplied.",
            ("p", 1): "That is the local derivative alone. What comes from upstream is `grad[end]`.",
            ("r", 0): "Nothing comes back, for something is multiplied by `grad` of the node where the arrow *begins*, and that is 0. Upstream is where it *ends*.",
            ("r", 1): "The upstream gradient is handed on unchanged. The arrow's own slope, `local`, is missing.",
        }  # fmt: skip
        for name, value in right.items():
            if abs(found[name] - value) > 1e-9:
                hint = wrongs.get(
                    (name, round(found[name], 9)), "Upstream times local, added to what is there."
                )
                return learn.wrong(
                    f"For the five nodes, `{name}` gets {found[name]:g} instead of {value}. {hint}"
                )
        return learn.right(
            "That is backpropagation, in one line. All the rest of an engine keeps the arrows, and their order."
        )

    learn.check(answer_sweep, check_sweep)
    return arrows_of, check_sweep


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Sources

    - S. Linnainmaa, *Taylor expansion of the accumulated rounding error*, 1976, [doi.org/10.1007/BF01931367](https://doi.org/10.1007/BF01931367): the pass in reverse, as in his thesis of 1970.
    - F. L. Bauer, *Computational graphs and rounding error*, 1974, [doi.org/10.1137/0711010](https://doi.org/10.1137/0711010): the sum over paths.
    - D. E. Rumelhart, G. E. Hinton and R. J. Williams, *Learning representations by back-propagating errors*, 1986, [doi.org/10.1038/323533a0](https://doi.org/10.1038/323533a0): the pass in reverse, used to train networks.

    ## What comes next

    The engine knows a local derivative for each of its operations. In lesson 5 you give it one that it does not know, and find out whether you got it right: `microgd learn 5`.
    """)
    return


if __name__ == "__main__":
    app.run()
