"""A run, and what follows it: its record, an email to the operator, a heartbeat, a file of metrics.

None of it changes what the run did: whatever fails here becomes a line for stderr, and the next run tries again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from newsletter.config.model import Config
from newsletter.errors import NewsletterError, StoreError
from newsletter.files.private_files import replace_private
from newsletter.operations.heartbeat import send_heartbeat
from newsletter.operations.incidents import update_incidents
from newsletter.operations.run_record import log_run, record_run, record_totals
from newsletter.operations.source_health import source_statuses
from newsletter.operations.status import read_status
from newsletter.pipeline.ports import Ports, Step
from newsletter.pipeline.run import RunReport
from newsletter.store import Store
from newsletter.store.incidents import Incident

#: Everybody may read the metrics: node_exporter has a user of its own, and they hold no address.
_METRICS_MODE = 0o644


@dataclass(frozen=True, slots=True)
class Followed:
    """What a run did, and what could not be done after it, a line each."""

    report: RunReport
    problems: tuple[str, ...]


def followed_run(config: Config, ports: Ports, command: str, run: Callable[[], RunReport]) -> Followed:
    """Call `run`, and record it as a run of `command`; then notify whoever should know.

    A shutdown leaves out all but the record: there is no time, and nothing is wrong.
    """
    began, problems = ports.clock(), list[str]()
    number = 0
    with _collecting(problems), ports.open_store() as store, store.transaction():
        number = store.runs.begin(command, began)
    report = run()
    with _collecting(problems), ports.open_store() as store, store.transaction():
        record_run(store, number, report, ports.clock())
    with _collecting(problems):
        log_run(config, command, report, (ports.clock() - began).total_seconds())
    if not ports.is_shutting_down():
        problems += update_operator(config, ports, report)
        if not report.is_elsewhere:  # else the other process will say how it went
            problems += update_monitors(config, ports, is_clean=report.is_clean)
    return Followed(report, tuple(problems))


def followed_job(config: Config, ports: Ports, step: Step, report: RunReport, began: datetime) -> list[str]:
    """Record what a job of `serve` did, which is one step of a run; return what could not be done."""
    problems: list[str] = []
    with _collecting(problems), ports.open_store() as store, store.transaction():
        now = ports.clock()
        if step is Step.DELIVER:
            record_run(store, store.runs.begin("serve", began), report, now)
        else:
            record_totals(store, report, now)
    with _collecting(problems):
        log_run(config, "serve", report, None)
    return problems if ports.is_shutting_down() else [*problems, *update_operator(config, ports, report)]


def monitor(config: Config, ports: Ports) -> list[str]:
    """Do what follows a run, where parts of runs follow each other: is the site all right now? Return as others do."""
    problems = update_operator(config, ports, RunReport())
    is_clean = False
    with _collecting(problems), ports.open_store() as store:
        is_clean = not read_status(store, config, ports.clock()).problems
    return [*problems, *update_monitors(config, ports, is_clean=is_clean)]


def update_operator(config: Config, ports: Ports, report: RunReport) -> list[str]:
    """Store what is wrong, and send the operator an email about what is new; return what could not be done."""
    problems: list[str] = []
    to_notify: list[Incident] = []
    with _collecting(problems), ports.open_store() as store, store.transaction():
        now = ports.clock()
        to_notify = update_incidents(store, report, source_statuses(store, config, now), now)
    if to_notify and config.operator.email is not None:
        from newsletter.operations.operator_mail import notify_operator  # noqa: PLC0415 - all of rendering, seldom needed

        with _collecting(problems), ports.open_store() as store:
            notify_operator(store, config, ports, config.operator.email, to_notify)
    return problems


def update_monitors(config: Config, ports: Ports, *, is_clean: bool) -> list[str]:
    """Send the heartbeat, and write the file of metrics; return what could not be done."""
    problems: list[str] = []
    if config.operator.heartbeat_url is not None:
        with _collecting(problems):
            send_heartbeat(config.operator.heartbeat_url, is_clean=is_clean)
    if config.operator.metrics_file is not None:
        with _collecting(problems):
            write_metrics(config, config.operator.metrics_file, ports.open_store, ports.clock)
    return problems


def write_metrics(config: Config, path: Path, open_store: Callable[[], Store], clock: Callable[[], datetime]) -> None:
    """Write the metrics of a site into a file for node_exporter, all at once.

    Raises:
        NewsletterError: The packages for metrics are missing, the store cannot be read, or the file not written.
    """
    from newsletter.operations.metrics import Metrics  # noqa: PLC0415 - it needs an extra package

    try:
        replace_private(path, Metrics(config, open_store, clock).text(), _METRICS_MODE)
    except OSError as error:
        raise NewsletterError(
            f"{path}: {error.strerror or error}", hint="check the folder of operator.metrics_file"
        ) from error


@contextmanager
def _collecting(problems: list[str]) -> Iterator[None]:
    """Turn an error into a line; that the store cannot be used was said by the run already."""
    try:
        yield
    except StoreError:
        pass
    except NewsletterError as error:
        problems.append(str(error))
