"""Words as vectors

How a network learns what goes with what: word2vec, its gradient by hand, and Newton's colours.

Time: 20 minutes.
"""

import marimo

__generated_with = "0.25.2"
app = marimo.App(app_title="12. Words as vectors")


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
    # 12. Words as vectors

    In 1704 Isaac Newton published a book on light, the *Opticks*. Here is a network that has never seen light, nor a dictionary. All it gets is the book as a row of marks, one for each word. **Can it find out which of them are colours?**

    A network computes with numbers, so every word has to become some. A single number will not do: were red 34 and blue 59, what would 46 mean? Each word gets a **vector** instead, a row of several numbers, and the vectors are *learned*. What of, if nobody says what a word means? Of the company that the word keeps.
    """)
    return


@app.cell(hide_code=True)
def _(mg, mo, np):
    text = mg.data.words(mg.data.opticks())
    words = mg.data.vocabulary(text, least=40)  # those that come 40 times or more
    places = mg.data.encode(text, words)
    centres, contexts = mg.data.skip_grams(places, window=4)

    counts = np.zeros((len(words), len(words)))
    np.add.at(counts, (centres, contexts), 1)  # how often each is near each
    mo.show_code()
    return centres, contexts, counts, places, text, words


@app.cell(hide_code=True)
def _(centres, learn, mo, places, text, words):
    learn.say(
        f"The Opticks: {len(text):,} words; {len(words)} come 40 times or more and make {len(centres):,} pairs."
    )
    mo.md(f"""
    The book has {len(text):,} words. We keep the {len(words)} different ones that come at least 40 times, {len(places):,} in all, and strike out the others. For each word that is left, its **context** is the four words before it and the four after; a word and one of its context make a **pair**. That gives {len(centres):,} pairs. Here is some of the company of three words:
    """)
    return


@app.cell(hide_code=True)
def _(counts, learn, np, words):
    _shown = ("appeared", "order", "half", "colour", "white", "six", "feet", "about", "length")
    company = {}
    for _word in ("red", "blue", "inches"):
        _row = counts[words.index(_word)]
        company[_word] = (_row / _row.sum()) / (counts.sum(axis=0) / counts.sum())
    _figure, _ax = learn.axes(
        "How often a word stands near red, blue and inches, where 1 is as often as anywhere",
        "",
        "times as often",
        height=3.3,
    )
    for _at, (_word, _found) in enumerate(company.items()):
        _bars = [_found[words.index(near)] for near in _shown]
        _ax.bar(np.arange(len(_shown)) + 0.27 * (_at - 1), _bars, width=0.25, label=_word)
    _ax.axhline(1, color="#767676", lw=1, ls=(0, (4, 4)))
    _ax.set(xticks=range(len(_shown)))
    _ax.set_xticklabels(_shown)
    _ax.legend(frameon=False, loc="upper left")
    _figure
    return (company,)


@app.cell(hide_code=True)
def _(company, mo, np):
    alike = float(np.corrcoef(company["red"], company["blue"])[0, 1])
    unlike = float(np.corrcoef(company["red"], company["inches"])[0, 1])
    mo.md(f"""
    The company of *red* is like that of *blue* and not like that of *inches*. Over all {len(company["red"])} words, and not only these nine, the correlation is {alike:.2f} for *red* and *blue*, and {unlike:.2f} for *red* and *inches*. (1 would be the same company, 0 nothing in common.) That is all there is to go by.
    """)
    return alike, unlike


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## The game: guess the neighbour

    **word2vec** plays a game with the pairs. It is shown one word, the **centre**, and has to say for each word of the vocabulary how likely it is to stand nearby. To do so it keeps two vectors for each word: one for the word as a centre, $v$, and one for the word as a context, $u$. It multiplies them (number by number, all added up), and the **softmax** of lesson 6 turns these scores into chances:

    $$s_w = u_w \cdot v, \qquad \hat y_w = \frac{e^{s_w}}{\sum_{k} e^{s_k}}.$$

    So the larger $u_w \cdot v$ is, that is, the more the two arrows point the same way, the higher the chance of $w$. The loss is how surprised it is by the word $o$ that was really there: $L = -\log \hat y_o$.

    Here is the game in small: five words, two numbers a vector, so that everything can be drawn. The centre is *red*, and the book says *glass*. On the left are the vectors: black is $v$ of *red*, the others are the $u$. On the right is what the model believes.
    """)
    return


@app.cell(hide_code=True)
def _(np):
    few = ("rays", "light", "glass", "inches", "two")
    red = np.array([1.0, 0.4])
    outside = np.array([[0.6, 0.9], [0.9, -0.3], [-0.4, 0.9], [-0.8, -0.5], [0.1, -0.9]])
    truth = np.array([0.0, 0.0, 1.0, 0.0, 0.0])  # y: the book says glass

    def chances(v, U):
        e = np.exp(U @ v)
        return e / e.sum()

    def walk(steps, rate=0.5):
        """Both vectors after so many steps downhill, with the gradient derived below."""
        v, U = red, outside
        for _ in range(steps):
            error = chances(v, U) - truth
            v, U = v - rate * error @ U, U - rate * np.outer(error, v)
        return v, U

    return chances, few, outside, red, truth, walk


@app.cell(hide_code=True)
def _(mo):
    small = mo.ui.slider(
        0, 40, 1, value=0, label="Steps downhill", show_value=True, full_width=True
    )
    small
    return (small,)


@app.cell(hide_code=True)
def _(chances, few, learn, np, small, walk):
    _v, _U = walk(small.value)
    _y_hat = chances(_v, _U)
    _figure, (_left, _right) = learn.axes(
        [f"The vectors after {small.value} steps", "What is near red? The book says glass"],
        ["", "chance"],
        "",
        columns=2,
        height=3.4,
    )
    _colours = ["#D55E00" if word == "glass" else "#0072B2" for word in few]
    _reach = 1.35 * max(1.1, abs(_U).max(), abs(_v).max())
    for _word, _u, _colour in zip((*few, "red"), (*_U, _v), (*_colours, "#1b2026"), strict=True):
        _arrow = {"arrowstyle": "-|>", "color": _colour, "lw": 2, "shrinkA": 0, "shrinkB": 0}
        _left.annotate("", _u, (0, 0), arrowprops=_arrow)
        _beyond = _u * (1 + 0.12 * _reach / np.linalg.norm(_u))
        _left.text(*_beyond, _word, color=_colour, ha="center", va="center")
    _left.axhline(0, color="#e3e5e8", lw=1, zorder=0)
    _left.axvline(0, color="#e3e5e8", lw=1, zorder=0)
    _left.set(xlim=(-_reach, _reach), ylim=(-_reach, _reach), aspect="equal")
    _right.barh(few, _y_hat, color=_colours, height=0.6)
    for _at, _chance in enumerate(_y_hat):
        _right.text(_chance + 0.02, _at, f"{_chance:.2f}", va="center")
    _right.set(xlim=(0, 1.15))
    _right.invert_yaxis()
    _figure
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    Move the slider. *Red* turns towards *glass*, *glass* turns towards *red*, and the words that were believed in wrongly are pushed away. There is no rule behind it but the gradient.

    ## The gradient, derived

    Write the loss with the scores in it: $\quad L = -\log \hat y_o = -s_o + \log \sum_k e^{s_k}.$

    **1. From the loss to the scores.** The first part has slope $-1$ at $s_o$ and 0 at all others. Call that $-y_w$, where $y$ is 1 at the true word and 0 elsewhere. The second part has slope $e^{s_w} / \sum_k e^{s_k}$, which is just $\hat y_w$. Together

    $$\frac{\partial L}{\partial s_w} = \hat y_w - y_w,$$

    the **error**: what the model believed, minus what was true.

    **2. From the scores to the vectors.** As $s_w = u_w \cdot v$, the slope of $s_w$ along $v$ is $u_w$, and along $u_w$ it is $v$.

    **3. Add up the paths.** The centre has a part in every score, so that there is a path to $v$ through each word, and lesson 4 adds them up; to $u_w$ only one path leads:

    $$\frac{\partial L}{\partial v} = \sum_w (\hat y_w - y_w)\, u_w = (\hat y - y)\, U,$$

    $$\frac{\partial L}{\partial u_w} = (\hat y_w - y_w)\, v.$$

    $U$ is the table with a row $u_w$ for each word. A step downhill goes against it: towards $u_o$, and away from every other $u_w$ by as much as it was believed in. Now the same by the engine, which knows nothing of this derivation:
    """)
    return


@app.cell(hide_code=True)
def _(few, mg, mo, outside, red):
    v = mg.tensor(red, requires_grad=True, name="v")
    U = mg.tensor(outside, requires_grad=True, name="U")
    scores = U @ v
    loss = mg.logsumexp(scores) - scores[few.index("glass")]
    passes = mg.explain.backprop(loss)

    mo.show_code(passes, position="above")
    return U, loss, passes, v


@app.cell(hide_code=True)
def _(U, chances, few, learn, loss, mo, np, outside, passes, red, truth, v):
    y_hat = chances(red, outside)
    error = y_hat - truth
    by_hand = (error @ outside, np.outer(error, red))
    by_engine = (passes.gradient(v), passes.gradient(U))
    off = max(float(np.abs(a - b).max()) for a, b in zip(by_hand, by_engine, strict=True))
    _rows = "\n    ".join(
        f"| {word} | {chance:.3f} | {true:.0f} | {wrong:+.3f} | ({u[0]:g}, {u[1]:g}) | ({wrong * u[0]:+.3f}, {wrong * u[1]:+.3f}) |"
        for word, chance, true, wrong, u in zip(few, y_hat, truth, error, outside, strict=True)
    )
    _sum = by_hand[0]
    learn.say(
        f"(y_hat - y) U is ({_sum[0]:+.4f}, {_sum[1]:+.4f}); the engine differs by {off:.0e} at most, U's gradient included."
    )
    mo.md(f"""
    Step through it: two gradients arrive at the scores, $-y$ from the true word and $\\hat y$ from the logarithm (`logsumexp` is $\\log \\sum e^s$). Here is the sum by hand:

    | word | $\\hat y$ | $y$ | error | $u$ | error times $u$ |
    |---|---|---|---|---|---|
    {_rows}
    | **sum** | {y_hat.sum():.3f} | {truth.sum():.0f} | {abs(error.sum()):.3f} | | **({_sum[0]:+.3f}, {_sum[1]:+.3f})** |

    The loss is {loss.item():.4f}. By hand and by engine, the gradients of $v$ and $U$ agree to {off:.0e}. The errors add up to zero, always: what the true word is owed has been given to the others.
    """)
    return by_engine, by_hand, error, off, y_hat


@app.cell(hide_code=True)
def _(centres, mo, words):
    mo.md(f"""
    ## The whole book

    Now for all {len(words)} words, with 16 numbers a vector. Because each step computes the chances of *all* words, this is called the **naive** softmax; the published program, made for far larger vocabularies, takes only a few of them at a time.

    Nor do we go through the {len(centres):,} pairs one by one. There are only {len(words)} different centres, so it is enough to have each of them once, with the *shares* of its contexts as $y$, and to weigh it by how often it comes. The loss and the gradient are exactly those of the mean over all pairs, and there is far less to compute.
    """)
    return


@app.cell(hide_code=True)
def _(mg, mo, np, words):
    def train(counts, dimensions=16, steps=100):
        often = counts.sum(axis=1, keepdims=True)
        near = counts / often  # y for each centre
        weight = often[:, 0] / often.sum()
        model = mg.nn.SkipGram(words, dimensions, rng=0)
        rule = mg.optim.Adam(model.parameters(), lr=0.1)
        losses = []
        for step in range(steps + 1):
            scores = model(np.arange(len(words)))
            each = mg.nn.cross_entropy(scores, near, reduction="none")
            loss = (each * weight).sum()
            losses.append(loss.item())
            if step < steps:
                rule.zero_grad()
                loss.backward()
                rule.step()
        return model, losses

    mo.show_code()
    return (train,)


@app.cell(hide_code=True)
def _(learn):
    guess_start = learn.guess(
        "**Predict first.** At the start all context vectors are zero, so that every score is 0. What is the loss, before the first step? (Logarithms are natural ones.)",
        ["0", "1", "about 5.8", "320"],
    )
    guess_start
    return (guess_start,)


@app.cell(hide_code=True)
def _(counts, np, train):
    model, losses = train(counts)

    def entropy(p):
        p = p[p > 0]
        return float(-(p * np.log(p)).sum())

    # What knowing the frequencies alone gives, and what no model of pairs can beat
    joint = counts / counts.sum()
    alone = entropy(joint.sum(axis=0))
    floor = entropy(joint) - entropy(joint.sum(axis=1))
    return alone, floor, losses, model


@app.cell(hide_code=True)
def _(guess_start, learn, losses, words):
    start_seen = learn.reveal(
        guess_start,
        "about 5.8",
        f"Measured: {losses[0]:.4f}. All {len(words)} words have the same chance, and the logarithm of {len(words)} is {losses[0]:.4f}.",
    )
    start_seen
    return (start_seen,)


@app.cell(hide_code=True)
def _(alone, floor, learn, losses, start_seen):
    start_seen
    _figure, _ax = learn.axes(
        f"The loss over all pairs of the book: {losses[-1]:.2f} after {len(losses) - 1} steps",
        "step",
        "loss",
        height=3.0,
    )
    _ax.plot(losses)
    for _level, _said, _shift in (
        (alone, f"{alone:.2f}: knowing only how frequent each word is", 0.05),
        (floor, f"{floor:.2f}: knowing every count, the least possible", -0.12),
    ):
        _ax.axhline(_level, color="#767676", lw=1, ls=(0, (4, 4)))
        _ax.text(100, _level + _shift, _said, color="#4a525c", ha="right")
    _ax.set(ylim=(4.25, 5.9))
    _figure
    return


@app.cell(hide_code=True)
def _(alone, floor, losses, mo, start_seen):
    start_seen
    mo.md(f"""
    No model that sees only the centre can get below the lower line: that is how uncertain the neighbour remains when all counts are known (102,400 numbers). With two tables of 5,120 numbers the model gets {(alone - losses[-1]) / (alone - floor):.0%} of the way from the upper line to the lower one. To do so it has to be thrifty: words in the same company must share.

    ## Who is near red?

    Compare two words by the **cosine** of the angle between their vectors: 1 if both point the same way, 0 if they stand at right angles, $-1$ if they are opposite.
    """)
    return


@app.cell(hide_code=True)
def _(learn, start_seen):
    start_seen
    guess_red = learn.guess(
        "**Predict first.** Nobody has told the model what a colour is, and there are 320 words. How many of the six words nearest to *red* are Newton's other six colours (orange, yellow, green, blue, indigo, violet)?",
        ["none or one", "two or three", "four or five", "all six"],
    )
    guess_red
    return (guess_red,)


@app.cell(hide_code=True)
def _(guess_red, learn, model):
    COLOURS = ("red", "orange", "yellow", "green", "blue", "indigo", "violet")

    def hits(model):
        """Of the six nearest words to each of seven colours, how many are colours."""
        return sum(near in COLOURS for word in COLOURS for near, _ in model.nearest(word, 6))

    red_seen = learn.reveal(
        guess_red,
        "all six",
        f"Nearest first: {', '.join(word for word, _ in model.nearest('red', 6))}. Of the six words nearest to each of the seven colours, 42 in all, {hits(model)} are colours.",
    )
    red_seen
    return COLOURS, hits, red_seen


@app.cell(hide_code=True)
def _(mo, red_seen, words):
    red_seen
    looked = mo.ui.dropdown(
        sorted(words), value="red", searchable=True, label="Look up any of the 320 words:"
    )
    looked
    return (looked,)


@app.cell(hide_code=True)
def _(learn, looked, model):
    def draw_near(ax, model, word, count=10):
        names, cosines = zip(*model.nearest(word, count), strict=True)
        ax.barh(range(count), cosines, height=0.65)
        ax.set(yticks=range(count), xlim=(0, 1.05))
        ax.set_yticklabels(names)
        ax.invert_yaxis()

    _figure, _ax = learn.axes(f"Nearest to {looked.value}", "cosine", "", height=3.4)
    draw_near(_ax, model, looked.value)
    _figure
    return (draw_near,)


@app.cell(hide_code=True)
def _(mo, model, red_seen):
    red_seen
    _of = {
        word: ", ".join(near for near, _ in model.nearest(word, 4))
        for word in ("water", "inches", "reflexion", "two")
    }
    mo.md(f"""
    Try *water* ({_of["water"]}), *inches* ({_of["inches"]}) and *reflexion* ({_of["reflexion"]}). In *reflexion* you see what nearness is **not**: *transmission*, the way through, is the very opposite of reflexion; but Newton writes of fits of "easy Reflexion" and of "easy Transmission". And *two* ({_of["two"]}) is nearer to *sides* and *prisms* than to any number. The same company is not the same meaning.

    ## A map

    Sixteen numbers cannot be drawn, two can. Here are some words, each scaled to length 1, seen from the side from which they are spread out most (the two **principal components**). Pick another word above, and find its star.
    """)
    return


@app.cell(hide_code=True)
def _(COLOURS, model, np, words):
    GROUPS = {
        "colours": COLOURS,
        "matter": ("glass", "water", "air", "oil", "salt", "crystal"),
        "measures": ("inches", "feet", "length", "six", "four", "three"),
        "ordinals": ("first", "second", "third", "fifth"),
    }
    shown = [word for group in GROUPS.values() for word in group]
    unit = model.vectors.weight.data
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    _rows = unit[[words.index(word) for word in shown]]
    middle = _rows.mean(axis=0)
    _, _sizes, _axes = np.linalg.svd(_rows - middle, full_matrices=False)
    plane = _axes[:2]
    kept = float((_sizes[:2] ** 2).sum() / (_sizes**2).sum())

    def on_map(word):
        return plane @ (unit[words.index(word)] - middle)

    return GROUPS, kept, on_map, plane, shown


@app.cell(hide_code=True)
def _(GROUPS, kept, learn, looked, np, on_map, shown):
    _figure, _ax = learn.axes(
        f"{len(shown)} words in two dimensions, which keep {kept:.0%} of their spread",
        "first component",
        "second component",
        height=4.8,
    )
    _looks = (("#0072B2", -1), ("#D55E00", 1), ("#009E73", 1), ("#8a5a9e", -1))
    for (_group, _members), (_hue, _side) in zip(GROUPS.items(), _looks, strict=True):
        _dots = np.array([on_map(word) for word in _members])
        _order = np.argsort(_dots[:, 1])
        _column = (_side * _dots[:, 0]).max() * _side + 0.09 * _side
        for _rank, _at in enumerate(_order):  # the names in a column beside the dots
            _height = _dots[:, 1].mean() + 0.11 * (_rank - (len(_order) - 1) / 2)
            _ax.annotate(
                _members[_at],
                _dots[_at],
                (_column, _height),
                color=_hue,
                ha="left" if _side > 0 else "right",
                va="center",
                arrowprops={"arrowstyle": "-", "color": "#d5d8dc", "lw": 0.8, "shrinkB": 3},
            )
        _ax.plot(*_dots.T, "o", color=_hue, ms=5, label=_group)
    _ax.plot(*on_map(looked.value), "*", color="#1b2026", ms=13, zorder=5, label=looked.value)
    _ax.set(xlim=(-1.1, 1), ylim=(-0.95, 0.95))
    _ax.legend(frameon=False, loc="lower left", ncols=2)
    _figure
    return


@app.cell(hide_code=True)
def _(learn, red_seen):
    red_seen
    guess_cut = learn.guess(
        "**Predict.** Perhaps it is all too easy: Newton lists the colours side by side, *red, orange, yellow*. So strike out **every pair whose context is a colour**, and train anew. No colour ever learns that another one stood beside it. How many of the 42 are left?",
        ["fewer than 10", "about 20", "more than 30"],
    )
    guess_cut
    return (guess_cut,)


@app.cell(hide_code=True)
def _(COLOURS, counts, guess_cut, hits, learn, model, train, words):
    without = counts.copy()
    without[:, [words.index(word) for word in COLOURS]] = 0
    blind, _ = train(without)
    cut_seen = learn.reveal(
        guess_cut,
        "more than 30",
        f"{hits(blind)} of 42, as against {hits(model)} before. Colours do not come together because they stand together, but because the same *other* words stand around them.",
    )
    cut_seen
    return blind, cut_seen, without


@app.cell(hide_code=True)
def _(cut_seen, mo):
    cut_seen
    mo.md(r"""
    ## Break it

    How many numbers does a word need, and how long must it learn? Train the model yourself. When do the colours come together? What is near *red* when there is one number a word, so that a vector can only point forwards or backwards?
    """)
    return


@app.cell(hide_code=True)
def _(cut_seen, mo):
    cut_seen
    numbers = mo.ui.slider(
        steps=[1, 2, 4, 8, 16, 32], value=4, label="Numbers a word", show_value=True
    )
    trained_for = mo.ui.slider(
        steps=[0, 5, 10, 20, 50, 100, 200], value=20, label="Steps of training", show_value=True
    )
    mo.hstack([numbers, trained_for], justify="start", gap=2, wrap=True)
    return numbers, trained_for


@app.cell(hide_code=True)
def _(counts, draw_near, hits, learn, numbers, train, trained_for):
    yours, _losses = train(counts, numbers.value, trained_for.value)
    _figure, _ax = learn.axes(
        f"Loss {_losses[-1]:.3f}; {hits(yours)} of 42 neighbours of colours are colours. Nearest to red:",
        "cosine",
        "",
        height=3.4,
    )
    draw_near(_ax, yours, "red")
    _figure
    return (yours,)


@app.cell(hide_code=True)
def _(cut_seen, mo):
    cut_seen
    mo.md(r"""
    With one number a word, all bars have the same length: every word ends up pointing the way of *red*, and the ten shown are merely the first of the list. Two numbers and a hundred steps bring most of the colours together. Untrained vectors (0 steps) have neighbours too, but by chance.
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## What to remember

    A word's vector is learned by guessing its neighbours, so that words in the same company get vectors that point the same way. The gradient of the naive softmax is the error times the other side's vectors, $(\hat y - y)\,U$ for the centre: towards the word that was there, away from the others by as much as they were believed in. Nearness tells of company and not of meaning, as opposites can keep the same company too.

    ## Exercises

    **1.** Three context words have the vectors $(1, 0)$, $(0, 2)$ and $(-1, 1)$, and the chances $\hat y = (0.2, 0.5, 0.3)$. The book says the second word.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_gradient = learn.number("The second number of the gradient of v is")
    answer_gradient
    return (answer_gradient,)


@app.cell(hide_code=True)
def _(answer_gradient, learn):
    def check_gradient(answer):
        wrongs = {
            0.7: "That is the way downhill; the gradient points uphill. Error is belief minus truth.",
            1.3: "That is with the chances alone: where does the truth come in?",
            -1.7: "The true word counts with its error, its chance minus 1, and not with minus 1.",
            -2.0: "That is the true word alone, and as if its chance had been 0.",
            -1.0: "That is the true word's part. The third word has a part in it too.",
            0.3: "That is the third word's part. The true word has one as well: its error is not 0.",
            -0.1: "That is the first number of the gradient; the second is asked for.",
            0.0: "The errors add up to 0, that is true; but first each is multiplied by its own vector.",
        }
        if abs(answer + 0.7) < 1e-6:
            return learn.right(
                "0.2 · 0 + (0.5 - 1) · 2 + 0.3 · 1 is -0.7: a step downhill goes up."
            )
        for value, said in wrongs.items():
            if abs(answer - value) < 1e-6:
                return learn.wrong(said)
        return learn.wrong(
            "Write down the three errors first; they add up to 0. Then multiply each by the second number of its word's vector, and add."
        )

    learn.check(answer_gradient, check_gradient)
    return (check_gradient,)


@app.cell(hide_code=True)
def _(learn):
    answer_why = learn.choice(
        "**2.** Why do the vectors of *red* and *blue* come to point the same way?",
        [
            "They stand side by side, and each pulls the other's vector towards its own.",
            "Their pairs have much the same contexts, so the same u pull both.",
            "They come about equally often.",
            "Both begin near the same place, as all vectors start small.",
        ],
    )
    answer_why
    return (answer_why,)


@app.cell(hide_code=True)
def _(answer_why, learn):
    def check_why(answer):
        if answer.startswith("Their pairs"):
            return learn.right(
                "The gradient of $v$ holds nothing but errors and the vectors $u$. With the same contexts the sums are the same."
            )
        if answer.startswith("They stand side by side"):
            return learn.wrong(
                "A pair (red, blue) pulls $v$ of red towards $u$ of blue, which is in another table than $v$ of blue. And without any such pair the colours came together all the same."
            )
        if answer.startswith("They come about equally"):
            return learn.wrong(
                "How often a centre comes decides how much its loss weighs, not where its vector goes. Look up *red* and a word of its frequency, such as *those*."
            )
        return learn.wrong(
            "The first vectors are drawn at random, and point anywhere: set the slider to 0 steps and see who is near red."
        )

    learn.check(answer_why, check_why)
    return (check_why,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    **3.** Write the gradient of the centre's vector `v`. `U` has a row for each word, and `o` is the place of the word that was there.
    """)
    return


@app.cell(hide_code=True)
def _(learn):
    answer_code = learn.code(
        "def gradient(v, U, o):\n"
        "    s = U @ v\n"
        "    y_hat = np.exp(s) / np.exp(s).sum()\n"
        "    return ...\n"
    )
    answer_code
    return (answer_code,)


@app.cell(hide_code=True)
def _(answer_code, learn, mg, np):
    @learn.reads_code("gradient")
    def check_code(gradient):
        rng = np.random.default_rng(12)
        c, table, o = rng.normal(size=3), rng.normal(size=(4, 3)), 1
        made = gradient(c.copy(), table.copy(), o)
        if made is None or made is ...:
            return learn.wrong("`gradient` returns nothing yet.")
        found = np.array(made, float)
        if found.shape != c.shape:
            shapes = {
                table.shape: "That has the shape of U. Asked is the gradient of v: add the paths through all words up.",
                (
                    4,
                ): "That is a number for each word, as the errors are. Each still has to be multiplied by its word's vector.",
            }
            other = f"v has shape {c.shape}, and so has its gradient; this has {found.shape}."
            return learn.wrong(shapes.get(found.shape, other))
        centre = mg.tensor(c, requires_grad=True)
        scores = table @ centre
        (mg.logsumexp(scores) - scores[o]).backward()
        s = table @ c
        y_hat, y = np.exp(s) / np.exp(s).sum(), np.eye(4)[o]
        if np.allclose(found, centre.grad):
            return learn.right("On four words it gives what the engine finds.")
        wrongs = [
            ((y - y_hat) @ table, "The sign: that is the way downhill, not the gradient."),
            (y_hat @ table, "Where is the word that was there? `o` has no say in it."),
            (
                -table[o],
                "Only the true word pulls; the others push by as much as they were believed in.",
            ),
            (
                (s - y) @ table,
                "These are the scores minus y. The softmax makes chances of them first.",
            ),
            ((y_hat[o] - 1) * table[o], "That is the path through the true word alone."),
            (
                (y_hat - y).sum() * c,
                "The errors add up to 0; multiply each by its vector before adding.",
            ),
        ]
        for value, said in wrongs:
            if np.allclose(found, value):
                return learn.wrong(said)
        return learn.wrong(
            "The shape is right, the numbers are not. From `y_hat` take 1 off at `o`, and multiply each word's error by its row of `U`."
        )

    learn.check(answer_code, check_code)
    return (check_code,)


@app.cell(hide_code=True)
def _(mo):
    mo.md(r"""
    ## Sources

    - Newton (1704), *Opticks*; the text is that of the fourth edition of 1730, from Project Gutenberg: [gutenberg.org/ebooks/33504](https://www.gutenberg.org/ebooks/33504)
    - Firth (1957), *A synopsis of linguistic theory*: "You shall know a word by the company it keeps."
    - Mikolov, Chen, Corrado and Dean (2013), *Efficient estimation of word representations in vector space*, with the skip-gram model: [arxiv.org/abs/1301.3781](https://arxiv.org/abs/1301.3781); and with Sutskever (2013), how the published program gets by with a few words at a time: [arxiv.org/abs/1310.4546](https://arxiv.org/abs/1310.4546)
    - Rong (2014), *word2vec parameter learning explained*, with this gradient: [arxiv.org/abs/1411.2738](https://arxiv.org/abs/1411.2738)
    - Levy and Goldberg (2014), *Neural word embedding as implicit matrix factorization*, on what the vectors make of the counts: [papers.nips.cc/paper/5477](https://papers.nips.cc/paper/5477)

    ## What comes next

    One book, one machine. When many machines learn from many books at once, whose gradient is it, and how old? That is lesson 13, many hands: `microgd learn 13`.
    """)
    return


if __name__ == "__main__":
    app.run()
