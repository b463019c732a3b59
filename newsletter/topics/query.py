"""The query language of topics: parse text into a syntax tree, and format the tree as text.

    query   = any
    any     = all { "OR" all }                    at least one matches
    all     = factor { ["AND"] factor }           all match
    factor  = [ "-" ] primary [ "^" number ]      excluded; weighted
    primary = [ field ":" ] ( word | word "*" | '"' phrase '"' | "(" any ")" )
    field   = title | abstract | author | org | cat | source

An all-capitals word matches in capitals only ("RAG", not "rag"). Otherwise case, hyphens and plurals are ignored:
"in-context", "in context" and "incontext" are the same. `parse` and `format_query` are inverse to each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from newsletter.errors import QueryError
from newsletter.text import words

FIELDS = ("title", "abstract", "author", "org", "cat", "source")

_MAX_LENGTH = 2000
_MAX_DEPTH = 30
_OPERAND = "a word, a phrase or (…)"


@dataclass(frozen=True, slots=True)
class Term:
    """A word, a phrase, or the prefix of a word."""

    #: As typed, without quotes and "*".
    text: str
    #: The field to search; None means title, keywords and abstract.
    field: str | None = None
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """AND: all parts match."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """OR: at least one part matches."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """An exclusion: the part must not match."""

    part: Node


@dataclass(frozen=True, slots=True)
class Boost:
    """A part whose score is multiplied by `factor`."""

    part: Node
    factor: float


Node: TypeAlias = "Term | All | Any | Not | Boost"

# -- parsing ------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<minus>-(?=[^\s)]))|\^(?P<boost>\d{1,3}(?:\.\d{1,3})?)(?=[\s)]|$)"
    r'|(?P<field>[A-Za-z]+):(?=[^\s)])|"(?P<phrase>[^"]*)"|(?P<word>[^\s()"^]+))'
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    #: The position of its first character, from 1.
    column: int


def parse(text: str) -> Node:
    """Parse a query into its syntax tree.

    Raises:
        QueryError: The syntax is invalid (the message names the column), or the query only excludes.
    """
    if len(text) > _MAX_LENGTH:
        raise QueryError(f"query too long: {len(text)} characters", hint=f"the maximum is {_MAX_LENGTH}")
    parser = _Parser(list(_tokens(text)), len(text) + 1)
    node = parser.parse_any(0)
    if token := parser.peek():
        raise QueryError(f"column {token.column}: unmatched {token.text}", hint="remove it, or add a ( before it")
    if not any(True for _ in wanted_terms(node)):
        raise QueryError("empty query: only exclusions", hint="add a word to search for, as in agents -survey")
    return node


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None or match.end() == position:
            column = position + len(text[position:]) - len(text[position:].lstrip()) + 1
            if text[column - 1] == '"':
                raise QueryError(f'column {column}: unclosed "', hint='add a " at the end of the phrase')
            hint = "add a number after it, as in agents^2" if text[column - 1] == "^" else None
            raise QueryError(f"column {column}: unexpected {text[column - 1]}", hint=hint)
        kind = str(match.lastgroup)
        start = match.start(kind) - (1 if kind in ("phrase", "boost") else 0)
        yield _Token(kind, match[kind], start + 1)
        position = match.end()


class _Parser:
    """A recursive-descent parser: one method for each rule of the grammar."""

    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens = tokens
        self._end = end
        self._next = 0

    def peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self) -> _Token | None:
        token = self.peek()
        self._next += token is not None
        return token

    def _is_word(self, word: str) -> bool:
        token = self.peek()
        return token is not None and (token.kind, token.text) == ("word", word)

    def parse_any(self, depth: int) -> Node:
        if depth > _MAX_DEPTH:
            raise QueryError(f"parentheses nested more than {_MAX_DEPTH} deep")
        parts = [self._parse_all(depth)]
        while self._is_word("OR"):
            self._take()
            parts.append(self._parse_all(depth))
        return _joined(Any, parts)

    def _parse_all(self, depth: int) -> Node:
        parts = [self._parse_factor(depth)]
        while (token := self.peek()) and token.kind != "close" and not self._is_word("OR"):
            if self._is_word("AND"):
                self._take()
            parts.append(self._parse_factor(depth))
        return _joined(All, parts)

    def _parse_factor(self, depth: int) -> Node:
        token = self.peek()
        if token and token.kind == "minus":
            self._take()
            return Not(self._parse_boosted(depth))
        return self._parse_boosted(depth)

    def _parse_boosted(self, depth: int) -> Node:
        node = self._parse_primary(depth)
        token = self.peek()
        if token and token.kind == "boost":
            self._take()
            node = Boost(node, float(token.text))
        return node

    def _parse_primary(self, depth: int) -> Node:
        token = self._take()
        if token is None:
            raise QueryError(f"column {self._end}: unexpected end of query: expected {_OPERAND}")
        if token.kind == "field":
            field = token.text.lower()
            if field not in FIELDS:
                raise QueryError(
                    f"column {token.column}: unknown field {token.text!r}", hint=f"known: {', '.join(FIELDS)}"
                )
            return _within(self._parse_primary(depth), field)
        if token.kind == "open":
            node = self.parse_any(depth + 1)
            closing = self._take()
            if closing is None:
                raise QueryError(f"column {token.column}: unclosed (")
            return node
        if token.kind == "phrase" or (token.kind == "word" and token.text not in ("OR", "AND")):
            return _term(token)
        raise QueryError(f"column {token.column}: unexpected {token.text}: expected {_OPERAND}")


def _joined(kind: type[All] | type[Any], parts: list[Node]) -> Node:
    """Return a node of all parts, with nested nodes of the same kind flattened."""
    if len(parts) == 1:
        return parts[0]
    return kind(tuple(inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,))))


def _within(node: Node, field: str) -> Node:
    """Restrict to a field all terms that have none of their own."""
    match node:
        case Term():
            return node if node.field else replace(node, field=field)
        case All() | Any():
            return replace(node, parts=tuple(_within(part, field) for part in node.parts))
        case Not() | Boost():
            return replace(node, part=_within(node.part, field))


def _term(token: _Token) -> Term:
    is_prefix = token.kind == "word" and token.text.endswith("*")
    text = token.text.rstrip("*") if is_prefix else token.text
    found = words(text)
    if not found:
        raise QueryError(f"column {token.column}: {token.text!r} has no letters or digits to search for")
    if is_prefix and (len(found) > 1 or len(found[0]) < 2):
        raise QueryError(
            f"column {token.column}: invalid prefix {token.text!r}",
            hint="expected two or more characters of one word, as in agent*",
        )
    return Term(" ".join(text.split()), None, is_prefix)


# -- formatting ----------------------------------------------------------------------------------------


def format_query(node: Node) -> str:
    """Return a query as a person would type it; `parse` returns the same tree again."""
    return _format(node, 0)


def _format(node: Node, outer: int) -> str:
    """Format a node; `outer` is the precedence of what encloses it: 0 nothing, 1 OR, 2 AND, 3 "-", 4 "^"."""
    match node:
        case Term():
            text = f"{node.text}*" if node.is_prefix else node.text
            plain = node.is_prefix or (_is_plain(text) and text not in ("OR", "AND"))
            quoted = text if plain else f'"{text}"'
            return f"{node.field}:{quoted}" if node.field else quoted
        case Any():
            return _parenthesised(" OR ".join(_format(part, 1) for part in node.parts), outer >= 1)
        case All():
            return _parenthesised(" ".join(_format(part, 2) for part in node.parts), outer >= 2)
        case Not():
            return _parenthesised(f"-{_format(node.part, 3)}", outer >= 3)
        case Boost():
            return _parenthesised(f"{_format(node.part, 4)}^{node.factor:g}", outer >= 4)


def _parenthesised(text: str, is_needed: bool) -> str:
    return f"({text})" if is_needed else text


def _is_plain(text: str) -> bool:
    return bool(re.fullmatch(r"[^\s()\"^:*-][^\s()\"^:*]*", text))


def query_of(keywords: Sequence[str], excluded: Sequence[str] = ()) -> str:
    """Return the query that matches any of `keywords` and none of `excluded`, each of them a phrase.

    Raises:
        QueryError: A keyword has no letters or digits.
    """
    wanted = _joined(Any, [phrase(keyword) for keyword in dict.fromkeys(keywords)])
    unwanted = [Not(phrase(keyword)) for keyword in dict.fromkeys(excluded)]
    return format_query(_joined(All, [wanted, *unwanted]))


def phrase(text: str) -> Term:
    """Return the term that searches for `text` as a phrase.

    Raises:
        QueryError: It has no letters or digits.
    """
    plain = " ".join(text.replace('"', " ").split())
    if not words(plain):
        raise QueryError(f"{text!r} has no letters or digits to search for")
    return Term(plain)


def is_plain(text: str) -> bool:
    """Return whether `text` is only words: nothing in it is syntax of the query language."""
    return not re.search(r'["()^*]|(?:^|\s)-\S|\b(?:OR|AND)\b|\b(?:title|abstract|author|org|cat|source):', text)


def wanted_terms(node: Node) -> Iterator[Term]:
    """Yield the terms that a query searches for, without those it excludes."""
    match node:
        case Term():
            yield node
        case All() | Any():
            for part in node.parts:
                yield from wanted_terms(part)
        case Boost():
            yield from wanted_terms(node.part)
        case Not():
            return
