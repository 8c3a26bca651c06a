"""Lesson 11: losses by hand, remedies by their formulas, and intervals by an integral."""

import math

import numpy as np
import pytest

import microgd as mg


def scores(state, x):
    """The network's scores in plain NumPy: dense layers with ReLU between them."""
    names = sorted({name.rpartition(".")[0] for name in state})
    for name in names:
        x = x @ state[f"{name}.weight"].T + state[f"{name}.bias"]
        if name != names[-1]:
            x = np.maximum(x, 0)
    return x


def loss_of(z, y):
    z = z - z.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(y)), y]))


def means(found):
    return {name: rows.mean(axis=0) for name, rows in found.items()}


def test_what_is_measured_of_a_network_is_what_numpy_measures(lesson):
    model, new = lesson["by_heart"], lesson["points"](1000, 2100, 0.0)[0]
    z = scores(model.state_dict(), new.x)
    wrong = 100 * float(np.mean(z.argmax(axis=1) != new.y))
    assert lesson["test_of"](model, 100) == pytest.approx([wrong, loss_of(z, new.y)], rel=1e-9)
    assert lesson["wrong_answers"](model, new) == pytest.approx(wrong)
    assert lesson["sick"]["nothing"][0] == pytest.approx([wrong, loss_of(z, new.y)], rel=1e-9)
    assert lesson["length"](model) == pytest.approx(
        math.sqrt(sum(float(np.sum(part**2)) for part in model.state_dict().values()))
    )


def test_the_network_has_as_many_weights_as_is_said(lesson):
    assert sum(p.data.size for p in lesson["by_heart"].parameters()) == 1218
    assert 2 * 32 + 32 + 32 * 32 + 32 + 32 * 2 + 2 == 1218


def test_the_sets_share_no_point_and_one_label_in_seven_is_wrong(lesson):
    points, seeds = lesson["points"], lesson["SEEDS"]
    every, shares = [], []
    for seed in seeds:
        examples, wrong = points(80, seed)
        clean = mg.data.moons(80, noise=0.2, rng=seed)
        np.testing.assert_array_equal(examples.y != clean.y, wrong)
        shares.append(wrong.mean())
        every += [examples.x, points(40, seed + 1000)[0].x, points(1000, seed + 2000, 0.0)[0].x]
    assert np.mean(shares) == pytest.approx(1 / 7, abs=0.04)
    every = np.concatenate(every)
    assert len(np.unique(every, axis=0)) == len(every) == len(seeds) * 1120
    assert not points(1000, 2100, 0.0)[1].any(), "the test has the right labels"


def test_the_order_matters_when_it_means_something(lesson):
    orders = lesson["orders"]
    assert (orders["sorted"] > orders["shuffled"]).all()
    mean, half = lesson["difference"](orders["sorted"], orders["shuffled"])
    assert mean - half > 0
    assert orders["sorted"].mean() < 20, "it learns more than nothing"
    assert abs(lesson["gap"]) < lesson["give"], "one random order is not to be told from chance"


def test_sorted_epochs_pull_to_and_fro(lesson):
    """More is wrong with every grey step, and the first white one mends it, as the text says."""
    wrong = np.array(lesson["watched"]["sorted"][:60]).reshape(6, 10)
    assert (np.diff(wrong[2:, :5], axis=1) > 0).all()
    assert (wrong[:, 5] < wrong[:, 4] - 4).all()


def test_validation_rises_above_where_it_began(lesson):
    story, keep = lesson["story"], lesson["keep"]
    watching = lesson["points"](40, 1100)[0]
    for epoch in (1, lesson["best_epoch"], 150):
        z = scores(keep.states[epoch - 1], watching.x)
        assert story["val_loss"][epoch - 1] == pytest.approx(loss_of(z, watching.y), rel=1e-9)
    assert story["val_loss"][-1] > 2 * story["val_loss"][0]
    assert story["val_loss"].min() < story["val_loss"][0]
    assert story["loss"][-1] < story["loss"][0] / 3
    assert len(keep.states) == 150


def test_so_many_of_the_wrong_labels_are_repeated(lesson):
    examples, wrong = lesson["examples"], lesson["mislabelled"]
    says = scores(lesson["by_heart"].state_dict(), examples.x).argmax(axis=1)
    assert lesson["repeated"] == (says == examples.y)[wrong].sum()
    cleaner = mg.data.moons(80, noise=0.2, rng=100).y
    early = scores(lesson["keep"].states[9], examples.x).argmax(axis=1)
    assert (early != cleaner)[wrong].sum() < lesson["repeated"], "the borders come later"


def test_early_stopping_takes_the_weights_of_the_best_epoch(lesson):
    stop = mg.train.EarlyStopping(patience=20)
    watching = lesson["points"](40, 1100)[0]
    model, history = lesson["trained"](
        100, lesson["examples"], validation=watching, callbacks=[stop]
    )
    best = int(np.argmin(history["val_loss"]))
    assert (stop.best_epoch, history.epoch) == (best + 1, best + 21)
    z = scores(model.state_dict(), watching.x)
    assert loss_of(z, watching.y) == pytest.approx(history["val_loss"][best], rel=1e-9)
    same = lesson["test_of"](model, 100)
    np.testing.assert_allclose(lesson["sick"]["early stopping"][0], same)


def test_adamw_shrinks_a_weight_as_is_said(lesson):
    w = mg.tensor(3.0, requires_grad=True)
    rule = mg.optim.AdamW([w], lr=0.04, weight_decay=2.0)
    w.grad = np.array(0.0)
    rule.step()
    assert w.item() == pytest.approx(3 - 0.04 * 2.0 * 3)


def test_the_noise_has_the_variance_that_is_said(lesson):
    eta, gamma, draws = 0.1, 0.55, 4000
    for step in (0, 99):
        weight = mg.tensor(np.zeros(draws), requires_grad=True)
        weight.grad = np.zeros(draws)
        mg.nn.utils.add_grad_noise_([weight], step, eta, gamma, rng=np.random.default_rng(1))
        expected = eta / (1 + step) ** gamma
        # The standard error of a variance, four times
        assert weight.grad.var() == pytest.approx(expected, abs=4 * expected * (2 / draws) ** 0.5)


def test_dropout_keeps_the_mean_and_is_gone_after_training(lesson):
    layer, h = mg.nn.Dropout(0.2, rng=0), np.full(100_000, 4.0)
    out = layer(mg.tensor(h)).numpy()
    assert set(np.unique(out)) == {0.0, 5.0}
    assert out.mean() == pytest.approx(4, abs=4 * math.sqrt(0.2 * 0.8 * 25 / len(h)))
    assert (layer.eval()(mg.tensor(h)).numpy() == 4).all()


@pytest.mark.parametrize(
    ("remedy", "dose"), [("weight decay", 0), ("dropout", 0), ("gradient noise", 0)]
)
def test_a_dose_of_nothing_changes_nothing(lesson, remedy, dose):
    amount = lesson["DOSES"][remedy][dose]
    model, _ = lesson["dosed"](100, lesson["examples"], remedy, amount)
    ours, theirs = model.state_dict(), lesson["by_heart"].state_dict()
    assert amount == 0
    assert all((ours[name] == theirs[name]).all() for name in theirs)


def test_the_slider_breaks_it(lesson):
    """Far too much weight decay or dropout leaves guessing; noise is the hardest to overdose."""
    worst = {
        remedy: lesson["dosed"](100, lesson["examples"], remedy, doses[-1])
        for remedy, doses in lesson["DOSES"].items()
    }
    assert worst["weight decay"][1] > 45
    assert worst["dropout"][1] > 45
    assert worst["gradient noise"][1] < 25
    assert lesson["length"](worst["weight decay"][0]) < 1 < lesson["length"](lesson["by_heart"])


def test_a_single_run_may_show_a_good_dose_as_worse_than_none(lesson):
    wrong = {
        dose: lesson["dosed"](100, lesson["examples"], "weight decay", dose)[1]
        for dose in (0.0, 0.5, 2.0)
    }
    assert wrong[0.5] < wrong[0.0] < wrong[2.0]
    assert means(lesson["sick"])["weight decay 2"][0] < means(lesson["sick"])["nothing"][0]


def test_the_doses_were_the_best_on_other_draws(lesson):
    """Six seeds that the page does not use: the fewest wrong answers among the slider's doses."""
    names = {
        "weight decay": "weight decay 2",
        "dropout": "dropout 0.4",
        "gradient noise": "gradient noise 0.1",
    }
    for remedy, name in names.items():
        wrong = [
            np.mean(
                [
                    lesson["dosed"](seed, lesson["points"](80, seed)[0], remedy, dose)[1]
                    for seed in range(200, 206)
                ]
            )
            for dose in lesson["DOSES"][remedy]
        ]
        assert name == f"{remedy} {lesson['DOSES'][remedy][int(np.argmin(wrong))]:g}"


@pytest.mark.parametrize(("pairs", "freedom"), [(8, 7), (5, 4)])
def test_the_interval_holds_95_of_100(lesson, pairs, freedom):
    """Student's density, integrated between the limits that the page's half widths stand for."""
    gap = np.arange(pairs, dtype=float)
    _, half = lesson["difference"](gap, np.zeros(pairs))
    limit = half / (gap.std(ddof=1) / math.sqrt(pairs))
    t = np.linspace(-limit, limit, 20001)
    scale = math.gamma((freedom + 1) / 2) / (math.sqrt(freedom * math.pi) * math.gamma(freedom / 2))
    density = scale * (1 + t**2 / freedom) ** (-(freedom + 1) / 2)
    assert np.sum((density[1:] + density[:-1]) / 2) * (t[1] - t[0]) == pytest.approx(0.95, abs=1e-4)


def verdicts(lesson, found):
    return {
        name: [
            lesson["verdict"](*both)
            for both in zip(*lesson["difference"](rows, found["nothing"]), strict=True)
        ]
        for name, rows in found.items()
        if name != "nothing"
    }


def test_what_is_said_of_each_remedy_is_so(lesson):
    said = verdicts(lesson, lesson["sick"])
    for name in ("weight decay 2", "dropout 0.4", "gradient noise 0.1", "early stopping"):
        assert said[name] == ["helps", "helps"]
    for name in ("easy first", "random first"):
        assert said[name] == ["cannot be told"] * 2
    stop = lesson["sick"]["early stopping"] - lesson["sick"]["those 40 as examples"]
    assert lesson["verdict"](*(m[0] for m in lesson["difference"](stop, 0 * stop))) == (
        "cannot be told"
    )
    order = lesson["sick"]["easy first"] - lesson["sick"]["random first"]
    assert lesson["verdict"](*(m[0] for m in lesson["difference"](order, 0 * order))) == (
        "cannot be told"
    )
    assert np.mean(lesson["easiest"]) < np.mean(lesson["hardest"]) / 2


def test_where_nothing_is_wrong_no_remedy_gains_right_answers(lesson):
    for wrong, loss in verdicts(lesson, lesson["well"]).values():
        assert (wrong, loss) == ("cannot be told", "helps")


def test_the_curriculum_takes_the_fifth_that_it_should(lesson):
    examples = lesson["examples"]
    for order in ("easy", "random"):
        taken = lesson["curriculum"](order, 100)
        _, history = lesson["trained"](100, examples, callbacks=[taken])
        used = np.asarray(history["examples"])
        assert (used[0], used[-1]) == (16, 80)
        assert int(np.argmax(used == 80)) == 75
    centre = np.array([examples.x[examples.y == c].mean(axis=0) for c in (0, 1)])
    far = np.linalg.norm(examples.x - centre[examples.y], axis=1)
    np.testing.assert_allclose(mg.train.difficulty.distance(examples.x, examples.y), far)


def test_weights_of_zero_stay_there_without_noise(lesson):
    zeros = lesson["zeros"]
    assert zeros["without noise"] == pytest.approx(50, abs=1e-9)
    assert zeros["with noise"] < 10
    assert zeros["random weights"] < 10
    moons = mg.data.moons(200, noise=0.2, rng=300)
    model = mg.nn.MLP([2, 16, 2], "tanh", init="zeros", rng=100)
    mg.nn.cross_entropy(model(moons.x), moons.y).backward()
    *rest, last_bias = [part.grad for part in model.parameters()]
    assert not any(grad.any() for grad in rest)
    assert last_bias.shape == (2,)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (7, "Right. Epoch 5 was the best"),
        (5, "That is the epoch whose weights are taken"),
        (8, "It never gets there"),
        (4, "One epoch without a new best is not yet the end"),
        (6, "By then one epoch has passed"),
        (3, "That is the best so far"),
        (2, "Go through the epochs one by one"),
    ],
)
def test_patience_is_checked(lesson, answer, says):
    checked = lesson["check_patience"](answer)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


@pytest.mark.parametrize(("patience", "ends", "best"), [(2, 7, 5), (3, 8, 8)])
def test_patience_ends_where_the_callback_ends(patience, ends, best):
    losses = [0.60, 0.48, 0.41, 0.44, 0.40, 0.43, 0.42, 0.39]
    stop = mg.train.EarlyStopping(monitor="loss", patience=patience, restore_best=False)
    seen = iter(losses)
    model = mg.nn.Linear(1, 1, rng=0)

    def told(out, _):
        return 0 * out.sum() + next(seen)

    history = mg.train.fit(
        model, ([[1.0]], [[1.0]]), mg.optim.SGD(model.parameters(), lr=0.0), told, epochs=8,
        metrics=[], callbacks=[stop], progress=False,
    )  # fmt: skip
    assert (history.epoch, stop.best_epoch) == (ends, best)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (5, "Right. 4 / (1 - 0.2)"),
        (4, "That is what is passed on after training"),
        (3.2, "That is the mean of 0 and 4"),
        (20, "Divided by the share that is left out"),
        (0, "That is passed on when the unit is left out"),
        (4.8, "A fifth more does not do"),
        (0.8, "Multiplied by the share that is left out"),
        (7, "The mean over many steps has to be 4"),
    ],
)
def test_dropout_is_checked(lesson, answer, says):
    checked = lesson["check_dropout"](answer)
    assert says in str(checked)
    assert checked.right == says.startswith("Right")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("w - lr * (g + decay * w)", "Right. step(3, 0.7, 0.1, 0.2) is 2.87"),
        ("(1 - lr * decay) * w - lr * g", "Right"),
        ("w - lr * g", "`decay` has no effect"),
        ("(1 - decay) * w - lr * g", "The shrinking goes past the learning rate"),
        ("w - lr * (g - decay * w)", "The decay makes the weight larger"),
        ("w + lr * (g + decay * w)", "That goes uphill"),
        ("w - lr * decay * w", "the gradient has no say"),
        ("w - lr * (g + decay)", "it should shrink by a share of itself"),
        ("w - lr * g * (1 + decay)", "not the gradient that grows"),
        ("w", "Without decay it would be 2.93"),
        ("None", "`step` gives nothing yet"),
        ("...", "`step` gives nothing yet"),
        ("w - rate * g", "Line 2, `return w - rate * g`: NameError"),
    ],
)
def test_weight_decay_is_checked(lesson, value, says):
    checked = lesson["check_decay"](f"def step(w, g, lr, decay):\n    return {value}\n")
    assert says in str(checked)
    assert checked.right == says.startswith("Right")
