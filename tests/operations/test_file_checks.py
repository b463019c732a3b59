"""The doctor tells which files of a site others may read. All that a site writes is for its owner only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.cli.init import make_site
from newsletter.config.load import load_config
from newsletter.config.model import Config
from newsletter.files.private_files import open_to_others
from newsletter.files.site import Site
from newsletter.models.findings import Level
from newsletter.operations.event_log import EventLog
from newsletter.operations.file_checks import check_files
from newsletter.pipeline.deliver import deliver
from newsletter.rendering.environment import make_environment
from newsletter.sending.maildir import MaildirTransport
from newsletter.store import open_store
from tests.factories import NOW, make_entry, make_profile
from tests.sending.messages import message, send


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Config]:
    """A site that was made and has sent, without a umask."""
    before = os.umask(0)
    try:
        make_site(tmp_path / "site")
        config = load_config(Site(tmp_path / "site"), environ={"NEWSLETTER_LOG_PATH": "events.log"})
        with open_store(config.site.store) as store:
            with store.transaction():
                store.subscribers.add("ada@example.org", "Ada", make_profile(), "cli", NOW)
            transport = MaildirTransport(config.outbox)
            deliver(store, transport, config, make_environment(config.site.templates), lambda: NOW)
        send(transport, message())
        assert config.log_path is not None
        log = EventLog(config.log_path)
        log.write("delivery", status="sent")
        log.close()
        yield config
    finally:
        os.umask(before)


def test_all_that_a_site_writes_is_for_its_owner_only(config: Config) -> None:
    with open_store(config.site.store) as store, store.transaction():
        store.papers.add(make_entry(title="Another", arxiv_id="2605.00002"), NOW)
        written = [config.site.root, *config.site.root.rglob("*")]
        names = {path.name for path in written}
        assert {"newsletter.db", "newsletter.db-wal", "newsletter.db-shm", "newsletter.lock", "events.log"} <= names
        assert any(path.suffix == ".newsletter" for path in written)
        assert list(open_to_others(written)) == []
    (finding,) = check_files(config)
    assert finding.level is Level.OK


def test_files_that_others_may_read_are_named_with_the_remedy(config: Config) -> None:
    key = config.site.root / "dkim.pem"
    key.touch()
    key.chmod(0o644)
    config.site.store.chmod(0o640)
    config.outbox.chmod(0o755)
    config = replace(config, dkim=replace(config.dkim, keys=(("papers", key),)))
    (finding,) = check_files(config)
    assert finding.level is Level.WARNING
    for words in ("newsletter.db (0640)", "dkim.pem (0644)", "outbox (0755)"):
        assert words in finding.detail
    assert f"chmod 700 {config.outbox}" in finding.remedy
    assert f"chmod 600 {config.site.store} {key}" in finding.remedy
