"""A chat endpoint on a local server, and runs of `summarize` against it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from newsletter.config.model import SummarySettings
from newsletter.pipeline.summaries import SummaryReport, summarize
from newsletter.store import Store
from newsletter.store.summaries import Summaries
from tests.factories import NOW, TODAY, make_entry

KEY = "sk-0123456789abcdef"
PATH = "/v1/chat/completions"


def add_papers(store: Store, number: int = 1, **changes: Any) -> list[int]:
    """Add papers; return their ids, the newest first."""
    for day in range(number):
        identity = {"arxiv_id": f"2605.0000{day}", "title": f"Clouds of Kind {day}", "listed": TODAY - timedelta(day)}
        store.papers.add(make_entry(**{**identity, **changes}), NOW)
    return [paper.id for paper in store.papers.newest(number)]


def settings_for(httpserver: HTTPServer, **changes: Any) -> SummarySettings:
    return SummarySettings(**{"base_url": httpserver.url_for("/v1"), "model": "small", "key": KEY, **changes})


def chat(content: Any, **more: Any) -> Response:
    return respond({"choices": [{"message": {"role": "assistant", "content": content}, **more}]})


def respond(value: Any) -> Response:
    return Response(json.dumps(value), mimetype="application/json")


def expect(httpserver: HTTPServer, *responses: Response) -> None:
    """Expect a request for each response, in order."""
    for response in responses:
        httpserver.expect_ordered_request(PATH, method="POST").respond_with_response(response)


def expect_always(httpserver: HTTPServer, handler: Callable[[Request], Response]) -> None:
    httpserver.expect_request(PATH, method="POST").respond_with_handler(handler)


def requests_to(httpserver: HTTPServer) -> list[Any]:
    """Return the JSON of each request."""
    return [request.get_json() for request, _ in httpserver.log]


def title_in(request: Any) -> str:
    """Return the title of the paper that a request is about."""
    return str(json.loads(request["messages"][1]["content"])["title"])


def run(store: Store, settings: SummarySettings) -> SummaryReport:
    return summarize(store, Summaries(store._db), settings, lambda: NOW)


def run_one(store: Store, httpserver: HTTPServer, response: Response) -> str:
    """Return the summary made from a response, or why it was refused."""
    (paper,) = add_papers(store)
    expect(httpserver, response)
    report = run(store, settings_for(httpserver))
    assert report.error is None
    made = Summaries(store._db).find([paper], "en")
    if report.refused:
        assert (report.made, made) == (0, {})
        (refused,) = report.refused
        return refused.removeprefix("arxiv:2605.00000 (en): ")
    assert report.made == 1
    return made[paper]
