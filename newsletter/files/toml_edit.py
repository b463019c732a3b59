"""One value of a TOML file, changed in its text: comments, order and everything else stay as they are.

A setting goes where a person would put it: over its former value; else in the place of a commented-out line that shows
it; else at the end of its table; else into a new table. Whatever the text looks like, the result is parsed, and is
returned only if it says what it said before but for this one value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from newsletter.errors import ConfigError
from newsletter.files.toml_file import parse_toml

_BARE = re.compile(r"[\w-]+", re.ASCII)
_KEY_PART = re.compile(r"""[ \t]*(?:([\w-]+)|"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)')[ \t]*""", re.ASCII)
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
#: What a value is made of: strings of four kinds, comments, brackets, and any other character.
_PIECES = (
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}',
    r"'''(?:[^']|'(?!''))*'{3,5}",
    r'"(?:[^"\\\n]|\\.)*"',
    r"'[^'\n]*'",
    r"#[^\n]*",
    r"[\[\]{}]",
    r"[^\"'#\[\]{}\n]+",
    r"\n",
)
_PIECE = re.compile("|".join(_PIECES), re.DOTALL)

Path = tuple[str, ...]
#: A setting: its table and its key.
Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Statement:
    """A header of a table, or a key with its value, and where it is in the text."""

    #: Of a header, the table; of a key, its table and itself.
    path: Path
    start: int
    #: Where its value is; empty for a header.
    value: slice
    #: The end of its line, behind a comment and the line end.
    end: int
    is_header: bool = False
    #: Whether it is, or belongs to, an element of an array of tables.
    in_array: bool = False


def set_value(text: str, name: Name, value: str | int | bool) -> str | None:
    """Return the text of a valid TOML file with one more or another value of a table, or None if it cannot be placed.

    It cannot if the table is written in a form that would have to be rewritten, as `smtp = {host = "…"}`.
    """
    expected = _parsed(text)
    table = expected.setdefault(name[0], {})
    if not isinstance(table, dict):
        return None
    table[name[1]] = value
    for changed in _placements(text, name, json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")):
        if _says(changed, expected):
            return changed
    return None


def unset_value(text: str, name: Name) -> str | None:
    """Return the text of a valid TOML file without a value of a table, whose line is commented out.

    Return the text itself if the value is not there, and None if its line cannot be commented out.
    """
    expected = _parsed(text)
    table = expected.get(name[0])
    if not isinstance(table, dict) or name[1] not in table:
        return text
    del table[name[1]]
    for one in _statements(text):
        if one.path == name and not one.in_array and not one.is_header:
            lines = text[one.start : one.end].splitlines(keepends=True)
            changed = text[: one.start] + "".join(f"# {line}" for line in lines) + text[one.end :]
            if _says(changed, expected) or (not table and _says(changed, _without(expected, name[0]))):
                return changed
    return None


def _without(table: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name != key}


def _says(text: str, expected: dict[str, Any]) -> bool:
    try:
        return _parsed(text) == expected
    except ConfigError:
        return False


def _parsed(text: str) -> dict[str, Any]:
    return parse_toml(text.encode(), "the settings", ConfigError)


def _placements(text: str, name: Name, value: str) -> Iterator[str]:
    """Yield the text with the value in each place that it may have, the best first."""
    line_end = "\r\n" if "\r\n" in text else "\n"
    statements = [one for one in _statements(text) if not one.in_array]
    for one in statements:
        if one.path == name and not one.is_header:
            yield text[: one.value.start] + value + text[one.value.stop :]
    group, line = name[0], f"{_quoted(name[1])} = {value}{line_end}"
    for one in statements:
        if one.is_header and one.path == (group,):
            yield from _in_table(text, one.end, name[1], line, statements)
    if shown := re.search(rf"(?m)^[ \t]*#[ \t]*(\[{re.escape(group)}\])[ \t]*\r?(?:\n|\Z)", text):
        header = shown[1] + line_end
        opened = text[: shown.start()] + header + text[shown.end() :]
        yield from _in_table(opened, shown.start() + len(header), name[1], line, [])
    for one in reversed(statements):
        if one.path[0] == group and not one.is_header:  # a dotted key, as in smtp.host = "…"
            break_before = "" if text[: one.end].endswith("\n") else line_end
            yield text[: one.end] + break_before + f"{_quoted(group)}.{line}" + text[one.end :]
    ending = "" if not text or text.endswith("\n") else line_end
    yield f"{text}{ending}{line_end if text else ''}[{_quoted(group)}]{line_end}{line}"


def _in_table(text: str, start: int, key: str, line: str, statements: list[_Statement]) -> Iterator[str]:
    """Yield the text with a line in the table whose header ends at `start`."""
    following = re.search(r"(?m)^[ \t]*(?:#[ \t]*)?\[", text[start:])
    limit = start + following.start() if following else len(text)
    if shown := re.search(rf"(?m)^[ \t]*#[ \t]*{re.escape(key)}[ \t]*=[^\n]*(?:\n|\Z)", text[start:limit]):
        yield text[: start + shown.start()] + line + text[start + shown.end() :]
    end = max((one.end for one in statements if start <= one.end <= limit), default=start)
    break_before = "" if text[:end].endswith("\n") else "\n"
    yield text[:end] + break_before + line + text[end:]


def _quoted(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key)


def _statements(text: str) -> Iterator[_Statement]:
    """Yield the statements of a valid TOML text, in order (https://toml.io/en/v1.0.0)."""
    table: Path = ()
    in_array, arrays = False, set[Path]()
    position = _behind_blank(text, len("\ufeff") if text.startswith("\ufeff") else 0)
    while position < len(text):
        start = position
        if text[position] == "[":
            is_array = text.startswith("[[", position)
            table, position = _key(text, position + 1 + is_array)
            arrays |= {table} if is_array else set()
            in_array = any(table[: len(one)] == one for one in arrays)
            end = _line_end(text, position)
            yield _Statement(table, start, slice(position, position), end, is_header=not is_array, in_array=in_array)
        else:
            key, position = _key(text, position)
            begin = position + 1 + len(re.match(r"[ \t]*", text[position + 1 :])[0])  # type: ignore[index]  # matches ""
            stop = _value_end(text, begin)
            end = _line_end(text, stop)
            yield _Statement((*table, *key), start, slice(begin, stop), end, in_array=in_array)
        position = _behind_blank(text, end)


def _behind_blank(text: str, position: int) -> int:
    found = _BLANK.match(text, position)
    return found.end() if found else position


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end + 1


def _key(text: str, position: int) -> tuple[Path, int]:
    """Return the dotted key at a position, and where it ends."""
    parts: list[str] = []
    while part := _KEY_PART.match(text, position):
        bare, basic, literal = part.groups()
        parts.append(bare or (literal or "" if basic is None else _parsed(f'k = "{basic}"')["k"]))
        position = part.end()
        if not text.startswith(".", position):
            break
        position += 1
    return tuple(parts), position


def _value_end(text: str, position: int) -> int:
    """Return where the value that begins at a position ends, without the white space behind it."""
    depth, end = 0, position
    while piece := _PIECE.match(text, position):
        found = piece[0]
        if depth == 0 and (found == "\n" or found[0] == "#"):
            break
        depth += (found in "[{") - (found in "]}") if len(found) == 1 else 0
        position = piece.end()
        if found.strip() and found[0] != "#":
            end = piece.start() + len(found.rstrip())
    return end
