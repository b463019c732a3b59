"""The files of a site, and those that the package ships."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from newsletter.errors import ConfigError

CONFIG_NAME = "newsletter.toml"

_OUTSIDE = "make a site here with: newsletter init; or name yours with --site DIRECTORY or NEWSLETTER_SITE"
_PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Site:
    """A directory with a newsletter.toml, and the paths of its files."""

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
        """The lock file of the process that sends."""
        return self.root / "newsletter.lock"

    @property
    def subscribers(self) -> Path:
        """The folder of profiles, one file per subscriber."""
        return self.root / "subscribers"

    @property
    def notes(self) -> Path:
        """The operator's notes: DAY.md goes at the top of the editions of a day, DAY.closing.md at the end."""
        return self.root / "notes"

    @property
    def templates(self) -> Path:
        """The site's own templates; each overrides the shipped one with the same name."""
        return self.root / "templates"


def find_site(start: Path) -> Site:
    """Return the site of a directory: itself or the nearest parent with a newsletter.toml.

    Raises:
        ConfigError: There is no newsletter.toml.
    """
    for directory in (start, *start.parents):
        if (directory / CONFIG_NAME).is_file():
            return Site(directory)
    raise ConfigError(f"no {CONFIG_NAME} in {start} or above it", hint=_OUTSIDE)


def named_site(directory: Path) -> Site:
    """Return the site that is named by its directory, in which "~" stands for the home of the user.

    Raises:
        ConfigError: It has no newsletter.toml.
    """
    directory = directory.expanduser()
    if not (directory / CONFIG_NAME).is_file():
        raise ConfigError(
            f"{directory}: no {CONFIG_NAME} in it", hint=f"create a site there with: newsletter init {directory}"
        )
    return Site(directory)


def default_templates() -> Path:
    """Return the folder of the shipped templates: in the package in a wheel, beside it in a checkout."""
    return _shipped("templates", "templates")


def default_subscribers() -> Path:
    """Return the folder of the example profiles and their README."""
    return _shipped("skeleton/subscribers", "subscribers")


def samples() -> Path:
    """Return the folder of the invented papers of the demo."""
    return _PACKAGE / "samples"


def _shipped(in_package: str, in_checkout: str) -> Path:
    packaged = _PACKAGE / in_package
    return packaged if packaged.exists() else _PACKAGE.parent / in_checkout


def docs_path(page: str) -> str:
    """Return where a page of the documentation of this version is, as in `docs_path("topics.md")`: to read it there.

    It is in the package in a wheel, beside it in a checkout, where the path is short: `docs/topics.md`.
    """
    folder = _shipped("docs", "docs")
    return str(folder / page if folder.parent == _PACKAGE else Path("docs") / page)
