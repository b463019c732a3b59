"""What all public pages share: the site's settings, templates, store and URL prefix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment
from starlette.responses import HTMLResponse, Response

from newsletter.config.model import Config
from newsletter.config.signing_keys import signing_keys
from newsletter.pipeline.messages import site_context
from newsletter.pipeline.topic_counts import TopicCounts
from newsletter.rendering.environment import find_template, render
from newsletter.rendering.language import Language, language
from newsletter.store import Store, open_store
from newsletter.web.http.page_language import language_headers, spoken

#: Keep pages whose URL holds a token, or that depend on who asks, out of search engines.
NOINDEX = {"X-Robots-Tag": "noindex, nofollow"}


@dataclass
class SitePages:
    """Renders the pages of one site."""

    config: Config
    environment: Environment
    clock: Callable[[], datetime]
    #: Whether a server is there to handle forms and searches; False for the static export.
    is_live: bool = True

    @cached_property
    def prefix(self) -> str:
        """The path of the site's URL, for example "" or "/papers"."""
        return urlsplit(self.config.site_url).path if self.config.site_url else ""

    @property
    def language(self) -> Language:
        """The language of the page that is being made (`page_language`)."""
        return language(spoken() or self.config.site_language)

    @cached_property
    def topic_counts(self) -> TopicCounts:
        """The number of papers per topic in the last week."""
        return TopicCounts(self.store, self.clock)

    def store(self) -> Store:
        """Open the site's store, for use in the calling thread only."""
        return open_store(self.config.site.store, lambda: signing_keys(self.config))

    def show(self, name: str, status: int = 200, *, noindex: bool = True, **values: Any) -> HTMLResponse:
        """Return a page rendered from `templates/web`; `noindex` keeps it out of search engines.

        Raises:
            TemplateError: A template is missing or broken.
        """
        content = self.render_template(f"web/{name}", **values)
        return HTMLResponse(content, status, {**language_headers(), **(NOINDEX if noindex else {})})

    def show_message(self, title: str, text: str, status: int = 200, **values: Any) -> Response:
        """Return a page of a heading and one sentence; `to` and `label` add a button that links to a path."""
        return self.show("message.html", status, title=title, text=text, **values)

    def render_template(self, name: str, **values: Any) -> str:
        """Render a template with the values that all pages share.

        Raises:
            TemplateError: The template is missing or broken.
        """
        template = find_template(self.environment, [name])
        spoken_here = self.language
        shared = {
            "site": site_context(self.config), "base": self.prefix, "live": self.is_live, "language": spoken_here,
            "day": spoken_here.day, "number": spoken_here.number, **spoken_here.markup_functions(),
        }  # fmt: skip
        return render(template, **shared | values)
