"""`microgd tour --html`: where it writes, and what stays as it was."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from microgd.cli import app

QUICK = ["tour", "--depth", "2", "--epochs", "1"]


def run(*arguments):
    return CliRunner().invoke(app, [*QUICK, *map(str, arguments)])


def test_a_place_that_cannot_be_written_is_refused_before_the_work(tmp_path):
    missing = run("--html", tmp_path / "no" / "report.html")
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert "there is no folder" in " ".join(missing.stderr.replace("│", "").split())
    folder = run("--html", tmp_path)
    assert (folder.exit_code, folder.stdout) == (2, "")
    assert "is a folder" in " ".join(folder.stderr.replace("│", "").split())


def test_the_page_changes_no_number_of_the_tour(tmp_path):
    path = tmp_path / "report.html"
    with_page = json.loads(run("--json", "--html", path).stdout)
    without = json.loads(run("--json").stdout)
    assert with_page == without
    page = path.read_text(encoding="utf-8")
    assert page.count("BEGIN bokeh.min.js") == 1
    accuracy = without["networks"]["relu"]["after"]["accuracy"]
    assert f"to {100 * accuracy:.1f} %" in page
    assert np.isfinite(accuracy)


@pytest.mark.parametrize("said", ["stepper", "Sum over paths", "folded", "mean-field theory"])
def test_the_page_holds_all_of_the_pictures(tmp_path_factory, said):
    path = tmp_path_factory.getbasetemp() / "tour.html"
    if not path.exists():
        run("--html", path, "-q")
    assert said.lower() in path.read_text(encoding="utf-8").lower()
