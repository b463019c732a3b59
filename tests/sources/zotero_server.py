"""A Zotero library on loopback, as the documentation of its API describes one: items, versions, deletions."""

from __future__ import annotations

import json
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response


class Library:
    """The library of users/12345. Every change of it is a new version."""

    def __init__(self, server: HTTPServer) -> None:
        self.version = 0
        self.items: dict[str, dict[str, Any]] = {}
        self.deleted: dict[str, int] = {}
        #: Responses to give before any other.
        self.troubles: list[Response] = []
        #: Whether something changes between any two requests.
        self.is_restless = False
        self.api = server.url_for("/zotero")
        self.log = server.log
        server.expect_request("/zotero/users/12345/items/top").respond_with_handler(self._list)
        server.expect_request("/zotero/users/12345/collections/CCCC2222/items/top").respond_with_handler(self._list)
        server.expect_request("/zotero/users/12345/deleted").respond_with_handler(self._list_deleted)

    def put(self, key: str, title: str = "", **data: Any) -> None:
        """Add an item, or change some of its data."""
        self.version += 1
        old = self.items.get(key, {"itemType": "journalArticle", "dateAdded": "2026-05-08T07:00:00Z"})
        self.items[key] = {**old, **({"title": title} if title else {}), **data, "key": key, "version": self.version}

    def delete(self, key: str) -> None:
        """Delete an item for good."""
        self.version += 1
        del self.items[key]
        self.deleted[key] = self.version

    def _list(self, request: Request) -> Response:
        if self.troubles:
            return self.troubles.pop(0)
        if request.headers.get("If-Modified-Since-Version") == str(self.version):
            return Response(status=304, headers={"Last-Modified-Version": str(self.version)})
        self.version += self.is_restless
        args = request.args
        items = [one for one in self.items.values() if one["version"] > int(args.get("since", 0))]
        if "includeTrashed" not in args:
            items = [one for one in items if not one.get("deleted")]
        items.sort(key=lambda one: (one["dateAdded"], one["key"]), reverse=args.get("direction") == "desc")
        start = int(args["start"])
        rows = [{"key": one["key"], "data": one} for one in items[start : start + int(args["limit"])]]
        return self._response(rows)

    def _list_deleted(self, request: Request) -> Response:
        keys = [key for key, version in self.deleted.items() if version > int(request.args["since"])]
        return self._response({"items": keys, "collections": []})

    def _response(self, body: Any) -> Response:
        return Response(json.dumps(body), headers={"Last-Modified-Version": str(self.version)})
