from __future__ import annotations

import pytest

from newsletter.models.database_url import DatabaseUrl


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://ada:s3cret@db.example:5433/papers?sslmode=require", "postgresql://db.example:5433/papers"),
        ("postgres:///papers?password=s3cret&host=/run", "postgresql:///papers"),
        ("postgresql://ada:s3%40cret@[::1]/papers", "postgresql://[::1]/papers"),
    ],
)
def test_the_password_is_not_shown(text: str, shown: str) -> None:
    url = DatabaseUrl(text)
    assert str(url) == shown
    assert "s3" not in repr(url) + f"{url}"


@pytest.mark.parametrize("text", ["mysql://db/papers", "papers.db", "host=db password=s3cret"])
def test_other_addresses_are_refused_without_showing_them(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a URL of PostgreSQL$"):
        DatabaseUrl(text)
