"""An application that can be replaced while it is served: after a change of the settings."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send


class ReplaceableApp:
    """Passes each request on to the present application (ASGI)."""

    def __init__(self, app: Starlette) -> None:
        self._app = app
        self._first = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; the server's own start and end are those of the first application."""
        await (self._first if scope["type"] == "lifespan" else self._app)(scope, receive, send)

    def replace(self, app: Starlette) -> None:
        """Serve further requests by another application."""
        before, self._app = self._app, app
        before.state.close()

    def close(self) -> None:
        """End what the present application does beside requests."""
        self._app.state.close()
