"""Two lessons as `microgd learn` serves them: guesses sent, sliders moved, answers checked."""

import os
import re
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import microgd
from microgd import learn

PATIENCE = 60_000  # milliseconds: a lesson computes as it opens, beside a browser, on two cores

# The picture of a slider: the first below it, before the next heading; null as long as it is not
# there, for what comes further down may be there earlier.
PICTURE = """slider => {
    const next = tag => document.evaluate(`following::${tag}[1]`, slider, null, 9).singleNodeValue;
    const [picture, heading] = [next("img"), next("h2")];
    const above = picture?.compareDocumentPosition(heading) & Node.DOCUMENT_POSITION_FOLLOWING;
    return above ? picture : null;
}"""

PIXELS = f"""async slider => {{
    const picture = ({PICTURE})(slider);
    await picture.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
    canvas.getContext("2d").drawImage(picture, 0, 0);
    return canvas.toDataURL();
}}"""

# A new element of the page tells its value to the kernel, which runs once more what needs it: the
# page is done when marimo's hourglass has not been there for a while.
QUIET = """() => {
    const now = performance.now();
    if (document.querySelector(".running-app-icon")) { window.ranAt = now; }
    window.ranAt ??= now;
    return now - window.ranAt > 3000;
}"""


@contextmanager
def served(number, folder):
    """The address of a lesson, as the command says it, until the command is ended."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    environment |= {"HOME": str(folder), "PYTHONUNBUFFERED": "1"}
    environment["PYTHONPATH"] = str(Path(microgd.__file__).parents[1])
    with subprocess.Popen(
        [sys.executable, "-m", "microgd", "learn", str(number), "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=folder,
        env=environment,
    ) as running:
        try:
            said = running.stdout.readline()
            assert said.startswith(f"{number}. {learn.find(number).title}: "), said
            yield re.search(r"http://\S+", said)[0]
        finally:
            running.terminate()
            _, complaints = running.communicate(timeout=60)
    assert complaints == ""


class Learner:
    """Somebody at a lesson: what they do, whom the page asked, and what it complained of."""

    def __init__(self, page, address):
        self.page, self.host = page, urlsplit(address).netloc
        self.asked, self.complaints = [], []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("websocket", lambda socket: self.asked.append(socket.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        page.goto(address)

    def sees(self, text):
        self.page.get_by_text(text).last.wait_for()

    def has_not_seen(self, text):
        assert self.page.get_by_text(text).count() == 0

    def form(self, words):
        return self.page.locator("marimo-form").filter(has_text=words)

    def guesses(self, words, option):
        self.form(words).get_by_text(option, exact=True).click()
        self.form(words).get_by_role("button", name="That is my guess").click()

    def answers(self, words, *numbers):
        boxes = self.form(words).get_by_role("textbox")
        for place, number in enumerate(numbers):
            boxes.nth(place).fill(number)
        assert boxes.count() == len(numbers)
        self.form(words).get_by_role("button", name="Check").click()

    def slider(self, label):
        named = self.page.get_by_text(label, exact=True)
        return self.page.locator("marimo-slider").filter(has=named)

    def picture(self, label):
        """The pixels below a slider, once they are there to stay."""
        slider = self.slider(label)
        slider.get_by_role("slider").wait_for()
        self.page.wait_for_function(PICTURE, arg=slider.element_handle())
        self.page.evaluate("delete window.ranAt")
        self.page.wait_for_function(QUIET)
        return slider.evaluate(PIXELS)

    def moves(self, label, key, to):
        """Press an arrow with the thumb in focus: the pixels below, once they are others."""
        before = self.picture(label)
        thumb = self.slider(label).get_by_role("slider")
        thumb.focus()
        thumb.press(key)
        assert thumb.get_attribute("aria-valuenow") == to
        self.page.wait_for_function(
            f"async ([slider, before]) => await ({PIXELS})(slider) !== before",
            arg=[self.slider(label).element_handle(), before],
        )
        return self.picture(label)

    def is_at_peace(self):
        hosts = {
            urlsplit(url).netloc for url in self.asked if not url.startswith(("data:", "blob:"))
        }
        assert hosts == {self.host}
        assert any(url.startswith("ws://") for url in self.asked), (
            "the page asked for what it shows"
        )
        assert self.complaints == []


@pytest.fixture
def opens(chromium, tmp_path):
    """opens(number): a learner at that lesson.

    At the end of the test: no request to any other host, no error in the console.
    """
    learners = []
    with ExitStack() as stack:

        def at(number):
            address = stack.enter_context(served(number, tmp_path))
            context = chromium.new_context(viewport={"width": 1280, "height": 900})
            stack.callback(context.close)
            context.set_default_timeout(PATIENCE)
            learners.append(Learner(context.new_page(), address))
            return learners[-1]

        yield at
    for learner in learners:
        learner.is_at_peace()


def test_where_gradients_go(opens):
    learner = opens(7)
    learner.sees("The answer appears when you have sent your guess.")
    learner.has_not_seen("Measured on 100 digits")
    learner.guesses("what is left at the first hidden layer", "about a tenth")
    learner.sees("You said: about a tenth. It is: less than a hundred-thousandth.")
    learner.sees("Measured on 100 digits")

    ten = learner.picture("Scale of the weights")
    eleven = learner.moves("Hidden layers", "ArrowRight", "11")
    assert eleven != ten
    assert learner.moves("Scale of the weights", "ArrowRight", "1.25") not in {ten, eleven}
    assert learner.moves("Scale of the weights", "ArrowLeft", "1") == eleven

    share = "At most this share of the gradient's length"
    learner.answers(share, "4096")
    learner.sees("Not yet. That is by how much it becomes shorter; what is left is asked for.")
    learner.answers(share, "0.000244")
    learner.sees("Right. A quarter, six times: one part in 4096.")
    learner.has_not_seen("Not yet.")


def test_the_chain_rule(opens):
    learner = opens(4)
    learner.sees("The answer appears when you have sent your guess.")
    learner.guesses("By how many thousandths does", "32: the slopes are multiplied")
    learner.sees("32: the slopes are multiplied: as you said.")
    learner.has_not_seen("The same pass, by the engine")

    by_hand = "What comes back along each arrow?"
    learner.sees(by_hand)
    learner.answers(by_hand, "12", "15", "-24", "120", "72", "-2880")
    learner.sees("The slope of a square is twice what is squared.")
    learner.sees("You multiplied the two contributions. Along a path it is times")
    learner.has_not_seen("The same pass, by the engine")
    learner.answers(by_hand, "24", "24", "-24", "120", "72", "96")
    learner.sees("-24 + 120: what came back along both arrows, added.")
    learner.sees("The same pass, by the engine")

    three = learner.picture("b")
    assert learner.moves("a", "ArrowRight", "3.5") != three
    assert learner.moves("a", "ArrowLeft", "3") == three

    learner.answers("the slope of y along it", "50")
    learner.sees("Not yet. That is the path through s.")
    learner.answers("the slope of y along it", "75")
    learner.sees("Right. Through s it is 5 times 10, straight it is 25")
