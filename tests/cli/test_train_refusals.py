"""`microgd train`: what it refuses, before any work, and how it says so."""

import csv
import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from microgd import nn, optim
from microgd.cli import app
from microgd.train import Checkpoint, fit

QUICK = ["moons:n=40", "--hidden", "4", "--epochs", "2", "--quiet"]


def invoke(*args):
    return CliRunner().invoke(app, ["train", *map(str, args)], env={"COLUMNS": "80"})


def refused(*args):
    """What is said of a command that is not understood."""
    done = invoke(*args)
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    said = " ".join(done.stderr.split())
    assert "Traceback" not in said
    return said


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "own.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("a", "b", "kind"), *((i, i / 7, "uv"[i % 2]) for i in range(30))]
        )
    (tmp_path / "gap.csv").write_text("a,kind\n1,x\n,y\n")
    (tmp_path / "numbers.csv").write_text("".join(f"{i},{i / 3}\n" for i in range(30)))


REFUSALS = [
    # Data
    ("moonz", "for DATA: 'moonz' is unknown; did you mean 'moons'? There are digits, moons"),
    ("moonz", "or give the path of a .csv, .tsv, .txt or .npz file"),
    ("moons:n=1", "DATA"),
    ("moons:sise=100", "moons: option 'sise' is unknown; did you mean 'noise'? There are n, noise"),
    ("nowhere.csv", "there is no file nowhere.csv"),
    ("gap.csv", "gap.csv, line 3, column 'a' is missing; fill it in, or take the line out"),
    ("own.csv --target kin", "target 'kin' is unknown; did you mean 'kind'?"),
    ("own.csv --drop c", "drop 'c' is unknown"),
    ("own.csv --task sorting", "--task: 'sorting' is none; give classification or regression"),
    ("own.csv --task regression", "the target, kind, holds text, such as 'u'"),
    ("moons --target b", "--target: moons is built in, and this is for files of your own"),
    ("moons --raw", "--raw: built-in data are never scaled"),
    ("moons --validation 1.5", "--validation: train_test_split: test is 1.5; give a share"),
    ("xor --validation 0.99", "--validation"),
    # Network and loss
    ("moons --hidden 8,x", "--hidden: '8,x' are no sizes; give one for each hidden layer"),
    ("moons --hidden -3", "--hidden: '-3' are no sizes"),
    ("moons --model lstn", "--model: 'lstn' is unknown; did you mean 'lstm'?"),
    ("moons --model gru:layers=2", "gru: option 'layers' is unknown"),
    ("moons --model gru:num_layers=0", "--model: GRU: num_layers is 0"),
    ("moons --model gru --hidden none", "--hidden: gru needs a state; give its size"),
    ("moons --model gru --steps 3", "--steps: 2 inputs cannot be cut into 3 steps"),
    ("moons --model gru --embedding 3", "--embedding: the inputs are not all whole numbers"),
    ("digits:scale=false --model gru --embedding 0", "--embedding: Embedding: embedding_dim is 0"),
    ("moons --steps 2", "--steps: for sequences; give --model rnn, lstm or gru as well"),
    ("moons --activation rleu", "--activation: 'rleu' is unknown; did you mean 'relu'?"),
    ("moons --activation elu:a=1", "elu: option 'a' is unknown; there are alpha"),
    ("moons --activation relu:2", "relu has no options; leave '2' out"),
    ("moons --init hee", "--init: 'hee' is unknown"),
    ("moons --init normal:std=-1", "--init: normal: std=-1; give a finite number"),
    ("moons --norm bach", "norm 'bach' is unknown; did you mean 'batch'?"),
    ("moons --hidden none --norm batch", "--norm: acts on hidden layers, and there is none"),
    ("moons --hidden none --dropout 0.1", "--dropout: acts on hidden layers, and there is none"),
    ("moons --model gru --hidden 8 --norm layer", "--norm: acts on hidden layers, and there is no"),
    ("moons --hidden 16,8 --residual", "--residual: no hidden layer keeps its size in 2 -> 16"),
    ("moons --dropout 2", "dropout is 2.0; give the share to leave out, from 0 to 1"),
    ("moons --dtype float16", "--dtype: 'float16' is unknown; there are float32, float64"),
    ("moons --loss crossentropy", "did you mean 'cross_entropy'?"),
    ("digits --loss bce", "--loss: bce tells two classes apart, and here are 10; try cross_en"),
    ("line --loss hinge", "--loss: hinge is for classes, and the target is a quantity; try mse"),
    ("line --loss huber:delta=-1", "--loss: huber_loss: delta=-1; give a positive number"),
    ("moons --label-smoothing 2", "--label-smoothing: cross_entropy: label_smoothing is 2.0"),
    ("moons --loss nll --label-smoothing 0.1", "--label-smoothing: cross_entropy has it, and nll"),
    # Optimizer and schedule
    ("moons --optimizer adan", "--optimizer: 'adan' is unknown; did you mean 'adam'?"),
    ("moons --optimizer sgd:nestrov", "option 'nestrov' is unknown; did you mean 'nesterov'?"),
    ("moons --optimizer sgd:nesterov", "--optimizer: SGD: nesterov"),
    ("moons --optimizer adam:betas=3", "Adam: betas=3; give two numbers, as (0.9, 0.999)"),
    ("moons --optimizer adam:lr=big", "--optimizer: Adam: lr"),
    ("moons --momentum 0.9", "--momentum: adam has none; it has lr, betas, eps"),
    ("moons --lr 0.1 --optimizer sgd:0.2", "--lr: also given in --optimizer; give it once"),
    ("moons --lr fast", "--lr: 'fast' is no rate; give a number, or one for each layer"),
    ("moons --lr 1,2", "--lr: 2 rates for 3 layers; give one for each"),
    ("moons --lr -1", "Adam: lr"),
    ("moons --schedule cosin", "--schedule: 'cosin' is unknown; did you mean 'cosine'?"),
    ("moons --schedule step", "step_size missing; write --schedule step:step_size=..."),
    ("moons --schedule step:gama=1", "step: option 'gama' is unknown; did you mean 'gamma'?"),
    ("moons --schedule exponential:0", "ExponentialLR: gamma is 0; give a number above 0"),
    ("moons --schedule cosine:each=batch", "each is 'batch'; give each=epoch or each=step"),
    ("moons --schedule warmup --schedule cosine", "warmup: how many epochs until the next? Write"),
    ("moons --schedule warmup:for=20 --schedule cosine", "the run is over after 20 epochs"),
    ("moons --schedule cosine:for=5", "cosine: the last one holds to the end; leave for= out"),
    ("moons --schedule warmup:for=2 --schedule onecycle", "some of them count epochs and others"),
    ("moons --schedule warmup:for=2 --schedule plateau", "SequentialLR"),
    ("moons --schedule plateau:monitor=loss,each=step,mode=up", "mode 'up' is unknown"),
    ("moons --schedule plateau:each=step", "after each step there is but the loss"),
    ("moons --schedule onecycle:total_steps=5", "--schedule: OneCycleLR: step 6 of 5"),
    # Remedies
    ("moons --clip-norm 0", "--clip-norm: ClipGradNorm: max_norm is 0.0; give a positive"),
    ("moons --clip-norm 1,norm=2", "--clip-norm: option 'norm' is unknown; did you mean"),
    ("moons --clip-value high", "--clip-value: option 'high' is unknown; there are value"),
    ("moons --grad-noise -1", "--grad-noise: GradientNoise: eta is -1"),
    ("moons --early-stopping 0", "--early-stopping: EarlyStopping: patience is 0"),
    ("moons --early-stopping 5,mode=up", "EarlyStopping: mode 'up' is unknown"),
    ("moons --curriculum fast", "--curriculum: 'fast' is unknown; there are linear, root, step"),
    ("moons --curriculum linear:2", "linear: start is 2; give a share above 0"),
    ("moons --curriculum linear:by=size", "by 'size' is unknown; there are distance, teacher"),
    ("moons --curriculum linear:each=hour", "Curriculum: each 'hour' is unknown"),
    ("moons:n=40 --norm batch --curriculum linear:0.1", "fewer than the batch size 32, and drop"),
    ("moons --early-stopping 2,monitor=val_los", "--early-stopping: monitor 'val_los' is unknown"),
    ("moons --validation 0 --early-stopping 2,monitor=val_loss", "monitor 'val_loss' is unknown"),
    ("moons --schedule plateau:monitor=mae", "--schedule: monitor 'mae' is unknown; there are"),
    ("moons --schedule cosine:monitor=loss", "cosine: a rate by the time alone; leave monitor="),
    # Training, files
    ("moons --epochs 0", "--epochs: 0; give 1 or more, such as 20"),
    ("moons --epochs many", "--epochs"),
    ("moons --batch-size 0", "--batch-size: '0'"),
    ("moons --batch-size few", "--batch-size: 'few' is no number; give 1 or more, or all"),
    ("moons --seed -1", "--seed: -1; give 0 or more"),
    ("moons --every batch", "--every: 'batch' is unknown; give epoch or step"),
    ("moons --resume", "--resume: from which file? Give it with --checkpoint FILE"),
    ("moons --checkpoint-every 5", "--checkpoint-every: of which file? Give it with --checkpoint"),
    ("moons --checkpoint no/run.npz", "there is no folder no"),
    ("moons --checkpoint a.npz --checkpoint-every x", "'x' is neither epoch nor a number of steps"),
    ("moons --checkpoint a.npz --checkpoint-every 0", "--checkpoint-every"),
    ("moons --history .", "is a folder"),
    ("moons --html no/a.html", "there is no folder no"),
    ("moons --schedul cosine", "No such option: --schedul"),
    ("", "Missing argument"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "said"), REFUSALS, ids=[c for c, _ in REFUSALS])
def test_what_cannot_work_is_refused_before_the_work(command, said, monkeypatch):
    monkeypatch.setattr("microgd.cli.train.fit", None)  # no work
    assert said in refused(*command.split())


# Resuming


@pytest.fixture
def kept(tmp_path):
    path = tmp_path / "run.npz"
    assert invoke(*QUICK, "--checkpoint", path).exit_code == 0
    return path


def test_a_file_that_is_there_is_not_written_over(kept):
    before = kept.read_bytes()
    said = refused(*QUICK, "--checkpoint", kept)
    assert "is there already; add --resume to go on from it, or give another file" in said
    assert kept.read_bytes() == before


def test_nothing_to_resume_is_a_beginning(tmp_path):
    done = invoke(*QUICK[:-1], "--checkpoint", tmp_path / "new.npz", "--resume")
    assert done.exit_code == 0
    assert "is not there yet: starting from the beginning." in " ".join(done.stdout.split())
    assert (tmp_path / "new.npz").exists()


OTHERS = [
    (["--lr", "0.1"], "--lr is not given there and is 0.1 here"),
    (["--seed", "1"], "--seed is 0 there and is 1 here"),
    (["--no-shuffle"], "--no-shuffle is not given there and is given here"),
    (["--hidden", "5"], "--hidden is 4 there and is 5 here"),
    (["--schedule", "step:1", "--schedule", "x"], "--schedule"),
    (["--schedule", "cosine"], "--schedule is not given there and is cosine here"),
    (["--every", "step"], "--every is epoch there and is step here"),
    (["--early-stopping", "3"], "--early-stopping is not given there and is 3 here"),
]


@pytest.mark.parametrize(("options", "said"), OTHERS, ids=[option[0] for option, _ in OTHERS])
def test_other_options_are_refused(options, said, kept):
    before = kept.read_bytes()
    assert said in refused(*QUICK, *options, "--checkpoint", kept, "--resume")
    assert kept.read_bytes() == before


def test_other_data_are_refused(kept, tmp_path):
    said = refused("moons:n=50", *QUICK[1:], "--checkpoint", kept, "--resume")
    assert "DATA is moons:n=40 there and is moons:n=50 here" in said
    args = ["own.csv", "--epochs", 1, "--checkpoint", tmp_path / "own.npz", "--quiet"]
    assert invoke(*args).exit_code == 0
    table = tmp_path / "own.csv"
    table.write_text(table.read_text().replace("\n7,", "\n8,"))
    assert "the numbers in the file are not those that it learned from" in refused(
        *args, "--resume"
    )


def test_where_it_is_kept_and_shown_may_differ(kept, tmp_path):
    options = ["--history", tmp_path / "a.csv", "--checkpoint-every", 5, "--json"]
    assert invoke(*QUICK, *options, "--checkpoint", kept, "--resume").exit_code == 0


def test_a_finished_run_may_be_prolonged_unless_its_schedule_depends_on_the_end(kept, tmp_path):
    longer = [*QUICK[:-3], "--epochs", 5, "--json"]
    resumed = invoke(*longer, "--checkpoint", kept, "--resume")
    straight = json.loads(invoke(*longer).stdout)
    assert json.loads(resumed.stdout)["history"] == straight["history"]
    path = tmp_path / "cosine.npz"
    assert invoke(*QUICK, "--schedule", "cosine", "--checkpoint", path).exit_code == 0
    said = refused(*longer, "--schedule", "cosine", "--checkpoint", path, "--resume")
    assert "--epochs is 2 there and is 5 here" in said


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "text.npz"
    path.write_text("not a checkpoint")
    assert "is no whole checkpoint" in refused(*QUICK, "--checkpoint", path, "--resume")
    net = nn.MLP([2, 2], rng=0)
    path = tmp_path / "fit.npz"
    points = (np.zeros((4, 2)), np.array([0, 1, 0, 1]))
    fit(
        net,
        points,
        optim.SGD(net.parameters()),
        epochs=1,
        callbacks=Checkpoint(path),
        progress=False,
    )
    said = refused(*QUICK, "--checkpoint", path, "--resume")
    assert "was not written by microgd train" in said


def test_a_loss_that_is_no_number_is_one_line_and_the_history_is_kept(tmp_path):
    path = tmp_path / "run.csv"
    args = ["numbers.csv", "--raw", "--optimizer", "sgd:1e6", "--history", path, "--every", "step"]
    with np.errstate(all="ignore"):
        done = invoke(*args)
    assert done.exit_code == 1
    assert re.search(r"the (loss|gradient).* in epoch \d+, step \d+", str(done.exception))
    rows = path.read_text().splitlines()
    assert rows[0].startswith("epoch,step,loss,")
    assert len(rows) > 1


@pytest.mark.parametrize("saved", [True, False])
def test_a_second_ctrl_c_leaves_at_once_and_says_what_is_saved(saved, tmp_path, monkeypatch):
    path = tmp_path / "run.npz"

    def interrupted(*_args, **_options):
        if saved:
            path.write_bytes(b"a checkpoint")
        raise KeyboardInterrupt

    monkeypatch.setattr("microgd.cli.train.fit", interrupted)
    done = invoke(*QUICK, "--checkpoint", path)
    assert done.exit_code == 130
    assert done.stdout == ""
    assert ("go on with" in done.stderr) == saved
    assert ("nothing was saved" in done.stderr) == (not saved)
