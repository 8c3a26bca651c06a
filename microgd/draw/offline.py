"""Pages that step: one file of HTML with its style, its script and its data, and no requests."""

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files


def page(kind: str, data: object, scripts: Sequence[str] = (), *, title: str, **parts: str) -> str:
    """The body ``assets/kind.html`` as a page, with its style and script and those of all pages.

    title    what the browser's tab says, as HTML
    data     what the script reads, put into the page as JSON
    scripts  more files that belong to the script, to be run before it
    parts    HTML for the ``{names}`` of the page and its style, put in as it is

    Its policy lets this one script run, and nothing be asked for.
    """
    style = asset("page.css") + asset(f"{kind}.css")
    script = "".join(asset(f"{name}.js") for name in ("page", *scripts, kind))
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline';"
        f" script-src '{_digest(script)}'; form-action 'none'; base-uri 'none'"
    )
    body = {**parts, "controls": asset("controls.html").strip()}
    whole = {
        "title": title,
        "policy": policy,
        "style": filled(style, parts),
        "body": filled(asset(f"{kind}.html"), body),
        "record": embedded(data),
        "script": script,
    }
    return filled(asset("page.html"), whole)


def embedded(data: object) -> str:
    r"""JSON that ends no script element, whatever text it holds.

    >>> embedded("</script>\u2028")
    '"\\u003c/script\\u003e\\u2028"'
    """
    text = json.dumps(data, separators=(",", ":"))  # ASCII only: U+2028 and NUL are escaped
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def asset(name: str) -> str:
    """The text of a file of the folder of assets."""
    return files("microgd.draw").joinpath("assets", name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    """What a policy calls a script: only this one may run."""
    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"


def filled(template: str, parts: Mapping[str, str]) -> str:
    """`template` with its ``{names}`` replaced, all at once: what is put in is not looked at."""
    return re.sub(r"\{([a-z]+)\}", lambda name: parts[name[1]], template)
