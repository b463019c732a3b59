from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Newsletter

OPML = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Journals</title></head><body>
<outline text="Clouds"><outline type="rss" text="Cloud Letters" xmlUrl="https://clouds.example/rss?a=1&amp;b=2"/>
<outline type="rss" title="Kettles" xmlUrl="feed://kettles.example/atom"/></outline>
<outline text="again" xmlUrl="https://clouds.example/rss?a=1&amp;b=2"/>
<outline text="broken" xmlUrl="javascript:alert(1)"/><outline text="a folder"/></body></opml>"""


def test_feeds_are_followed_once_and_exported_again(newsletter: Newsletter, tmp_path: Path) -> None:
    file = tmp_path / "feeds.opml"
    file.write_text(OPML, encoding="utf-8")

    first = newsletter("sources", "import", str(file))
    assert first.exit_code == 1
    assert "2 feeds added" in first.stdout
    assert "1 refused" in first.stdout
    assert "outline 5: not a URL" in first.stderr
    assert "0 feeds added" in newsletter("sources", "import", str(file)).stdout

    exported = newsletter("sources", "export").stdout
    assert exported.count("<outline ") == 2
    assert 'xmlUrl="https://kettles.example/atom"' in exported
