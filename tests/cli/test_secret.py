"""`newsletter secret`: the keys by their fingerprints, and their rotation."""

from __future__ import annotations

import json
from pathlib import Path

from newsletter.models import tokens
from newsletter.store import open_store
from tests.cli.conftest import Newsletter


def test_rotated_keys_are_listed_and_never_shown(newsletter: Newsletter, tmp_path: Path) -> None:
    with open_store(tmp_path / "newsletter.db") as store:
        old = store.secret()
        token = tokens.sign(old, tokens.UNSUBSCRIBE, 1)
    assert "links are signed with the key" in newsletter("secret", "rotate").stdout
    listed = newsletter("secret", "list").stdout
    assert "signing" in listed
    assert "accepted" in listed
    assert old.hex() not in listed
    keys = json.loads(newsletter("secret", "list", "--json").stdout)
    assert [key["status"] for key in keys] == ["signing", "accepted"]
    assert token.partition(".")[2] not in json.dumps(keys)
    assert "no more" in newsletter("secret", "rotate", "--grace", "0").stdout
