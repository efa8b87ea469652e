"""Matrix, trends and protection on the page: readable without colour, and never false."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assess import assess
from app.assess.finding import Kind, Notice, Severity
from app.assess.nights import NightState
from app.assess.protection import ProtectionState
from app.bacula.codes import Outcome
from app.i18n import msg
from app.report.view import nights as nights_module
from app.report.view import protection as protection_module
from app.report.view.nights import MatrixView, TrendsView
from app.snapshot import History, Snapshot
from tests.unit.made import SEOUL, made_snapshot
from tests.unit.report import nights
from tests.unit.report.nights import fortnight, found_in, page_of, run_of, text_of, view_of


def matrix_of(night: Snapshot, web: str = "") -> MatrixView:
    matrix = view_of(night, web_url=web).matrix
    assert matrix is not None
    return matrix


def trends_of(night: Snapshot) -> TrendsView:
    trends = view_of(night).trends
    assert trends is not None
    return trends


def letters(matrix: MatrixView) -> dict[str, str]:
    """The letters of each server, in one line."""
    rows = (*matrix.rows, *matrix.rest)
    return {row.name: "".join(cell.letter or " " for cell in row.cells) for row in rows}


def known_since(night: Snapshot, days: int) -> Snapshot:
    """The night, with so many nights before it known."""
    since = datetime(2026, 11, 20, 12, tzinfo=SEOUL) - timedelta(days=days)
    jobs = tuple(j for j in night.history.jobs if j.started is not None and j.started >= since)
    return replace(night, history=History(jobs, since.astimezone(UTC)))


# --- the matrix ---------------------------------------------------------------------------------


def test_each_state_has_its_own_letter_and_words() -> None:
    told = nights_module.LETTERS
    assert set(told) == set(NightState)
    assert len(set(told.values())) == len(told)
    assert set(nights_module._NAMES) == set(NightState)
    counted = set(NightState) - {NightState.NO_JOB, NightState.NOT_KNOWN}
    assert set(nights_module._COUNTED) == counted
    assert {outcome.value for outcome in Outcome} <= {state.value for state in NightState}


def test_a_letter_stands_for_each_night_and_the_worst_server_comes_first() -> None:
    night = fortnight(4, bad={(2, 0): "f", (2, 1): "f", (3, 5): "A", (1, 3): "-"})
    assert list(letters(matrix_of(night)).items()) == [
        ("server02-fd", "✓✓✓✓✓✓✓✓✓✓✓✓FF"),
        ("server03-fd", "✓✓✓✓✓✓✓✓C✓✓✓✓✓"),
        ("server00-fd", "✓✓✓✓✓✓✓✓✓✓✓✓✓✓"),
        ("server01-fd", "✓✓✓✓✓✓✓✓✓✓ ✓✓✓"),
    ]


def test_nights_before_the_past_is_known_are_shown_as_not_known() -> None:
    matrix = matrix_of(known_since(fortnight(1), 5))
    assert letters(matrix) == {"server00-fd": "········✓✓✓✓✓✓"}
    assert ("not-known", "·", "not known") in matrix.legend


def test_one_night_alone_makes_no_matrix() -> None:
    assert view_of(nights.good()).matrix is None
    assert view_of(made_snapshot()).matrix is None
    assert view_of(nights.unknown()).matrix is None


def test_a_cell_says_in_words_what_its_letter_means() -> None:
    night = fortnight(2, bad={(1, 0): "f"})
    extra = run_of(900, 0, 1, name="server01-logs")
    matrix = matrix_of(replace(night, jobs=(extra, *night.jobs)))
    cell = matrix.rows[0].cells[-1]
    assert cell.title == "server01-fd, night of 20 Nov: 1 failed, 1 ok"
    assert matrix.rows[1].cells[-1].title == "20 Nov: 1 ok"


def test_a_failure_leads_to_its_card_or_to_the_web_interface() -> None:
    night = fortnight(2, bad={(1, 0): "f", (1, 4): "f"})
    failed = next(job.jobid for job in night.jobs if job.status == "f")
    older = next(job.jobid for job in night.history.jobs if job.status == "f")
    row = matrix_of(night).rows[0]
    assert (row.cells[-1].href, row.cells[-5].href) == (f"#job-{failed}", "")
    row = matrix_of(night, web="https://b:9095").rows[0]
    assert row.cells[-1].href == f"#job-{failed}"
    assert row.cells[-5].href == f"https://b:9095/web/job/history/{older}/"
    assert {cell.href for cell in row.cells if cell.kind == "success"} == {""}


def test_a_job_that_did_not_run_stands_in_its_night_and_leads_nowhere() -> None:
    night = fortnight(2, bad={(1, 0): "-"})
    due = datetime(2026, 11, 20, 23, 0, tzinfo=SEOUL)
    missed = Notice(
        Kind.MISSED, Severity.CRITICAL, msg("It did not run."), client="server01-fd", since=due
    )
    matrix = view_of(found_in(night, [missed]), web_url="https://b:9095").matrix
    assert matrix is not None
    cell = matrix.rows[0].cells[-1]
    assert (cell.letter, cell.href) == ("M", "")
    assert cell.title == "server01-fd, night of 20 Nov: 1 did not run"


def test_forty_servers_are_shown_and_of_more_those_with_trouble() -> None:
    assert matrix_of(fortnight(40, 15)).rest == ()
    matrix = matrix_of(fortnight(60, 15, {(number, 0): "f" for number in range(7, 19)}))
    assert [row.name for row in matrix.rows] == [f"server{n:02d}-fd" for n in range(7, 19)]
    assert (len(matrix.rest), matrix.rest_label) == (48, "48 more servers")


def test_of_many_servers_some_are_shown_though_all_is_well() -> None:
    matrix = matrix_of(fortnight(60, 15))
    assert (len(matrix.rows), matrix.rest_label) == (10, "50 more servers")


def test_when_all_of_many_are_in_trouble_forty_are_shown() -> None:
    bad = {(server, 0): "f" for server in range(60)}
    matrix = matrix_of(fortnight(60, 15, bad))
    assert (len(matrix.rows), len(matrix.rest)) == (40, 20)


def test_the_legend_explains_every_letter_that_occurs_and_no_other() -> None:
    matrix = matrix_of(fortnight(3, bad={(0, 0): "f", (1, 0): "A"}))
    assert {letter for _, letter, _ in matrix.legend} == set("".join(letters(matrix).values()))


def test_five_hundred_servers_stay_light() -> None:
    """What the matrix of five hundred servers takes of the page."""
    night = fortnight(500, 15)
    page = page_of(night)
    section = page[page.index('<section id="nights"') : page.index('<section id="trends"')]
    assert len(section) < 450_000


def test_the_text_has_the_matrix_as_letters() -> None:
    lines = text_of(nights.troubled()).splitlines()
    assert "✓✓✓✓✓✓✓✓FFFFFF  server01-fd" in lines
    assert "(F Failed, M Did not run, W Warnings, C Cancelled, ✓ Successful)" in lines


# --- trends -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "told"), [(0, False), (1, False), (2, True), (13, True)])
def test_three_known_nights_make_a_trend(days: int, told: bool) -> None:
    assert told == (view_of(known_since(fortnight(2), days)).trends is not None)


def test_a_night_that_is_not_known_is_a_gap_and_not_zero() -> None:
    trend = trends_of(known_since(fortnight(2), 4)).trends[0]
    assert [bar.share is None for bar in trend.bars] == [True] * 9 + [False] * 5
    assert {bar.value for bar in trend.bars[:9]} == {"not known"}
    rows = trends_of(known_since(fortnight(2), 4)).rows
    assert {row.size for row in rows[5:]} == {"not known"}


def test_the_latest_is_compared_with_the_median_of_the_nights_before() -> None:
    night = fortnight(1, 10)
    (last,) = night.jobs
    history = [replace(job, bytes=100) for job in night.history.jobs]
    cases = {
        100: "as usual: 100 B (median of 9 nights before)",
        109: "as usual: 100 B (median of 9 nights before)",
        120: "20 % above the usual 100 B (median of 9 nights before)",
        50: "50 % below the usual 100 B (median of 9 nights before)",
        700: "7 times the usual 100 B (median of 9 nights before)",
        0: "100 % below the usual 100 B (median of 9 nights before)",
    }
    for size, words in cases.items():
        jobs = (replace(last, bytes=size),)
        changed = replace(night, jobs=jobs, history=replace(night.history, jobs=tuple(history)))
        trend = trends_of(changed).trends[0]
        assert (trend.kind, trend.comparison) == ("bytes", words)


def test_where_there_usually_is_nothing_no_share_is_reckoned() -> None:
    night = fortnight(1, 10)
    history = tuple(replace(job, bytes=0) for job in night.history.jobs)
    trend = trends_of(replace(night, history=replace(night.history, jobs=history))).trends[0]
    assert trend.comparison == "usually nothing (median of 9 nights before)"


def test_the_success_rate_is_compared_in_points() -> None:
    rate = trends_of(fortnight(20, bad={(0, 0): "f", (1, 1): "f", (2, 1): "f"})).trends[-1]
    assert (rate.kind, rate.value) == ("rate", "95\u00a0%")
    assert rate.comparison == "5 points more than in the period before (90\u00a0%)"
    assert rate.tone == "better"
    worse = trends_of(fortnight(20, bad={(0, 0): "f"})).trends[-1]
    assert worse.tone == "worse"
    same = trends_of(fortnight(20)).trends[-1]
    assert (same.comparison, same.tone) == ("as in the period before (100\u00a0%)", "")


def test_a_single_failure_among_thousands_is_not_rounded_away() -> None:
    rate = trends_of(fortnight(400, 4, {(0, 0): "f"})).trends[-1]
    assert rate.value == "99\u00a0%"


def test_a_trend_is_plain_numbers_that_a_mail_could_lay_out_too() -> None:
    for trend in trends_of(fortnight(3)).trends:
        assert len(trend.bars) == 14
        assert all(bar.share is None or 0 <= bar.share <= 100 for bar in trend.bars)
        assert max(bar.share or 0 for bar in trend.bars) == 100
        assert "<" not in trend.description


@given(st.lists(st.none() | st.integers(0, 10**18), min_size=1, max_size=12))
def test_no_amount_breaks_a_trend(sizes: list[int | None]) -> None:
    night = fortnight(1, len(sizes))
    jobs = iter(sizes)
    older = tuple(replace(job, bytes=next(jobs)) for job in night.history.jobs)
    view = view_of(replace(night, history=replace(night.history, jobs=older))).trends
    for trend in view.trends if view is not None else ():
        assert all(bar.share is None or 0 <= bar.share <= 100 for bar in trend.bars)
        assert trend.usual is None or 0 <= trend.usual <= 100


# --- protection ---------------------------------------------------------------------------------


def test_each_job_tells_how_old_its_last_good_backups_are() -> None:
    protection = view_of(fortnight(1)).protection
    assert protection is not None
    (row,) = protection.rows
    assert (row.client, row.job, row.state) == ("server00-fd", "server00-data", "protected")
    full, differential, incremental = row.levels
    assert full is not None
    assert full.age == "6 d 9 h"
    assert differential is None
    assert incremental is not None
    assert incremental.age.startswith("9 h")
    assert protection.line == "1 protected"


def test_the_least_protected_come_first() -> None:
    bad = {(2, back): "f" for back in range(10)}
    protection = view_of(fortnight(4, bad=bad)).protection
    assert protection is not None
    assert protection.rows[0].client == "server02-fd"
    assert protection.rows[0].kind == "failed"
    assert protection.line == "1 too old · 3 protected"
    assert "* server02-fd > server02-data: too old," in text_of(fortnight(4, bad=bad))


def test_many_protected_jobs_are_folded_away() -> None:
    protection = view_of(fortnight(40, bad={(5, back): "f" for back in range(10)})).protection
    assert protection is not None
    assert len(protection.rows) == 5
    assert protection.rows[0].client == "server05-fd"
    assert (len(protection.rest), protection.rest_label) == (35, "35 more jobs")


def test_every_state_of_protection_has_words() -> None:
    assert set(protection_module._NAMES) == set(ProtectionState)
    assert set(protection_module._ICONS) == set(ProtectionState)
    assert set(protection_module._ORDER) == set(ProtectionState)


def test_without_a_backup_job_there_is_no_protection_to_tell() -> None:
    assert view_of(made_snapshot()).protection is None
    assert assess(made_snapshot()).protections == ()
