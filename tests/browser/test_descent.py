"""The page of a race, as a person meets it: by mouse and keyboard, from above and in space."""

import json
import re
from html import escape

import numpy as np
import pytest

import microgd as mg
from microgd import optim
from microgd.descent import SURFACES, clipping, race, sampled
from microgd.draw.descent.notebook import bundle
from microgd.draw.descent.page import page as page_of

PHONES = [(320, 640), (360, 740), (400, 860)]
DESKTOP = (1280, 720)
COLUMN = (708, 720)  # a frame in a notebook, lower than any
RULES = ["sgd", "momentum", "nesterov", "adam"]
VIEWS = pytest.mark.parametrize("view", ["contour", "space"])


def ravine(steps=40):
    return race("ravine", RULES, steps=steps)


def seen(page):
    """All numbers that are shown, and the picture of the balls: equal wherever one comes from."""
    return page.evaluate(
        """() => [$("place").textContent, $("numbers").tBodies[0].innerText,
        $("state").tBodies[0].innerText, $("slider").value, canvas.balls.toDataURL(),
        $("chart").querySelector(".now").getAttribute("x1")]"""
    )


def step(page):
    return int(page.locator("#place").inner_text())


def pixel(page, canvas, x, y):
    """The colour of a canvas at a place of the screen within it."""
    return page.evaluate(
        """([id, x, y]) => {
        const element = $(id);
        const ratio = element.width / element.clientWidth;
        const at = [x, y].map((v) => Math.round(v * ratio));
        const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
        copy.drawImage(element, ...at, 1, 1, 0, 0, 1, 1);
        return [...copy.getImageData(0, 0, 1, 1).data];
        }""",
        [canvas, x, y],
    )


def cells(page, name):
    """The numbers in the row of a rule."""
    row = page.locator("#numbers tbody tr", has_text=re.compile(rf"^{name}"))
    return [float(text) for text in row.locator("td").all_inner_texts()[1:]]


# --- stepping ------------------------------------------------------------------------------------


@VIEWS
def test_back_undoes_step_and_a_jump_shows_what_stepping_shows(visit, view):
    page = visit(page_of(ravine(6)))
    page.click(f"[data-view={view}]")
    forth = [seen(page)]
    for _ in range(6):
        page.click("#step")
        forth.append(seen(page))
    back = [seen(page)]
    for _ in range(6):
        page.click("#back")
        back.append(seen(page))
    assert back[::-1] == forth
    for k in (5, 0, 3):
        page.locator("#slider").fill(str(k))
        assert seen(page) == forth[k]
    page.click("#last")
    assert seen(page) == forth[6]
    page.click("#first")
    assert seen(page) == forth[0]
    assert len({json.dumps(state) for state in forth}) == 7, "two steps look the same"


def test_the_tables_show_the_recorded_numbers(visit):
    found = ravine()
    page = visit(page_of(found))
    for k in (0, 7, 40):
        page.locator("#slider").fill(str(k))
        for run in found.runs:
            loss, slope, rate = cells(page, run.name)
            assert loss == pytest.approx(run.losses[k], rel=6e-3)
            assert slope == pytest.approx(np.linalg.norm(run.gradients[k]), rel=6e-3)
            assert rate == pytest.approx(run.rates[k], rel=6e-3)


def test_the_state_of_each_rule_can_be_looked_at(visit):
    found = ravine()
    page = visit(page_of(found))
    page.evaluate("go(9)")
    for run in found.runs:
        page.get_by_role("button", name=run.name, exact=True).click()
        assert page.locator("#whose").inner_text() == run.name
        expected = {"place": run.points, "gradient": run.gradients, **run.state}
        rows = page.locator("#state tbody tr")
        assert rows.count() == len(expected)
        for row, values in zip(rows.all(), expected.values(), strict=True):
            told = [float(text) for text in row.locator("td").all_inner_texts()[1:]]
            assert told == pytest.approx(values[9].tolist(), rel=6e-3, abs=1e-12)


def test_play_steps_until_the_end_and_pauses(visit):
    page = visit(page_of(ravine(30)), clock=True)
    page.select_option("#speed", "1")
    page.click("#play")
    assert page.locator("#play").inner_text() == "Pause"
    page.clock.run_for(3050)
    assert step(page) == 3
    page.click("#play")
    page.clock.run_for(5000)
    assert step(page) == 3
    page.click("#play")
    page.clock.run_for(60_000)
    assert step(page) == 30
    assert page.locator("#play").inner_text() == "Play"
    page.click("#play")
    assert step(page) == 0, "from the end it starts again"


def test_the_speed_can_be_changed_on_the_way(visit):
    page = visit(page_of(ravine()), clock=True)
    page.select_option("#speed", "1")
    page.click("#play")
    page.select_option("#speed", "2")
    page.clock.run_for(3050)
    assert step(page) == 6


def test_the_keyboard_alone_does_everything(visit):
    page = visit(page_of(ravine()), clock=True)
    reached = []
    for _ in range(45):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """document.activeElement.id || document.activeElement.dataset.view ||
                document.activeElement.ariaLabel || document.activeElement.textContent"""
            )
        )
    order = ["contour", "space", "theme", "Numbers", "Show sgd", "sgd", "Show adam", "adam",
             "quantity", "log", "every", "first", "back", "play", "step", "last", "slider",
             "speed"]  # fmt: skip
    assert [name for name in dict.fromkeys(reached) if name in order] == order
    page.focus("#theme")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert step(page) == 2
    page.keyboard.press("ArrowLeft")
    assert step(page) == 1
    page.keyboard.press("End")
    assert step(page) == 40
    page.keyboard.press("Home")
    assert step(page) == 0
    page.keyboard.press("p")
    page.clock.run_for(2000)
    assert step(page) > 3
    page.keyboard.press("p")
    page.focus("#slider")
    before = step(page)
    page.keyboard.press("ArrowRight")
    assert step(page) == before + 1, "once, by the slider itself"
    page.focus("[data-view=space]")
    page.keyboard.press("Enter")
    before = page.evaluate("canvas.ground.toDataURL()")
    page.focus("#right")
    page.keyboard.press("Enter")
    assert page.evaluate("canvas.ground.toDataURL()") != before


# --- the picture ---------------------------------------------------------------------------------


@VIEWS
def test_a_ball_is_where_its_rule_is(visit, view):
    found = ravine()
    page = visit(page_of(found))
    page.click(f"[data-view={view}]")
    for box in page.locator("#numbers input").all()[:3]:
        box.uncheck()
    page.evaluate("state.kinds.clear()")
    for k in (0, 5, 12):
        page.evaluate("k => go(k)", k)
        x, y = page.evaluate("p => project(...p).slice(0, 2)", found["adam"].points[k].tolist())
        hue = page.evaluate("parts(colour('rule3'))")
        assert pixel(page, "balls", x - 6, y)[:3] == hue
        assert page.evaluate("p => unproject(...project(...p)).map((v) => +v.toFixed(6))",
                             [1.0, 2.0]) == [1.0, 2.0] or view == "space"  # fmt: skip


def test_the_way_down_is_drawn_from_the_ball(visit):
    bowl = race("bowl", {"sgd": "sgd"}, start=(-3.0, 2.0), steps=3)
    page = visit(page_of(bowl))
    x, y = page.evaluate("project(-3, 2).slice(0, 2)")
    length = np.hypot(3, 2)
    along = [(x + 40 * 3 / length, y + 40 * 2 / length), (x - 40 * 3 / length, y - 40 * 2 / length)]
    ink = page.evaluate("parts(colour('ink'))")
    assert pixel(page, "balls", *along[0])[:3] == ink
    assert pixel(page, "balls", *along[1])[3] == 0, "nothing up the hill"
    page.locator("#state input").first.uncheck()
    assert pixel(page, "balls", *along[0])[3] == 0


def test_every_vector_can_be_switched_off(visit):
    found = race("beale", ["momentum", "adam", "rmsprop"], steps=20, noise=0.5)
    page = visit(page_of(found))
    page.evaluate("go(8)")
    page.locator("#every").check()
    shown = page.evaluate("canvas.balls.toDataURL()")
    for name, kinds in (("momentum", 3), ("adam", 4), ("rmsprop", 3)):
        page.get_by_role("button", name=name, exact=True).click()
        boxes = page.locator("#state tbody input")
        assert boxes.count() == kinds
        for box in boxes.all():
            box.uncheck()
            changed = page.evaluate("canvas.balls.toDataURL()")
            assert changed != shown
            box.check()
            assert page.evaluate("canvas.balls.toDataURL()") == shown


def test_a_rule_can_be_hidden(visit):
    page = visit(page_of(ravine()))
    page.evaluate("go(10)")
    curves = page.locator("#chart .curve")
    assert curves.count() == 4
    before = page.evaluate("canvas.balls.toDataURL()")
    page.get_by_label("Show adam").uncheck()
    assert curves.count() == 3
    assert page.evaluate("canvas.balls.toDataURL()") != before
    assert "adam" not in page.locator("#chart").get_attribute("aria-label")
    page.get_by_label("Show adam").check()
    assert page.evaluate("canvas.balls.toDataURL()") == before


def test_the_chart_shows_four_quantities_and_leads_to_a_step(visit):
    found = race("ravine", RULES, steps=40, schedule=lambda rule: optim.StepLR(rule, 10, 0.5))
    page = visit(page_of(found), size=(1280, 900))
    drawn = set()
    for quantity in ("losses", "slopes", "rates", "paths"):
        page.select_option("#quantity", quantity)
        for _ in range(2):
            page.locator("#log").click()
            drawn.add(page.locator("#chart svg").inner_html())
    assert len(drawn) == 8
    assert all("NaN" not in svg for svg in drawn)
    page.select_option("#quantity", "rates")
    limits = page.locator("#chart .limit")
    assert limits.count() == 3, "of sgd, momentum and nesterov"
    tops = page.locator("#chart .curve").first.get_attribute("points").split()
    assert len({point.split(",")[1] for point in tops}) == 5, "a stair of five steps"
    box = page.locator("#chart").bounding_box()
    page.mouse.click(box["x"] + 48 + (box["width"] - 58) / 2, box["y"] + 50)
    assert step(page) == 20


def test_a_logarithmic_chart_within_one_power_of_ten_has_numbers_at_its_axis(visit):
    found = race("rastrigin", "sgd")
    assert found["sgd"].losses.min() > 10
    assert found["sgd"].losses.max() < 100
    page = visit(page_of(found))
    assert page.locator("#log").is_checked()
    marks = [float(m) for m in page.locator("#chart text[text-anchor=end]").all_text_contents()]
    assert len(marks) >= 3
    heights = page.locator("#chart .grid").evaluate_all(
        "them => them.map(t => +t.getAttribute('y1'))"
    )
    assert heights == sorted(heights, reverse=True)
    part = np.log(marks[1] / marks[0]) / np.log(marks[2] / marks[0])
    assert (heights[1] - heights[0]) / (heights[2] - heights[0]) == pytest.approx(part, rel=1e-6)


def test_values_are_told_under_the_pointer(visit):
    found = ravine()
    page = visit(page_of(found))
    page.evaluate("go(12)")
    box = page.locator("#view").bounding_box()
    x, y = page.evaluate("p => project(...p).slice(0, 2)", found["nesterov"].points[6].tolist())
    page.mouse.move(box["x"] + x, box["y"] + y)
    assert page.locator("#tip").inner_text().startswith("nesterov, step 6")
    x, y = page.evaluate("project(8, 6).slice(0, 2)")
    page.mouse.move(box["x"] + x, box["y"] + y)
    told = re.search(r"x = (\S+), y = (\S+)\nloss about (\S+)", page.locator("#tip").inner_text())
    assert [float(part) for part in told.groups()] == pytest.approx([8, 6, 932], rel=0.02)
    page.mouse.move(5, 5)
    assert page.locator("#tip").is_hidden()


def test_a_click_on_a_trail_leads_to_that_step(visit):
    found = ravine()
    page = visit(page_of(found))
    page.evaluate("go(12)")
    box = page.locator("#view").bounding_box()
    x, y = page.evaluate("p => project(...p).slice(0, 2)", found["nesterov"].points[6].tolist())
    page.mouse.click(box["x"] + x, box["y"] + y)
    assert step(page) == 6
    assert page.locator("#whose").inner_text() == "nesterov"


def test_the_surface_turns_under_the_pointer(visit):
    page = visit(page_of(ravine()))
    page.click("[data-view=space]")
    before = page.evaluate("[camera.turn, camera.tilt]")
    box = page.locator("#view").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 240, steps=4)
    page.mouse.up()
    after = page.evaluate("[camera.turn, camera.tilt]")
    assert after[0] != before[0]
    assert after[1] != before[1]
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    assert page.evaluate("[camera.turn, camera.tilt]") == after, "let go"


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", SURFACES)
def test_low_ground_is_bluer_than_high_ground(visit, name, dark):
    page = visit(page_of(race(name, "sgd", steps=2)), dark=dark)
    x, y, values = SURFACES[name].grid(31)
    inner = values[2:-2, 2:-2]
    found = {}
    for which, k in (("low", inner.argmin()), ("high", inner.argmax())):
        i, j = np.unravel_index(k, inner.shape)
        place = page.evaluate("p => project(...p).slice(0, 2)", [x[j + 2], y[i + 2]])
        red, _, blue, _ = pixel(page, "ground", *place)
        found[which] = blue - red
    assert found["low"] > found["high"]


def test_balls_stand_out_from_all_grounds(visit):
    for dark in (False, True):
        page = visit(page_of(ravine()), dark=dark)
        ratios = page.evaluate(
            """() => {
            const bright = (rgb) => rgb.map((v) => v / 255).map((v) =>
              v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
              .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
            const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            const grounds = ["low", "middle", "high"].map((name) => bright(parts(colour(name))));
            return [0, 1, 2, 3, 4, 5, 6, 7].flatMap((k) =>
              grounds.map((ground) => ratio(bright(parts(colour(`rule${k}`))), ground)));
            }"""
        )
        assert min(ratios) >= 3


# --- what became of them -------------------------------------------------------------------------


def test_a_run_that_diverged_says_so_and_the_others_go_on(visit):
    found = race("rosenbrock", ["sgd:1", "sgd"], steps=20)
    page = visit(page_of(found))
    page.click("#last")
    row = page.locator("#numbers tbody tr").first
    assert row.locator("td").nth(1).inner_text() == "not finite"
    assert "not finite after step" in page.locator("#fate").inner_text()
    other = page.locator("#numbers tbody tr").nth(1).locator("td").nth(1).inner_text()
    assert float(other) == pytest.approx(found["sgd"].losses[-1], rel=1e-3)
    for view in ("space", "contour"):
        page.click(f"[data-view={view}]")


@pytest.mark.parametrize(
    "make",
    [
        lambda: clipping("cliff", "sgd,momentum", steps=30),
        lambda: sampled(steps=30).race,
        lambda: race(lambda x, y: x**4 + y**2, "adam", start=(1e60, 1.0), steps=3),
        lambda: race(lambda x, y: 0 * x * y + 3, "sgd", steps=3),
        lambda: race(lambda x, y: mg.log(x) + y**2, "sgd", start=(1, 1), steps=9),
        lambda: race("saddle", list(mg.descent.RULES), steps=9),
        lambda: race("bowl", {f"rule {k}": "sgd" for k in range(12)}, steps=3),
    ],
    ids=["cliff", "batches", "huge", "flat", "holes", "all rules", "many"],
)
@pytest.mark.parametrize("size", [DESKTOP, PHONES[1]], ids=["desktop", "phone"])
def test_whatever_was_raced_is_shown(visit, make, size):
    page = visit(page_of(make()), size=size)
    for view in ("space", "contour"):
        page.click(f"[data-view={view}]")
        page.click("#last")
        page.click("#first")
    assert "NaN" not in page.locator("main").inner_text()
    assert "NaN" not in page.locator("#chart").inner_html()


def test_what_is_known_before_the_run_is_said(visit):
    page = visit(page_of(race("ravine", "sgd", steps=3, noise=0.5, clip=9)))
    told = page.locator("#notes").inner_text().replace("\u00a0", " ")
    assert "descent is stable up to 2/L = 0.04" in told
    assert "Noise of standard deviation 0.5, gradients clipped at 9." in told
    assert "gradient it was given" in page.locator("#state").inner_text()
    assert page.locator("#formula").inner_text() == "f(x, y) = (x**2 + 50*y**2) / 2"


# --- looks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", PHONES, ids=str)
def test_a_phone_shows_it_without_scrolling_sideways(visit, size):
    page = visit(page_of(clipping("cliff", "sgd,momentum", steps=20)), size=size, has_touch=True)
    for view in ("space", "contour"):
        page.tap(f"[data-view={view}]")
        page.tap("#step")
        assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    cut = page.evaluate(
        """() => [...document.querySelectorAll("button, select, th, td, dd, p")].filter((e) =>
        e.offsetWidth > 1 && e.scrollWidth > e.clientWidth + 1).map((e) => e.outerHTML)"""
    )
    assert cut == []
    for button in page.locator("footer button, .tools button").all():
        box = button.bounding_box()
        assert box["height"] >= 40  # for a finger
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size[0]


@pytest.mark.parametrize("size", [*PHONES, COLUMN, DESKTOP], ids=str)
def test_numbers_stay_in_their_cells_and_names_in_one_piece(visit, size):
    found = race("ravine", RULES, schedule=lambda rule: optim.CosineAnnealingWarmRestarts(rule, 25))
    page = visit(page_of(found), size=size)
    wide = """() => [...document.querySelectorAll("td + td")].filter((cell) => {
      const text = document.createRange();
      text.selectNodeContents(cell);
      return text.getBoundingClientRect().width > cell.clientWidth - 4;
    }).map((cell) => cell.textContent)"""
    for k in (0, 14, 44, 99):
        page.evaluate("k => go(k)", k)
        assert page.evaluate(wide) == []
    lines = page.locator("#numbers button").evaluate_all("all => all.map((b) => b.offsetHeight)")
    assert max(lines) < 36


def test_in_a_notebook_the_numbers_stand_beside_the_surface(visit):
    page = visit(page_of(race("ravine", list(mg.descent.RULES))), size=COLUMN)
    view, numbers = (page.locator(f"#{name}").bounding_box() for name in ("view", "numbers"))
    assert view["x"] + view["width"] < numbers["x"]
    assert numbers["y"] + numbers["height"] < COLUMN[1]
    assert page.evaluate("document.documentElement.scrollWidth") == COLUMN[0]
    footer = page.locator("footer").bounding_box()
    assert footer["y"] + footer["height"] <= COLUMN[1]


@pytest.mark.parametrize("count", [1, 4, 7])
@pytest.mark.parametrize("surface", ["ravine", "saddle"])
def test_in_a_notebook_the_curves_are_in_sight_however_many_run(visit, surface, count):
    found = race(surface, list(mg.descent.RULES)[:count])
    height = int(re.search(r"height: (\d+)px", bundle(found)["text/html"])[1])
    page = visit(page_of(found), size=(COLUMN[0], height))
    chart, footer = (page.locator(name).bounding_box() for name in ("#chart svg", "footer"))
    assert chart["y"] + chart["height"] <= footer["y"]


@pytest.mark.parametrize("size", [DESKTOP, PHONES[1]], ids=["desktop", "phone"])
def test_nothing_moves_between_steps(visit, size):
    page = visit(page_of(ravine(20)), size=size)
    places = """() => {
      const parts = document.querySelectorAll("main > *, .side > *, td, footer *");
      return [...parts].map((part) => {
        const box = part.getBoundingClientRect();
        return [box.x, box.y, box.height].map(Math.round);
      });
    }"""
    still = page.evaluate(places)
    for _ in range(20):
        page.keyboard.press("ArrowRight")
        assert page.evaluate(places) == still


def test_dark_follows_the_machine_until_the_switch_is_used(visit):
    html = page_of(ravine(3))

    def look(page):
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        ground = pixel(page, "ground", *page.evaluate("project(0, 7).slice(0, 2)"))
        return sum(map(int, re.findall(r"\d+", paper))), sum(ground[:3])

    light, dark = visit(html), visit(html, dark=True)
    assert min(look(light)) > 600
    assert max(look(dark)) < 400
    light.click("#theme")
    dark.click("#theme")
    assert max(look(light)) < 400
    assert min(look(dark)) > 600


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONES[1]], ids=["desktop", "phone"])
def test_axe_finds_nothing_to_complain_of(visit, dark, size):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright",
        reason="axe is not installed: pip install 'microgd[browser]'",
    )
    page = visit(page_of(race("beale", list(mg.descent.RULES), steps=9)), size=size, dark=dark)
    for prepare in ("#step", "[data-view=space]", "#log"):
        page.click(prepare)
        found = axe.Axe().run(page).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []


def test_a_screen_reader_hears_the_step_but_not_while_it_plays(visit):
    page = visit(page_of(ravine()), clock=True)
    say = page.locator("#say")
    assert say.get_attribute("aria-live") == "polite"
    page.click("#step")
    told = say.inner_text()
    assert re.match(r"Step 1\. Loss: sgd [\d.]+, momentum", told)
    page.click("#play")
    page.clock.run_for(500)
    assert say.inner_text() == told
    page.click("#play")
    assert say.inner_text() != told
    assert page.locator("#slider").get_attribute("aria-valuetext").endswith("of 40")
    assert "Map of ravine" in page.locator("#ground").get_attribute("aria-label")


# --- safe ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["</script><script>window.hit = 1</script>", "<img src=x onerror='window.hit = 1'>",
     "{script} {record} ${1 + 1}", "a\u2028b\x00c", "x" * 5000],
)  # fmt: skip
def test_names_are_text_whatever_they_hold(visit, name):
    def surface(x, y):
        return x**2 + y**2

    surface.__name__ = name
    page = visit(page_of(race(surface, {name: lambda p: optim.SGD(p, lr=0.1)}, steps=3)))
    page.click("#step")
    assert page.evaluate("window.hit") is None
    assert page.locator("script").count() == 2
    assert page.locator("main :is(img, b, script)").count() == 0


def test_a_notebook_runs_it_in_a_sandbox(visit):
    frame = bundle(ravine(10))["text/html"]
    page = visit(f"<!doctype html><title>{escape('notebook')}</title><body>{frame}", (1000, 900))
    inner = page.frame_locator("iframe")
    inner.locator("#step").click()
    inner.locator("[data-view=space]").click()
    assert inner.locator("#place").inner_text() == "1"
    page.locator("summary").click()
    assert "final loss" in page.locator("details pre").inner_text()
