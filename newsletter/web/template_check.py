"""Find the broken templates of pages: every kind of page is shown once, as a site of sample papers has it.

The pages are made by their own code, so that a template is checked with the very values that it gets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import httpx
from jinja2 import Environment
from starlette.routing import Router

from newsletter.config.model import Config
from newsletter.errors import TemplateError
from newsletter.files.site import Site
from newsletter.models import Profile, Subscriber, Topic, tokens
from newsletter.pipeline.preview import add_samples, preview_digest
from newsletter.rendering.environment import find_template
from newsletter.store import Store, open_store
from newsletter.store.confirmations import Kind
from newsletter.subscribers.preferences_access import link_token
from newsletter.web.app import page_routes
from newsletter.web.archive.site import archive_routes
from newsletter.web.site_pages import SitePages
from newsletter.web.subscribers.outgoing import Outgoing

_URL = "https://check.newsletter.example"
_PASSWORD = "check"  # noqa: S105 - of a site that nobody can reach
_EMAIL = "you@newsletter.example"
_TOPICS = (
    Topic("In-context learning", '"in-context learning"', "Learning from examples.", "Language models"),
    Topic("LLM agents", '"LLM agent"'),
)


class _Visit(NamedTuple):
    """A request to a page; with a form, it is posted."""

    path: str
    form: Mapping[str, str] | None = None


def broken_templates(config: Config, environment: Environment, names: Sequence[str], now: datetime) -> list[str]:
    """Return what is wrong with the templates of pages, each mistake once, with file and line.

    `names` are parsed first, since a page may leave out a part of them. The settings are those of the site, for the
    texts and colours of its pages; its database is not opened, and nothing is sent.
    """
    found: dict[str, None] = {}

    def note(error: TemplateError) -> None:
        found.setdefault(error.message)

    for name in names:
        try:
            find_template(environment, [name])
        except TemplateError as error:
            note(error)
    with TemporaryDirectory() as folder:
        site = Site(Path(folder))
        sample = replace(config, site=site, site_url=_URL, web_password=_PASSWORD, outbox=site.root / "outbox")
        pages = SitePages(sample, environment, lambda: now, on_broken=note)
        with open_store(site.store) as store:
            visits = _fill(store, now)
        outgoing = Outgoing(pages)
        asyncio.run(_visit(Router(routes=page_routes(pages, outgoing, None)), visits))
        outgoing.close()
        exported = SitePages(sample, environment, lambda: now, is_live=False, on_broken=note)
        asyncio.run(_visit(Router(routes=archive_routes(exported)), [_Visit("/search")]))
    return list(found)


async def _visit(app: Router, visits: Sequence[_Visit]) -> None:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=_URL) as client:
        for path, form in visits:
            auth = ("operator", _PASSWORD) if path.startswith("/operator") else None
            await client.request("GET" if form is None else "POST", path, data=form, auth=auth)


def _fill(store: Store, now: datetime) -> list[_Visit]:
    """Store sample papers, a subscriber and what somebody requested; return the pages that these have."""
    add_samples(store, now)
    profile = Profile(topics=_TOPICS, trending=3, follow=("Ada Example",))
    with store.transaction():
        for topic in _TOPICS:
            store.topics.put(topic)
        subscriber = store.subscribers.add(_EMAIL, "Ada", profile, "web", now)
        digest = preview_digest(store, subscriber, now)
        store.editions.put(digest.edition)
        digest_id = store.editions.put_digest(digest)
        store.deliveries.queue(digest.edition.key, subscriber.id, digest_id, "<check@newsletter.example>", now)
        paper = store.papers.get_many([1])[1]
        store.feedback.put(subscriber.id, paper.id, liked=True, now=now)
        store.confirmations.add(Kind.SUBSCRIBE, _EMAIL, now, name="Ada", preferences={})
        store.confirmations.add(Kind.LINK, _EMAIL, now)
    key = digest.edition.key
    return [*_public(paper.key, key, now), *_personal(store, subscriber, key, now), *_operator(subscriber.id, key)]


def _public(paper: str, edition: str, now: datetime) -> list[_Visit]:
    paths = (
        "/", f"/calendar/{now:%Y-%m}", "/trending/week", "/topics", f"/topics/{_TOPICS[0].name}", "/editions",
        f"/editions/{edition}", f"/editions/{edition}/all", f"/papers/{paper}", "/search?q=learning", "/search.js",
        "/static_search.js", "/subscribe", "/subscribe/requested",
        "/subscribe/embed", "/preferences", "/operator/login", "/operator.css", "/pages.css", "/subscribe.js",
        "/topic_help.js", "/subscribe/preview",
    )  # fmt: skip
    mistaken = {"own_query": "learning (", "hour": "99", "style": "plain"}
    forms = ("/subscribe", "/subscribe/arrange", "/subscribe/check", "/subscribe/preview")
    return [*map(_Visit, paths), *(_Visit(path, mistaken) for path in forms)]


def _personal(store: Store, subscriber: Subscriber, edition: str, now: datetime) -> list[_Visit]:
    """Return the pages of links in emails, in the order in which somebody would follow them."""
    secret, number = store.secret(), subscriber.id
    requests = {one.kind: one for one in store.confirmations.waiting(2)}
    subscribing, opening = requests[Kind.SUBSCRIBE], requests[Kind.LINK]
    confirm = f"/confirm/{tokens.sign_until(secret, tokens.CONFIRM, subscribing.id, now.date())}"
    feedback = tokens.feedback_prefix(1, liked=True) + tokens.sign(secret, tokens.FEEDBACK, number)
    unsubscribe = f"/unsubscribe/{tokens.sign(secret, tokens.UNSUBSCRIBE, number)}"
    paths = (
        confirm, f"/preferences/open/{link_token(secret, opening, now)}",
        f"/preferences/{tokens.sign_until(secret, tokens.PREFERENCES, number, now.date())}",
        f"/digests/{edition}/{tokens.sign(secret, tokens.digest_purpose(edition), number)}",
        f"/feedback/{feedback}", unsubscribe,
    )  # fmt: skip
    opened = (_Visit("/preferences"), _Visit("/preferences/rate"))
    saved = f"/saved/{tokens.sign(secret, tokens.SAVED, number)}"
    save = f"/save/{tokens.save_token(tokens.sign(secret, tokens.SAVE, number), 1)}"
    saving = (_Visit("/preferences/saved"), _Visit(save), _Visit(save, {}), _Visit(saved), _Visit(f"{saved}/1"))
    return [*map(_Visit, paths), *saving, _Visit(confirm, {}), *opened, _Visit(unsubscribe, {})]


def _operator(subscriber: int, edition: str) -> list[_Visit]:
    """Return the operator's pages; the last one is of an edition that there is not."""
    pages = (
        "", "/sources", "/topics", "/test-email", "/editions", f"/editions/{edition}", f"/editions/{edition}/cancel",
        "/subscribers", f"/subscribers/{subscriber}", f"/subscribers/{subscriber}/erase", "/editions/none",
    )  # fmt: skip
    return [_Visit(f"/operator{page}") for page in pages]
