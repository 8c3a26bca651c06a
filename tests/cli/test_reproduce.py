"""`microgd reproduce`, called in this process: table, page, document, exit code."""

import json
import math
import sys

import pytest
from typer.testing import CliRunner

from microgd.cli import app, reproduce
from microgd.experiments.claim import Absolute, Claim, Plot, Relative, Row, Source
from microgd.experiments.claims import NAMES, load

QUICK = ("mazur", "adagrad-steps", "sgdr-restarts")
RULE = "a rule, and where it stops being one, told at such length that it needs a second line"


def run(*args, columns=80, code=0):
    done = CliRunner().invoke(app, ["reproduce", *args], env={"COLUMNS": str(columns)})
    assert done.exit_code == code, done.output
    return done


def stand_in(name, *found, full=False):
    def measure(seed):
        for row in found:
            if isinstance(row, Exception):
                raise row
            yield row

    return Claim(
        name=name,
        title=RULE.capitalize(),
        source=Source("Ångström & <b>", 1868, "https://example.org/?a=1&b=2"),
        teaches="Nothing at all.",
        kind="within",
        run=measure,
        full=full,
    )


GOOD = stand_in(
    "good",
    Row("a number", 1.0, 1.0001, Relative(0.01)),
    Row("a range without end", (2.0, math.inf), 7.0, note="as in <print>"),
    Plot("A plot", "x", "y", {"one": ([0.0, 1.0], [1.0, 10.0])}, log="y"),
)
STATED = stand_in("stated", Row("x", 1.0, 2.0, Absolute(0.1), "a slip in print", instead=2.0))
BAD = stand_in("bad", Row("wrong sign", 0.25, -0.25, Absolute(0.01)))
NAN = stand_in("not-a-number", Row("x", (0.0, 1.0), math.nan))
STOPPED = stand_in("stopped", Row("first", 1.0, 1.0, Absolute(0)), ValueError("no [way] out"))
SLOW = stand_in("slow", Row("x", 1.0, 1.0, Absolute(0)), full=True)


@pytest.fixture
def given(monkeypatch):
    """Let these claims be all that there are."""

    def put(*claims):
        known = {claim.name: claim for claim in claims}
        monkeypatch.setattr(reproduce, "NAMES", tuple(known))
        monkeypatch.setattr(reproduce, "load", known.__getitem__)

    return put


@pytest.mark.parametrize("columns", [40, 60, 74, 80, 88, 100, 200])
def test_the_table_fits_and_shows_every_number_and_note(columns):
    said = run(*QUICK, columns=columns).stdout
    assert max(map(len, said.splitlines())) <= columns
    assert "…" not in said
    flat = " ".join(said.split())
    assert "0.291027924" in flat
    assert "0.2910277737" in flat
    assert "differs as" in flat
    assert "his page prints 0.291027924, from numbers rounded on the way" in flat
    assert "size of step 25" in flat
    assert all(load(name).source.link in "".join(said.split()) for name in QUICK)
    assert flat.endswith("3 claims: 2 reproduced, 1 differs as stated. 0 s.")


def test_a_pipe_gets_plain_text():
    done = run(*QUICK)
    assert "\x1b" not in done.output
    assert "\r" not in done.output


def test_each_claim_has_a_line_on_the_error_stream_as_it_is_done():
    lines = run(*QUICK).stderr.splitlines()
    assert [line.rpartition(",")[0] for line in lines] == [
        "1/3  mazur: differs as stated",
        "2/3  adagrad-steps: reproduced",
        "3/3  sgdr-restarts: reproduced",
    ]


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ([GOOD], 0),
        ([GOOD, STATED], 0),
        ([GOOD, BAD], 1),
        ([NAN, GOOD], 1),
        ([STOPPED], 1),
        ([stand_in("empty")], 1),
    ],
)
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_the_exit_code_says_whether_all_holds(given, claims, code, options):
    given(*claims)
    said = run(*options, code=code).stdout
    if options:
        assert json.loads(said)["holds"] is (code == 0)


@pytest.mark.parametrize("columns", [60, 100])
def test_a_claim_that_fails_is_reported_as_failing(given, columns):
    given(BAD, NAN, STOPPED, GOOD)
    said = " ".join(run(columns=columns, code=1).stdout.split())
    assert "bad: not reproduced" in said
    assert "-0.25" in said
    assert "not-a-number: not reproduced" in said
    assert "nan" in said
    assert "stopped: ValueError: no [way] out" in said
    assert "4 claims: 1 reproduced, 3 not reproduced." in said


def test_what_takes_long_is_left_out_and_said_to_be_unless_asked_for(given):
    given(GOOD, SLOW)
    said = " ".join(run().stdout.split())
    assert "1 claim: 1 reproduced." in said
    assert "Left out, for they take longer: slow. Run them by --full." in said
    assert "2 claims: 2 reproduced." in run("--full").stdout
    assert "1 claim: 1 reproduced." in run("slow").stdout


def test_the_document_has_all_that_was_measured(given):
    given(GOOD, STATED, BAD, NAN, STOPPED, SLOW)
    document = json.loads(run("--json", "--seed", "3", code=1).stdout)
    assert document["options"] == {"seed": 3, "full": False}
    assert not document["holds"]
    claims = {claim["name"]: claim for claim in document["claims"]}
    assert list(claims) == ["good", "stated", "bad", "not-a-number", "stopped"]
    good = claims["good"]
    assert good == {
        "name": "good",
        "title": GOOD.title,
        "source": {
            "authors": "Ångström & <b>",
            "year": 1868,
            "link": "https://example.org/?a=1&b=2",
        },
        "teaches": "Nothing at all.",
        "kind": "within",
        "full": False,
        "verdict": "reproduced",
        "error": "",
        "rows": [
            {
                "what": "a number",
                "expected": 1.0,
                "measured": 1.0001,
                "tolerance": {"relative": 0.01},
                "verdict": "reproduced",
                "note": "",
                "instead": None,
            },
            {
                "what": "a range without end",
                "expected": [2.0, None],
                "measured": 7.0,
                "tolerance": None,
                "verdict": "reproduced",
                "note": "as in <print>",
                "instead": None,
            },
        ],
    }
    assert claims["stated"]["rows"][0]["tolerance"] == {"absolute": 0.1}
    assert claims["stated"]["rows"][0]["instead"] == 2.0
    assert claims["not-a-number"]["rows"][0]["measured"] is None
    assert claims["stopped"]["error"] == "ValueError: no [way] out"


def test_the_seed_reaches_the_claims():
    first, again, other = (
        run("stability", "--json", "--seed", seed).stdout for seed in ("4", "4", "5")
    )
    assert first == again, "to the bit"
    rows = [json.loads(document)["claims"][0]["rows"] for document in (first, other)]
    assert rows[0] != rows[1]


@pytest.mark.parametrize("columns", [60, 80])
def test_the_list_names_every_claim_and_runs_none(monkeypatch, columns):
    monkeypatch.setattr(reproduce, "check", lambda *_: pytest.fail("it was run"))
    said = run("--list", columns=columns).stdout
    assert max(map(len, said.splitlines())) <= columns
    flat = " ".join(said.split())
    for name in NAMES:
        assert f"{name} " in said
        assert load(name).source.authors in flat
    listed = json.loads(run("--list", "--json").stdout)["claims"]
    assert [claim["name"] for claim in listed] == list(NAMES)
    assert listed[0]["teaches"] == load(NAMES[0]).teaches


def test_the_page_has_every_number_and_plot(given, tmp_path):
    given(GOOD, STATED, STOPPED)
    path = tmp_path / "claims.html"
    said = run("--html", str(path), code=1).stdout
    assert f"Wrote {path.name}" in said or str(path) in "".join(said.split())
    page = path.read_text(encoding="utf-8")
    assert page.count("<section") == 4
    assert page.count("<table") == 4
    assert "Ångström &amp; &lt;b&gt;" in page
    assert 'href="https://example.org/?a=1&amp;b=2"' in page
    assert "as in &lt;print&gt;" in page
    assert "Expected instead: 2." in page
    assert "Stopped: ValueError: no [way] out" in page
    assert page.count("BEGIN bokeh.min.js") == 1


def test_a_plot_stands_with_its_own_claim_though_another_name_begins_alike(given, tmp_path):
    found = Plot("A plot", "x", "y", {"one": ([0.0, 1.0], [1.0, 10.0])})
    row = Row("x", 1.0, 1.0, Absolute(0))
    given(stand_in("easy", row, found), stand_in("easy-order", row, found))
    path = tmp_path / "claims.html"
    run("--html", str(path))
    _, *sections = path.read_text(encoding="utf-8").split("<section")[1:]
    assert [part.partition("</section>")[0].count("data-root-id") for part in sections] == [1, 1]


def test_the_page_names_the_command_that_made_it(given, tmp_path, monkeypatch):
    given(STATED)
    path = tmp_path / "claims.html"
    monkeypatch.setattr(sys, "argv", ["microgd", "reproduce", "stated", "--html", str(path)])
    run("stated", "--html", str(path))
    assert "<code>microgd reproduce stated --html " in path.read_text(encoding="utf-8")


def test_a_page_without_plots_needs_no_script(given, tmp_path):
    given(STATED)
    path = tmp_path / "claims.html"
    run("--html", str(path))
    assert "<script" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["momentun"], "claim 'momentun' is unknown; did you mean 'momentum'?"),
        (["--seed", "-1"], "Invalid value for '--seed'"),
        (["--html", "no/such/folder.html"], "there is no folder"),
    ],
)
def test_a_bad_option_is_refused_before_the_work(options, said):
    done = run(*options, code=2)
    assert not done.stdout
    assert said in " ".join(done.stderr.split())


def test_help_says_what_the_exit_code_means():
    said = run("--help").stdout
    assert "Exit code: 0 if every number came out as expected or differs as stated" in said
