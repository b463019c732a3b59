"""The order of one run: bounces → pull → topics, tastes → deliver → notices → summaries. Every entry point calls it.

Its steps are functions of their own, which commands like `newsletter send` call by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from newsletter.errors import AlreadySending, NewsletterError
from newsletter.errors.installation import has_scikit_learn
from newsletter.models import PullReport
from newsletter.pipeline.idle import report_idle
from newsletter.pipeline.outcomes import DeliveryReport
from newsletter.pipeline.ports import Ports, Step

if TYPE_CHECKING:
    from newsletter.config.model import Config
    from newsletter.pipeline.inbound import ProcessedMail
    from newsletter.pipeline.summaries import SummaryReport


@dataclass(frozen=True, slots=True)
class StepError:
    """Why a step failed."""

    step: Step
    error: NewsletterError


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one run did; None for a step that was not reached, or is not configured."""

    mail: ProcessedMail | None = None
    pulls: tuple[PullReport, ...] = ()
    deliveries: DeliveryReport | None = None
    #: Confirmation emails that were sent.
    notices: int = 0
    summaries: SummaryReport | None = None
    #: Steps that failed as a whole. Failures of one source, delivery or summary are in the reports above.
    errors: tuple[StepError, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether the run was completed, and no source or delivery failed, is deferred or held."""
        return (
            self.deliveries is not None
            and self.deliveries.is_clean
            and all(report.is_clean for report in self.pulls)
            and all(failure.step in _OPTIONAL for failure in self.errors)
        )

    @property
    def is_elsewhere(self) -> bool:
        """Whether another process was sending for this site, so that this run sent nothing."""
        return any(isinstance(failure.error, AlreadySending) for failure in self.errors)

    @property
    def is_temporary(self) -> bool:
        """Whether what is not clean will be tried again by itself."""
        failed = [one for one in self.errors if one.step not in _OPTIONAL and not isinstance(one.error, AlreadySending)]
        is_sent = self.is_elsewhere if self.deliveries is None else self.deliveries.is_temporary
        return is_sent and not failed and all(report.is_clean for report in self.pulls)


#: However often `run` comes, a source is not asked again sooner.
MIN_INTERVAL = timedelta(minutes=10)
#: What models were last learned from.
_LEARNED_FROM = "learned_from"
#: A failure of these steps does not keep the others from running.
_OPTIONAL = frozenset({Step.BOUNCES, Step.NOTICES})


def run(config: Config, ports: Ports, *, note: str = "", everyone: bool = False) -> RunReport:
    """Do everything that is due, once. A step that fails is in the report; only optional ones let the run go on.

    A shutdown lets deliveries in flight finish, and leaves the summaries out. With `everyone`, the report names all
    subscribers, however many there are to whom nothing is due.
    """
    mail: ProcessedMail | None = None
    pulls: tuple[PullReport, ...] = ()
    deliveries: DeliveryReport | None = None
    notices, summaries = 0, None
    errors: list[StepError] = []
    step = Step.BOUNCES
    try:
        _purge_requests(ports)  # before what may fail
        try:
            mail = read_bounces(config, ports)
            errors += [StepError(step, error) for error in mail.errors] if mail else []
        except NewsletterError as error:
            errors.append(StepError(step, error))
        step = Step.PULL
        if config.sources:  # papers may come from files alone
            from newsletter.pipeline.pull_due import pull_configured

            pulls = tuple(pull_configured(config, ports, at_least=MIN_INTERVAL))
            examine_papers(ports)
        step = Step.TASTE
        learn_models(config, ports)
        step = Step.DELIVER
        deliveries = deliver_due(config, ports, note=note, waits=True, everyone=everyone)
        step = Step.NOTICES
        try:
            notices = send_notices(config, ports)
        except NewsletterError as error:
            errors.append(StepError(step, error))
        step = Step.SUMMARIES
        if not ports.is_shutting_down():
            summaries = make_summaries(config, ports)
    except NewsletterError as error:
        errors.append(StepError(step, error))
    return RunReport(mail, pulls, deliveries, notices, summaries, tuple(errors))


def read_bounces(config: Config, ports: Ports) -> ProcessedMail | None:
    """Process the configured mailboxes; None if there are none.

    Raises:
        StoreError: The store cannot be written.
    """
    settings = config.bounces
    if not settings.mailboxes:
        return None
    from newsletter.pipeline.inbound import read_mailboxes

    with ports.open_store() as store:
        return read_mailboxes(store, settings.soft_limit, settings.mailboxes, ports.clock)


def examine_papers(ports: Ports) -> None:
    """Store the topics of new papers, for the pages of the archive.

    Raises:
        StoreError: The store cannot be written.
    """
    from newsletter.pipeline.paper_topics import examine_new

    with ports.open_store() as store:
        examine_new(store)


def learn_models(config: Config, ports: Ports) -> int:
    """Learn the models of topics with new papers, and of the tastes of subscribers with new feedback.

    Return how many were learned. Topics come first, since both use the embedding that is made for them. What there is
    to learn is asked once a day, and when papers, topics or feedback came.

    Raises:
        StoreError: The store cannot be written.
    """
    if not has_scikit_learn():
        return 0
    with ports.open_store() as store:
        to_learn_from = store.topic_models.to_learn_from(ports.clock())
        if store.fact(_LEARNED_FROM) == to_learn_from:
            return 0
        from newsletter.pipeline.taste import learn_taste_models
        from newsletter.pipeline.topic_models import learn_topic_models

        topics = learn_topic_models(store, ports.clock())
        tastes = learn_taste_models(store, ports.clock(), config.weights)
        store.set_fact(_LEARNED_FROM, to_learn_from)
        return topics + tastes


def deliver_due(
    config: Config,
    ports: Ports,
    *,
    only: Sequence[str] = (),
    dry_run: bool = False,
    note: str = "",
    waits: bool = False,
    everyone: bool = False,
) -> DeliveryReport:
    """Send every subscriber, or those whose addresses are in `only`, the edition that is due.

    With `waits`, new editions may wait for the list of the day of their sources, as the settings say. With `everyone`,
    the report names all subscribers.

    Raises:
        NewsletterError: No subscriber has an address of `only`, or see `deliver`.
    """
    if not (only or dry_run or everyone):
        with ports.open_store() as store:
            report = None if ports.is_shutting_down() else report_idle(store, config.site.restoring, ports.clock())
        if report is not None:
            return report
    from newsletter.pipeline.deliver import deliver
    from newsletter.subscribers.subscriptions import find

    transport = None if dry_run else ports.open_transport()
    try:
        with ports.open_store() as store, ports.watch_deliveries() as watch:
            return deliver(
                store,
                transport,
                config,
                ports.make_environment(),
                ports.clock,
                note=note,
                waits=waits,
                everyone=everyone,
                only={find(store, email).email for email in only} if only else None,
                watch=watch.report,
                expect=watch.expect,
                stopped=ports.is_shutting_down,
                abandoned=ports.is_grace_over,
                is_shared=ports.is_shared,
            )
    finally:
        if transport is not None:
            transport.close()


def _purge_requests(ports: Ports) -> None:
    from newsletter.subscribers.double_opt_in import purge_requests

    with ports.open_store() as store:
        purge_requests(store, ports.clock())


def send_notices(config: Config, ports: Ports) -> int:
    """Send the confirmation emails that could not be sent when they were requested; return how many were sent.

    Requests older than a week are deleted first.

    Raises:
        TransportError: The server cannot be used; the requests wait.
        ConfigError: Real mail would go out under the example's name.
    """
    _purge_requests(ports)
    with ports.open_store() as store:
        if not store.confirmations.waiting(1, ports.clock()):
            return 0
        from newsletter.pipeline.confirmations import NoticeSender

        transport = ports.open_transport()
        try:
            return NoticeSender(config, ports.make_environment(), transport, ports.clock).send_waiting(
                store, ports.is_shutting_down, ports.is_grace_over
            )
        finally:
            transport.close()


def make_summaries(config: Config, ports: Ports) -> SummaryReport | None:
    """Summarize the newest papers that lack a summary; None if no model is configured.

    Raises:
        StoreError: The store cannot be written.
    """
    if config.summaries is None:
        return None
    from newsletter.pipeline.summaries import summarize

    with ports.open_store() as store, ports.show_progress(Step.SUMMARIES, ""):
        return summarize(store, store.summaries, config.summaries, ports.clock)
