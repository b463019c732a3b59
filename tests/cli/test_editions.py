from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from tests.cli.conftest import Newsletter


@pytest.fixture
def note(newsletter: Newsletter, tmp_path: Path) -> str:
    newsletter("subscribers", "add", "ada@example.org", "--tag", "lab")
    newsletter("subscribers", "add", "grace@example.org")
    (tmp_path / "note.md").write_text("\ufeff# Summer school\n\nCome.\n", encoding="utf-8")
    return "note.md"


def outbox(folder: Path) -> list[tuple[str, str]]:
    mails = [message_from_bytes(path.read_bytes(), policy=default) for path in sorted(folder.glob("outbox/new/*"))]
    return sorted((str(mail["To"]), str(mail["Subject"])) for mail in mails)


def test_a_special_edition_is_shown_tried_queued_listed_and_sent(
    newsletter: Newsletter, note: str, tmp_path: Path
) -> None:
    shown = newsletter("editions", "new", note, "--to", "all", "--dry-run").stdout
    assert "Subject: Summer school" in shown
    assert "2 subscribers would get it as special-" in shown
    newsletter("editions", "new", note, "--to", "all", "--test", "me@example.org")
    assert (outbox(tmp_path), newsletter("editions").stdout[:12]) == (
        [("me@example.org", "Summer school")],
        "No editions ",
    )

    queued = newsletter("editions", "new", note, "--to", "tag:lab", "--yes").stdout

    assert queued.endswith("-summer-school: 1 message queued. Next: newsletter send\n")
    newsletter("send")
    assert outbox(tmp_path) == [("ada@example.org", "Summer school"), ("me@example.org", "Summer school")]
    (listed,) = json.loads(newsletter("editions", "--json").stdout)
    assert [listed[name] for name in ("subject", "audience", "sent", "state")] == [
        "Summer school",
        "tag:lab",
        1,
        "done",
    ]
    assert "Summer school  tag:lab" in newsletter("editions").stdout
    shown_again = newsletter("preview", "grace@example.org", "--edition", listed["edition"], "--text").stdout
    assert "Come." in shown_again


def test_a_later_edition_is_scheduled(newsletter: Newsletter, note: str) -> None:
    queued = newsletter(
        "editions", "new", "-", "--subject", "Later", "--to", "all", "--yes", "--at", "2099-01-01T08:00", stdin="Text"
    )
    assert "more than a year ahead" in queued.stderr
    assert "this is past" in newsletter("editions", "new", note, "--to", "all", "--at", "2020-01-01").stderr
    assert "'soon' is no time" in newsletter("editions", "new", note, "--to", "all", "--at", "soon").stderr
    newsletter("config", "set", "schedule.time_zone", "Asia/Tokyo")
    day = (datetime.now(UTC) + timedelta(days=30)).date()
    queued = newsletter("editions", "new", note, "--to", "all", "--yes", "--at", f"{day}T08:00")
    assert f"2 messages queued, from {day - timedelta(days=1)} 23:00 UTC on" in queued.stdout
    assert f"from {day - timedelta(days=1)} 23:00 UTC" in newsletter("editions").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        ((), 2, "Missing option '--to'"),
        (("--to", "all"), 2, "confirm with --yes"),
        (("--to", "everybody"), 1, "is no audience (all, tag:NAME or topic:NAME)"),
        (("--to", "tag:nobody", "--yes"), 1, "tag:nobody: no active subscriber has this tag"),
        (("--to", "all", "--subject", " ", "--yes"), 1, "no subject"),
    ],
)
def test_a_mistake_queues_nothing(
    newsletter: Newsletter, note: str, arguments: tuple[str, ...], code: int, error: str
) -> None:
    done = newsletter("editions", "new", note, *arguments)
    assert (done.exit_code, error in done.stderr) == (code, True)
    assert newsletter("editions", "--json").stdout == "[]\n"
