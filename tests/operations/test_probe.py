"""Probes, through real mail servers into real mailboxes."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

import pytest
import trustme

from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.files.site import Site
from newsletter.models import tokens
from newsletter.models.findings import Finding, Level
from newsletter.operations.probe import Prober
from newsletter.pipeline.inbound import ProcessedMail, process_message
from newsletter.sending.bounces.settings import BounceSettings
from newsletter.sending.maildir import MaildirTransport
from newsletter.sending.smtp.settings import Security, SmtpSettings
from newsletter.sending.smtp.transport import SmtpTransport
from newsletter.store import Store
from tests import postfix
from tests.imap import DOVECOT, mailbox
from tests.smtpd import Server, serving

SECRET = b"s" * 32


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "newsletter.toml").write_text(
        '[sender]\naddress = "digest@delivered.example"\nreply_to = "replies@delivered.example"\n'
        '[bounces]\naddress = "bounces@delivered.example"\nmaildir = "box"\n',
        encoding="utf-8",
    )
    for name in ("new", "cur", "tmp"):
        (tmp_path / "box" / name).mkdir(parents=True)
    return load_config(Site(tmp_path), environ={})


def probe(config: Config, tls: ssl.SSLContext | None = None, **options: object) -> dict[str, Finding]:
    assert config.smtp is not None
    transport = SmtpTransport(config.smtp, tls=tls)
    prober = Prober(config, SECRET, transport, lambda: datetime.now(UTC), tls=tls, **options)  # type: ignore[arg-type]
    try:
        return {finding.about: finding for finding in prober.examine()}
    finally:
        transport.close()


def delivering(maildir: Path, change: Callable[[bytes], bytes] = lambda content: content) -> Server:
    """Return a server that delivers what it accepts into a Maildir."""
    server = Server()

    def deliver(number: int) -> None:
        (maildir / "new" / f"{number}.mx").write_bytes(change(server.accepted[-1][1]))

    server.before_reply = deliver
    return server


def at(server: Server, config: Config) -> Config:
    return replace(config, smtp=SmtpSettings(server.host, server.port, security=Security.NONE, timeout_s=5))


def test_probes_arrive_at_both_addresses_and_change_nothing(config: Config, store: Store, tmp_path: Path) -> None:
    with serving(delivering(tmp_path / "box")) as server:
        found = probe(at(server, config))
    assert {about: one.level for about, one in found.items()} == {
        "probe bounces": Level.OK,
        "probe replies": Level.OK,
    }
    bounces, replies = server.recipients
    assert (tokens.read_verp_address(SECRET, bounces), replies) == (0, "replies@delivered.example")
    assert any(f"MAIL {bounces}" == asked for asked in server.asked)
    assert len(list((tmp_path / "box" / "new").iterdir())) == 2
    for _, content in server.accepted:  # the next run reads them, and does nothing
        assert message_from_bytes(content)["Auto-Submitted"] == "auto-generated"
        assert process_message(store, 5, content, datetime.now(UTC)) == ProcessedMail(1)


def test_what_does_not_arrive_is_shown(config: Config) -> None:
    with serving(Server()) as server:
        found = probe(at(server, config), wait_s=0)
    assert found["probe bounces"].level is Level.WRONG
    assert "recipient_delimiter" in found["probe bounces"].remedy
    assert found["probe replies"].level is Level.WARNING


def test_what_is_refused_is_shown(config: Config) -> None:
    refusing = Server(on_rcpt=lambda address, _: "550 5.1.1 no such user" if "+" in address else None)
    with serving(refusing) as server:
        found = probe(at(server, config), wait_s=0)
    assert found["probe bounces"].level is Level.WRONG
    assert "550 5.1.1" in found["probe bounces"].detail


def test_what_comes_back_is_shown(config: Config, tmp_path: Path) -> None:
    report = (
        b"From: MAILER-DAEMON@delivered.example\r\nSubject: Undelivered Mail\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\r\n\r\n'
        b"--x\r\nContent-Type: message/rfc822\r\n\r\n%s\r\n--x--\r\n"
    )
    with serving(delivering(tmp_path / "box", lambda content: report % content)) as server:
        found = probe(at(server, config))
    assert found["probe bounces"].level is Level.WRONG
    assert "came back" in found["probe bounces"].detail


def test_what_its_server_finds_to_be_forged_is_shown(config: Config, tmp_path: Path) -> None:
    results = b"Authentication-Results: mx.example; spf=fail smtp.mailfrom=x; dkim=pass\r\n"
    with serving(delivering(tmp_path / "box", lambda content: results + content)) as server:
        found = probe(at(server, config))
    assert found["probe bounces"].level is Level.WARNING
    assert "spf=fail" in found["probe bounces"].detail


def test_without_a_mailbox_or_a_server_nothing_is_known(config: Config) -> None:
    with serving(Server()) as server:
        found = probe(at(server, replace(config, bounces=BounceSettings())))
    assert {one.level for one in found.values()} == {Level.UNKNOWN}
    nowhere = Prober(config, SECRET, MaildirTransport(config.outbox), lambda: datetime.now(UTC))
    assert [one.level for one in nowhere.examine()] == [Level.UNKNOWN]


@pytest.mark.skipif(not DOVECOT, reason="Debian's dovecot-imapd is not installed")
def test_a_probe_is_found_by_imap(config: Config) -> None:
    authority = trustme.CA()
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    with mailbox(authority.issue_cert("localhost")) as box, serving(delivering(box.maildir)) as server:
        imap = BounceSettings(
            imap_host="localhost", imap_port=box.port, imap_username=box.username, imap_password=box.password
        )
        found = probe(at(server, replace(config, bounces=imap)), tls)
    assert {one.level for one in found.values()} == {Level.OK}


@pytest.mark.skipif(bool(postfix.MISSING), reason=postfix.MISSING)
def test_a_probe_goes_through_postfix(config: Config) -> None:
    authority = trustme.CA()
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    with postfix.postfix(authority.issue_cert("localhost")) as server:
        smtp = SmtpSettings("localhost", server.port, username=server.username, password=server.password)
        bounces = BounceSettings(maildir=server.root / "box")
        for folder in ("new", "cur", "tmp"):
            server.root.joinpath("box", folder).mkdir(exist_ok=True)
            server.root.joinpath("box", folder).chmod(0o777)
        found = probe(replace(config, smtp=smtp, bounces=bounces), tls)
    assert {about: one.level for about, one in found.items()} == {
        "probe bounces": Level.OK,
        "probe replies": Level.OK,
    }
