"""A page of marimo's, without its server: what is made there can be answered and looked at."""

import marimo
import pytest


@pytest.fixture
def on_a_page(monkeypatch):
    monkeypatch.setattr(marimo, "running_in_notebook", lambda: True)


@pytest.fixture
def send():
    """send(field, value): press its button, as a visitor does; elsewhere, set its value."""

    def sent(field, value):
        if hasattr(field, "element"):
            field._update(value)
        else:
            field.value = value
        return field

    return sent
