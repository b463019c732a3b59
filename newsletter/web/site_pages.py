"""What all public pages share: the site's settings, templates, store and URL prefix."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment
from starlette.responses import HTMLResponse, Response

from newsletter.config.model import Config
from newsletter.config.signing_keys import signing_keys
from newsletter.errors import TemplateError
from newsletter.models.database_url import DatabaseUrl
from newsletter.pipeline.messages import site_context
from newsletter.pipeline.topic_counts import TopicCounts
from newsletter.rendering.environment import find_template, make_environment, render
from newsletter.rendering.language import Language, language
from newsletter.store import Store, open_store
from newsletter.web.http.page_language import language_headers, spoken
from newsletter.web.http.rate_limit import Counts, OwnCounts
from newsletter.web.shared_limits import SharedLimits
from newsletter.web.store_pool import Location, StorePool

_logger = logging.getLogger(__name__)

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
    #: Told of each broken template of the site; by default it is logged, once for each mistake.
    on_broken: Callable[[TemplateError], object] | None = None
    #: Lends the site's store to read it, in a `with`; its connections are kept.
    reading: StorePool = field(init=False)
    #: Rate limits that all web processes of the site keep together; None where a process keeps them for itself.
    shared_limits: SharedLimits | None = field(init=False)
    _known_mistakes: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        where = self.config.store
        self.reading = StorePool(where)
        self.shared_limits = SharedLimits(where, self._open, self.clock) if isinstance(where, DatabaseUrl) else None

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

    def counts(self, name: str, keep_s: float) -> Counts:
        """Return the counts of a limit by its name, which keep each client for at least so many seconds."""
        if self.shared_limits is not None:
            return self.shared_limits.counts(name, keep_s)
        return OwnCounts(lambda: self.clock().timestamp())

    def close(self) -> None:
        """Close the connections that are kept."""
        self.reading.close()
        if self.shared_limits is not None:
            self.shared_limits.close()

    def store(self) -> Store:
        """Open the site's store, for use in the calling thread only."""
        return self._open(self.config.store)

    def _open(self, where: Location) -> Store:
        return open_store(where, lambda: signing_keys(self.config))

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

        While a template of the site is broken, the page is rendered with the built-in templates: a mistake in one file
        takes down neither sign-up nor unsubscribing.

        Raises:
            TemplateError: A built-in template is missing or broken.
        """
        spoken_here = self.language
        shared = {
            "site": site_context(self.config), "base": self.prefix, "live": self.is_live, "language": spoken_here,
            "day": spoken_here.day, "number": spoken_here.number, **spoken_here.markup_functions(),
        }  # fmt: skip
        values = shared | values
        try:
            return render(find_template(self.environment, [name]), **values)
        except TemplateError as error:
            page = render(find_template(self._built_in, [name]), **values)
            (self.on_broken or self._log_mistake)(error)
            return page

    @cached_property
    def _built_in(self) -> Environment:
        return make_environment()

    def _log_mistake(self, error: TemplateError) -> None:
        if error.message not in self._known_mistakes:
            self._known_mistakes.add(error.message)
            _logger.error("%s (the built-in templates are used instead; see: newsletter templates check)", error)
