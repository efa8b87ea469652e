"""What is shown of a night: every job once, sums that add up, logs within bounds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assess import assess
from app.bacula.codes import LEVEL_NAMES, TYPE_NAMES, Outcome
from app.bacula.joblog import read_log
from app.bacula.model import Job
from app.report.view import ReportView
from app.report.view import page as page_module
from app.report.view.words import LEVELS, OUTCOMES
from app.snapshot import Filters, Gap, GapSource
from tests.unit.made import NOW, live_job, made_job, made_snapshot, open_job
from tests.unit.report import nights
from tests.unit.report.nights import view_of

LETTERS = "TfEIWeDARialLuwCBFSmMsjcdtpq?x"
ANY_JOB: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    status=st.sampled_from(["", *LETTERS]),
    type=st.sampled_from(["", "?", *TYPE_NAMES]),
    level=st.sampled_from(["", "?", *LEVEL_NAMES]),
    errors=st.sampled_from([None, 0, 3]),
    client=st.sampled_from(["", "web01-fd", "db01-fd"]),
    files=st.none() | st.integers(),
    bytes=st.none() | st.integers(),
    started=st.none() | st.just(NOW),
    ended=st.none() | st.just(NOW),
)


def jobs_of(rows: Sequence[dict[str, Any]]) -> list[Job]:
    return [made_job(jobid, **row) for jobid, row in enumerate(rows, 1)]


def card_ids(view: ReportView) -> list[str]:
    return [card.jobid for section in view.sections for card in section.cards]


@given(st.lists(ANY_JOB, max_size=12), st.sampled_from(["ko", "en"]))
def test_every_job_is_shown_once_as_a_card_as_a_row_or_as_a_copy(
    rows: list[dict[str, Any]], language: str
) -> None:
    jobs = jobs_of(rows)
    view = view_of(made_snapshot(*jobs), language)
    shown = card_ids(view) + [row.jobid for row in view.successes]
    shown += [copy.jobid for copy in view.copies]
    assert Counter(str(job.jobid) for job in jobs) == Counter(shown)


@given(st.lists(ANY_JOB, max_size=12))
def test_counts_of_tiles_sections_and_rows_agree(rows: list[dict[str, Any]]) -> None:
    snapshot = made_snapshot(*jobs_of(rows))
    view, counts = view_of(snapshot), assess(snapshot).counts
    shown = {section.kind: len(section.cards) for section in view.sections}
    shown["success"] = len(view.successes)
    assert {o.value: n for o, n in counts.items() if n} == {k: n for k, n in shown.items() if n}
    tiles = {tile.kind: int(tile.count) for tile in view.tiles}
    assert {kind: shown.get(kind, 0) for kind in tiles} == tiles


@given(st.lists(ANY_JOB, max_size=12), st.sampled_from(["ko", "en"]))
def test_the_sum_line_adds_up(rows: list[dict[str, Any]], language: str) -> None:
    view = view_of(made_snapshot(*jobs_of(rows)), language)
    *parts, total = [int(number) for number in re.findall(r"\d+", view.sum_line)]
    assert len(rows) == total + len(view.copies)
    assert not parts or total == sum(parts)


@given(st.lists(ANY_JOB, max_size=12))
def test_the_servers_line_adds_up(rows: list[dict[str, Any]]) -> None:
    view = view_of(made_snapshot(*jobs_of(rows)))
    total, *parts = [int(number) for number in re.findall(r"\d+", view.servers_line)]
    assert len(view.servers) == total == sum(parts)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_shares_of_the_bar_are_those_of_the_jobs(language: str) -> None:
    tiles = view_of(nights.critical(), language).tiles
    assert abs(sum(tile.share for tile in tiles) - 100) < 0.1


def test_each_outcome_has_its_section_in_the_order_of_urgency() -> None:
    kinds = [section.kind for section in view_of(nights.critical()).sections]
    assert kinds == ["failed", "unknown", "warning", "cancelled", "waiting", "running"]


def test_a_tile_leads_to_a_section_that_is_there() -> None:
    for make in nights.VERDICTS.values():
        view = view_of(make())
        places = {section.kind for section in view.sections} | {"success", ""}
        assert {tile.anchor for tile in view.tiles} <= places


def test_a_night_without_jobs_keeps_the_section_of_failures_and_says_so() -> None:
    view = view_of(made_snapshot())
    assert [(section.kind, section.cards) for section in view.sections] == [("failed", ())]
    assert (view.sum_line, view.level) == ("0 jobs", "attention")


def test_it_is_only_said_that_nothing_failed_where_every_job_is_known() -> None:
    night = nights.good()
    for source in GapSource:
        view = view_of(replace(night, gaps=(Gap(source, nights.unknown().gaps[0].reason),)))
        known = source not in (GapSource.JOBS, GapSource.OPEN_JOBS)
        assert known == view.certain
        assert ("No job failed." if known else "No failure is known.") == view.nothing_failed


def test_where_nothing_is_known_no_number_is_shown() -> None:
    view = view_of(nights.unknown())
    assert {"–"} == {tile.count for tile in view.tiles}
    assert (view.sum_line, view.servers_line, view.volume_line) == ("", "", "")
    assert (
        view.nothing_failed, view.nothing_done,
    ) == ("No failure is known.", "No success is known.")  # fmt: skip
    assert view.verdict == "Not known"
    assert view.next_step.startswith("Check BACULUM_API_HOST")


def test_a_card_tells_headline_conclusions_and_what_the_log_states() -> None:
    card = view_of(nights.critical()).sections[0].cards[0]
    assert (card.jobid, card.client, card.name) == ("1", "db01-fd", "db01-dump")
    assert card.headline.startswith("Unable to connect to Client: db01-fd")
    assert "Fatal error" in card.errors
    assert card.log is not None
    assert (card.log.title, card.log.note) == ("Full log (2 lines)", "")


def test_a_failure_shows_its_letter_and_its_numbers() -> None:
    card = view_of(nights.critical()).sections[0].cards[0]
    assert card.badges == ("Full", "status f")
    facts = {fact.label: fact.value for fact in card.facts}
    assert {"Duration": "30 min", "Files": "10", "Size": "1.00 kB", "Errors": "1"}.items() <= (
        facts.items()
    )


def test_a_running_job_shows_how_far_it_is() -> None:
    cards = {card.jobid: card for s in view_of(nights.critical()).sections for card in s.cards}
    facts = {fact.label: fact.value for fact in cards["5"].facts}
    assert facts["So far"] == "1,234 files, 56.0 GB"
    assert facts["Rate"] == "100 MB/s"
    assert facts["Running since"].endswith("(9 h 30 min)")


def test_a_job_without_client_or_numbers_has_no_invented_ones() -> None:
    job = made_job(1, "f", client="", files=None, bytes=None, started=None, ended=None)
    card = view_of(made_snapshot(replace(job, real_ended=None))).sections[0].cards[0]
    facts = {fact.label: fact.value for fact in card.facts}
    assert facts == {"Ended": "–", "Duration": "–", "Files": "–", "Size": "–", "Pool": "Full"}


def test_successes_come_newest_first_and_unknown_ends_last() -> None:
    ends = {1: NOW.replace(hour=1), 2: None, 3: NOW.replace(hour=3)}
    jobs = [made_job(jobid, ended=end, real_ended=end) for jobid, end in ends.items()]
    assert [row.jobid for row in view_of(made_snapshot(*jobs)).successes] == ["3", "1", "2"]


def test_a_cell_sorts_by_its_number_and_the_unknown_comes_below_zero() -> None:
    known = made_job(1, files=1_000, bytes=1_800_000)
    unknown = made_job(2, files=None, bytes=None, started=None)
    first, second = view_of(made_snapshot(known, unknown)).successes
    assert (first.files.text, first.files.key, first.duration.key) == ("1,000", "1000", "1800")
    assert (first.rate.key, first.rate.text) == ("1000", "1.00 kB/s")
    keys = (second.files.key, second.size.key, second.duration.key, second.rate.key)
    assert keys == ("-1", "-1", "-1", "-1")


def test_amounts_beyond_all_reason_are_shown_as_not_known() -> None:
    jobs = [made_job(1, bytes=10**400), made_job(2, "f", bytes=10**400)]
    view = view_of(made_snapshot(*jobs))
    assert view.successes[0].size.text == "–"
    assert "–" in {fact.value for fact in view.sections[0].cards[0].facts}


def test_full_logs_stop_where_the_budget_of_the_page_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(page_module, "LOG_BUDGET", 2_500)
    log = read_log(["web01-fd JobId 1: Fatal error: it broke", *["x" * 96 for _ in range(10)]])
    jobs = [made_job(jobid, "f") for jobid in range(1, 6)]
    view = view_of(made_snapshot(*jobs, logs={job.jobid: log for job in jobs}))
    logs = [card.log for card in view.sections[0].cards if card.log is not None]
    assert [bool(one.head) for one in logs] == [True, True, False, False, False]
    assert sum(len(one.head) + len(one.tail) for one in logs) <= 2_500
    assert all(one.note.startswith("Left out") for one in logs[2:])
    assert all("it broke" in card.errors for card in view.sections[0].cards)


def test_the_budget_holds_what_five_hundred_long_logs_would_break() -> None:
    log = read_log(["web01-fd JobId 1: Fatal error: it broke", *["y" * 1_900] * 500])
    jobs = [made_job(jobid, "f") for jobid in range(1, 501)]
    view = view_of(made_snapshot(*jobs, logs={job.jobid: log for job in jobs}))
    sizes = [len(c.log.head) + len(c.log.tail) for c in view.sections[0].cards if c.log]
    assert len(sizes) == 500
    assert sum(sizes) <= page_module.LOG_BUDGET * 1.01


def test_a_log_that_was_cut_says_how_many_lines_are_missing() -> None:
    log = read_log([f"web01-fd JobId 1: line {number}" for number in range(800)])
    view = view_of(made_snapshot(made_job(1, "f"), logs={1: log}))
    shown = view.sections[0].cards[0].log
    assert shown is not None
    assert (shown.title, shown.note) == ("Full log (800 lines)", "… 300 lines left out …")
    assert (shown.head.split(": ")[1][:6], shown.tail.split(": ")[-1]) == ("line 0", "line 799")


def test_more_lines_of_one_kind_are_counted() -> None:
    rows = [f'web01-fd JobId 1: Could not stat "/a/{n}": ERR=No such file' for n in range(1_300)]
    view = view_of(made_snapshot(made_job(1, errors=9), logs={1: read_log(rows)}))
    card = next(card for section in view.sections for card in section.cards)
    assert card.errors.endswith("… and 1,295 more lines like this")


def test_a_gap_names_its_part_its_reason_and_at_most_twenty_jobs() -> None:
    banner = view_of(nights.incomplete()).banner
    assert len(GapSource) == len(banner)
    assert banner[0] == "the job list: b:1 did not answer within 10 seconds."
    assert "15, 16, 17, 18, 19, 20 and 10 more)" in banner[-1]


def test_the_head_names_period_zone_server_and_filters() -> None:
    facts = {fact.label: fact.value for fact in view_of(nights.incomplete()).facts}
    assert facts["Only"] == "type B · client web* · job *"
    assert facts["Asked"] == "backup01:9096 (Baculum · v2)"
    assert facts["Time zone"].startswith("Asia/Seoul (UTC+09:00)")
    assert facts["Period"].startswith("Fri 20 Nov 2026, 22:00 to Sat 21 Nov 2026, 08:00")


def test_servers_without_a_job_are_named_unless_jobs_were_filtered() -> None:
    assert view_of(nights.critical()).idle == ("spare01-fd",)
    filtered = replace(nights.critical(), filters=Filters(("B",)))
    assert view_of(filtered).idle == ()


def test_links_lead_to_the_web_interface_only_when_it_is_set() -> None:
    linked = view_of(nights.critical(), web_url="https://backup01:9095")
    assert linked.sections[0].cards[0].url == "https://backup01:9095/web/job/history/1/"
    assert view_of(nights.critical()).sections[0].cards[0].url == ""


def test_every_type_and_level_that_bacula_knows_has_a_word() -> None:
    assert TYPE_NAMES == page_module._TYPES
    assert LEVEL_NAMES == LEVELS
    assert set(Outcome) == set(OUTCOMES)
    assert set(GapSource) == set(page_module._GAP_NAMES)


def test_an_unknown_type_or_level_is_shown_as_it_is() -> None:
    job = open_job(1, "R", type="z", level="9")
    view = view_of(made_snapshot(job, live={1: live_job(1, "R")}))
    assert next(s for s in view.sections if s.cards).cards[0].badges == ("z · 9",)


@given(st.lists(st.sampled_from(list(GapSource)), max_size=5), st.booleans())
def test_a_night_with_any_gap_is_never_called_good(gaps: list[GapSource], stop: bool) -> None:
    snapshot = nights.good() if not stop else nights.unknown()
    given_gaps = tuple(Gap(source, nights.unknown().gaps[0].reason) for source in gaps)
    view = view_of(replace(snapshot, gaps=snapshot.gaps + given_gaps))
    assert (not gaps and not stop) == (view.level == "good")
    assert len(gaps) + stop == len(view.banner)


def test_what_recovered_has_a_section_of_its_own_with_its_log() -> None:
    view = view_of(nights.copied())
    sections = {section.kind: section for section in view.sections}
    assert list(sections) == ["failed", "recovered"]
    assert sections["failed"].cards == ()
    (card,) = sections["recovered"].cards
    assert "Fatal error" in card.errors
    assert ("Made up for by", "JobId 2") in {(fact.label, fact.value) for fact in card.facts}


def test_the_counter_of_what_recovered_is_there_only_when_something_did() -> None:
    kinds = [tile.kind for tile in view_of(nights.copied()).tiles]
    assert "recovered" in kinds
    assert "recovered" not in [tile.kind for tile in view_of(nights.critical()).tiles]


def test_a_copy_is_no_success_and_names_its_original() -> None:
    view = view_of(nights.copied(), web_url="https://b:9095")
    assert [row.jobid for row in view.successes] == ["3", "2"]
    (copy,) = view.copies
    assert (copy.jobid, copy.original) == ("4", "3")
    assert copy.original_href == "https://b:9095/web/job/history/3/"
    assert view.copies_line == "1 copy of a backup, not counted"
    assert view.sum_line == "1 Recovered + 2 Successful = 3 jobs"
    assert view_of(nights.critical()).copies_line == ""
