"""A subscriber's feedback as one cell of a table, in JSON: papers are named by their keys and carry their text.

So the taste model can be learned again where the papers are not in the store.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from newsletter.errors import ProfileError
from newsletter.limits import TITLE
from newsletter.models import Example
from newsletter.papers.cut import cut_abstract
from newsletter.store import Store
from newsletter.store.feedback import GivenFeedback

_SURROGATE = re.compile("[\ud800-\udfff]")
_FIELDS = ("paper", "more", "at", "title", "abstract")


def feedback_cell(given: Iterable[GivenFeedback]) -> str:
    """Return feedback as text, which `read_feedback` reads back; "" if there is none."""
    rows = [
        {"paper": one.key, "more": one.liked, "at": at, "title": one.title, "abstract": one.abstract}
        for one, at in given
    ]
    return json.dumps(rows, ensure_ascii=False) if rows else ""


def read_feedback(text: str, now: datetime) -> list[GivenFeedback]:
    """Return the feedback in a cell.

    Raises:
        ProfileError: It is not a list of feedback as `feedback_cell` writes it.
    """
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProfileError(f"feedback: not valid JSON: {error}") from error
    if not isinstance(rows, list):
        raise ProfileError("feedback: a list is expected")
    return [_given(row, now) for row in rows]


def _given(row: Any, now: datetime) -> GivenFeedback:
    if not isinstance(row, dict) or not isinstance(row.get("more"), bool):
        raise ProfileError(f"feedback: {', '.join(_FIELDS)} are expected, not {row!r:.60}")
    key, title, abstract, at = (row.get(name, "") for name in ("paper", "title", "abstract", "at"))
    if not all(isinstance(one, str) for one in (key, title, abstract, at)) or not key:
        raise ProfileError(f"feedback: text is expected for {', '.join(_FIELDS)}, not {row!r:.60}")
    if len(key) > TITLE or _SURROGATE.search(f"{key} {title} {abstract}"):
        raise ProfileError(f"feedback: the name of a paper is too long, or has an invalid character: {key[:40]!a}")
    try:
        moment = datetime.fromisoformat(at) if at else now
    except ValueError:
        raise ProfileError(f"feedback: at: a time is expected, not {at!r:.40}") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
    return GivenFeedback(Example(key, title[:TITLE], cut_abstract(abstract), row["more"]), moment.isoformat())


def store_feedback(store: Store, subscriber_id: int, given: Iterable[GivenFeedback]) -> None:
    """Store feedback that was given elsewhere; papers that are not in the store are kept as examples."""
    for example, at in given:
        moment = datetime.fromisoformat(at)
        # A paper without identifiers has its key's hash as a name of its entry.
        names = (example.key, example.key.replace("title:", "entry:", 1))
        if paper := next(filter(None, map(store.papers.find, names)), None):
            store.feedback.put(subscriber_id, paper.id, liked=example.liked, now=moment)
        else:
            store.feedback.put_example(subscriber_id, example, moment)
