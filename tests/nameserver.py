"""A real name server on loopback, of one small zone."""

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

#: (name, type) → records as a zone file has them; None for a name that gets no answer at all.
Zone = Mapping[tuple[str, str], Sequence[str] | None]


def _answer(zone: Zone, wire: bytes) -> bytes | None:
    asked = dns.message.from_wire(wire)
    question = asked.question[0]
    name, kind = question.name.to_text().rstrip(".").lower(), dns.rdatatype.to_text(question.rdtype)
    reply = dns.message.make_response(asked)
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
    """Serve a zone; yields a resolver that asks nobody else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(0.05)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    wire, address = listening.recvfrom(4096)
                except TimeoutError:
                    continue
                if reply := _answer(zone, wire):
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
            over.set()
            thread.join()
