"""What a site answers from outside: one ASGI application, for `newsletter serve --web` or any host of such.

uvicorn --factory newsletter.web.app:make_site_app    # of the site around the working directory
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.types import ASGIApp

from newsletter.config import Config, load_config
from newsletter.places import find_site
from newsletter.store import Store, open_store
from newsletter.web.hooks import hook_routes


def make_app(
    config: Config, clock: Callable[[], datetime], fetch: Callable[[str], bytes] | None = None
) -> Starlette:  # fmt: skip
    """Make the application of a site; `fetch` asks the addresses of Amazon's that a call of its names."""

    def store() -> Store:
        return open_store(config.site.store)

    return Starlette(routes=hook_routes(store, config.hooks, config.returns.soft_limit, clock, fetch))


def make_site_app() -> ASGIApp:
    """Make the application of the site around the working directory.

    Raises:
        ConfigError: There is none, or its settings are wrong.
    """
    return make_app(load_config(find_site(Path.cwd())), lambda: datetime.now(UTC))
