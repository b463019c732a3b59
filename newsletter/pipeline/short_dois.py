"""Short DOIs of stored papers ("10/gf4qx9") → the DOIs that they stand for, asked of doi.org once a source was pulled.

A short DOI is a handle whose value HS_ALIAS is the DOI: https://shortdoi.org, and
https://www.doi.org/the-identifier/resources/factsheets/doi-resolution-documentation for the API.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

from newsletter.errors import SourceError
from newsletter.models import Entry, Facts, Paper
from newsletter.papers.identifiers import doi
from newsletter.sources import HttpClient
from newsletter.sources.formats import values
from newsletter.store import Store

_API = "https://doi.org/api/handles"
#: Requests of one pull; the others wait for the next one.
_MOST = 50
#: A short DOI that nobody knows is not asked for longer than that.
_ASKED_FOR = timedelta(days=7)


def resolve_short_dois(
    store: Store, client: HttpClient, now: datetime, is_shutting_down: Callable[[], bool] = lambda: False,
    api: str = _API,
) -> int:  # fmt: skip
    """Give papers that have only a short DOI the DOI that it stands for; return how many were resolved.

    A paper that is in the store under that DOI is merged with it. Without a network all stay as they are.

    Raises:
        StoreError: The store cannot be written.
    """
    resolved = 0
    for paper in store.papers.with_short_doi_alone(now - _ASKED_FOR, _MOST):
        if is_shutting_down():
            break
        try:
            response = client.get(f"{api}/{paper.short_doi}", expected=(404,))
        except SourceError:
            break
        found = _alias_in(response.content) if response.status == 200 else None
        if found:
            store.papers.add(_entry_of(paper, found), now)
            resolved += 1
    return resolved


def _alias_in(content: bytes) -> str | None:
    """Return the DOI in a response of the API, or None."""
    try:
        response: Any = json.loads(content)
    except (ValueError, RecursionError):
        return None
    for value in values.objects(values.part(response).get("values")):
        alias = values.part(value.get("data")).get("value")
        if value.get("type") == "HS_ALIAS" and isinstance(alias, str) and len(alias) <= 1000:
            return doi(alias)
    return None


def _entry_of(paper: Paper, found: str) -> Entry:
    """Return a paper as the source of its text listed it, with its DOI."""
    facts = {fact.name: getattr(paper, fact.name) for fact in fields(Facts)}
    return replace(Entry(source=paper.text_source, **facts), doi=found)
