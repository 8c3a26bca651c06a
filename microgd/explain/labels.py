"""What every node is called where a learner reads: short names, no two alike.

A tensor keeps the name that it was given. An unnamed result of an operation is ``v1``, ``v2``, ...
in order of creation, as in the evaluation traces of the literature (Baydin et al. 2018,
https://jmlr.org/papers/v18/17-468.html); an unnamed number is its value.
"""

from collections import Counter
from collections.abc import Iterable

from microgd.explain.text import clean, number
from microgd.graph import Node


def labels(nodes: Iterable[Node]) -> dict[Node, str]:
    """A name for each of the nodes, which are given in order of creation.

    Names that several tensors share are told apart by the module that uses them
    (``layers.2.weight``), else by a number (``w_2``).

    >>> import microgd as mg
    >>> from microgd.explain.ids import number
    >>> w = mg.tensor(3.0, requires_grad=True, name="w")
    >>> list(labels(number(2 * w + 1)).values())
    ['2', 'w', 'v1', '1', 'v2']
    """
    nodes = list(nodes)
    given = {node: clean(node.name) for node in nodes if node.name}
    shared = {name for name, times in Counter(given.values()).items() if times > 1}
    if shared:
        users = {x: node for node in reversed(nodes) for x in node.inputs}
        for node, name in given.items():
            scope = (node if node.op else users.get(node, node)).scope
            if name in shared and scope:
                given[node] = clean(f"{scope}.{name}")
    taken: set[str] = set()
    reserved = set(given.values())
    counts: Counter[str] = Counter()
    found = {}
    for node in nodes:
        name = given.get(node, "")
        if not name and node.op is None and not node.needs_grad and node.value.size == 1:
            found[node] = number(node.value.item())
            continue
        if not name or name in taken:
            stem = f"{name}_" if name else "v" if node.op else "x" if node.needs_grad else "c"
            counts[stem] += 1 + bool(name and not counts[stem])
            while (name := f"{stem}{counts[stem]}") in reserved or name in taken:
                counts[stem] += 1
        taken.add(name)
        found[node] = name
    return found
