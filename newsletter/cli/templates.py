"""`newsletter templates …`"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import finish, json_option, print_json, print_problems
from newsletter.cli.tables import print_table
from newsletter.errors import ConfigError
from newsletter.files.site import default_templates, docs_path
from newsletter.models import Profile, Style, Subscriber, Topic
from newsletter.models.languages import LANGUAGES

#: What the names of the studio's own templates begin with: it shows broken ones, so that it must not have one itself.
_OF_STUDIO = ("web/studio.", "web/frame.", "web/inversion.", "web/inbox.", "web/panels.", "web/texts.")


@click.group(
    invoke_without_command=True,
    epilog=f"""\b
Examples:
  newsletter templates
  newsletter templates eject email/card.html
  newsletter templates eject web/layout.html
  newsletter templates check

A file in the site's templates/ overrides the shipped one of the same name. The variables of each template are
described in {docs_path("looks.md")}.""",
)
@json_option
@click.pass_context
def templates(ctx: click.Context, as_json: bool) -> None:
    """List the templates, and which of them this site overrides."""
    if ctx.invoked_subcommand is not None:
        return
    own = ctx.ensure_object(Opened).site.templates
    rows = [(name, str(own / name) if (own / name).is_file() else "") for name in replaceable_templates()]
    if as_json:
        print_json([{"template": name, "own": path or None} for name, path in rows])
    else:
        print_table(("template", "overridden by"), rows)


@templates.command(
    epilog="\b\nExamples:\n  newsletter templates eject email/card.html\n  newsletter templates eject email/style.css"
)
@click.argument("name")
@pass_opened
def eject(opened: Opened, name: str) -> None:
    """Copy a shipped template into the site, to be changed there."""
    if name not in replaceable_templates():
        raise ConfigError(f"no such template: {name!r}", hint="see: newsletter templates")
    path = opened.site.templates / name
    if path.exists():
        raise ConfigError(f"{path} exists already", hint="edit it, then: newsletter templates check")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((default_templates() / name).read_bytes())
    click.echo(f"created {path}. Next: newsletter templates check")


@templates.command(epilog="\b\nExample:\n  newsletter templates check")
@pass_opened
def check(opened: Opened) -> None:
    """Render sample papers in every style and language, and each page.

    Broken templates are reported with file, line and reason: the first one of emails, all of pages. Nothing is sent.
    """
    from newsletter.web.template_check import broken_templates

    names = replaceable_templates()
    fallback_reason = _check_emails(opened)
    of_pages = [name for name in names if name.startswith("web/")]
    if mistakes := broken_templates(opened.config, opened.environment(), of_pages, now()):
        print_problems([*mistakes, "until this is mended, pages are made with the built-in templates"])
        finish(clean=False)
    click.echo(f"{len(names)} templates, {len(Style)} styles, {len(LANGUAGES)} languages: no errors")
    if fallback_reason:
        click.echo(f"messages will be rendered one by one, which is slow: {fallback_reason}")


def _check_emails(opened: Opened) -> str:
    """Render the sample papers; return why messages will be rendered one by one, if they will."""
    from newsletter.pipeline.messages import MessageRenderer
    from newsletter.pipeline.preview import sample_digest

    messages = MessageRenderer(opened.config, opened.environment(), b"")
    topics = (Topic("In-context learning", '"in-context learning"'), Topic("LLM agents", '"LLM agent"'))
    profile = Profile(topics=topics, trending=3)
    subscriber = Subscriber(id=0, email="you@newsletter.example", profile=profile, subscribed_at=now(), status_at=now())
    digest = sample_digest(subscriber, now())  # the same in each style and language
    for style, language in product(Style, LANGUAGES):
        one = replace(subscriber, profile=replace(profile, style=style, language=language))
        messages.write(digest, one, "<check@newsletter.example>", now())
    return messages.fallback_reason


def replaceable_templates() -> list[str]:
    """Return the names of the templates that a site can replace."""
    root = default_templates()
    names = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    return sorted(name for name in names if not name.startswith(_OF_STUDIO))
