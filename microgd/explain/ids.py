"""A name for every node of a graph, the same in every record, picture and page."""

from operator import attrgetter

from microgd.graph import Node


def number(root: Node) -> dict[Node, str]:
    """The nodes that `root` depends on, itself and constants included: ``n0`` is the oldest.

    In order of creation, so that every node comes after its inputs and `root` is the last.

    >>> import microgd as mg
    >>> w = mg.tensor(3.0, requires_grad=True, name="w")
    >>> [(name, node.name) for node, name in number(w * w).items()]
    [('n0', 'w'), ('n1', None)]
    """
    found, waiting = {root}, [root]
    while waiting:
        for x in waiting.pop().inputs:
            if x not in found:
                found.add(x)
                waiting.append(x)
    return {node: f"n{k}" for k, node in enumerate(sorted(found, key=attrgetter("time")))}
