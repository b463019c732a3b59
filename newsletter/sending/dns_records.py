"""What domains publish in DNS about their mail: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489), MX and PTR."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

from dns.exception import DNSException
from dns.rdatatype import RdataType
from dns.resolver import NXDOMAIN, NoAnswer, Resolver
from dns.reversename import from_address

_TIMEOUT_S = 5.0
#: After so many questions without an answer, nobody is waited for any more.
_MOST_FAILURES = 2
_MOST_LOOKUPS = 10  # RFC 7208, 4.6.4
_MECHANISM = re.compile(r"([+?~-]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?:([:/])(\S+))?", re.IGNORECASE)
_MODIFIER = re.compile(r"([a-z][a-z0-9._-]*)=(\S*)", re.IGNORECASE)


class NoResponse(Exception):
    """DNS gave no answer, neither a record nor that there is none."""


class BadRecord(Exception):
    """What is published cannot be used by those who read it."""


@dataclass(slots=True)
class Dns:
    """Asks a resolver; without one, every question raises `NoResponse`."""

    resolver: Resolver | None
    _failures: int = field(default=0, init=False)

    def texts(self, name: str) -> list[str]:
        """Return the TXT records of a name."""
        return [b"".join(data.strings).decode("utf-8", "replace") for data in self._ask(name, RdataType.TXT)]

    def addresses(self, host: str) -> list[str]:
        """Return the addresses of a host, or itself if it is one."""
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            found = [data.address for kind in (RdataType.A, RdataType.AAAA) for data in self._ask(host, kind)]
            return [str(ipaddress.ip_address(address)) for address in found]

    def exchanges(self, domain: str) -> list[str]:
        """Return who takes mail for a domain, best first; "" means that it wants none (RFC 7505)."""
        found = sorted(self._ask(domain, RdataType.MX), key=lambda data: data.preference)
        return [str(data.exchange).rstrip(".") for data in found]

    def names_of(self, address: str) -> list[str]:
        """Return the names that an address says it has."""
        return [str(data.target).rstrip(".") for data in self._ask(str(from_address(address)), RdataType.PTR)]

    def _ask(self, name: str, kind: RdataType) -> list:  # type: ignore[type-arg]  # dnspython's records have no types
        if self.resolver is None:
            raise NoResponse("nobody was asked")
        if self._failures >= _MOST_FAILURES:
            raise NoResponse("no name server answers")
        try:
            answer = self.resolver.resolve(name, kind, search=False, lifetime=_TIMEOUT_S)
        except (NXDOMAIN, NoAnswer):
            return []
        except (DNSException, OSError) as error:
            self._failures += 1
            raise NoResponse(f"no name server answers for {name}") from error
        self._failures = 0
        return list(answer)


def tags_of(record: str) -> dict[str, str]:
    """Return the tags of a record such as "v=DMARC1; p=none", without the space in and around them."""
    parts = (part.partition("=") for part in record.split(";"))
    return {name.strip(): re.sub(r"\s+", "", value) for name, equals, value in parts if equals}


# -- SPF ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spf:
    """A domain's SPF record, followed to its end."""

    record: str
    lookups: int
    #: "-all", "~all", "?all", "+all", or "" where it says nothing of everybody else.
    ending: str


def spf_of(dns: Dns, domain: str) -> Spf | None:
    """Return what SPF says of a domain, None if nothing.

    Raises:
        Silence: DNS gives no answer.
        BadRecord: Receivers would take it for an error ("permerror").
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
        raise BadRecord(f"{domain} has {len(records)} SPF records, and may have one only")
    return records[0] if records else None


def _follow(dns: Dns, record: str, lookups: list[str]) -> str:
    """Note down every lookup that a record costs; return what it says of everybody else."""
    redirect = ""
    for term in record.split()[1:]:
        if modifier := _MODIFIER.fullmatch(term):
            redirect = modifier[2] if modifier[1].lower() == "redirect" else redirect
            continue
        mechanism = _MECHANISM.fullmatch(term)
        if mechanism is None:
            raise BadRecord(f"SPF knows no {term!r}")
        name, value = mechanism[2].lower(), mechanism[4] or ""
        if name == "all":
            return f"{mechanism[1] or '+'}all"
        if name in ("ip4", "ip6"):
            _check_network(term, name, value)
        else:
            _look_up(term, lookups)
            if name == "include":
                _follow_other(dns, value, lookups)
    if redirect:
        _look_up(f"redirect={redirect}", lookups)
        return _follow_other(dns, redirect, lookups)
    return ""


def _follow_other(dns: Dns, domain: str, lookups: list[str]) -> str:
    if "%" in domain:  # a macro: different for every message
        return ""
    record = _spf_record(dns, domain)
    if record is None:
        raise BadRecord(f"SPF is to be taken from {domain!r}, which has none")
    return _follow(dns, record, lookups)


def _look_up(term: str, lookups: list[str]) -> None:
    lookups.append(term)
    if len(lookups) > _MOST_LOOKUPS:
        raise BadRecord(f"SPF costs more than {_MOST_LOOKUPS} lookups: {' '.join(lookups)}")


def _check_network(term: str, kind: str, text: str) -> None:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        network = None
    if network is None or network.version != int(kind[-1]):
        raise BadRecord(f"SPF: {term!r} names no network")


# -- DMARC --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dmarc:
    """A DMARC record, and at which domain it was found: the asked one, or one above it."""

    domain: str
    tags: dict[str, str]

    def policy_for(self, domain: str) -> str:
        """Return what becomes of a domain's mail that nobody vouches for: "none", "quarantine" or "reject"."""
        own = self.tags.get("p", "")
        return (own if domain == self.domain else self.tags.get("sp", own)).lower()

    def aligns(self, tag: str, sender: str, other: str) -> bool:
        """Whether the domain of a signature ("adkim") or envelope ("aspf") vouches for the sender's."""
        if self.tags.get(tag, "r").lower() == "s":
            return other == sender
        return is_within(other, self.domain) and is_within(sender, self.domain)


def is_within(domain: str, above: str) -> bool:
    """Whether a domain is another, or below it."""
    return domain == above or domain.endswith(f".{above}")


def dmarc_of(dns: Dns, domain: str) -> Dmarc | None:
    """Return the DMARC record of a domain, or of the nearest above it that has one; None without.

    No list of public suffixes is needed: a record nearer to the root than an organisation's own is very rare.

    Raises:
        Silence: DNS gives no answer.
        BadRecord: There are several, which receivers take for none.
    """
    labels = domain.split(".")
    for at in range(max(1, len(labels) - 1)):
        name = ".".join(labels[at:])
        records = [tags for text in dns.texts(f"_dmarc.{name}") if (tags := tags_of(text)).get("v") == "DMARC1"]
        if len(records) > 1:
            raise BadRecord(f"_dmarc.{name} has {len(records)} DMARC records, and may have one only")
        if records:
            return Dmarc(name, records[0])
    return None
