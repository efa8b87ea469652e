"""From a night to what is shown of it: it never fails, and nothing of others becomes code."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from app import __version__
from app.assess import Assessment, Level, assess
from app.assess.narrow import narrow
from app.bacula.codes import Outcome
from app.deliver.textfile import exposition
from app.i18n import msg
from app.numbers import numbers_of
from app.policy import Policy
from app.report.document import build_document, render_json
from app.report.mail import MOST_BYTES, MailText, render_mail
from app.report.render import render_html, render_text
from app.report.view import ReportView, build_view
from app.snapshot import Gap, GapSource, Snapshot
from tests.fuzz.conftest import fuzz
from tests.fuzz.nights import POLICIES, any_night, told
from tests.fuzz.pieces import TEXT, unsafe
from tests.unit.report.test_document import complaints

WEB = "https://backup01:9095"
LINK = "https://backup01/reports/mail_1.html"
LANGUAGES = st.sampled_from(["en", "ko"])
NIGHTS = st.one_of(told(), any_night())
VOID = frozenset({"meta", "br", "input"})
TAGS = frozenset(
    ["a", "article", "b", "bdi", "body", "br", "button", "dd", "desc", "details", "div", "dl", "dt",
     "em", "footer", "g", "h1", "h2", "h3", "head", "header", "html", "i", "input", "label", "li",
     "line", "main", "meta", "nav", "p", "path", "pre", "rect", "script", "section", "small",
     "span", "strong", "style", "summary", "svg", "table", "tbody", "td", "th", "thead", "title",
     "tr", "ul"]
)  # fmt: skip
HREF = re.compile(
    rf"#[a-z0-9-]+|{re.escape(WEB)}/web/job/history/\d+/|{re.escape(LINK)}(#job-\d+)?"
)
REASON = msg("It was not had.")
WORST_FIRST = [Level.CRITICAL, Level.UNKNOWN, Level.ATTENTION, Level.GOOD]


class Page(HTMLParser):
    """Holds a page to what it may consist of, tag by tag."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.code: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), (tag, attrs)
        for name, value in attrs:
            assert re.fullmatch(r"[a-zA-Z][a-zA-Z0-9-]*", name), name
            assert not name.startswith("on"), name
            assert name not in ("src", "srcset", "formaction", "action", "srcdoc", "background")
            if name == "href":
                assert HREF.fullmatch(value or ""), value
            if name == "id":
                assert re.fullmatch(r"[a-zA-Z0-9-]+", value or ""), value
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open, tag
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("script", "style"):
            self.code.append(data)

    def handle_comment(self, data: str) -> None:
        assert re.match(r"\[if mso\]>|\[endif\]", data), data

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    handle_pi = unknown_decl


def parsed(html: str) -> Page:
    """A page that was read to its end, every tag closed."""
    page = Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return page


def view_of(assessment: Assessment, language: str) -> ReportView:
    now = assessment.snapshot.now
    return build_view(
        assessment, generated=now, language=language, version=__version__, web_url=WEB
    )


def level_of(night: Snapshot, policy: Policy | None = None) -> int:
    """How bad the verdict is: 0 is the worst."""
    return WORST_FIRST.index(assess(night, policy).verdict.level)


# --- anything can be shown --------------------------------------------------------------------


@fuzz(2)
@given(NIGHTS, POLICIES, LANGUAGES)
def test_the_page_is_well_formed_and_only_ours(
    night: Snapshot, policy: Policy, language: str
) -> None:
    """Every tag is closed and known, every address expected, and no code is but our own."""
    html = render_html(view_of(assess(night, policy), language))
    page = parsed(html)
    # Two scripts and a style, whatever the night.
    assert len(page.code) == 3
    assert "x-evil" not in "".join(page.code)
    assert len({hash(code) for code in page.code}) == 3
    assert html.encode("utf-8", "replace")


@fuzz(2)
@given(NIGHTS, POLICIES, LANGUAGES)
def test_the_text_steers_nothing(night: Snapshot, policy: Policy, language: str) -> None:
    text = render_text(view_of(assess(night, policy), language))
    assert not unsafe(text, lines=True)
    assert "\n\n\n" not in text


@fuzz(2)
@given(NIGHTS, POLICIES, LANGUAGES)
def test_the_document_keeps_to_its_schema(night: Snapshot, policy: Policy, language: str) -> None:
    assessment = assess(night, policy)
    written = render_json(build_document(assessment, generated=night.now, language=language))
    document = json.loads(written.encode("utf-8", "replace"))
    assert complaints(document) == []
    assert sorted(job["jobid"] for job in document["jobs"]) == sorted(j.jobid for j in night.jobs)
    summary = document["summary"]
    assert summary["total"] == sum(summary[one.value] for one in Outcome)
    assert summary["total"] + summary["copies"] == len(night.jobs)


@fuzz(0.5)
@given(NIGHTS, POLICIES, LANGUAGES, st.booleans(), st.sampled_from(["", LINK, "javascript:x"]))
def test_a_mail_is_well_formed_fits_and_has_one_line_for_its_subject(
    night: Snapshot, policy: Policy, language: str, attached: bool, link: str
) -> None:
    mail: MailText = render_mail(
        view_of(assess(night, policy), language), attached=attached, link=link
    )
    assert not unsafe(mail.subject)
    assert not unsafe(mail.text, lines=True)
    assert max(len(mail.html.encode()), len(mail.text.encode())) <= MOST_BYTES
    page = parsed(mail.html)
    assert "x-evil" not in "".join(page.code)


@fuzz(2)
@given(NIGHTS, POLICIES)
def test_the_numbers_are_read_by_prometheus(night: Snapshot, policy: Policy) -> None:
    assessment = assess(night, policy)
    numbers = numbers_of(assessment, policy, finished=night.now, seconds=1.5, undelivered=0)
    content = exposition(numbers, most_clients=3).decode()
    families = list(text_string_to_metric_families(content))
    assert {family.name.partition("_report_")[0] for family in families} == {"bacula"}
    jobs = {s.labels["outcome"]: s.value for f in families for s in f.samples
            if f.name == "bacula_report_jobs"}  # fmt: skip
    assert jobs == {o: float(n) for o, n in numbers.outcomes.items()}
    for family in families:
        for sample in family.samples:
            assert not unsafe("".join(sample.labels.values()))
        keys = [tuple(sorted(sample.labels.items())) for sample in family.samples]
        assert len(set(keys)) == len(keys)


@fuzz(2)
@given(told(), POLICIES, st.lists(TEXT, max_size=2), st.lists(TEXT, max_size=2), LANGUAGES)
def test_the_part_of_an_audience_can_be_shown_too(
    night: Snapshot, policy: Policy, clients: Sequence[str], jobs: Sequence[str], language: str
) -> None:
    part = narrow(night, (*clients, "web*"), tuple(jobs))
    assert {job.jobid for job in part.jobs} <= {job.jobid for job in night.jobs}
    view = view_of(assess(part, policy, pools=False), language)
    parsed(render_html(view))
    assert not unsafe(render_text(view), lines=True)


# --- the verdict ------------------------------------------------------------------------------


@fuzz(3)
@given(NIGHTS, POLICIES, st.randoms(use_true_random=False))
def test_the_order_of_what_was_told_makes_no_difference(
    night: Snapshot, policy: Policy, dice: random.Random
) -> None:
    def mixed(values: Sequence[Any] | None) -> Any:
        return None if values is None else tuple(dice.sample(list(values), len(values)))

    names = ("jobs", "clients", "resources", "schedule", "pools", "volumes")
    other = replace(
        night,
        history=replace(night.history, jobs=mixed(night.history.jobs)),
        **{name: mixed(getattr(night, name)) for name in names},
    )
    one, two = assess(night, policy), assess(other, policy)
    assert two.verdict == one.verdict
    assert two.findings == one.findings
    assert two.counts == one.counts
    assert two.nights == one.nights


@fuzz(3)
@given(NIGHTS, st.data())
def test_what_could_not_be_had_never_makes_a_verdict_better(
    night: Snapshot, data: st.DataObject
) -> None:
    """A log that is missing leaves a gap; whatever else it would have told, it is not all good."""
    if not night.jobs:
        return
    lost = data.draw(st.sampled_from(night.jobs))
    before = assess(night)
    gap = Gap(GapSource.JOB_LOGS, night.gaps[0].reason if night.gaps else REASON, (lost.jobid,))
    logs = {jobid: log for jobid, log in night.logs.items() if jobid != lost.jobid}
    after = assess(replace(night, logs=logs, gaps=(*night.gaps, gap)))
    outcomes = {one.job.jobid: one.outcome for one in before.jobs}
    assert {one.job.jobid: one.outcome for one in after.jobs} == outcomes
    assert after.verdict.level is not Level.GOOD
    if any(outcome is Outcome.FAILED for outcome in outcomes.values()):
        assert after.verdict.level in (Level.CRITICAL, Level.UNKNOWN)


@fuzz(3)
@given(NIGHTS, st.sampled_from(sorted(set(GapSource), key=str)))
def test_a_gap_never_makes_a_verdict_better(night: Snapshot, source: GapSource) -> None:
    gap = Gap(source, REASON)
    worse = replace(night, gaps=(*night.gaps, gap))
    alarms = {finding.kind for finding in assess(worse).alarms}
    # A gap may silence a finding that would be a guess without what is missing.
    if alarms >= {finding.kind for finding in assess(night).alarms}:
        assert level_of(worse) <= level_of(night)
    assert assess(worse).verdict.level is not Level.GOOD


@fuzz(3)
@given(NIGHTS)
def test_all_good_means_that_nothing_known_went_wrong(night: Snapshot) -> None:
    assessment = assess(night)
    if assessment.verdict.level is Level.GOOD:
        assert not night.gaps
        assert night.stopped is None
        bad = {Outcome.FAILED, Outcome.UNKNOWN, Outcome.WARNING, Outcome.CANCELLED}
        assert not bad & {one.outcome for one in assessment.jobs if not one.good_copy}
        assert not assessment.alarms
    assert sum(assessment.counts.values()) + len(assessment.copies) == len(night.jobs)
