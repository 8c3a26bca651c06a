"""The page of `microgd train` in a real browser: drawn, quiet, offline, on a phone, accessible."""

import pytest
from typer.testing import CliRunner

from microgd.cli import app

READY = "() => window.Bokeh && Bokeh.documents.length && Bokeh.documents.every(d => d.is_idle)"
RUNS = {
    "moons": ["moons:n=60", "--hidden", "8,8", "--schedule", "cosine"],
    "digits": ["digits", "--hidden", "8"],
    "line": ["line", "--every", "step"],
}
PLOTS = {"moons": 7, "digits": 6, "line": 6}


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("training")
    for name, args in RUNS.items():
        options = [*args, "--epochs", "2", "--quiet", "--html", str(folder / f"{name}.html")]
        done = CliRunner().invoke(app, ["train", *options])
        assert done.exit_code == 0, done.output
    return {name: (folder / f"{name}.html").read_text(encoding="utf-8") for name in RUNS}


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("size", [(360, 740), (1280, 720)], ids=["phone", "desktop"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_all_plots_are_drawn_and_nothing_is_wider_than_the_window(visit, pages, name, size, dark):
    tab = visit(pages[name], size=size, dark=dark)
    tab.wait_for_function(READY)
    assert tab.evaluate("Bokeh.documents[0].roots().length") == PLOTS[name]
    assert tab.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert tab.locator("section").count() == tab.locator("nav li").count() >= 4


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_is_accessible(visit, pages, dark):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    tab = visit(pages["moons"], dark=dark)
    tab.wait_for_function(READY)
    found = axe.Axe().run(tab, options={"runOnly": ["wcag2a", "wcag2aa"]})
    assert not found.response["violations"], found.generate_report()
