"""The report and the plots in a real browser: drawn, quiet, offline, on a phone and in the dark."""

import pytest
from typer.testing import CliRunner

import microgd as mg
from microgd.cli import app
from microgd.draw.plots.page import page
from microgd.train import History

PHONE = (360, 740)
READY = "() => window.Bokeh && Bokeh.documents.length && Bokeh.documents.every(d => d.is_idle)"


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    options = ["--depth", "3", "--epochs", "2", "--quiet", "--html", str(path)]
    done = CliRunner().invoke(app, ["tour", *options])
    assert done.exit_code == 0, done.output
    assert "MB, which works offline" in " ".join(done.output.split())
    return path.read_text(encoding="utf-8")


def curve():
    run = History()
    for epoch, loss in enumerate([0.75, 0.5, 0.125], 1):
        run.record({"epoch": epoch, "loss": loss})
    return mg.draw.history(run)


def painted(tab):
    """How many of the page's plots are drawn: have a canvas with ink on it."""
    return tab.evaluate(
        """() => {
          const canvases = (root) => [...root.querySelectorAll("*")].flatMap((e) => [
            ...(e.tagName === "CANVAS" && e.width ? [e] : []),
            ...(e.shadowRoot ? canvases(e.shadowRoot) : []),
          ]);
          const inked = (c) => c.getContext("2d").getImageData(0, 0, c.width, c.height).data
            .some((value) => value > 0);
          return Bokeh.index.roots.filter((view) => canvases(view.shadow_el).some(inked)).length;
        }"""
    )


def test_the_report_draws_all_of_its_plots(visit, report):
    tab = visit(report)
    tab.wait_for_function(READY)
    assert painted(tab) == 6
    assert tab.locator("section").count() == tab.locator("nav li").count() == 7
    assert tab.locator("figure svg .node").count() > 10


def test_no_two_things_have_the_same_id(visit, report):
    ids = visit(report).evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids)) > 50


def test_its_stepper_steps(visit, report):
    tab = visit(report)
    frame = tab.frame_locator("iframe")
    heading = frame.locator("#card h2").first
    before = heading.inner_text()
    frame.get_by_role("button", name="Step", exact=True).click()
    assert heading.inner_text() != before


@pytest.mark.parametrize("size", [PHONE, (1280, 720)], ids=["phone", "desktop"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_is_wider_than_the_window(visit, report, size, dark):
    tab = visit(report, size=size, dark=dark)
    tab.wait_for_function(READY)
    assert tab.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_it_scrolls_by_keyboard_to_what_is_wider(visit, report):
    tab = visit(report, size=PHONE)
    wide = tab.locator(".wide").nth(1)
    wide.focus()
    for _ in range(5):
        tab.keyboard.press("ArrowRight")
    tab.wait_for_function("e => e.scrollLeft > 0", arg=wide.element_handle())


@pytest.mark.parametrize(("dark", "ink"), [(False, "#4a525c"), (True, "#d5d9de")])
def test_plots_follow_light_and_dark(visit, dark, ink):
    tab = visit(page([curve()], "loss"), dark=dark)
    tab.wait_for_function(READY)
    tab.wait_for_function(
        "ink => Bokeh.documents[0].roots()[0].title.text_color === ink"
        " || Bokeh.documents[0].roots()[0].title.text_color.value === ink",
        arg=ink,
    )


def test_the_pointer_shows_the_exact_number(visit):
    tab = visit(page([curve()], "loss"))
    tab.wait_for_function(READY)
    x, y = tab.evaluate(
        """() => {
          const view = Bokeh.index.roots[0], box = view.el.getBoundingClientRect();
          const { x_scale, y_scale } = view.frame;
          return [box.x + x_scale.compute(2), box.y + y_scale.compute(0.5)];
        }"""
    )
    tab.mouse.move(x, y)
    tab.get_by_text("0.5", exact=True).wait_for()


@pytest.mark.parametrize("evil", ["<img src=x onerror=alert(1)>", "$$\\alpha$$", "\\(x\\)"])
def test_a_name_runs_nothing_and_fetches_nothing(visit, evil):
    plot = mg.draw.weights(mg.tensor([[1.0, -1.0]], name=evil))
    tab = visit(page([plot], evil))
    tab.wait_for_function(READY)
    assert painted(tab) == 1
    assert tab.title().replace(" ", "") == evil.replace(" ", "")


def test_a_notebook_shows_a_plot_in_its_frame(visit):
    html = curve()._repr_mimebundle_()["text/html"]
    tab = visit(f"<!doctype html><title>notebook</title>{html}")
    frame = tab.frames[1]
    frame.wait_for_function(READY)
    assert painted(frame) == 1
