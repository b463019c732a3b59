"""A digest in a browser: its sections as they were sent, and the papers that each had no place for.

The links are in the digest, so whoever it is forwarded to has them, too: the pages show what the digest does, and
nothing about its subscriber beside. Where a digest is not stored (a preview, a test email, one that was pruned), they
lead to the edition's page.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsletter.models import Section, tokens
from newsletter.models.tokens import is_id
from newsletter.pipeline.sent_digest import SentDigest, find_sent_digest, further_papers
from newsletter.rendering.digest_context import digest_texts, edition_kind, more_url
from newsletter.rendering.labels import section_title
from newsletter.store import Store
from newsletter.web.archive.cards import card_of
from newsletter.web.http.page_language import speak
from newsletter.web.site_pages import SitePages
from newsletter.web.subscribers.saved import feedback_links


class DigestPages:
    """Serves the pages."""

    def __init__(self, pages: SitePages) -> None:
        self.pages = pages

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/digests/{key}/{token}", self.page, methods=["GET"]),
            Route("/digests/{key}/{token}/more/{number}", self.more, methods=["GET"]),
        ]

    def page(self, request: Request) -> Response:
        """Show a digest."""
        with self.pages.store() as store:
            sent = self._find(store, request)
            if isinstance(sent, Response):
                return sent
            links = self._links(store, sent)
        here = self._path_of(request)
        numbered = enumerate(sent.digest.sections, start=1)  # as in the email
        sections = [
            self._section(number, section, more_url(here, str(number), str(len(section.items))))
            for number, section in numbered
        ]
        texts, kind = digest_texts(sent.digest, self.pages.language), edition_kind(sent.digest, self.pages.language)
        return self._show(f"{kind} · {texts['date']}", texts["summary"], sections, here="", **links)

    def more(self, request: Request) -> Response:
        """Show what matched a section's topic beyond what the email shows; `after` says how many papers that is."""
        with self.pages.store() as store:
            sent = self._find(store, request)
            if isinstance(sent, Response):
                return sent
            sections = {str(number): one for number, one in enumerate(sent.digest.sections, start=1)}
            section = sections.get(str(request.path_params["number"]))
            if section is None:
                return self._not_found()
            shown = _shown(request, section)
            cut = [item.paper for item in section.items[shown:]]  # for the size of the email
            papers = cut + further_papers(store, sent, section, self.pages.config.weights)
            links = self._links(store, sent)
        language = self.pages.language
        days = digest_texts(sent.digest, language)["date"]
        lead = language.ngettext(
            "%(number)s more paper matched. Edition: %(days)s", "%(number)s more papers matched. Edition: %(days)s",
            len(papers), days=days,
        )  # fmt: skip
        if section.matched <= shown:
            lead = language.gettext("The digest has all papers that matched.")
        elif not papers:
            lead = language.gettext("These papers can no longer be found: the topic has been changed or removed.")
        rest = {
            "title": "",
            "number": "",
            "more": "",
            "more_url": "",
            "cards": [card_of(paper, language) for paper in papers],
        }
        # L10N: A heading, before the name of a topic.
        title = language.labelled(language.gettext("More papers"), section_title(section, language))
        return self._show(title, lead, [rest] * bool(papers), here=self._path_of(request), **links)

    def _find(self, store: Store, request: Request) -> SentDigest | Response:
        key, token = (str(request.path_params[name]) for name in ("key", "token"))
        number = tokens.read(store.accepted_keys(self.pages.clock()), tokens.digest_purpose(key), token)
        if number is None:
            return self._not_found()
        sent = find_sent_digest(store, key, number)
        if sent is not None:
            speak(sent.subscriber.profile.language)
            return sent
        edition = store.editions.find(key)
        if edition is None or edition.is_special:
            return self._not_found()
        return RedirectResponse(f"{self.pages.prefix}/editions/{key}")

    def _path_of(self, request: Request) -> str:
        return f"{self.pages.prefix}/digests/{request.path_params['key']}/{request.path_params['token']}"

    def _links(self, store: Store, sent: SentDigest) -> dict[str, Any]:
        """Return what gives feedback on a paper, and what saves it."""
        number, prefix = sent.subscriber.id, self.pages.prefix
        signed = tokens.sign(store.secret(), tokens.SAVE, number)

        def save(paper_id: int) -> str:
            return f"{prefix}/save/{tokens.save_token(signed, paper_id)}"

        return {"feedback": feedback_links(store, number, prefix), "save": save}

    def _show(self, title: str, lead: str, sections: list[dict[str, Any]], **values: Any) -> Response:
        return self.pages.show("digest.html", title=title, lead=lead, sections=sections, **values)

    def _not_found(self) -> Response:
        _ = self.pages.language.gettext
        text = _("This link is incomplete, or the digest is no longer stored.")
        return self.pages.show_message(_("Page not found"), text, 404, to="/editions", label=_("All editions"))

    def _section(self, number: int, section: Section, more_url: str) -> dict[str, Any]:
        language, left = self.pages.language, section.matched - len(section.items)
        more = language.ngettext("%(number)s more paper", "%(number)s more papers", left) if left > 0 else ""
        return {
            "title": section_title(section, language),
            "number": number,
            "more": more,
            "more_url": more_url,
            "cards": [card_of(item.paper, language) for item in section.items],
        }


def _shown(request: Request, section: Section) -> int:
    """Return how many papers of a section the email shows: all that are stored, unless the link says fewer."""
    text = request.query_params.get("after", "")
    return min(int(text), len(section.items)) if is_id(text) else len(section.items)
