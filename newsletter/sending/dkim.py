"""DKIM signatures (RFC 6376) with RSA (RFC 8301) and Ed25519 (RFC 8463), and their keys.

Canonicalization is relaxed/simple. Relays may refold headers but do not change bodies, so a body is hashed as it lies
in memory, once for all keys. All of a signature header except for the hashes and the time is cached, since it is the
same for a whole run.
"""

from __future__ import annotations

import base64
import re
from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import idna
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from newsletter.errors import ConfigError

PrivateKey = RSAPrivateKey | Ed25519PrivateKey

#: Headers that are signed if present. RFC 8058 requires the two headers of one-click unsubscribe.
_SIGNED = tuple(
    name.encode()
    for name in (
        "From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
        "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "List-Id", "List-Unsubscribe",
        "List-Unsubscribe-Post", "List-Help", "List-Archive", "Feedback-ID", "Precedence", "Auto-Submitted",
    )
)  # fmt: skip
#: Oversigned: listed once more than they occur, so that nobody can add another in transit (RFC 6376, 8.15).
_OVERSIGNED = frozenset({b"from", b"reply-to", b"to", b"subject", b"date", b"mime-version", b"content-type"})

_LINE = 76
_MIN_RSA_BITS, _MAX_RSA_BITS = 2048, 4096  # verifiers need not support larger keys (RFC 8301, 3.2)
_LABELS = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*", re.ASCII)
_PADDING, _HASH = PKCS1v15(), SHA256()
_NEW_KEY_HINT = "newsletter doctor --new-key rsa FILE creates a key"


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A private key, whose public key is published in DNS at SELECTOR._domainkey.DOMAIN."""

    domain: str
    selector: str
    private_key: PrivateKey = field(repr=False)
    #: The file that it was read from.
    path: Path | None = None

    @property
    def algorithm(self) -> str:
        """The value of the tag a=."""
        return "rsa-sha256" if isinstance(self.private_key, RSAPrivateKey) else "ed25519-sha256"

    @property
    def host(self) -> str:
        """The name of the TXT record."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The text of the TXT record."""
        return _record(self.private_key)


def load_key(path: Path, domain: str, selector: str) -> DkimKey:
    """Read a private key from a PEM file: RSA of 2048 to 4096 bits, or Ed25519.

    Raises:
        ConfigError: The file cannot be read or has no such key. The message never shows any of its content.
    """
    try:
        pem = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"dkim: {path}: no such file", hint=_NEW_KEY_HINT) from None
    except OSError as error:
        raise ConfigError(f"dkim: cannot read {path}: {error.strerror or 'unknown error'}") from None
    return DkimKey(_name("domain", domain), _name("selector", selector), _private_key(path, pem), path)


def new_key(kind: str) -> tuple[bytes, str]:
    """Create a key ("rsa" or "ed25519"); return its PEM (PKCS #8, not encrypted) and the text of its TXT record."""
    key: PrivateKey = Ed25519PrivateKey.generate() if kind == "ed25519" else generate_private_key(65537, _MIN_RSA_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), _record(key)


def sign(content: bytes, keys: Sequence[DkimKey], now: datetime) -> bytes:
    """Return a message with a DKIM-Signature header for each key on top; see `signature_of`."""
    return signature_of(content, keys, now) + content


def signature_of(content: bytes, keys: Sequence[DkimKey], now: datetime) -> bytes:
    """Return the DKIM-Signature headers of a message, one per key, to be sent in front of it; each ends with CRLF.

    Args:
        content: A message with CRLF line ends, as it will be sent, before dot stuffing.
        keys: In the order of the headers. A verifier needs to support only one of their algorithms.
        now: The time of signing, with a time zone.

    Raises:
        ValueError: There is no From header, which must be signed (RFC 6376, 5.4).
    """
    return headers_of(canonical(content), keys, now) if keys else b""


class Canonical(NamedTuple):
    """What is signed of a message."""

    #: The value of h=.
    names: bytes
    #: The headers that it lists, in relaxed canonical form.
    headers: bytes
    #: The hash of the body, in base64.
    body_hash: bytes


def canonical(content: bytes) -> Canonical:
    """Return what is signed of a message, whatever the keys; see `signature_of`."""
    end_of_headers = content.find(b"\r\n\r\n")
    start = len(content) if end_of_headers < 0 else end_of_headers + 4
    body_hash = _body_hash(content, start)
    return Canonical(*_signed_headers(content[: start if end_of_headers < 0 else end_of_headers]), body_hash)


def headers_of(signed: Canonical, keys: Sequence[DkimKey], now: datetime) -> bytes:
    """Return the DKIM-Signature headers of a message; see `signature_of`."""
    time = b"%d" % now.timestamp()
    return b"".join([_header(key, signed.names, signed.headers, time, signed.body_hash) for key in keys])


# -- one signature ------------------------------------------------------------------------------------


def _header(key: DkimKey, names: bytes, signed: bytes, time: bytes, body_hash: bytes) -> bytes:
    folded, relaxed = _frame(key.domain, key.selector, key.algorithm, names)
    data = signed + relaxed % (time, body_hash)
    private_key = key.private_key
    if isinstance(private_key, RSAPrivateKey):
        signature = private_key.sign(data, _PADDING, _HASH)
    else:
        signature = private_key.sign(sha256(data).digest())  # Ed25519 signs the hash (RFC 8463, 3)
    text = b2a_base64(signature, newline=False)
    first = _LINE - 3  # after " b="
    lines = [text[:first], *(text[at : at + _LINE - 1] for at in range(first, len(text), _LINE - 1))]
    return folded % (time, body_hash) + b"\r\n ".join(lines) + b"\r\n"


@lru_cache(maxsize=64)
def _frame(domain: str, selector: str, algorithm: str, names: bytes) -> tuple[bytes, bytes]:
    """Return a header up to b=, folded and in canonical form, with placeholders for time and body hash."""
    tags = f"DKIM-Signature: v=1; a={algorithm}; c=relaxed/simple; d={domain};\r\n s={selector}; t=%b;\r\n"
    first, *others = names.split(b":")
    lines = [b" h=" + first]
    for name in others:
        if len(lines[-1]) + len(name) + 2 <= _LINE:
            lines[-1] += b":" + name
        else:
            lines.append(b" " + name)
            lines[-2] += b":"
    folded = tags.encode() + b"\r\n".join(lines) + b";\r\n bh=%b;\r\n b="
    return folded, folded.replace(b"\r\n", b"").replace(b"DKIM-Signature: ", b"dkim-signature:", 1)


# -- canonicalization ---------------------------------------------------------------------------------


def _body_hash(content: bytes, start: int) -> bytes:
    """Return the hash of a body in simple canonical form: it ends with exactly one CRLF (RFC 6376, 3.4.3)."""
    end = len(content)
    while end - start >= 4 and content.endswith(b"\r\n\r\n", start, end):
        end -= 2
    hashed = sha256(memoryview(content)[start:end])
    if not content.endswith(b"\r\n", start, end):
        hashed.update(b"\r\n")
    return b2a_base64(hashed.digest(), newline=False)


def _signed_headers(block: bytes) -> tuple[bytes, bytes]:
    """Return the value of h=, and the headers that it lists in canonical form, each with its CRLF."""
    lines = block.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n")
    headers = [_relaxed(line) for line in lines]
    names, order = _order(tuple([name for name, _ in headers]))
    return names, b"".join([headers[at][1] for at in order])


@lru_cache(maxsize=64)
def _order(present: tuple[bytes, ...]) -> tuple[bytes, tuple[int, ...]]:
    """Return the value of h= for headers with these names, and the order in which they are signed.

    Of several headers with the same name, the last is signed first (RFC 6376, 5.4.2).
    """
    if b"from" not in present:
        raise ValueError("cannot sign a message without a From header")
    names: list[bytes] = []
    order: list[int] = []
    for spelling in _SIGNED:
        name = spelling.lower()
        found = [at for at, other in enumerate(present) if other == name]
        if found:
            names.extend([spelling] * (len(found) + (name in _OVERSIGNED)))
            order.extend(reversed(found))
    return b":".join(names), tuple(order)


@lru_cache(maxsize=256)
def _relaxed(line: bytes) -> tuple[bytes, bytes]:
    """Return the name of an unfolded header, and the header in relaxed canonical form (RFC 6376, 3.4.2).

    The results are cached, since most headers are the same in many messages.
    """
    name, _, value = line.partition(b":")
    name = name.rstrip(b" \t").lower()
    return name, b"%b:%b\r\n" % (name, b" ".join(filter(None, value.replace(b"\t", b" ").split(b" "))))


# -- keys ---------------------------------------------------------------------------------------------


def _private_key(path: Path, pem: bytes) -> PrivateKey:
    if b"PRIVATE KEY-----" not in pem:
        other = "is a public key or certificate, not a private key" if b"-----BEGIN" in pem else "is not a PEM file"
        raise ConfigError(f"dkim: {path} {other}", hint=_NEW_KEY_HINT)
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise ConfigError(
            f"dkim: {path}: the private key is encrypted",
            hint="store it without a passphrase, readable by its owner only",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(f"dkim: {path}: invalid private key", hint=_NEW_KEY_HINT) from None
    if isinstance(key, RSAPrivateKey):
        if not _MIN_RSA_BITS <= key.key_size <= _MAX_RSA_BITS:
            allowed = f"{_MIN_RSA_BITS} to {_MAX_RSA_BITS}"
            raise ConfigError(f"dkim: {path}: the RSA key has {key.key_size} bits, not {allowed}", hint=_NEW_KEY_HINT)
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise ConfigError(f"dkim: {path}: unsupported key type: neither RSA nor Ed25519", hint=_NEW_KEY_HINT)


def _name(setting: str, text: str) -> str:
    try:
        name = (text if text.isascii() else idna.encode(text, uts46=True).decode()).lower().rstrip(".")
    except idna.IDNAError:
        name = ""
    if not _LABELS.fullmatch(name) or len(name) > 253:
        raise ConfigError(f"dkim.{setting}: expected a DNS name, not {text!r}")
    return name


def _record(key: PrivateKey) -> str:
    if isinstance(key, RSAPrivateKey):
        kind, public = "rsa", key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        kind, public = "ed25519", key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"v=DKIM1; k={kind}; p={base64.b64encode(public).decode()}"
