"""A request after each run, by which another service notices when runs fail or cease: healthchecks.io and its like.

Source: https://healthchecks.io/docs/http_api/ ("success" and "fail" endpoints). Nothing is sent but the request.
"""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from newsletter.errors import NewsletterError, SourceError
from newsletter.limits.deadlines import call_within
from newsletter.sources import HttpClient

#: All attempts together. The next run must not wait for a monitor that does not respond.
_DEADLINE_S = 20.0
#: Of a monitor that knows no failures: it alerts when the heartbeat is missing.
_NO_SUCH_PAGE = (404, 405)


class HeartbeatError(NewsletterError):
    """The monitor did not accept the request."""


def send_heartbeat(url: str, *, is_clean: bool, deadline_s: float = _DEADLINE_S) -> None:
    """Request the URL of a monitor after a clean run; its failure URL after another.

    The operator set the URL, so it may lead to this machine or a private network; a redirect of it may not.

    Raises:
        HeartbeatError: The monitor did not respond, or with an error. The message does not show the URL's secret.
    """
    address = url if is_clean else failure_url(url)

    def request() -> None:
        with HttpClient() as client:
            client.get(address, expected=() if is_clean else _NO_SUCH_PAGE)

    try:
        call_within(deadline_s, request)
    except TimeoutError:
        raise HeartbeatError(f"heartbeat: {_host(url)}: no response within {deadline_s:.0f} s") from None
    except SourceError as error:
        reason = error.message.replace(address, _host(url)).replace(urlsplit(address).path, "/…")
        hint = "check operator.heartbeat_url"
        raise HeartbeatError(f"heartbeat: {reason}", hint=hint) from None


def failure_url(url: str) -> str:
    """Return the URL that reports a failure: with /fail added to its path."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/fail"))


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
