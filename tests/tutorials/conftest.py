"""Each lesson is run once for the tests of its file, top to bottom, as marimo runs it."""

import importlib.util
import re
from pathlib import Path

import pytest

from microgd import learn


@pytest.fixture(scope="module")
def lesson(request):
    """What lesson NN, of the file test_NN.py, defines: its numbers, its pictures, its checks."""
    number = int(re.search(r"(\d+)$", Path(request.path).stem)[1])
    spec = importlib.util.spec_from_file_location("lesson", learn.find(number).path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    _, defined = module.app.run()
    return defined
