"""Topic queries → SQL: an FTS5 match expression for the text, and conditions on a row of `papers` for the rest."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.topics.query import All, Any, Boost, Node, Not, Term

_COLUMN_OF = {"title": "{title} : ", "abstract": "{abstract} : "}
_LIST_COLUMN_OF = {"author": "authors", "org": "organization", "cat": "categories", "source": "sources"}


@dataclass(frozen=True, slots=True)
class Sql:
    """A condition with the values of its placeholders."""

    text: str
    values: tuple[str, ...] = ()


def split_query(query: Node) -> tuple[str, list[Node]]:
    """Return the FTS5 match expression of a query, or "", and the nodes that need a condition of their own."""
    parts = query.parts if isinstance(query, All) else (query,)
    wanted = [part for part in parts if not isinstance(part, Not)]
    excluded = [part for part in parts if isinstance(part, Not)]
    expressions = [expression for part in wanted if (expression := match_expression(part)) is not None]
    rest: list[Node] = [part for part in wanted if match_expression(part) is None]
    if not expressions:  # FTS5 has no NOT without something to take it from
        return "", rest + excluded
    match_all = " AND ".join(expressions)
    for part in excluded:
        expression = match_expression(part.part)
        if expression is None:
            rest.append(part)
        else:
            match_all = f"({match_all}) NOT {expression}"
    return match_all, rest


def match_expression(node: Node) -> str | None:
    """Return a node as an FTS5 match expression (sqlite.org/fts5.html, 3), or None if it cannot be one."""
    match node:
        case Term(field=None | "title" | "abstract"):
            text = node.text.replace("\x00", " ").replace('"', '""')
            return f'{_COLUMN_OF.get(node.field or "", "")}"{text}"{"*" if node.is_prefix else ""}'
        case All() | Any():
            expressions = [match_expression(part) for part in node.parts]
            operator = " AND " if isinstance(node, All) else " OR "
            return None if None in expressions else f"({operator.join(map(str, expressions))})"
        case Boost():
            return match_expression(node.part)
        case _:
            return None


def condition_of(node: Node) -> Sql:
    """Return a node as a condition on a row of `papers`."""
    match node:
        case Term(field="author" | "org" | "cat" | "source"):
            return _names_condition(_LIST_COLUMN_OF[str(node.field)], node)
        case All() | Any():
            parts = [condition_of(part) for part in node.parts]
            operator = " AND " if isinstance(node, All) else " OR "
            text = operator.join(f"({part.text})" for part in parts)
            return Sql(text, tuple(value for part in parts for value in part.values))
        case Not():
            inner = condition_of(node.part)
            return Sql(f"NOT coalesce(({inner.text}), 0)", inner.values)
        case Boost():
            return condition_of(node.part)
        case Term():
            expression = str(match_expression(node))
            return Sql("papers.id IN (SELECT rowid FROM papers_fts WHERE papers_fts MATCH ?)", (expression,))


def _names_condition(column: str, term: Term) -> Sql:
    """Return the condition that a list of names contains every word of a term, in any case."""
    words = [word for word in term.text.replace("\x00", " ").replace('"', " ").split() if word]
    conditions = [f"papers.{column} LIKE ? ESCAPE '\\'" for _ in words]
    values = [word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for word in words]
    return Sql(" AND ".join(conditions) or "0", tuple(f"%{value}%" for value in values))
