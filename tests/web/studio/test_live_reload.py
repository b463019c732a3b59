"""Live reload: the version changes with every file that matters, and the stream sends each change."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace

from starlette.testclient import TestClient

from newsletter.files.site import Site
from newsletter.store import open_store
from newsletter.web.studio.live_reload import changes, fingerprint, page_fingerprint, version
from tests.factories import NOW, make_entry


def test_the_version_changes_with_every_file_that_matters_and_no_other(studio: TestClient, site: Site) -> None:
    site.notes.mkdir()
    site.templates.mkdir()
    versions = [version(site)]
    files = (
        site.config, site.templates / "card.html", site.notes / "2026-05-08.md", site.subscribers / "ada.toml"
    )  # fmt: skip
    for path in files:
        with path.open("a", encoding="utf-8") as file:
            file.write("# more\n")
        versions.append(version(site))
    with open_store(site.store) as store:
        store.papers.add(replace(make_entry(), title="On Kettles"), NOW)
    versions.append(version(site))
    (site.templates / ".card.html.swp").write_text("x", encoding="utf-8")
    site.subscribers.joinpath("README.md").write_text("x", encoding="utf-8")

    assert len(set(versions)) == len(versions)
    assert studio.get("/version").json() == {"version": versions[-1]}


def test_a_sites_files_do_not_reload_the_page_itself(site: Site) -> None:
    before = page_fingerprint()
    os.utime(site.config, (1, 1))
    assert version(site) == f"{fingerprint(site)}.{before}"


def test_the_stream_sends_the_version_and_each_change(site: Site) -> None:
    async def events_until_two_changes() -> list[str]:
        events: list[str] = []

        async def is_over() -> bool:
            return len(events) > 3

        async for event in changes(site, is_over, poll_s=0.001):
            events.append(event)
            if len(events) == 2:
                os.utime(site.config, (1, 1))
                expected.append(version(site))
            elif len(events) == 3:
                os.utime(site.config, (2, 2))
                expected.append(version(site))
        return events

    expected = [version(site)]
    retry, *events = asyncio.run(events_until_two_changes())

    assert retry == "retry: 1000\n\n"
    assert events == [f"event: version\ndata: {one}\n\n" for one in expected]
