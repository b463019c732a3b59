"""The context of every command: the site, its settings and its store, opened when first used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.errors import NewsletterError, StoreDamaged
from newsletter.files.site import Site, find_site, named_site

if TYPE_CHECKING:
    from jinja2 import Environment

    from newsletter.config.model import Config
    from newsletter.sending import Transport
    from newsletter.store import Store


@dataclass
class Opened:
    """The site of one invocation."""

    site_dir: Path | None

    @cached_property
    def site(self) -> Site:
        """The site named by --site, else the one that the working directory is in.

        Raises:
            ConfigError: There is no newsletter.toml.
        """
        return find_site(Path.cwd()) if self.site_dir is None else named_site(self.site_dir)

    @cached_property
    def config(self) -> Config:
        """The site's settings; obsolete ones are reported on stderr."""
        from newsletter.config.load import load_config

        config = load_config(self.site)
        for line in config.obsolete:
            click.echo(f"newsletter: {self.site.config}: {line}", err=True)
        return config

    def store(self) -> Store:
        """Open the site's store, for use in a `with` statement."""
        from newsletter.config.signing_keys import signing_keys
        from newsletter.store import open_store

        return open_store(self.config.store, lambda: signing_keys(self.config))

    def damage(self) -> NewsletterError | None:
        """Examine the site's database, if there is one; return the error if it is damaged."""
        try:
            if self.config.database is None and not self.site.store.exists():
                return None
            from newsletter.store.database import DAMAGED

            with self.store() as store:
                problems = store.problems()
        except NewsletterError as error:
            return error
        return StoreDamaged(f"{self.config.store}: {problems[0]}", hint=DAMAGED) if problems else None

    def environment(self) -> Environment:
        """Make the Jinja environment of the site's templates."""
        from newsletter.rendering.environment import make_environment

        return make_environment(self.site.templates)

    def transport(self) -> Transport:
        """Make the transport that sends: the configured SMTP server, else the Maildir outbox."""
        from newsletter.pipeline.transport import make_transport

        return make_transport(self.config)


def read_moment(opened: Opened, text: str) -> datetime:
    """Return the time of an option --at; without an offset it is one of the site's time zone.

    Raises:
        click.BadParameter: It is no time.
    """
    from zoneinfo import ZoneInfo

    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time (as in 2026-05-11T07:00)", param_hint="--at") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(opened.config.time_zone))


def now() -> datetime:
    """Return the current time, in UTC."""
    return datetime.now(UTC)


pass_opened = click.make_pass_decorator(Opened)
