"""[[mailboxes]] of newsletter.toml: further mailboxes that are read for bounces and commands by email.

Each has the settings of [bounces] that name a mailbox; the password of the first is NEWSLETTER_MAILBOX_1_PASSWORD.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from newsletter.config.schema import read_settings
from newsletter.errors import ConfigError, did_you_mean
from newsletter.files.site import Site
from newsletter.mailboxes.imap import ImapAccount
from newsletter.sending.bounces.settings import Mailbox

#: What a table may set.
KEYS = ("maildir", "imap_host", "imap_port", "imap_username", "imap_password", "imap_folder")


def further_mailboxes(rows: Any, site: Site, environ: Mapping[str, str]) -> tuple[Mailbox, ...]:
    """Return the mailboxes of the tables, in order.

    Raises:
        ConfigError: A setting is unknown or not valid, or a table names no mailbox, or two.
    """
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError("mailboxes: expected tables", hint='for example [[mailboxes]] with maildir = "replies"')
    return tuple(_mailbox(number, row, site, environ) for number, row in enumerate(rows, start=1))


def _mailbox(number: int, row: Mapping[str, Any], site: Site, environ: Mapping[str, str]) -> Mailbox:
    place = f"mailboxes: entry {number}"
    for name in sorted(row.keys() - set(KEYS)):
        raise ConfigError(f"{place}: {name}: no such setting", hint=did_you_mean(name, KEYS))
    password = environ.get(f"NEWSLETTER_MAILBOX_{number}_PASSWORD")
    environment = {"NEWSLETTER_BOUNCES_IMAP_PASSWORD": password} if password else {}
    try:
        values = read_settings({"bounces": dict(row)}, environment)
    except ConfigError as error:
        raise ConfigError(f"{place}: {error.message.removeprefix('bounces.')}", hint=error.hint) from error
    maildir, host = values["bounces.maildir"], values["bounces.imap_host"]
    if bool(maildir) == bool(host):
        raise ConfigError(f"{place}: expected either maildir or imap_host")
    if maildir:
        return Mailbox(maildir=site.root / maildir)
    account = ImapAccount(
        section=place,
        imap_host=host,
        imap_port=values["bounces.imap_port"],
        imap_username=values["bounces.imap_username"],
        imap_password=values["bounces.imap_password"],
        imap_folder=values["bounces.imap_folder"],
    )
    return Mailbox(account=account)
