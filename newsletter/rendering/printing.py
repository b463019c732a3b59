"""Which templates only print what they are given: they can be rendered once with slots for the texts.

A template that computes with a text (its length, a comparison, a replacement) cannot. What is known to print is
listed here; a template with anything else counts as one that computes.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache

from jinja2 import Environment, Template, nodes

from newsletter.rendering.environment import make_environment

#: Statements and expressions that print, or ask whether a text is empty.
_PRINTING = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.If, nodes.CondExpr,
    nodes.And, nodes.Or, nodes.Not, nodes.For, nodes.List, nodes.Tuple, nodes.Assign, nodes.Concat, nodes.Macro,
    nodes.Keyword, nodes.Call, nodes.Filter, nodes.Include, nodes.Extends, nodes.Block, nodes.Scope, nodes.With,
)  # fmt: skip
#: Filters that slots keep until they are filled (`wrapping.FILTERS`), or that treat all texts alike.
_FILTERS = frozenset({"wrap", "underline", "unbroken", "shorten", "e", "escape", "join", "select", "list"})
_FUNCTIONS = frozenset({"_", "gettext", "pgettext", "labelled", "listed", "super"})
#: What a loop may be asked, which depends on the length of its list alone; but not a loop over pieces of text, of
#: which there may be any number.
_OF_LOOP = frozenset({"first", "last"})
_OF_PIECES = frozenset({"is_hit", "text"})
#: How many templates are kept as nodes: those of all styles, and as many edits in the studio.
_MAX_PARSED = 64


def printed_names(template: Template) -> frozenset[str]:
    """Return the names of all attributes that a template, and what it includes, may print; none if it computes."""
    names, macros, called, joined = set[str](), set[str](), set[str](), set[int]()
    for node in _all_nodes(template.environment, template.name or ""):
        if isinstance(node, nodes.Filter) and node.name == "join" and not node.args and _maps_text(node.node):
            joined.add(id(node.node))  # comes before what it joins
        if not isinstance(node, _PRINTING) or not (id(node) in joined or _prints(node)):
            return frozenset()
        if isinstance(node, nodes.Getattr):
            names.add(node.attr)
        elif isinstance(node, nodes.Macro):
            macros.add(node.name)
        elif isinstance(node, nodes.Call):
            called.add(node.node.name if isinstance(node.node, nodes.Name) else "")
    return frozenset(names) if called <= macros | _FUNCTIONS else frozenset()


def _maps_text(node: nodes.Node | None) -> bool:
    """Return whether this takes the texts of pieces."""
    if not isinstance(node, nodes.Filter) or node.name != "map" or node.args:
        return False
    return [(str(one.key), _constant(one.value)) for one in node.kwargs] == [("attribute", "text")]


def _prints(node: nodes.Node) -> bool:
    match node:
        case nodes.Getattr(node=nodes.Name(name="loop")):
            return node.attr in _OF_LOOP
        case nodes.For():
            read = {one.attr for one in node.find_all(nodes.Getattr)}
            asks_where = any(one.name == "loop" for one in node.find_all(nodes.Name))
            return node.test is None and not node.recursive and not (asks_where and read & _OF_PIECES)
        case nodes.Filter():
            return _is_printing_filter(node)
        case nodes.Include() | nodes.Extends():
            return isinstance(node.template, nodes.Const)
        case nodes.Call():
            return node.dyn_args is None and node.dyn_kwargs is None
    return True


def _is_printing_filter(node: nodes.Filter) -> bool:
    match node.name:
        case "map":
            return len(node.args) == 1 and _constant(node.args[0]) in _FILTERS and not node.kwargs
        case "select":
            return not node.args
        case "join":
            return not node.kwargs and all(map(_constant, node.args))
    return node.name in _FILTERS


def _constant(node: nodes.Node) -> object:
    return node.value if isinstance(node, nodes.Const) else None


def _all_nodes(environment: Environment, name: str, seen: frozenset[str] = frozenset()) -> Iterator[nodes.Node]:
    """Yield all nodes of a template and of those that it names."""
    if name in seen or environment.loader is None:
        return
    source, _, _ = environment.loader.get_source(environment, name)
    for node in _nodes_of(source, name):
        yield node
        if isinstance(node, nodes.Include | nodes.Extends) and isinstance(node.template, nodes.Const):
            yield from _all_nodes(environment, str(node.template.value), seen | {name})


@lru_cache(_MAX_PARSED)
def _nodes_of(source: str, name: str) -> tuple[nodes.Node, ...]:
    """Return the nodes of a template's source.

    Each edition, style and language asks for them anew, and each preview of the studio has an environment of its own;
    parsing is a third of what the first message takes. Nodes keep their environment: therefore one for all.
    """
    tree = _syntax().parse(source, name)
    return tree, *tree.find_all(nodes.Node)


@cache
def _syntax() -> Environment:
    """Return an environment to parse with: all have the same syntax."""
    return make_environment()
