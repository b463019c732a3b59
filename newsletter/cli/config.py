"""`newsletter config`: show and change the settings of a site."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli.context import Opened, pass_opened
from newsletter.cli.output import json_option, print_json, print_list, print_problems
from newsletter.errors import RequestError

if TYPE_CHECKING:
    from newsletter.config.schema import Setting

_HIDDEN = "(not shown)"


@dataclass(frozen=True, slots=True)
class _Shown:
    """A setting as it is listed."""

    setting: str
    value: Any
    #: "file", "environment" or "default".
    source: str
    help: str


@click.group(
    "config",
    invoke_without_command=True,
    epilog="""\b
Examples:
  # the settings that differ from their defaults
  newsletter config
  newsletter config get smtp.host
  newsletter config set site.name "Robotics Weekly"
  newsletter config set smtp.host smtp.example.org \\
      smtp.username digest@example.org
  newsletter config unset site.url""",
)
@click.pass_context
def config(ctx: click.Context) -> None:
    """Show and change the settings in newsletter.toml.

    Comments stay as they are. A change is checked with all other settings before it is written. Sources, fallback mail
    servers and the weights of the ranking are changed in the file itself.
    """
    if ctx.invoked_subcommand is None:
        _list(ctx.ensure_object(Opened), everything=False, as_json=False)


@config.command("list", epilog="\b\nExamples:\n  newsletter config list\n  newsletter config list --all --json")
@click.option("--all", "everything", is_flag=True, help="Also those at their default.")
@json_option
@pass_opened
def list_settings(opened: Opened, everything: bool, as_json: bool) -> None:
    """List the settings that the file or the environment gives.

    Passwords and keys are not shown.
    """
    _list(opened, everything=everything, as_json=as_json)


def _list(opened: Opened, *, everything: bool, as_json: bool) -> None:
    from newsletter.config.schema import SETTINGS

    shown = [one for one in _shown(opened, SETTINGS) if everything or one.source != "default"]
    print_list(
        shown,
        ("setting", "value", "from"),
        lambda one: (one.setting, _text(one.value), one.source),
        as_json=as_json,
        empty="All settings are at their defaults. Next: newsletter config list --all",
    )


def _shown(opened: Opened, settings: Sequence[Setting], *, secrets: bool = False) -> list[_Shown]:
    from newsletter.config.edit import values_in_file
    from newsletter.config.schema import checked

    in_file, rows = values_in_file(opened.site), []
    for one in settings:
        source = "environment" if one.variable in os.environ else "file" if one.name in in_file else "default"
        value = checked(one, os.environ.get(one.variable, in_file.get(one.name)))
        plain = None if value is None else one.type.plain(value)
        is_hidden = one.is_secret and plain is not None and not secrets
        rows.append(_Shown(one.name, _HIDDEN if is_hidden else plain, source, one.help))
    return rows


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


@config.command(epilog="\b\nExamples:\n  newsletter config get smtp.host\n  newsletter config get site.name --json")
@click.argument("name", metavar="KEY")
@json_option
@pass_opened
def get(opened: Opened, name: str, as_json: bool) -> None:
    """Print the value of a setting.

    It is that of the environment, else of the file, else its default. Exit code 1 if there is none.
    """
    from newsletter.config.schema import find_setting

    (shown,) = _shown(opened, [find_setting(name)], secrets=True)
    if as_json:
        print_json(shown)
    elif shown.value is not None:
        click.echo(_text(shown.value))
    if shown.value is None:
        click.get_current_context().exit(1)


@config.command(
    "set",
    context_settings={"ignore_unknown_options": True},  # values such as -1, and passwords
    epilog="""\b
Examples:
  newsletter config set smtp.host smtp.example.org
  # settings that need each other
  newsletter config set dkim.selector=papers dkim.key=dkim.pem
  # asks for it, or reads it from stdin
  newsletter config set smtp.password
\b
Several are written together, or none.""",
)
@click.argument("words", nargs=-1, required=True, metavar="KEY VALUE...")
@pass_opened
def set_settings(opened: Opened, words: tuple[str, ...]) -> None:
    """Set one or several settings, as KEY VALUE or KEY=VALUE."""
    from newsletter.config.edit import change_settings

    values = _pairs(words)
    overridden = change_settings(opened.site, values)
    for name, value in values.items():
        click.echo(f"{name} = {_HIDDEN if _is_secret(name) else value}")
    print_problems(overridden)


@config.command(epilog="\b\nExample:\n  newsletter config unset site.url")
@click.argument("names", nargs=-1, required=True, metavar="KEY...")
@pass_opened
def unset(opened: Opened, names: tuple[str, ...]) -> None:
    """Comment settings out, so that their defaults apply."""
    from newsletter.config.edit import change_settings, values_in_file

    before = values_in_file(opened.site)
    overridden = change_settings(opened.site, {}, names)
    for name in names:
        click.echo(f"{name} is not set any more" if name in before else f"{name} was not set")
    print_problems(overridden)


def _pairs(words: Sequence[str]) -> dict[str, str]:
    """Return the values by name of words like KEY VALUE or KEY=VALUE; the value of a last KEY is asked for.

    Raises:
        RequestError: A key has no value, or is given twice.
    """
    values: dict[str, str] = {}
    waiting = iter(words)
    for word in waiting:
        name, sign, value = word.partition("=")
        if not sign:
            following = next(waiting, None)
            value = _asked(name) if following is None else following
        if name in values:
            raise RequestError(f"{name}: given twice")
        values[name] = value
    return values


def _asked(name: str) -> str:
    """Return a value that is typed, unseen if it is a secret, or that stdin has.

    Raises:
        RequestError: There is none.
    """
    from newsletter.config.schema import find_setting

    secret = find_setting(name).is_secret
    if sys.stdin.isatty():
        return str(click.prompt(name, hide_input=secret, err=True))
    line = sys.stdin.readline().rstrip("\r\n") if secret else ""
    if not line:
        raise RequestError(f"{name}: no value", hint=f"newsletter config set {name} VALUE")
    return line


def _is_secret(name: str) -> bool:
    from newsletter.config.schema import find_setting

    return find_setting(name).is_secret
