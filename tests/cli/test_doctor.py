from __future__ import annotations

import stat
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.cli.conftest import Newsletter


def test_warnings_alone_exit_with_0(newsletter: Newsletter) -> None:
    result = newsletter("doctor", "--offline")
    assert result.exit_code == 0
    assert "unknown" in result.stdout
    assert "newsletter doctor --new-key" in result.stdout


def test_a_new_key_is_readable_by_its_owner_only_and_never_overwritten(newsletter: Newsletter, tmp_path: Path) -> None:
    made = newsletter("doctor", "--new-key", "ed25519", "dkim.pem")
    path = tmp_path / "dkim.pem"
    assert made.exit_code == 0
    assert 'papers-ed25519._domainkey.newsletter.example. TXT "v=DKIM1; k=ed25519; p=' in made.stdout
    assert 'ed25519_key = "dkim.pem"' in made.stdout
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    load_pem_private_key(path.read_bytes(), None)

    again = newsletter("doctor", "--new-key", "rsa", "dkim.pem")
    assert again.exit_code == 1
    assert path.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")
    assert "exists already" in again.stderr
