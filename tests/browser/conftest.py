"""A real Chromium, headless. Every page that a test opens must ask nobody, and complain of nothing.

`pytest tests/browser -m browser` runs these; where Playwright's Python package or Chromium is
absent they are skipped, and the reason says what to install.
"""

import os
import shutil
from pathlib import Path

import pytest

FLAGS = (
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()
PHONE, DESKTOP = (360, 740), (1280, 720)


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium():
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is not installed: pip install 'microgd[browser]'"
    )
    program = os.environ.get("MICROGD_CHROMIUM") or shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed: apt-get install chromium, or set MICROGD_CHROMIUM")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, tmp_path):
    """visit(html, size=PHONE, dark=True, ...): the page, opened from a file.

    At the end of the test: no request to any host, no error in the console, no dialog.
    """
    contexts, complaints = [], []

    def open_page(html, size=DESKTOP, dark=False, clock=False, **options):
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            **options,
        )
        contexts.append(context)

        def only_itself(route):
            if not route.request.url.startswith(("file:", "data:", "about:")):
                complaints.append(f"asked for {route.request.url}")
            route.continue_()

        context.set_default_timeout(20_000)  # milliseconds; a slow machine takes seconds for a page
        context.route("**/*", only_itself)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        if clock:
            page.clock.install()
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints, complaints
