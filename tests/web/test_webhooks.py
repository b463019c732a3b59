"""Webhooks of email providers: addresses that bounce or complain are suppressed."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.testclient import TestClient

from newsletter.config.load import load_config
from newsletter.config.model import Config, WebhookSettings
from newsletter.errors import NewsletterError
from newsletter.files.site import Site
from newsletter.models import Status, tokens
from newsletter.store import open_store
from newsletter.web.app import make_app
from newsletter.web.webhooks import Certificates
from tests.factories import NOW
from tests.program import Program
from tests.sending.bounces.webhook_calls import (
    MAILGUN_KEY,
    TOPIC,
    Amazon,
    SendGrid,
    add_mailed,
    basic,
    mailgun_call,
    mailgun_event,
    postmark_record,
    sendgrid_event,
    ses_bounce,
    ses_complaint,
)
from tests.silent_server import Hang, silent_server

CALLED_AT = NOW + timedelta(hours=1)
RECIPIENT = "ada@reader.example"


@pytest.fixture(scope="module")
def amazon() -> Amazon:
    return Amazon(CALLED_AT)


@pytest.fixture(scope="module")
def sendgrid() -> SendGrid:
    return SendGrid(CALLED_AT)


@pytest.fixture
def config(site: Site, sendgrid: SendGrid) -> Config:
    with open_store(site.store) as store:
        add_mailed(store, RECIPIENT, "<1@papers.example>")
    webhooks = WebhookSettings(TOPIC, sendgrid.public_key, MAILGUN_KEY, "postmark", "sesame")
    return replace(load_config(site, environ={}), webhooks=webhooks)


@pytest.fixture
def webhooks(config: Config, amazon: Amazon) -> Iterator[TestClient]:
    with TestClient(make_app(config, lambda: CALLED_AT, fetch=amazon.fetch), base_url="http://localhost") as client:
        yield client


def token_of(config: Config) -> str:
    with open_store(config.site.store) as store:
        (delivery,) = store.deliveries.of_subscriber(store.subscribers.get(RECIPIENT).id)
        return tokens.delivery_token(store.secret(), delivery.id)


def why_suppressed(config: Config) -> str | None:
    with open_store(config.site.store) as store:
        return store.suppressions.why_suppressed(RECIPIENT)


def test_each_provider_reports_hard_bounces(
    webhooks: TestClient, config: Config, amazon: Amazon, sendgrid: SendGrid
) -> None:
    events = json.dumps([sendgrid_event(RECIPIENT)]).encode()
    calls = {
        "ses": (amazon.call(ses_bounce(RECIPIENT)), {}),
        "sendgrid": (events, sendgrid.headers(events)),
        "mailgun": (mailgun_call(mailgun_event(RECIPIENT), CALLED_AT), {}),
        "postmark": (
            json.dumps(postmark_record(RECIPIENT, Metadata={"delivery": token_of(config)})).encode(),
            basic("postmark", "sesame"),
        ),
    }
    for provider, (body, headers) in calls.items():
        with open_store(config.site.store) as store, store.transaction():
            store.suppressions.unsuppress(RECIPIENT)
        assert webhooks.post(f"/webhooks/{provider}", content=body, headers=headers).status_code == 200
        assert (why_suppressed(config) or "").startswith("hard bounce"), provider
    with open_store(config.site.store) as store:
        assert {row.origin for row in store.bounces.of(RECIPIENT)} == calls.keys()


def test_a_complaint_unsubscribes(webhooks: TestClient, config: Config, amazon: Amazon) -> None:
    assert webhooks.post("/webhooks/ses", content=amazon.call(ses_complaint(RECIPIENT))).status_code == 200
    with open_store(config.site.store) as store:
        assert store.subscribers.get(RECIPIENT).status is Status.UNSUBSCRIBED


def test_a_repeated_call_changes_nothing(webhooks: TestClient, config: Config) -> None:
    body = mailgun_call(mailgun_event(RECIPIENT), CALLED_AT)
    for _ in range(3):
        assert webhooks.post("/webhooks/mailgun", content=body).status_code == 200
    with open_store(config.site.store) as store:
        assert len(store.bounces.of(RECIPIENT)) == 1


def test_forged_calls_are_refused(webhooks: TestClient, config: Config, amazon: Amazon) -> None:
    forged = Amazon(CALLED_AT, rsa.generate_private_key(65537, 2048))
    calls = [
        ("ses", forged.call(ses_bounce(RECIPIENT)), {}),
        ("ses", amazon.call(ses_bounce(RECIPIENT)).replace(b"5.1.1", b"5.1.2"), {}),
        ("sendgrid", json.dumps([sendgrid_event(RECIPIENT)]).encode(), {}),
        ("mailgun", mailgun_call(mailgun_event(RECIPIENT), CALLED_AT, key="x"), {}),
        ("postmark", json.dumps(postmark_record(RECIPIENT)).encode(), basic("postmark", "x")),
    ]
    for provider, body, headers in calls:
        response = webhooks.post(f"/webhooks/{provider}", content=body, headers=headers)
        assert (provider, response.status_code) == (provider, 403)
        assert RECIPIENT not in response.text
    assert why_suppressed(config) is None


def test_a_report_about_an_unknown_address_is_accepted_and_ignored(webhooks: TestClient, config: Config) -> None:
    body = mailgun_call(mailgun_event("nobody@reader.example"), CALLED_AT)
    assert webhooks.post("/webhooks/mailgun", content=body).status_code == 200
    with open_store(config.site.store) as store:
        assert store.bounces.latest(10) == []


def test_an_sns_subscription_is_confirmed(webhooks: TestClient, amazon: Amazon) -> None:
    confirm_url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"
    body = amazon.call("hello", Type="SubscriptionConfirmation", SubscribeURL=confirm_url, Token="1")
    assert webhooks.post("/webhooks/ses", content=body).status_code == 200
    assert amazon.fetched[-1] == confirm_url


def test_a_body_that_is_too_large_is_not_read(webhooks: TestClient) -> None:
    assert webhooks.post("/webhooks/mailgun", content=b"x" * 1_000_001).status_code == 413


def test_only_providers_with_a_key_have_a_webhook(site: Site) -> None:
    client = TestClient(make_app(load_config(site, environ={}), lambda: CALLED_AT), base_url="http://localhost")
    assert client.post("/webhooks/mailgun", content=b"{}").status_code == 404
    assert client.get("/webhooks/mailgun").status_code == 404


@pytest.mark.parametrize("path", ["/webhooks/mailgun", "/hooks/mailgun"])
def test_the_path_of_old_versions_still_works(webhooks: TestClient, config: Config, path: str) -> None:
    body = mailgun_call(mailgun_event(RECIPIENT), CALLED_AT)
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://api.mailgun.net"}
    assert webhooks.post(path, content=body, headers=foreign).status_code == 200
    assert (why_suppressed(config) or "").startswith("hard bounce")


def test_many_calls_at_once_are_not_rate_limited(webhooks: TestClient) -> None:
    body = mailgun_call(mailgun_event("nobody@reader.example"), CALLED_AT)
    assert {webhooks.post("/webhooks/mailgun", content=body).status_code for _ in range(40)} == {200}


def test_an_unreadable_store_asks_the_provider_to_retry(config: Config, amazon: Amazon) -> None:
    config.site.store.write_bytes(b"not a store at all, whoever wrote it")
    client = TestClient(make_app(config, lambda: CALLED_AT, fetch=amazon.fetch), base_url="http://localhost")
    response = client.post("/webhooks/ses", content=amazon.call(ses_bounce(RECIPIENT)))
    assert (response.status_code, response.headers["retry-after"]) == (503, "60")


def test_a_certificate_is_fetched_once(monkeypatch: pytest.MonkeyPatch, amazon: Amazon) -> None:
    requested = []

    def respond(request: httpx.Request) -> httpx.Response:
        requested.append(request.url)
        long = b"x" * 100_000
        return httpx.Response(200, content=long if "long" in request.url.path else amazon.fetch(str(request.url)))

    def stream(method: str, address: str, **_options: object) -> object:
        return httpx.Client(transport=httpx.MockTransport(respond)).stream(method, address)

    monkeypatch.setattr(httpx, "stream", stream)
    certificates = Certificates()
    assert certificates.fetch("https://a.example/1.pem") == certificates.fetch("https://a.example/1.pem")
    assert len(requested) == 1
    with pytest.raises(NewsletterError, match="too large"):
        certificates.fetch("https://a.example/long")


def test_serve_has_webhooks(site: Site, tmp_path: Path) -> None:
    environment = os.environ | {"NEWSLETTER_WEBHOOKS_POSTMARK_PASSWORD": "sesame"}
    arguments = "--site", str(site.root), "serve", "--web", "0"
    with Program(*arguments, folder=tmp_path, environment=environment) as serving:
        announced = re.fullmatch(r"pages at (http://127\.0\.0\.1:\d+)/\n", serving.stdout.readline())
        assert announced is not None
        record = postmark_record("x", BouncedAt=datetime.now(UTC).isoformat())
        response = httpx.post(f"{announced[1]}/webhooks/postmark", headers=basic("postmark", "sesame"), json=record)
        serving.send_signal(signal.SIGTERM)
    assert (response.status_code, response.text) == (200, "Accepted.\n")
    assert serving.returncode == 0


def test_a_certificate_has_a_deadline_and_few_threads_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.web.webhooks._TIMEOUT_S", 2.0)
    monkeypatch.setattr("newsletter.web.webhooks._MAX_AT_ONCE", 1)
    certificates = Certificates()
    with silent_server(Hang.HTTP_BODY) as silent, ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(_error_of, certificates, f"http://127.0.0.1:{silent.port}/1")
        assert silent.reached.wait(60)
        assert "too many requests at once" in str(_error_of(certificates, f"http://127.0.0.1:{silent.port}/2"))
        assert re.search("no response within|timed out", str(waiting.result()))


def _error_of(certificates: Certificates, url: str) -> NewsletterError:
    with pytest.raises(NewsletterError) as caught:
        certificates.fetch(url)
    return caught.value
