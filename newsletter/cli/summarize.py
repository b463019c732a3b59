"""`newsletter summarize`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from newsletter.cli.context import Opened, pass_opened
from newsletter.cli.output import finish, json_option, print_json, print_problems
from newsletter.cli.progress import make_ports
from newsletter.errors import ConfigError
from newsletter.text import counted

if TYPE_CHECKING:
    from newsletter.pipeline.summaries import SummaryReport


@click.command(epilog="\b\nExample:\n  newsletter summarize")
@json_option
@pass_opened
def summarize(opened: Opened, as_json: bool) -> None:
    """Summarize the newest papers with a language model. `run` and `serve` do this after sending.

    [summaries] in newsletter.toml configures the model: any OpenAI-compatible API.
    """
    from newsletter.pipeline.run import make_summaries

    report = make_summaries(opened.config, make_ports(opened))
    if report is None:
        raise ConfigError(
            "summaries: no model is configured",
            hint="set summaries.base_url and summaries.model in newsletter.toml",
        )
    if as_json:
        print_json(report)
    else:
        click.echo(f"{counted(report.made, 'paper')} summarized")
    print_summary_problems(report)
    finish(clean=report.error is None and not report.refused)


def print_summary_problems(report: SummaryReport | None) -> None:
    """Print an error and unusable responses on stderr."""
    if report is None:
        return
    if report.error:
        print_problems([f"summaries: {report.error}"])
    print_problems([f"summary refused: {refusal}" for refusal in report.refused], "more summaries refused")
