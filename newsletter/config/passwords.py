"""Passwords as hashes (scrypt, RFC 7914), for settings that others may come to read.

A hash is `scrypt:N:R:P:SALT:KEY`, in URL-safe base64: without "$", which shells replace, and without "%".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

_PREFIX = "scrypt:"
#: 16 MB and about 50 ms: OWASP's second choice, and what small machines can spare.
_N, _R, _P = 2**14, 8, 1
#: Hashes of other programs may ask for more, up to this much memory.
_MAX_MEMORY_B = 2**27
_SALT_B = _KEY_B = 16


def hash_password(password: str) -> str:
    """Return the hash of a password, with a random salt."""
    salt = secrets.token_bytes(_SALT_B)
    return f"{_PREFIX}{_N}:{_R}:{_P}:{_text(salt)}:{_text(_derive(password, salt, _N, _R, _P, _KEY_B))}"


def is_hash_valid(configured: str) -> bool:
    """Return whether a configured password is plain, or a hash that can be checked."""
    return not configured.startswith(_PREFIX) or _parse(configured) is not None


def is_correct(password: str, configured: str) -> bool:
    """Compare a password with the configured one, plain or a hash, in constant time."""
    if not configured.startswith(_PREFIX):
        # Digests, since the time that a comparison takes tells the length.
        pair = (hashlib.sha256(text.encode(errors="replace")).digest() for text in (password, configured))
        return hmac.compare_digest(*pair)
    parsed = _parse(configured)
    if parsed is None:
        return False
    n, r, p, salt, key = parsed
    return hmac.compare_digest(_derive(password, salt, n, r, p, len(key)), key)


def _parse(configured: str) -> tuple[int, int, int, bytes, bytes] | None:
    try:
        n, r, p = (int(number) for number in configured.split(":")[1:4])
        salt, key = (base64.b64decode(one, b"-_", validate=True) for one in configured.split(":")[4:])
    except (ValueError, binascii.Error):
        return None
    is_affordable = 1 < n <= 2**20 and n & (n - 1) == 0 and 0 < r <= 32 and 0 < p <= 16
    if not (is_affordable and 128 * n * r < _MAX_MEMORY_B and salt and _KEY_B <= len(key) <= 64):
        return None
    return n, r, p, salt, key


def _derive(password: str, salt: bytes, n: int, r: int, p: int, size: int) -> bytes:
    given = password.encode(errors="replace")
    return hashlib.scrypt(given, salt=salt, n=n, r=r, p=p, maxmem=_MAX_MEMORY_B + 2**20, dklen=size)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()
