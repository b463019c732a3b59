"""Match expressions of FTS5 → those of PostgreSQL (`tsquery`), for the words as `postgresql_functions` keeps them.

Only what `store.full_text` writes is read: phrases, prefixes, AND, OR, parentheses and `{columns} :`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from newsletter.errors import StatementError

_TOKEN = re.compile(r'\s*(?:\{([a-z ]+)\}\s*:|"((?:[^"]|"")*)"\s*(\*)?|(AND|OR)\b|([()]))')
#: As FTS5's tokenizer "ascii" with the characters that the index adds (m019).
_WORD = re.compile(r"[0-9a-z+#.=|'\x80-\U0010ffff]+")
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
#: Columns → the prefix and the weights of their words.
_COLUMNS = {
    "title keywords abstract": ("", "ABC"),
    "title": ("", "A"),
    "keywords": ("", "B"),
    "abstract": ("", "C"),
    "authors": ("@", ""),
    "organization": ("~", ""),
}
_ALL = ("", "@", "~")
#: No word of a paper: what has no words finds nothing.
_NOTHING = "' '"


def tsquery(expression: str) -> str:
    """Return a match expression as PostgreSQL writes them.

    Raises:
        StatementError: It is not one that `store.full_text` writes.
    """
    parser = _Parser(expression)
    found = parser.any_of(None)
    if parser.at != len(expression.rstrip()):
        raise _unreadable(expression)
    return found or _NOTHING


def _unreadable(expression: str) -> StatementError:
    return StatementError(f"not a match expression: {expression[:80]}")


@dataclass
class _Parser:
    """Reads by recursive descent: OR binds weaker than AND, and columns are those of what follows them."""

    text: str
    at: int = 0

    def any_of(self, columns: str | None) -> str:
        return self._joined("OR", " | ", columns)

    def _joined(self, operator: str, sign: str, columns: str | None) -> str:
        parts = []
        while True:
            part = self._joined("AND", " & ", columns) if operator == "OR" else self._one(columns)
            parts.append(part)
            token = _TOKEN.match(self.text, self.at)
            if token is None or token[4] != operator:
                break
            self.at = token.end()
        known = [part for part in parts if part]  # FTS5 leaves out what has no words, too
        return sign.join(f"({part})" for part in known) if len(known) > 1 else "".join(known)

    def _one(self, columns: str | None) -> str:
        token = _TOKEN.match(self.text, self.at)
        if token is None or token[4] or token[5] == ")":
            raise _unreadable(self.text)
        self.at = token.end()
        if token[1]:
            return self._one(token[1])
        if token[5]:
            found = self.any_of(columns)
            closed = _TOKEN.match(self.text, self.at)
            if closed is None or closed[5] != ")":
                raise _unreadable(self.text)
            self.at = closed.end()
            return found
        return _phrase(token[2].replace('""', '"'), columns, is_prefix=bool(token[3]))


def _phrase(text: str, columns: str | None, *, is_prefix: bool) -> str:
    words = _WORD.findall(text.translate(_LOWER))
    if columns is None:
        each = [_lexemes(words, mark, "", is_prefix=is_prefix) for mark in _ALL]
        return " | ".join(f"({one})" for one in each) if words else ""
    prefix, weights = _COLUMNS[columns]
    return _lexemes(words, prefix, weights, is_prefix=is_prefix)


def _lexemes(words: list[str], prefix: str, weights: str, *, is_prefix: bool) -> str:
    found = []
    for place, word in enumerate(words, start=1):
        labels = ("*" if is_prefix and place == len(words) else "") + weights
        quoted = f"{prefix}{word}".replace("'", "''")
        found.append(f"'{quoted}':{labels}" if labels else f"'{quoted}'")
    return " <-> ".join(found)
