"""Where things are: the site's files, and what travels with the package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from newsletter.errors import ConfigError

CONFIG_NAME = "newsletter.toml"

_PACKAGE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Site:
    """A directory with a newsletter.toml; all its files by name."""

    root: Path

    @property
    def config(self) -> Path:
        """The settings."""
        return self.root / CONFIG_NAME

    @property
    def store(self) -> Path:
        """The database."""
        return self.root / "newsletter.db"

    @property
    def lock(self) -> Path:
        """Held by the one process that sends."""
        return self.root / "newsletter.lock"

    @property
    def subscribers(self) -> Path:
        """One profile per file."""
        return self.root / "subscribers"

    @property
    def notes(self) -> Path:
        """The operator's words: DAY.md opens the editions of a day, DAY.closing.md ends them."""
        return self.root / "notes"

    @property
    def templates(self) -> Path:
        """The site's own templates; each takes the place of the shipped one of its name."""
        return self.root / "templates"


def find_site(start: Path) -> Site:
    """Return the site that `start` is in: the nearest directory, itself or above, with a newsletter.toml.

    Raises:
        ConfigError: There is none.
    """
    for directory in (start, *start.parents):
        if (directory / CONFIG_NAME).is_file():
            return Site(directory)
    raise ConfigError(f"no {CONFIG_NAME} in {start} or above it", hint="make a site here with: newsletter init")


def default_templates() -> Path:
    """The templates we ship: inside the package in a wheel, beside it in a checkout."""
    return _shipped("templates", "templates")


def default_subscribers() -> Path:
    """The example profiles and their README."""
    return _shipped("skeleton/subscribers", "subscribers")


def samples() -> Path:
    """The invented papers of the demonstration."""
    return _PACKAGE / "samples"


def _shipped(in_package: str, in_checkout: str) -> Path:
    packaged = _PACKAGE / in_package
    return packaged if packaged.exists() else _PACKAGE.parent / in_checkout
