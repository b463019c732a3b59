"""Where a web page may lead us: to public addresses, never into the operator's own network (SSRF).

A feed's redirect or a page's link is text from outside. Its name is resolved once, every address it has must be
public, and the request then goes to that very address: a name that resolves differently a moment later (DNS
rebinding) gains nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.request import getproxies

from newsletter.errors import SourceError

#: Host and port → its addresses, as numbers.
Resolve = Callable[[str, int], list[str]]

# Carry an IPv4 address inside: NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380).
_CARRIERS = tuple(ip_network(block) for block in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


def resolve(host: str, port: int) -> list[str]:
    """Ask the system's resolver for all of a host's addresses."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def public_address(scheme: str, host: str, port: int | None, resolver: Resolve, place: str) -> str | None:
    """Return one address of `host`, having checked that all are public; None where a proxy is asked instead.

    Raises:
        SourceError: Not http(s), no such host, or one with an address that is not public.
    """
    if scheme not in ("http", "https"):
        raise SourceError(f"{place}: leads to {scheme}:, which is not followed")
    if scheme in getproxies() or "all" in getproxies():
        return None
    try:
        found = resolver(host, port or (443 if scheme == "https" else 80))
    except (OSError, UnicodeError) as error:
        raise SourceError(f"{place}: leads to {host}, which cannot be found") from error
    private = [number for number in found if not is_public(number)]
    if private or not found:
        raise SourceError(f"{place}: leads to {host}, a private address, which is not followed")
    return found[0]


def is_public(number: str) -> bool:
    """Tell whether an IP address is one of the public internet's."""
    try:
        address: IPv4Address | IPv6Address = ip_address(number.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(str(address.ipv4_mapped))
        if any(address in block for block in _CARRIERS):
            return False
    return address.is_global and not address.is_multicast
