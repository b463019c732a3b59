"""What providers' events may change: each once, while it is fresh, and only of whom a delivery of ours names."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from starlette.testclient import TestClient

from newsletter.config.load import load_config
from newsletter.config.model import Config, WebhookSettings
from newsletter.files.site import Site
from newsletter.models import Status, tokens
from newsletter.store import open_store
from newsletter.subscribers.subscriptions import resume
from newsletter.web.app import make_app
from tests.factories import NOW
from tests.sending.bounces.webhook_calls import (
    MAILGUN_KEY,
    TOPIC,
    Amazon,
    SendGrid,
    add_mailed,
    basic,
    mailgun_call,
    mailgun_event,
    postmark_change,
    postmark_record,
    sendgrid_event,
    ses_bounce,
    ses_complaint,
)

ADA, BOB, NEVER_MAILED = "ada@reader.example", "bob@reader.example", "new@reader.example"
IDS = {ADA: "<ada@papers.example>", BOB: "<bob@papers.example>"}
UNKNOWN_ID = "<other@papers.example>"
CALLED_AT = NOW + timedelta(hours=1)
PROVIDERS = ("ses", "sendgrid", "mailgun", "postmark")
Request = tuple[bytes, dict[str, str]]


@dataclass
class Provider:
    """Makes calls of all providers about complaints, and tells what became of them."""

    config: Config
    client: TestClient
    amazon: Amazon
    sendgrid: SendGrid
    made: int = 0

    def complaint(self, provider: str, email: str, message_id: str, at: datetime = CALLED_AT) -> Request:
        """Return a complaint of an address about a message, signed at this time."""
        self.made += 1
        number = str(self.made)
        match provider:
            case "ses":
                notice = ses_complaint(email, feedbackId=number)
                notice["mail"] = {"headers": [{"name": "Message-ID", "value": message_id}]}
                return replace(self.amazon, now=at).call(notice), {}
            case "sendgrid":
                event = sendgrid_event(email, event="spamreport", sg_event_id=number, **{"smtp-id": message_id})
                body = json.dumps([event]).encode()
                return body, replace(self.sendgrid, now=at).headers(body)
            case "mailgun":
                named = {"message": {"headers": {"message-id": message_id.strip("<>")}}}
                event = mailgun_event(email, event="complained", id=number, **named)
                return mailgun_call(event, at, token=number), {}
        record = postmark_record(
            email, RecordType="SpamComplaint", Type="SpamComplaint", ID=self.made, BouncedAt=at.isoformat(),
            Metadata={"delivery": self.token(message_id)},
        )  # fmt: skip
        return json.dumps(record).encode(), basic("postmark", "sesame")

    def token(self, message_id: str) -> str:
        with open_store(self.config.site.store) as store:
            found = store.bounces.delivery_of(message_id)
            return tokens.delivery_token(store.secret(), found[0]) if found else "1-0123456789abcdef0123"

    def post(self, provider: str, request: Request) -> int:
        return self.client.post(f"/webhooks/{provider}", content=request[0], headers=request[1]).status_code

    def unsubscribed(self) -> set[str]:
        """Return who was unsubscribed or suppressed."""
        with open_store(self.config.site.store) as store:
            ended = {one.email for one in store.subscribers.all() if one.status is Status.UNSUBSCRIBED}
            return ended | store.suppressions.all().keys()

    def resubscribe(self, email: str) -> None:
        with open_store(self.config.site.store) as store, store.transaction():
            store.suppressions.unsuppress(email)
            resume(store, email, CALLED_AT, resubscribe=True)

    def counted(self) -> dict[tuple[str, str], int]:
        with open_store(self.config.site.store) as store:
            return store.webhook_events.counts()


@pytest.fixture(scope="module")
def amazon() -> Amazon:
    return Amazon(CALLED_AT)


@pytest.fixture(scope="module")
def sendgrid() -> SendGrid:
    return SendGrid(CALLED_AT)


@pytest.fixture
def calls(site: Site, amazon: Amazon, sendgrid: SendGrid) -> Iterator[Provider]:
    with open_store(site.store) as store:
        for email, message_id in IDS.items():
            add_mailed(store, email, message_id)
        with store.transaction():
            store.subscribers.add(NEVER_MAILED, "", store.subscribers.get(ADA).profile, "cli", NOW)
    webhooks = WebhookSettings(TOPIC, sendgrid.public_key, MAILGUN_KEY, "postmark", "sesame")
    config = replace(load_config(site, environ={}), webhooks=webhooks)
    with TestClient(make_app(config, lambda: CALLED_AT, fetch=amazon.fetch), base_url="http://localhost") as client:
        yield Provider(config, client, amazon, sendgrid)


def wrongly_signed(provider: str, request: Request) -> Request:
    """Return the request with a signature, or a password, that is not the provider's."""
    body, headers = request
    match provider:
        case "ses":
            return json.dumps(json.loads(body) | {"Signature": base64.b64encode(b"x" * 256).decode()}).encode(), {}
        case "sendgrid":
            return body, SendGrid(CALLED_AT).headers(body)
        case "mailgun":
            call = json.loads(body)
            return json.dumps(call | {"signature": call["signature"] | {"signature": "0" * 64}}).encode(), {}
    return body, headers | basic("postmark", "guessed")


def old_by(**age: float) -> Callable[[Provider, str], Request]:
    return lambda calls, provider: calls.complaint(provider, ADA, IDS[ADA], CALLED_AT - timedelta(**age))


#: What comes → how the call is made, its status, who is unsubscribed, and how it is counted, if at all.
TABLE: dict[str, tuple[Callable[[Provider, str], Request], int, set[str], str]] = {
    "fresh": (old_by(seconds=0), 200, {ADA}, "complaint"),
    "retried for hours": (old_by(hours=23), 200, {ADA}, "complaint"),
    "old": (old_by(hours=25), 403, set(), ""),
    "of 2019": (old_by(days=2500), 403, set(), ""),
    "of the future": (old_by(minutes=-6), 403, set(), ""),
    "wrongly signed": (lambda calls, name: wrongly_signed(name, old_by(hours=0)(calls, name)), 403, set(), ""),
    "unknown Message-ID": (lambda calls, name: calls.complaint(name, ADA, UNKNOWN_ID), 200, set(), "unknown"),
    "another person's": (lambda calls, name: calls.complaint(name, ADA, IDS[BOB]), 200, set(), "unknown"),
    "nobody's": (lambda calls, name: calls.complaint(name, "x@reader.example", IDS[ADA]), 200, set(), "unknown"),
    "never mailed": (lambda calls, name: calls.complaint(name, NEVER_MAILED, ""), 200, set(), "unknown"),
}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("what", TABLE)
def test_a_call_changes_what_it_proves_and_no_more(calls: Provider, provider: str, what: str) -> None:
    make, status, unsubscribed, outcome = TABLE[what]
    assert calls.post(provider, make(calls, provider)) == status
    assert calls.unsubscribed() == unsubscribed
    assert calls.counted() == ({(provider, outcome): 1} if outcome else {})


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_replayed_call_changes_nothing_a_second_time(calls: Provider, provider: str) -> None:
    request = calls.complaint(provider, ADA, IDS[ADA])
    calls.post(provider, request)
    calls.resubscribe(ADA)
    assert [calls.post(provider, request) for _ in range(3)] == [200, 200, 200]  # else the provider tries again
    assert calls.unsubscribed() == set()
    assert calls.counted() == {(provider, "complaint"): 1, (provider, "repeated"): 3}


@pytest.mark.parametrize("event", ["complained", "delivered"])
def test_the_signature_of_a_mailgun_call_is_worth_nothing_for_another_event(calls: Provider, event: str) -> None:
    heard = mailgun_event(BOB, event=event, message={"headers": {"message-id": IDS[BOB].strip("<>")}})
    calls.post("mailgun", (mailgun_call(heard, CALLED_AT, token="overheard"), {}))
    before = calls.unsubscribed()
    forged = mailgun_event(ADA, event="complained", id="new", message={"headers": {"message-id": IDS[ADA].strip("<>")}})
    assert calls.post("mailgun", (mailgun_call(forged, CALLED_AT, token="overheard"), {})) == 200
    assert calls.unsubscribed() == before
    assert calls.counted()["mailgun", "repeated"] == 1


def test_a_report_that_amazon_signed_needs_no_message_id(calls: Provider) -> None:
    """SES leaves the headers out unless it is asked for them."""
    notice = ses_bounce(ADA)
    notice["mail"] = {"headers": []}
    assert calls.post("ses", (calls.amazon.call(notice), {})) == 200
    assert calls.unsubscribed() == {ADA}


@pytest.mark.parametrize("provider", ["sendgrid", "sendgrid group", "mailgun", "postmark"])
def test_who_unsubscribes_with_the_provider_is_unsubscribed_here(calls: Provider, provider: str) -> None:
    name, _, group = provider.partition(" ")
    token = calls.token(IDS[ADA])
    event = sendgrid_event(ADA, event="group_unsubscribe" if group else "unsubscribe", **{"smtp-id": IDS[ADA]})
    events = json.dumps([event]).encode()
    unsubscribed = mailgun_event(ADA, event="unsubscribed", message={"headers": {"message-id": IDS[ADA].strip("<>")}})
    requests = {
        "sendgrid": (events, calls.sendgrid.headers(events)),
        "mailgun": (mailgun_call(unsubscribed, CALLED_AT), {}),
        "postmark": (
            json.dumps(postmark_change(ADA, Metadata={"delivery": token})).encode(),
            basic("postmark", "sesame"),
        ),
    }
    assert calls.post(name, requests[name]) == 200
    assert calls.unsubscribed() == {ADA}
    with open_store(calls.config.site.store) as store:
        assert store.subscribers.get(ADA).status is Status.UNSUBSCRIBED
        assert store.suppressions.why_suppressed(ADA) == f"unsubscribed: with {name}"
        assert store.bounces.of(ADA) == []
