"""The Jinja environment of templates: search path, strictness, filters, and errors with file and line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, Template
from jinja2.bccache import Bucket

from newsletter.errors import TemplateError
from newsletter.files.site import default_templates
from newsletter.rendering.fragments import defer_filter
from newsletter.text import shorten

_TEXT_WIDTH = 72


class _Compiled(jinja2.BytecodeCache):
    """The compiled templates of this process, by name and file; a file that has changed is compiled again.

    The studio makes an environment for each preview, and compiling would take longer than rendering.
    """

    def __init__(self) -> None:
        self._codes: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._codes.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._codes[bucket.key] = bucket.checksum, bucket.code


#: All environments are alike but for the folders that they search, so that they may share what is compiled.
_COMPILED = _Compiled()


def make_environment(site_templates: Path | None = None) -> Environment:
    """Create an environment in which a site's templates override the default ones by name.

    The default template stays available as `default:NAME`, to be extended. `.html` is autoescaped, `.txt` is not. An
    undefined name is an error, never an empty string.
    """
    defaults = FileSystemLoader(default_templates())
    overrides = site_templates is not None and site_templates.resolve() != default_templates().resolve()
    loaders: list[jinja2.BaseLoader] = [FileSystemLoader(site_templates)] if overrides and site_templates else []
    environment = Environment(
        loader=ChoiceLoader([*loaders, defaults, PrefixLoader({"default": defaults}, delimiter=":")]),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=_COMPILED,
    )
    environment.filters |= FILTERS | {"shorten": shorten}
    return environment


def find_template(environment: Environment, names: Sequence[str]) -> Template:
    """Return the first template that exists among `names`.

    Raises:
        TemplateError: None exists, or it has a syntax error; the message names file and line.
    """
    with _template_errors(names[-1]):
        return environment.select_template(list(names))


def render(template: Template, **context: Any) -> str:
    """Render a template.

    Raises:
        TemplateError: Rendering failed; the message names file and line.
    """
    with _template_errors(template.name or ""):
        return template.render(context)


@contextmanager
def _template_errors(name: str) -> Iterator[None]:
    """Turn the errors of loading or rendering a template into `TemplateError` with file and line."""
    try:
        yield
    except jinja2.TemplatesNotFound as error:
        raise TemplateError(f"template {name}: not found") from error
    except jinja2.TemplateNotFound as error:
        raise TemplateError(f"{_place(error, name)}: template {error.name}: not found") from error
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"{error.filename or error.name}, line {error.lineno}: {error.message}") from error
    except (
        jinja2.TemplateError,
        TypeError,
        ValueError,
        ArithmeticError,
        LookupError,
        OSError,  # a file that may not be read
        AttributeError,
        RecursionError,  # a template that extends itself instead of `default:` and its name
    ) as error:
        raise TemplateError(f"{_place(error, name)}: {error}") from error


def wrap(text: str, indent: int | str = 0, first: int | str | None = None, used: int | str = 0) -> str:
    """Wrap a paragraph at 72 columns without breaking words.

    Args:
        text: The paragraph; its spaces are squeezed.
        indent: Columns to indent lines by.
        first: Columns to indent the first line by, if other than `indent`.
        used: Columns of the first line that are taken already; it is not indented then.
    """
    if deferred := defer_filter(text, "wrap", indent, indent if first is None else first, used):
        return deferred
    indent, used = int(indent), int(used)
    line = "" if used else " " * int(indent if first is None else first)
    lines, width, is_empty = [], used + len(line), True
    for word in text.split(" "):
        if not word:
            continue
        if is_empty:
            line, width, is_empty = line + word, width + len(word), False
        elif width + 1 + len(word) <= _TEXT_WIDTH:
            line, width = f"{line} {word}", width + 1 + len(word)
        else:
            lines.append(line)
            line, width = " " * indent + word, indent + len(word)
    return "\n".join([*lines, line]).replace("\u00a0", " ")  # `unbroken` has had its effect


def underline(text: str, character: str = "-") -> str:
    """Wrap a heading and underline it with `character`."""
    if deferred := defer_filter(text, "underline", character):
        return deferred
    return f"{wrap(text)}\n{character * min(len(text), _TEXT_WIDTH)}"


def unbroken(text: str) -> str:
    """Replace spaces by no-break spaces, so that `wrap` and browsers keep a short text such as "8 comments" whole."""
    return defer_filter(text, "unbroken") or text.replace(" ", "\u00a0")


#: The filters that templates may apply to slots as well; they run when the slot is filled.
FILTERS: dict[str, Callable[..., str]] = {"wrap": wrap, "underline": underline, "unbroken": unbroken}


def _place(error: BaseException, name: str) -> str:
    """Return file and line of the innermost template in a traceback."""
    place, trace = f"template {name}", error.__traceback__
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if filename.endswith((".html", ".txt", ".css", ".js")):
            place = f"{filename}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place
