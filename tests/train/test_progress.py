"""A bar on a terminal, lines in a log, nothing when nothing is wanted."""

import io
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

from microgd import nn, optim
from microgd.train import Callback, fit

X = np.random.default_rng(0).normal(size=(12, 3))
Y = np.random.default_rng(1).integers(0, 2, 12)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def train(epochs=3, callbacks=(), **options):
    net = nn.MLP([3, 2], rng=0)
    rule = optim.SGD(net.parameters(), lr=0.1)
    return fit(net, (X, Y), rule, epochs=epochs, batch_size=4, callbacks=callbacks, **options)


@pytest.fixture
def terminal(monkeypatch):
    """Make the error stream a terminal: a function, for pytest sets the stream before a test."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")

    def make():
        monkeypatch.setattr(sys, "stderr", Terminal())
        return sys.stderr

    return make


def test_a_log_gets_a_line_for_each_epoch(capsys):
    history = train(validation=(X, Y))
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert len(lines) == 3
    row = history[0]
    assert lines[0] == (
        f"epoch 1/3  loss {row['loss']:.4f}  grad_norm {row['grad_norm']:.4f}"
        f"  val_accuracy {row['val_accuracy']:.1%}  val_loss {row['val_loss']:.4f}"
        f"  accuracy {row['accuracy']:.1%}"
    )
    assert "\x1b" not in err
    assert "\r" not in err


@pytest.mark.parametrize(("epochs", "most"), [(20, 20), (21, 12), (1000, 21)])
def test_a_long_run_gets_about_twenty_lines(epochs, most, capsys):
    train(epochs)
    lines = capsys.readouterr().err.splitlines()
    numbers = [int(re.match(r"epoch +(\d+)/", line)[1]) for line in lines]
    assert numbers[0] == 1
    assert numbers[-1] == epochs
    assert 10 <= len(numbers) <= most


@pytest.mark.parametrize("stream", ["pipe", "terminal"])
def test_nothing_when_nothing_is_wanted(stream, request, capsys):
    shown = request.getfixturevalue("terminal")() if stream == "terminal" else None
    train(progress=False)
    assert capsys.readouterr() == ("", "")
    assert shown is None or shown.getvalue() == ""


def test_a_terminal_gets_a_bar(terminal):
    stream = terminal()
    history = train(validation=(X, Y))
    shown = stream.getvalue()
    assert "\x1b[" in shown
    last = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown).rstrip("\n").split("\r")[-1]
    assert "3/3" in last
    assert f"loss {history['loss'][-1]:.4f}" in last
    assert f"val_accuracy {history['val_accuracy'][-1]:.1%}" in last


def shown_lines(text):
    """Each state of the bar, as one would read it."""
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
    return [line for line in re.split(r"[\r\n]+", plain) if line]


@pytest.mark.parametrize("columns", [40, 50, 60, 80, 100, 200])
def test_the_bar_fits_and_leaves_out_what_does_not(columns, terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    stream = terminal()
    history = train(epochs=100, validation=(X, Y))
    lines = shown_lines(stream.getvalue())
    assert max(map(len, lines)) <= columns
    assert "…" not in stream.getvalue()
    parts = ["loss", "grad_norm", "val_accuracy", "val_loss", "accuracy"]
    known = [f" {name} {history[name][-1]:{'.1%' if 'acc' in name else '.4f'}}" for name in parts]
    said = [part in lines[-1] for part in known]
    assert said == sorted(said, reverse=True), "the most important ones"
    assert sum(said) == {40: 1, 50: 1, 60: 2, 80: 3, 100: 4, 200: 5}[columns]


def test_the_bar_is_live_within_an_epoch(terminal, monkeypatch):
    """Loss so far and gradient of the batch, long before the history has a row."""
    monkeypatch.setattr("microgd.train.progress._SECONDS", 0.0)
    seen = []

    class Watch(Callback):
        def on_backward_end(self, run):
            gradient = np.sqrt(sum((p.grad**2).sum() for p in run.model.parameters()))
            seen.append([run.loss, gradient])
            for p in run.model.parameters():
                p.grad = p.grad * 0.5  # after the bar has looked

    stream = terminal()
    train(epochs=1, callbacks=[Watch()])
    lines = shown_lines(stream.getvalue())
    for count in (1, 2, 3):
        loss = np.mean([value for value, _ in seen[:count]])
        said = f"loss {loss:.4f}  grad_norm {seen[count - 1][1]:.4f}"
        assert any(said in line for line in lines), said


def test_no_color_is_respected(terminal, monkeypatch):
    def colours():
        stream = terminal()
        train()
        return re.findall(r"\x1b\[(?:[0-9;]*;)?(?:3[0-9]|9[0-7]|38;[0-9;]*)m", stream.getvalue())

    assert colours()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colours()


def test_a_dumb_terminal_gets_lines(terminal, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    stream = terminal()
    train()
    assert "\x1b" not in stream.getvalue()
    assert len(stream.getvalue().splitlines()) == 3


def test_a_bar_is_put_away_after_an_error(terminal):
    class Fail(Callback):
        def on_epoch_end(self, run):
            raise KeyError(run.epoch)

    stream = terminal()
    with pytest.raises(KeyError):
        train(callbacks=[Fail()])
    hidden, shown = (stream.getvalue().count(f"\x1b[?25{how}") for how in "lh")
    assert hidden == shown == 1, "the cursor is back"


class Press(Callback):
    def on_backward_end(self, run):
        if run.step == 5:
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("stream", ["pipe", "terminal"])
def test_an_interrupted_run_says_so(stream, request, capsys):
    shown = request.getfixturevalue("terminal")() if stream == "terminal" else None
    train(callbacks=[Press()])
    err = capsys.readouterr().err if shown is None else shown.getvalue()
    assert err.splitlines()[-1].removeprefix("\x1b[?25h") == (
        "interrupted after step 5, 1 of 3 epochs"
    )


def test_no_error_stream_at_all(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)  # as under pythonw
    assert train().epoch == 3


def test_rich_is_loaded_for_a_terminal_only():
    code = (
        "import sys, numpy as np\n"
        "from microgd import nn, optim\n"
        "from microgd.train import fit\n"
        "net = nn.MLP([1, 2], rng=0)\n"
        "fit(net, (np.eye(2)[:, :1], [0, 1]), optim.SGD(net.parameters()))\n"
        "assert 'rich' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("epoch  1/10")
