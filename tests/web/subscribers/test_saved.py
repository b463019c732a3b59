"""Saved papers: only their subscriber sees the list, and whoever has a digest can add to it."""

from __future__ import annotations

import re
from html import unescape

import pytest

from newsletter.limits import SAVED_PAPERS
from newsletter.models import tokens
from tests.factories import NOW, make_entry
from tests.web.live_site import ADA, LiveSite, paths_in

PAPER = "arxiv:2605.99001"


def list_path(live: LiveSite) -> str:
    with live.store() as store:
        return f"/saved/{tokens.sign(store.secret(), tokens.SAVED, live.subscriber().id)}"


def paper_id(live: LiveSite, key: str = PAPER) -> int:
    with live.store() as store:
        paper = store.papers.find(key)
    assert paper is not None
    return paper.id


def test_from_the_page_of_a_paper_to_the_list_and_back(ada: LiveSite) -> None:
    page = ada.client.get(f"/papers/{PAPER}").text
    (lead,) = [unescape(url) for url in re.findall(r'href="(/preferences/saved[^"]*)"', page)]
    assert 'action="/preferences"' in ada.client.get(lead).text, "without a session, a link is offered"
    ada.open_preferences()
    path = ada.client.get(lead).headers["location"]
    assert path == f"{list_path(ada)}/{paper_id(ada)}"
    assert ada.client.get("/preferences/saved").headers["location"] == list_path(ada)

    ada.client.cookies.clear()
    shown = ada.client.get(path)
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in shown.headers["x-robots-tag"]
    assert re.search(r'href="/feedback/\d+\.1\.', shown.text)
    assert ada.client.post(path, data={"action": "save"}).headers["location"] == list_path(ada)
    assert f'href="/papers/{PAPER}"' in ada.client.get(list_path(ada)).text
    assert "Remove from your saved papers" in ada.client.get(path).text
    ada.client.post(path, data={"action": "remove"})
    assert "You haven’t saved any papers yet." in ada.client.get(list_path(ada)).text


def test_a_get_changes_nothing(ada: LiveSite) -> None:
    with ada.store() as store:
        signed = tokens.sign(store.secret(), tokens.SAVE, ada.subscriber().id)
    for path in (f"/save/{tokens.save_token(signed, paper_id(ada))}", f"{list_path(ada)}/{paper_id(ada)}"):
        assert ada.client.get(path).status_code == 200
    with ada.store() as store:
        assert store.saved.of(ada.subscriber().id) == []


def test_a_digest_saves_papers_and_shows_nothing_of_the_list(live: LiveSite) -> None:
    live.subscribe(language="en")
    live.send()
    live.client.cookies.clear()
    (digest, *_) = [path for path in paths_in(live.messages()[-1]) if path.startswith("/digests/")]
    page = live.client.get(digest).text
    saving = re.findall(r'href="(/save/[^"]+)"', page)
    assert len(saving) == len(re.findall(r'href="/feedback/\d+\.1\.[^"]+"', page)) > 1
    done = live.client.post(saving[0])
    assert "Saved" in done.text
    assert "/saved/" not in done.text.replace("/preferences/saved", "")
    assert ADA not in done.text
    with live.store() as store:
        assert len(store.saved.of(live.subscriber().id)) == 1


def test_the_list_is_a_file_too_and_has_two_views(ada: LiveSite) -> None:
    path, number = list_path(ada), paper_id(ada)
    ada.client.post(f"{path}/{number}", data={"action": "save"})
    assert ada.client.get(f"{path}/papers.bib").text.count("\n@") + 1 == 1
    file = ada.client.get(f"{path}/papers.json")
    assert [one["key"] for one in file.json()] == [PAPER]
    assert file.headers["cache-control"] == "no-store"
    assert '<ol class="dense">' in ada.client.get(f"{path}?view=list").text
    assert '<ol class="cards">' in ada.client.get(path).text


@pytest.mark.parametrize("path", ["/saved/1.x", "/saved/1.x/papers.bib", "/saved/1.x/1", "/save/1.1.x", "/save/x"])
def test_a_wrong_link_shows_nothing(ada: LiveSite, path: str) -> None:
    assert ada.client.get(path).status_code == 404
    assert ada.client.post(path).status_code in (404, 405)


def test_a_link_does_one_thing(ada: LiveSite) -> None:
    with ada.store() as store:
        secret, number = store.secret(), ada.subscriber().id
        for purpose in (tokens.SAVE, tokens.FEEDBACK, tokens.PREFERENCES, tokens.UNSUBSCRIBE):
            assert ada.client.get(f"/saved/{tokens.sign(secret, purpose, number)}").status_code == 404
        saved = tokens.sign(secret, tokens.SAVED, number)
    assert ada.client.get(f"/save/{tokens.save_token(saved, paper_id(ada))}").status_code == 404
    assert ada.client.get(f"{list_path(ada)}/999999").status_code == 404


def test_a_full_list_says_so(ada: LiveSite) -> None:
    subscriber = ada.subscriber()
    with ada.store() as store, store.transaction():
        entries = (make_entry(title=f"N{one}", arxiv_id=f"2604.{one:05}", abstract="") for one in range(SAVED_PAPERS))
        store.papers.add_all(entries, NOW)
        *papers, left = store.papers.newest(SAVED_PAPERS + 1)
        for one in papers:
            assert store.saved.put(subscriber.id, one.id, NOW, SAVED_PAPERS)
    response = ada.client.post(f"{list_path(ada)}/{left.id}", data={"action": "save"})
    assert response.status_code == 409
    assert "1,000 papers" in response.text


def test_the_list_is_erased_with_its_subscriber(ada: LiveSite) -> None:
    path = list_path(ada)
    ada.client.post(f"{path}/{paper_id(ada)}", data={"action": "save"})
    with ada.store() as store, store.transaction():
        store.subscribers.erase(ada.subscriber())
    assert ada.client.get(path).status_code == 404
