"""`newsletter sources`. The sources themselves are imported where they are asked for: they take half of the start."""

from __future__ import annotations

import json
from textwrap import fill
from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened
from newsletter.cli.output import json_option, print_json
from newsletter.cli.sources_opml import export, import_
from newsletter.cli.tables import print_table
from newsletter.files.site import docs_path
from newsletter.text import counted

if TYPE_CHECKING:
    from newsletter.sources import Source

_EXAMPLES = f"""\b
Examples:
  # the sources in newsletter.toml, and when each was last pulled
  newsletter sources
  # the settings of one kind
  newsletter sources arxiv
  newsletter sources import feeds.opml

An installed package may add kinds of its own: {docs_path("sources.md")}."""


def _kinds(width: int) -> str:
    """Return what every kind of source is, wrapped to `width`, each with an example on a line of its own."""
    from newsletter.sources import all_sources

    about = ""
    for name, source in all_sources().items():
        summary = fill(source.summary, width, initial_indent=f"  {name:<16} ", subsequent_indent=" " * 19)
        about += f"{summary}\n      newsletter pull {name} {source.example}\n"
    return about.rstrip()


class _Sources(click.Group):
    """The commands, and each kind of source as one that explains it."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the kinds of source, the examples, and where more is said."""
        self.epilog = (
            f"\b\nKinds of source, each with a complete example:\n{_kinds(formatter.width - 2)}\n\n{_EXAMPLES}"
        )
        super().format_epilog(ctx, formatter)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """Return the command of this name, else one that explains the kind of source."""
        if command := super().get_command(ctx, cmd_name):
            return command
        from newsletter.sources import find_source

        return _explaining(find_source(cmd_name))


def _explaining(source: type[Source]) -> click.Command:
    @click.command(source.name, help=f"Explain this kind of source: {source.summary}.")
    @json_option
    def explain(as_json: bool) -> None:
        _explain(source, as_json=as_json)

    return explain


@click.group(
    cls=_Sources,
    invoke_without_command=True,
    subcommand_metavar="[KIND] | COMMAND [ARGS]...",
)
@json_option
@click.pass_context
def sources(ctx: click.Context, as_json: bool) -> None:
    """List this site's sources, or explain one KIND of source."""
    if ctx.invoked_subcommand is None:
        _list(ctx.ensure_object(Opened), as_json=as_json)


sources.add_command(import_)
sources.add_command(export)


def _list(opened: Opened, *, as_json: bool) -> None:
    from newsletter.sources.settings import label_of

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
    from newsletter.config.timing import declared_timing
    from newsletter.sources.settings import declared

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
    rows += [(name, json.dumps(one.default), one.metadata["help"]) for name, one in declared_timing().items()]
    print_table(("setting", "default", "meaning"), rows)


def _help(source: type[Source], name: str, more: object) -> str:
    from newsletter.sources.settings import variable_of

    about = dict(more)  # type: ignore[call-overload]
    text = str(about["help"])
    if about["choices"]:
        text += f" One of: {', '.join(about['choices'])}."
    if about["secret"]:
        text += f" Better set in the environment: {variable_of(source, name)}."
    return text
