"""A site whose runs are followed by what `followed_run` does."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

from newsletter.config.model import Config
from newsletter.errors import TransportError
from newsletter.operations.after_run import Followed, followed_run
from newsletter.pipeline.outcomes import DeliveryReport
from newsletter.pipeline.ports import Ports
from newsletter.pipeline.run import RunReport
from newsletter.pipeline.transport import make_transport
from newsletter.rendering.environment import make_environment
from newsletter.store import Store, open_store
from tests.factories import NOW

CLEAN = RunReport(deliveries=DeliveryReport((), Counter(sent=2)))
STOPPED = RunReport(deliveries=DeliveryReport((), Counter(), TransportError("mail.example: connection refused")))
HOUR = timedelta(hours=1)


@dataclass
class RunSite:
    """A site whose operator is notified by email into its outbox."""

    config: Config
    now: datetime = NOW
    is_shutting_down: bool = False

    def run(self, report: RunReport, after: timedelta = HOUR) -> Followed:
        self.now += after
        return followed_run(self.config, self.ports, "run", lambda: report)

    @property
    def ports(self) -> Ports:
        """What the runs need from the outside."""
        return Ports(
            open_store=self.store,
            open_transport=lambda: make_transport(self.config),
            make_environment=lambda: make_environment(self.config.site.templates),
            clock=lambda: self.now,
            is_shutting_down=lambda: self.is_shutting_down,
        )

    def store(self) -> Store:
        return open_store(self.config.site.store)

    @property
    def subjects(self) -> list[str]:
        """The subjects of the emails to the operator."""
        mails = [message_from_bytes(path.read_bytes(), policy=default) for path in self.config.outbox.glob("new/*")]
        assert all(mail["To"] == "ops@example.org" and mail["Auto-Submitted"] for mail in mails)
        return sorted(str(mail["Subject"]) for mail in mails)

    def set(self, **changes: Any) -> None:
        self.config = replace(self.config, operator=replace(self.config.operator, **changes))
