"""Settings of sources: the fields of their dataclasses, set in newsletter.toml or on the command line.

@dataclass(frozen=True, slots=True)
class Pigeons:
    follow: tuple[str, ...] = setting((), "Lofts to follow.")
    api_key: str | None = setting(None, "An API key.", secret=True)
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import Field, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

from newsletter.errors import ConfigError, did_you_mean
from newsletter.models.value_types import type_of

if TYPE_CHECKING:
    from newsletter.sources import Source

T = TypeVar("T")


def setting(
    default: T,
    help: str,  # noqa: A002 - the usual name, as in argparse
    *,
    choices: Sequence[str] = (),
    secret: bool = False,
    internal: bool = False,
    required: bool = False,
    first: int = 0,
    last: int = 65535,
) -> T:
    """Declare one setting of a source, as the default of a dataclass field.

    Args:
        default: Its type is that of the setting: str (or None), int, bool or a tuple of str.
        help: One line of help.
        choices: The values allowed; empty allows any.
        secret: Never shown or logged; implies `internal`.
        internal: Left out of the source's label; the environment variable NEWSLETTER_<KIND>_<NAME> overrides it.
        required: The source does nothing without it; `newsletter doctor` says so.
        first: The smallest whole number.
        last: The largest one.
    """
    kind = type_of(default, choices, first, last)
    metadata = {
        "help": help, "choices": tuple(choices), "secret": secret, "internal": internal or secret, "required": required,
        "type": kind,
    }  # fmt: skip
    declared: T = field(default=default, repr=not secret, metadata=metadata)
    return declared


def make_source(kind: type[Source], table: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Source:
    """Return a source with the settings of `table` and the environment, and defaults for all others.

    Raises:
        ConfigError: A setting is unknown or has an invalid value.
        SourceError: The source rejects a value.
    """
    known = declared(kind)
    for name in table.keys() - known.keys():
        raise ConfigError(f"{kind.name}: {name}: no such setting", hint=did_you_mean(name, known))
    variables = {name: variable_of(kind, name) for name, one in known.items() if one.metadata["internal"]}
    given = dict(table) | {name: environ[one] for name, one in variables.items() if environ.get(one)}
    return kind(**{name: _validated(kind, known[name], value) for name, value in given.items()})


def declared(kind: type[Source] | Source) -> dict[str, Field[Any]]:
    """Return the settings of a kind of source by name, with the metadata that `setting` describes."""
    return {one.name: one for one in fields(kind) if "help" in one.metadata}  # type: ignore[arg-type]


def variable_of(kind: type[Source], name: str) -> str:
    """Return the environment variable of a secret or internal setting."""
    return f"NEWSLETTER_{kind.name}_{name}".upper()


def missing(source: Source) -> list[str]:
    """Return the names of the required settings that a source lacks."""
    return [name for name, one in declared(source).items() if one.metadata["required"] and not getattr(source, name)]


def label_of(source: Source) -> str:
    """Return the label that identifies a source among others of its kind: "arxiv cs.CL announce=new"."""
    words = [source.name]
    for name, one in declared(source).items():
        value = getattr(source, name)
        if value == one.default or one.metadata["internal"]:
            continue
        shown = ", ".join(value) if isinstance(value, tuple) else str(value)
        words.append(shown if name == "follow" else f"{name}={shown}")
    return " ".join(words)


def _validated(kind: type[Source], one: Field[Any], value: Any) -> Any:
    try:
        return one.metadata["type"].take(value)
    except ValueError as error:
        reason = f"{one.metadata['type'].expected} is expected" if one.metadata["secret"] else str(error)
        raise ConfigError(f"{kind.name}: {one.name}: {reason}") from None
