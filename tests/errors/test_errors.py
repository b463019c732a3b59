"""Errors and their hints."""

from __future__ import annotations

import pytest

from newsletter.errors import ConfigError, NewsletterError, SourceRateLimited, did_you_mean


def test_an_error_is_one_line_with_its_hint() -> None:
    assert str(ConfigError("smtp.port: missing", hint="set it")) == "smtp.port: missing (set it)"
    assert str(ConfigError("smtp.port: missing")) == "smtp.port: missing"
    assert NewsletterError.exit_code == 1
    assert SourceRateLimited("busy", wait_s=5).wait_s == 5


@pytest.mark.parametrize(
    ("name", "known", "prefix", "hint"),
    [
        ("hots", ["host", "port"], "", "did you mean host?"),
        ("tast", ["taste"], "ranking.", "did you mean ranking.taste?"),
        ("xyz", ["host", "port"], "", "known: host, port"),
        ("xyz", [], "", "known: none"),
        ("xyz", [f"setting-{number}" for number in range(99)], "", None),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_or_all_if_few(
    name: str, known: list[str], prefix: str, hint: str | None
) -> None:
    assert did_you_mean(name, known, prefix) == hint
