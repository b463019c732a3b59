"""Listening sockets and the HTTP server (uvicorn) for the studio and the public pages."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

from starlette.types import ASGIApp

from newsletter.errors import NewsletterError

if TYPE_CHECKING:
    from uvicorn import Server

#: Seconds that open requests have to finish on shutdown.
_SHUTDOWN_GRACE_S = 1


def listen(host: str, port: int) -> socket.socket:
    """Return a listening TCP socket; port 0 picks a free port.

    Raises:
        NewsletterError: The port is in use or not permitted, or the address is not one of this machine.
    """
    # asyncio sets TCP_NODELAY only on sockets of protocol TCP; without it each response waits 40 ms for an ACK.
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, proto=socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()  # clients that connect before the server runs wait, and are not refused
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or error
        hint = "choose another port, or 0 for a free one"
        raise NewsletterError(f"cannot listen on {host} port {port}: {reason}", hint=hint) from error
    return listening


def make_server(app: ASGIApp, *, is_public: bool = False) -> Server:
    """Return a uvicorn server for an application; pass its sockets to `run`.

    Responses of a public one have a deadline; event streams, which never end, are not for strangers.
    """
    from uvicorn import Config  # noqa: PLC0415 - slow to import, and needed only to serve

    from newsletter.web.http.connections import BoundedProtocol, ClosingServer, PublicProtocol  # noqa: PLC0415

    return ClosingServer(
        Config(
            app,
            lifespan="auto",
            http=PublicProtocol if is_public else BoundedProtocol,
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_SHUTDOWN_GRACE_S,
        )
    )


@contextmanager
def serving(app: ASGIApp, host: str, port: int) -> Iterator[int]:
    """Serve an application from a thread while inside the context; yield the port.

    Raises:
        NewsletterError: As `listen` does.
    """
    with listen(host, port) as listening:
        server = make_server(app, is_public=True)
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, name="web")
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()
