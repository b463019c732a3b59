"""Short words to one person by mail: to confirm what was asked for under their address, or how to change it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from jinja2 import Environment

from newsletter.models import Message
from newsletter.rendering.context import NoticeContext, SiteContext
from newsletter.rendering.digest import inline
from newsletter.rendering.environment import find_template, render
from newsletter.rendering.language import Language
from newsletter.rendering.message import Envelope, build_message


@dataclass(frozen=True, slots=True)
class Notices:
    """Puts such words into one language for one site."""

    environment: Environment
    site: SiteContext
    language: Language

    def confirm_subscription(self, email: str, url: str, until: date) -> NoticeContext:
        """Ask whether they want to be mailed."""
        say, name = self.language.say, self.site.name
        return NoticeContext(
            subject=say("Please confirm your subscription to %(name)s", name=name),
            text=say("Somebody, hopefully you, asked for %(name)s to be sent to %(email)s.", name=name, email=email),
            button=say("Confirm"),
            url=url,
            foot=say("If it was not you, do nothing: without a confirmation nothing is sent, and all is forgotten.")
            + " "
            + self._until(until),
        )

    def already_subscribed(self, email: str, url: str, until: date) -> NoticeContext:
        """Tell somebody who asks to be mailed that they are."""
        say, name = self.language.say, self.site.name
        return NoticeContext(
            subject=say("You are subscribed to %(name)s already", name=name),
            text=say("Somebody, hopefully you, asked for %(name)s to be sent to %(email)s.", name=name, email=email)
            + " "
            + say("It is already. Here you can change what you get."),
            button=say("Change topics, day or address"),
            url=url,
            foot=self._until(until),
        )

    def confirm_address(self, email: str, url: str, until: date) -> NoticeContext:
        """Ask whether a new address is theirs."""
        say, name = self.language.say, self.site.name
        return NoticeContext(
            subject=say("Please confirm your new address for %(name)s", name=name),
            text=say("You asked for %(name)s to be sent to %(email)s from now on.", name=name, email=email),
            button=say("Confirm"),
            url=url,
            foot=say("If it was not you, do nothing: without a confirmation nothing is sent, and all is forgotten.")
            + " "
            + self._until(until),
        )

    def preferences_link(self, url: str, until: date) -> NoticeContext:
        """Tell where they change what they wish for."""
        say = self.language.say
        return NoticeContext(
            subject=say("Your preferences for %(name)s", name=self.site.name),
            text=say("Here you can change what you get."),
            button=say("Change topics, day or address"),
            url=url,
            foot=self._until(until),
        )

    def message(self, envelope: Envelope, notice: NoticeContext) -> Message:
        """Render a notice as a message.

        Raises:
            TemplateError: A template is missing or broken.
        """
        text, html = (self._rendered(f"email/notice.{form}", notice) for form in ("txt", "html"))
        return build_message(envelope, subject=notice.subject, text=text, html=inline(html))

    def _rendered(self, name: str, notice: NoticeContext) -> str:
        values = {"site": self.site, "notice": notice, "language": self.language, "_": self.language.say}
        return render(find_template(self.environment, [name]), **values)

    def _until(self, day: date) -> str:
        return self.language.say("This link is good until %(day)s.", day=self.language.day(day))
