"""Requests beyond the limits are refused with the right status, and quickly; none of them is an internal error."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest

from newsletter.limits import COMBINING_MARKS, FORM_FIELDS, HEADERS, JSON_DEPTH, TOPICS, URL_BYTES
from tests.web.live_site import LiveSite

_DIGITS = "9" * 5000


def _sign_up(live: LiveSite, **fields: Any) -> int:
    return live.client.post("/api/subscribe", content=json.dumps({"email": "ada@example.org"} | fields)).status_code


@pytest.mark.parametrize(
    "path", [f"/archive/2026-05-08/page/{_DIGITS}", f"/search?q=a&page={_DIGITS}", f"/topics/x/page/{_DIGITS}"]
)
def test_a_page_number_of_thousands_of_digits_is_a_bad_request(live: LiveSite, path: str) -> None:
    assert live.client.get(path).status_code in (400, 404)
    assert live.client.get(path.replace("9", "1", 1).replace("9", "")).status_code in (200, 404)


def test_the_number_of_a_page_that_exists_is_refused_only_for_its_length(live: LiveSite) -> None:
    assert live.client.get(f"/archive/2026-05-08/page/{_DIGITS}").status_code == 400
    assert live.client.get(f"/search?page={_DIGITS}").status_code == 400


@pytest.mark.parametrize("fields", [{"name": "\ud800"}, {"topics": ["a \udfff"]}, {"\ud800": 1}])
def test_a_lone_surrogate_is_a_bad_request(live: LiveSite, fields: dict[str, Any]) -> None:
    assert _sign_up(live, **fields) == 400


def test_nesting_is_a_bad_request(live: LiveSite) -> None:
    topics: Any = "a"
    for _ in range(JSON_DEPTH + 1):
        topics = [topics]
    assert _sign_up(live, topics=topics) == 400


def test_a_profile_with_more_topics_is_refused_before_they_are_parsed(live: LiveSite) -> None:
    assert _sign_up(live, topics=[f"topic {number}" for number in range(TOPICS)]) == 202
    # The first is not valid, so it would be refused instead if it was parsed.
    body = {"email": "ada@example.org", "topics": ["tilte:x", *(f"x{number}" for number in range(6000))]}
    response = live.client.post("/api/subscribe", content=json.dumps(body))
    assert (response.status_code, response.json()["error"]) == (
        422,
        f"topics: 6001 topics, but the maximum is {TOPICS}",
    )


def test_too_many_fields_a_long_url_and_many_headers_are_refused(live: LiveSite) -> None:
    assert live.client.get("/subscribe?" + "a&" * (FORM_FIELDS + 1)).status_code == 400
    assert live.client.get("/search?q=" + "a" * URL_BYTES).status_code == 414
    assert live.client.get("/", headers={f"X-{number}": "1" for number in range(HEADERS)}).status_code == 431


def test_a_name_of_combining_marks_is_accepted_without_most_of_them(live: LiveSite) -> None:
    assert _sign_up(live, name="a" + "\u0301\u0316" * 2400) == 202
    with live.store() as store:
        ((name,),) = store._db.execute("SELECT name FROM confirmations").fetchall()
    assert len(unicodedata.normalize("NFKD", name)) <= COMBINING_MARKS + 2
