"""The texts that a person can see, collected for translators: newsletter/locale/messages.pot and the catalogues.

`python -m tests.messages --write` writes the template and brings the catalogues up to date: new messages are added to
them without a translation, those that are gone are removed. `--check` exits with 1 if one is out of date or incomplete.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from newsletter.files.site import default_templates, samples
from newsletter.models.languages import LANGUAGE_TAGS, locale_catalogue
from newsletter.subscribers.profiles import read_topics

ROOT = Path(__file__).parent.parent
TEMPLATE = locale_catalogue("en").with_name("messages.pot")
#: The topics that a new site begins with: their names, areas and descriptions are messages in the context "topic".
_TOPICS = samples() / "topics.toml"
TRANSLATED = [code for code in LANGUAGE_TAGS if code != "en"]
#: The arguments of each function that are messages, as Babel names them; "c" is a context.
KEYWORDS = {"_": None, "gettext": None, "translatable": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
#: The plural forms of gettext. CLDR has another one for millions in some of these languages, which nothing here needs.
_ONE_AND_MANY = "nplurals=2; plural=(n != 1);"
PLURALS = {
    "de": _ONE_AND_MANY, "es": _ONE_AND_MANY, "fr": "nplurals=2; plural=(n > 1);", "ja": "nplurals=1; plural=0;",
    "pt": "nplurals=2; plural=(n > 1);", "zh": "nplurals=1; plural=0;",
}  # fmt: skip
_CALL = re.compile(rf"\b(?:{'|'.join(KEYWORDS)})\(")
#: How a comment begins that is meant for translators: `# L10N: …`, `{# L10N: … #}`.
COMMENT = "L10N:"
_UNSAID = re.compile(
    r'^"(?:Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By): .*\n',
    re.MULTILINE,
)
_JINJA = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
_HEADER = "# The texts of emails and pages. How to translate them: docs/translating.md"


@cache
def extracted() -> Catalog:
    """Return all messages of the code and the templates, with their places and comments."""
    found = Catalog(project="newsletter", version="0.2", header_comment=_HEADER, charset="utf-8")
    for path, method in _files():
        place = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
        keywords, options = (KEYWORDS, {}) if method == "python" else (KEYWORDS | {"count": (1, 2)}, _JINJA)
        for _line, message, comments, context in extract_from_file(method, path, keywords, [COMMENT], options, True):
            found.add(message, None, [(place, 0)], auto_comments=comments, context=context)
    place = _TOPICS.relative_to(ROOT).as_posix()
    for topic in read_topics(_TOPICS):
        for text in filter(None, (topic.name, topic.area, topic.about)):
            found.add(text, None, [(place, 0)], context="topic")
    return found


def _files() -> Iterator[tuple[Path, str]]:
    for path in sorted((ROOT / "newsletter").rglob("*.py")):
        if _CALL.search(path.read_text(encoding="utf-8")):  # most have none, and reading them as Python takes long
            yield path, "python"
    for path in sorted(default_templates().rglob("*.*")):
        if path.suffix in (".html", ".txt"):
            yield path, "jinja2.ext:babel_extract"


def catalogue(code: str) -> Catalog:
    """Return the catalogue of a language as it is; it is shared, and not to be changed."""
    path = locale_catalogue(code)
    return _read(code, path.read_bytes()) if path.exists() else Catalog(locale=code)


@cache
def _read(code: str, content: bytes) -> Catalog:
    return read_po(io.BytesIO(content), locale=code)


def updated(code: str, template: Catalog) -> Catalog:
    """Return a catalogue with the messages of the template, translated as far as they were."""
    known = catalogue(code)
    made = Catalog(
        locale=code, project="newsletter", version="0.2", header_comment=_HEADER, charset="utf-8", fuzzy=False,
        last_translator=known.last_translator, language_team=f"{Locale(code).english_name}",
        revision_date=known.revision_date, creation_date=known.creation_date,
    )  # fmt: skip
    made.mime_headers = [*made.mime_headers, ("Plural-Forms", PLURALS[code])]
    for message in _messages(template):
        before = known.get(_singular(message), message.context)
        forms = ("",) * made.num_plurals if message.pluralizable else ""
        kept = before.string if before and before.pluralizable == message.pluralizable else forms
        made.add(
            message.id, kept, message.locations, auto_comments=message.auto_comments, context=message.context,
            user_comments=before.user_comments if before else (),
        )  # fmt: skip
    return made


def text_of(made: Catalog) -> str:
    """Return a catalogue as a file: messages by place, which is a file without lines, so that few changes touch it.

    Of its header, the dates and the placeholders for names are left out: the history has them.
    """
    written = io.BytesIO()
    write_po(written, made, width=110, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
    return _UNSAID.sub("", written.getvalue().decode("utf-8"))


def incomplete(code: str) -> list[str]:
    """Return the messages that a catalogue does not translate in all forms."""
    return [
        _singular(message)
        for message in _messages(catalogue(code))
        if message.fuzzy or not all(message.string if isinstance(message.string, tuple | list) else (message.string,))
    ]


def _messages(of: Catalog) -> list[Message]:
    return [message for message in of if message.id]


def _singular(message: Message) -> str:
    return str(message.id[0] if isinstance(message.id, tuple | list) else message.id)


def _body(text: str) -> str:
    """Return a file without its header, which has dates."""
    return text.partition("\n\n")[2]


def outdated() -> dict[Path, str]:
    """Return the files that are not as they should be, with what they should hold."""
    template = extracted()
    wanted = {TEMPLATE: text_of(template)}
    wanted |= {locale_catalogue(code): text_of(updated(code, template)) for code in TRANSLATED}
    return {
        path: text
        for path, text in wanted.items()
        if not path.exists() or _body(path.read_text(encoding="utf-8")) != _body(text)
    }


def main(option: str) -> int:
    """Write or check the files; return the exit code."""
    changes = outdated()
    for path, text in changes.items():
        if option == "--write":
            path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.name}: {'written' if option == '--write' else 'out of date (make messages)'}\n")
    missing = {code: incomplete(code) for code in TRANSLATED}
    for code, messages in missing.items():
        if messages:
            sys.stdout.write(f"{code}.po: {len(messages)} to translate, for example {messages[0]!r}\n")
    return int(option != "--write" and (bool(changes) or any(missing.values())))


if __name__ == "__main__":
    sys.exit(main(sys.argv[-1]))
