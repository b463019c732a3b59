"""Signed tokens (HMAC-SHA-256) for the links in messages: a subscriber and a purpose, and nothing secret.

A token is `SUBSCRIBER.SIGNATURE`: short enough that the whole link stays below the 75 characters after which Python's
email policy would fold a List-Unsubscribe header, and without "=", which quoted-printable would escape. It is valid for
one purpose and does not expire, since an unsubscribe link has to work for long. Where more is at stake, the token is
`NUMBER.DAY.SIGNATURE` and expires after that day; where most is, `NUMBER.MINUTE.SIGNATURE`.

One key signs. What reads tokens takes all the keys that are accepted, since keys are rotated; a token is invalid when
the key that signed it is not accepted any more.
"""

from __future__ import annotations

import hashlib
import hmac
from binascii import b2a_base64
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash

#: Unsubscribe. Purposes are part of what is signed, so links in sent messages depend on them.
UNSUBSCRIBE = "unsubscribe"
#: Give feedback on any paper: people to whom a message is forwarded can do this in its subscriber's name, and no more.
FEEDBACK = "feedback"
#: Pause, and have a link to the preferences mailed to the address on record: all that the link of a digest is good for.
PREFERENCES = "preferences"
#: Open the preferences, once; the number is that of the request which caused the email.
OPEN_PREFERENCES = "open"
#: See and change the preferences, and export or erase the data, in the browser that opened them.
SESSION = "session"
#: See a digest and what else matched, in a browser: no more than whoever it was forwarded to may see.
_DIGEST = "digest"
#: See and change the list of saved papers; only its subscriber has the link.
SAVED = "saved"
#: Save any paper, and see nothing of the list: as with feedback, people to whom a message is forwarded can do this.
SAVE = "save"
#: Confirm a request (double opt-in): a subscription, or a new address.
CONFIRM = "confirm"

#: What a purpose was called when older messages were sent: their links go on working.
_FORMER_PURPOSES = {UNSUBSCRIBE: "leave"}
#: One key, or all that are accepted.
Keys = bytes | Sequence[bytes]

#: Bytes of a block of SHA-256.
_BLOCK_B = 64
#: Digits of a row's number at most.
_ID_DIGITS = 18
_SIGNATURE_BYTES = 15  # 120 bits, 20 characters of base64 without padding
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def sign(secret: bytes, purpose: str, subscriber_id: int) -> str:
    """Return the token for a purpose and a subscriber."""
    return f"{subscriber_id}.{_signature(secret, purpose, subscriber_id)}"


def digest_purpose(edition_key: str) -> str:
    """Return the purpose of the token that shows a subscriber's digest of an edition, and no other one."""
    return f"{_DIGEST}|{edition_key}"


def is_id(text: str) -> bool:
    """Return whether a text is the number of a row: digits, no more than an integer of the database holds."""
    return text.isascii() and text.isdecimal() and len(text) <= _ID_DIGITS


def read(keys: Keys, purpose: str, token: str) -> int | None:
    """Return the subscriber id of a token, or None if it was not signed for this purpose."""
    number, _, signature = token.partition(".")
    if not is_id(number):
        return None
    names = (purpose, _FORMER_PURPOSES.get(purpose, purpose))
    expected = (_signature(key, name, int(number)) for key in _each(keys) for name in names)
    return int(number) if _is_any(signature, expected) else None


def sign_until(secret: bytes, purpose: str, number: int, day: date) -> str:
    """Return the token for a purpose and the id of a subscriber or request, valid until the end of a day."""
    return f"{number}.{day.toordinal()}.{_signature(secret, f'{purpose}|{day.toordinal()}', number)}"


def read_until(keys: Keys, purpose: str, token: str, today: date) -> tuple[int, bool] | None:
    """Return the id of a token and whether it is still valid, or None if it was not signed for this purpose."""
    known = _read_stamped(keys, purpose, token)
    return None if known is None else (known[0], known[1] >= today.toordinal())


def sign_until_minute(secret: bytes, purpose: str, number: int, moment: datetime) -> str:
    """Return the token for a purpose and the id of a request, valid until the end of a moment's minute."""
    minute = _minute(moment)
    return f"{number}.{minute}.{_signature(secret, f'{purpose}|{minute}', number)}"


def read_until_minute(keys: Keys, purpose: str, token: str, now: datetime) -> int | None:
    """Return the id of a token, or None if it was not signed for this purpose or has expired."""
    known = _read_stamped(keys, purpose, token)
    return None if known is None or known[1] < _minute(now) else known[0]


def _read_stamped(keys: Keys, purpose: str, token: str) -> tuple[int, int] | None:
    """Return the id and the stamp (a day or a minute) of a token, or None if it was not signed for this purpose."""
    number, _, rest = token.partition(".")
    stamp, _, signature = rest.partition(".")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 9):
        return None
    known = read(keys, f"{purpose}|{stamp}", f"{number}.{signature}")
    return None if known is None else (known, int(stamp))


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def feedback_prefix(paper_id: int, *, liked: bool) -> str:
    """Return the beginning of a feedback token, "more like this" or less, for a paper.

    The rest is `sign(secret, FEEDBACK, subscriber_id)`, which all links of a message share.
    """
    return f"{paper_id}.{'1' if liked else '0'}."


def read_feedback(keys: Keys, token: str) -> tuple[int, int, bool] | None:
    """Return the subscriber id, paper id and liked or not of a feedback token, or None if it was not signed by us."""
    paper, _, rest = token.partition(".")
    liked, _, signed = rest.partition(".")
    if liked not in ("0", "1") or not is_id(paper):
        return None
    subscriber_id = read(keys, FEEDBACK, signed)
    return None if subscriber_id is None else (subscriber_id, int(paper), liked == "1")


def save_token(signed: str, paper_id: int) -> str:
    """Return the token that saves a paper, made of `sign(secret, SAVE, subscriber_id)`."""
    return f"{paper_id}.{signed}"


def read_save(keys: Keys, token: str) -> tuple[int, int] | None:
    """Return the subscriber id and paper id of a token that saves a paper, or None if it was not signed by us."""
    paper, _, signed = token.partition(".")
    subscriber_id = read(keys, SAVE, signed) if is_id(paper) else None
    return None if subscriber_id is None else (subscriber_id, int(paper))


def verp_address(secret: bytes, delivery_id: int, mailbox: str) -> str:
    """Return the envelope sender of a delivery: `mailbox` with a signed part after "+" (VERP), so bounces name it.

    The signature is in lower case hexadecimal, since mail servers may change the case.
    """
    local, _, domain = mailbox.rpartition("@")
    return f"{local}+{delivery_token(secret, delivery_id)}@{domain}"


def read_verp_address(keys: Keys, address: str) -> int | None:
    """Return the delivery id of a VERP address, or None if it was not signed by us."""
    return read_delivery_token(keys, address.rpartition("@")[0].rpartition("+")[2])


def delivery_token(secret: bytes, delivery_id: int) -> str:
    """Return the id of a delivery, signed."""
    return f"{delivery_id}-{_verp_mac(secret, delivery_id)}"


def read_delivery_token(keys: Keys, token: str) -> int | None:
    """Return the delivery id of a token, or None if it was not signed by us."""
    number, _, mac = token.partition("-")
    if not is_id(number):
        return None
    return int(number) if _is_any(mac.lower(), (_verp_mac(key, int(number)) for key in _each(keys))) else None


def _each(keys: Keys) -> Sequence[bytes]:
    return (keys,) if isinstance(keys, bytes) else keys


def _is_any(given: str, expected: Iterable[str]) -> bool:
    """Compare in constant time."""
    found = False
    for one in expected:
        found |= hmac.compare_digest(given.encode(errors="replace"), one.encode())
    return found


def _verp_mac(secret: bytes, delivery_id: int) -> str:
    return _mac(secret, b"return|%d" % delivery_id).hex()[:20]


def _signature(secret: bytes, purpose: str, subscriber_id: int) -> str:
    mac = _mac(secret, b"%b|%d" % (purpose.encode(), subscriber_id))
    return b2a_base64(mac[:_SIGNATURE_BYTES], newline=False).translate(_URL_SAFE).decode()


def _mac(secret: bytes, text: bytes) -> bytes:
    """Return the HMAC-SHA-256 of a text (RFC 2104)."""
    of_inner, of_outer = _states(secret)
    inner, outer = of_inner.copy(), of_outer.copy()
    inner.update(text)
    outer.update(inner.digest())
    return outer.digest()


@lru_cache(maxsize=8)
def _states(secret: bytes) -> tuple[_Hash, _Hash]:
    """Return the hashes that have read a key already: to prepare it takes longer than a token."""
    block = (hashlib.sha256(secret).digest() if len(secret) > _BLOCK_B else secret).ljust(_BLOCK_B, b"\0")
    return hashlib.sha256(bytes(byte ^ 0x36 for byte in block)), hashlib.sha256(bytes(byte ^ 0x5C for byte in block))
