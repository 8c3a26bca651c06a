"""The gain of every layer, beside what mean-field theory predicts."""

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource
from bokeh.models.annotations.geometry import Span

from microgd.draw.plots.flow import WIDTH
from microgd.draw.plots.theme import COLOURS, FAINT, blank, hover, legend, named
from microgd.explain.compare import Comparison
from microgd.explain.flow import Flow

FIELDS = {  # under the pointer: what it is called there, and the field of a layer
    "gain": "gain",
    "= weights": "weight_part",
    "* slope": "activation_part",
    "in theory": "predicted",
}


def gains(flows: Flow | Comparison | Mapping[str, Flow], **options: Any) -> Any:
    """A bar for every dense layer with its activation, and a stroke where theory puts it.

    flows    what `explain.flow` or `explain.compare` found, or several flows by name
    options  of the Bokeh figure

    The scale is logarithmic; over the line at 1 a gradient grows on its way back, and under it
    shrinks. The two parts of a gain stand under the pointer. Returns a Bokeh figure.

    >>> import microgd as mg
    >>> from microgd import nn
    >>> model = nn.MLP([2, 4, 4, 2], rng=0)
    >>> batch = ([[1.0, -1.0], [0.5, 2.0]], [0, 1])
    >>> gains(mg.explain.flow(model, batch)).x_range.factors
    ['layers.0', 'layers.2', 'layers.4']
    """
    if isinstance(flows, Comparison):
        flows = flows.flows
    networks = {"": flows} if isinstance(flows, Flow) else dict(flows)
    paths = list(dict.fromkeys(layer.module for one in networks.values() for layer in one.layers))
    modules = dict(zip(paths, named(paths), strict=True))
    look: dict[str, Any] = {"x_range": list(modules.values()), "y_axis_type": "log"} | options
    plot = blank(
        "gain of a layer; a stroke where theory puts it",
        "layer, from the input to the loss",
        "",
        **look,
    )
    measured = [
        value
        for one in networks.values()
        for layer in one.layers
        for value in (layer.gain, layer.predicted)
        if value and np.isfinite(value)
    ]
    floor, top = min(measured, default=1.0) / 2, max([1.0, *measured]) * 1.5
    width = WIDTH / max(len(networks), 1)
    bars = []
    for i, (name, one, colour) in enumerate(
        zip(named(networks), networks.values(), cycle(COLOURS), strict=False)
    ):
        layers = [layer for layer in one.layers if layer.gain is not None]
        middle = (i + 0.5) * width - WIDTH / 2
        places = {"x": middle, "left": middle - 0.44 * width, "right": middle + 0.44 * width}
        source = ColumnDataSource(
            {key: [(modules[layer.module], at) for layer in layers] for key, at in places.items()}
            | {field: [getattr(layer, field) for layer in layers] for field in FIELDS.values()}
            | {"base": [floor] * len(layers), "name": [name] * len(layers)}
            | {"module": [modules[layer.module] for layer in layers]}
        )
        labelled: dict[str, Any] = {"legend_label": name} if name else {}
        bars.append(
            plot.vbar(
                x="x", top="gain", bottom="base", width=0.92 * width, source=source,
                color=colour, line_color=None, **labelled,
            )
        )  # fmt: skip
        plot.segment(
            x0="left", x1="right", y0="predicted", y1="predicted", source=source,
            line_color=FAINT, line_width=4,
        )  # fmt: skip
    rows = [("", "@name"), ("layer", "@module"), *((k, f"@{v}") for k, v in FIELDS.items())]
    hover(plot, rows, exact=list(FIELDS.values()), renderers=bars)
    plot.y_range.update(start=floor, end=top)
    plot.add_layout(Span(location=1, dimension="width", line_color=FAINT, line_dash=(4, 4)))
    plot.xaxis.major_label_orientation = 0.8 if len(modules) > 8 else 0
    if len(networks) > 1:
        legend(plot)
    return plot
