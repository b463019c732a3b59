"""`newsletter sources`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, pass_opened
from newsletter.cli.output import json_option, print_json
from newsletter.cli.tables import print_table
from newsletter.files.site import docs_path
from newsletter.sources import all_sources, find_source
from newsletter.sources.settings import declared, label_of, variable_of
from newsletter.text import counted

if TYPE_CHECKING:
    from newsletter.sources import Source


def _kinds() -> str:
    """Return two lines on every kind of source: its summary, and an example."""
    about = ""
    for name, source in all_sources().items():
        about += f"  {name:<16} {source.summary}\n{'':19}newsletter pull {name} {source.example}\n"
    return about.rstrip()


@click.command(
    epilog=f"""\b
Kinds of source, each with a complete example:
{_kinds()}

\b
Examples:
  newsletter sources                 the sources in newsletter.toml, and when each was last pulled
  newsletter sources arxiv           the settings of one kind

An installed package may add kinds of its own: {docs_path("sources.md")}."""
)
@click.argument("kind", required=False)
@json_option
@pass_opened
def sources(opened: Opened, kind: str | None, as_json: bool) -> None:
    """List this site's sources, or explain one KIND of source."""
    if kind is None:
        _list(opened, as_json=as_json)
    else:
        _explain(find_source(kind), as_json=as_json)


def _list(opened: Opened, *, as_json: bool) -> None:
    labels = [label_of(source) for source in opened.config.sources]
    with opened.store() as store:
        last = {label: store.pulls.last(label) for label in labels}
    if as_json:
        rows = [
            {"source": label, "pulled_at": pull and pull[0], "error": pull and pull[1]} for label, pull in last.items()
        ]
        print_json(rows)
        return
    shown = [
        (label, f"{pull[0]:%Y-%m-%d %H:%M} UTC" if pull else "never", (pull and pull[1]) or "")
        for label, pull in last.items()
    ]
    print_table(("source", "last pull", "error"), shown)
    click.echo(f"{counted(len(labels), 'source')} in {opened.site.config}. All kinds: newsletter sources --help")


def _explain(source: type[Source], *, as_json: bool) -> None:
    settings = [
        (name, list(one.default) if isinstance(one.default, tuple) else one.default, one.metadata)
        for name, one in declared(source).items()
    ]
    if as_json:
        about = [{"name": name, "default": default, **dict(more)} for name, default, more in settings]
        print_json({"kind": source.name, "summary": source.summary, "example": source.example, "settings": about})
        return
    click.echo(f"{source.name}: {source.summary}\n")
    click.echo(f"  newsletter pull {source.name} {source.example}\n")
    if source.follows:
        click.echo(f'  [[sources]]\n  kind = "{source.name}"\n  follow = ["…"]     # {source.follows}\n')
    rows = [
        (name, "" if default in (None, []) else json.dumps(default), _help(source, name, more))
        for name, default, more in settings
    ]
    if rows:
        print_table(("setting", "default", "meaning"), rows)


def _help(source: type[Source], name: str, more: object) -> str:
    about = dict(more)  # type: ignore[call-overload]
    text = str(about["help"])
    if about["choices"]:
        text += f" One of: {', '.join(about['choices'])}."
    if about["secret"]:
        text += f" Better set in the environment: {variable_of(source, name)}."
    return text
