"""The templates: nothing of theirs is left over, nothing of others' becomes code."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import pytest

from app.assess import Assessment
from app.bacula.joblog import read_log
from app.bacula.model import Client
from app.report import render
from app.snapshot import Filters, Snapshot
from tests.unit.made import live_job, made_job, made_snapshot, open_job
from tests.unit.report import nights
from tests.unit.report.nights import page_of, text_of

RESIDUE = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}|\bNone\b|\bUndefined\b|<[\w.]+ object at 0x")
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)> ' javascript:alert(3) &lt;b&gt;"
ALL: dict[str, Callable[[], Snapshot | Assessment]] = {
    **nights.VERDICTS,
    "empty": made_snapshot,
    "incomplete": nights.incomplete,
    "fortnight": nights.fortnight,
    "troubled": nights.troubled,
    "copied": nights.copied,
}


class Visible(HTMLParser):
    """Collects the text that a reader sees, and what tags there are."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._silent += tag in ("style", "script")
        self.text += [v for n, v in attrs if v and n in ("aria-label", "placeholder", "data-text")]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text.append(data)


def read(page: str) -> Visible:
    """The page as a reader has it."""
    visible = Visible()
    visible.feed(page)
    return visible


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("name", ALL)
def test_no_page_and_no_text_shows_residue_of_a_template(name: str, language: str) -> None:
    snapshot = ALL[name]()
    shown = "\n".join(read(page_of(snapshot, language)).text)
    assert RESIDUE.findall(shown) == []
    assert RESIDUE.findall(text_of(snapshot, language)) == []


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("name", ALL)
def test_the_text_has_no_entities_no_tags_and_no_gaps(name: str, language: str) -> None:
    text = text_of(ALL[name](), language)
    assert html.unescape(text) == text
    assert not re.search(r"</?\w+[^>]*>", text)
    assert "\n\n\n" not in text
    assert text == text.strip("\n") + "\n"
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


def test_the_text_says_what_a_reader_needs_in_english() -> None:
    lines = text_of(nights.critical(), web_url="https://b:9095").splitlines()
    assert lines[0] == "Act now: 1 job failed, on 1 of 6 servers."
    assert "== Failed (1) ==" in lines
    assert "* db01-fd > db01-dump  [Full, status f, JobId 1]" in lines
    assert "  https://b:9095/web/job/history/1/" in lines
    assert "== Successful (2) ==" in lines


def test_the_text_says_what_a_reader_needs_in_korean() -> None:
    lines = text_of(nights.critical(), "ko").splitlines()
    assert lines[0] == "즉시 조치 필요: 서버 6대 중 1대에서 작업 1건이 실패했습니다."
    assert "== 실패 (1) ==" in lines
    assert "* db01-fd > db01-dump  [전체, 상태 f, JobId 1]" in lines
    assert "== 성공 (2) ==" in lines


@pytest.mark.parametrize("language", ["ko", "en"])
def test_where_nothing_is_known_no_zero_is_shown(language: str) -> None:
    page = page_of(nights.unknown(), language)
    assert re.findall(r"<(?:b|small)>0</", page) == []
    assert "(0)" not in text_of(nights.unknown(), language)


def test_the_text_of_a_log_keeps_its_signs() -> None:
    log = read_log(["web01-fd JobId 1: Fatal error: <a> & \"b\" 'c' &amp;"])
    text = text_of(made_snapshot(made_job(1, "f"), logs={1: log}))
    assert "    | web01-fd: Fatal error: <a> & \"b\" 'c' &amp;" in text.splitlines()


def hostile_night() -> str:
    log = read_log([HOSTILE, f"web01-fd JobId 1: Fatal error: {HOSTILE}"])
    names = {"name": HOSTILE, "client": HOSTILE, "pool": HOSTILE}
    live = live_job(2, "R", HOSTILE, files=1, current_file=HOSTILE)
    snapshot = made_snapshot(
        made_job(1, "f", **names),
        open_job(2, "R", **names),
        made_job(3, **names),
        made_job(4, "'><", type="<b>", level="<i>", **names),
        logs=dict.fromkeys((1, 2, 3, 4), log),
        live={2: live},
        clients=(Client(1, HOSTILE + "idle", ""),),
        filters=Filters(),
    )
    source = replace(snapshot.source, director=HOSTILE, server=HOSTILE)
    return page_of(replace(snapshot, source=source))


def test_hostile_text_stays_text_wherever_it_is_put() -> None:
    page = read(hostile_night())
    assert [tag for tag, _ in page.tags].count("script") == 2
    assert [tag for tag, _ in page.tags].count("img") == 0
    assert {"svg", "path", "b", "i"} >= {
        tag for tag, _ in page.tags if tag in ("svg", "path", "b", "i", "img", "iframe")
    }
    events = [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert events == []
    assert any(HOSTILE in text for text in page.text)


def test_hostile_findings_and_nights_stay_text_too() -> None:
    for web in ("", "https://b:9095"):
        page = read(page_of(nights.spiteful([HOSTILE, f"{HOSTILE}2"]), web_url=web))
        tags = [tag for tag, _ in page.tags]
        assert (tags.count("script"), tags.count("img"), tags.count("style")) == (2, 0, 1)
        names = [name for _, attributes in page.tags for name in attributes]
        assert [name for name in names if name.startswith("on")] == []
        assert sum(HOSTILE in text for text in page.text) > 20
        hrefs = [a.get("href") or "#failed" for tag, a in page.tags if tag == "a"]
        assert all(href.startswith(("#", "https://b:9095/")) for href in hrefs)


@pytest.mark.parametrize("name", ["troubled", "fortnight", "copied", "critical"])
def test_every_link_within_the_page_leads_somewhere(name: str) -> None:
    page = read(page_of(ALL[name]()))
    identities = {attributes.get("id") for _, attributes in page.tags}
    hrefs = [a.get("href") or "#failed" for tag, a in page.tags if tag == "a"]
    assert hrefs
    assert [href for href in hrefs if href.startswith("#") and href[1:] not in identities] == []


def test_every_icon_is_drawn() -> None:
    page = page_of(nights.troubled())
    assert page.count('<path fill-rule="evenodd" d="M') == page.count("<path ")


def test_links_are_anchors_or_lead_to_the_web_interface() -> None:
    page = read(page_of(nights.critical(), web_url="https://backup01:9095"))
    targets = {a["href"] or "" for tag, a in page.tags if tag == "a"}
    assert all(t.startswith(("#", "https://backup01:9095/web/job/history/")) for t in targets)
    identities = {a["id"] for _, a in page.tags if a.get("id")}
    assert {t[1:] for t in targets if t.startswith("#")} <= identities


def test_the_policy_of_the_page_allows_its_own_two_scripts_only() -> None:
    page = page_of(nights.good())
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    expected = " ".join(f"'sha256-{digest}'" for digest in digests)
    assert f"script-src {expected};" in html.unescape(policy[1])
    assert policy[1].startswith("default-src 'none'")


def test_the_page_names_nothing_outside_itself() -> None:
    page = page_of(nights.critical())
    assert re.findall(r"https?://|url\(|@import|src=|<link|<iframe", page) == []


@pytest.mark.parametrize("language", ["ko", "en"])
def test_identities_are_unique(language: str) -> None:
    page = read(page_of(nights.troubled(), language))
    identities = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(identities) == len(set(identities))


def test_templates_that_were_read_ahead_are_all_that_the_page_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(render, "_environment", cache(render._environment.__wrapped__))
    render.read_templates("en")
    read = set(render._environment("en").cache or ())

    page_of(nights.critical())

    assert read == set(render._environment("en").cache or ())
    assert len(read) >= 5


def test_the_page_carries_the_language_it_is_written_in() -> None:
    assert '<html lang="ko"' in page_of(nights.good(), "ko")
    assert '<html lang="en"' in page_of(nights.good(), "en")


def korean_night() -> list[str]:
    """What a Korean reader sees of a night whose own names are all Korean."""
    fields = {"name": "자료", "client": "서버1", "pool": "풀"}
    types = [made_job(n, type=t, level=v, **fields) for n, (t, v) in enumerate(KINDS, 100)]
    jobs = [
        made_job(1, "f", errors=1, **fields),
        made_job(2, errors=2, **fields),
        made_job(3, "A", **fields),
        open_job(4, "C", **fields),
        open_job(5, "R", **fields),
        made_job(6, "?", **fields),
        *types,
    ]
    log = read_log(["서버1 JobId 1: 오류가 났습니다", *["줄"] * 900])
    lives = {4: live_job(4, "m", ""), 5: live_job(5, "R", files=1, bytes=2, bytes_per_second=3)}
    snapshot = made_snapshot(
        *jobs,
        logs={1: log},
        live=lives,
        gaps=(),
        clients=(Client(9, "쉬는 서버", ""),),
    )
    gaps = nights.incomplete().gaps
    source = replace(snapshot.source, director="디렉터")
    pages = (
        replace(snapshot, gaps=gaps, source=source),
        replace(snapshot, filters=Filters(("1",), ("서버",), ("자료",))),
        nights.unknown(),
        made_snapshot(),
        nights.many(300, made_job(999, **fields)),
    )
    return [text for page in pages for text in read(page_of(page, "ko")).text]


KINDS = [("B", level) for level in "FDISBf"] + [("V", level) for level in "VCOdA"]
KINDS += [(kind, "F") for kind in "RDCcMgASUI"]
# Names that Koreans write in Latin letters, too.
LATIN = {
    *(
        "JobId",
        "Director",
        "Asia",
        "Seoul",
        "UTC",
        "Baculum",
        "Bacula",
        "API",
        "bacula",
        "report",
        "dir",
    ),
    *(
        "production",
        "BACULUM_API_HOST",
        "BACULUM_API_PORT",
        "BACULUM_API_TIMEOUT",
        "GB",
        "kB",
        "MB",
    ),
    *(
        "TB",
        "PB",
        "backup",
        "server",
        "fd",
        "v2",
    ),
}


def test_no_word_of_english_is_left_on_the_korean_page() -> None:
    words = {w for text in korean_night() for w in re.findall(r"[A-Za-z][A-Za-z_'0-9]+", text)}
    names = {word for word in words if re.fullmatch(r"server\d+|backup\d+|v\d", word)}
    assert set() == words - names - LATIN
