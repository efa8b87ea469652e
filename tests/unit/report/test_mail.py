"""The mail: it fits, mail clients can show it, and nothing that went wrong is kept from anybody."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.assess import Assessment
from app.assess.finding import Cause, Kind, Notice, Severity
from app.deliver.mail.address import read_address
from app.deliver.mail.message import Envelope, build
from app.deliver.model import Letter, Parcel
from app.i18n import msg
from app.report.mail import MOST_BYTES, ROOMS, MailText, render_mail
from app.snapshot import Snapshot
from tests.unit.made import NOW, SEOUL, made_snapshot
from tests.unit.report import nights
from tests.unit.report.nights import broken, mail_of, view_of
from tests.unit.report.test_render import HOSTILE, RESIDUE

LANGUAGES = ["ko", "en"]
WEB = "https://backup01.example.com:9095"
PAGE = "https://reports.example.com/today.html"
KOREAN = (
    "Fatal error: 백업 실패: <디스크> 공간이 \"부족\"합니다 & '다시' {n} " * 12,
    *(f"Error: /srv/자료/{n}/견적서 <최종> & '수정본'.hwp " * 6 for n in range(30)),
)
NIGHTS: dict[str, Callable[[], Snapshot | Assessment]] = {
    **nights.VERDICTS,
    "empty": made_snapshot,
    "incomplete": nights.incomplete,
    "fortnight": nights.fortnight,
    "troubled": nights.troubled,
    "copied": nights.copied,
    "forty": lambda: broken(40, 60),
    "too many": lambda: broken(1_000),
    "spiteful": lambda: nights.spiteful((HOSTILE, "가" * 300, "\u202e\ud800\x00" + "<" * 2_000)),
}

# What mail clients drop or spoil, with the reason.
UNSUPPORTED_CSS = {
    "position": "Gmail and Outlook drop it, and what was moved lies upon something else",
    "float": "Outlook for Windows sets it wrong",
    "background-image": "Outlook for Windows shows none; Gmail then drops the whole style",
    "background": "as it may hold an image, some clients drop the shorthand",
    "grid": "Gmail, Outlook and Yahoo have none",
    "flex": "Outlook for Windows has none",
    "border-radius": "Outlook for Windows has none",
    "box-shadow": "Gmail and Outlook have none",
    "animation": "few clients have it",
    "transform": "few clients have it",
    "opacity": "Outlook for Windows shows it opaque",
    "content": "no client has generated content everywhere",
}
UNSUPPORTED_VALUES = {
    "var(": "Outlook, Gmail and Yahoo know no variables",
    "calc(": "Outlook for Windows does not reckon",
    "url(": "would be fetched, or the style dropped",
    "flex": "Outlook for Windows has none",
    "grid": "Gmail, Outlook and Yahoo have none",
    "rgb(": "old Outlooks know only #rrggbb",
    "rem": "Outlook for Windows knows no rem",
    "expression": "a script, long ago",
}
UNSUPPORTED_TAGS = {
    "script": "no client runs it, some refuse the mail",
    "svg": "Gmail, Outlook and Yahoo drop it",
    "img": "is blocked until somebody allows it",
    "form": "clients warn of it",
    "input": "as form",
    "button": "as form",
    "iframe": "dropped",
    "object": "dropped",
    "link": "dropped",
    "base": "dropped",
    "video": "dropped",
    "details": "is open or dead in most clients",
    "pre": "Outlook for Windows does not wrap it",
}
VOID = {"meta", "br", "hr", "img", "input", "link", "base"}


class Parsed(HTMLParser):
    """The elements, in order, each with its attributes; and what is read."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.read: list[str] = []
        self.style = ""
        self.unbalanced: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "style":
            self.style += data
        else:
            self.read.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.read).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def declared(style: str) -> list[tuple[str, str]]:
    parts = (one.partition(":") for one in style.split(";") if one.strip())
    return [(name.strip().lower(), value.strip().lower()) for name, _, value in parts]


def every_declaration(page: Parsed) -> list[tuple[str, str]]:
    inline = [
        one for _, attributes in page.elements for one in declared(attributes.get("style", ""))
    ]
    blocks = re.findall(r"\{([^{}]*)\}", page.style)
    return inline + [one for block in blocks for one in declared(block)]


def read(night: Snapshot | Assessment, language: str = "en") -> Parsed:
    return Parsed(mail_of(night, language).html)


def fits(mail: MailText) -> bool:
    return max(len(mail.html.encode()), len(mail.text.encode())) <= MOST_BYTES < 100_000


# --- size ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("failures", [0, 1, 40, 150, 1_000])
def test_a_mail_fits_with_ten_thousand_jobs(failures: int, language: str) -> None:
    assert fits(mail_of(broken(failures, 10_000 - failures), language, web_url=WEB))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("failures", [1, 40, 1_000])
def test_a_mail_fits_with_long_korean_logs(failures: int, language: str) -> None:
    night = broken(failures, name="서버<&>'{n}' " + "가" * 120, lines=KOREAN)
    mail = mail_of(night, language, web_url=WEB, link=PAGE)
    assert fits(mail)
    assert "백업 실패" in mail.html
    assert "백업 실패" in mail.text


@given(
    st.integers(0, 300),
    st.lists(st.text(st.characters(codec="utf-8"), max_size=300), min_size=1, max_size=12),
)
@settings(max_examples=15, deadline=None)
def test_a_mail_fits_whatever_logs_say(failures: int, lines: list[str]) -> None:
    told = [f"Fatal error: {line}".replace("{", "(").replace("}", ")") for line in lines]
    assert fits(mail_of(broken(failures, lines=told)))


def test_a_mail_fits_with_more_findings_and_gaps_than_anybody_has() -> None:
    evil = tuple(f"{n}<&>\"'가나다" * 200 for n in range(150))
    assert fits(mail_of(nights.spiteful(evil)))


def test_the_smallest_room_has_room_for_nothing_that_grows() -> None:
    last = ROOMS[-1]
    grows = (last.lines, last.evidence, last.items, last.lesser, last.others, last.critical)
    assert grows == (0,) * 6
    assert last.failures == 0


def test_no_room_is_larger_than_the_one_before() -> None:
    sizes = [
        (one.lines, one.evidence, one.items, one.lesser, one.others, one.critical, one.headline,
         10_000 if one.failures is None else one.failures, not one.bare, one.small, one.nights)
        for one in ROOMS
    ]  # fmt: skip
    for before, after in pairwise(sizes):
        assert all(small <= large for small, large in zip(after, before, strict=True))


# --- what is cut, and what never ----------------------------------------------------------------


def test_what_fits_is_shown_in_full_and_nothing_is_said_of_cutting() -> None:
    mail = mail_of(broken(5, 20))
    for told in (mail.html, mail.text):
        assert told.count("No Job status returned from FD.") == 5
        assert "too much for one mail" not in told


def test_logs_are_cut_before_any_failure_is_and_say_so() -> None:
    mail = mail_of(broken(45, lines=KOREAN))
    for told, mark in ((Parsed(mail.html).text, " › "), (" ".join(mail.text.split()), " > ")):
        names = {f"branch{n:04d}-fd{mark}branch{n:04d}-home" for n in range(1, 46)}
        assert {name for name in names if name not in told} == set()
        assert "This is too much for one mail, and was cut. The attached report has it" in told
        assert re.search(r"… \d+ lines? left out …", told)


def test_of_a_thousand_failures_as_many_as_fit_are_told_and_the_others_counted() -> None:
    mail = mail_of(broken(1_000, 9_000))
    for told, mark in ((Parsed(mail.html).text, " › "), (mail.text, " > ")):
        shown = len(re.findall(rf"branch\d+-fd{mark}branch\d+-home", told))
        left = re.search(r"and ([\d,]+) more, see the attached report", told)
        assert shown > 350
        assert shown + (int(left[1].replace(",", "")) if left else 0) == 1_000
        assert "Unable to connect to Client" in told
    assert len(mail.html.encode()) > 90_000


def test_successes_are_counted_and_not_listed() -> None:
    mail = mail_of(nights.many(500))
    assert "500" in Parsed(mail.html).text
    assert "server07-fd" not in mail.html
    assert "server07-fd" not in mail.text


def test_the_same_failure_again_is_told_with_the_newest() -> None:
    night = nights.fortnight(bad={(1, back): "f" for back in range(6)})
    start = min(job.started for job in night.history.jobs if job.started)
    week = replace(
        night,
        jobs=(*night.jobs, *night.history.jobs),
        history=replace(night.history, jobs=()),
        period=replace(night.period, start=start.astimezone(night.period.start.tzinfo)),
    )
    text = Parsed(mail_of(week).html).text
    assert "The same before:" in text
    assert text.count("server01-fd › server01-data") <= 4


def test_without_an_attachment_nothing_refers_to_one() -> None:
    mail = mail_of(broken(1_000), attached=False)
    assert "attached" not in mail.html + mail.text
    assert "more, see the full report" in mail.html
    assert "The full report has it all." in mail.text


# --- what it says -------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NIGHTS)
def test_no_mail_shows_residue_of_a_template(name: str, language: str) -> None:
    mail = mail_of(NIGHTS[name](), language)
    assert RESIDUE.findall(Parsed(mail.html).text) == []
    assert RESIDUE.findall(mail.text + mail.subject) == []
    assert "\n\n\n" not in mail.text
    assert mail.text == mail.text.strip("\n") + "\n"


@pytest.mark.parametrize("name", NIGHTS)
def test_the_verdict_comes_first_in_words(name: str) -> None:
    night = NIGHTS[name]()
    view = view_of(night)
    mail = render_mail(view)
    assert mail.text.startswith(f"{view.verdict}: {view.sentence[:100]}")
    page = Parsed(mail.html)
    assert f" {view.verdict} {' '.join(view.sentence.split())[:100]}" in page.text[:1_200]
    assert [one for one, _ in page.elements].index("h1") < 45


GOLDEN = """\
Act now: 1 job failed, on 1 of 6 servers.

Backup report · dir
1 Failed · 1 Unknown · 1 Warnings · 1 Cancelled · 1 Waiting · 1 Running · 2 Successful

== Critical (1) ==

! Failed: db01-dump on db01-fd failed: its File Daemon cannot be reached (connection refused).
  db01-fd > db01-dump, JobId 1
  File Daemon not reached; since 20 Nov 23:00
  -> Start the File Daemon on db01-fd (bacula-fd), and run db01-dump again.

== Failed (1) ==

* db01-fd > db01-dump  [Full, status f, JobId 1]
  Unable to connect to Client: db01-fd on 10.20.0.7:9102. ERR=Connection refused "db01"
    | backup-dir: Fatal error: bsockcore.c:250 Unable to connect to Client: db01-fd on \
10.20.0.7:9102. ERR=Connection refused "db01"
  Started: Fri 20 Nov 2026, 23:00; Duration: 30 min; Files: 10; Size: 1.00 kB; Errors: 1; Pool: Full

== Unknown (1) ==
* web01-fd > job-6 (JobId 6): Its status letter '?' is not known; look at it.

== Warnings (1) ==
* files01-fd > job-2 (JobId 2): Started: Fri 20 Nov 2026, 23:00
"""


def test_the_text_of_a_bad_night_is_this() -> None:
    notice = Notice(
        Kind.FAILED,
        Severity.CRITICAL,
        msg("db01-dump on db01-fd failed: its File Daemon cannot be reached (connection refused)."),
        action=msg("Start the File Daemon on db01-fd (bacula-fd), and run db01-dump again."),
        client="db01-fd",
        job="db01-dump",
        jobids=(1,),
        since=datetime(2026, 11, 20, 23, tzinfo=SEOUL),
        cause=Cause.CLIENT_UNREACHABLE,
    )
    told = mail_of(nights.found_in(nights.critical(), [notice])).text
    assert told[: len(GOLDEN)] == GOLDEN


@pytest.mark.parametrize("told", ["html", "text"])
def test_findings_are_told_with_what_to_do_and_their_evidence(told: str) -> None:
    mail = mail_of(nights.troubled())
    text = Parsed(mail.html).text if told == "html" else " ".join(mail.text.split())
    for part in (
        "nas02-fd has never had a good backup",
        "Run the job nas02-data by hand and look at its log.",
        "web03-data succeeded, but its log names 214 files that could not be read.",
        'web03-fd: Could not stat "/srv/www/cache/x": ERR=Permission denied',
        "Muted until",
        "server12-data works again after 1 bad night.",
        "Not judged",
    ):
        assert part in text


def test_severity_is_told_in_words() -> None:
    text = read(nights.troubled()).text
    assert "Critical · Never backed up" in text
    assert "Warning · Pool full" in text


def test_jobs_that_are_told_of_below_are_only_named_by_their_finding() -> None:
    text = read(broken(14)).text
    named = "branch0001-fd, branch0002-fd, branch0003-fd"
    assert text.count(named) == 1
    assert "branch0012-fd and 2 more" in text


def test_a_job_with_errors_or_without_an_end_has_a_line() -> None:
    text = read(nights.critical()).text
    for section in ("Unknown 1", "Warnings 1", "Cancelled 1", "Waiting 1", "Running 1"):
        assert section in text


def test_what_is_not_known_is_no_zero() -> None:
    gap = replace(nights.incomplete(), jobs=())
    assert re.search(r"– Failed", read(gap).text)
    assert read(nights.unknown()).text.count("Successful") == 0


def test_an_incomplete_report_says_what_is_missing_before_its_findings() -> None:
    text = read(nights.incomplete()).text
    assert text.index("This report is incomplete") < text.index("What to act upon")


def test_the_trend_is_bars_and_a_sentence() -> None:
    page = read(nights.fortnight())
    assert "Backed up in one night" in page.text
    (chart,) = (one for one in page.all("table") if one.get("role") == "img")
    assert chart["aria-label"].startswith("From ")
    bars = [one for one in page.all("table") if re.match(r"\d+ Nov: ", one.get("title", ""))]
    assert len(bars) == 14
    assert "as in the period before" in page.text


def test_servers_with_trouble_have_their_last_seven_nights() -> None:
    page = read(nights.troubled())
    assert "Servers with trouble in the last 7 nights" in page.text
    heads = [one for one in page.all("th") if one.get("scope") == "col"]
    assert len(heads) == 7
    assert "server02-fd" not in page.text
    assert "Servers with trouble" not in read(nights.fortnight()).text


# --- links --------------------------------------------------------------------------------------


def hrefs(mail: MailText) -> set[str]:
    return {one["href"] for one in Parsed(mail.html).all("a")}


def test_without_a_place_to_lead_to_there_is_no_link() -> None:
    assert hrefs(mail_of(nights.troubled())) == set()


def test_jobs_lead_to_the_web_interface() -> None:
    assert f"{WEB}/web/job/history/1/" in hrefs(mail_of(nights.critical(), web_url=WEB))


def test_jobs_lead_to_the_page_where_it_can_be_read() -> None:
    found = hrefs(mail_of(nights.critical(), web_url=WEB, link=PAGE))
    assert {PAGE, f"{PAGE}#job-1", f"{PAGE}#job-2"} <= found
    assert PAGE in mail_of(nights.critical(), link=PAGE).text


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "#top", "//x.example"])
def test_a_mail_leads_nowhere_but_to_the_web(link: str) -> None:
    assert hrefs(mail_of(nights.critical(), web_url=link, link=link)) == set()


# --- mail clients -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NIGHTS)
def test_nothing_is_used_that_mail_clients_do_not_support(name: str) -> None:
    mail = mail_of(NIGHTS[name](), web_url=WEB, link=PAGE)
    page = Parsed(mail.html)
    tags = {tag for tag, _ in page.elements}
    assert tags & UNSUPPORTED_TAGS.keys() == set()
    declarations = every_declaration(page)
    assert {prop for prop, _ in declarations} & UNSUPPORTED_CSS.keys() == set()
    assert [
        (prop, value)
        for prop, value in declarations
        if any(re.search(rf"(?<![a-z]){re.escape(bad)}", value) for bad in UNSUPPORTED_VALUES)
    ] == []
    assert not re.search(r"@import|@font-face", page.style)
    attributes = {key for _, found in page.elements for key in found}
    assert attributes & {"src", "srcset", "background", "action", "id"} == set()
    assert [key for key in attributes if key.startswith("on")] == []


@pytest.mark.parametrize("name", NIGHTS)
def test_the_html_is_well_formed_and_says_its_language(name: str) -> None:
    page = Parsed(mail_of(NIGHTS[name](), "ko").html)
    assert page.unbalanced == []
    assert page.all("html") == [{"lang": "ko"}]
    assert any(one.get("lang") == "ko" for one in page.all("div"))


def test_every_table_for_layout_says_so_and_every_other_has_heads() -> None:
    tables = read(nights.troubled()).all("table")
    others = [one for one in tables if one.get("role") != "presentation"]
    assert [one.get("role", "data") for one in others] == ["img", "data"]


def test_the_style_lies_on_the_elements_and_only_at_rules_stay() -> None:
    mail = mail_of(nights.troubled())
    page = Parsed(mail.html)
    assert [one for one in page.all("h1") if "font-size" in one["style"]]
    assert "#1d62c4" in mail_of(nights.troubled(), web_url=WEB).html
    assert all("padding" in one["style"] for one in page.all("td") if "box" in one.get("class", ""))
    assert re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", page.style).strip() == ""
    assert re.findall(r"@media\s*([^{]*?)\s*\{", page.style) == [
        "(max-width: 480px)",
        "(prefers-color-scheme: dark)",
    ]
    assert len(page.style.encode()) < 16_000


def test_bars_and_cells_have_their_colour_as_an_attribute() -> None:
    cells = read(nights.troubled()).all("td")
    coloured = [one for one in cells if re.search(r"\bb-|\bl-|\bcard\b", one.get("class", ""))]
    assert len(coloured) > 50
    assert [
        one for one in coloured if not re.fullmatch("#[0-9a-f]{6}", one.get("bgcolor", ""))
    ] == []


def test_it_is_six_hundred_pixels_wide_and_less_on_a_phone() -> None:
    mail = mail_of(nights.good())
    frame = next(one for one in Parsed(mail.html).all("table") if "frame" in one.get("class", ""))
    assert "max-width:600px" in frame["style"].replace(" ", "")
    assert "width:100%" in frame["style"].replace(" ", "")
    # Outlook for Windows knows no max-width.
    assert re.search(r'<!--\[if mso\]><table [^>]*width="600"', mail.html)


def test_the_preheader_is_hidden_and_holds_the_sentence() -> None:
    page = read(nights.critical())
    (hidden,) = (one for one in page.all("div") if one.get("class") == "preheader")
    assert "display:none" in hidden["style"].replace(" ", "")
    after_title = page.text.index("1 job failed, on 1 of 6 servers.")
    assert after_title < page.text.index("Act now")


# --- strangers' words ---------------------------------------------------------------------------


def test_hostile_words_stay_words() -> None:
    mail = mail_of(broken(3, name=HOSTILE, lines=(f"Fatal error: {HOSTILE}",)), web_url=WEB)
    page = Parsed(mail.html)
    assert "<script>alert(1)</script>" in page.text
    assert {tag for tag, _ in page.elements} & {"script", "img", "b"} == {"b"}
    assert page.unbalanced == []
    assert "<script>alert(1)</script>" in mail.text


def test_what_no_encoding_can_write_is_replaced() -> None:
    night = nights.good()
    verdict = mail_of(replace(night, source=replace(night.source, director="a\ud800b")))
    assert verdict.subject.encode()
    assert verdict.html.encode()
    assert verdict.text.encode()


# --- on its way ---------------------------------------------------------------------------------


def letter(mail: MailText, *, late: bool) -> Letter:
    parcel = Parcel(
        "20261121T000000Z-abc", "", "en", "dir", NOW, NOW, NOW, "", "good", "All good", "", (), (),
        (), True, mail.subject, mail.text, mail.html,
    )  # fmt: skip
    return Letter("mail", ("a@example.com",), NOW, parcel, late=late)


def test_a_note_of_the_delivery_stands_before_all_else() -> None:
    mail = mail_of(broken(1_000))
    envelope = Envelope(read_address("r@example.com"), (read_address("a@example.com"),))
    message = message_from_bytes(build(letter(mail, late=True), envelope), policy=policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("html",))
    assert body is not None
    sent = body.get_content()
    page = Parsed(sent)
    assert page.unbalanced == []
    tags = [tag for tag, _ in page.elements]
    at = tags.index("body")
    assert tags[at : at + 4] == ["body", "p", "strong", "div"]
    assert page.text.index("Late: this report was made at") < page.text.index("1,000 jobs failed")
    assert len(sent.encode()) < 100_000


def test_rendering_is_repeatable() -> None:
    assert mail_of(nights.troubled()) == mail_of(nights.troubled())


def test_the_inliner_is_loaded_only_for_a_mail() -> None:
    code = "import sys, app.report.mail; sys.exit('css_inline' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_text_has_no_entities() -> None:
    text = mail_of(broken(2, lines=('Fatal error: a & b "c"',))).text
    assert 'a & b "c"' in text
    assert html.unescape(text) == text
