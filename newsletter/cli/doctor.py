"""`newsletter doctor`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import finish, json_option, print_json
from newsletter.cli.tables import print_table
from newsletter.errors import NewsletterError

if TYPE_CHECKING:
    from dns.resolver import Resolver


@click.command(
    epilog="""\b
Examples:
  newsletter doctor
  newsletter doctor --offline
  newsletter doctor --new-key rsa dkim.pem       then publish the record that it prints
\b
Nothing is mailed. Exit code 1 if anything is wrong; warnings are 0."""
)
@click.option("--offline", is_flag=True, help="Ask no name server.")
@click.option(
    "--new-key",
    type=(click.Choice(["rsa", "ed25519"]), click.Path(dir_okay=False, path_type=Path)),
    metavar="KIND FILE",
    help="Make a key to sign mail with (rsa or ed25519) and print its DNS record, instead.",
)
@json_option
@pass_opened
def doctor(opened: Opened, offline: bool, new_key: tuple[str, Path] | None, as_json: bool) -> None:
    """Check what stands between your mail and inboxes: settings, server, TLS, SPF, DKIM, DMARC, MX, PTR."""
    if new_key is not None:
        _make_key(opened, *new_key)
        return
    from newsletter.operations.doctor import Level, examine
    from newsletter.sending.dns_records import Dns

    found = list(examine(opened.config, Dns(None if offline else system_resolver()), now()))
    if as_json:
        print_json(found)
    else:
        print_table(
            ("", "about", "what was found", "what to do"), [(f.level, f.about, f.words, f.remedy) for f in found]
        )
    finish(clean=all(finding.level is not Level.WRONG for finding in found))


def system_resolver() -> Resolver | None:
    """Return what this machine asks about names; None if it has nobody to ask."""
    from dns.resolver import NoResolverConfiguration, Resolver

    try:
        return Resolver()
    except NoResolverConfiguration:
        return None


def _make_key(opened: Opened, kind: str, path: Path) -> None:
    """Write a private key that only its owner can read, and say what to do with it.

    Raises:
        NewsletterError: There is a file already, or it cannot be written.
    """
    from newsletter.sending.dkim import new_key

    pem, record = new_key(kind)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
    except FileExistsError:
        raise NewsletterError(f"{path}: is there already, and may be in use", hint="name another file") from None
    except OSError as error:
        raise NewsletterError(f"{path}: {error.strerror or error}") from error
    selector, prefix = ("papers", "") if kind == "rsa" else ("papers-ed25519", "ed25519_")
    click.echo(f"""\
{path} is made. Publish this in DNS:

{selector}._domainkey.{opened.config.dkim.domain}. TXT "{record}"

and set in {opened.site.config.name}:

[dkim]
{prefix}selector = "{selector}"
{prefix}key = "{os.path.relpath(path.resolve(), opened.site.root.resolve())}"

Then: newsletter doctor""")
