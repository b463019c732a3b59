"""`newsletter init`: a site, the first subscriber, and the first preview."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.init_answers import Answers, ask, profile_fields_of, read_arxiv, read_email, server, settings_of
from newsletter.errors import ConfigError, RequestError
from newsletter.files.private_files import make_private_folder, write_private
from newsletter.files.site import Site, default_subscribers, samples
from newsletter.models import Cadence

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What is this site's own: addresses, mail and secrets.
_GITIGNORE = """\
# What holds addresses, mail or keys. Keep passwords out of newsletter.toml, too: export NEWSLETTER_SMTP_PASSWORD=…
/newsletter.db*
/newsletter.lock
/newsletter.log*
/newsletter.recovery/
/outbox/
/backups/
/subscribers/*
!/subscribers/README.md
!/subscribers/example.toml
!/subscribers/example-weekly.toml
/.studio.html
/.env
/secrets.env
*.pem
"""

_PROFILE_HEAD = "# example.toml shows what else a profile may hold. After a change: newsletter subscribers sync\n"


@click.command(
    epilog="""\b
Examples:
  newsletter init               in this directory; asks five questions
  newsletter init papers --email ada@example.org --topic "LLM agents" \\
      --arxiv cs.CL
  newsletter init --smtp ada@example.org@smtp.example.org:587
  newsletter init papers --yes  asks nothing

Without a terminal nothing is asked, and only what options give is set. The first preview is shown where somebody was
asked, or --email or --yes is given: of today's papers, if they come within 30 seconds, else of samples."""
)
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option("--email", help="The first subscriber's address; a profile is written for them.")
@click.option("--topic", "topics", multiple=True, help="A topic of theirs: a name, or a query; repeatable.")
@click.option("--arxiv", multiple=True, metavar="CATEGORY", help="An arXiv category to follow, as cs.CL; repeatable.")
@click.option("--cadence", type=click.Choice([*Cadence]), help="How often they are mailed.")
@click.option("--hour", type=click.IntRange(0, 23), help="From which hour on.")
@click.option("--time-zone", help="Their time zone. Default: that of this machine.")
@click.option("--smtp", metavar="[USER@]HOST[:PORT]", help="Mail server; its password: NEWSLETTER_SMTP_PASSWORD.")
@click.option("--sender", metavar="EMAIL", help="Sender's address. Default: the user of the mail server, or --email.")
@click.option("--site-name", help="Name of the newsletter.")
@click.option("--site-url", help="Public URL of its pages, if it will have some.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--preview/--no-preview", default=None, help="Show the first digest at the end, or do not.")
@pass_opened
def init(
    opened: Opened, directory: Path | None, *, email: str | None, topics: tuple[str, ...], arxiv: tuple[str, ...],
    cadence: str | None, hour: int | None, time_zone: str | None, smtp: str | None, sender: str | None,
    site_name: str | None, site_url: str | None, yes: bool, preview: bool | None,
) -> None:  # fmt: skip
    """Create a site: settings, the first profile, topics, a store.

    The store has its signing key from the start, and a .gitignore leaves out what is private. It is created in
    DIRECTORY, else where --site or NEWSLETTER_SITE says, else here. Files that exist already are kept; in their
    newsletter.toml, only what an option gives is changed.
    """
    directory = directory or opened.site_dir or Path()
    root = directory.expanduser().resolve()
    is_new = not Site(root).config.exists()
    when = {"cadence": cadence, "hour": hour, "time_zone": time_zone}
    answers = Answers(
        read_email(email) if email else None, topics or None, read_arxiv(" ".join(arxiv)) if arxiv else None,
        {name: value for name, value in when.items() if value is not None}, smtp,
    )  # fmt: skip
    asks = is_new and not yes and sys.stdin.isatty()
    if asks:
        answers = ask(answers)
    elif (topics or answers.when) and not email:
        raise RequestError("--topic, --cadence, --hour and --time-zone are a subscriber's", hint="give --email, too")
    if answers.arxiv and not is_new:
        raise RequestError(f"{root}: is a site already", hint="add its [[sources]] to newsletter.toml")
    options = {"sender.address": sender, "site.name": site_name, "site.url": site_url}
    given = {name: value for name, value in options.items() if value is not None}
    _create(root, answers, given)
    made = Opened(root)
    if preview or (preview is None and (asks or yes or answers.email)):
        from newsletter.cli.first_preview import show_first_preview

        show_first_preview(made, answers.email)
    _print_next(directory, answers, is_new=is_new)


def _create(root: Path, answers: Answers, options: Mapping[str, str]) -> None:
    """Create what is missing, and set what was answered; print what was written.

    What is not valid is found before anything is written.
    """
    from newsletter.config.edit import change_settings, checked_text, values_in_file
    from newsletter.config.schema import SETTINGS, new_config

    site = Site(root)
    was_there = site.config.exists()
    current = values_in_file(site) if was_there else {one.name: one.shipped for one in SETTINGS if one.shipped}
    settings, unset = settings_of(answers, options, current)
    profile = _profile(site, answers)
    config = None
    if not was_there:
        config = checked_text(site, new_config(answers.arxiv or ()), settings, unset)
    elif settings:
        change_settings(site, settings, unset)
    for path in make_site(root, config):
        click.echo(f"created {path}")
    if was_there and settings:
        click.echo(f"changed {site.config}: {', '.join([*settings, *unset])}")
    if profile is not None:
        _add(site, *profile)


def _profile(site: Site, answers: Answers) -> tuple[Path, str, dict[str, Any]] | None:
    """Return the first subscriber's profile file, their address and the fields of their profile.

    Raises:
        ProfileError: A field is not valid.
        RequestError: The file exists.
    """
    if not answers.email:
        return None
    from newsletter.subscribers.profiles import make_profile

    fields = profile_fields_of(answers)
    make_profile(fields, {})
    slug = re.sub(r"[^a-z0-9]+", "-", answers.email.partition("@")[0].lower()).strip("-") or "me"
    path = site.subscribers / f"{slug if not slug.startswith('example') else 'me'}.toml"
    if path.exists():
        raise RequestError(f"{path}: exists already", hint="change it, then: newsletter subscribers sync")
    return path, answers.email, fields


def _add(site: Site, path: Path, email: str, fields: dict[str, Any]) -> None:
    """Write a profile file, and add its subscriber."""
    from newsletter.cli.profile_options import print_change
    from newsletter.subscribers.profiles import make_profile, toml_text
    from newsletter.subscribers.subscriptions import catalogue
    from newsletter.subscribers.sync import sync

    with Opened(site.root).store() as store:
        make_profile(fields, catalogue(store))
        lines = (f"{name} = {toml_text(value)}\n" for name, value in {"email": email, **fields}.items())
        write_private(path, (_PROFILE_HEAD + "".join(lines)).encode(), is_new=True)
        sync(store, site.subscribers, now())
        added = store.subscribers.find(email)
    click.echo(f"created {path}")
    if added is not None:
        print_change("added", added)


def _print_next(directory: Path, answers: Answers, *, is_new: bool) -> None:
    """Print what to type next, if there is something."""
    if answers.smtp:
        has_user = "smtp.username" in server(answers.smtp)
        steps = [*(["export NEWSLETTER_SMTP_PASSWORD=…"] if has_user else []), "newsletter doctor", "newsletter send"]
    elif answers.email:
        steps = [f"newsletter preview {answers.email}", "newsletter init --smtp USER@HOST:587    for real mail"]
    elif is_new:
        steps = ['newsletter subscribers add YOU@example.org --topic "…"', "newsletter pull"]
    else:
        steps = []
    if steps and directory.resolve() != Path.cwd().resolve():
        steps.insert(0, f"cd {directory}")
    click.echo(f"\n{directory} is a site." + "".join([" Next:", *(f"\n  {step}" for step in steps)] if steps else []))


def make_site(root: Path, config: str | None = None) -> list[Path]:
    """Create the files that a site at `root` lacks, and return their paths.

    Raises:
        ConfigError: A file cannot be written.
    """
    from newsletter.config.schema import new_config
    from newsletter.store import open_store
    from newsletter.subscribers.profiles import read_topics

    site = Site(root)
    wanted = {site.config: config or new_config(), root / ".gitignore": _GITIGNORE}
    wanted |= {site.subscribers / file.name: file.read_text(encoding="utf-8") for file in _examples()}
    made = [path for path in (*wanted, site.store) if not path.exists()]
    try:
        make_private_folder(site.subscribers)
        for path in wanted.keys() & set(made):
            write_private(path, wanted[path].encode())
    except OSError as error:
        raise ConfigError(f"{root}: {error.strerror or error}") from error
    with open_store(site.store) as store, store.transaction():
        store.suppression_key()
        if not store.topics.catalogue():
            for place, topic in enumerate(read_topics(samples() / "topics.toml"), start=1):
                store.topics.put(topic, place)
        if site.store in made:
            store.secret()
    return made


def _examples() -> list[Path]:
    names = ("README.md", "example.toml", "example-weekly.toml")
    return [default_subscribers() / name for name in names]
