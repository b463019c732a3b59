"""A site whose public pages run in process, and whose mail goes to a real SMTP server on this machine."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from starlette.testclient import TestClient

from newsletter.config.model import Config
from newsletter.models import Subscriber, tokens
from newsletter.pipeline.deliver import DeliveryReport, deliver
from newsletter.rendering.environment import make_environment
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.sending.smtp.transport import SmtpTransport
from newsletter.store import Store, open_store
from newsletter.web.app import make_app
from newsletter.web.subscribers.outgoing import Outgoing
from tests.factories import NOW
from tests.smtpd import Server

SITE_URL = "https://papers.example"
ADA = "ada@reader.example"
BOB = "bob@reader.example"

#: What Ada fills into the sign-up form.
SIGNUP_FORM = {
    "email": ADA,
    "name": "Ada",
    "topic": ["In-context learning", "LLM agents"],
    "queries": "robot*\nMine = retrieval -survey",
    "cadence": "daily",
    "hour": "0",
    "time_zone": "Europe/Berlin",
    "style": "compact",
    "language": "en",
}


@dataclass
class LiveSite:
    """A site, its clock, its mail server, and a browser without scripts."""

    config: Config
    server: Server
    now: datetime = NOW + timedelta(hours=1)
    client: TestClient = field(init=False)
    outgoing: Outgoing = field(init=False)

    def __post_init__(self) -> None:
        app = make_app(self.config, lambda: self.now, transport=self.transport)
        self.outgoing = app.state.outgoing
        self.client = TestClient(app, base_url=SITE_URL, follow_redirects=False)

    def transport(self) -> SmtpTransport:
        return SmtpTransport(SmtpSettings(self.server.host, self.server.port, security=Security.NONE, timeout_s=5))

    def store(self) -> Store:
        return open_store(self.config.site.store)

    def subscriber(self, email: str = ADA) -> Subscriber:
        with self.store() as store:
            return store.subscribers.get(email)

    def send(self) -> DeliveryReport:
        """Send the editions that are due."""
        transport = self.transport()
        try:
            with self.store() as store:
                environment = make_environment(self.config.site.templates)
                return deliver(store, transport, self.config, environment, lambda: self.now)
        finally:
            transport.close()

    @property
    def accepted(self) -> list[tuple[str, bytes]]:
        """The recipients and contents that the server accepted, once all that waited has been tried."""
        assert self.outgoing.wait_until_idle(60)
        return self.server.accepted

    def messages(self, to: str = ADA) -> list[EmailMessage]:
        """Return the messages that arrived for an address."""
        accepted = [content for recipient, content in self.accepted if recipient == to]
        return [message_from_bytes(content, policy=default) for content in accepted]

    def sign_up(self, **fields: object) -> str:
        """Submit the sign-up form, and return the path of the confirmation link."""
        response = self.client.post("/subscribe", data=SIGNUP_FORM | fields)
        assert (response.status_code, response.headers["location"]) == (303, "/subscribe/requested")
        message = self.messages(str(fields.get("email", ADA)))[-1]
        (path,) = [path for path in paths_in(message) if path.startswith("/confirm/")]
        return path

    def subscribe(self, **fields: object) -> None:
        """Sign up and confirm."""
        assert self.client.post(self.sign_up(**fields)).status_code == 200

    def link_path(self, email: str = ADA) -> str:
        """Request a link to the preferences on the public form, and return its path from the email."""
        assert self.client.post("/preferences", data={"email": email}).status_code == 200
        (path,) = paths_in(self.messages(email)[-1])
        return path

    def open_preferences(self, email: str = ADA) -> str:
        """Open a subscriber's preferences in this browser, by a link that is mailed to them; return their path."""
        response = self.client.post(self.link_path(email))
        assert (response.status_code, response.headers["location"]) == (303, "/preferences")
        return "/preferences"

    def digest_path(self, email: str = ADA, days: int = 1) -> str:
        """Return the path of the link in a subscriber's digests; it is valid for so many days."""
        with self.store() as store:
            day = self.now.date() + timedelta(days=days)
            token = tokens.sign_until(store.secret(), tokens.PREFERENCES, store.subscribers.get(email).id, day)
        return f"/preferences/{token}"

    def press(self, path: str, **fields: str) -> Any:
        """Post a form of the operator's pages, behind /operator, with their CSRF token."""
        page = self.client.get("/operator/test-email").text
        (token, *_) = re.findall(r'name="csrf_token" value="([^"]+)"', page)
        return self.client.post(f"/operator{path}", data={"csrf_token": token, **fields})

    def unsubscribe_path(self, email: str = ADA) -> str:
        """Return the path of a subscriber's unsubscribe page."""
        with self.store() as store:
            return f"/unsubscribe/{tokens.sign(store.secret(), tokens.UNSUBSCRIBE, store.subscribers.get(email).id)}"


def paths_in(message: EmailMessage) -> list[str]:
    """Return the paths of all links to the site in a message."""
    part = message.get_body(("html",))
    assert part is not None
    return re.findall(rf'href="{SITE_URL}(/[^"]*)"', str(part.get_content()))
