"""A Zotero library as the likes of subscribers: by the pulls of its source."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from newsletter.models import PullReport
from newsletter.pipeline.pull import pull_days
from newsletter.pipeline.taste import learn_taste_models
from newsletter.sources import HttpClient, Span
from newsletter.sources.zotero import Zotero
from newsletter.store import Store
from tests.factories import NOW, TODAY, make_entry, make_profile
from tests.ranking.conftest import library as archive
from tests.sources.zotero_server import Library

USER = "users/12345"


@pytest.fixture
def library(httpserver: HTTPServer) -> Library:
    found = Library(httpserver)
    for number, word in enumerate(("clouds", "rain", "fog"), start=1):
        found.put(f"OLD{number}", f"On {word} and how to count them", DOI=f"10.1000/{word}", dateAdded="2019-01-01")
    return found


@pytest.fixture
def people(store: Store) -> dict[str, int]:
    addresses = ("ada@example.org", "ben@example.org")
    return {one: store.subscribers.add(one, "", make_profile(), "cli", NOW).id for one in addresses}


def pull(store: Store, client: HttpClient, library: Library, **settings: Any) -> PullReport:
    source = Zotero(**{"follow": (USER,), "api": library.api, "likes_of": ("ada@example.org",), **settings})
    return pull_days(store, source, Span(TODAY, TODAY), NOW, client)


def liked(store: Store, subscriber: int) -> list[str]:
    examples = [one.key for one in store.feedback.examples(subscriber)]
    papers = store.papers.get_many(store.feedback.of(subscriber)).values()
    return sorted(key.removeprefix("doi:10.1000/") for key in (*examples, *(one.key for one in papers)))


def test_likes_follow_the_library_and_only_what_is_new_is_a_new_paper(
    store: Store, client: HttpClient, library: Library, people: dict[str, int]
) -> None:
    ada = people["ada@example.org"]
    library.put("NEW1", "On kettles", DOI="10.1000/kettles")
    assert (pull(store, client, library).new, liked(store, ada)) == (1, ["clouds", "fog", "kettles", "rain"])
    assert store.papers.count() == 1

    library.delete("OLD1")
    library.put("OLD2", deleted=1)
    library.put("NEW2", "On spoons", DOI="10.1000/spoons")
    assert (pull(store, client, library).new, liked(store, ada)) == (1, ["fog", "kettles", "spoons"])
    assert liked(store, people["ben@example.org"]) == []

    requests = len(library.log)
    report = pull(store, client, library)
    assert (report.unchanged, report.error, liked(store, ada)) == (True, None, ["fog", "kettles", "spoons"])
    assert len(library.log) == requests + 2  # one to follow it and one for the likes, both "not modified"


def test_a_library_for_tastes_only_adds_no_paper(
    store: Store, client: HttpClient, library: Library, people: dict[str, int]
) -> None:
    library.put("NEW1", "On kettles", DOI="10.1000/kettles")
    assert pull(store, client, library, new_papers=False).error is None
    assert (store.papers.count(), len(liked(store, people["ada@example.org"]))) == (0, 4)


def test_the_library_of_a_site_is_liked_by_all_and_those_who_come_later_get_all_of_it(
    store: Store, client: HttpClient, library: Library, people: dict[str, int]
) -> None:
    pull(store, client, library, likes_of=("all",))
    eve = store.subscribers.add("eve@example.org", "", make_profile(), "web", NOW).id
    library.delete("OLD1")
    pull(store, client, library, likes_of=("all",))
    assert [liked(store, one) for one in (*people.values(), eve)] == [["fog", "rain"]] * 3


def test_who_is_not_named_any_more_loses_these_likes(
    store: Store, client: HttpClient, library: Library, people: dict[str, int]
) -> None:
    pull(store, client, library, likes_of=tuple(people))
    pull(store, client, library, likes_of=("ben@example.org",))
    assert [len(liked(store, one)) for one in people.values()] == [0, 3]
    pull(store, client, library, likes_of=())
    assert [len(liked(store, one)) for one in people.values()] == [0, 0]


@pytest.mark.usefixtures("people")
def test_an_address_that_is_no_subscribers_is_an_error_of_the_pull(
    store: Store, client: HttpClient, library: Library
) -> None:
    report = pull(store, client, library, likes_of=("nobody@example.org",))
    assert "likes_of: nobody@example.org is not a subscriber" in str(report.error)
    assert store.pulls.state(report.source) == {}
    assert report.source == "zotero users/12345"  # which is logged, and without anybody's address


def test_a_failure_leaves_the_likes_as_they_were_and_the_next_pull_goes_on(
    store: Store, client: HttpClient, library: Library, people: dict[str, int]
) -> None:
    ada = people["ada@example.org"]
    pull(store, client, library, new_papers=False)
    library.delete("OLD1")
    library.troubles = [Response("<html>We are down</html>")]
    assert "unexpected response from Zotero" in str(pull(store, client, library, new_papers=False).error)
    assert liked(store, ada) == ["clouds", "fog", "rain"]
    assert pull(store, client, library, new_papers=False).error is None
    assert liked(store, ada) == ["fog", "rain"]


def test_a_taste_is_learned_from_a_library(
    store: Store, client: HttpClient, library: Library, people: dict[str, int]
) -> None:
    pytest.importorskip("sklearn")
    for paper in archive():
        store.papers.add(make_entry(arxiv_id=paper.arxiv_id, title=paper.title, abstract=paper.abstract), NOW)
    pull(store, client, library)
    assert learn_taste_models(store, NOW) == 1
    assert store.taste_models.taste(people["ada@example.org"]) is not None
    assert learn_taste_models(store, NOW) == 0
