"""Short words to one person by mail: to confirm what was asked for under their address, or how to change it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from jinja2 import Environment

from newsletter.models import Message
from newsletter.rendering.context import SiteContext, WordContext
from newsletter.rendering.digest import inline
from newsletter.rendering.environment import find_template, render
from newsletter.rendering.language import Language
from newsletter.rendering.message import Envelope, build_message


@dataclass(frozen=True, slots=True)
class Words:
    """Puts such words into one language for one site."""

    environment: Environment
    site: SiteContext
    language: Language

    def join(self, email: str, url: str, until: date) -> WordContext:
        """Ask whether they want to be mailed."""
        say, name = self.language.say, self.site.name
        return WordContext(
            subject=say("Please confirm your subscription to %(name)s", name=name),
            text=say("Somebody, hopefully you, asked for %(name)s to be sent to %(email)s.", name=name, email=email),
            button=say("Confirm"),
            url=url,
            foot=say("If it was not you, do nothing: without a confirmation nothing is sent, and all is forgotten.")
            + " "
            + self._until(until),
        )

    def is_joined(self, email: str, url: str, until: date) -> WordContext:
        """Tell somebody who asks to be mailed that they are."""
        say, name = self.language.say, self.site.name
        return WordContext(
            subject=say("You are subscribed to %(name)s already", name=name),
            text=say("Somebody, hopefully you, asked for %(name)s to be sent to %(email)s.", name=name, email=email)
            + " "
            + say("It is already. Here you can change what you get."),
            button=say("Change topics, day or address"),
            url=url,
            foot=self._until(until),
        )

    def move(self, email: str, url: str, until: date) -> WordContext:
        """Ask whether a new address is theirs."""
        say, name = self.language.say, self.site.name
        return WordContext(
            subject=say("Please confirm your new address for %(name)s", name=name),
            text=say("You asked for %(name)s to be sent to %(email)s from now on.", name=name, email=email),
            button=say("Confirm"),
            url=url,
            foot=say("If it was not you, do nothing: without a confirmation nothing is sent, and all is forgotten.")
            + " "
            + self._until(until),
        )

    def link(self, url: str, until: date) -> WordContext:
        """Tell where they change what they wish for."""
        say = self.language.say
        return WordContext(
            subject=say("Your preferences for %(name)s", name=self.site.name),
            text=say("Here you can change what you get."),
            button=say("Change topics, day or address"),
            url=url,
            foot=self._until(until),
        )

    def message(self, envelope: Envelope, word: WordContext) -> Message:
        """Render words, and make a mail of them.

        Raises:
            TemplateError: A template is missing or broken.
        """
        text, html = (self._rendered(f"email/word.{form}", word) for form in ("txt", "html"))
        return build_message(envelope, subject=word.subject, text=text, html=inline(html))

    def _rendered(self, name: str, word: WordContext) -> str:
        values = {"site": self.site, "word": word, "language": self.language, "_": self.language.say}
        return render(find_template(self.environment, [name]), **values)

    def _until(self, day: date) -> str:
        return self.language.say("This link is good until %(day)s.", day=self.language.day(day))
