"""The style sheet and scripts of the public pages."""

from __future__ import annotations

import pytest

from tests.web.live_site import LiveSite


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/pages.css", "text/css"), ("/subscribe.js", "text/javascript"), ("/topic_help.js", "text/javascript")],
)
def test_assets_have_their_media_type_and_may_be_cached(live: LiveSite, path: str, kind: str) -> None:
    response = live.client.get(path)
    assert response.headers["content-type"].startswith(kind)
    assert response.headers["cache-control"] == "public, max-age=3600"
    again = live.client.get(path, headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_site_may_replace_an_asset(live: LiveSite) -> None:
    own = live.config.site.templates / "web" / "pages.css"
    own.parent.mkdir(parents=True)
    own.write_text("/* {{ site.name }} */", encoding="utf-8")
    assert live.client.get("/pages.css").text == f"/* {live.config.site_name} */"
