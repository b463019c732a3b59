"""What a DKIM signature costs beyond what it cannot do without: one hash of the body, one operation with the key.

    python -m tests.benchmarks.signing [--messages 1000] [--size 75000]

The same messages are signed by dkimpy, with the same canonicalization and over the same headers.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256

import dkim
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from newsletter.sending.dkim import DkimKey, new_key, sign

_NOW = datetime(2026, 5, 8, 7, tzinfo=UTC)
_ROUNDS = 5


def make_message(number: int, size: int) -> bytes:
    """Return a digest's headers, each reader's their own, and a body of `size` bytes."""
    head = (
        "From: Daily Papers <digest@papers.example>\r\n"
        f"Date: {_NOW:%a, %d %b %Y %H:%M:%S} +0000\r\n"
        'List-Id: "Daily Papers" <daily-papers.papers.example>\r\n'
        "Precedence: bulk\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "Feedback-ID: daily-2026-05-08:newsletter\r\n"
        f"To: Subscriber {number} <subscriber{number}@example.org>\r\n"
        "Subject: In-context learning, orchards and 18 more papers\r\n"
        f"Message-ID: <daily-2026-05-08.{number}@papers.example>\r\n"
        f"List-Unsubscribe: <https://papers.example/unsubscribe/{number}.x9Yh4rB2kQ0mZ7fLp1sT>,\r\n"
        f" <mailto:digest@papers.example?subject=unsubscribe%20{number}.x9Yh4rB2kQ0mZ7fLp1sT>\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        "MIME-Version: 1.0\r\n"
        f'Content-Type: multipart/alternative; boundary="=_daily{number}"\r\n\r\n'
    )
    line = f"{number:08} " + "x" * 65 + "\r\n"
    return (head + line * (size // len(line))).encode()


def best_of(messages: list[bytes], do: Callable[[bytes], object]) -> float:
    """Return µs per message: the best of some rounds, each over a part of the messages."""
    part = max(1, len(messages) // _ROUNDS)
    times = []
    for at in range(0, len(messages), part):
        some = messages[at : at + part]
        begin_at = time.perf_counter()
        for message in some:
            do(message)
        times.append((time.perf_counter() - begin_at) / len(some))
    return min(times) * 1e6


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--messages", type=int, default=1_000)
    parser.add_argument("--size", type=int, default=75_000)
    asked = parser.parse_args()
    messages = [make_message(number, asked.size) for number in range(asked.messages)]
    pem, _ = new_key("rsa")
    private_key, other = load_pem_private_key(pem, None), load_pem_private_key(new_key("ed25519")[0], None)
    assert isinstance(private_key, RSAPrivateKey)
    keys = (DkimKey("papers.example", "r1", private_key), DkimKey("papers.example", "e1", other))  # type: ignore[arg-type]
    names = sign(messages[0], keys[:1], _NOW).replace(b"\r\n ", b"").split(b"h=")[1].split(b";")[0].replace(b" ", b"")
    padding, algorithm = PKCS1v15(), SHA256()

    bare = best_of(messages, lambda message: private_key.sign(message[:1500], padding, algorithm))
    hashing = best_of(messages, lambda message: sha256(message).digest())
    needed = best_of(messages, lambda message: (sha256(message), private_key.sign(message[:1500], padding, algorithm)))
    ours = best_of(messages, lambda message: sign(message, keys[:1], _NOW))
    both = best_of(messages, lambda message: sign(message, keys, _NOW))
    theirs = best_of(
        messages[: max(1, asked.messages // 5)],
        lambda message: dkim.sign(
            message,
            b"r1",
            b"papers.example",
            pem,
            canonicalize=(b"relaxed", b"simple"),
            include_headers=names.split(b":"),
        ),
    )

    print(f"{asked.messages} messages of {len(messages[0])} bytes; RSA of {private_key.key_size} bits")
    print(f"  the bare RSA operation     {bare:9.1f} µs    1.00")
    print(f"  SHA-256 of all of it       {hashing:9.1f} µs  {hashing / bare:6.2f}")
    print(f"  one after the other        {needed:9.1f} µs  {needed / bare:6.2f}")
    print(f"  signed                     {ours:9.1f} µs  {ours / bare:6.2f}")
    print(f"  and by Ed25519 as well     {both:9.1f} µs  {both / bare:6.2f}")
    print(f"  by dkimpy, RSA only        {theirs:9.1f} µs  {theirs / bare:6.2f}")
    print(f"  beyond hash and operation  {ours - needed:9.1f} µs")


if __name__ == "__main__":
    main()
