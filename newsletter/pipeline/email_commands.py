"""Commands by email: unsubscribing and feedback, where a link of a digest is a mailto: address.

Only the signed token in the subject authorizes a command, not the sender: anybody can write under any address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsletter.errors import RequestError
from newsletter.limits import COMMAND
from newsletter.mailboxes.mime import field, parse
from newsletter.models import tokens
from newsletter.store import Store
from newsletter.subscribers.feedback import give_feedback_by_token
from newsletter.subscribers.subscriptions import unsubscribe

_SUBJECT = re.compile(rf"(?:\w{{2,3}}:\s*)?(unsubscribe|feedback)\s+([\w.-]{{3,{COMMAND}}})", re.ASCII | re.IGNORECASE)


class Command(StrEnum):
    """What a subscriber asked for by email."""

    UNSUBSCRIBE = "unsubscribe"
    MORE_LIKE_THIS = "more"
    LESS_LIKE_THIS = "less"


@dataclass(frozen=True, slots=True)
class EmailCommand:
    """A command that was carried out."""

    command: Command
    #: The subscriber's address.
    email: str
    #: The title of the paper that feedback is about.
    paper: str = ""


def process_reply(store: Store, raw: bytes, now: datetime) -> EmailCommand | None:
    """Carry out the command in a message; None for a message without a valid one. Never raises."""
    message = parse(raw)
    match = _SUBJECT.fullmatch(" ".join(field(message, "Subject").split())) if message is not None else None
    if match is None:
        return None
    name, token = match.groups()
    try:
        if name.casefold() == "feedback":
            subscriber, paper, liked = give_feedback_by_token(store, token, now)
            command = Command.MORE_LIKE_THIS if liked else Command.LESS_LIKE_THIS
            return EmailCommand(command, subscriber.email, paper.title)
        if tokens.read(store.accepted_keys(now), tokens.UNSUBSCRIBE, token) is None:
            return None
        return EmailCommand(Command.UNSUBSCRIBE, unsubscribe(store, token, now).email)
    except RequestError:
        return None
