"""The catalogues are complete and well set; dates and numbers follow each language."""

from __future__ import annotations

import re
from datetime import date

import pytest
from babel.messages.catalog import Message

from newsletter.models.languages import LANGUAGE_NAMES, LANGUAGES
from newsletter.rendering.language import language
from tests.messages import PLURALS, TRANSLATED, catalogue, extracted, incomplete, outdated

_TAG = re.compile(r"</?[a-z]+[^>]*>")
#: Fields and phrases, as they are typed into a query.
_SYNTAX = re.compile(r"\b(?:title|abstract|keyword|author|org|cat|source):|\"[^\"<>%=]+\"")
#: What Chinese and Japanese never have beside their own characters: half-width marks.
_CJK = "\u3040-\u30ff\u4e00-\u9fff"


def messages(code: str) -> list[Message]:
    return [message for message in catalogue(code) if message.id]


def forms(texts: object) -> list[str]:
    return [str(text) for text in texts] if isinstance(texts, list | tuple) else [str(texts)]


def texts(code: str) -> list[str]:
    """Return all translations, without the parts of the query language that they name."""
    return [_SYNTAX.sub("…", text) for message in messages(code) for text in forms(message.string)]


def test_the_template_and_the_catalogues_have_every_message_and_no_other() -> None:
    assert [path.name for path in outdated()] == [], "run: make messages"


@pytest.mark.parametrize("code", TRANSLATED)
def test_each_catalogue_translates_every_message_and_no_other(code: str) -> None:
    assert incomplete(code) == []
    assert {(one.context, str(one.id)) for one in messages(code)} == {
        (one.context, str(one.id)) for one in extracted() if one.id
    }


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_has_the_same_placeholders_and_markup(code: str) -> None:
    of = catalogue(code)
    assert [str(error) for message in messages(code) for error in message.check(of)] == []
    for message in messages(code):
        wanted = sorted(_TAG.findall(forms(message.id)[-1]))
        assert [text for text in forms(message.string) if sorted(_TAG.findall(text)) != wanted] == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_catalogue_has_the_plural_forms_of_its_language(code: str) -> None:
    assert catalogue(code).plural_forms == PLURALS[code]
    number = len(re.findall(r"nplurals=(\d)", PLURALS[code])) and int(PLURALS[code][9])
    assert {len(forms(one.string)) for one in messages(code) if one.pluralizable} == {number}


@pytest.mark.parametrize(
    ("code", "none", "one", "two"),
    [
        ("en", "0 comments", "1 comment", "2 comments"),
        ("de", "0 Kommentare", "1 Kommentar", "2 Kommentare"),
        ("es", "0 comentarios", "1 comentario", "2 comentarios"),
        ("fr", "0 commentaire", "1 commentaire", "2 commentaires"),
        ("ja", "コメント 0 件", "コメント 1 件", "コメント 2 件"),
        ("pt", "0 comentário", "1 comentário", "2 comentários"),
        ("zh", "0 条评论", "1 条评论", "2 条评论"),
    ],
)
def test_numbers_take_the_plural_of_the_language(code: str, none: str, one: str, two: str) -> None:
    counted = [language(code).ngettext("%(number)s comment", "%(number)s comments", number) for number in (0, 1, 2)]
    assert counted == [none, one, two]


def test_all_languages_have_names_and_are_tested() -> None:
    assert set(LANGUAGE_NAMES) == set(LANGUAGES) == {"en", *PLURALS}


# -- typography ---------------------------------------------------------------------------------------


def test_french_has_no_break_spaces_before_high_marks() -> None:
    assert [text for text in texts("fr") if re.search(r" [:;!?»]|« |\w[;!?](?!\S)|[^\W\d_]:(?!//)", text)] == []


@pytest.mark.parametrize("code", ["zh", "ja"])
def test_chinese_and_japanese_have_full_width_marks(code: str) -> None:
    assert [text for text in texts(code) if re.search(rf"[{_CJK}] ?[,;:!?]|[{_CJK}]\.|[。；：，、] ", text)] == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_translation_has_straight_quotes_doubled_words_or_doubled_marks(code: str) -> None:
    plain = [_TAG.sub("", text) for text in texts(code)]
    assert [text for text in plain if re.search(r"[a-zà-ÿ]'|\"(?!%)|[?!.…]\.(?!\.)|\.\.\.|  ", text)] == []
    assert [text for text in plain if re.search(r"\b(\w{2,}) \1\b", text)] == []


def test_spanish_opens_its_questions() -> None:
    assert [
        text for text in texts("es") if ("?" in text and "¿" not in text) or ("!" in text and "¡" not in text)
    ] == []


# -- dates and numbers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "day", "week", "papers"),
    [
        ("en", "8 May 2026", "2–8 May 2026", "2 papers for you, out of 1,234 new."),
        ("de", "8. Mai 2026", "2.–8. Mai 2026", "2 Artikel für dich (neu insgesamt: 1.234)."),
        ("fr", "8 mai 2026", "2–8 mai 2026", "2 articles pour vous (nouveautés\u00a0: 1\u00a0234)."),
        ("es", "8 de mayo de 2026", "2–8 de mayo de 2026", "2 artículos para ti (novedades: 1234)."),
        ("ja", "2026年5月8日", "2026年5月2日～8日", "新着 1,234 件のうち、2 件をお届けします。"),
        ("pt", "8 de maio de 2026", "2 a 8 de maio de 2026", "2 artigos para você (novidades: 1.234)."),
        ("zh", "2026年5月8日", "2026年5月2日至8日", "1,234 篇新论文中，为您精选 2 篇。"),
    ],
)
def test_dates_and_numbers_follow_the_language(code: str, day: str, week: str, papers: str) -> None:
    chosen = language(code)
    one, many = "%(number)s paper for you, out of %(all)s new.", "%(number)s papers for you, out of %(all)s new."

    assert (chosen.day(date(2026, 5, 8)), chosen.days(date(2026, 5, 2), date(2026, 5, 8))) == (day, week)
    assert chosen.ngettext(one, many, 2, all=chosen.number(1234)) == papers


@pytest.mark.parametrize(
    ("code", "first", "short", "month", "large"),
    [
        ("en", "Friday, 1 May 2026", "1 May", "May 2026", "12,345"),
        ("fr", "Vendredi 1er mai 2026", "1er mai", "Mai 2026", "12\u00a0345"),
        ("es", "Viernes, 1 de mayo de 2026", "1 may", "Mayo de 2026", "12.345"),
        ("pt", "Sexta-feira, 1º de maio de 2026", "1º de mai.", "Maio de 2026", "12.345"),
        ("zh", "2026年5月1日星期五", "5月1日", "2026年5月", "12,345"),
    ],
)
def test_headings_and_firsts_of_months_are_written_as_the_language_does(
    code: str, first: str, short: str, month: str, large: str
) -> None:
    day, chosen = date(2026, 5, 1), language(code)
    assert (chosen.heading(chosen.day_of_week(day)), chosen.short_day(day)) == (first, short)
    assert (chosen.month(day), chosen.number(12_345)) == (month, large)


@pytest.mark.parametrize(
    ("code", "hundreds", "thousands", "many", "share"),
    [
        ("en", "999", "1.2k", "12k 1.2M", "40%"),
        ("de", "999", "1,2k", "12k 1,2M", "40\u00a0%"),
        ("fr", "999", "1,2k", "12k 1,2M", "40\u00a0%"),
        ("es", "999", "1,2k", "12k 1,2M", "40\u00a0%"),
        ("pt", "999", "1,2k", "12k 1,2M", "40%"),
        ("ja", "999", "1,234", "1.2万 123万", "40%"),
        ("zh", "999", "1,234", "1.2万 123万", "40%"),
    ],
)
def test_counts_are_shortened_as_the_language_does(
    code: str, hundreds: str, thousands: str, many: str, share: str
) -> None:  # fmt: skip
    short = language(code).short_number
    assert (short(999), short(1234), f"{short(12_345)} {short(1_234_567)}") == (hundreds, thousands, many)
    assert (language(code).percent(0.4), short(2000)) == (share, "2,000" if code in ("ja", "zh") else "2k")


def test_an_unknown_language_falls_back_to_english() -> None:
    assert language("tlh").code == "en"


def test_values_in_the_messages_of_pages_are_escaped_and_their_markup_is_not() -> None:
    functions = language("de").markup_functions()
    emails_go = functions["_"]("Emails will go to <strong>%(email)s</strong>.", email="<i>")
    assert emails_go == "Die E-Mails gehen an <strong>&lt;i&gt;</strong>."
    for code in LANGUAGES:  # a text of somebody's that was taken for a message
        translate = language(code).markup_functions()["_"]
        assert translate("<script>%(x)s</script>", x="&") == "&lt;script&gt;&amp;&lt;/script&gt;"
    assert functions["ngettext"]("%(number)s comment", "%(number)s comments", 1234) == "1.234 Kommentare"
    assert functions["pgettext"]("reason", "title") == "Titel"


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_name_of_a_feedback_link_has_its_text(code: str) -> None:
    """Whoever speaks to a browser says what they see (WCAG 2.2, success criterion 2.5.3)."""
    spoken = language(code)
    for text, name in (("More", "More like this"), ("Less", "Less like this")):
        assert spoken.pgettext("feedback", text) in spoken.gettext(name)
