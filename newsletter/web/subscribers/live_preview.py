"""The next email of somebody with the present values of a form, in a sandboxed frame beside it. Nothing is stored.

A preview costs as much as composing and rendering a digest: one is made at a time, and each client has one request in
work; the guard limits how many they may make (`http.security`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Lock
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from newsletter.models import Digest, Message, Profile, Subscriber, Topic
from newsletter.pipeline.messages import MessageRenderer, make_message_id
from newsletter.pipeline.notes import Notes
from newsletter.pipeline.preview import RecentPapers, next_digest, recent_papers, sample_digest
from newsletter.store import Store
from newsletter.subscribers.profiles import make_profile
from newsletter.web.http.forms import Form
from newsletter.web.site_pages import NOINDEX, SitePages
from newsletter.web.subscribers.profile_form import read_profile_form

#: Of one client: what is rendered, and what it asked for meanwhile.
_PER_CLIENT = 2
#: How many requests may wait in all.
_MAX_WAITING = 8
#: The papers of a week are read again when it has become this long.
_LONGEST_WEEK = timedelta(days=7, hours=6)
#: Where the lines above a message go in its HTML: links of a message open in a tab of their own.
_HEAD = re.compile(r"<head>", re.IGNORECASE)
_BODY = re.compile(r"<body[^>]*>", re.IGNORECASE)
#: Whoever has no address yet.
_STRANGER = "you@newsletter.example"


@dataclass
class LivePreview:
    """Renders previews for all forms of a site."""

    pages: SitePages
    _recent: RecentPapers | None = None
    _clients: list[str] = field(default_factory=list)
    _clients_lock: Lock = field(default_factory=Lock)
    #: One at a time: inlining CSS is not thread-safe.
    _rendering: Lock = field(default_factory=Lock)

    def show(self, request: Request, store: Store, subscriber: Subscriber | None, form: Form | None) -> Response:
        """Return the email of a subscriber, or of somebody who signs up, with the fields of a form."""
        _ = self.pages.language.gettext
        with self._turn(request.client.host if request.client else "") as is_admitted:
            if not is_admitted:
                text = _("Your last preview is not ready yet. Please try again in a moment.")
                return self._page(text, status=429)
            return self._show(store, subscriber or self._stranger(), form)

    @contextmanager
    def _turn(self, client: str) -> Iterator[bool]:
        """Wait until no other preview is rendered; yield False at once if too many wait, of this client or in all."""
        with self._clients_lock:
            is_admitted = self._clients.count(client) < _PER_CLIENT and len(self._clients) < _MAX_WAITING
            if is_admitted:
                self._clients.append(client)
        if not is_admitted:
            yield False
            return
        try:
            with self._rendering:
                yield True
        finally:
            with self._clients_lock:
                self._clients.remove(client)

    def _stranger(self) -> Subscriber:
        now = self.pages.clock()
        profile = Profile(language=self.pages.language.code)
        return Subscriber(id=0, email=_STRANGER, profile=profile, subscribed_at=now, status_at=now)

    def _show(self, store: Store, subscriber: Subscriber, form: Form | None) -> Response:
        _, now = self.pages.language.gettext, self.pages.clock()
        notes = []
        if form is not None:
            catalogue = store.topics.catalogue()
            read = read_profile_form(form, dict.fromkeys(catalogue, 0), self.pages.language)
            if not read.is_valid:
                notes.append(_("What is marked as a mistake is left out here."))
            subscriber = replace(subscriber, profile=_with(subscriber.profile, read.preferences, catalogue))
        own_notes = Notes(self.pages.config.site.notes)
        if store.papers.count() == 0:
            digest = sample_digest(subscriber, now, own_notes)
            notes.append(_("This site has no papers yet. These are invented ones."))
        else:
            digest, is_example = next_digest(store, subscriber, now, self._recent_papers(store), own_notes)
            if is_example and digest.items:
                notes.append(
                    _("Nothing new has come since your last email. This is an example of the last seven days.")
                )
        if not digest.items:
            return self._page(_("No paper of the last seven days matches. No email would be sent."), notes)
        return self._message(self._write(store, digest, subscriber), notes)

    def _recent_papers(self, store: Store) -> RecentPapers:
        """Return the papers of the last week, read again when others have come, or the week has moved on."""
        now, recent = self.pages.clock(), self._recent
        is_old = recent is None or now - recent.since > _LONGEST_WEEK
        if recent is None or is_old or recent.last_seen_at != store.papers.last_seen_at():
            since, index = self.pages.topic_counts.recent()
            recent = self._recent = recent_papers(store, since, index, self.pages.config.weights)
        return recent

    def _write(self, store: Store, digest: Digest, subscriber: Subscriber) -> Message:
        """Render a digest; its links do nothing to anybody: who sees the preview may not be the subscriber for long."""
        config, nobody = self.pages.config, replace(subscriber, id=0)
        renderer = MessageRenderer(config, self.pages.environment, b"", store.summaries)
        message_id = make_message_id(b"", digest.edition.key, 0, config.sender)
        return renderer.write(digest, nobody, message_id, self.pages.clock())

    def _message(self, message: Message, notes: list[str]) -> Response:
        html = message.html
        if html is None:
            return self._page("", notes, subject=message.subject, body=message.text)
        head = self.pages.render_template("web/preview_head.html", subject=message.subject, notes=notes)
        html = _HEAD.sub('<head><base target="_blank">', html, count=1)
        html = _BODY.sub(lambda body: f"{body[0]}\n{head}", html, count=1)
        return Response(html, media_type="text/html", headers=NOINDEX)

    def _page(
        self, text: str, notes: list[str] | None = None, *, subject: str = "", body: str = "", status: int = 200
    ) -> Response:
        shown = [*([text] if text else []), *(notes or [])]
        return self.pages.show("preview.html", status, subject=subject, notes=shown, body=body)


def _with(profile: Profile, preferences: Mapping[str, Any], catalogue: list[Topic]) -> Profile:
    return make_profile(preferences, {topic.name.casefold(): topic for topic in catalogue}, profile)
