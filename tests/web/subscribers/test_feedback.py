"""Feedback links: "More like this", "Less like this"."""

from __future__ import annotations

import pytest

from newsletter.models import tokens
from tests.web.live_site import LiveSite, paths_in


def feedback_path(ada: LiveSite, *, liked: bool, paper_id: int = 1) -> str:
    with ada.store() as store:
        signed = tokens.sign(store.secret(), tokens.FEEDBACK, ada.subscriber().id)
    return f"/feedback/{tokens.feedback_prefix(paper_id, liked=liked)}{signed}"


def feedback_of(ada: LiveSite) -> dict[int, bool]:
    with ada.store() as store:
        return store.feedback.of(ada.subscriber().id)


def test_a_link_of_an_email_gives_feedback_once_confirmed(live: LiveSite) -> None:
    live.subscribe()
    live.send()
    paths = [path for path in paths_in(live.messages()[-1]) if path.startswith("/feedback/")]
    if not paths:
        pytest.skip("scikit-learn is not installed: emails have no feedback links")
    assert "like this?" in live.client.get(paths[0]).text
    assert feedback_of(live) == {}
    assert "Feedback saved" in live.client.post(paths[0]).text
    assert len(feedback_of(live)) == 1


@pytest.mark.parametrize("liked", [True, False])
def test_feedback_is_recorded_and_withdrawn(ada: LiveSite, liked: bool) -> None:
    path = feedback_path(ada, liked=liked)
    assert ("More papers like this?" if liked else "Fewer papers like this?") in ada.client.get(path).text
    page = ada.client.post(path).text
    assert f"Your feedback so far: 1 × {'more' if liked else 'less'} like this" in page
    assert feedback_of(ada) == {1: liked}
    assert ada.client.post(f"{path}/withdraw").status_code == 200
    assert feedback_of(ada) == {}


def test_the_latest_feedback_counts(ada: LiveSite) -> None:
    for liked in (True, False):
        ada.client.post(feedback_path(ada, liked=liked))
    assert feedback_of(ada) == {1: False}


def test_an_invalid_link_gives_no_feedback(ada: LiveSite) -> None:
    good = feedback_path(ada, liked=True)
    for path in (good[:-1], f"{good}x", feedback_path(ada, liked=True, paper_id=10**9), "/feedback/1.1.1.x"):
        for response in (ada.client.get(path), ada.client.post(path), ada.client.post(f"{path}/withdraw")):
            assert response.status_code == 404
            assert "incomplete or no longer valid" in response.text
    assert feedback_of(ada) == {}
