"""Columns: a plain layout, in linear time, for graphs that are too tangled for the engine's own.

Graphviz routes an edge through every rank that it skips, so a weight that a thousand operations
share costs it minutes.
"""

from collections import defaultdict
from collections.abc import Mapping

from microgd.draw.folding import Box, Folding

TANGLED = 1_000  # skipped ranks from which on the engine is asked to take less care
TOO_TANGLED = 10_000  # and from which on the columns take over

Sizes = Mapping[Box, tuple[float, float]]


def depths(folding: Folding) -> dict[Box, int]:
    """The column of each box: operations after their inputs, leaves just before their first use."""
    depth = dict.fromkeys(folding.boxes, 0)
    for edge in folding.edges:  # those of a node come before those of what uses it
        depth[edge.target] = max(depth[edge.target], depth[edge.source] + 1)
    first: dict[Box, int] = {}
    for edge in folding.edges:
        if not edge.source.acts:
            found = depth[edge.target] - 1
            first[edge.source] = min(first.get(edge.source, found), found)
    return depth | first


def tangle(folding: Folding) -> int:
    """How many ranks the edges skip, over all edges: what the engine's time grows with."""
    depth = depths(folding)
    return sum(abs(depth[edge.target] - depth[edge.source]) for edge in folding.edges)


def places(folding: Folding, sizes: Sizes) -> dict[Box, tuple[float, float]]:
    """The centre of each box in points, y upwards; columns from left to right, in order of time."""
    columns: dict[int, list[Box]] = defaultdict(list)
    for box, depth in depths(folding).items():
        columns[depth].append(box)
    found = {}
    x = 0.0
    for depth in sorted(columns):
        column = columns[depth]
        wide = max(sizes[box][0] for box in column)
        height = sum(sizes[box][1] for box in column)
        y = height / 2
        for box in column:
            tall = sizes[box][1]
            found[box] = (x + wide / 2, y - tall / 2)
            y -= tall
        x += wide + 40
    return found
