"""A name for every node of a graph, the same in every record, picture and page."""

from operator import attrgetter

from microgd.graph import Node


def number(root: Node) -> dict[Node, str]:
    """The nodes that `root` depends on, itself and constants included: ``n0`` is the first.

    The results of operations in order of creation, each leaf before the first that uses it. So
    every node comes after its inputs, `root` is the last, and training, which gives leaves new
    values, changes no name.

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
                if x.op:
                    waiting.append(x)
    names: dict[Node, str] = {}
    for node in sorted((node for node in found if node.op), key=attrgetter("time")):
        for x in node.inputs:
            names.setdefault(x, f"n{len(names)}")
        names[node] = f"n{len(names)}"
    return names or {root: "n0"}
