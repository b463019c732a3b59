"""DNS lookups of what concerns a domain's mail: TXT, A, AAAA, MX and PTR records. See also `spf` and `dmarc`."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

from dns.exception import DNSException
from dns.rdatatype import RdataType
from dns.resolver import NXDOMAIN, NoAnswer, Resolver
from dns.reversename import from_address

_TIMEOUT_S = 5.0
#: Number of consecutive lookups without a response after which no more are tried.
_MAX_FAILURES = 2


class NoResponse(Exception):
    """DNS did not respond, so it is unknown whether there is a record."""


class BadRecord(Exception):
    """A published record is invalid, and receivers ignore it or treat it as an error."""


@dataclass(slots=True)
class Dns:
    """DNS lookups by a resolver. All raise `NoResponse` when there is no response, or no resolver."""

    resolver: Resolver | None
    _failures: int = field(default=0, init=False)

    def texts(self, name: str) -> list[str]:
        """Return the TXT records of a name."""
        return [b"".join(data.strings).decode("utf-8", "replace") for data in self._ask(name, RdataType.TXT)]

    def addresses(self, host: str) -> list[str]:
        """Return the IP addresses of a host (A, AAAA); an IP address is returned as it is."""
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            found = [data.address for kind in (RdataType.A, RdataType.AAAA) for data in self._ask(host, kind)]
            return [str(ipaddress.ip_address(address)) for address in found]

    def exchanges(self, domain: str) -> list[str]:
        """Return the MX hosts of a domain, the most preferred first; "" is a null MX: it accepts no mail (RFC 7505)."""
        found = sorted(self._ask(domain, RdataType.MX), key=lambda data: data.preference)
        return [str(data.exchange).rstrip(".") for data in found]

    def names_of(self, address: str) -> list[str]:
        """Return the host names of an IP address (PTR)."""
        return [str(data.target).rstrip(".") for data in self._ask(str(from_address(address)), RdataType.PTR)]

    def _ask(self, name: str, kind: RdataType) -> list:  # type: ignore[type-arg]  # dnspython's records have no types
        if self.resolver is None:
            raise NoResponse("no DNS resolver")
        if self._failures >= _MAX_FAILURES:
            raise NoResponse("no response from DNS")
        try:
            response = self.resolver.resolve(name, kind, search=False, lifetime=_TIMEOUT_S)
        except (NXDOMAIN, NoAnswer):
            return []
        except (DNSException, OSError) as error:
            self._failures += 1
            raise NoResponse(f"no response from DNS for {name}") from error
        self._failures = 0
        return list(response)


def tags_of(record: str) -> dict[str, str]:
    """Return the tags of a record such as "v=DMARC1; p=none", without white space."""
    parts = (part.partition("=") for part in record.split(";"))
    return {name.strip(): re.sub(r"\s+", "", value) for name, equals, value in parts if equals}
