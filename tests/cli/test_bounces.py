from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.files.site import Site
from newsletter.models import tokens
from newsletter.store import open_store
from tests.cli.conftest import Newsletter
from tests.sending.bounces.samples import ADA, CASES, OURS


@pytest.fixture
def with_ada(newsletter: Newsletter, page: Path) -> Newsletter:
    newsletter("pull", "page", str(page))
    newsletter("subscribers", "add", ADA, "--topic", "in-context learning", "--hour", "0")
    newsletter("send")
    return newsletter


def bounce_of(folder: Path) -> bytes:
    from newsletter.store import open_store

    with open_store(folder / "newsletter.db") as store:
        ada = store.subscribers.find(ADA)
        assert ada is not None
        known = store.deliveries.of_subscriber(ada.id)[0].message_id
    return next(case.raw for case in CASES if case.name == "postfix unknown user").replace(
        OURS.encode(), known.encode()
    )


def test_a_report_from_a_pipe_suppresses_and_is_listed(with_ada: Newsletter, tmp_path: Path) -> None:
    read = with_ada("bounces", "read", "-", stdin=bounce_of(tmp_path))

    assert read.exit_code == 0
    assert read.stdout == f"1 message: 1 hard\n{ADA} is suppressed\n"
    listed = with_ada("bounces", "--for", ADA).stdout
    assert "hard" in listed
    assert "5.1.1" in listed


def test_a_maildir_is_read_once_and_by_every_run(with_ada: Newsletter, tmp_path: Path) -> None:
    box = tmp_path / "bounces"
    for folder in ("new", "cur", "tmp"):
        (box / folder).mkdir(parents=True)
    (box / "new" / "1.mx").write_bytes(bounce_of(tmp_path))
    settings = (tmp_path / "newsletter.toml").read_text(encoding="utf-8")
    settings = settings.replace('[[sources]]\nkind = "huggingface"\n', "", 1)
    (tmp_path / "newsletter.toml").write_text(settings + '[bounces]\nmaildir = "bounces"\n', encoding="utf-8")

    first = with_ada("run", "-v")
    again = with_ada("bounces", "read")

    assert f"{ADA} is suppressed" in first.stdout
    assert [path.name for path in (box / "cur").iterdir()] == ["1.mx:2,S"]
    assert again.stdout.startswith("0 messages")


def test_a_message_without_a_report_changes_nothing(with_ada: Newsletter) -> None:
    assert (
        with_ada("bounces", "read", "-", stdin=b"Subject: hello\r\n\r\nhello\r\n").stdout == "1 message: no reports\n"
    )
    assert with_ada("bounces").stdout == "no bounces or complaints\n"


def test_exit_codes_follow_sysexits(with_ada: Newsletter, tmp_path: Path) -> None:
    assert with_ada("bounces", "read", "nowhere.eml").exit_code == 66
    assert with_ada("bounces", "read").exit_code == 2
    assert with_ada("bounces", "read", "--maildir", str(tmp_path / "none")).exit_code == 1


def mail(subject: str) -> bytes:
    return f"From: anybody@elsewhere.example\r\nSubject: {subject}\r\n\r\n".encode()


def test_bounces_read_processes_email_commands(newsletter: Newsletter, tmp_path: Path) -> None:
    newsletter("subscribers", "add", ADA)
    with open_store(Site(tmp_path).store) as store:
        token = tokens.sign(store.secret(), tokens.UNSUBSCRIBE, 1)
    done = newsletter("bounces", "read", "-", stdin=mail(f"unsubscribe {token}"))
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, f"{ADA} unsubscribed")
