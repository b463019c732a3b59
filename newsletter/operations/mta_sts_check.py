"""Check the MTA-STS policies (RFC 8461) of the domains at which bounces and replies arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from newsletter.config.model import Config
from newsletter.errors import SourceError
from newsletter.models.addresses import wire_address
from newsletter.models.findings import Finding, Level
from newsletter.sending.dns_records import BadRecord, Dns
from newsletter.sending.mta_sts import has_mta_sts, policy_url, read_policy
from newsletter.sources import HttpClient


def check_mta_sts(
    dns: Dns, config: Config, http: HttpClient, url_of: Callable[[str], str] = policy_url
) -> Iterator[Finding]:
    """Check that the policy of each domain can be read, and accepts its mail servers.

    `url_of` returns where a domain publishes its policy; tests have it elsewhere.

    Raises:
        NoResponse: DNS does not respond.
    """
    addresses = (config.sender.address, config.sender.reply_to, config.bounce_address or config.sender.address)
    for domain in sorted({wire_address(address).rpartition("@")[2] for address in addresses}):
        yield _check_domain(dns, domain, http, url_of(domain))


def _check_domain(dns: Dns, domain: str, http: HttpClient, url: str) -> Finding:
    remedy = "correct the policy, or remove the record _mta-sts"
    try:
        if not has_mta_sts(dns, domain):
            return Finding(Level.OK, "MTA-STS", f"{domain} has no policy, which is optional")
        response = http.get(url)
        if response.place != url:  # redirects must not be followed (RFC 8461, 3.3)
            return Finding(Level.WRONG, "MTA-STS", f"{url} redirects, which senders do not follow", remedy)
        policy = read_policy(response.content)
    except BadRecord as error:
        return Finding(Level.WRONG, "MTA-STS", f"{domain}: {error}", remedy)
    except SourceError as error:
        return Finding(Level.WRONG, "MTA-STS", f"{domain}: the policy cannot be read: {error.message}", remedy)
    missing = [host for host in dns.exchanges(domain) if host and not policy.accepts(host)]
    if missing and policy.mode != "none":
        level = Level.WRONG if policy.mode == "enforce" else Level.WARNING
        words = f"{domain}: the policy ({policy.mode}) does not accept its own mail server {missing[0]}"
        return Finding(level, "MTA-STS", words, "add it to the policy as mx, with a new id in the record")
    return Finding(Level.OK, "MTA-STS", f"{domain}: {policy.mode}")
