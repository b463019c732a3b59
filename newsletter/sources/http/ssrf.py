"""Protection against SSRF: untrusted links and redirects lead to public addresses only, never to a private network.

A redirect of a feed or a link in a page is untrusted input. Its host name is resolved once, all its addresses must be
public, and the request is pinned to one of them, which defeats DNS rebinding.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.request import getproxies

from newsletter.errors import SourceError

#: Host name and port → its IP addresses.
Resolve = Callable[[str, int], list[str]]

# Networks whose addresses embed an IPv4 address: NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380).
_CARRIERS = tuple(ip_network(block) for block in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))


def resolve(host: str, port: int) -> list[str]:
    """Return all IP addresses of a host, from the system's resolver; raise OSError if there are none."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def public_address(scheme: str, host: str, port: int | None, resolver: Resolve, place: str) -> str | None:
    """Return an IP address of `host` after checking that all are public; None if a proxy resolves the name.

    Raises:
        SourceError: The scheme is not http(s), the host is unknown, or one of its addresses is not public.
    """
    if scheme not in ("http", "https"):
        raise SourceError(f"{place}: unsupported scheme in link or redirect: {scheme}")
    if scheme in getproxies() or "all" in getproxies():
        return None
    try:
        found = resolver(host, port or (443 if scheme == "https" else 80))
    except (OSError, UnicodeError) as error:
        raise SourceError(f"{place}: host not found in link or redirect: {host}") from error
    private = [address for address in found if not is_public(address)]
    if private or not found:
        raise SourceError(
            f"{place}: private address in link or redirect: {host}", hint="only public hosts are followed"
        )
    return found[0]


def is_public(number: str) -> bool:
    """Return whether an IP address is public: global unicast, also of the IPv4 address it embeds."""
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
