"""Nothing that the site's pages send tells who looks at them, until somebody opens their own preferences."""

from __future__ import annotations

from tests.web.live_site import ADA, LiveSite

PAGES = ("/", "/topics", "/editions", "/subscribe", "/preferences", "/search?q=agents")


def test_no_page_sets_a_cookie(live: LiveSite) -> None:
    responses = [live.client.get(path) for path in PAGES]
    responses.append(live.client.post("/subscribe", data={"email": ADA}))

    assert {response.status_code for response in responses} <= {200, 303}
    assert [response.headers.get("set-cookie") for response in responses] == [None] * len(responses)
    assert not live.client.cookies


def test_no_page_loads_a_script_or_style_from_elsewhere(live: LiveSite) -> None:
    for path in PAGES:
        policy = live.client.get(path).headers["content-security-policy"]
        directives = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
        assert directives["default-src"] == "'self'"
        assert not {"script-src", "style-src", "font-src", "connect-src"} & directives.keys()
