"""Sender Policy Framework records (RFC 7208): which servers may send a domain's mail."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from newsletter.sending.dns_records import BadRecord, Dns

_MAX_LOOKUPS = 10  # RFC 7208, 4.6.4
_MECHANISM = re.compile(r"([+?~-]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?:([:/])(\S+))?", re.IGNORECASE)
_MODIFIER = re.compile(r"([a-z][a-z0-9._-]*)=(\S*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Spf:
    """A domain's SPF record, with its includes and redirects followed."""

    record: str
    #: Number of DNS lookups that it takes to evaluate.
    lookups: int
    #: The policy for all other servers: "-all", "~all", "?all", "+all", or "" if there is none.
    ending: str


def spf_of(dns: Dns, domain: str) -> Spf | None:
    """Return the SPF record of a domain, or None.

    Raises:
        NoResponse: DNS does not respond.
        BadRecord: The record is invalid: receivers report "permerror" (RFC 7208, 2.6.7).
    """
    record = _spf_record(dns, domain)
    if record is None:
        return None
    lookups: list[str] = []
    ending = _follow(dns, record, lookups)
    return Spf(record, len(lookups), ending)


def _spf_record(dns: Dns, domain: str) -> str | None:
    records = [text for text in dns.texts(domain) if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]
    if len(records) > 1:
        raise BadRecord(f"{domain} has {len(records)} SPF records; only one is allowed")
    return records[0] if records else None


def _follow(dns: Dns, record: str, lookups: list[str]) -> str:
    """Add every lookup that a record needs to `lookups`; return its policy for all other servers."""
    redirect = ""
    for term in record.split()[1:]:
        if modifier := _MODIFIER.fullmatch(term):
            redirect = modifier[2] if modifier[1].lower() == "redirect" else redirect
            continue
        mechanism = _MECHANISM.fullmatch(term)
        if mechanism is None:
            raise BadRecord(f"unknown SPF mechanism {term!r}")
        name, value = mechanism[2].lower(), mechanism[4] or ""
        if name == "all":
            return f"{mechanism[1] or '+'}all"
        if name in ("ip4", "ip6"):
            _check_network(term, name, value)
        else:
            _count_lookup(term, lookups)
            if name == "include":
                _follow_other(dns, value, lookups)
    if redirect:
        _count_lookup(f"redirect={redirect}", lookups)
        return _follow_other(dns, redirect, lookups)
    return ""


def _follow_other(dns: Dns, domain: str, lookups: list[str]) -> str:
    if "%" in domain:  # a macro: different for every message
        return ""
    record = _spf_record(dns, domain)
    if record is None:
        raise BadRecord(f"the SPF record includes {domain!r}, which has no SPF record")
    return _follow(dns, record, lookups)


def _count_lookup(term: str, lookups: list[str]) -> None:
    lookups.append(term)
    if len(lookups) > _MAX_LOOKUPS:
        raise BadRecord(f"the SPF record needs more than {_MAX_LOOKUPS} DNS lookups: {' '.join(lookups)}")


def _check_network(term: str, kind: str, text: str) -> None:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        network = None
    if network is None or network.version != int(kind[-1]):
        raise BadRecord(f"invalid network in the SPF record: {term!r}")
