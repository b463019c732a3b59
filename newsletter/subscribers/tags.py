"""Tags of subscribers: the operator's words for groups, which subscribers neither choose nor see on their pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from newsletter.errors import RequestError
from newsletter.limits import SUBSCRIBER_TAG, SUBSCRIBER_TAGS
from newsletter.store import Store
from newsletter.subscribers.subscriptions import find
from newsletter.text import squeeze

#: What separates tags in a cell or an option; Mailchimp quotes each as well.
_SEPARATOR = re.compile(r"[,;|\n]")


def read_tag(text: str) -> str:
    """Return a tag as it is stored: in lower case, on one line.

    Raises:
        RequestError: It is empty or too long, or has a separator or an "@".
    """
    tag = squeeze(text).casefold()
    if not tag or _SEPARATOR.search(tag) or "@" in tag:
        raise RequestError(f"{text!r:.80} is no tag", hint="a tag is a word or some, without , ; | and @")
    if len(tag) > SUBSCRIBER_TAG:
        raise RequestError(f"the tag {tag[:40]!r}… is too long", hint=f"the maximum is {SUBSCRIBER_TAG} characters")
    return tag


def read_tags(cell: str) -> tuple[str, ...]:
    """Return the tags of a cell of a table, apart by commas, semicolons, bars or lines.

    Raises:
        RequestError: One is not valid, or they are too many.
    """
    texts = (part.strip().strip('"[]').strip() for part in _SEPARATOR.split(cell))
    tags = tuple(dict.fromkeys(read_tag(text) for text in texts if text))
    if len(tags) > SUBSCRIBER_TAGS:
        raise RequestError(f"{len(tags)} tags", hint=f"the maximum is {SUBSCRIBER_TAGS}")
    return tags


def add_tags(store: Store, emails: Iterable[str], tags: Sequence[str]) -> int:
    """Give subscribers tags; return how many they did not have yet.

    Raises:
        RequestError: There is no subscriber with one of the addresses, or a tag is not valid, or somebody has too many.
    """
    with store.transaction():
        pairs = _pairs(store, emails, tags)
        added = store.tags.add(pairs)
        for number in {number for number, _ in pairs}:
            if len(store.tags.of(number)) > SUBSCRIBER_TAGS:
                raise RequestError(f"a subscriber would have more than {SUBSCRIBER_TAGS} tags")
    return added


def remove_tags(store: Store, emails: Iterable[str], tags: Sequence[str]) -> int:
    """Take tags from subscribers; return how many they had.

    Raises:
        RequestError: There is no subscriber with one of the addresses, or a tag is not valid.
    """
    with store.transaction():
        return store.tags.remove(_pairs(store, emails, tags))


def _pairs(store: Store, emails: Iterable[str], tags: Sequence[str]) -> list[tuple[int, str]]:
    read = [read_tag(tag) for tag in tags]
    return [(find(store, email).id, tag) for email in emails for tag in read]
