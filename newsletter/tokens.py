"""Signed tokens for the links in a mail: who is meant, and for what, with nothing secret inside.

A token is `SUBSCRIBER.SIGNATURE`: short enough that the whole link stays below the 75 characters after which
Python's mail policy would break a List-Unsubscribe header, and without "=" so that quoted-printable leaves
it alone. It grants its one purpose only and does not expire: an unsubscribe link has to work for long. Where more is
at stake it is `NUMBER.DAY.SIGNATURE`, and ends with that day. All of them end with the key that signs them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import date

UNSUBSCRIBE = "leave"
#: To say more or less of any paper: who forwards a mail lends their voice in this, and in nothing else.
FEEDBACK = "feedback"
#: To see and change what a reader wishes for, and to have all of it forgotten.
PREFERENCES = "preferences"
#: To confirm what was asked for under an address: a subscription, or a new address.
CONFIRM = "confirm"

_SIGNATURE_BYTES = 15  # 120 bits, 20 characters of base64 without padding


def sign(secret: bytes, purpose: str, subscriber_id: int) -> str:
    """Make the token that lets its holder do `purpose` for one subscriber."""
    return f"{subscriber_id}.{_signature(secret, purpose, subscriber_id)}"


def read(secret: bytes, purpose: str, token: str) -> int | None:
    """Return the subscriber a token stands for, or None if it was not signed for this purpose."""
    number, _, signature = token.partition(".")
    if not (number.isascii() and number.isdecimal() and len(number) <= 18):
        return None
    expected = _signature(secret, purpose, int(number))
    return int(number) if hmac.compare_digest(signature.encode(errors="replace"), expected.encode()) else None


def sign_until(secret: bytes, purpose: str, number: int, day: date) -> str:
    """Make a token that does `purpose` for a subscriber, or a request, of this number, until a day has passed."""
    return f"{number}.{day.toordinal()}.{_signature(secret, f'{purpose}|{day.toordinal()}', number)}"


def read_until(secret: bytes, purpose: str, token: str, today: date) -> tuple[int, bool] | None:
    """Return the number of a token and whether it is still good, or None if it was not signed for this purpose."""
    number, _, rest = token.partition(".")
    day, _, signature = rest.partition(".")
    if not (day.isascii() and day.isdecimal() and len(day) <= 7):
        return None
    known = read(secret, f"{purpose}|{day}", f"{number}.{signature}")
    return None if known is None else (known, int(day) >= today.toordinal())


def feedback_prefix(paper_id: int, *, liked: bool) -> str:
    """Return how the token of a link begins by which one subscriber says "more like this" (or less) of one paper.

    What follows is the same in all of a reader's links, and signed once: `sign(secret, FEEDBACK, subscriber_id)`.
    """
    return f"{paper_id}.{'1' if liked else '0'}."


def read_feedback(secret: bytes, token: str) -> tuple[int, int, bool] | None:
    """Return subscriber, paper and whether they like it, as a token says; None if it was not signed by us."""
    paper, _, rest = token.partition(".")
    liked, _, signed = rest.partition(".")
    if liked not in ("0", "1") or not (paper.isascii() and paper.isdecimal() and len(paper) <= 18):
        return None
    subscriber_id = read(secret, FEEDBACK, signed)
    return None if subscriber_id is None else (subscriber_id, int(paper), liked == "1")


def verp_address(secret: bytes, delivery_id: int, mailbox: str) -> str:
    """Return the address that what comes back of one delivery is sent to: `mailbox`, with a part of its own (VERP).

    Mail servers may change the case of letters: there are none but small ones in it.
    """
    local, _, domain = mailbox.rpartition("@")
    return f"{local}+{delivery_id}-{_mac_of_return(secret, delivery_id)}@{domain}"


def read_bounce_report(secret: bytes, address: str) -> int | None:
    """Return the delivery that a return address stands for, or None if we did not make it."""
    number, _, mac = address.rpartition("@")[0].rpartition("+")[2].partition("-")
    if not (number.isascii() and number.isdecimal() and len(number) <= 18):
        return None
    expected = _mac_of_return(secret, int(number))
    return int(number) if hmac.compare_digest(mac.lower().encode(errors="replace"), expected.encode()) else None


def _mac_of_return(secret: bytes, delivery_id: int) -> str:
    return hmac.digest(secret, f"return|{delivery_id}".encode(), hashlib.sha256).hex()[:20]


def _signature(secret: bytes, purpose: str, subscriber_id: int) -> str:
    mac = hmac.digest(secret, f"{purpose}|{subscriber_id}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(mac[:_SIGNATURE_BYTES]).decode()
