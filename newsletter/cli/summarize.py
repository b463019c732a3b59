"""`newsletter summarize`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, now, pass_opened
from newsletter.cli.output import finish, json_option, print_json, print_problems, progress
from newsletter.errors import ConfigError
from newsletter.text import counted

if TYPE_CHECKING:
    from newsletter.pipeline.summaries import SummaryReport


@click.command(epilog="\b\nExample:\n  newsletter summarize")
@json_option
@pass_opened
def summarize(opened: Opened, as_json: bool) -> None:
    """Have a model sum up, in one line each, the newest papers that lack it. `run` and `serve` do this after sending.

    [summaries] in newsletter.toml names the model: any endpoint that speaks OpenAI's protocol.
    """
    if opened.config.summaries is None:
        raise ConfigError(
            "no model is named to ask for summaries",
            hint="set summaries.base_url and summaries.model in newsletter.toml",
        )
    report = make_summaries(opened)
    assert report is not None  # noqa: S101 - a model is named
    if as_json:
        print_json(report)
    else:
        click.echo(f"{counted(report.made, 'paper')} summed up")
    print_summary_problems(report)
    finish(clean=report.error is None and not report.refused)


def make_summaries(opened: Opened) -> SummaryReport | None:
    """Ask for what is lacking; None if no model is named."""
    from newsletter.pipeline.summaries import summarize as ask

    if opened.config.summaries is None:
        return None
    with opened.store() as store, progress("summarizing"):
        return ask(store, store.summaries, opened.config.summaries, now)


def print_summary_problems(report: SummaryReport | None) -> None:
    """Print what was refused or failed on stderr."""
    if report is None:
        return
    if report.error:
        print_problems([f"summaries: {report.error}"])
    print_problems([f"summary refused: {one}" for one in report.refused], "more summaries refused")
