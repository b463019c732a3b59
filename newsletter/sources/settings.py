"""What may be set of a source: the fields of its dataclass, from a table of newsletter.toml or from the command line.

@dataclass(frozen=True, slots=True)
class Pigeons:
    follow: tuple[str, ...] = setting((), "Lofts to ask.")
    api_key: str | None = setting(None, "A key.", secret=True)
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import Field, field, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeVar

from newsletter.errors import ConfigError

if TYPE_CHECKING:
    from newsletter.sources import Source

T = TypeVar("T")


def setting(
    default: T,
    help: str,  # noqa: A002 - it is what the word is for
    *,
    choices: Sequence[str] = (),
    secret: bool = False,
    internal: bool = False,
) -> T:
    """Declare one setting of a source.

    Args:
        default: Its type is the setting's: text (or None), a whole number, yes or no, or a tuple of texts.
        help: A line on what it is for.
        choices: The texts it may be or hold; none means any.
        secret: Never shown; internal, too.
        internal: Not a part of the source's name; NEWSLETTER_<KIND>_<NAME> in the environment wins.
    """
    about = {"help": help, "choices": tuple(choices), "secret": secret, "internal": internal or secret}
    declared: T = field(default=default, repr=not secret, metadata=about)
    return declared


def make_source(kind: type[Source], table: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Source:
    """Make a source of some kind with these settings, and the defaults for all others.

    Raises:
        ConfigError: A setting is unknown, or not of its type.
        SourceError: The source has something against a setting's value.
    """
    known = declared(kind)
    for name in table.keys() - known.keys():
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known) or 'none'}"
        raise ConfigError(f"{kind.name}: {name}: no such setting", hint=hint)
    values = {name: _checked(kind, known[name], value) for name, value in table.items()}
    for name, one in known.items():
        variable = variable_of(kind, name)
        if one.metadata["internal"] and environ.get(variable):
            values[name] = environ[variable]
    return kind(**values)


def declared(kind: type[Source] | Source) -> dict[str, Field[Any]]:
    """Return the settings that a kind of source has, by name; see `setting` for what their metadata holds."""
    return {one.name: one for one in fields(kind) if "help" in one.metadata}  # type: ignore[arg-type]


def variable_of(kind: type[Source], name: str) -> str:
    """Return the environment variable of a secret or internal setting."""
    return f"NEWSLETTER_{kind.name}_{name}".upper()


def label_of(source: Source) -> str:
    """Return a source's name with what makes it differ from others of its kind: "arxiv cs.CL announce=new"."""
    words = [source.name]
    for name, one in declared(source).items():
        value = getattr(source, name)
        if value == one.default or one.metadata["internal"]:
            continue
        shown = ", ".join(value) if isinstance(value, tuple) else str(value)
        words.append(shown if name == "follow" else f"{name}={shown}")
    return " ".join(words)


def _checked(kind: type[Source], one: Field[Any], value: Any) -> Any:
    where, default, choices = f"{kind.name}: {one.name}", one.default, one.metadata["choices"]
    if isinstance(default, bool):
        value = {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
        if not isinstance(value, bool):
            raise ConfigError(f"{where}: true or false is expected, not {value!r}")
    elif isinstance(default, int):
        value = int(value) if isinstance(value, str) and value.isdecimal() else value
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ConfigError(f"{where}: a whole number is expected, not {value!r}")
    elif isinstance(default, tuple):
        value = tuple(value) if isinstance(value, list | tuple) else (value,)
        if not all(isinstance(item, str) and item.strip() for item in value):
            raise ConfigError(f"{where}: a list of texts is expected, not {list(value)!r}")
        value = tuple(dict.fromkeys(item.strip() for item in value))
    elif not isinstance(value, str):
        raise ConfigError(f"{where}: text is expected, not {value!r}")
    wrong = [item for item in (value if isinstance(value, tuple) else (value,)) if choices and item not in choices]
    if wrong:
        raise ConfigError(f"{where}: {wrong[0]!r} is none of {', '.join(choices)}")
    return value
