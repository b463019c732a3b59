"""What all pages of a site share: its settings, its templates, its store, and how a page is answered."""

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
from newsletter.pipeline.messages import site_context
from newsletter.rendering.environment import find_template, render
from newsletter.rendering.language import language
from newsletter.store import Store, open_store
from newsletter.web.topic_counts import TopicCounts

_ENGLISH = language("en")
#: Of addresses that hold a token: nobody's index has them.
PRIVATE = {"X-Robots-Tag": "noindex, nofollow"}


@dataclass
class Pages:
    """A site's pages."""

    config: Config
    environment: Environment
    clock: Callable[[], datetime]
    #: Whether somebody will be there to answer forms; False for pages that are written into files.
    is_live: bool = True

    @cached_property
    def prefix(self) -> str:
        """The path below which the site is: "" or "/papers"."""
        return urlsplit(self.config.site_url).path if self.config.site_url else ""

    @cached_property
    def topic_counts(self) -> TopicCounts:
        """The papers of the last week."""
        return TopicCounts(self.store, self.clock)

    def store(self) -> Store:
        """Open the site's store; it belongs to the thread that opened it."""
        return open_store(self.config.site.store)

    def show(self, name: str, status: int = 200, *, private: bool = True, **values: Any) -> HTMLResponse:
        """Render a page of `templates/web`; a `private` one is nobody's to find.

        Raises:
            TemplateError: A template is missing or broken.
        """
        content = self.rendered(f"web/{name}", **values)
        return HTMLResponse(content, status, PRIVATE if private else None)

    def tell(self, title: str, text: str, status: int = 200, **values: Any) -> Response:
        """Answer with a page of a few words."""
        return self.show("message.html", status, title=title, text=text, **values)

    def rendered(self, name: str, **values: Any) -> str:
        """Render a template for this site."""
        template = find_template(self.environment, [name])
        shared = {"site": site_context(self.config), "base": self.prefix, "live": self.is_live, "day": _ENGLISH.day}
        return render(template, **shared, **values)
