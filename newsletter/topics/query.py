"""The query language of topics: parse text into a syntax tree, and format the tree as text.

    query   = any
    any     = all { "OR" all }                    at least one matches
    all     = factor { ["AND"] factor }           all match
    factor  = [ "-" ] primary [ "^" number ]      excluded; weighted
    primary = [ field ":" ] ( word | word "*" | '"' phrase '"' | "(" any ")" )
    field   = title | keyword | abstract | author | org | cat | source

Words side by side without anything between them are one term: the phrase, or its words near each other. What a term
matches is in `spellings`. `parse` and `format_query` are inverse to each other. Parsing is linear in the length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from newsletter.errors import QueryError, QueryProblem, nearest
from newsletter.limits import QUERY, QUERY_DEPTH, QUERY_TERMS
from newsletter.text.tokenizer import words

FIELDS = ("title", "keyword", "abstract", "author", "org", "cat", "source")
#: The fields of a term that says what papers are about; None means title, keywords and abstract.
TEXT_FIELDS = (None, "title", "keyword", "abstract")
#: Fields that hold codes, which are compared as a whole.
CODES = ("cat", "source")
#: Names of fields in other query languages.
_ALIASES = {"ti": "title", "abs": "abstract", "au": "author", "authors": "author", "tag": "keyword",
            "keywords": "keyword", "kw": "keyword", "affiliation": "org", "organisation": "org", "organization": "org",
            "category": "cat", "categories": "cat", "subject": "cat"}  # fmt: skip

_PREFIX = "expected two or more characters of one word, as in agent*"
_OPERAND = "a word, a phrase or (…)"


class Term(NamedTuple):
    """A word, a phrase, words near each other, or the prefix of a word.

    A tuple, because what is known of terms is looked up by them all the time.
    """

    #: As typed, without quotes and "*".
    text: str
    #: The field to search; None means title, keywords and abstract.
    field: str | None = None
    is_prefix: bool = False
    #: Whether these are words side by side without quotes; a single word never is.
    is_near: bool = False
    #: Whether a plural stands for itself, as in an exclusion; no query sets it.
    is_literal: bool = False


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
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<minus>-(?=[^\s)])|[\u2013\u2014\u2212](?=[\w\x22(]))"
    r"|\^(?P<boost>\d{1,3}(?:\.\d{1,3})?)(?=[\s)]|$)"
    r'|(?P<field>[A-Za-z]+):(?=[^\s)])|"(?P<phrase>[^"]*)"|(?P<word>[^\s()"^]+))'
)
#: What phones, word processors, and Chinese and Japanese keyboards make of quotes and of the signs of this language.
_SIGNS = {ord(quote): '"' for quote in "\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d\u300e\u300f"} | {
    ord(sign) + 0xFEE0: sign for sign in '"():-*^'
}
_EMPTY_FIELD = re.compile(r"([A-Za-z]+):")
#: What is no operator, though it looks like one, and what to say instead.
_NOT_OPERATORS = {
    "or": "to find either, write OR; to search for the word, put it in quotes",
    "and": "to find both, write AND; to search for the word, put it in quotes",
    "not": "to exclude a word, write -word; to search for it, put it in quotes",
    "|": "to find either, write OR",
    "||": "to find either, write OR",
    "&&": "to find both, write AND",
}


class _Token(NamedTuple):
    kind: str
    text: str
    #: The position of its first character, from 1.
    column: int


@lru_cache(maxsize=1024)
def parse(text: str) -> Node:
    """Parse a query into its syntax tree.

    Raises:
        QueryError: The syntax is invalid (the message names the column), or the query only excludes.
    """
    too_long = QueryProblem.TOO_LONG
    if len(text) > QUERY:
        raise QueryError(f"query too long: {len(text)} characters", hint=f"the maximum is {QUERY}", problem=too_long)
    tokens = _spoken(list(_tokens(text.translate(_SIGNS).rstrip())))
    if sum(token.kind in ("word", "phrase") for token in tokens) > QUERY_TERMS:
        most = f"query too long: more than {QUERY_TERMS} words"
        raise QueryError(most, hint="make two topics of it", problem=too_long)
    parser = _Parser(tokens, len(text) + 1)
    node = parser.parse_any(0)
    if token := parser.peek():
        raise QueryError(
            f"column {token.column}: unmatched {token.text}",
            hint="remove it, or add a ( before it",
            problem=QueryProblem.UNMATCHED_PARENTHESIS,
        )
    if not any(True for _ in wanted_terms(node)):
        raise QueryError(
            "empty query: only exclusions",
            hint="add a word to search for, as in agents -survey",
            problem=QueryProblem.ONLY_EXCLUSIONS,
        )
    return node


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            while text[position].isspace():
                position += 1
            if text[position] == '"':
                raise QueryError(
                    f'column {position + 1}: unclosed "',
                    hint='add a " at the end of the phrase',
                    problem=QueryProblem.UNCLOSED_PHRASE,
                )
            hint = "add a number after it, as in agents^2" if text[position] == "^" else None
            raise QueryError(f"column {position + 1}: unexpected {text[position]}", hint=hint)
        kind = str(match.lastgroup)
        start = match.start(kind) - (1 if kind in ("phrase", "boost") else 0)
        yield _Token(kind, match[kind], start + 1)
        position = match.end()


def _spoken(tokens: list[_Token]) -> list[_Token]:
    """Return tokens without punctuation between words, as in "R & D".

    Raises:
        QueryError: Something looks like an operator, or like a field, and is none.
    """
    has_words = any(words(token.text) for token in tokens if token.kind != "field")
    kept: list[_Token] = []
    for number, token in enumerate(tokens):
        is_free = token.kind == "word" and (number == 0 or tokens[number - 1].kind not in ("field", "minus"))
        if is_free and len(tokens) > 1:
            _check_word(token)
            if has_words and not words(token.text):
                continue
        elif token.kind == "word" and len(tokens) == 1:
            _check_empty(token)
        kept.append(token)
    return kept


def _check_word(token: _Token) -> None:
    if token.text not in ("OR", "AND") and (hint := _NOT_OPERATORS.get(token.text.lower())) and token.text != "not":
        raise QueryError(
            f"column {token.column}: {token.text} is not an operator", hint=hint, problem=QueryProblem.NOT_AN_OPERATOR
        )
    _check_empty(token)


def _check_empty(token: _Token) -> None:
    """Refuse a field without anything to search for; "retrieval: a survey" has only a word with a colon."""
    if (match := _EMPTY_FIELD.fullmatch(token.text)) and (field := _field_like(match[1])):
        is_known = match[1].lower() == field
        problem = f"empty field {token.text}" if is_known else f"unknown field {match[1]!r}"
        hint = f"write {field}:word, without a space" if is_known else f"did you mean {field}:word?"
        raise QueryError(f"column {token.column}: {problem}", hint=hint, problem=QueryProblem.UNKNOWN_FIELD)


def _field_like(name: str) -> str | None:
    """Return the field of a name, or of one much like it, or None."""
    name = name.lower()
    return nearest(name, FIELDS, 0.75) if name not in _ALIASES else _ALIASES[name]


class _Parser:
    """A recursive-descent parser: one method for each rule of the grammar."""

    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens = tokens
        self._end = end
        self._next = 0
        #: Whether what was parsed last is a word without quotes, field or anything else.
        self._was_bare = False

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
        if depth > QUERY_DEPTH:
            raise QueryError(f"parentheses nested more than {QUERY_DEPTH} deep", problem=QueryProblem.TOO_LONG)
        parts = [self._parse_all(depth)]
        while self._is_word("OR"):
            self._take()
            parts.append(self._parse_all(depth))
        return _joined(Any, parts)

    def _parse_all(self, depth: int) -> Node:
        parts = [self._parse_factor(depth)]
        is_beside = self._was_bare
        while (token := self.peek()) and token.kind != "close" and not self._is_word("OR"):
            if self._is_word("AND"):
                self._take()
                is_beside = False
            part = self._parse_factor(depth)
            if is_beside and self._was_bare:
                parts[-1] = _beside(parts[-1], part)
            else:
                parts.append(part)
            is_beside = self._was_bare
        self._was_bare = False
        return _joined(All, parts)

    def _parse_factor(self, depth: int) -> Node:
        token = self.peek()
        if token and token.kind == "minus":
            self._take()
            node: Node = Not(self._parse_boosted(depth))
            self._was_bare = False
            return node
        return self._parse_boosted(depth)

    def _parse_boosted(self, depth: int) -> Node:
        node = self._parse_primary(depth)
        token = self.peek()
        if token and token.kind == "boost":
            self._take()
            self._was_bare = False
            node = Boost(node, float(token.text))
        return node

    def _parse_primary(self, depth: int, field: str | None = None) -> Node:
        token = self._take()
        self._was_bare = False
        if token is None:
            raise QueryError(
                f"column {self._end}: unexpected end of query: expected {_OPERAND}", problem=QueryProblem.INCOMPLETE
            )
        if token.kind == "field":
            if field is not None:
                raise QueryError(f"column {token.column}: two fields: {field}: and {token.text}:")
            inner = _field(token)
            node = self._parse_primary(depth, inner)
            self._was_bare = False
            return _within(node, inner)
        if token.kind == "open":
            node = self.parse_any(depth + 1)
            closing = self._take()
            if closing is None:
                problem = QueryProblem.UNCLOSED_PARENTHESIS
                raise QueryError(f"column {token.column}: unclosed (", hint="add a ) at the end", problem=problem)
            return node
        if token.kind == "phrase" or (token.kind == "word" and token.text not in ("OR", "AND")):
            term = _term(token, field)
            self._was_bare = token.kind == "word" and field is None and not term.is_prefix
            return term
        raise QueryError(
            f"column {token.column}: unexpected {token.text}: expected {_OPERAND}", problem=QueryProblem.INCOMPLETE
        )


def _field(token: _Token) -> str:
    field = token.text.lower()
    if field in FIELDS:
        return field
    like = _field_like(field)
    hint = f"did you mean {like}:?" if like else f"known: {', '.join(FIELDS)}; text with a colon goes in quotes"
    raise QueryError(
        f"column {token.column}: unknown field {token.text!r}", hint=hint, problem=QueryProblem.UNKNOWN_FIELD
    )


def _beside(before: Node, word: Node) -> Term:
    """Return the term of words side by side."""
    assert isinstance(before, Term)  # noqa: S101 - only words are bare
    assert isinstance(word, Term)  # noqa: S101
    return Term(f"{before.text} {word.text}", is_near=True)


def _joined(kind: type[All] | type[Any], parts: list[Node]) -> Node:
    """Return a node of all parts, with nested nodes of the same kind flattened."""
    if len(parts) == 1:
        return parts[0]
    return kind(tuple(inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,))))


def _within(node: Node, field: str) -> Node:
    """Restrict to a field all terms that have none of their own."""
    match node:
        case Term():
            return node if node.field else node._replace(field=field)
        case All() | Any():
            return replace(node, parts=tuple(_within(part, field) for part in node.parts))
        case Not() | Boost():
            return replace(node, part=_within(node.part, field))


def _term(token: _Token, field: str | None) -> Term:
    is_prefix = token.kind == "word" and token.text.endswith("*")
    text = token.text.rstrip("*") if is_prefix else token.text
    found = words(text)
    if not found:
        raise QueryError(
            f"column {token.column}: {token.text!r} has no letters or digits to search for",
            problem=QueryProblem.NOTHING_TO_FIND,
        )
    if is_prefix and field not in CODES and (len(found) > 1 or len(found[0]) < 2):
        raise QueryError(
            f"column {token.column}: invalid prefix {token.text!r}",
            hint=f"{_PREFIX}; a name such as {token.text} goes in quotes" if len(found) == 1 else _PREFIX,
            problem=QueryProblem.SHORT_PREFIX,
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
            if node.is_near:
                return f"{node.field}:({text})" if node.field else text
            quoted = text if node.is_prefix or _is_plain(text) else f'"{text}"'
            return f"{node.field}:{quoted}" if node.field else quoted
        case Any():
            return _parenthesised(" OR ".join(_format(part, 1) for part in node.parts), outer >= 1)
        case All():
            text = _format(node.parts[0], 2)
            for before, part in pairwise(node.parts):
                text += f"{' AND ' if _is_bare(before) and _is_bare(part) else ' '}{_format(part, 2)}"
            return _parenthesised(text, outer >= 2)
        case Not():
            return _parenthesised(f"-{_tight(node.part, 3)}", outer >= 3)
        case Boost():
            return _parenthesised(f"{_tight(node.part, 4)}^{node.factor:g}", outer >= 4)


def _tight(node: Node, outer: int) -> str:
    """Format what a sign belongs to: of words near each other, it would take the first or the last only."""
    return _parenthesised(_format(node, outer), isinstance(node, Term) and node.is_near and node.field is None)


def _is_bare(node: Node) -> bool:
    """Return whether a node is formatted as words without anything around them."""
    if not isinstance(node, Term) or node.field or node.is_prefix:
        return False
    return node.is_near or _is_plain(node.text)


def _parenthesised(text: str, is_needed: bool) -> str:
    return f"({text})" if is_needed else text


def _is_plain(text: str) -> bool:
    """Return whether a word needs no quotes."""
    is_word = re.fullmatch(r"[^\s()\"^:*\-\u2013\u2014\u2212][^\s()\"^:*]*", text) is not None
    return is_word and text.lower() not in _NOT_OPERATORS


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
    plain = " ".join(text.translate(_SIGNS).replace('"', " ").split())
    if not words(plain):
        raise QueryError(f"{text!r} has no letters or digits to search for", problem=QueryProblem.NOTHING_TO_FIND)
    return Term(plain)


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
