"""The language of topics: text that people type → a tree, and back.

    query   = any
    any     = all { "OR" all }                    one of them
    all     = factor { ["AND"] factor }           each of them
    factor  = [ "-" ] primary [ "^" number ]      not; worth more or less
    primary = [ field ":" ] ( word | word "*" | '"' phrase '"' | "(" any ")" )
    field   = title | abstract | author | org | cat | source

A word in capitals is looked for in capitals ("RAG", not "rag"); hyphens, plurals and case mean nothing else
("in-context" is "in context" is "incontext"). `parse` and `format_query` are inverse to each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from newsletter.errors import QueryError
from newsletter.text import words

FIELDS = ("title", "abstract", "author", "org", "cat", "source")

_LONGEST = 2000
_DEEPEST = 30


@dataclass(frozen=True, slots=True)
class Term:
    """A word, a phrase, or the beginning of a word."""

    #: As it was typed, without quotes and "*".
    text: str
    #: Where to look; None means title, keywords and abstract.
    field: str | None = None
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """Each of these."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """One of these at least."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Not this."""

    part: Node


@dataclass(frozen=True, slots=True)
class Boost:
    """This, worth so many times more."""

    part: Node
    factor: float


Node: TypeAlias = "Term | All | Any | Not | Boost"

# -- reading ------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<minus>-(?=[^\s)]))|\^(?P<boost>\d{1,3}(?:\.\d{1,3})?)(?=[\s)]|$)"
    r'|(?P<field>[A-Za-z]+):(?=[^\s)])|"(?P<phrase>[^"]*)"|(?P<word>[^\s()"^]+))'
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    #: Where it begins, from 1.
    column: int


def parse(text: str) -> Node:
    """Read a query.

    Raises:
        QueryError: It is none; the message points at the column.
    """
    if len(text) > _LONGEST:
        raise QueryError(f"a query of {len(text)} characters", hint=f"{_LONGEST} are the most")
    reader = _Reader(list(_tokens(text)), len(text) + 1)
    node = reader.read_any(0)
    if token := reader.peek():
        raise QueryError(f"column {token.column}: {token.text!r} closes nothing", hint="take it out, or open with (")
    if not any(True for _ in wanted_terms(node)):
        raise QueryError("nothing to look for", hint="name what you want beside what you do not: agents -survey")
    return node


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None or match.end() == position:
            column = position + len(text[position:]) - len(text[position:].lstrip()) + 1
            hint = {'"': 'close the phrase with "', "^": "a number follows, as in agents^2"}.get(text[column - 1])
            raise QueryError(f"column {column}: {text[column - 1]!r} is not understood here", hint=hint)
        kind = str(match.lastgroup)
        start = match.start(kind) - (1 if kind in ("phrase", "boost") else 0)
        yield _Token(kind, match[kind], start + 1)
        position = match.end()


class _Reader:
    """Reads tokens from left to right, one function for each rule of the grammar."""

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

    def read_any(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise QueryError(f"parentheses more than {_DEEPEST} deep")
        parts = [self._read_all(depth)]
        while self._is_word("OR"):
            self._take()
            parts.append(self._read_all(depth))
        return _joined(Any, parts)

    def _read_all(self, depth: int) -> Node:
        parts = [self._read_factor(depth)]
        while (token := self.peek()) and token.kind != "close" and not self._is_word("OR"):
            if self._is_word("AND"):
                self._take()
            parts.append(self._read_factor(depth))
        return _joined(All, parts)

    def _read_factor(self, depth: int) -> Node:
        token = self.peek()
        if token and token.kind == "minus":
            self._take()
            return Not(self._read_boosted(depth))
        return self._read_boosted(depth)

    def _read_boosted(self, depth: int) -> Node:
        node = self._read_primary(depth)
        token = self.peek()
        if token and token.kind == "boost":
            self._take()
            node = Boost(node, float(token.text))
        return node

    def _read_primary(self, depth: int) -> Node:
        token = self._take()
        if token is None:
            raise QueryError(f"column {self._end}: something is missing at the end", hint="a word, a phrase or (…)")
        if token.kind == "field":
            field = token.text.lower()
            if field not in FIELDS:
                raise QueryError(f"column {token.column}: no field {token.text!r}", hint=f"known: {', '.join(FIELDS)}")
            return _within(self._read_primary(depth), field)
        if token.kind == "open":
            node = self.read_any(depth + 1)
            closing = self._take()
            if closing is None:
                raise QueryError(f"column {token.column}: this ( is not closed")
            return node
        if token.kind == "phrase" or (token.kind == "word" and token.text not in ("OR", "AND")):
            return _term(token)
        raise QueryError(f"column {token.column}: {token.text!r} where a word, a phrase or (…) is expected")


def _joined(kind: type[All] | type[Any], parts: list[Node]) -> Node:
    """Join parts, those of the same kind without a level between them."""
    if len(parts) == 1:
        return parts[0]
    return kind(tuple(inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,))))


def _within(node: Node, field: str) -> Node:
    """Confine all terms that say no field themselves to one."""
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
        raise QueryError(f"column {token.column}: {token.text!r} has no letter or digit to look for")
    if is_prefix and (len(found) > 1 or len(found[0]) < 2):
        raise QueryError(f"column {token.column}: {token.text!r} is not the beginning of one word")
    return Term(" ".join(text.split()), None, is_prefix)


# -- writing ------------------------------------------------------------------------------------------


def format_query(node: Node) -> str:
    """Write a query as a person would type it; `parse` gives the same tree again."""
    return _written(node, 0)


def _written(node: Node, outer: int) -> str:
    """Write a node; `outer` is how strongly what is around it binds: 0 nothing, 1 OR, 2 AND, 3 "-", "^" and a field."""
    match node:
        case Term():
            text = f"{node.text}*" if node.is_prefix else node.text
            plain = node.is_prefix or (_is_plain(text) and text not in ("OR", "AND"))
            written = text if plain else f'"{text}"'
            return f"{node.field}:{written}" if node.field else written
        case Any():
            return _enclosed(" OR ".join(_written(part, 1) for part in node.parts), outer >= 1)
        case All():
            return _enclosed(" ".join(_written(part, 2) for part in node.parts), outer >= 2)
        case Not():
            return _enclosed(f"-{_written(node.part, 3)}", outer >= 3)
        case Boost():
            return _enclosed(f"{_written(node.part, 4)}^{node.factor:g}", outer >= 4)


def _enclosed(text: str, is_needed: bool) -> str:
    return f"({text})" if is_needed else text


def _is_plain(text: str) -> bool:
    return bool(re.fullmatch(r"[^\s()\"^:*-][^\s()\"^:*]*", text))


def query_of(keywords: Sequence[str], excluded: Sequence[str] = ()) -> str:
    """Return the query for any of `keywords` and none of `excluded`, each looked for as it stands.

    Raises:
        QueryError: One has no letter or digit to look for.
    """
    wanted = _joined(Any, [phrase(keyword) for keyword in dict.fromkeys(keywords)])
    unwanted = [Not(phrase(keyword)) for keyword in dict.fromkeys(excluded)]
    return format_query(_joined(All, [wanted, *unwanted]))


def phrase(text: str) -> Term:
    """Return the term that looks for `text` as it stands.

    Raises:
        QueryError: It has no letter or digit to look for.
    """
    plain = " ".join(text.replace('"', " ").split())
    if not words(plain):
        raise QueryError(f"{text!r} has no letter or digit to look for")
    return Term(plain)


def is_plain(text: str) -> bool:
    """Tell whether `text` is words and no query: nothing in it has a meaning in the language."""
    return not re.search(r'["()^*]|(?:^|\s)-\S|\b(?:OR|AND)\b|\b(?:title|abstract|author|org|cat|source):', text)


def wanted_terms(node: Node) -> Iterator[Term]:
    """Yield the terms that a query wants, those under a "-" left out."""
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
