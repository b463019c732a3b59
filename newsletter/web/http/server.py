"""Sockets and servers: for the preview of this machine's, and for the pages that everybody sees."""

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

#: Seconds that requests have to end when the server is told to.
_GRACE_S = 5


def listen(host: str, port: int) -> socket.socket:
    """Return a socket at an address of this machine; port 0 is a free one.

    Raises:
        NewsletterError: The port is taken, or the address is none of ours.
    """
    # By name of TCP, or asyncio would leave out TCP_NODELAY, and each answer wait 40 ms for an acknowledgement.
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, proto=socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()  # who is told the address waits, and is not refused
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or error
        raise NewsletterError(f"port {port} of {host}: {reason}", hint="another one, or 0 for a free one") from error
    return listening


def make_server(app: ASGIApp) -> Server:
    """Make what serves an application; it is told where when it runs."""
    from uvicorn import Config, Server  # noqa: PLC0415 - only who serves needs it

    return Server(
        Config(
            app,
            lifespan="off",
            ws="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
    )


@contextmanager
def serving(app: ASGIApp, host: str, port: int) -> Iterator[int]:
    """Serve an application from a thread, while inside; yield the port, which is a free one for 0.

    Raises:
        NewsletterError: The port is taken.
    """
    with listen(host, port) as listening:
        server = make_server(app)
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, name="web")
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()
