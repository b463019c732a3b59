"""TOML files → tables, with one kind of error: the file, the reason, the line, and what to do."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from newsletter.errors import NewsletterError
from newsletter.limits import TOML_BYTES, TOML_KEY

_HINT = "texts stand in quotes, lists in brackets, and a name is set once"
_PART = r'(?:[\w-]++|"(?:[^"\\\n]|\\.)*+"|\'[^\'\n]*+\')[ \t]*+'
#: A dotted key that is too long. It is refused in a string, too: no text has so many words joined by full stops.
_LONG_KEY = re.compile(rf"(?<![\w.-])(?:{_PART}\.[ \t]*+){{{TOML_KEY}}}")


def read_toml(path: Path, error: type[NewsletterError]) -> dict[str, Any]:
    """Return the table of a file in UTF-8, with or without a byte-order mark (https://toml.io/en/v1.0.0).

    Raises:
        NewsletterError: As `error`: the file cannot be read, or is not valid TOML.
    """
    try:
        with path.open("rb") as file:
            content = file.read(TOML_BYTES + 1)
    except OSError as problem:
        raise error(f"{path}: {problem.strerror or problem}") from problem
    return parse_toml(content, str(path), error)


def parse_toml(content: bytes, place: str, error: type[NewsletterError]) -> dict[str, Any]:
    """Return the table of TOML in UTF-8; `place` is what messages call it.

    Raises:
        NewsletterError: As `error`: it is too large, or is not valid.
    """
    if len(content) > TOML_BYTES:
        raise error(f"{place}: too large", hint=f"the maximum is {TOML_BYTES // 2**20} MB")
    try:
        text = content.decode("utf-8-sig")
        if key := _LONG_KEY.search(text):
            line = text.count("\n", 0, key.start()) + 1
            raise error(f"{place}: a dotted key is too long (at line {line})", hint=f"the maximum is {TOML_KEY} parts")
        return tomllib.loads(text)
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        reason, hint = f"not UTF-8 (at line {line})", "save the file as UTF-8"
    except RecursionError:
        reason, hint = "nested too deeply", _HINT
    except tomllib.TOMLDecodeError as problem:
        reason, hint = str(problem), _HINT
        if reason.endswith("(at end of document)"):
            reason = reason.replace("end of document", f"the end, line {max(1, len(content.splitlines()))}")
        reason = reason[:1].lower() + reason[1:]
    except ValueError:
        # Python refuses to convert thousands of digits, and tomllib does not say where they are.
        reason, hint = "a number is too long", _HINT
    raise error(f"{place}: not valid TOML: {reason}", hint=hint)
