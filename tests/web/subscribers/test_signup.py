"""Sign up, confirm, read, change, leave: as a browser without scripts does, and as programs do."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from newsletter.models import Cadence, Status
from newsletter.subscribers.double_opt_in import request_subscription
from tests.web.site import ADA, Asked, paths_in

PREFERENCES = {
    "email": ADA,
    "name": "Ada",
    "topic": ["In-context learning", "LLM agents"],
    "queries": "robot*\nMine = retrieval -survey",
    "cadence": "daily",
    "hour": "0",
    "time_zone": "Europe/Berlin",
    "style": "compact",
    "language": "de",
}


def sign_up(asked: Asked, **preferences: object) -> str:
    """Sign up, and return the path that confirms."""
    answer = asked.client.post("/subscribe", data=PREFERENCES | preferences)
    assert (answer.status_code, answer.headers["location"]) == (303, "/subscribe/asked")
    (path,) = [path for path in paths_in(asked.mails()[-1]) if path.startswith("/confirm/")]
    return path


def joined(asked: Asked, **preferences: object) -> None:
    assert asked.client.post(sign_up(asked, **preferences)).status_code == 200


def test_from_the_form_to_the_last_mail(asked: Asked) -> None:
    confirm = sign_up(asked)
    assert asked.send().counts == {}
    assert "Confirm" in asked.client.get(confirm).text
    assert asked.client.post(confirm).status_code == 200
    assert asked.client.post(confirm).status_code == 200

    subscriber = asked.subscriber()
    assert (subscriber.name, subscriber.profile.time_zone, subscriber.profile.style) == (
        "Ada",
        "Europe/Berlin",
        "compact",
    )
    assert [topic.name for topic in subscriber.profile.topics] == [
        "In-context learning",
        "LLM agents",
        "robot*",
        "Mine",
    ]
    assert asked.send().counts["sent"] == 1
    digest = asked.mails()[-1]
    links = paths_in(digest)
    assert any(link.startswith("/preferences/") for link in links)

    one_click = re.search(r"<https://papers\.example(/unsubscribe/[^>]+)>", str(digest["List-Unsubscribe"]))
    assert one_click is not None
    answer = asked.client.post(one_click[1], data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    asked.now += timedelta(days=1)
    assert "sent" not in asked.send().counts
    assert asked.subscriber().status is Status.UNSUBSCRIBED


def test_every_link_of_a_mail_may_be_looked_at(asked: Asked) -> None:
    joined(asked)
    asked.send()
    with asked.store() as store:
        before = [one for one in store._db.conn.iterdump() if "sqlite_" not in one]
    paths = {path for mail in asked.mails() for path in paths_in(mail)}
    assert len(paths) > 3
    for path in paths:
        for method in ("GET", "HEAD"):
            assert asked.client.request(method, path).status_code in (200, 404)
    with asked.store() as store:
        assert [one for one in store._db.conn.iterdump() if "sqlite_" not in one] == before


def test_what_is_answered_does_not_tell_whether_an_address_is_known(asked: Asked) -> None:
    joined(asked)
    for path, fields in (("/subscribe", PREFERENCES), ("/preferences", {"email": ADA})):
        answers = [asked.client.post(path, data=fields | {"email": email}) for email in (ADA, "nobody@reader.example")]
        told = [(one.status_code, one.text, {k: v for k, v in one.headers.items() if k != "date"}) for one in answers]
        assert told[0] == told[1]
    body = [asked.client.post("/api/subscribe", json={"email": email}).text for email in (ADA, "x@reader.example")]
    assert body[0] == body[1]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"email": "no address"}, "is not a valid email address"),
        ({"email": f"{'a' * 300}@x.example"}, "is not a valid email address"),
        ({"queries": "(unfinished"}, "unfinished"),
        ({"hour": "25"}, "hour"),
        ({"hour": "-1"}, "hour"),
        ({"time_zone": "../../etc/passwd"}, "time zone"),
        ({"cadence": "hourly"}, "cadence"),
        ({"language": "xx"}, "language"),
        ({"email": "a@b.example\r\nBcc: c@d.example"}, "is not a valid email address"),
    ],
)
def test_a_wrong_field_is_told_and_nothing_is_lost(asked: Asked, wrong: dict[str, str], words: str) -> None:
    answer = asked.client.post("/subscribe", data=PREFERENCES | wrong)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="Ada"' in answer.text
    assert re.search(r'value="LLM agents" checked', answer.text)
    assert asked.mails() == []


def test_programs_that_fill_in_everything_are_thanked_and_forgotten(asked: Asked) -> None:
    assert asked.client.post("/subscribe", data=PREFERENCES | {"website": "https://spam.example"}).status_code == 303
    assert asked.mails() == []


def test_a_form_of_another_site_will_do(asked: Asked) -> None:
    headers = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert asked.client.post("/subscribe", data={"email": ADA}, headers=headers).status_code == 303
    assert len(asked.mails()) == 1


def test_the_form_is_filled_in_by_its_address(asked: Asked) -> None:
    page = asked.client.get("/subscribe", params={"email": ADA, "topic": "LLM agents"}).text
    assert f'value="{ADA}"' in page
    assert 'value="LLM agents" checked' in page


def test_a_sample_tells_what_a_query_would_have_brought(asked: Asked) -> None:
    told = asked.client.get("/sample.json", params={"q": '"in-context learning"'}).json()
    assert told["matched"] >= len(told["papers"]) > 0
    wrong = asked.client.get("/sample.json", params={"q": "("})
    assert (wrong.status_code, wrong.json()["error"][:6]) == (422, "column")
    assert asked.client.get("/sample.json").status_code == 422


def test_programs_subscribe_by_json(asked: Asked) -> None:
    answer = asked.client.post("/api/subscribe", json={"email": ADA, "topics": ["LLM agents"], "cadence": "weekly"})
    assert (answer.status_code, answer.json()) == (202, {"status": "asked"})
    assert len(asked.mails()) == 1
    for body in (b"{", b"[]", b'{"email": 1}', b'{"email": "a@b.example", "name": []}', b'{"email": "x", "ho": 1}'):
        refused = asked.client.post("/api/subscribe", content=body)
        assert refused.status_code in (400, 422)
        assert refused.json()["error"]
    assert asked.client.post("/api/subscribe", content=b"x" * 70_000).status_code == 413


def test_mail_that_cannot_leave_at_once_leaves_later(asked: Asked) -> None:
    port, asked.server.port = asked.server.port, 1
    assert asked.client.post("/subscribe", data=PREFERENCES).status_code == 303
    asked.server.port = port
    assert asked.mails() == []
    asked.client.post("/subscribe", data=PREFERENCES | {"email": "bob@reader.example"})
    assert len(asked.mails()) == 1


# -- preferences --------------------------------------------------------------------------------------


def test_wishes_are_shown_and_changed(asked: Asked) -> None:
    joined(asked)
    there = asked.preferences()
    page = asked.client.get(there).text
    assert 'value="LLM agents" checked' in page
    assert "robot*\nMine = retrieval -survey</textarea>" in page

    changed = {
        "name": "A.",
        "queries": "Mine = retrieval -survey",
        "cadence": "weekly",
        "weekday": "sunday",
        "hour": "7",
    }
    answer = asked.client.post(there, data=changed)

    assert answer.headers["location"] == f"{there}?done=saved"
    subscriber = asked.subscriber()
    assert (subscriber.name, subscriber.profile.cadence, subscriber.profile.weekday) == ("A.", Cadence.WEEKLY, 6)
    assert [(topic.name, topic.query) for topic in subscriber.profile.topics] == [("Mine", "retrieval -survey")]
    assert subscriber.profile.time_zone == "Europe/Berlin"


def test_a_wrong_wish_changes_nothing(asked: Asked) -> None:
    joined(asked)
    before = asked.subscriber()
    answer = asked.client.post(asked.preferences(), data={"hour": "99", "queries": "x"})
    assert answer.status_code == 422
    assert asked.subscriber() == before


def test_a_pause_ends_on_its_day(asked: Asked) -> None:
    joined(asked)
    until = asked.now.date() + timedelta(days=3)
    there = asked.preferences()
    for wrong in ("", "never", asked.now.date().isoformat(), "2999-01-01"):
        assert asked.client.post(f"{there}/pause", data={"until": wrong}).status_code == 422
    assert asked.client.post(f"{there}/pause", data={"until": until.isoformat()}).status_code == 303
    assert asked.subscriber().paused_until == until
    assert "sent" not in asked.send().counts
    assert "are paused until" in asked.client.get(there).text
    asked.now += timedelta(days=3)
    assert asked.send().counts["sent"] == 1


def test_the_address_changes_where_the_new_one_is_read(asked: Asked) -> None:
    joined(asked)
    assert asked.client.post(f"{asked.preferences()}/move", data={"email": "new@reader.example"}).status_code == 303
    (mail,) = asked.mails("new@reader.example")
    (confirm,) = paths_in(mail)
    assert asked.client.post(confirm).status_code == 200
    assert asked.subscriber("new@reader.example").name == "Ada"


def test_feedback_is_said_shown_and_taken_back(asked: Asked) -> None:
    joined(asked)
    asked.send()
    says = [path for path in paths_in(asked.mails()[-1]) if path.startswith("/feedback/")]
    if not says:
        pytest.skip("scikit-learn is not installed: mails ask for no feedback")
    page = asked.client.post(says[0])
    assert "noted" in page.text
    with asked.store() as store:
        (said,) = store.feedback.of(asked.subscriber().id)
    there = asked.preferences()
    assert f'name="paper" value="{said}"' in asked.client.get(there).text
    assert asked.client.post(f"{there}/unsay", data={"paper": str(said)}).status_code == 303
    with asked.store() as store:
        assert store.feedback.of(asked.subscriber().id) == {}
    asked.client.post(says[0])
    assert asked.client.post(f"{says[0]}/forget").status_code == 200
    with asked.store() as store:
        assert store.feedback.of(asked.subscriber().id) == {}


def test_all_may_be_taken_along_and_forgotten(asked: Asked) -> None:
    joined(asked)
    asked.send()
    there = asked.preferences()
    data = asked.client.get(f"{there}/data.json").json()
    assert data["subscriber"]["email"] == ADA
    assert data["mails"][0]["status"] == "sent"

    assert asked.client.post(f"{there}/forget").status_code == 422
    assert asked.client.post(f"{there}/forget", data={"sure": "yes"}).status_code == 200
    with asked.store() as store:
        dump = "\n".join(store._db.conn.iterdump())
    assert ADA not in dump
    assert asked.client.get(there).status_code == 404


def test_a_link_to_preferences_ends_and_a_new_one_is_mailed(asked: Asked) -> None:
    joined(asked)
    there = asked.preferences(days=0)
    assert asked.client.get(there).status_code == 200
    asked.now += timedelta(days=1)
    answer = asked.client.get(there)
    assert answer.status_code == 404
    assert "Mail me a link" in answer.text
    assert asked.client.post(there, data={"name": "Mallory"}).status_code == 404
    assert asked.client.post("/preferences", data={"email": ADA}).status_code == 200
    (fresh,) = paths_in(asked.mails()[-1])
    assert asked.client.get(fresh).status_code == 200


def test_wishes_that_are_in_a_file_are_not_changed_here(asked: Asked) -> None:
    joined(asked)
    with asked.store() as store, store.transaction():
        known = store.subscribers.get(ADA)
        store.subscribers.update_profile(known.id, known.name, known.profile, "file:ada")
    before = asked.subscriber()
    there = asked.preferences()
    assert "kept in a file" in asked.client.get(there).text
    assert "Another address" not in asked.client.get(there).text
    assert asked.client.post(there, data={"name": "B", "queries": "x"}).status_code == 422
    assert asked.client.post(f"{there}/move", data={"email": "new@reader.example"}).status_code == 422
    assert asked.subscriber() == before


# -- leaving ------------------------------------------------------------------------------------------


def test_leaving_asks_once_and_can_be_undone_at_once(asked: Asked) -> None:
    joined(asked)
    there = asked.leaving()
    assert "end at once" in asked.client.get(there).text
    assert asked.subscriber().status is Status.ACTIVE
    assert "undo" in asked.client.post(there).text
    assert asked.subscriber().status is Status.UNSUBSCRIBED

    asked.client.post(there, data={"reason": "Too many mails"})
    with asked.store() as store:
        assert store.subscribers.why_suppressed(ADA) == "unsubscribed: Too many mails"
    assert asked.client.post(f"{there}/undo").status_code == 200
    assert asked.subscriber().status is Status.ACTIVE
    with asked.store() as store:
        assert store.subscribers.why_suppressed(ADA) is None

    asked.client.post(there)
    asked.now += timedelta(days=2)
    assert asked.client.post(f"{there}/undo").status_code == 409
    assert asked.subscriber().status is Status.UNSUBSCRIBED


def test_leaving_stops_what_is_queued_already(asked: Asked) -> None:
    joined(asked)
    bob = "bob@reader.example"
    asked.client.post("/subscribe", data=PREFERENCES | {"email": bob})
    asked.client.post(paths_in(asked.mails(bob)[-1])[0])
    asked.server.on_rcpt = lambda _address, _seen: "450 4.2.1 later"
    assert asked.send().counts["deferred"] == 2

    asked.client.post(asked.leaving(), data={"List-Unsubscribe": "One-Click"})
    asked.server.on_rcpt = lambda _address, _seen: None
    asked.now += timedelta(hours=1)

    counts = asked.send().counts
    assert (counts["sent"], counts["skipped"]) == (1, 1)
    assert [len(asked.mails(email)) for email in (ADA, bob)] == [1, 2]


def test_fewer_mails_instead(asked: Asked) -> None:
    joined(asked)
    there = asked.leaving()
    assert "one mail a week" in asked.client.post(f"{there}/fewer").text
    assert asked.subscriber().profile.cadence is Cadence.WEEKLY
    asked.client.post(f"{there}/fewer")
    assert asked.subscriber().profile.cadence is Cadence.MONTHLY


def test_who_complained_does_not_come_back_by_an_old_link(asked: Asked) -> None:
    joined(asked)
    with asked.store() as store, store.transaction():
        known = store.subscribers.get(ADA)
        store.subscribers.set_status(known.id, Status.UNSUBSCRIBED, asked.now)
        store.subscribers.suppress(ADA, "complaint: abuse", asked.now)
    assert asked.client.post(f"{asked.leaving()}/undo").status_code == 409
    assert asked.client.post(f"{asked.preferences()}/resume").status_code == 422
    assert asked.subscriber().status is Status.UNSUBSCRIBED


def test_who_is_asked_to_be_mailed_again_by_others_hears_nothing_of_it(asked: Asked) -> None:
    with asked.store() as store:
        store.subscribers.suppress(ADA, "hard bounce: gone", asked.now)
        request_subscription(store, ADA, "", {}, asked.now)
    asked.client.post("/subscribe", data=PREFERENCES)
    assert asked.mails() == []
