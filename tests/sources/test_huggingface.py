from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from newsletter.errors import SourceError
from newsletter.models import Entry, Refusal
from newsletter.sources import Document, HttpClient, Span
from newsletter.sources.huggingface import HuggingFace
from tests.factories import TODAY

API = "/api/daily_papers"

ROW: dict[str, Any] = {
    "paper": {
        "id": "2605.01234",
        "authors": [
            {"_id": "1", "name": "Ada Example", "hidden": False},
            {"_id": "2", "name": "Ben Sample", "hidden": True},
            {"_id": "3", "name": "Cy\n  Specimen"},
        ],
        "publishedAt": "2026-05-06T00:00:00.000Z",
        "submittedOnDailyAt": "2026-05-08T00:00:00.000Z",
        "title": "Counting Clouds with\n  Small Language Models",
        "summary": "We teach a small model\nto count clouds.",
        "upvotes": 12,
        "ai_keywords": ["cloud counting", "small\nmodels"],
        "ai_summary": "A small model counts clouds.",
        "githubRepo": "https://git.example/clouds",
        "projectPage": "https://clouds.example/",
        "githubStars": 321,
        "organization": {
            "_id": "4",
            "name": "cloud-lab",
            "fullname": "The Cloud Laboratory",
            "avatar": "https://avatars.example/4.png",
        },
        "mediaUrls": ["https://media.example/1.png"],
        "submittedOnDailyBy": {"_id": "5", "user": "dee", "fullname": "Dee Example", "avatarUrl": "/avatars/5.svg"},
    },
    "submittedBy": {"name": "dee", "fullname": "Dee Example", "avatarUrl": "/avatars/5.svg"},
    "mediaUrls": ["https://media.example/1.png", "https://media.example/2.mp4"],
    "publishedAt": "2026-05-05T20:00:00.000Z",
    "title": "Counting Clouds with\n  Small Language Models",
    "thumbnail": "https://thumbs.example/1.png",
    "numComments": 3,
}
ENTRY = Entry(
    source="huggingface",
    title="Counting Clouds with Small Language Models",
    abstract="We teach a small model to count clouds.",
    authors=("Ada Example", "Cy Specimen"),
    organization="The Cloud Laboratory",
    organization_handle="cloud-lab",
    organization_avatar_url="https://avatars.example/4.png",
    submitter="dee",
    arxiv_id="2605.01234",
    published=date(2026, 5, 6),
    listed=date(2026, 5, 8),
    upvotes=12,
    comments=3,
    keywords=("cloud counting", "small models"),
    summary="A small model counts clouds.",
    code_url="https://git.example/clouds",
    code_stars=321,
    project_url="https://clouds.example/",
    thumbnail_url="https://thumbs.example/1.png",
    media_urls=("https://media.example/1.png", "https://media.example/2.mp4"),
)


def parse(response: Any, place: str = "saved.json", day: date | None = None) -> list[Entry | Refusal]:
    content = response if isinstance(response, bytes) else json.dumps(response).encode()
    return list(HuggingFace().parse(Document(place, content, day), TODAY))


def row(**paper: Any) -> dict[str, Any]:
    return {"paper": {"id": "2605.01234", "title": "Counting Clouds", **paper}}


def test_an_entry_is_parsed_with_all_its_facts() -> None:
    assert parse([ROW]) == [ENTRY]


def test_an_id_and_a_title_suffice() -> None:
    assert parse([row()]) == [Entry(source="huggingface", title="Counting Clouds", arxiv_id="2605.01234")]


def test_the_outer_title_and_summary_replace_missing_ones() -> None:
    outer = {"paper": {"id": "2605.01234"}, "title": "Counting Clouds", "summary": "We count."}
    assert parse([outer]) == [
        Entry(source="huggingface", title="Counting Clouds", abstract="We count.", arxiv_id="2605.01234")
    ]


def test_an_empty_list_is_a_day_without_papers() -> None:
    assert parse([]) == []


@pytest.mark.parametrize("identity", ["2605.01234v2", "arXiv:2605.01234", " 2605.01234 "])
def test_an_arxiv_id_is_kept_without_its_version(identity: str) -> None:
    (entry,) = parse([row(id=identity)])
    assert isinstance(entry, Entry)
    assert (entry.arxiv_id, entry.version) == ("2605.01234", 2 if "v2" in identity else None)


def test_an_old_style_arxiv_id_is_valid() -> None:
    assert [entry.arxiv_id for entry in parse([row(id="math.GT/0601001v3")]) if isinstance(entry, Entry)] == [
        "math.GT/0601001"
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_json_in_any_unicode_encoding_is_read(encoding: str) -> None:
    assert parse(json.dumps([ROW], ensure_ascii=False).encode(encoding)) == [ENTRY]


@pytest.mark.parametrize("by", [{"submittedBy": {"name": "dee"}}, {"submittedBy": None}, {}])
@pytest.mark.parametrize("on_daily_by", [{"user": "dee"}, {"user": "x", "name": "dee"}])
def test_the_submitter_is_found_in_every_era(by: dict[str, Any], on_daily_by: dict[str, Any]) -> None:
    (entry,) = parse([row(submittedOnDailyBy=on_daily_by) | by])
    assert isinstance(entry, Entry)
    assert entry.submitter == "dee"


def test_media_of_every_era_are_kept_once() -> None:
    one = row(mediaUrls=["https://media.example/2.png"]) | {"mediaUrl": "https://media.example/1.mp4"}
    (entry,) = parse([one])
    assert isinstance(entry, Entry)
    assert entry.media_urls == ("https://media.example/2.png", "https://media.example/1.mp4")


@pytest.mark.parametrize(
    "odd",
    [
        {"githubStars": -1, "mediaUrls": ["http://media.example/1.png", "/1.png", "javascript:alert(1)", 7, None]},
        {"githubStars": "12", "mediaUrls": "https://media.example/1.png"},
        {"githubStars": True, "mediaUrls": {"0": "https://media.example/1.png"}},
        {"githubStars": 1.5, "submittedOnDailyBy": "dee"},
        {"organization": {"avatar": "http://avatars.example/1.png", "name": "../settings"}},
        {"organization": ["cloud-lab"], "submittedOnDailyBy": {"user": "a/b?c", "name": 7}},
    ],
)
def test_unsafe_values_are_missing(odd: dict[str, Any]) -> None:
    (entry,) = parse([row(**odd)])
    assert isinstance(entry, Entry)
    facts = (entry.code_stars, entry.organization_handle, entry.organization_avatar_url, entry.submitter)
    assert (facts, entry.media_urls) == ((None,) * 4, ())


# -- dates --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outer", "submitted", "listed"),
    [
        ("2024-06-03T11:22:33.000Z", None, date(2024, 6, 3)),  # until March 2025: the time of submission
        ("2025-03-10T23:59:59.000Z", None, date(2025, 3, 10)),
        ("2025-03-11T20:00:00.000Z", None, None),  # since then: the paper's time less some hours, and useless
        ("2025-09-01T20:00:00.000Z", "2025-09-03T01:02:03.456Z", date(2025, 9, 3)),
        ("2026-05-13T20:00:00.000Z", "2026-05-14T00:00:00.000Z", date(2026, 5, 14)),  # midnight is that day
        ("soon", "later", None),
        (None, None, None),
    ],
)
def test_the_day_listed_in_every_era(outer: str | None, submitted: str | None, listed: date | None) -> None:
    one = row(submittedOnDailyAt=submitted) | {"publishedAt": outer}
    assert parse([one]) == [Entry(source="huggingface", title="Counting Clouds", arxiv_id="2605.01234", listed=listed)]


def test_the_requested_day_is_the_day_listed() -> None:
    listed = [one.listed for one in parse([ROW], day=date(2026, 5, 7)) if isinstance(one, Entry)]
    assert listed == [date(2026, 5, 7)]


def test_a_date_in_the_file_name_is_the_day_listed() -> None:
    listed = [one.listed for one in parse([ROW], place="some/folder/2026-05-07.json") if isinstance(one, Entry)]
    assert listed == [date(2026, 5, 7)]


# -- refusals -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ("a string", "not a paper"),
        (None, "not a paper"),
        ({}, "not a paper"),
        ({"paper": None}, "not a paper"),
        ({"paper": ["2605.01234"]}, "not a paper"),
        (row(title=""), "no title"),
        (row(title=" \n\u200b"), "no title"),
        (row(title=7), "no title"),
        (row(id=None), "no arXiv id (its id is None)"),
        (row(id=2605.01234), "no arXiv id (its id is 2605.01234)"),
        (row(id="10.1000/182"), "no arXiv id (its id is '10.1000/182')"),
        (row(id="2605.01234\nx"), "no arXiv id (its id is '2605.01234\\nx')"),
        (row(id="٢٦٠٥.٠١٢٣٤"), "no arXiv id (its id is '٢٦٠٥.٠١٢٣٤')"),
    ],
)
def test_an_invalid_entry_alone_is_refused_with_its_number_and_the_reason(odd: Any, why: str) -> None:
    assert parse([ROW, odd, ROW]) == [ENTRY, Refusal("saved.json, entry 2", why), ENTRY]


def test_a_refusal_is_one_short_line_for_any_id() -> None:
    (refusal,) = parse([row(id="x" * 100_000)])
    assert len(str(refusal)) < 120


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "invalid JSON"),
        (b"<!doctype html><title>502</title>", "invalid JSON"),
        (b'[{"paper": ', "invalid JSON"),
        (b"\x80\x81", "invalid JSON"),
        (b"[" * 100_000, "invalid JSON"),
        (b"[" + b"9" * 5_000 + b"]", "invalid JSON"),
        (b"{}", "expected a list, not dict"),
        (b'{"error": "Invalid date"}', "expected a list, not dict"),
        (b"null", "expected a list, not NoneType"),
        (b'"[]"', "expected a list, not str"),
        (b"12", "expected a list, not int"),
        (b"[1, 2]", "expected a list of objects, not of int"),
        (b"[\"{'paper': 1}\"]", "expected a list of objects, not of str"),
        (b"[[]]", "expected a list of objects, not of list"),
    ],
)
def test_an_unexpected_response_is_an_error_that_names_the_file(content: bytes, why: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(content)
    assert str(caught.value).startswith("saved.json: ")
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


# -- properties ---------------------------------------------------------------------------------------


def test_lone_surrogates_become_replacement_characters() -> None:
    odd = b'[{"paper": {"id": "2605.01234", "title": "A \\ud83d", "summary": "\\udc00", "ai_keywords": ["\\ud800"]}}]'
    assert parse(odd) == [
        Entry(
            source="huggingface",
            title="A \ufffd",
            abstract="\ufffd",
            keywords=("\ufffd",),
            arxiv_id="2605.01234",
        )
    ]


WRONG: list[Any] = [None, True, 0, -1, 1.5, 2**60, "", "x", [], [None, 1, {}], {}, {"name": 1}]


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize(
    "field",
    ["authors", "publishedAt", "submittedOnDailyAt", "summary", "ai_keywords", "ai_summary", "githubRepo",
     "projectPage", "organization"],
)  # fmt: skip
def test_a_value_of_the_wrong_type_is_ignored(field: str, wrong: Any) -> None:
    (entry,) = parse([row(**{field: wrong})])
    found = isinstance(wrong, str) and wrong and field in ("summary", "ai_summary")
    expected = {"summary": {"abstract": wrong}, "ai_summary": {"summary": wrong}}[field] if found else {}
    assert entry == Entry(source="huggingface", title="Counting Clouds", arxiv_id="2605.01234", **expected)


@pytest.mark.parametrize("wrong", [None, True, -1, 1.5, 2**60, "12", [], {}], ids=repr)
def test_an_invalid_count_is_ignored(wrong: Any) -> None:
    assert parse([row(upvotes=wrong) | {"numComments": wrong}]) == parse([row()])


@pytest.mark.parametrize("wrong", ["javascript:alert(1)", "ftp://x.example", "//x.example", "data:,", "www.example"])
def test_only_http_urls_are_links(wrong: str) -> None:
    assert parse([row(githubRepo=wrong, projectPage=wrong) | {"thumbnail": wrong}]) == parse([row()])


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "fullname", "hidden"]), inner, max_size=3)
    ),
    max_leaves=6,
)
PAPERS = st.dictionaries(st.sampled_from(sorted(ROW["paper"])), JSON).map(lambda odd: {**ROW["paper"], **odd})
ROWS = JSON | st.builds(
    lambda odd, paper: {**ROW, **odd, "paper": paper}, st.dictionaries(st.sampled_from(sorted(ROW)), JSON), PAPERS
)


def only_entries_and_refusals(content: bytes) -> bool:
    """Whether parsing gives well-formed entries and one-line refusals, or a SourceError, and nothing else."""
    try:
        found = parse(content)
    except SourceError as error:
        return "\n" not in str(error)
    return all(bool(one.title and one.arxiv_id) if isinstance(one, Entry) else "\n" not in str(one) for one in found)


@example(b"[]")
@example(b"[null]")
@example(b"NaN")
@given(st.binary())
def test_any_bytes_give_entries_refusals_or_one_error(content: bytes) -> None:
    assert only_entries_and_refusals(content)


@given(st.lists(ROWS, max_size=3))
def test_any_json_gives_entries_refusals_or_one_error(rows: list[Any]) -> None:
    assert only_entries_and_refusals(json.dumps(rows).encode())


# -- requests -----------------------------------------------------------------------------------------


def fetch(server: HTTPServer, first: date = TODAY, last: date = TODAY) -> list[Document]:
    with HttpClient(sleep=lambda _s: None) as client:
        return list(HuggingFace(api=server.url_for(API)).fetch(Span(first, last), client))


def expect(server: HTTPServer, day: str, page: int, response: Any, status: int = 200) -> None:
    query = {"date": day, "limit": "100", "p": str(page)}
    server.expect_oneshot_request(API, query_string=query).respond_with_json(response, status=status)


def test_each_day_of_the_span_is_requested_once(httpserver: HTTPServer) -> None:
    for day in ("2026-05-07", "2026-05-08"):
        expect(httpserver, day, 0, [ROW])
    documents = fetch(httpserver, first=date(2026, 5, 7))
    address = httpserver.url_for(API)
    assert [(one.place, one.day, json.loads(one.content)) for one in documents] == [
        (f"{address}?date=2026-05-07&limit=100&p=0", date(2026, 5, 7), [ROW]),
        (f"{address}?date=2026-05-08&limit=100&p=0", date(2026, 5, 8), [ROW]),
    ]
    httpserver.check()


@pytest.mark.parametrize(("rows", "pages"), [(0, [0]), (1, [1]), (99, [99]), (100, [100, 0]), (205, [100, 100, 5])])
def test_pages_of_a_day_are_requested_until_one_is_not_full(
    httpserver: HTTPServer, rows: int, pages: list[int]
) -> None:
    for page, length in enumerate(pages):
        expect(httpserver, "2026-05-08", page, [ROW] * length)
    assert [len(json.loads(document.content)) for document in fetch(httpserver)] == pages
    assert sum(pages) == rows
    assert len(httpserver.log) == len(pages)
    httpserver.check()


def test_a_day_that_is_not_open_yet_has_no_documents(httpserver: HTTPServer) -> None:
    expect(httpserver, "2026-05-08", 0, {"error": "Invalid date"}, status=400)
    assert fetch(httpserver) == []


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, "HTTP 404 NOT FOUND"),
        (429, "HTTP 429 TOO MANY REQUESTS (rate limited; try again in a few minutes)"),
        (500, "HTTP 500 INTERNAL SERVER ERROR (try again later)"),
        (503, "HTTP 503 SERVICE UNAVAILABLE (try again later)"),
    ],
)
def test_an_error_response_is_one_error(httpserver: HTTPServer, status: int, message: str) -> None:
    for _ in range(4 if status >= 429 else 1):
        expect(httpserver, "2026-05-08", 0, [], status=status)
    with pytest.raises(SourceError) as caught:
        fetch(httpserver)
    assert str(caught.value) == f"{httpserver.url_for(API)}?date=2026-05-08&limit=100&p=0: {message}"


def test_an_invalid_json_response_is_yielded_before_the_error(httpserver: HTTPServer) -> None:
    httpserver.expect_request(API).respond_with_data("Rate exceeded.")
    with pytest.raises(SourceError, match=": invalid JSON"):
        fetch(httpserver)


# -- recorded days ------------------------------------------------------------------------------------


def test_the_recorded_days_are_parsed_completely(shared: Path) -> None:
    found: dict[Path, list[Entry | Refusal]] = {
        path: list(HuggingFace().parse(Document(str(path), path.read_bytes()), TODAY))
        for path in sorted((shared / "huggingface").glob("*.json"))
    }
    entries = [(path, one) for path, day in found.items() for one in day if isinstance(one, Entry)]
    assert len(found) == 125
    assert sum(map(len, found.values())) == len(entries) == 2374
    assert len({entry.arxiv_id for _, entry in entries}) == 2373
    assert [path for path, entry in entries if str(entry.listed) != path.stem] == []
    assert [path for path, entry in entries if not (entry.abstract and entry.authors and entry.published)] == []
    assert [path for path, entry in entries if "\n" in entry.title or "  " in entry.abstract] == []


def test_recorded_days_state_their_day_since_the_api_has_it(shared: Path) -> None:
    """Before, the time of submission stands in for it, which may be some days before."""
    early: dict[bool, set[int]] = {False: set(), True: set()}
    for path in (shared / "huggingface").glob("*.json"):
        day = date.fromisoformat(path.stem)
        for one in HuggingFace().parse(Document("response", path.read_bytes()), TODAY):
            if isinstance(one, Entry) and one.listed:
                early[day > date(2025, 3, 31)].add((day - one.listed).days)
    assert early[True] == {0}
    assert min(early[False]) == 0


@pytest.mark.parametrize(
    "name", ["huggingface-2024-12-11.json", "huggingface-2024-12-25.json", "huggingface-2025-01-10.json"]
)
def test_a_corrupt_response_is_one_error(shared: Path, name: str) -> None:
    path = shared / "damaged" / name
    with pytest.raises(SourceError) as caught:
        list(HuggingFace().parse(Document(str(path), path.read_bytes()), datetime(2026, 5, 8, tzinfo=UTC).date()))
    assert str(caught.value).startswith(f"{path}: unexpected response from Hugging Face: ")
    assert len(str(caught.value).splitlines()) == 1


# -- lists ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("follow", "asked"),
    [
        (("daily",), [{"date": "2026-04-30"}, {"date": "2026-05-01"}]),
        (("weekly",), [{"week": "2026-W18"}]),
        (("monthly",), [{"month": "2026-04"}, {"month": "2026-05"}]),
        (("trending",), [{"sort": "trending"}]),
        (("trending", "weekly"), [{"sort": "trending"}, {"week": "2026-W18"}]),
    ],
)
def test_the_followed_lists_are_requested(
    httpserver: HTTPServer, client: HttpClient, follow: tuple[str, ...], asked: list[dict[str, str]]
) -> None:
    httpserver.expect_request(API).respond_with_json([])
    source = HuggingFace(follow=follow, api=httpserver.url_for(API))
    documents = list(source.fetch(Span(date(2026, 4, 30), date(2026, 5, 1)), client))
    assert [dict(request.args) for request, _ in httpserver.log] == [{**one, "limit": "100", "p": "0"} for one in asked]
    assert [document.day for document in documents] == [
        date.fromisoformat(one["date"]) if "date" in one else None for one in asked
    ]


def test_a_token_is_sent_as_a_header_and_never_shown(httpserver: HTTPServer, client: HttpClient) -> None:
    httpserver.expect_request(API).respond_with_json([])
    source = HuggingFace(api=httpserver.url_for(API), api_key="hf_s3cret")
    (document,) = source.fetch(Span(TODAY, TODAY), client)
    assert httpserver.log[0][0].headers["Authorization"] == "Bearer hf_s3cret"
    assert "s3cret" not in document.place + repr(source)


def test_an_unmodified_list_has_no_documents(httpserver: HTTPServer, client: HttpClient) -> None:
    httpserver.expect_request(API).respond_with_data(status=304)
    assert list(HuggingFace(api=httpserver.url_for(API)).fetch(Span(TODAY, TODAY), client)) == []
