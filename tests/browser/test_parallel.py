"""The pages of parallel runs, as a person meets them: the timeline, its box, and the springs."""

import json

import pytest

from microgd import data, nn, parallel
from microgd.draw.parallel.notebook import bundle
from microgd.draw.parallel.page import page as page_of
from microgd.draw.parallel.spring import page as spring_page
from microgd.experiments.elastic import elastic
from microgd.parallel import Event

PHONE, DESKTOP = (360, 740), (1280, 900)
READY = "window.Bokeh && Bokeh.documents.length && document.querySelector('.bk-Figure')"


def train(algorithm="downpour", workers=3, epochs=8, **options):
    model, moons = nn.MLP([2, 6, 6, 2], rng=0), data.moons(300, rng=0)
    return parallel.train(model, moons, algorithm, workers, "simulated", epochs=epochs, **options)


def drawn(page):
    """Wait until the plots stand."""
    page.wait_for_function(READY)
    page.wait_for_timeout(300)
    return page


def find(page, title):
    """The box on the screen of a figure's frame, scrolled to."""
    return page.evaluate(
        """(title) => {
        for (const view of Bokeh.index) {
          if (view.model.title?.text !== title) continue;
          view.el.scrollIntoView({ block: "center", behavior: "instant" });
          const { left, top } = view.el.getBoundingClientRect();
          const { x, y, width, height } = view.frame.bbox;
          return { x: left + x, y: top + y, width, height };
        }
        }""",
        title,
    )


def shown(page):
    """From when to when the timeline shows."""
    return page.evaluate(
        """() => {
        for (const doc of Bokeh.documents) for (const model of doc._all_models.values())
          if (model.type === "Figure" && model.title.text === "who saw which version")
            return [model.x_range.start, model.x_range.end];
        }"""
    )


def test_the_box_leads_the_timeline(visit):
    record = train(epochs=30)
    page = drawn(visit(page_of(record), DESKTOP))
    before = shown(page)
    box = find(page, "")
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    page.wait_for_timeout(100)
    start, end = shown(page)
    assert start > before[1]
    span = 1.04 * record.seconds
    assert [start, end] == pytest.approx([0.6 * span, 0.7 * span], abs=0.04 * span)


def test_the_timeline_pans_and_does_not_leave_the_run(visit):
    record = train(epochs=30)
    page = drawn(visit(page_of(record), DESKTOP))
    before = shown(page)
    box = find(page, "who saw which version")
    y = box["y"] + 10
    page.mouse.move(box["x"] + 0.8 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.2 * box["width"], y, steps=5)
    page.mouse.up()
    page.wait_for_timeout(100)
    after = shown(page)
    assert after[0] > before[0]
    assert after[1] - after[0] == pytest.approx(before[1] - before[0], rel=0.02)
    for _ in range(2):
        page.mouse.move(box["x"] + 0.1 * box["width"], y)
        page.mouse.down()
        page.mouse.move(box["x"] + 0.95 * box["width"], y, steps=5)
        page.mouse.up()
    assert shown(page)[0] >= -0.03 * record.seconds


def test_an_update_tells_its_versions_under_the_pointer(visit):
    record = train(workers=2)
    page = drawn(visit(page_of(record), DESKTOP))
    event = record.of("push")[3]
    start, end = shown(page)
    box = find(page, "who saw which version")
    low, high = -0.6 - record.workers, 2.2
    x = box["x"] + (event.time - start) / (end - start) * box["width"]
    y = box["y"] + high / (high - low) * box["height"]
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y, steps=3)
    page.wait_for_timeout(300)
    told = page.evaluate(
        """() => {
        const texts = [];
        const walk = (node) => {
          for (const child of node.querySelectorAll("*")) {
            if (child.matches(".bk-Tooltip")) texts.push(child.shadowRoot?.textContent ?? "");
            if (child.shadowRoot) walk(child.shadowRoot);
          }
        };
        walk(document);
        return texts.join(" ");
        }"""
    )
    assert f"worker {event.worker}" in told
    assert "made version" in told
    assert str(event.written[0]) in told


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, True), (PHONE, False)])
@pytest.mark.parametrize("algorithm", ["hogwild", "eamsgd", "model-parallel"])
def test_every_algorithm_fits_without_a_complaint(visit, algorithm, size, dark):
    record = train(algorithm, latency=0.1)
    record.events.append(Event(1.5, 1, "died"))
    page = drawn(visit(page_of(record), size, dark=dark))
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]
    figures = page.evaluate("Bokeh.documents.reduce((sum, doc) => sum + doc.roots().length, 0)")
    assert figures == (6 if record.algorithm == "EASGD" else 5)


def test_thousands_of_updates_are_drawn(visit):
    record = train(workers=8, epochs=350)
    assert len(record.losses) > 4000
    page = drawn(visit(page_of(record), DESKTOP))
    assert "The first 4,000 updates are drawn." in page.locator("main").inner_text()
    start, end = shown(page)
    assert end - start < record.seconds / 20


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_to_complain_of(visit, dark):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright",
        reason="axe is not installed: pip install 'microgd[browser]'",
    )
    page = drawn(visit(page_of(train("easgd", latency=0.1)), DESKTOP, dark=dark))
    found = axe.Axe().run(page, options={"exclude": [[".bk-Figure"]]}).response["violations"]
    own = [v for v in found if not all("bk-" in n["html"] for n in v["nodes"])]
    assert [(v["id"], v["nodes"][0]["html"]) for v in own] == []


def test_a_notebook_runs_the_page_in_a_sandbox(visit):
    frame = bundle(train())["text/html"]
    page = visit(f"<!doctype html><title>notebook</title><body>{frame}", (1000, 900))
    inner = page.frame_locator("iframe")
    inner.get_by_role("heading", name="Downpour, by 3 workers").wait_for()
    page.locator("summary").click()
    assert "staleness" in page.locator("details pre").inner_text()


# --- springs -------------------------------------------------------------------------------------


def springs(**options):
    found = elastic("himmelblau", workers=3, steps=20, **options)
    return found, spring_page(found.record, found.surface)


def test_a_spring_joins_each_worker_that_is_shown_to_the_centre(visit):
    _, html = springs()
    page = visit(html)
    page.evaluate("go(30)")
    page.evaluate("state.kinds.clear(); show()")
    # Without the trails and balls, what is left between two of them is a spring
    page.evaluate("window.trail = window.ball = () => {}")
    full = page.evaluate("(paintBalls(), canvas.balls.toDataURL())")
    page.get_by_label("Show worker 2").uncheck()
    fewer = page.evaluate("(paintBalls(), canvas.balls.toDataURL())")
    assert fewer != full
    page.get_by_label("Show centre").uncheck()
    none = page.evaluate("(paintBalls(), canvas.balls.toDataURL())")
    record = json.loads(page.locator("#record").inner_text())
    assert record["springs"] == [[0, 1], [0, 2], [0, 3]]
    page.evaluate("record.springs = []")
    assert page.evaluate("(paintBalls(), canvas.balls.toDataURL())") == none


def test_stepping_back_undoes_a_step_with_springs(visit):
    _, html = springs()
    page = visit(html)
    page.evaluate("go(25)")
    before = page.evaluate("canvas.balls.toDataURL()")
    page.click("#step")
    assert page.evaluate("canvas.balls.toDataURL()") != before
    page.click("#back")
    assert page.evaluate("canvas.balls.toDataURL()") == before


def test_a_trail_is_as_long_as_it_should_be(visit):
    found, html = springs()
    page = visit(html)
    page.click("#last")
    tail = page.evaluate("record.tail")
    assert 0 < tail < len(found.record.losses)
    with_tail = page.evaluate("canvas.balls.toDataURL()")
    page.evaluate("record.tail = 0; paintBalls()")
    assert page.evaluate("canvas.balls.toDataURL()") != with_tail


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("view", ["contour", "space"])
def test_springs_are_drawn_in_both_views(visit, size, view):
    _, html = springs(noise=40.0)
    page = visit(html, size)
    page.click(f"[data-view={view}]")
    page.click("#last")
    drawn_ = page.evaluate("canvas.balls.toDataURL()")
    page.evaluate("record.springs = []; paintBalls()")
    assert page.evaluate("canvas.balls.toDataURL()") != drawn_
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1]
