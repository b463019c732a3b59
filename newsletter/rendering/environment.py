"""The Jinja environment of templates: search path, strictness, filters, and errors with file and line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2
import markupsafe
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, Template
from jinja2.bccache import Bucket
from jinja2.compiler import CodeGenerator, Frame
from jinja2.nodes import Template as TemplateNode
from markupsafe import Markup

from newsletter.errors import TemplateError
from newsletter.files.site import default_templates
from newsletter.rendering.wrapping import FILTERS


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


#: Of markupsafe 3: makes no `Markup` of what it returns, which takes as long as to escape it.
_escape_inner: Callable[[str], str] = getattr(markupsafe, "_escape_inner", markupsafe.escape)


def escape_chunk(value: object) -> str:
    """Escape what a template writes, as `markupsafe.escape` does; text is enough, since it is only joined."""
    if type(value) is str:
        return _escape_inner(value)
    return value if type(value) is Markup else markupsafe.escape(value)


class _Generator(CodeGenerator):
    """Lets the code of templates escape by `escape_chunk`."""

    def visit_Template(self, node: TemplateNode, frame: Frame | None = None) -> None:  # noqa: N802 - Jinja's name
        """Write the code of a template; names of its module are looked up when it is rendered."""
        super().visit_Template(node, frame)
        self.writeline(f"from {__name__} import {escape_chunk.__name__} as escape")


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
    environment.code_generator_class = _Generator
    environment.filters |= FILTERS
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


def _place(error: BaseException, name: str) -> str:
    """Return file and line of the innermost template in a traceback."""
    place, trace = f"template {name}", error.__traceback__
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if filename.endswith((".html", ".txt", ".css", ".js")):
            place = f"{filename}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return place
