"""Screenshots of the digest, and how much of it a person sees at once.

    python -m tests.browser.screenshots [DIRECTORY] [DATA]

Takes every style at phone and desktop width, in the light and dark scheme, as daily, weekly and monthly edition; and
one picture of several for the README. Prints what a person sees at once of the recorded days in DATA, and ends with 1
if that is less than is promised.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from newsletter.config.load import load_config
from newsletter.files.site import Site
from newsletter.models import Cadence, Digest, Message, Profile, Style
from newsletter.pipeline.messages import MessageRenderer
from newsletter.pipeline.preview import sample_digest
from newsletter.rendering.environment import make_environment
from tests.browser.extents import SCHEMES, WIDTHS, page_of
from tests.browser.recorded_days import DATA, digest_of, recorded_days
from tests.browser.table import MANY, write_sizes, write_table
from tests.factories import NOW, make_profile, make_subscriber, make_topic

TOPICS = (
    make_topic("In-context learning", ("in-context learning", "few-shot prompting", "ICL")),
    make_topic("LLM agents", ("agent",)),
    make_topic("Robotics", ("robot",)),
)
#: Topics of which there is something on most of the recorded days.
RECORDED = make_profile(
    topics=(
        make_topic("LLM agents", ("agent",)),
        make_topic("Reasoning", ("reasoning", "chain of thought")),
        make_topic("Robotics", ("robot", "embodied")),
        make_topic("Image and video generation", ("diffusion", "video generation")),
    ),
    trending=4,
    serendipity=True,
)
#: Of the recorded days, those whose digests are the largest.
_LARGEST = 5


@cache
def make_renderer(thumbnails: str = "no") -> MessageRenderer:
    """Return what renders the messages of a site with pages."""
    root = Path(tempfile.mkdtemp())
    settings = f'[site]\nurl = "https://papers.example.org"\n[design]\nthumbnails = "{thumbnails}"\n'
    (root / "newsletter.toml").write_text(settings, encoding="utf-8")
    return MessageRenderer(load_config(Site(root), environ={}), make_environment(), b"secret")


def sample_profile(**changes: object) -> Profile:
    """Return the preferences by which the samples are shown."""
    return make_profile(**({"topics": TOPICS, "trending": 3, "serendipity": True} | changes))


def message(style: Style, cadence: Cadence) -> Message:
    """Render a digest of the sample papers."""
    subscriber = make_subscriber(profile=sample_profile(style=style, cadence=cadence))
    return make_renderer().write(sample_digest(subscriber, NOW), subscriber, "<a@b.example>", NOW)


def take_screenshot(browser: Browser, page: str, path: Path, width: int, height: int, scheme: str) -> None:
    """Write a screenshot of a page to a file."""
    view = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    view.set_content(page)
    view.screenshot(path=path)
    view.close()


def take_all(browser: Browser, directory: Path) -> None:
    """Take every style, cadence, width and colour scheme."""
    for style, cadence in product(Style, (Cadence.DAILY, Cadence.WEEKLY, Cadence.MONTHLY)):
        page = page_of(message(style, cadence))
        for (name, width), scheme in product(WIDTHS.items(), SCHEMES):
            take_screenshot(browser, page, directory / f"{style}-{cadence}-{name}-{scheme}.png", width, 1600, scheme)


def take_picture(browser: Browser, directory: Path) -> None:
    """Take the picture of the README, which shows several digests side by side."""
    parts = [(Style.CARDS, "light", 660), (Style.CARDS, "dark", 390), (Style.COMPACT, "light", 390)]
    for number, (style, scheme, width) in enumerate(parts):
        path = directory / f"part-{number}.png"
        take_screenshot(browser, page_of(message(style, Cadence.DAILY)), path, width, 1100, scheme)
    images = [(directory / f"part-{number}.png").resolve().as_uri() for number in range(len(parts))]
    frame = directory / "frame.html"
    shown = "".join(f'<img src="{image}" height="820">' for image in images)
    frame.write_text(f'<body style="margin:0;display:flex;gap:12px;background:#fff">{shown}', encoding="utf-8")
    view = browser.new_page(viewport={"width": 1098, "height": 820})
    view.goto(frame.resolve().as_uri())
    view.screenshot(path=directory / "digest.png")
    view.close()


def digests_in(data: Path) -> tuple[Profile, list[Digest], list[Digest]]:
    """Return a profile with its digests of the recorded days, and the largest of them with many papers.

    Without the recordings they are of the samples.
    """
    if not data.is_dir():
        sys.stdout.write(f"{data} is not here: the sample papers are measured instead of the recorded days\n")
        profile = sample_profile()
        digest = sample_digest(make_subscriber(profile=profile), NOW)
        return profile, [digest], [digest]
    days = list(recorded_days(data))
    digests = [digest_of(day, papers, RECORDED) for day, papers in days]
    many = replace(RECORDED, max_papers=MANY, max_per_section=MANY, trending=MANY)
    largest = sorted(days, key=lambda day: len(day[1]))[-_LARGEST:]
    return RECORDED, [one for one in digests if one.items], [digest_of(*day, many) for day in largest]


def main() -> None:
    """Take all screenshots, and print what was measured."""
    directory = Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots")
    directory.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        take_all(browser, directory)
        take_picture(browser, directory)
        profile, digests, large = digests_in(Path(sys.argv[2]) if len(sys.argv) > 2 else DATA)
        missed = write_table(sys.stdout, browser, make_renderer(), digests, profile)
        missed += write_sizes(sys.stdout, make_renderer(), large, profile)
        browser.close()
    sys.stdout.writelines(f"missed: {line}\n" for line in missed)
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
