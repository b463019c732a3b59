"""A real DNS server on loopback with one small zone."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset

#: (name, type) → records in zone file format; None for a query that gets no response.
Zone = Mapping[tuple[str, str], Sequence[str] | None]


def _respond(zone: Zone, wire: bytes) -> bytes | None:
    query = dns.message.from_wire(wire)
    question = query.question[0]
    name, kind = question.name.to_text().rstrip(".").lower(), dns.rdatatype.to_text(question.rdtype)
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.RA
    if (name, kind) in zone:
        records = zone[name, kind]
        if records is None:
            return None
        reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *records))
    elif (name, "SERVFAIL") in zone:
        reply.set_rcode(dns.rcode.SERVFAIL)
    elif not any(known == name for known, _ in zone):
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply.to_wire()


@contextmanager
def naming(zone: Zone) -> Iterator[dns.resolver.Resolver]:
    """Serve a zone; yield a resolver that uses only this server."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(0.05)
        stopped = threading.Event()

        def serve() -> None:
            while not stopped.is_set():
                try:
                    wire, address = listening.recvfrom(4096)
                except TimeoutError:
                    continue
                if reply := _respond(zone, wire):
                    listening.sendto(reply, address)

        thread = threading.Thread(target=serve)
        thread.start()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = listening.getsockname()[1]
        resolver.timeout = 0.5
        try:
            yield resolver
        finally:
            stopped.set()
            thread.join()
