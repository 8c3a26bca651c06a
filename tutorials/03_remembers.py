"""A number that remembers

How a computation becomes a graph, and what each number in it keeps for later.

Time: 15 minutes.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="3. A number that remembers")


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
    # 3. A number that remembers

    You work something out, and the answer is 4. Which of the numbers that went in would have to be larger for the answer to be smaller? The 4 cannot tell. It is only a 4: the way that led to it is gone.

    In lesson 2 we walked downhill, and for that we needed a slope for every number that we could change. Slopes belong to the *way*, not to the answer. So here is the question of this lesson:

    **What must a number remember, so that one can ask it afterwards where it came from?**

    Our computation is one point of lesson 2. A straight line predicts `w * x + b` where the truth is `y`, and the **loss**, the number that says how bad this is, is the square of the error.
    """)
    return


@app.cell(hide_code=True)
def _(mg, mo):
    w = mg.tensor(3.0, name="w", requires_grad=True)
    x = mg.tensor(2.0, name="x")
    b = mg.tensor(1.0, name="b", requires_grad=True)
    y = mg.tensor(5.0, name="y")

    loss = mg.square(w * x + b - y)
    loss.name = "loss"
    mo.show_code(loss.item(), position="above")
    return (loss,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    A **tensor** is what microgd calls a number that remembers. (It can also be a whole array of numbers; here each holds one.) `requires_grad=True` marks the numbers that we may change, and for which we shall want a slope: the **parameters**, here `w` and `b`. What is given, `x` and `y`, is **data**.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_reach = learn.guess(
        "**Predict first.** You hold nothing but `loss`. You may ask it which numbers it was made from, ask those the same, and so on. How many numbers do you meet, `loss` included?",
        [
            "1: itself",
            "2: itself and the one that was squared",
            "5: itself and the four that we wrote down",
            "8: all of these, and the results on the way",
        ],
    )
    guess_reach
    return (guess_reach,)


@app.cell(hide_code=True)
def _(guess_reach, learn, loss, mg):
    forward = mg.explain.forward(loss)
    reached = len(forward.nodes)
    learn.reveal(
        guess_reach,
        "8: all of these, and the results on the way",
        f"Asked one after the other, {reached} numbers answer: the four that we wrote down, and one for each of the {len(forward)} operations. Nothing was thrown away.",
    )
    return forward, reached


@app.cell(hide_code=True)
def _(mo, reached):
    mo.md(f"""
    ## The picture of a computation

    Here are all {reached}. An arrow means "was used to compute". Such a picture is a **graph**: the numbers are its **nodes**, the arrows its **edges**. A node that no operation made is a **leaf**.
    """)
    return


@app.cell(hide_code=True)
def _(loss, mg, reached):
    reached
    mg.draw.graph(loss, gradients=False)
    return


@app.cell(hide_code=True)
def _(mo, reached):
    reached
    mo.md(r"""
    A thick outline marks a parameter, a dashed one data, and a double one the end. In the middle stand the results on the way; those without a name of their own are called `v1`, `v2`, `v3`. A dotted arrow comes from data: no slope will be asked for there.

    ## All that it has to remember

    Each number keeps two things beside its value: the **operation** that made it, and the **inputs** of that operation, in order. That is all. The inputs remember theirs in turn, and so the last number holds on to the whole way.

    This function follows the memory backwards, and writes down what it finds:
    """)
    return


@app.cell(hide_code=True)
def _(loss, mo, reached):
    def written(number):
        if number.op is None:  # a leaf: no operation made it
            return number.name
        inputs = [written(each) for each in number.inputs]
        return f"{number.op.name}({', '.join(inputs)})"

    story = written(loss)
    mo.show_code(f"{story}, from {reached} numbers", position="above")
    return story, written


@app.cell(hide_code=True)
def _(forward, learn, reached, story):
    learn.say(f"The loss remembers {story}: {reached} numbers, {len(forward)} operations.")
    return


@app.cell(hide_code=True)
def _(mo, reached):
    reached
    mo.md(r"""
    Read it from the inside out, and you have the line of Python back, `square(w * x + b - y)`. Nobody kept the text of that line: the numbers noted down what happened to them while it happened.

    ## Forward values

    Going through the graph with the arrows, from the leaves to the loss, is the **forward pass**. A node can be computed as soon as its inputs are known. Step through it with the buttons, or with the arrow keys, in both directions. *Quiz* asks for the next value before it shows it.
    """)
    return


@app.cell(hide_code=True)
def _(forward):
    forward
    return


@app.cell(hide_code=True)
def _(learn, reached):
    reached
    guess_leaf = learn.guess(
        "**Predict first.** Back to the question at the top. The loss is 4. Which one of the four leaves would have to be *larger* for the loss to be *smaller*?",
        ["w, now 3", "x, now 2", "b, now 1", "y, now 5"],
    )
    guess_leaf
    return (guess_leaf,)


@app.cell(hide_code=True)
def _(mg):
    def error_squared(w=3.0, x=2.0, b=1.0, y=5.0):
        """The loss of our point, computed anew, for other leaves."""
        given = {"w": w, "x": x, "b": b, "y": y}
        w, x, b, y = (
            mg.tensor(value, name=name, requires_grad=name in "wb") for name, value in given.items()
        )
        result = mg.square(w * x + b - y)
        result.name = "loss"
        return result

    given = {"w": 3.0, "x": 2.0, "b": 1.0, "y": 5.0}

    def larger_by(name, more):
        """The loss when one leaf is larger by `more`, and the other three are as they were."""
        return error_squared(**{name: given[name] + more})

    return error_squared, given, larger_by


@app.cell(hide_code=True)
def _(given, guess_leaf, larger_by, learn):
    tried = {name: larger_by(name, 0.5).item() for name in given}
    leaf_seen = learn.reveal(
        guess_leaf,
        "y, now 5",
        "Make each of them larger by a half, one at a time, and compute forwards again. The loss of 4 becomes "
        + ", ".join(f"{loss:g} with a larger `{name}`" for name, loss in tried.items())
        + ". But `y` is data: what is true is not ours to change. So we have to make `w` or `b` smaller.",
    )
    leaf_seen
    return leaf_seen, tried


@app.cell(hide_code=True)
def _(leaf_seen, mo):
    leaf_seen
    mo.md(r"""
    That took four forward passes, one for each leaf. A network may have a million parameters. In lesson 4 a single pass *backwards* answers for all of them at once, and it can do so because the way was remembered.

    Try it yourself: choose a leaf and change it. Which boxes change, and which never do? Can you bring the loss down to 0 with `w`? With `b`?
    """)
    return


@app.cell(hide_code=True)
def _(leaf_seen, mo):
    leaf_seen
    which_leaf = mo.ui.radio(["w", "x", "b", "y"], value="w", label="change", inline=True)
    how_much = mo.ui.slider(-3, 3, 0.25, value=0, label="by", show_value=True)
    mo.hstack([which_leaf, how_much], justify="start", gap=2, wrap=True)
    return how_much, which_leaf


@app.cell(hide_code=True)
def _(how_much, larger_by, mg, which_leaf):
    mg.draw.graph(larger_by(which_leaf.value, how_much.value), gradients=False)
    return


@app.cell(hide_code=True)
def _(leaf_seen, mo):
    leaf_seen
    mo.md(r"""
    `w` reaches the loss through `v1`, `v2` and `v3`, so these three and the loss change with it; `y` reaches it through `v3` alone. No leaf changes another leaf, for no arrow leads from one to the other. Where there is no path, there is no influence.

    ## A memory, not a spreadsheet

    Each time the slider moved, we computed the loss *anew*. What if we do not, and only put another number into the leaf, as in the cell of a spreadsheet?
    """)
    return


@app.cell(hide_code=True)
def _(leaf_seen, learn):
    leaf_seen
    guess_stale = learn.guess(
        "**Predict first.** After `loss` was computed with `w` = 3, we write `w.data = 10.0`. The loss for `w` = 10 would be 256. What does `loss` hold now?",
        ["4, as before", "256", "Nothing: it is erased"],
    )
    guess_stale
    return (guess_stale,)


@app.cell(hide_code=True)
def _(error_squared, guess_stale, learn):
    def after_a_change(new):
        """What the loss holds once w was overwritten, and what it says when asked for a slope."""
        result = error_squared()
        leaf = result.inputs[0].inputs[0].inputs[0].inputs[0]
        leaf.data = new
        try:
            result.backward()
        except RuntimeError as error:
            return result.item(), str(error)

    stale_value, stale_error = after_a_change(10.0)
    learn.reveal(
        guess_stale,
        "4, as before",
        f"It holds {stale_value:g}. Computed anew with `w` = 10 it is {error_squared(w=10.0).item():g}. A remembered computation is a record of what *was* computed.",
    )
    return stale_error, stale_value


@app.cell(hide_code=True)
def _(learn, mo, stale_error):
    learn.say(f"Asked for a slope all the same, it says: {stale_error}")
    mo.md(f"""
    But now the memory is wrong: one input is no longer the number that was used. Asked for a slope, microgd does not give a wrong one. It says:

    > {stale_error.replace("...", "…")}

    (The brackets after `w` are its shape; they are empty because it is a single number.) Training always goes in this order: compute forwards, ask for the slopes, change the parameters, and compute forwards again.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## A slider to break it

    A number may be used more than once. Take `x`, add it to itself, add the result to *itself*, and so on. Three such doublings:
    """)
    return


@app.cell(hide_code=True)
def _(mg):
    def doubled(times):
        """x, doubled so many times."""
        number = mg.tensor(1.0, name="x", requires_grad=True)
        for _ in range(times):
            number = number + number
        return number

    mg.draw.graph(doubled(3), gradients=False)
    return (doubled,)


@app.cell(hide_code=True)
def _(learn):
    guess_doubled = learn.guess(
        "**Predict first.** With 10 doublings, how many nodes does the graph have, and how many times does `written` write down an `x`?",
        ["11 nodes, 11 times", "11 nodes, 1,024 times", "1,024 nodes, 1,024 times"],
    )
    guess_doubled
    return (guess_doubled,)


@app.cell(hide_code=True)
def _(doubled, guess_doubled, learn, mg, written):
    def sizes(times):
        """How many nodes there are after so many doublings, and how many x when written out."""
        result = doubled(times)
        nodes = len(mg.explain.forward(result).nodes) if times else 1
        return nodes, written(result).count("x")

    ten_nodes, ten_written = sizes(10)
    learn.reveal(
        guess_doubled,
        "11 nodes, 1,024 times",
        f"Counted: {ten_nodes} nodes, and {ten_written:,} times `x`. A doubling adds one node to the graph, but it doubles the text.",
    )
    return sizes, ten_nodes, ten_written


@app.cell(hide_code=True)
def _(mo, ten_nodes):
    ten_nodes
    slide_doublings = mo.ui.slider(
        0, 12, value=3, label="doublings", show_value=True, full_width=True
    )
    mo.vstack(
        [
            mo.md("Push the slider to the right. Which of the two ways to write it down breaks?"),
            slide_doublings,
        ]
    )
    return (slide_doublings,)


@app.cell(hide_code=True)
def _(learn, sizes, slide_doublings):
    _now = slide_doublings.value
    _nodes, _written = zip(*(sizes(k) for k in range(_now + 1)), strict=True)
    _figure, _ax = learn.axes(
        f"After {_now} doublings: {_nodes[-1]} nodes, and x written {_written[-1]:,} times",
        "doublings",
        "how many",
    )
    _ax.plot(range(_now + 1), _written, "o-", color=learn.COLOURS[1])
    _ax.plot(range(_now + 1), _nodes, "o-", color=learn.COLOURS[0])
    _far = _written[-1] > 1.3 * _nodes[-1]
    _ax.annotate(
        "x, when written out", (_now, _written[-1]), (8, 0), textcoords="offset points",
        color=learn.COLOURS[1], va="center",
    )  # fmt: skip
    if _far:
        _ax.annotate(
            "nodes of the graph", (_now, _nodes[-1]), (8, 0), textcoords="offset points",
            color=learn.COLOURS[0], va="center",
        )  # fmt: skip
    _ax.set_xticks(range(_now + 1))
    _ax.set_xlim(-0.3, max(_now, 1) * 1.35)
    _ax.set_ylim(0, max(_written[-1], 2) * 1.1)
    _figure
    return


@app.cell(hide_code=True)
def _(mo, ten_nodes):
    ten_nodes
    mo.md(r"""
    What breaks is our little function `written`. It comes to a node once for every *way* to it, and with each doubling there are twice as many ways. The graph stays small, because a number that is used twice is still one node, with two arrows.

    That is why a computation is kept as a graph and not as a formula. Lesson 4 depends on it: slopes come from the ways through the graph, of which there may be very many, and yet nobody has to walk them one by one.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## What to remember

    A number that was computed remembers its operation and its inputs, and so the whole way is there to be asked. The forward pass gives every node its value, from the leaves to the loss, and the record holds the values of that moment. A number that is used twice is still one node, however many paths lead through it.

    ## Exercises

    **1. From the picture to the code.** Which expression of `a` and `b` has this graph? The value alone does not decide it.
    """)
    return


@app.cell(hide_code=True)
def _(mg):
    def pictured():
        """The graph that exercise 1 asks for."""
        a = mg.tensor(2.0, name="a", requires_grad=True)
        b = mg.tensor(3.0, name="b", requires_grad=True)
        return (a + b) * a

    mg.draw.graph(pictured(), gradients=False)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_build = learn.code("def build(a, b):\n    return ...")
    answer_build
    return (answer_build,)


@app.cell(hide_code=True)
def _(answer_build, learn, mg):
    @learn.reads_code("build")
    def check_build(build):
        a = mg.tensor(2.0, name="a", requires_grad=True)
        b = mg.tensor(3.0, name="b", requires_grad=True)
        result = build(a, b)
        if getattr(result, "op", None) is None:
            return learn.wrong(
                f"`build` returns {result!r:.60}, which no operation made. Write an expression of `a` and `b` themselves after `return`."
            )
        nodes = mg.explain.forward(result).nodes
        made = [node.op.name for node in nodes if node.op]
        foreign = [node for node in nodes if node.op is None and node is not a and node is not b]
        if foreign:
            return learn.wrong(
                f"There is a leaf of {foreign[0].item():g} in your graph that is neither `a` nor `b`. A 2 that you write yourself equals `a`, but it is another number, with no arrow from `a`."
            )
        steps = " and ".join(made)
        if made != ["add", "multiply"]:
            if result.item() == 10:
                return learn.wrong(
                    f"The value is 10, as in the picture, but your graph has {steps}. The picture has one add and one multiply: an equal value, reached another way."
                )
            return learn.wrong(
                f"Your result is {result.item():g}, by {steps}; in the picture it is 10. Which operation comes last there, and which first? A pair of brackets decides it."
            )
        if result.item() != 10:
            return learn.wrong(
                f"First add, then multiply: that is so. But your result is {result.item():g}. Which leaf do two arrows leave in the picture, and where do they lead?"
            )
        return learn.right(
            "One sum, used by one product; and two arrows leave `a`, for it is used twice."
        )

    learn.check(answer_build, check_build)
    return (check_build,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    **2. Count the nodes.** This function is to count all numbers that one can reach from a result, itself included. It counts some of them too often, for the same reason that `written` broke. Mend it. (`number in met` asks whether a number is in the set `met = set()`, and `met.add(number)` puts it there.)
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_count = learn.code(
        "def count(number):\n    return 1 + sum(count(each) for each in number.inputs)"
    )
    answer_count
    return (answer_count,)


@app.cell(hide_code=True)
def _(answer_count, doubled, error_squared, learn, mg):
    @learn.reads_code("count")
    def check_count(count):
        a, b = (mg.tensor(2.0, requires_grad=True) for _ in range(2))
        cases = [  # what is counted, how many numbers there are, and what a wrong count tells
            (
                "our loss, with `w` = 10,",
                error_squared(w=10.0),  # eight values, no two alike
                8,
                {
                    2: "Those are the loss and its one input; the inputs have inputs, too.",
                    4: "Those are the operations; the leaves are numbers, too.",
                    7: "Is the result itself counted?",
                },
            ),
            (
                "`x + x`",
                doubled(1),
                2,
                {
                    3: "There are only `x` and the sum. You come to `x` twice, and count it twice: note down whom you have met."
                },
            ),
            (
                "`a * b`, where both are 2,",
                a * b,
                3,
                {
                    2: "Two numbers that are equal are not the same number. In a list, `in` compares the values; a `set` asks whether it is the very same one."
                },
            ),
            (
                "`(a + b) * a`",
                (a + b) * a,
                4,
                {
                    5: "`a` is met at the product, and again at the sum. It is not enough to look at the inputs of one operation: note down whom you have met anywhere."
                },
            ),
        ]
        for what, result, there, means in cases:
            counted = count(result)
            if counted is None:
                return learn.wrong("`count` returns nothing: it has to end by returning a number.")
            if not isinstance(counted, int):
                return learn.wrong(f"`count` has to return a number; it returns {counted!r:.60}.")
            if counted != there:
                hint = means.get(
                    counted,
                    "With every call, begin with nobody met, and then count everybody once.",
                )
                return learn.wrong(f"For {what} `count` gives {counted} instead of {there}. {hint}")
        return learn.right("Each number once, however many ways lead to it.")

    learn.check(answer_count, check_count)
    return (check_count,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    **3. Where did it go wrong?** A loss that is `nan`, "not a number", tells nothing. The forward values do. Which node was the *first* that is not a number?
    """)
    return


@app.cell(hide_code=True)
def _(mg, np):
    def broken():
        """A computation that meets the logarithm of a negative number."""
        w = mg.tensor(-2.0, name="w", requires_grad=True)
        b = mg.tensor(1.0, name="b", requires_grad=True)
        with np.errstate(invalid="ignore"):
            product = w * mg.tensor(3.0, name="x")
            product.name = "product"
            score = product + b
            score.name = "score"
            logarithm = mg.log(score)
            logarithm.name = "logarithm"
            result = mg.square(logarithm)
        result.name = "loss"
        return result

    mg.draw.graph(broken(), gradients=False)
    return (broken,)


@app.cell(hide_code=True)
def _(learn):
    answer_nan = learn.choice(
        "The first node that is not a number is", ["product", "score", "logarithm", "loss"]
    )
    answer_nan
    return (answer_nan,)


@app.cell(hide_code=True)
def _(answer_nan, learn):
    def check_nan(answer):
        if answer == "logarithm":
            return learn.right(
                "All that went into it is fine, and it is not: a negative number has no real logarithm. Whatever is computed from `nan` is `nan` as well."
            )
        if answer == "loss":
            return learn.wrong(
                "The loss is the last, not the first. Go back against the arrows: was what went into it still a number?"
            )
        if answer == "score":
            return learn.wrong(
                "The score is negative, and that is a number like any other. Which operation cannot take it?"
            )
        return learn.wrong("The product is -6: a number. Follow the arrows to the first `nan`.")

    learn.check(answer_nan, check_nan)
    return (check_nan,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Sources

    - F. L. Bauer, *Computational graphs and rounding error*, 1974, [doi.org/10.1137/0711010](https://doi.org/10.1137/0711010): a computation as a graph with derivatives on its edges.
    - R. E. Wengert, *A simple automatic derivative evaluation program*, 1964, [doi.org/10.1145/355586.364791](https://doi.org/10.1145/355586.364791): a program that takes down its elementary operations.
    - A. G. Baydin and others, *Automatic differentiation in machine learning: a survey*, 2018, [arxiv.org/abs/1502.05767](https://arxiv.org/abs/1502.05767).

    ## What comes next

    You have a graph that knows how it was made. Lesson 4 goes through it against the arrows, and comes back with all the slopes: `microgd learn 4`.
    """)
    return


if __name__ == "__main__":
    app.run()
