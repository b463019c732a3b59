"""Health checks: /healthz says that the process lives, /readyz that it can do its work. For machines.

    {"status": "ready", "checks": {"store": "ok", "scheduler": "ok"}}

Whoever asks learns nothing of what is wrong but where: the log of the process and `newsletter status` tell more. The
names are those of Kubernetes' own (kubernetes.io/docs/reference/using-api/health-checks).
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from newsletter.errors import NewsletterError
from newsletter.store import Store

_logger = logging.getLogger(__name__)


def health_routes(open_store: Callable[[], Store], is_stalled: Callable[[], bool] | None) -> list[Route]:
    """Return the routes; `is_stalled` asks the scheduler of this process, None if it has none."""

    def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    def readyz(_request: Request) -> Response:
        checks = {"store": "ok" if _opens(open_store) else "failed"}
        if is_stalled is not None:
            checks["scheduler"] = "stalled" if is_stalled() else "ok"
        is_ready = set(checks.values()) == {"ok"}
        status = "ready" if is_ready else "not ready"
        return JSONResponse({"status": status, "checks": checks}, 200 if is_ready else 503)

    return [Route("/healthz", healthz, methods=["GET"]), Route("/readyz", readyz, methods=["GET"])]


def _opens(open_store: Callable[[], Store]) -> bool:
    """Whether the store opens, which makes its schema the present one, and can be read."""
    try:
        with open_store() as store:
            store.versions()
    except NewsletterError as error:
        _logger.error("readyz: %s", error)  # noqa: TRY400 - the traceback says no more
        return False
    return True
