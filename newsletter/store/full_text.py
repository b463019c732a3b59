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
    """Translates queries, given which words the index holds.

    Where papers need no rank, match expressions leave out what others in them find, too: that a phrase is in a paper,
    where all of its words are sought. FTS5 looks for each part, and so reads far where the phrase is rare.
    """

    def __init__(self, is_word: Callable[[str], bool], *, is_ranked: bool = True) -> None:
        self._is_word = is_word
        self._vocabulary = Vocabulary(is_word)
        self._is_ranked = is_ranked

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
        return " OR ".join(map(quoted, self._spelled(phrase)))

    def _spelled(self, phrase: Phrase) -> list[tuple[str, ...]]:
        if phrase.mark:
            return [(phrase.mark,)]
        found = list(phrase.spellings(self._vocabulary))
        if len(phrase.parts) == 1 or phrase.is_hyphenated:
            found.append((phrase.whole,))
        return found or [phrase.parts]

    def _near(self, text: str) -> str:
        """Return an expression for papers that hold each of some words, in any form, or a phrase of them."""
        near = near_of(text)
        phrases, each = self._spelled(near.phrase), list[str]()
        redundant = set(phrases)
        for one, stem, forms in zip(near.each, near.stems, near.compounds, strict=True):
            root = _root(stem) if stem else ""
            spelled = self._spelled(one)
            redundant -= {phrase for phrase in redundant if not _holds_any(phrase, spelled, root)}
            if not self._is_ranked:
                spelled = [spelling for spelling in spelled if not _holds_any(spelling, (), root)]
            begun: list[tuple[str, ...]] = [(root,)] if root else []
            for form in forms:
                words = (*form.heads, _root(form.stem))
                if all(map(self._is_word, form.heads)) and not (root and words[0].startswith(root)):
                    begun.append(words)
            each.append(f"({' OR '.join([*map(quoted, spelled), *(f'{quoted(words)}*' for words in begun)])})")
        if each and not self._is_ranked:
            phrases = [phrase for phrase in phrases if phrase not in redundant]
        found = [*map(quoted, phrases), *([f"({' AND '.join(each)})"] if each else [])]
        return f"({' OR '.join(found)}){''.join(f' AND ({_any_of(marks)})' for marks in near.marks)}"


def quoted(words: Iterable[str]) -> str:
    """Return words as a phrase of FTS5: they stand side by side."""
    return '"{}"'.format(" ".join(words).replace("\x00", " ").replace('"', '""'))


def _root(stem: str) -> str:
    """Return what all words of a stem begin with: it, but for a final "e" or "y"."""
    root = beginning(stem)
    return root[:-1] if root.endswith(("e", "y")) and len(root) > 1 else root


def _any_of(words: Iterable[str]) -> str:
    return " OR ".join(quoted((word,)) for word in words)


def _holds_any(phrase: tuple[str, ...], spelled: Iterable[tuple[str, ...]], root: str) -> bool:
    """Return whether all that holds a phrase holds one of some others, or a word that begins with a root."""
    if root and any(word.startswith(root) for word in phrase):
        return True
    return any(phrase[at : at + len(other)] == other for other in spelled for at in range(len(phrase) - len(other) + 1))


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
