"""Nothing that the site's pages send tells who looks at them."""

from __future__ import annotations

from tests.web.site import ADA, Asked

PAGES = ("/", "/topics", "/editions", "/subscribe", "/preferences", "/search?q=agents")


def test_no_page_sets_a_cookie(asked: Asked) -> None:
    answers = [asked.client.get(path) for path in PAGES]
    answers.append(asked.client.post("/subscribe", data={"email": ADA}))

    assert {answer.status_code for answer in answers} <= {200, 303}
    assert [answer.headers.get("set-cookie") for answer in answers] == [None] * len(answers)
    assert not asked.client.cookies


def test_no_page_loads_a_script_or_style_from_elsewhere(asked: Asked) -> None:
    for path in PAGES:
        policy = asked.client.get(path).headers["content-security-policy"]
        directives = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
        assert directives["default-src"] == "'self'"
        assert not {"script-src", "style-src", "font-src", "connect-src"} & directives.keys()
