"""Special editions: a note of the operator → a message to all subscribers, or to those with a tag or a topic.

They go through the same ledger as digests: one delivery per (edition, subscriber), written before any leaves, and
whoever unsubscribes or is suppressed before it leaves does not get it. An operator asks for each, so they come in
addition to the one email a day, at any hour, and the next digest has the same papers as without them.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from newsletter.errors import RequestError
from newsletter.limits import NOTE
from newsletter.models import Cadence, Digest, Edition, EditionState
from newsletter.pipeline.messages import make_message_id
from newsletter.pipeline.notes import subject_and_text
from newsletter.rendering.message import Sender
from newsletter.store import Store
from newsletter.subscribers.tags import read_tag
from newsletter.text import normalize, squeeze

_MAX_SUBJECT = 200
_MAX_SLUG = 40
#: An edition is not scheduled further ahead.
_MAX_AHEAD = timedelta(days=366)
_BATCH = 1000


class Group(StrEnum):
    """Which subscribers an audience is."""

    ALL = "all"
    TAG = "tag"
    TOPIC = "topic"


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom an edition is, among the active subscribers who are not suppressed."""

    group: Group
    #: Of the tag or the topic.
    name: str = ""

    def __str__(self) -> str:
        return f"{self.group}:{self.name}" if self.name else str(self.group)


def read_audience(text: str) -> Audience:
    """Return the audience of "all", "tag:NAME" or "topic:NAME".

    Raises:
        RequestError: It is none of these, or the tag is not valid.
    """
    group, colon, name = text.strip().partition(":")
    group, name = group.strip().casefold(), squeeze(name)
    if group == Group.ALL and not colon:
        return Audience(Group.ALL)
    if group not in (Group.TAG, Group.TOPIC) or not name:
        raise RequestError(f"{text!r:.80} is no audience", hint="all, tag:NAME or topic:NAME")
    return Audience(Group(group), read_tag(name) if group == Group.TAG else name)


def special_edition(note: str, subject: str | None, audiences: Sequence[Audience], at: datetime) -> Edition:
    """Return a special edition of a note in Markdown.

    Without a subject, the note's first line has to be a heading ("# Summer school"), which becomes the subject.

    Raises:
        RequestError: There is no text, no subject, or it is too long.
    """
    if subject is None:
        subject, note = subject_and_text(note)
    subject = squeeze(subject)
    if not subject:
        raise RequestError("no subject", hint='begin the note with "# Subject", or give --subject')
    if len(subject) > _MAX_SUBJECT:
        raise RequestError("the subject is too long", hint=f"the maximum is {_MAX_SUBJECT} characters")
    if not note.strip() or len(note) > NOTE:
        raise RequestError("the note is empty" if not note.strip() else "the note is too long")
    return Edition(
        key=f"special-{at.date()}-{_slug(subject)}", cadence=Cadence.DAILY, day=at.date(), since=at, created_at=at,
        note=note, subject=subject, audience=", ".join(map(str, audiences)),
    )  # fmt: skip


def _slug(subject: str) -> str:
    """Return a subject as part of a key, another one for each subject whose letters and digits differ."""
    plain = "".join(char for char in normalize("NFKD", subject).casefold() if not unicodedata.combining(char))
    whole = "-".join(re.findall(r"[a-z0-9]+", plain))
    slug = whole[:_MAX_SLUG].strip("-")
    if slug == whole and all(char.isascii() for char in plain if char.isalnum()):
        return slug or "note"
    digest = hashlib.sha256(plain.encode()).hexdigest()[:8]
    return f"{slug or 'note'}-{digest}"


def recipients(store: Store, audiences: Sequence[Audience]) -> list[int]:
    """Return the ids of the active subscribers in some audiences who are not suppressed, each once.

    Raises:
        RequestError: Nobody has a tag, there is no topic of a name, or there is nobody at all.
    """
    found: set[int] = set()
    for one in audiences:
        ids = store.subscribers.mailable(
            tag=one.name if one.group is Group.TAG else None, topic=one.name if one.group is Group.TOPIC else None
        )
        if not ids and one.group is not Group.ALL:
            raise RequestError(f"{one}: no active subscriber has this {one.group}")
        found |= {*ids}
    if not found:
        raise RequestError("nobody would get it: there are no active subscribers")
    return sorted(found)


def queue_special(store: Store, edition: Edition, audiences: Sequence[Audience], sender: Sender, now: datetime) -> int:
    """Write a special edition and its deliveries into the ledger, in batches; return how many there are.

    It is a draft meanwhile, of which nothing leaves. If a crash keeps it from being opened, the same note goes on with
    it. It is sent by the next run, or by the first after `edition.created_at`.

    Raises:
        RequestError: There is one of this day and subject already, it is too far ahead, or nobody would get it.
    """
    if edition.created_at > now + _MAX_AHEAD:
        raise RequestError(f"{edition.created_at:%Y-%m-%d} is more than a year ahead")
    secret = store.secret()
    with store.transaction():
        known = store.editions.find(edition.key)
        if known is not None and not _is_interrupted(store, known, edition):
            raise RequestError(
                f"{edition.key} exists already", hint="see: newsletter editions; for another one, change the subject"
            )
        ids = recipients(store, audiences)
        store.editions.put(edition, EditionState.DRAFT)
        digest = store.editions.put_digest(Digest(edition=known or edition, sections=(), considered=0))
    at = (known or edition).created_at
    for first in range(0, len(ids), _BATCH):
        batch = ids[first : first + _BATCH]
        rows = [(edition.key, one, digest, make_message_id(secret, edition.key, one, sender)) for one in batch]
        with store.transaction():
            store.deliveries.queue_many(rows, now, at if at > now else None)
    store.editions.open_drafts(edition.key)
    return len(ids)


def _is_interrupted(store: Store, known: Edition, edition: Edition) -> bool:
    """Whether an edition is a draft with the same note to the same people, which was not opened."""
    is_same = (known.note, known.subject, known.audience) == (edition.note, edition.subject, edition.audience)
    return is_same and store.editions.states().get(known.key) is EditionState.DRAFT
