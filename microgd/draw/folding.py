"""Folding: which nodes of a graph share a box of its picture, and which edges run between boxes."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cache
from operator import attrgetter
from typing import Literal

from microgd.explain.ids import number
from microgd.graph import Node
from microgd.names import choose

Collapse = Literal["modules"] | int | Collection[str] | None

ENDS = 4  # operations that stay visible at either end of a graph that no module divides
LEAVES = 12  # leaves that stay visible there


@dataclass(eq=False, slots=True)
class Box:
    """What stands at one place of the picture: one node, or many that are folded.

    id      of the node, as ``n3``; of a folded box, as ``m3``, from its oldest node
    nodes   oldest first
    folded  whether it is closed; then what it is: a module's path, or ``path`` is empty
    path    of the module that it folds, or of the one in which it stands
    gives   those of its nodes that other boxes use, and the root
    place   of its first operation in the order of creation, or of the leaf that it is
    acts    whether there is an operation in it
    """

    id: str
    path: str
    folded: bool = False
    nodes: list[Node] = field(default_factory=list)
    gives: dict[Node, None] = field(default_factory=dict)
    place: int = 0
    acts: bool = False


@dataclass(eq=False, slots=True)
class Edge:
    """From an input to what uses it; several between the same two if one of them is folded.

    id     as ``n1-n3-0``: from n1 to n3, as input number 0; between boxes without a number
    flows  whether a gradient comes back along it
    """

    id: str
    source: Box
    target: Box
    flows: bool
    count: int = 1


@dataclass(eq=False, slots=True)
class Folding:
    """Boxes and edges of a picture; `note` says what was folded unasked."""

    boxes: list[Box]
    edges: list[Edge]
    note: str
    ids: dict[Node, str]


def fold(root: Node, collapse: Collapse, opened: Collection[str], max_nodes: int) -> Folding:
    """Put every node that `root` depends on into exactly one box.

    collapse   None for a box for each node; "modules" or 1 to fold every outermost module; a
               depth n to fold the modules n deep; or the paths of those to be folded
    opened     paths of modules that are open nevertheless; modules inside of them are then folded
    max_nodes  from more boxes than that on, more is folded: modules first, then what is between
               the first and the last operations; each opened module adds as many

    Raises ValueError for a path that no module has, a depth below 1, or max_nodes below 1.
    """
    ids = number(root)
    homes = _homes(ids)
    count = Counter(homes.values())
    paths = {path: path for home in count for path in prefixes(home)}
    depth, closed = _wanted(collapse, paths)
    opened = {choose("graph: module", path, paths) for path in opened}
    if max_nodes < 1:
        raise ValueError(f"graph: max_nodes={max_nodes}; give at least 1")
    max_nodes *= 1 + len(opened)  # who opens a module wants to see what is in it

    note = ""
    where = {home: _folded_into(home, depth, closed, opened) for home in count}
    if _boxes(where, count) > max_nodes:
        deepest = max(len(prefixes(home)) for home in count)
        for level in range(deepest, 0, -1):
            trial = {home: _folded_into(home, level, closed, opened) for home in count}
            if _boxes(trial, count) < _boxes(where, count):
                where, note = trial, "modules"
            if _boxes(where, count) <= max_nodes:
                break
    boxes = _gather(ids, homes, where)
    if len(boxes) > max_nodes:
        boxes, note = _squeeze(boxes, ids, max_nodes), "all but the ends"
    return Folding(boxes, list(_edges(boxes, root, ids)), note, ids)


@cache
def prefixes(path: str) -> tuple[str, ...]:
    """The paths of a module and of those that it stands in, outermost first.

    A list of modules is no module of its own: its name goes with the number.

    >>> prefixes("blocks.0.mlp.layers.2")
    ('blocks.0', 'blocks.0.mlp', 'blocks.0.mlp.layers.2')
    """
    found: list[str] = []
    names = path.split(".") if path else []
    i = 0
    while i < len(names):
        listed = not names[i].isdecimal() and i + 1 < len(names) and names[i + 1].isdecimal()
        i += 2 if listed else 1
        found.append(".".join(names[:i]))
    return tuple(found)


def is_parameter(node: Node) -> bool:
    """Whether a leaf is to be learned: a gradient is wanted."""
    return node.op is None and node.needs_grad


def is_constant(node: Node) -> bool:
    """Whether a leaf is a number that somebody wrote into an expression."""
    return node.op is None and not node.needs_grad and not node.name and node.value.size == 1


def is_data(node: Node) -> bool:
    """Whether a leaf came from outside: an input, a target."""
    return node.op is None and not is_parameter(node) and not is_constant(node)


def _homes(ids: dict[Node, str]) -> dict[Node, str]:
    """The path of the module to which each node belongs.

    An operation to the one that recorded it; a parameter or a constant to the innermost that
    holds all its uses; other leaves are data, and come from outside.
    """
    homes: dict[Node, str] = {}
    for node in ids:
        if node.op is None:
            continue
        homes[node] = scope = str(node.scope)
        for x in node.inputs:
            if x.op is None:
                known = homes.get(x)
                if known is None:
                    homes[x] = "" if is_data(x) else scope
                elif known != scope and known:
                    homes[x] = _common(known, scope)
    return {node: homes.get(node, "") for node in ids}


@cache
def _common(a: str, b: str) -> str:
    """The innermost module that holds both."""
    both = [p for p, q in zip(prefixes(a), prefixes(b), strict=False) if p == q]
    return both[-1] if both else ""


def _wanted(collapse: Collapse, paths: dict[str, str]) -> tuple[int, Collection[str]]:
    """The depth from which on modules are folded (0 for none), and the paths of folded ones."""
    if collapse is None or collapse is False:
        return 0, ()
    if isinstance(collapse, int):
        if collapse < 1:
            raise ValueError(f"graph: collapse={collapse}; give a depth of at least 1, or None")
        return collapse, ()
    if collapse == "modules":
        return 1, ()
    chosen = [collapse] if isinstance(collapse, str) else collapse
    return 0, {choose("graph: module", path, paths) for path in chosen}


def _folded_into(
    home: str, depth: int, closed: Collection[str], opened: Collection[str]
) -> str | None:
    """The path of the folded module in which what belongs to `home` disappears, if any."""
    folds = False
    for level, path in enumerate(prefixes(home), 1):
        folds = folds or path in closed or 0 < depth <= level
        if folds and not any(o == path or o.startswith(f"{path}.") for o in opened):
            return path
    return None


def _boxes(where: dict[str, str | None], count: Counter[str]) -> int:
    folded = {path for path in where.values() if path is not None}
    return len(folded) + sum(n for home, n in count.items() if where[home] is None)


def _gather(
    ids: dict[Node, str], homes: dict[Node, str], where: dict[str, str | None]
) -> list[Box]:
    """The boxes, in the order in which they first act."""
    boxes: list[Box] = []
    folded: dict[str, Box] = {}
    for place, (node, name) in enumerate(ids.items()):
        home = homes[node]
        path = where[home]
        acts = node.op is not None
        if path is None:
            boxes.append(Box(name, home, nodes=[node], place=place, acts=acts))
            continue
        box = folded.get(path)
        if box is None:
            folded[path] = box = Box(f"m{name[1:]}", path, folded=True, place=place)
            boxes.append(box)
        if acts and not box.acts:  # parameters may be older, or newer
            box.place, box.acts = place, True
        box.nodes.append(node)
    return sorted(boxes, key=attrgetter("place"))


def _squeeze(boxes: list[Box], ids: dict[Node, str], max_nodes: int) -> list[Box]:
    """Fold what lies between the first and the last operations, and leaves if there are many."""
    ends = min(ENDS, max(1, max_nodes // 4))
    middle = [box for box in boxes if box.acts][ends:-ends]
    hidden = {node for box in middle for node in box.nodes}
    outer = set()  # leaves that are used elsewhere
    for node in ids:
        for x in node.inputs:
            if x.op is None and node not in hidden:
                outer.add(x)
    leaves = [box for box in boxes if not box.acts]
    groups = [[box for box in leaves if box.nodes[0] not in outer] + middle]
    visible = [box for box in leaves if box.nodes[0] in outer]
    if len(visible) > min(LEAVES, max_nodes // 2):
        kinds = (is_parameter, is_constant, is_data)
        groups += [[box for box in visible if kind(box.nodes[0])] for kind in kinds]
    groups = [group for group in groups if len(group) > 1]
    order = {node: place for place, node in enumerate(ids)}
    gone = {box for group in groups for box in group}
    kept = [box for box in boxes if box not in gone]
    for group in groups:
        nodes = sorted((node for box in group for node in box.nodes), key=order.__getitem__)
        acts = any(box.acts for box in group)
        kept.append(Box(f"m{ids[nodes[0]][1:]}", "", folded=True, nodes=nodes, acts=acts))
    return kept


def _edges(boxes: list[Box], root: Node, ids: dict[Node, str]) -> Iterator[Edge]:
    """Both edges of ``x * x``; between two boxes of which one is folded, one for all."""
    where = {node: box for box in boxes for node in box.nodes}
    where[root].gives[root] = None
    merged: dict[tuple[Box, Box], Edge] = {}
    for node, name in ids.items():
        target = where[node]
        for i, x in enumerate(node.inputs):
            source = where[x]
            if source is target:
                continue
            source.gives[x] = None
            if not (source.folded or target.folded):
                yield Edge(f"{source.id}-{name}-{i}", source, target, x.needs_grad)
                continue
            edge = merged.get((source, target))
            if edge is None:
                edge_id = f"{source.id}-{target.id}"
                merged[source, target] = Edge(edge_id, source, target, x.needs_grad)
            else:
                edge.count += 1
                edge.flows = edge.flows or x.needs_grad
    yield from merged.values()
