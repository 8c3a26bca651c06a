"""The page of claims in a real browser: plots drawn, links found, on a phone, in the dark."""

import pytest
from typer.testing import CliRunner

from microgd.cli import app

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
