"""DMARC records (RFC 7489): a domain's policy for mail that neither SPF nor DKIM authenticates."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.sending.dns_records import BadRecord, Dns, tags_of


@dataclass(frozen=True, slots=True)
class Dmarc:
    """A DMARC record, and the domain where it was found: the requested one or a parent."""

    domain: str
    tags: dict[str, str]

    def policy_for(self, domain: str) -> str:
        """Return the policy for a domain's unauthenticated mail: "none", "quarantine" or "reject"."""
        own = self.tags.get("p", "")
        return (own if domain == self.domain else self.tags.get("sp", own)).lower()

    def aligns(self, tag: str, sender: str, other: str) -> bool:
        """Whether the domain of a signature ("adkim") or envelope ("aspf") is aligned with the sender's."""
        if self.tags.get(tag, "r").lower() == "s":
            return other == sender
        return is_within(other, self.domain) and is_within(sender, self.domain)


def is_within(domain: str, parent: str) -> bool:
    """Whether a domain is the same as another, or a subdomain of it."""
    return domain == parent or domain.endswith(f".{parent}")


def dmarc_of(dns: Dns, domain: str) -> Dmarc | None:
    """Return the DMARC record of a domain or of its nearest parent that has one, or None.

    The public suffix list is not used: records above an organization's own domain are very rare.

    Raises:
        NoResponse: DNS does not respond.
        BadRecord: There are several records, so receivers ignore all of them (RFC 7489, 6.6.3).
    """
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        name = ".".join(labels[start:])
        records = [tags for text in dns.texts(f"_dmarc.{name}") if (tags := tags_of(text)).get("v") == "DMARC1"]
        if len(records) > 1:
            raise BadRecord(f"_dmarc.{name} has {len(records)} DMARC records; only one is allowed")
        if records:
            return Dmarc(name, records[0])
    return None
