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

    return learn, mg, mo, np


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    # 1. A slope $\frac{dy}{dx}$

    Text *here* $x^2$.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    guess_slope = learn.guess(
        "**Predict first.** What is the slope of $x^2$ at 1?", ["0.5", "1", "2"]
    )
    guess_slope
    return (guess_slope,)


@app.cell
def _(mg):
    slope = mg.grad(lambda x: x**2)(1.0)
    return (slope,)


@app.cell(hide_code=True)
def _(guess_slope, learn, slope):
    learn.reveal(guess_slope, "2", f"Measured: {slope:.3f}.")
    return


@app.cell(hide_code=True)
def _(mo):
    width = mo.ui.slider(0.1, 2, 0.1, value=1.0, label="h", show_value=True)
    width
    return (width,)


@app.cell(hide_code=True)
def _(learn, np, width):
    _x = np.linspace(-1, 1, 50)
    _figure, _ax = learn.axes("A parabola", "x", "y")
    _ax.plot(_x, width.value * _x**2)
    _figure
    return


@app.cell(hide_code=True)
def _(learn):
    answer_cube = learn.number("The slope of $x^3$ at 2 is")
    answer_cube
    return (answer_cube,)


@app.cell(hide_code=True)
def _(answer_cube, learn):
    def check_cube(answer):
        if abs(answer - 12) < 0.01:
            return learn.right("3 times 2 squared.")
        if abs(answer - 8) < 0.01:
            return learn.wrong("8 is the height there; the slope is asked for.")
        return learn.wrong(f"{answer:g} is not what a ruler says.")

    learn.check(answer_cube, check_cube)
    return (check_cube,)


@app.cell(hide_code=True)
def _(learn):
    answer_square = learn.code("def square(x):\n    return ...")
    answer_square
    return (answer_square,)


@app.cell(hide_code=True)
def _(answer_square, learn):
    @learn.reads_code("square")
    def check_square(square):
        return (
            learn.right("Yes.") if square(3) == 9 else learn.wrong(f"square(3) gives {square(3)}.")
        )

    learn.check(answer_square, check_square)
    return (check_square,)


@app.cell
def _(mg):
    x = mg.tensor(0.5, name="x", requires_grad=True)
    loss = (mg.tanh(2 * x) - 1) ** 2
    mg.draw.graph(loss)
    return


if __name__ == "__main__":
    app.run()
