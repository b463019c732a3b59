"""A site's settings, its mail server and DNS → what stands between its mail and its readers' inboxes.

Nothing is mailed and nothing is changed. What the large providers ask of senders: SPF and DKIM, DMARC aligned with
From, one-click unsubscribing, names that go with addresses (RFC 7208, 6376, 7489, 8058).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsletter.config.load import check_sender
from newsletter.config.model import Config
from newsletter.errors import ConfigError, TransportError
from newsletter.sending.dkim import DkimKey, load_key
from newsletter.sending.dmarc import Dmarc, dmarc_of
from newsletter.sending.dns_records import BadRecord, Dns, NoResponse, tags_of
from newsletter.sending.smtp.handshake import greet
from newsletter.sending.smtp.settings import SmtpSettings
from newsletter.sending.spf import spf_of

#: The largest char there is, with room to spare.
_LARGEST_LETTER_B = 512 * 1024
_SOON_DAYS = 14


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    #: It could not be found out.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    about: str
    words: str
    #: What to do, if anything: a setting, or a record to publish.
    remedy: str = ""


def examine(config: Config, dns: Dns, now: datetime, tls: ssl.SSLContext | None = None) -> Iterator[Finding]:
    """Yield what is found, from the settings to the outside."""
    yield from _settings(config)
    yield from _server(config, now, tls)
    keys = []
    for selector, path in config.dkim.keys:
        try:
            keys.append(load_key(path, config.dkim.domain, selector))
        except ConfigError as error:
            yield Finding(Level.WRONG, "DKIM key", error.message, error.hint or "")
    # SPF is about the domain that bounces go to.
    envelope_domain = (config.bounce_address or config.sender.address).rpartition("@")[2]
    checks: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("SPF", lambda: _spf(dns, envelope_domain)),
        *((f"DKIM {key.selector}", lambda key=key: _dkim(dns, key)) for key in keys),
        ("DMARC", lambda: _dmarc(dns, config, keys)),
        ("MX", lambda: _exchanges(dns, config)),
        ("PTR", lambda: _names(dns, config.smtp)),
    )
    if not config.dkim.keys:
        yield Finding(
            Level.WARNING, "DKIM", "mail is not signed here",
            "newsletter doctor --new-key rsa dkim.pem, unless your mail server signs it",
        )  # fmt: skip
    for about, check in checks:
        yield from _asked(about, check)


def _asked(about: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from list(check())
    except NoResponse as silence:
        yield Finding(Level.UNKNOWN, about, str(silence))
    except BadRecord as error:
        yield Finding(Level.WRONG, about, str(error), "receivers ignore such a record: mend it")


# -- here ---------------------------------------------------------------------------------------------


def _settings(config: Config) -> Iterator[Finding]:
    try:
        check_sender(config)
        yield Finding(Level.OK, "sender", f"{config.sender.name} <{config.sender.address}>")
    except ConfigError as error:
        yield Finding(Level.WRONG, "sender", error.message, error.hint or "")
    if config.site_url is None:
        words = "no site.url: readers leave by mail, and not with one click (RFC 8058)"
        yield Finding(Level.WARNING, "leaving", words, "large providers ask for one click of who sends much")
    elif not config.site_url.startswith("https://"):
        yield Finding(
            Level.WRONG, "leaving", f"{config.site_url} is not https, which RFC 8058 asks for", "set site.url"
        )
    else:
        yield Finding(Level.OK, "leaving", f"one click, at {config.site_url}")
    if not config.sender.postal_address:
        words = "no postal address, which the law asks for in many countries"
        yield Finding(Level.WARNING, "address", words, "set sender.postal_address")


def _server(config: Config, now: datetime, tls: ssl.SSLContext | None) -> Iterator[Finding]:
    if config.smtp is None:
        yield Finding(Level.WARNING, "server", f"none: mail goes into the Maildir {config.outbox}", "set smtp.host")
        return
    for settings in (config.smtp, *config.relays):
        try:
            connection, extensions = greet(settings, tls)
        except TransportError as error:
            yield Finding(Level.WRONG, "server", error.message, error.hint or "")
            continue
        with closing(connection):
            logged_in = "logged in" if settings.username else "no login"
            yield Finding(Level.OK, "server", f"{settings} answers, {logged_in}")
            yield _encryption(settings, connection, now)
            yield from _extensions(settings, extensions)


def _encryption(settings: SmtpSettings, connection: object, now: datetime) -> Finding:
    if not isinstance(connection, ssl.SSLSocket):
        if settings.is_loopback:
            return Finding(Level.OK, "TLS", "none, on this machine")
        words = "passwords and mail cross the network as they are"
        return Finding(Level.WRONG, "TLS", words, 'set smtp.security = "starttls"')
    ends = str((connection.getpeercert() or {}).get("notAfter", ""))
    days = int((ssl.cert_time_to_seconds(ends) - now.timestamp()) // 86400) if ends else 0
    level = Level.WARNING if days < _SOON_DAYS else Level.OK
    return Finding(level, "TLS", f"{connection.version()}, certificate good for {days} days")


def _extensions(settings: SmtpSettings, offered: Mapping[str, str]) -> Iterator[Finding]:
    size = offered.get("size", "")
    if size.isdecimal() and 0 < int(size) < _LARGEST_LETTER_B:
        yield Finding(Level.WARNING, "size", f"{settings} takes no more than {int(size)} bytes", "ask for more")
    known = [name.upper() for name in ("pipelining", "chunking", "smtputf8", "8bitmime") if name in offered]
    yield Finding(Level.OK, "extensions", ", ".join(known) or "none")


# -- in DNS -------------------------------------------------------------------------------------------


def _spf(dns: Dns, domain: str) -> Iterator[Finding]:
    spf = spf_of(dns, domain)
    if spf is None:
        record = f'{domain}. TXT "v=spf1 include:YOUR-MAIL-PROVIDER -all"'
        yield Finding(Level.WRONG, "SPF", f"{domain} does not say who may send its mail", f"publish {record}")
    elif spf.ending == "+all":
        yield Finding(
            Level.WRONG, "SPF", f"{domain} lets everybody send its mail: {_inert(spf.record)}", "end it with -all"
        )
    elif spf.ending in ("", "?all"):
        yield Finding(Level.WARNING, "SPF", f"{domain} says nothing of everybody else", "end it with ~all or -all")
    else:
        yield Finding(Level.OK, "SPF", f"{_inert(spf.record)} ({spf.lookups} of 10 lookups)")


def _dkim(dns: Dns, key: DkimKey) -> Iterator[Finding]:
    about, publish = f"DKIM {key.selector}", f'publish {key.host}. TXT "{key.record}"'
    records = [tags for text in dns.texts(key.host) if "p" in (tags := tags_of(text))]
    if not records:
        yield Finding(Level.WRONG, about, f"{key.host} has no key: signatures cannot be verified", publish)
    elif len(records) > 1:
        yield Finding(Level.WRONG, about, f"{key.host} has {len(records)} keys, and may have one only", publish)
    elif not records[0]["p"]:
        yield Finding(Level.WRONG, about, f"the key at {key.host} was revoked", publish)
    elif records[0]["p"] != tags_of(key.record)["p"]:
        yield Finding(Level.WRONG, about, f"the key at {key.host} is another than the one that signs", publish)
    elif "y" in records[0].get("t", "").split(":"):
        yield Finding(Level.WARNING, about, "in testing mode (t=y): signatures count for nothing", "take t=y out")
    else:
        yield Finding(Level.OK, about, f"{key.algorithm} for {key.domain}")


def _dmarc(dns: Dns, config: Config, keys: list[DkimKey]) -> Iterator[Finding]:
    domain = config.sender.domain
    dmarc = dmarc_of(dns, domain)
    if dmarc is None:
        record = f'_dmarc.{domain}. TXT "v=DMARC1; p=none; rua=mailto:{config.sender.reply_to}"'
        yield Finding(Level.WRONG, "DMARC", f"{domain} has none, and large providers ask for it", f"publish {record}")
        return
    policy = dmarc.policy_for(domain)
    if policy not in ("none", "quarantine", "reject"):
        yield Finding(Level.WRONG, "DMARC", f"p={_inert(policy)} is no policy", "p=none, p=quarantine or p=reject")
    elif policy == "none":
        yield Finding(
            Level.WARNING, "DMARC", "p=none: forged mail is let through", "p=quarantine, once reports are good"
        )
    else:
        yield Finding(Level.OK, "DMARC", f"p={policy}, at {dmarc.domain}")
    yield from _alignment(dmarc, domain, keys)


def _alignment(dmarc: Dmarc, domain: str, keys: list[DkimKey]) -> Iterator[Finding]:
    apart = sorted({key.domain for key in keys if not dmarc.aligns("adkim", domain, key.domain)})
    if apart and len(apart) == len({key.domain for key in keys}):
        words = f"signatures of {', '.join(apart)} do not vouch for mail from {domain}"
        yield Finding(Level.WRONG, "alignment", words, f'set dkim.domain = "{domain}"')
    elif keys:
        yield Finding(Level.OK, "alignment", f"signatures vouch for {domain}")


def _exchanges(dns: Dns, config: Config) -> Iterator[Finding]:
    answers = config.sender.reply_to.rpartition("@")[2]
    for domain in sorted({config.sender.domain, answers}):
        exchanges = dns.exchanges(domain)
        if exchanges and any(exchanges):
            yield Finding(Level.OK, "MX", f"{domain}: {_inert(exchanges[0])}")
        else:
            words = f"{domain} takes no mail: bounces, answers and wishes to leave are lost"
            yield Finding(Level.WRONG, "MX", words, "publish an MX record, or set sender.reply_to")


def _names(dns: Dns, smtp: SmtpSettings | None) -> Iterator[Finding]:
    """Look at the name of a server that delivers by itself; of one with a login it is its owner's matter."""
    if smtp is None or smtp.is_loopback or smtp.username:
        return
    for address in dns.addresses(smtp.host):
        names = dns.names_of(address)
        if not any(address in dns.addresses(name) for name in names):
            words = f"{address} has no name that leads back to it"
            yield Finding(Level.WARNING, "PTR", words, "ask who gave you the address, if mail leaves from there")
        else:
            yield Finding(Level.OK, "PTR", f"{address}: {_inert(names[0])}")


def _inert(text: str) -> str:
    """Return what DNS says, short and without what a terminal would act on."""
    return "".join(char if char.isprintable() else "?" for char in text[:300])
