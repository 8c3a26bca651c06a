"""How pictures look: one table of kinds and one of colours, for the engine and for the browser.

Kinds differ in their outline, so that they can be told apart in grey print; colour only repeats it.
"""

FONT = "Arial"
FONTS = "Arial, 'Liberation Sans', Arimo, Helvetica, sans-serif"
SIZE, SMALL = 12.0, 10.5

# Name: by day, by night
COLOURS = {
    "paper": ("#ffffff", "#14171c"),
    "ink": ("#1b2330", "#e9ecf1"),
    "muted": ("#586272", "#a7b0be"),
    "line": ("#525c6b", "#97a1b1"),
    "parameter": ("#fdf1d3", "#453817"),
    "data": ("#e4f0fb", "#1b3450"),
    "constant": ("#ffffff", "#14171c"),
    "op": ("#ffffff", "#232932"),
    "result": ("#e1f3e3", "#1c3d27"),
    "module": ("#e9ebef", "#343b47"),
    "group": ("#f5f6f8", "#232932"),
    "mark": ("#b83a06", "#ff9a57"),
}

# Kind: what makes its outline, in the attributes of Graphviz
KINDS = {
    "parameter": {"shape": "box", "style": "filled", "penwidth": "2.6"},
    "data": {"shape": "box", "style": "filled,dashed"},
    "constant": {"shape": "box", "style": "filled", "penwidth": "0"},
    "op": {"shape": "box", "style": "filled,rounded"},
    "result": {"shape": "box", "style": "filled,rounded", "peripheries": "2"},
    "module": {"shape": "folder", "style": "filled"},
    "group": {"shape": "box", "style": "filled,rounded,dotted", "penwidth": "1.6"},
}


def day(colour: str) -> str:
    """A colour on white paper."""
    return COLOURS[colour][0]


def css() -> str:
    """The style sheet of an SVG: light or dark as the reader's machine is, and light on paper.

    >>> "prefers-color-scheme: dark" in css()
    True
    """
    light = _variables(0)
    outline = ':is(polygon,path):not([fill="none"])'  # the outer one of two stays empty
    fills = "".join(
        f".microgd .{kind}>{outline},.microgd .{kind}>g>a>{outline}{{fill:var(--{kind})}}"
        for kind in KINDS
    )
    return (
        f".microgd{{{light}}}"
        f"@media (prefers-color-scheme: dark){{.microgd{{{_variables(1)}}}}}"
        f"@media print{{.microgd{{{light}}}}}"
        f".microgd text{{fill:var(--ink);font-family:{FONTS};font-variant-numeric:tabular-nums}}"
        ".microgd :is(text.label,text.name,text.ops,.caption),.microgd .cluster text"
        "{fill:var(--muted)}"
        ".microgd .paper{fill:var(--paper)}"
        ".microgd .node polygon,.microgd .node path,.microgd .node polyline,"
        ".microgd .edge path{stroke:var(--line)}"
        ".microgd .cluster path,.microgd .cluster polygon{fill:none;stroke:var(--muted)}"
        ".microgd .edge polygon{fill:var(--line);stroke:var(--line)}"
        f"{fills}"
        ".microgd .constant>polygon{stroke:none}"
        ".microgd .marked path,.microgd .marked polygon{stroke:var(--mark);stroke-width:3}"
        ".microgd .edge.marked polygon{fill:var(--mark)}"
        ".microgd a:is(:hover,:focus) :is(polygon,path){stroke:var(--mark)}"
    )


def _variables(place: int) -> str:
    return "".join(f"--{name}:{both[place]};" for name, both in COLOURS.items())
