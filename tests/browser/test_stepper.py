"""The page that steps, as a person meets it: by mouse, by keyboard, on a phone, in the dark."""

import json
import re
from html import escape

import numpy as np
import pytest

import microgd as mg
from microgd.draw.notebook import bundle
from microgd.draw.stepper import page as page_of

PHONES = [(320, 640), (360, 740), (400, 860)]
DESKTOP = (1280, 720)


def neuron():
    w, b = (mg.tensor(v, requires_grad=True, name=n) for v, n in ((0.8, "w"), (-0.3, "b")))
    x, y = mg.tensor(1.5, name="x"), mg.tensor(0.5, name="y")
    p = w * x
    z = p + b
    a = mg.tanh(z)
    e = a - y
    loss = e * e
    for node, name in ((p, "p"), (z, "z"), (a, "a"), (e, "e"), (loss, "loss")):
        node.name = name
    return mg.explain.backprop(loss)


def network():
    rng = np.random.default_rng(0)
    model = mg.nn.MLP([2, 4, 1], rng=rng)
    x = mg.tensor(rng.normal(size=(3, 2)), name="x")
    return mg.explain.backprop(((model(x) - rng.normal(size=(3, 1))) ** 2).mean())


def chain(length):
    total = mg.tensor(1.0, requires_grad=True, name="x")
    for _ in range(length):
        total = mg.sin(total)
    return mg.explain.backprop(total)


def node(record, label):
    return next(record.id(x) for x in record.nodes if record.label(x) == label)


RECORDS = pytest.mark.parametrize("record", [neuron, network], ids=["neuron", "network"])


def frames(page, which="backward"):
    return page.evaluate("which => record.passes[which]", which)


def seen(page):
    """All that is shown, and where: what must be the same whichever way one comes to a step."""
    return page.evaluate(
        """() => [document.querySelector("#card").innerHTML,
        [...document.querySelectorAll("#picture g")].map((g) => [g.id, [...g.classList].sort()]),
        [...document.querySelectorAll("#picture text")].map((text) => text.textContent)]"""
    )


def places(page):
    """Boxes of all nodes in the picture and of all parts of the card."""
    return page.evaluate(
        """() => {
        const corner = document.querySelector("#picture svg").getBoundingClientRect();
        const box = (element, from) => {
          const r = element.getBoundingClientRect();
          return [r.x - from.x, r.y - from.y, r.width, r.height].map((v) => Math.round(4 * v));
        };
        const nodes = [...document.querySelectorAll("#picture g.node")];
        const parts = document.querySelectorAll("main > *, .side > *, [data-slot], footer button");
        return [nodes.map((node) => box(node.querySelector("polygon, path"), corner)),
                [...parts].map((part) => box(part, { x: 0, y: 0 }).slice(0, 2))];
        }"""
    )


def text(page, selector):
    """What is shown there; the texts of a picture are no HTML."""
    if selector.startswith("#n"):
        return page.locator(selector).text_content()
    return page.locator(selector).inner_text()


def step(page, times=1):
    for _ in range(times):
        page.locator("#step").dispatch_event("click")  # at the end, too, where it does nothing


def place(page):
    return int(re.search(r"step (\d+) of", text(page, "[data-slot=place]"))[1]) - 1


# --- stepping ------------------------------------------------------------------------------------


@RECORDS
@pytest.mark.parametrize("which", ["backward", "forward"])
def test_back_undoes_step_and_a_jump_shows_what_stepping_shows(visit, record, which):
    page = visit(page_of(record()))
    page.click(f"[data-pass={which}]")
    steps = len(frames(page, which))
    forth = [seen(page)]
    for _ in range(steps - 1):
        step(page)
        forth.append(seen(page))
    assert place(page) == steps - 1
    back = [seen(page)]
    for _ in range(steps - 1):
        page.click("#back")
        back.append(seen(page))
    assert back[::-1] == forth
    for k in (steps - 1, 0, steps // 2):
        page.locator("#steps button").nth(k).click()
        assert seen(page) == forth[k]
    for k in (1, steps - 1):
        page.locator("#slider").fill(str(k))
        assert seen(page) == forth[k]
    assert len({json.dumps(state) for state in forth}) == steps, "two steps look the same"


@pytest.mark.parametrize("record", [neuron, network, lambda: chain(30)])
def test_the_last_step_shows_the_gradients_that_backward_computes(visit, record):
    recorded = record()
    page = visit(page_of(recorded))
    page.click("#last")
    recorded.loss.backward()
    leaves = [node for node in recorded.nodes if node.op is None and node.requires_grad]
    assert leaves
    for leaf in leaves:
        shown = text(page, f"#{recorded.id(leaf)}-grad").removeprefix("norm ")
        assert float(shown) == pytest.approx(np.linalg.norm(leaf.grad) if leaf.grad.size > 1
                                             else leaf.grad.item(), rel=5e-3)  # fmt: skip


def test_a_step_reads_upstream_times_local_is_contribution(visit):
    page = visit(page_of(neuron()))
    page.locator("#steps button", has_text="a → z").click()
    numbers = page.locator("#card .number").all_inner_texts()
    upstream, local, part = map(float, numbers[:3])
    assert upstream * local == pytest.approx(part, rel=1e-3)
    assert local == pytest.approx(1 - np.tanh(0.9) ** 2, rel=1e-3)
    assert "1 - a**2" in text(page, ".formula")
    assert "1 - 0.7163**2 = 0.4869" in text(page, ".formula")


def test_a_second_contribution_is_added_in_a_step_of_its_own(visit):
    record = neuron()
    page = visit(page_of(record))
    shown = f"#{node(record, 'e')}-grad"
    page.locator("#steps button", has_text="loss → e").nth(1).click()
    before = text(page, shown)
    assert "…" in page.locator("#card .now, #card .after").all_inner_texts()[0]
    page.click("#step")
    assert text(page, "[data-slot=name]").startswith("∂loss/∂e += ")
    so_far, part, now = map(float, page.locator("#card .number").all_inner_texts()[-3:])
    assert so_far + part == pytest.approx(now)
    assert float(before) == so_far
    assert float(text(page, shown)) == now


@RECORDS
def test_the_node_and_the_edge_of_a_step_stand_out(visit, record):
    page = visit(page_of(record()))
    for frame in frames(page):
        marked = page.evaluate(
            """() => ["current", "target", "live"].map(
            (role) => [...document.querySelectorAll(`#picture .${role}`)].map((g) => g.id))"""
        )
        assert marked == [[frame["node"]], frame["targets"], frame["edges"]]
        for edge in frame["edges"]:
            width = page.locator(f"[id='{edge}'] path").evaluate(
                "path => parseFloat(getComputedStyle(path).strokeWidth)"
            )
            assert width >= 3
        step(page)


def test_a_click_on_a_node_leads_to_its_step(visit):
    record = neuron()
    page = visit(page_of(record))
    a = node(record, "a")
    page.click(f"#{a}")
    assert page.evaluate("record.passes.backward[state.place].targets") == [a]


def test_play_steps_until_the_end_and_pauses(visit):
    page = visit(page_of(neuron()), clock=True)
    page.click("#play")
    assert text(page, "#play") == "Pause"
    page.clock.run_for(2 * 1800 + 100)
    assert place(page) == 2
    page.click("#play")
    page.clock.run_for(10_000)
    assert place(page) == 2
    page.click("#play")
    page.clock.run_for(60_000)
    assert place(page) == len(frames(page)) - 1
    assert text(page, "#play") == "Play"


def test_a_forward_record_has_one_pass_only(visit):
    page = visit(page_of(mg.explain.forward(neuron().loss)))
    assert page.locator(".switch").is_hidden()
    page.click("#last")
    assert "loss = e * e" in text(page, "[data-slot=name]")
    assert page.locator("[id$='-grad']").count() == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300, 5e-324, -0.0])
def test_extreme_numbers_are_shown(visit, value):
    x = mg.tensor(value, requires_grad=True, name="x")
    with np.errstate(all="ignore"):
        page = visit(page_of(mg.explain.backprop(x * x + mg.tanh(x))))
    page.click("#quiz")
    step(page, 20)


# --- quiz ----------------------------------------------------------------------------------------


def ask(page, label, subject="local"):
    page.click("#quiz")
    page.select_option("#subject", subject)
    page.locator("#steps button", has_text=label).click()


def answer(page, said):
    page.fill("#guess", said)
    page.press("#guess", "Enter")
    return text(page, "#verdict")


@pytest.mark.parametrize("said", ["0.4869", "0.49", " 0,487 ", "4.9e-1"])
def test_a_right_prediction_is_right(visit, said):
    record = neuron()
    page = visit(page_of(record), size=(1366, 900))
    ask(page, "a → z")
    assert "0.4869" not in text(page, "body")
    assert "0.2106" not in text(page, "body")  # the contribution would tell
    assert text(page, f"#{node(record, 'z')}-grad") == "not yet"
    assert "Right: 0.4869" in answer(page, said)
    assert "0.4869" in text(page, "#card")
    assert text(page, "#score") == "1 of 1 at the first try"


def test_a_wrong_prediction_may_be_corrected_or_revealed(visit):
    page = visit(page_of(neuron()), size=(1366, 900))
    ask(page, "a → z")
    assert "it is less than that" in answer(page, "0.52")
    assert "it is more than that" in answer(page, "-.4")
    assert "Type a number" in answer(page, "a lot")
    assert "0.4869" not in text(page, "#card")
    page.click("#hint")
    assert "1 - a**2" in text(page, "#card")
    assert "0.4869" not in text(page, "#card")
    page.click("#reveal")
    assert "0.4869" in text(page, "#card")
    assert text(page, "#score") == "0 of 1 at the first try"


def test_the_quiz_asks_for_contributions_and_for_entries_of_arrays(visit):
    record = network()
    page = visit(page_of(record), size=(1366, 900))
    page.click("#quiz")
    page.select_option("#subject", "contribution")
    edges = [edge for step in record for edge in step.edges]
    asked = [k for k, frame in enumerate(frames(page)) if frame["ask"]]
    assert len(asked) == len(edges)
    for k, edge in zip(asked, edges, strict=True):
        page.evaluate("place => go(place)", k)
        entry = re.search(r"entry \[([\d, ]+)\]", text(page, "#say"))
        where = tuple(map(int, entry[1].split(", "))) if entry else (0,) * edge.contribution.ndim
        assert "Right" in answer(page, f"{edge.contribution[where]:.4g}")


def test_step_reveals_before_it_moves_on(visit):
    page = visit(page_of(neuron()), size=(1366, 900))
    ask(page, "a → z")
    here = place(page)
    page.click("#step")
    assert place(page) == here
    assert "0.4869" in text(page, "#card")
    page.click("#step")
    assert place(page) == here + 1


# --- looks ---------------------------------------------------------------------------------------


@RECORDS
@pytest.mark.parametrize("which", ["backward", "forward"])
@pytest.mark.parametrize("size", [DESKTOP, PHONES[1]], ids=["desktop", "phone"])
def test_nothing_moves_between_steps(visit, record, which, size):
    page = visit(page_of(record()), size=size)
    page.click(f"[data-pass={which}]")
    page.evaluate(
        """() => {
        window.shift = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) window.shift += entry.value;
        }).observe({ type: "layout-shift" });
        }"""
    )
    still = places(page)
    for _ in frames(page, which):
        page.keyboard.press("ArrowRight")
        page.evaluate("() => new Promise(requestAnimationFrame)")
        assert places(page) == still
    page.wait_for_timeout(100)
    assert page.evaluate("shift") == 0
    page.evaluate("() => document.querySelector('#card').prepend(document.createElement('hr'))")
    page.wait_for_timeout(200)
    assert page.evaluate("shift") > 0, "the observer sees nothing"


def test_no_text_of_a_node_leaves_its_box_in_any_step(visit):
    page = visit(page_of(network()))
    for which in ("backward", "forward"):
        page.click(f"[data-pass={which}]")
        for _ in frames(page, which):
            page.keyboard.press("ArrowRight")
            outside = page.evaluate(
                """() => [...document.querySelectorAll("#picture g.node text")].filter((text) => {
                const node = text.closest("g.node").getBoundingClientRect();
                const own = text.getBoundingClientRect();
                return own.left < node.left || own.right > node.right;
                }).map((text) => text.textContent)"""
            )
            assert outside == []


@pytest.mark.parametrize("size", PHONES, ids=str)
@RECORDS
def test_a_phone_shows_it_without_scrolling_sideways(visit, record, size):
    page = visit(page_of(record()), size=size, has_touch=True)
    page.click("#quiz")
    for _ in range(4):
        page.tap("#step")
        assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    cut = page.evaluate(
        """() => [...document.querySelectorAll("button, select, .what, .number, dd")].filter((e) =>
        !e.closest("nav") && e.offsetWidth && e.scrollWidth > e.clientWidth + 1)
        .map((e) => e.outerHTML)"""
    )
    assert cut == []
    for button in page.locator("footer button, .tools button").all():
        box = button.bounding_box()
        assert box["height"] >= 40  # for a finger
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size[0]


def test_dark_follows_the_machine_until_the_switch_is_used(visit):
    html = page_of(neuron())

    def paper(page):
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour)))

    def fill(page):
        return page.locator("#n0 polygon").evaluate("e => getComputedStyle(e).fill")

    light, dark = visit(html), visit(html, dark=True)
    assert paper(light) > 600
    assert paper(dark) < 150
    assert fill(light) != fill(dark)
    light.click("#theme")
    dark.click("#theme")
    assert paper(light) < 150
    assert paper(dark) > 600
    assert dark.locator("#theme").get_attribute("aria-pressed") == "false"


def test_nothing_is_animated_for_those_who_asked_for_less_motion(visit):
    moving = "document.getAnimations().length"
    html = page_of(neuron())
    lively, calm = visit(html), visit(html, reduced_motion="reduce")
    for page in (lively, calm):
        page.click("#step")
    assert lively.evaluate(moving) > 0
    assert calm.evaluate(moving) == 0


# --- for everybody -------------------------------------------------------------------------------


def test_the_keyboard_alone_does_everything(visit):
    page = visit(page_of(neuron()))
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.id || document.activeElement.textContent")
        )
    order = ["Forward", "Backward", "quiz", "theme", "picture", "start at loss", "first", "back",
             "play", "step", "last", "slider"]  # fmt: skip
    assert [name for name in dict.fromkeys(reached) if name in order] == order
    steps = len(frames(page))
    page.keyboard.press("End")  # the slider may have the focus: it moves as well
    assert place(page) == steps - 1
    page.keyboard.press("Home")
    assert place(page) == 0
    page.focus("#step")
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    assert place(page) == 3
    page.keyboard.press("ArrowLeft")
    assert place(page) == 2
    page.focus("#quiz")
    page.keyboard.press("Enter")
    page.focus("#step")
    page.keyboard.press("Enter")  # reveals
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "guess"
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    assert "Right" in text(page, "#verdict")
    assert page.evaluate("document.activeElement.id") == "step"


@RECORDS
def test_a_screen_reader_hears_a_sentence_at_every_step(visit, record):
    page = visit(page_of(record()))
    say = page.locator("#say")
    assert say.get_attribute("aria-live") == "polite"
    for which in ("backward", "forward"):
        page.click(f"[data-pass={which}]")
        said = [say.inner_text()]
        for _ in frames(page, which)[1:]:
            page.click("#step")
            said.append(say.inner_text())
            current = page.locator("#steps [aria-current=step]")
            assert current.inner_text() == frames(page, which)[place(page)]["label"]
        assert all(re.match(r"^\S.*[.]$", sentence, re.DOTALL) for sentence in said)
    labels = page.locator("#picture g.node").evaluate_all(
        "nodes => nodes.map((node) => [node.getAttribute('role'), node.getAttribute('aria-label')])"
    )
    assert all(role == "img" and label for role, label in labels)
    assert page.locator("#slider").get_attribute("aria-valuetext").startswith("step ")


@RECORDS
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONES[1]], ids=["desktop", "phone"])
def test_axe_finds_nothing_to_complain_of(visit, record, dark, size):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright",
        reason="axe is not installed: pip install 'microgd[browser]'",
    )
    page = visit(page_of(record()), size=size, dark=dark)
    for prepare in ("step", "quiz", "step"):
        page.click(f"#{prepare}")
        found = axe.Axe().run(page).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []


# --- safe and small ------------------------------------------------------------------------------

HOSTILE = {
    "end of script": "</script><script>window.hit = 1</script>",
    "image": "<img src=x onerror='window.hit = 1'>",
    "attribute": "\"' onload='window.hit = 1' x=\"><svg onload='window.hit = 1'>",
    "entity": "&lt;b&gt; &amp; &#0; ]]> <!--",
    "template": "{script} {record} ${1 + 1} %s",
    "separators": "a\u2028b\u2029c\x00d\x1be\r\nf",
    "right to left": "\u202eabc\u202c \u05d0\u05d1",
    "surrogate": "a\ud800b",
    "long": "x" * 100_000,
    "backslash": "\\u003c\\n\\",
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_names_are_text_whatever_they_hold(visit, name):
    w = mg.tensor(2.0, requires_grad=True, name=name)
    loss = mg.tanh(w) * w
    loss.name = name + "!"
    html = page_of(mg.explain.backprop(loss))
    assert len(html) < 150_000
    page = visit(html)
    step(page, 20)

    assert page.evaluate("window.hit") is None
    assert page.locator("script").count() == 2
    assert page.locator("#card :is(img, svg, b, script)").count() == 0
    shown = " ".join(name[:30].split())
    if shown.isascii() and shown.isprintable():
        assert shown in text(page, "#n0-head")


def test_a_notebook_runs_it_in_a_sandbox(visit):
    frame = bundle(neuron())["text/html"]
    page = visit(f"<!doctype html><title>{escape('notebook')}</title><body>{frame}", (900, 1000))
    inner = page.frame_locator("iframe")
    inner.locator("#step").click()
    inner.locator("#quiz").click()
    inner.locator("#theme").click()
    assert "step 2 of" in inner.locator("[data-slot=place]").inner_text()
    page.locator("summary").click()
    assert "tanh(z)" in text(page, "details pre")


def test_a_long_chain_is_folded_and_steps(visit):
    page = visit(page_of(chain(600)))
    assert page.locator("#picture g.node").count() < 100
    page.click("#last")
    assert page.locator("#picture .current").count() == 1
    page.locator("#slider").fill("300")
    assert page.locator("#picture .current").count() == 1
