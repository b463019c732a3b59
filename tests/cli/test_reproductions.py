"""The faults that a review of the people's side reproduced, each driven from the command line. The pages' are in
`tests/web/subscribers/test_address_on_record.py`.
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from newsletter.files.site import Site
from newsletter.models.profile import PROFILE_FIELDS
from newsletter.store import open_store
from newsletter.store.bounces import Bounce
from tests.cli.conftest import Newsletter
from tests.factories import NOW
from tests.smtpd import ReplyTo, Server, serving

SENDER_REFUSED = "550 5.1.0 <digest@newsletter.example>: Sender address rejected: User unknown in local recipient table"


def answers(newsletter: Newsletter, *arguments: str) -> Any:
    return json.loads(newsletter(*arguments, "--json").stdout)


def import_table(newsletter: Newsletter, text: str, *options: str) -> None:
    assert newsletter("subscribers", "import", "-", *options, stdin=text.encode()).exit_code == 0


@pytest.fixture
def many(newsletter: Newsletter, page: Path) -> Newsletter:
    """A site with papers and 45 subscribers, each at a domain of their own."""
    newsletter("pull", "page", str(page))
    rows = "".join(f"user{n}@users{n}.example,0,in-context learning\n" for n in range(45))
    import_table(newsletter, f"email,hour,topics\n{rows}")
    return newsletter


def send_to(newsletter: Newsletter, folder: Path, on_rcpt: ReplyTo) -> tuple[Server, int]:
    """Send the edition to a server, and return it and the exit code."""
    with serving(Server(on_rcpt=on_rcpt)) as server:
        settings = f'[smtp]\nhost = "{server.host}"\nport = {server.port}\nsecurity = "none"\n'
        path = folder / "newsletter.toml"
        path.write_text(path.read_text(encoding="utf-8") + settings, encoding="utf-8")
        return server, newsletter("send").exit_code


def test_a_server_that_refuses_our_sender_suppresses_nobody(many: Newsletter, tmp_path: Path) -> None:
    server, exit_code = send_to(many, tmp_path, lambda _address, _seen: SENDER_REFUSED)
    assert (server.accepted, exit_code) == ([], 1)
    assert answers(many, "suppressions") == []
    assert {one["status"] for one in answers(many, "subscribers")} == {"active"}


def test_one_recipient_refused_by_policy_keeps_no_other_from_getting_mail(many: Newsletter, tmp_path: Path) -> None:
    def refuse_one(address: str, _seen: int) -> str | None:
        return "554 5.7.1 <user7@users7.example>: Access denied" if address.startswith("user7@") else None

    server, _ = send_to(many, tmp_path, refuse_one)
    assert len(server.accepted) == 44
    assert answers(many, "suppressions") == []


def test_a_list_whose_server_reports_everybody_gone_is_kept(many: Newsletter, tmp_path: Path) -> None:
    send_to(many, tmp_path, lambda _address, _seen: "550 5.1.1 user unknown")
    assert len(answers(many, "suppressions")) <= 5
    assert many("bounces", "review").stdout.count("@") > 0


@pytest.mark.parametrize(
    ("victim", "other"),
    [
        ("victim@strasse.example", "victim@straße.example"),
        ("finn@example.org", "ﬁnn@example.org"),
        ("nikoσ@example.org", "nikoς@example.org"),
    ],
)
def test_confusable_addresses_are_different_subscribers(newsletter: Newsletter, victim: str, other: str) -> None:
    newsletter("subscribers", "add", victim, "--name", "Victim")
    assert newsletter("subscribers", "show", other).exit_code == 1
    assert newsletter("subscribers", "unsubscribe", other).exit_code == 1
    added = newsletter("subscribers", "add", other)
    if added.exit_code == 0:  # the validator may refuse the spelling
        assert len(answers(newsletter, "subscribers")) == 2
    assert answers(newsletter, "subscribers", "show", victim)["subscriber"]["name"] == "Victim"


def test_erasing_reaches_the_former_address(newsletter: Newsletter, tmp_path: Path) -> None:
    newsletter("subscribers", "add", "ada.old@example.org", "--name", "Rita Residue")
    with open_store(Site(tmp_path).store) as store:
        number = store.subscribers.get("ada.old@example.org").id
        bounce = Bounce(
            fingerprint="f", email_key="ada.old@example.org", subscriber_id=number, kind="soft", code="4.2.2",
            response="<ada.old@example.org>: mailbox full", origin="dsn", reported_at=NOW,
        )  # fmt: skip
        with store.transaction():
            store.bounces.put(bounce)
    newsletter("subscribers", "edit", "ada.old@example.org", "--address", "ada.new@example.org")
    newsletter("subscribers", "unsubscribe", "ada.new@example.org")

    assert newsletter("subscribers", "erase", "ada.new@example.org", "--yes").exit_code == 0

    assert answers(newsletter, "bounces") == []
    assert answers(newsletter, "suppressions") == []
    for file in tmp_path.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert not any(trace in content for trace in (b"ada.old", b"ada.new", b"Residue")), file
    assert "is suppressed: unsubscribed" in newsletter("subscribers", "add", "Ada.New@example.org").stderr
    imported = newsletter("subscribers", "import", "-", stdin=b"ada.new@example.org\n").stdout
    assert imported == "0 added, 0 already exist, 1 suppressed, 0 refused\n"
    assert "and 1 of erased people" in newsletter("suppressions").stdout
    assert newsletter("subscribers", "add", "ada.new@example.org", "--resubscribe").exit_code == 0


def test_what_is_deleted_is_overwritten_whatever_the_build_of_sqlite(tmp_path: Path) -> None:
    with open_store(tmp_path / "newsletter.db") as store:
        assert store._db.execute("PRAGMA secure_delete").fetchone() == (1,)


def test_a_cancelled_edition_stays_cancelled(many: Newsletter, tmp_path: Path) -> None:
    send_to(many, tmp_path, lambda _address, _seen: "451 4.7.1 later")
    (edition,) = answers(many, "deliveries")
    many("deliveries", "cancel", edition["edition"])
    for action in ("resume", "pause", "resume"):
        many("deliveries", action, edition["edition"])
    (after,) = answers(many, "deliveries")
    assert (after["state"], after["sent"]) == ("cancelled", 0)


@pytest.mark.parametrize("status", ["left", "unsubscribed", "cleaned", "Blocklisted", "DISABLED", "bounced"])
def test_no_import_revives_anybody(newsletter: Newsletter, status: str) -> None:
    import_table(newsletter, f"email,status\nann@example.org,{status}\n")
    import_table(newsletter, "email\nann@example.org\n")
    assert [one["status"] for one in answers(newsletter, "subscribers")] == ["unsubscribed"]
    assert [one["email"] for one in answers(newsletter, "suppressions")] == ["ann@example.org"]


def test_no_field_of_a_profile_is_lost_by_export_and_import(newsletter: Newsletter) -> None:
    fields = {
        "topics": "RAG", "cadence": "weekly", "hour": "6", "weekday": "friday", "month_day": "3",
        "time_zone": "Europe/Berlin", "style": "compact", "language": "de", "max_papers": "5", "max_per_section": "2",
        "follow": "Ada Example", "trending": "3", "serendipity": "false", "updates": "true", "even_if_empty": "true",
        "ranking": "taste = 2.0", "near": "false", "cards": "3", "wait_hours": "5",
        "first_at_once": "true",
    }  # fmt: skip
    assert set(fields) == set(PROFILE_FIELDS)
    import_table(newsletter, f"email,{','.join(fields)}\nada@example.org,{','.join(fields.values())}\n")
    exported = newsletter("subscribers", "export").stdout
    newsletter("init", "other")
    newsletter("--site", "other", "subscribers", "import", "-", stdin=exported)
    assert newsletter("--site", "other", "subscribers", "export").stdout == exported
    (row,) = csv.DictReader(io.StringIO(exported))
    assert {name: row[name].strip() for name in fields} == fields


def test_a_damaged_database_is_one_clear_line(many: Newsletter, tmp_path: Path) -> None:
    path = Site(tmp_path).store
    db = sqlite3.connect(path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (size,) = db.execute("PRAGMA page_size").fetchone()
    (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'papers'").fetchone()
    db.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    for arguments in (("papers",), ("papers", "sheep"), ("send",)):
        result = many(*arguments)
        assert result.exit_code != 0
        assert "malformed" in result.stderr
        assert "Traceback" not in result.stderr
        assert len(result.stderr.splitlines()) <= 2


def test_addresses_at_a_domain_without_a_dot_are_refused(newsletter: Newsletter) -> None:
    result = newsletter("subscribers", "import", "-", stdin=b"ann@gmail\nben@example\ncat@com\n")
    assert (result.exit_code, result.stdout) == (1, "0 added, 0 already exist, 0 suppressed, 3 refused\n")
    assert result.stderr.count("its domain has no dot") == 3
