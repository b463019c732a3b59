"""What readers send back: to leave, or to say more or less of a paper, where a mail's link is an address to write to.

Only the signed token in the subject counts, not who seems to have sent it: anybody can write under any address.
"""

from __future__ import annotations

import re
from datetime import datetime

from newsletter import tokens
from newsletter.errors import StoreError
from newsletter.sending.bounces.mime import field, parse
from newsletter.store import Store
from newsletter.subscribers.feedback import give_feedback_by_token
from newsletter.subscribers.subscriptions import unsubscribe

_SUBJECT = re.compile(r"(?:\w{2,3}:\s*)?(unsubscribe|feedback)\s+([\w.-]{3,80})", re.ASCII | re.IGNORECASE)


def process_reply(store: Store, raw: bytes, now: datetime) -> str | None:
    """Do what a mail asks for, and return it in words; None for a mail that asks for nothing of ours. Never raises."""
    mail = parse(raw)
    profile_file = _SUBJECT.fullmatch(" ".join(field(mail, "Subject").split())) if mail is not None else None
    if profile_file is None:
        return None
    token = profile_file[2]
    try:
        if profile_file[1].casefold() == "feedback":
            subscriber, paper, liked = give_feedback_by_token(store, token, now)
            return f"{subscriber.email} wants {'more' if liked else 'less'} like {paper.title}"
        if tokens.read(store.secret(), tokens.UNSUBSCRIBE, token) is None:
            return None
        return f"{unsubscribe(store, token, now).email} left"
    except StoreError:
        return None
