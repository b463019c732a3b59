"""What the structure of a package measures: rooms, arrows between them, cycles, and the sizes of files and functions.

A *room* is a package or module at the top of the package, `newsletter.store` or `newsletter.cli`; what stands at the
root itself (`__version__`, `__main__`) is none. An *arrow* is an ordered pair of rooms of which the first imports the
second at least once, wherever the import stands: in a function or for type checkers, too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path


@dataclass(frozen=True)
class Module:
    """One file of the package."""

    name: str
    path: Path

    @cached_property
    def source(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @property
    def lines(self) -> int:
        return len(self.source.splitlines())

    @property
    def room(self) -> str | None:
        """The part of the name after the package's, if any; `__main__` is the root's."""
        part = self.name.split(".")[1:2]
        return part[0] if part and part != ["__main__"] else None


def modules_of(package: Path) -> dict[str, Module]:
    """Return the modules of a package, by their dotted names."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = (package.name, *path.relative_to(package).with_suffix("").parts)
        name = ".".join(parts).removesuffix(".__init__")
        found[name] = Module(name, path)
    return found


def imports_of(module: Module, names: Mapping[str, object], *, when_imported: bool = False) -> set[str]:
    """Return the modules among `names` that a module imports; with `when_imported`, only what its import runs.

    Raises:
        ValueError: if an import is relative.
    """
    found = set()
    for node in _statements(module.tree, when_imported=when_imported):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in names}
        elif isinstance(node, ast.ImportFrom):
            if node.level or node.module is None:
                raise ValueError(f"{module.name}:{node.lineno}: a relative import")
            below = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= below & names.keys()
            # `from package import module` needs nothing else of the package.
            if node.module in names and not below <= names.keys():
                found.add(node.module)
    return found


def _statements(node: ast.AST, *, when_imported: bool = False) -> Iterator[ast.AST]:
    """Yield the statements below a node, at any depth; expressions, most of a tree, are not entered."""
    for field in ("body", "handlers", "orelse", "finalbody", "cases"):
        for child in getattr(node, field, ()):
            is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            if when_imported and (is_function or _is_for_type_checkers(child)):
                continue
            yield child
            yield from _statements(child, when_imported=when_imported)


def _is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def rooms_of(modules: Mapping[str, Module]) -> set[str]:
    return {module.room for module in modules.values() if module.room is not None}


def arrows_of(modules: Mapping[str, Module]) -> set[tuple[str, str]]:
    """Return the pairs of rooms of which the first imports the second."""
    return {
        (module.room, to)
        for module in modules.values()
        for name in imports_of(module, modules)
        if (to := modules[name].room) is not None and module.room not in {None, to}
        if module.room is not None
    }


def import_cycle(modules: Mapping[str, Module]) -> list[str]:
    """Return modules that import each other in a circle while they are imported, the first one again at the end."""
    graph = {name: imports_of(module, modules, when_imported=True) - {name} for name, module in modules.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def functions_of(modules: Mapping[str, Module]) -> dict[str, int]:
    """Return how many lines each function has, without its decorators."""
    return {
        f"{name}:{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for name, module in modules.items()
        for node in _statements(module.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
