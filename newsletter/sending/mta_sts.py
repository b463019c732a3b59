"""MTA-STS policies (RFC 8461): whether servers that send to a domain must use TLS, and which of its hosts they accept.

A policy that does not fit the MX records loses mail: senders that honour it deliver nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.sending.dns_records import BadRecord, Dns, tags_of

#: A policy is short; the rest is not read (RFC 8461, 3.2, names 64 KB).
_MAX_BYTES = 65_536
_MODES = ("enforce", "testing", "none")


@dataclass(frozen=True, slots=True)
class MtaStsPolicy:
    """A policy."""

    #: "enforce", "testing" or "none".
    mode: str
    #: Names of hosts; one that begins with "*." stands for any single label.
    hosts: tuple[str, ...]
    max_age_s: int

    def accepts(self, host: str) -> bool:
        """Return whether mail may be delivered to a host (RFC 8461, 4.1)."""
        name = host.rstrip(".").lower()
        return any(
            name.partition(".")[2] == pattern[2:] if pattern.startswith("*.") else name == pattern
            for pattern in self.hosts
        )


def has_mta_sts(dns: Dns, domain: str) -> bool:
    """Return whether a domain announces a policy (RFC 8461, 3.1).

    Raises:
        NoResponse: DNS does not respond.
        BadRecord: There are several records, so senders ignore all of them, or it has no id.
    """
    records = [tags for text in dns.texts(f"_mta-sts.{domain}") if (tags := tags_of(text)).get("v") == "STSv1"]
    if len(records) > 1:
        raise BadRecord(f"_mta-sts.{domain} has {len(records)} records; only one is allowed")
    if records and not records[0].get("id", "").isalnum():
        raise BadRecord(f"_mta-sts.{domain} has no valid id")
    return bool(records)


def policy_url(domain: str) -> str:
    """Return where a domain publishes its policy."""
    return f"https://mta-sts.{domain}/.well-known/mta-sts.txt"


def read_policy(content: bytes) -> MtaStsPolicy:
    """Return the policy in a file (RFC 8461, 3.2).

    Raises:
        BadRecord: It is not valid.
    """
    pairs: list[tuple[str, str]] = []
    for line in content[:_MAX_BYTES].decode("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        pairs.append((name.strip().lower(), value.strip()))
    known = dict(reversed(pairs))  # of several, the first counts
    if known.get("version") != "STSv1":
        raise BadRecord("the MTA-STS policy does not begin with version: STSv1")
    mode, age = known.get("mode", ""), known.get("max_age", "")
    hosts = tuple(value.rstrip(".").lower() for name, value in pairs if name == "mx" and value)
    if mode not in _MODES or not (age.isascii() and age.isdecimal() and len(age) <= 10):
        raise BadRecord("the MTA-STS policy has no valid mode and max_age")
    if not hosts and mode != "none":
        raise BadRecord("the MTA-STS policy names no mx")
    return MtaStsPolicy(mode, hosts, int(age))
