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

    from newsletter.models.findings import Finding


@click.command(
    epilog="""\b
Examples:
  newsletter doctor
  newsletter doctor --offline
  # send messages to the addresses for bounces and replies; await them
  newsletter doctor --probe
  # then publish the DNS record that it prints
  newsletter doctor --new-key rsa dkim.pem

No mail is sent without --probe. Exit code 1 if anything is wrong, 0 if there are only warnings."""
)
@click.option("--offline", is_flag=True, help="Skip the checks that need DNS or the web.")
@click.option(
    "--probe", is_flag=True, help="Send a signed message to our addresses for bounces and replies, and wait for them."
)
@click.option(
    "--wait", "wait_s", type=click.IntRange(1, 3600), default=60, show_default=True, help="Seconds to wait for them."
)
@click.option(
    "--new-key",
    type=(click.Choice(["rsa", "ed25519"]), click.Path(dir_okay=False, path_type=Path)),
    metavar="KIND FILE",
    help="Create a DKIM key (rsa or ed25519) and print its DNS record; check nothing.",
)
@json_option
@pass_opened
def doctor(
    opened: Opened, offline: bool, probe: bool, wait_s: int, new_key: tuple[str, Path] | None, as_json: bool
) -> None:
    """Check settings, files, database, machine, mail server and DNS.

    Checked are the settings and NEWSLETTER_ variables, what is still an example's among them, crontab lines, who may
    read the site's files, disk space and clock, the whole database, the SMTP server and its TLS certificate, and the
    SPF, DKIM, DMARC, MX, PTR and MTA-STS records that keep mail out of the spam folder.
    """
    if new_key is not None:
        _make_key(opened, *new_key)
        return
    from newsletter.models.findings import Level
    from newsletter.operations.doctor import examine
    from newsletter.sending.dns_records import Dns
    from newsletter.sources import HttpClient

    dns = Dns(None if offline else system_resolver())
    with HttpClient(opened.config.sender.reply_to, sleep=lambda _seconds: None) as http:
        found = list(examine(opened.config, dns, now(), http=None if offline else http))
    if probe:
        found += _probe(opened, wait_s)
    if as_json:
        print_json(found)
    else:
        print_table(("", "check", "finding", "what to do"), [(f.level, f.about, f.detail, f.remedy) for f in found])
    finish(clean=all(finding.level is not Level.WRONG for finding in found))


def _probe(opened: Opened, wait_s: int) -> list[Finding]:
    from newsletter.models.findings import Finding, Level
    from newsletter.operations.probe import Prober

    try:
        with opened.store() as store:
            secret = store.secret()
        transport = opened.transport()
        try:
            return list(Prober(opened.config, secret, transport, now, wait_s).examine())
        finally:
            transport.close()
    except NewsletterError as error:
        return [Finding(Level.WRONG, "probe", f"not sent: {error.message}", error.hint or "")]


def system_resolver() -> Resolver | None:
    """Return the resolver that this machine is configured with, or None if it has none."""
    from dns.resolver import NoResolverConfiguration, Resolver

    try:
        return Resolver()
    except NoResolverConfiguration:
        return None


def _make_key(opened: Opened, kind: str, path: Path) -> None:
    """Write a private key that only its owner can read, and print its DNS record and settings.

    Raises:
        NewsletterError: The file exists already, or cannot be written.
    """
    from newsletter.files.private_files import write_private
    from newsletter.sending.dkim import new_key

    pem, record = new_key(kind)
    try:
        write_private(path, pem, is_new=True)
    except FileExistsError:
        hint = f"newsletter doctor --new-key {kind} ANOTHER.pem"
        raise NewsletterError(f"{path} exists already and may be in use", hint=hint) from None
    except OSError as error:
        raise NewsletterError(f"{path}: {error.strerror or error}") from error
    selector, prefix = ("papers", "") if kind == "rsa" else ("papers-ed25519", "ed25519_")
    click.echo(f"""\
Created {path}. Publish this DNS record:

{selector}._domainkey.{opened.config.dkim.domain}. TXT "{record}"

and set in {opened.site.config.name}:

[dkim]
{prefix}selector = "{selector}"
{prefix}key = "{os.path.relpath(path.resolve(), opened.site.root.resolve())}"

Next: newsletter doctor""")
