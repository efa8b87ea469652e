"""The verdict: never good by mistake, never better for knowing less."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assess import Level, Verdict, assess
from app.bacula.codes import OPEN_STATUS, Outcome
from app.bacula.model import Client, Job
from app.i18n import Translator, msg
from app.snapshot import Filters, GapSource, Snapshot
from tests.unit.made import live_job, made_job, made_snapshot, open_job

# From best to worst; to know of no failure because nothing is known is worse than a warning.
WORSE = [Level.GOOD, Level.ATTENTION, Level.UNKNOWN, Level.CRITICAL]
LETTERS = [*"TWeDfEIA", *sorted(OPEN_STATUS), "Z", "", "한"]
ESSENTIAL = [GapSource.JOBS, GapSource.OPEN_JOBS]
OTHERS = [source for source in GapSource if source not in ESSENTIAL]


def job_of(letter: str, errors: int = 0, jobid: int = 1) -> Job:
    if letter in OPEN_STATUS:
        return open_job(jobid, letter)
    return made_job(jobid, letter, errors=errors)


JOBS = st.lists(st.tuples(st.sampled_from(LETTERS), st.sampled_from([0, 0, 3]))).map(
    lambda many: [job_of(*one, jobid=number) for number, one in enumerate(many, 1)]
)
GAPS = st.lists(st.sampled_from(GapSource), max_size=3)


def verdict(*letters: str, gaps: list[GapSource] | None = None) -> Verdict:
    jobs = [job_of(letter, jobid=number) for number, letter in enumerate(letters, 1)]
    return assess(made_snapshot(*jobs, gaps=gaps or [])).verdict


def badness(snapshot: Snapshot) -> int:
    return WORSE.index(assess(snapshot).verdict.level)


@pytest.mark.parametrize(
    ("letters", "gaps", "level"),
    [
        ("T", [], Level.GOOD),
        ("TTT", [], Level.GOOD),
        ("TR", [], Level.GOOD),
        ("TC", [], Level.GOOD),
        ("", [], Level.ATTENTION),
        ("R", [], Level.ATTENTION),
        ("CRl", [], Level.ATTENTION),
        *((f"T{letter}", [], Level.ATTENTION) for letter in "WeDAZ"),
        *((f"T{letter}", [], Level.CRITICAL) for letter in "fEI"),
        *(("T", [gap], Level.UNKNOWN) for gap in ESSENTIAL),
        *(("", [gap], Level.UNKNOWN) for gap in ESSENTIAL),
        *(("TW", [gap], Level.UNKNOWN) for gap in ESSENTIAL),
        *(("Tf", [gap], Level.CRITICAL) for gap in GapSource),
        *(("T", [gap], Level.ATTENTION) for gap in OTHERS),
        *(("TA", [gap], Level.ATTENTION) for gap in OTHERS),
        ("T", [GapSource.CLIENTS, GapSource.JOBS], Level.UNKNOWN),
    ],
)
def test_the_verdict(letters: str, gaps: list[GapSource], level: Level) -> None:
    assert verdict(*letters, gaps=gaps).level is level


def test_a_success_with_errors_is_worth_a_look() -> None:
    assert assess(made_snapshot(job_of("T", errors=1))).verdict.level is Level.ATTENTION


@pytest.mark.parametrize("letter", ["m", "M"])
def test_a_job_that_waits_for_a_person_is_worth_a_look(letter: str) -> None:
    snapshot = made_snapshot(made_job(1), open_job(2), live={2: live_job(2, letter)})
    found = assess(snapshot).verdict
    assert found.level is Level.ATTENTION
    assert str(found.sentence) == "1 job waits until somebody provides a Volume."


def test_a_run_that_had_nothing_at_all_is_not_known() -> None:
    snapshot = made_snapshot(gaps=[GapSource.JOBS], stopped=msg("The Director does not answer."))
    assert assess(snapshot).verdict.level is Level.UNKNOWN


@pytest.mark.parametrize(
    ("letters", "sentence"),
    [
        ("T", "The only job succeeded, on 1 server."),
        ("TTT", "All 3 jobs succeeded, on 1 server."),
        ("TR", "1 job succeeded on 1 server; 1 not finished yet."),
        ("TTRC", "2 jobs succeeded on 1 server; 2 not finished yet."),
        ("fT", "1 job failed, on 1 of 1 server."),
        ("fEI", "3 jobs failed, on 1 of 1 server."),
        ("TA", "Nothing failed, but 1 job is worth a look."),
        ("TAWZ", "Nothing failed, but 3 jobs are worth a look."),
        ("", "No job ran in this period."),
        ("R", "No job of this period has finished yet."),
    ],
)
def test_the_sentence_says_why(letters: str, sentence: str) -> None:
    assert str(verdict(*letters).sentence) == sentence


@given(JOBS, GAPS, st.sampled_from(GapSource))
def test_a_gap_never_improves_the_verdict(
    jobs: list[Job], gaps: list[GapSource], more: GapSource
) -> None:
    assert badness(made_snapshot(*jobs, gaps=[*gaps, more])) >= badness(
        made_snapshot(*jobs, gaps=gaps)
    )


@given(JOBS, GAPS, st.sampled_from([letter for letter in LETTERS if letter not in OPEN_STATUS]))
def test_another_job_that_ended_otherwise_never_improves_the_verdict_unless_it_succeeded(
    jobs: list[Job], gaps: list[GapSource], letter: str
) -> None:
    more = job_of(letter, jobid=len(jobs) + 1)
    if more.outcome is not Outcome.SUCCESS:
        with_it = made_snapshot(*jobs, more, gaps=gaps)
        assert badness(with_it) >= badness(made_snapshot(*jobs, gaps=gaps))


@given(JOBS, GAPS)
def test_good_means_that_something_succeeded_nothing_else_ended_and_nothing_is_missing(
    jobs: list[Job], gaps: list[GapSource]
) -> None:
    found = assess(made_snapshot(*jobs, gaps=gaps))
    counts = found.counts
    harmless = counts[Outcome.SUCCESS] + counts[Outcome.RUNNING] + counts[Outcome.WAITING]
    expected = counts[Outcome.SUCCESS] > 0 and harmless == len(jobs) and not gaps
    assert (found.verdict.level is Level.GOOD) is expected
    assert (found.verdict.level is Level.CRITICAL) is (counts[Outcome.FAILED] > 0)


@given(st.text().filter(lambda text: text not in LETTERS or text in ("Z", "", "한")), JOBS)
def test_a_letter_nobody_knows_is_never_green(letter: str, jobs: list[Job]) -> None:
    snapshot = made_snapshot(*jobs, made_job(len(jobs) + 1, letter))
    assert assess(snapshot).verdict.level is not Level.GOOD


@given(JOBS, GAPS)
def test_every_verdict_can_be_said_in_both_languages(
    jobs: list[Job], gaps: list[GapSource]
) -> None:
    sentence = assess(made_snapshot(*jobs, gaps=gaps)).verdict.sentence
    english, korean = (Translator(language).text(sentence) for language in ("en", "ko"))
    assert english
    assert korean != english


# --- the whole --------------------------------------------------------------------------------


@given(JOBS, GAPS)
def test_counts_add_up_to_the_number_of_jobs(jobs: list[Job], gaps: list[GapSource]) -> None:
    found = assess(made_snapshot(*jobs, gaps=gaps))
    assert list(found.counts) == list(Outcome)
    assert sum(found.counts.values()) == len(found.jobs) == len(jobs)
    assert sum(found.client_states.values()) == len(found.clients)
    assert found.complete is (not gaps)


def test_idle_servers_are_those_the_catalog_knows_that_had_no_job() -> None:
    clients = tuple(Client(n, name, "") for n, name in enumerate(["a-fd", "web01-fd", "z-fd"]))
    snapshot = made_snapshot(made_job(), clients=clients)
    assert assess(snapshot).idle_clients == ("a-fd", "z-fd")
    assert assess(made_snapshot(made_job(), clients=None)).idle_clients == ()


def test_a_filtered_report_calls_no_server_idle() -> None:
    clients = (Client(1, "a-fd", ""),)
    snapshot = made_snapshot(made_job(), clients=clients, filters=Filters(jobs=("job-*",)))
    assert assess(snapshot).idle_clients == ()


def test_backed_up_is_what_finished_backups_wrote() -> None:
    jobs = [
        made_job(1, files=1, bytes=10),
        made_job(2, errors=2, files=2, bytes=20),
        made_job(3, files=None, bytes=None),
        made_job(4, "f", files=100, bytes=1_000),
        made_job(5, type="C", files=100, bytes=1_000),
        made_job(6, type="R", files=100, bytes=1_000),
        open_job(7, files=100, bytes=1_000),
    ]
    assert assess(made_snapshot(*jobs)).backed_up == (3, 30)


def test_an_open_job_that_the_director_does_not_know_is_worth_a_look() -> None:
    found = assess(made_snapshot(made_job(1), open_job(2), live={})).verdict
    assert found.level is Level.ATTENTION
    # Without the live status nobody can tell.
    assert assess(made_snapshot(made_job(1), open_job(2), live=None)).verdict.level is Level.GOOD


def test_a_job_that_the_director_lists_as_failed_is_a_failure() -> None:
    snapshot = made_snapshot(made_job(1), open_job(2), live={2: live_job(2, "f")})
    assert assess(snapshot).verdict.level is Level.CRITICAL


def test_a_night_without_a_backup_is_not_all_good_unless_that_was_asked_for() -> None:
    admin = made_job(1, type="D")
    assert assess(made_snapshot(admin)).verdict.level is Level.ATTENTION
    asked = made_snapshot(admin, filters=Filters(types=("D",)))
    assert assess(asked).verdict.level is Level.GOOD


def test_a_failure_of_no_server_does_not_count_servers() -> None:
    found = assess(made_snapshot(made_job(1, "f", client=""))).verdict
    assert str(found.sentence) == "1 job failed."
