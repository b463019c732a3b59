"""Check a site's DNS records: SPF, DKIM, DMARC and its alignment, MX, reverse DNS.

Each check raises `NoResponse` if no name server responds, and `BadRecord` for a record that cannot be parsed.
"""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.config.model import Config
from newsletter.models.findings import Finding, Level
from newsletter.sending.dkim import DkimKey
from newsletter.sending.dmarc import Dmarc, dmarc_of
from newsletter.sending.dns_records import Dns, tags_of
from newsletter.sending.smtp.settings import SmtpSettings
from newsletter.sending.spf import spf_of


def check_spf(dns: Dns, domain: str) -> Iterator[Finding]:
    """Check the SPF record of the return address's domain (RFC 7208)."""
    spf = spf_of(dns, domain)
    if spf is None:
        record = f'{domain}. TXT "v=spf1 include:YOUR-MAIL-PROVIDER -all"'
        yield Finding(Level.WRONG, "SPF", f"{domain} has no SPF record", f"publish {record}")
    elif spf.ending == "+all":
        yield Finding(
            Level.WRONG, "SPF", f"{domain} allows every server to send (+all): {_inert(spf.record)}", "end it with -all"
        )
    elif spf.ending in ("", "?all"):
        yield Finding(
            Level.WARNING,
            "SPF",
            f"the SPF record of {domain} does not end with ~all or -all",
            "end it with ~all or -all",
        )
    else:
        yield Finding(Level.OK, "SPF", f"{_inert(spf.record)} ({spf.lookups} of 10 lookups)")


def check_dkim(dns: Dns, key: DkimKey) -> Iterator[Finding]:
    """Check that the published key matches the private key (RFC 6376)."""
    about, publish = f"DKIM {key.selector}", f'publish {key.host}. TXT "{key.record}"'
    records = [tags for text in dns.texts(key.host) if "p" in (tags := tags_of(text))]
    if not records:
        yield Finding(Level.WRONG, about, f"{key.host} has no DKIM record: signatures cannot be verified", publish)
    elif len(records) > 1:
        yield Finding(Level.WRONG, about, f"{key.host} has {len(records)} DKIM records; only one is allowed", publish)
    elif not records[0]["p"]:
        yield Finding(Level.WRONG, about, f"the key at {key.host} is revoked", publish)
    elif records[0]["p"] != tags_of(key.record)["p"]:
        yield Finding(Level.WRONG, about, f"the key at {key.host} does not match the private key", publish)
    elif "y" in records[0].get("t", "").split(":"):
        yield Finding(Level.WARNING, about, "testing mode (t=y): receivers ignore the signatures", "remove t=y")
    else:
        yield Finding(Level.OK, about, f"{key.algorithm} for {key.domain}")


def check_dmarc(dns: Dns, config: Config, keys: list[DkimKey]) -> Iterator[Finding]:
    """Check the DMARC policy, and that a DKIM domain is aligned with From (RFC 7489)."""
    domain = config.sender.domain
    dmarc = dmarc_of(dns, domain)
    if dmarc is None:
        record = f'_dmarc.{domain}. TXT "v=DMARC1; p=none; rua=mailto:{config.sender.reply_to}"'
        yield Finding(
            Level.WRONG,
            "DMARC",
            f"{domain} has no DMARC record; Gmail and Yahoo require one for bulk senders",
            f"publish {record}",
        )
        return
    policy = dmarc.policy_for(domain)
    if policy not in ("none", "quarantine", "reject"):
        yield Finding(
            Level.WRONG, "DMARC", f"invalid policy: p={_inert(policy)}", "publish p=none, p=quarantine or p=reject"
        )
    elif policy == "none":
        yield Finding(
            Level.WARNING,
            "DMARC",
            "p=none: forged messages are delivered",
            "publish p=quarantine once reports are good",
        )
    else:
        yield Finding(Level.OK, "DMARC", f"p={policy}, at {dmarc.domain}")
    yield from _alignment(dmarc, domain, keys)


def _alignment(dmarc: Dmarc, domain: str, keys: list[DkimKey]) -> Iterator[Finding]:
    unaligned = sorted({key.domain for key in keys if not dmarc.aligns("adkim", domain, key.domain)})
    if unaligned and len(unaligned) == len({key.domain for key in keys}):
        words = f"DKIM domain {', '.join(unaligned)} is not aligned with From: {domain}"
        yield Finding(Level.WRONG, "alignment", words, f'set dkim.domain = "{domain}"')
    elif keys:
        yield Finding(Level.OK, "alignment", f"DKIM is aligned with {domain}")


def check_mx(dns: Dns, config: Config) -> Iterator[Finding]:
    """Check that the sender's and the Reply-To domain receive mail."""
    replies = config.sender.reply_to.rpartition("@")[2]
    for domain in sorted({config.sender.domain, replies}):
        exchanges = dns.exchanges(domain)
        if exchanges and any(exchanges):
            yield Finding(Level.OK, "MX", f"{domain}: {_inert(exchanges[0])}")
        else:
            words = f"{domain} has no MX record: bounces, replies and unsubscribe requests are lost"
            yield Finding(Level.WRONG, "MX", words, "publish an MX record, or set sender.reply_to")


def check_reverse_dns(dns: Dns, smtp: SmtpSettings | None) -> Iterator[Finding]:
    """Check the reverse DNS of a server that delivers directly; that of a relay with a login is its owner's concern."""
    if smtp is None or smtp.is_loopback or smtp.username:
        return
    for address in dns.addresses(smtp.host):
        names = dns.names_of(address)
        if not any(address in dns.addresses(name) for name in names):
            words = f"{address} has no matching reverse DNS (PTR) record"
            yield Finding(
                Level.WARNING, "PTR", words, "ask your hosting provider to set it, if the server delivers directly"
            )
        else:
            yield Finding(Level.OK, "PTR", f"{address}: {_inert(names[0])}")


def _inert(text: str) -> str:
    """Return text from DNS, shortened and without control characters."""
    return "".join(char if char.isprintable() else "?" for char in text[:300])
