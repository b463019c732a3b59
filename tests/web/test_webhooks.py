"""Providers call on the site: readers whose mailboxes are gone, or who complain, are not mailed any more."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from newsletter.config.load import load_config
from newsletter.config.model import Config, WebhookSettings
from newsletter.errors import NewsletterError
from newsletter.models import Status
from newsletter.site import Site
from newsletter.store import open_store
from newsletter.web.app import make_app
from newsletter.web.webhooks import Certificates
from tests.factories import NOW
from tests.sending.bounces.webhook_calls import (
    MAILGUN_KEY,
    TOPIC,
    Amazon,
    SendGrid,
    basic,
    mailgun_call,
    mailgun_event,
    postmark_record,
    sendgrid_event,
    ses_bounce,
    ses_complaint,
)

NOW_CALLED = NOW + timedelta(hours=1)
READER = "ada@reader.example"


@pytest.fixture(scope="module")
def amazon() -> Amazon:
    return Amazon(NOW_CALLED)


@pytest.fixture(scope="module")
def sendgrid() -> SendGrid:
    return SendGrid(NOW_CALLED)


@pytest.fixture
def config(site: Site, sendgrid: SendGrid) -> Config:
    with open_store(site.store) as store, store.transaction():
        known = store.subscribers.all()[0]
        store.subscribers.add(READER, "", known.profile, "cli", NOW)
    webhooks = WebhookSettings(TOPIC, sendgrid.public_key, MAILGUN_KEY, "postmark", "sesame")
    return replace(load_config(site, environ={}), webhooks=webhooks)


@pytest.fixture
def webhooks(config: Config, amazon: Amazon) -> Iterator[TestClient]:
    with TestClient(make_app(config, lambda: NOW_CALLED, fetch=amazon.fetch), base_url="http://localhost") as client:
        yield client


def why_not(config: Config) -> str | None:
    with open_store(config.site.store) as store:
        return store.subscribers.why_suppressed(READER)


def test_each_provider_ends_the_mail_to_a_mailbox_that_is_gone(
    webhooks: TestClient, config: Config, amazon: Amazon, sendgrid: SendGrid
) -> None:
    events = json.dumps([sendgrid_event(READER)]).encode()
    calls = {
        "ses": (amazon.call(ses_bounce(READER)), {}),
        "sendgrid": (events, sendgrid.headers(events)),
        "mailgun": (mailgun_call(mailgun_event(READER), NOW_CALLED), {}),
        "postmark": (json.dumps(postmark_record(READER)).encode(), basic("postmark", "sesame")),
    }
    for provider, (body, headers) in calls.items():
        with open_store(config.site.store) as store, store.transaction():
            store.subscribers.unsuppress(READER)
        assert webhooks.post(f"/webhooks/{provider}", content=body, headers=headers).status_code == 200
        assert (why_not(config) or "").startswith("hard bounce"), provider
    with open_store(config.site.store) as store:
        assert {row.origin for row in store.bounces.of(READER)} == calls.keys()


def test_a_complaint_ends_the_subscription(webhooks: TestClient, config: Config, amazon: Amazon) -> None:
    assert webhooks.post("/webhooks/ses", content=amazon.call(ses_complaint(READER))).status_code == 200
    with open_store(config.site.store) as store:
        assert store.subscribers.get(READER).status is Status.UNSUBSCRIBED


def test_a_call_that_comes_again_changes_nothing(webhooks: TestClient, config: Config) -> None:
    body = mailgun_call(mailgun_event(READER), NOW_CALLED)
    for _ in range(3):
        assert webhooks.post("/webhooks/mailgun", content=body).status_code == 200
    with open_store(config.site.store) as store:
        assert len(store.bounces.of(READER)) == 1


def test_nobody_else_can_end_it(webhooks: TestClient, config: Config, amazon: Amazon) -> None:
    forged = Amazon(NOW_CALLED)
    tries = [
        ("ses", forged.call(ses_bounce(READER)), {}),
        ("ses", amazon.call(ses_bounce(READER)).replace(b"5.1.1", b"5.1.2"), {}),
        ("sendgrid", json.dumps([sendgrid_event(READER)]).encode(), {}),
        ("mailgun", mailgun_call(mailgun_event(READER), NOW_CALLED, key="x"), {}),
        ("postmark", json.dumps(postmark_record(READER)).encode(), basic("postmark", "x")),
    ]
    for provider, body, headers in tries:
        answer = webhooks.post(f"/webhooks/{provider}", content=body, headers=headers)
        assert (provider, answer.status_code) == (provider, 403)
        assert READER not in answer.text
    assert why_not(config) is None


def test_an_address_that_nobody_has_is_taken_and_forgotten(webhooks: TestClient, config: Config) -> None:
    body = mailgun_call(mailgun_event("nobody@reader.example"), NOW_CALLED)
    assert webhooks.post("/webhooks/mailgun", content=body).status_code == 200
    with open_store(config.site.store) as store:
        assert store.bounces.latest(10) == []


def test_a_subscription_of_amazons_is_confirmed_once_asked(webhooks: TestClient, amazon: Amazon) -> None:
    there = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"
    body = amazon.call("hello", Type="SubscriptionConfirmation", SubscribeURL=there, Token="1")
    assert webhooks.post("/webhooks/ses", content=body).status_code == 200
    assert amazon.fetched[-1] == there


def test_what_is_too_large_is_not_read(webhooks: TestClient) -> None:
    assert webhooks.post("/webhooks/mailgun", content=b"x" * 1_000_001).status_code == 413


def test_only_providers_that_are_set_are_answered(site: Site) -> None:
    client = TestClient(make_app(load_config(site, environ={}), lambda: NOW_CALLED), base_url="http://localhost")
    assert client.post("/webhooks/mailgun", content=b"{}").status_code == 404
    assert client.get("/webhooks/mailgun").status_code == 404


def test_a_store_that_cannot_be_written_asks_for_another_call(config: Config, amazon: Amazon) -> None:
    config.site.store.write_bytes(b"not a store at all, whoever wrote it")
    client = TestClient(make_app(config, lambda: NOW_CALLED, fetch=amazon.fetch), base_url="http://localhost")
    answer = client.post("/webhooks/ses", content=amazon.call(ses_bounce(READER)))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")


def test_a_certificate_is_fetched_once(monkeypatch: pytest.MonkeyPatch, amazon: Amazon) -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        long = b"x" * 100_000
        return httpx.Response(200, content=long if "long" in request.url.path else amazon.fetch(str(request.url)))

    def stream(method: str, address: str, **_options: object) -> object:
        return httpx.Client(transport=httpx.MockTransport(answer)).stream(method, address)

    monkeypatch.setattr(httpx, "stream", stream)
    certificates = Certificates()
    assert certificates.fetch("https://a.example/1.pem") == certificates.fetch("https://a.example/1.pem")
    assert len(asked) == 1
    with pytest.raises(NewsletterError, match="too large"):
        certificates.fetch("https://a.example/long")


def test_serve_answers_them(site: Site, tmp_path: Path) -> None:
    command = [sys.executable, "-u", "-m", "newsletter", "--site", str(site.root), "serve", "--web", "0"]
    secret = {"NEWSLETTER_HOOKS_POSTMARK_PASSWORD": "sesame", "PATH": "/usr/bin"}
    with subprocess.Popen(command, cwd=tmp_path, env=secret, stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        told = re.fullmatch(r"pages at (http://127\.0\.0\.1:\d+)/\n", serving.stdout.readline())
        assert told is not None
        answer = httpx.post(
            f"{told[1]}/webhooks/postmark", headers=basic("postmark", "sesame"), json=postmark_record("x")
        )
        serving.send_signal(signal.SIGTERM)
    assert (answer.status_code, answer.text) == (200, "Taken.\n")
    assert serving.returncode == 0
