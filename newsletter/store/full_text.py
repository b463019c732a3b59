"""Topic queries → SQL: an FTS5 match expression for the text, and conditions on a row of `paper_traits` for the rest.

What SQL cannot say is left out, so that more papers are found than match; whoever asks then has to look at each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from newsletter.text.derivation import beginning
from newsletter.text.tokenizer import prefixes
from newsletter.topics.query import All, Any, Boost, Node, Not, Term
from newsletter.topics.spellings import Phrase, Vocabulary, literal, near_of, phrase_of

_COLUMNS = {None: "title keywords abstract", "title": "title", "keyword": "keywords", "abstract": "abstract",
            "author": "authors", "org": "organization"}  # fmt: skip
_LIST_COLUMNS = {"cat": "categories", "source": "sources"}
#: What stands before a term without a field, and what does if it has to be in the title.
ANYWHERE, IN_TITLE = f"{{{_COLUMNS[None]}}} : ", f"{{{_COLUMNS['title']}}} : "


@dataclass(frozen=True, slots=True)
class Sql:
    """A condition with the values of its placeholders."""

    text: str
    values: tuple[str | int, ...] = ()
    #: Whether it holds for the papers that match and for no others.
    is_exact: bool = True


class MatchExpression(str):
    """The value of a placeholder behind MATCH: FTS5 reads it as it is, PostgreSQL as `postgresql_match` has it."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Expression:
    """An FTS5 match expression (sqlite.org/fts5.html, 3)."""

    text: str
    #: Whether it holds for the papers that match and for no others.
    is_exact: bool = True


class Translator:
    """Translates queries, given which words the index holds."""

    def __init__(self, is_word: Callable[[str], bool]) -> None:
        self._vocabulary = Vocabulary(is_word)

    def split(self, query: Node) -> tuple[Expression, list[Sql]]:
        """Return the match expression of a query, maybe empty, and the conditions that it needs beside."""
        while isinstance(query, Boost):
            query = query.part
        parts = query.parts if isinstance(query, All) else (query,)
        expressions = {part: self.expression(part) for part in parts if not isinstance(part, Not)}
        found = [expression for expression in expressions.values() if expression is not None]
        rest = [self.condition(part) for part, expression in expressions.items() if expression is None]
        rest += [self.condition(part) for part in parts if isinstance(part, Not)]
        return _joined(" AND ", found) if found else Expression(""), rest

    def expression(self, node: Node) -> Expression | None:
        """Return a node as a match expression, or None if it cannot be one."""
        match node:
            case Term():
                return None if node.field in _LIST_COLUMNS else self._term(node)
            case All() | Any():
                found = [self.expression(part) for part in node.parts]
                known = [expression for expression in found if expression is not None]
                return (
                    _joined(" AND " if isinstance(node, All) else " OR ", known) if len(known) == len(found) else None
                )
            case Boost():
                return self.expression(node.part)
            case Not():
                return None

    def condition(self, node: Node) -> Sql:
        """Return a node as a condition on a row of `paper_traits`, called `traits`."""
        match node:
            case Term(field="cat" | "source"):
                return _code_condition(node)
            case All() | Any():
                parts = [self.condition(part) for part in node.parts]
                operator = " AND " if isinstance(node, All) else " OR "
                values = tuple(value for part in parts for value in part.values)
                return Sql(operator.join(f"({part.text})" for part in parts) or "FALSE", values, _all_exact(parts))
            case Not():
                inner = self.condition(literal(node.part))
                # More than match may not be excluded.
                return Sql(f"NOT ({inner.text})", inner.values) if inner.is_exact else Sql("TRUE", (), is_exact=False)
            case Boost():
                return self.condition(node.part)
            case Term():
                found = self._term(node)
                search = "traits.paper_id IN (SELECT rowid FROM papers_fts WHERE papers_fts MATCH ?)"
                return Sql(search, (MatchExpression(found.text),), found.is_exact)

    def _term(self, term: Term) -> Expression:
        columns = f"{{{_COLUMNS[term.field]}}} : "
        phrase = phrase_of(term.text)
        if term.is_prefix:
            begun = [f"{quoted((prefix,))}*" for prefix in prefixes(phrase.parts[0])]
            return Expression(f"{columns}({' OR '.join(begun)})" if len(begun) > 1 else f"{columns}{begun[0]}")
        if term.is_near:
            return Expression(f"{columns}({self._near(term.text)})", is_exact=False)
        is_exact = not (term.is_literal or phrase.is_hyphenated)
        return Expression(f"{columns}({self._phrase(phrase)})", is_exact)

    def _phrase(self, phrase: Phrase) -> str:
        """Return an expression for all spellings of a phrase."""
        if phrase.mark:
            return quoted((phrase.mark,))
        found = [quoted(spelling) for spelling in phrase.spellings(self._vocabulary)]
        if len(phrase.parts) == 1 or phrase.is_hyphenated:
            found.append(quoted((phrase.whole,)))
        return " OR ".join(found) or quoted(phrase.parts)

    def _near(self, text: str) -> str:
        """Return an expression for papers that hold each of some words, in any form, or a phrase of them."""
        near = near_of(text)
        each = []
        for one, stem in zip(near.each, near.stems, strict=True):
            # All words of a stem begin so, but for a final "e" or "y".
            root = beginning(stem)
            root = root[:-1] if root.endswith(("e", "y")) and len(root) > 1 else root
            each.append(f"({self._phrase(one)}{f' OR {quoted((root,))}*' if stem else ''})")
        words = f" OR ({' AND '.join(each)})" if each else ""
        marked = "".join(f" AND {quoted((mark,))}" for mark in near.marks)
        return f"({self._phrase(near.phrase)}{words}){marked}"


def quoted(words: Iterable[str]) -> str:
    """Return words as a phrase of FTS5: they stand side by side."""
    return '"{}"'.format(" ".join(words).replace("\x00", " ").replace('"', '""'))


def _joined(operator: str, parts: list[Expression]) -> Expression:
    if len(parts) == 1:
        return parts[0]
    return Expression(operator.join(f"({part.text})" for part in parts), _all_exact(parts))


def _all_exact(parts: Iterable[Expression] | Iterable[Sql]) -> bool:
    return all(part.is_exact for part in parts)


def _code_condition(term: Term) -> Sql:
    """Return the condition that a list of codes holds a term, or one that begins with it, in any case."""
    value = term.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    text = f"EXISTS (SELECT 1 FROM json_each(traits.{_LIST_COLUMNS[str(term.field)]}) WHERE value LIKE ? ESCAPE '\\')"
    # SQLite folds the case of ASCII alone.
    return (
        Sql(text, (f"{value}%" if term.is_prefix else value,)) if value.isascii() else Sql("TRUE", (), is_exact=False)
    )
