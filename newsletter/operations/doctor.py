"""Check a site: settings, files, database, and deliverability (mail server and DNS) → findings.

No message is sent and nothing is changed. Of mail, it checks what mailbox providers require of bulk senders: SPF
(RFC 7208), DKIM (RFC 6376), DMARC alignment (RFC 7489), one-click unsubscribe (RFC 8058), and reverse DNS.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta

from newsletter.config.load import check_sender
from newsletter.config.model import Config
from newsletter.errors import ConfigError, StoreError, TransportError
from newsletter.errors.installation import has_scikit_learn, install_command
from newsletter.models.findings import Finding, Level
from newsletter.operations.cron_checks import check_crontabs
from newsletter.operations.dns_checks import check_dkim, check_dmarc, check_mx, check_reverse_dns, check_spf
from newsletter.operations.file_checks import check_files
from newsletter.operations.machine_checks import check_clock, check_disk, check_past
from newsletter.operations.mta_sts_check import check_mta_sts
from newsletter.operations.placeholder_checks import check_placeholders
from newsletter.sending.dkim import load_key
from newsletter.sending.dns_records import BadRecord, Dns, NoResponse
from newsletter.sending.smtp.handshake import greet
from newsletter.sending.smtp.settings import SmtpSettings
from newsletter.sources import HttpClient
from newsletter.sources.settings import label_of, missing, variable_of
from newsletter.store import open_store
from newsletter.store.database import DAMAGED

#: A server should accept messages of this size; the largest digest is smaller.
_MAX_MESSAGE_B = 512 * 1024
_EXPIRES_SOON_DAYS = 14


def examine(
    config: Config,
    dns: Dns,
    now: datetime,
    tls: ssl.SSLContext | None = None,
    http: HttpClient | None = None,
) -> Iterator[Finding]:
    """Yield findings: about the settings, the files and the machine, then the mail server, then DNS.

    `tls` replaces the default TLS context, for tests. Without `http`, what needs the web is left out.
    """
    yield from _settings(config)
    yield from check_placeholders(config)
    yield from check_crontabs(config.site)
    yield from check_files(config)
    yield from check_disk(config)
    yield from _database(config, now)
    yield from _server(config, now, tls)
    keys = []
    for selector, path in config.dkim.keys:
        try:
            keys.append(load_key(path, config.dkim.domain, selector))
        except ConfigError as error:
            yield Finding(Level.WRONG, "DKIM key", error.message, error.hint or "")
    # SPF is checked for the domain of the return address.
    envelope_domain = (config.bounce_address or config.sender.address).rpartition("@")[2]
    checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("SPF", lambda: check_spf(dns, envelope_domain)),
        *((f"DKIM {key.selector}", lambda key=key: check_dkim(dns, key)) for key in keys),
        ("DMARC", lambda: check_dmarc(dns, config, keys)),
        ("MX", lambda: check_mx(dns, config)),
        ("PTR", lambda: check_reverse_dns(dns, config.smtp)),
        *((("MTA-STS", lambda: check_mta_sts(dns, config, http)),) if http is not None else ()),
        *((("clock", lambda: check_clock(http, clock_of(now))),) if http is not None else ()),
    )
    if not config.dkim.keys:
        yield Finding(
            Level.WARNING, "DKIM", "messages are not signed by this site",
            "newsletter doctor --new-key rsa dkim.pem, unless your mail server signs them",
        )  # fmt: skip
    for about, check in checks:
        yield from _checked(about, check)


def clock_of(now: datetime) -> Callable[[], datetime]:
    """Return a clock that shows `now` at first, and goes on."""
    began = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - began)


def _checked(about: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from list(check())
    except NoResponse as error:
        yield Finding(Level.UNKNOWN, about, str(error))
    except BadRecord as error:
        yield Finding(Level.WRONG, about, str(error), "correct the record: receivers ignore an invalid one")


# -- settings and server ---------------------------------------------------------------------------------


def _settings(config: Config) -> Iterator[Finding]:
    for source in config.sources:
        for name in missing(source):
            remedy = f"set {variable_of(type(source), name)}, or leave the source out"
            yield Finding(Level.WRONG, "sources", f"{label_of(source)}: no {name}", remedy)
    for line in config.unknown_variables:
        yield Finding(Level.WARNING, "environment", line, "correct its name, or unset it")
    try:
        check_sender(config)
        yield Finding(Level.OK, "sender", f"{config.sender.name} <{config.sender.address}>")
    except ConfigError as error:
        yield Finding(Level.WRONG, "sender", error.message, error.hint or "")
    if config.site_url is None:
        words = "no one-click unsubscribe (RFC 8058): subscribers unsubscribe by email"
        yield Finding(Level.WARNING, "unsubscribe", words, "set site.url; Gmail and Yahoo require it for bulk senders")
    elif not config.site_url.startswith("https://"):
        yield Finding(
            Level.WRONG,
            "unsubscribe",
            f"one-click unsubscribe requires https (RFC 8058): {config.site_url}",
            "set site.url",
        )
    else:
        yield Finding(Level.OK, "unsubscribe", f"one-click, at {config.site_url}")
    yield _ranking()
    if not config.sender.postal_address:
        words = "no postal address (required by CAN-SPAM and others)"
        yield Finding(Level.WARNING, "address", words, "set sender.postal_address")


def _ranking() -> Finding:
    """Say what papers are ranked by, and what scikit-learn would add."""
    if has_scikit_learn():
        return Finding(Level.OK, "ranking", "by words, models of topics, and tastes")
    words = "by words; scikit-learn would add papers close to a topic, last places for marginal mentions, and tastes"
    return Finding(Level.OK, "ranking", words, install_command("taste"))


def _database(config: Config, now: datetime) -> Iterator[Finding]:
    """Examine the whole database file; say how many keys of addresses an upgrade has changed, if any."""
    if config.database is None and not config.site.store.exists():
        return
    try:
        with open_store(config.store) as store:
            problems = store.problems()
            changed = 0 if problems else store.subscribers.changed_keys()
            merged = 0 if problems else store.subscribers.merged_keys()
            future = [] if problems else list(check_past(store, now))
    except StoreError as error:
        yield Finding(Level.WRONG, "database", error.message, error.hint or "")
        return
    for problem in problems:
        yield Finding(Level.WRONG, "database", problem, DAMAGED)
    if not problems:
        yield Finding(Level.OK, "database", "sound")
        yield from future
    if changed:
        words = f"{changed} keys of addresses changed: ß and ss, for example, are different addresses now"
        if merged:
            words += f"; {merged} that were stored in two spellings are one now, with the stricter status"
        remedy = "newsletter subscribers list; people who signed up as one may sign up as two"
        yield Finding(Level.OK, "keys", words, remedy)


def _server(config: Config, now: datetime, tls: ssl.SSLContext | None) -> Iterator[Finding]:
    if config.smtp is None:
        yield Finding(
            Level.WARNING, "server", f"no mail server: messages go to the Maildir {config.outbox}", "set smtp.host"
        )
        return
    for settings in (config.smtp, *config.relays):
        try:
            connection, extensions = greet(settings, tls)
        except TransportError as error:
            yield Finding(Level.WRONG, "server", error.message, error.hint or "")
            continue
        with closing(connection):
            authentication = "authenticated" if settings.username else "no authentication"
            yield Finding(Level.OK, "server", f"{settings} responds, {authentication}")
            yield _encryption(settings, connection, now)
            yield from _extensions(settings, extensions)


def _encryption(settings: SmtpSettings, connection: object, now: datetime) -> Finding:
    if not isinstance(connection, ssl.SSLSocket):
        if settings.is_loopback:
            return Finding(Level.OK, "TLS", "no TLS, on this machine")
        words = "no TLS: passwords and messages cross the network in cleartext"
        return Finding(Level.WRONG, "TLS", words, 'set smtp.security = "starttls"')
    ends = str((connection.getpeercert() or {}).get("notAfter", ""))
    days = int((ssl.cert_time_to_seconds(ends) - now.timestamp()) // 86400) if ends else 0
    level = Level.WARNING if days < _EXPIRES_SOON_DAYS else Level.OK
    return Finding(level, "TLS", f"{connection.version()}, certificate valid for {days} days")


def _extensions(settings: SmtpSettings, offered: Mapping[str, str]) -> Iterator[Finding]:
    size = offered.get("size", "")
    if size.isdecimal() and 0 < int(size) < _MAX_MESSAGE_B:
        yield Finding(
            Level.WARNING, "size", f"{settings} limits messages to {int(size)} bytes", "raise the limit of the server"
        )
    known = [name.upper() for name in ("pipelining", "chunking", "smtputf8", "8bitmime") if name in offered]
    yield Finding(Level.OK, "extensions", ", ".join(known) or "none")
