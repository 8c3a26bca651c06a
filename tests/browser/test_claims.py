"""The page of claims in a real browser: plots drawn, links found, on a phone, in the dark."""

import pytest
from typer.testing import CliRunner

from microgd.cli import app
from microgd.cli.reproduce_page import page
from microgd.experiments.claim import Result, Row
from microgd.experiments.claims import NAMES as ALL
from microgd.experiments.claims import load

READY = "() => window.Bokeh && Bokeh.documents.length && Bokeh.documents.every(d => d.is_idle)"
NAMES = ("mazur", "stability", "sgdr-restarts")


@pytest.fixture(scope="session")
def claims(tmp_path_factory):
    path = tmp_path_factory.mktemp("claims") / "claims.html"
    done = CliRunner().invoke(app, ["reproduce", *NAMES, "--html", str(path)])
    assert done.exit_code == 0, done.output
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("dark", [False, True])
def test_it_draws_its_plots_and_fits_a_phone(visit, claims, dark):
    tab = visit(claims, size=(360, 740), dark=dark)
    tab.wait_for_function(READY)
    drawn = tab.evaluate("Bokeh.index.roots.map(view => view.model.title?.text).filter(Boolean)")
    assert drawn == ["A line fitted below, at and above 2/L", "SGDR"]
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360


def test_each_claim_is_found_from_the_first_table(visit, claims):
    tab = visit(claims)
    links = tab.locator("#part1 tbody a")
    assert links.all_inner_texts() == list(NAMES)
    for link in links.all():
        assert tab.locator(link.get_attribute("href")).count() == 1


@pytest.fixture(scope="session")
def long_ones():
    """A page of all claims, with a row as long as the longest."""
    what = "fewest irrelevant inputs first: lower error than in any order, in standard errors"
    rows = (Row(what, (1.96, float("inf")), 0.2314, note="Ours", instead=(-1.96, 1.95)),)
    return page([Result(load(name), rows, (), 123.4) for name in ALL], "microgd reproduce")


def test_no_table_is_wider_than_a_small_screen(visit, long_ones):
    tab = visit(long_ones, size=(1024, 768))
    boxes = tab.locator(".scroll").all()
    assert len(boxes) == 1 + len(ALL)
    for box in boxes:
        assert box.evaluate("box => box.scrollWidth <= box.clientWidth")


def test_the_verdict_of_every_claim_is_in_sight_on_a_phone(visit, long_ones):
    tab = visit(long_ones, size=(360, 740))
    cells = tab.locator("#part1 tbody td", has_text="differs as stated").all()
    assert len(cells) == len(ALL)
    for cell in cells:
        assert cell.evaluate("cell => cell.getBoundingClientRect().right") <= 360
