"""The verdict: never good by mistake, never better for knowing less."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assess import Level, Verdict, assess
from app.assess.case import Case
from app.assess.clients import judge_clients
from app.assess.finding import Cause, Finding, Kind, Notice, Severity
from app.assess.history import read_past
from app.assess.jobs import judge_job
from app.assess.verdict import reach_verdict
from app.bacula.codes import NEEDS_OPERATOR_STATUS, OPEN_STATUS, Outcome
from app.bacula.model import Client, Job
from app.i18n import Translator, msg
from app.policy import Mute, Policy
from app.snapshot import Filters, Gap, GapSource, History, Snapshot
from tests.unit.made import NOW, at, live_job, made_job, made_snapshot, open_job

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
    for_a_person = any(job.status in NEEDS_OPERATOR_STATUS for job in jobs)
    expected = counts[Outcome.SUCCESS] > 0 and harmless == len(jobs) and not gaps
    expected = expected and not for_a_person
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


# --- findings ---------------------------------------------------------------------------------

MUTED = Mute("known", date(2026, 12, 1))


def notice(kind: Kind, client: str = "web01-fd", **changes: Any) -> Notice:
    """One critical thing found about a job of a client, varied."""
    about: dict[str, Any] = {"job": f"{client.removesuffix('-fd')}-files", **changes}
    severity = about.pop("severity", Severity.CRITICAL)
    return Notice(kind, severity, msg("This was found."), client=client, **about)


def found(*notices: Notice, muted: Mute | None = None) -> Finding:
    return Finding(notices[0].kind, notices[0].severity, notices[0].sentence, notices, muted)


def judged_with(
    *findings: Finding,
    jobs: Sequence[Job] = (made_job(1),),
    clients: Sequence[str] | None = None,
    protected: Sequence[str] = (),
    past: Sequence[Job] = (),
    **changes: Any,
) -> Verdict:
    """The verdict upon these jobs, the catalog's clients and just these findings."""
    known = None if clients is None else tuple(Client(1, name, "") for name in clients)
    snapshot = made_snapshot(*jobs, clients=known, history=History(tuple(past)), **changes)
    judged = tuple(judge_job(job, snapshot) for job in jobs)
    case = Case(snapshot, judged, read_past(snapshot), Policy())
    safe = dict.fromkeys(protected, True)
    return reach_verdict(case, judge_clients(judged, safe), findings, safe)


WARNING = Severity.WARNING


@pytest.mark.parametrize(
    ("findings", "gaps", "level"),
    [
        ([], [], Level.GOOD),
        ([found(notice(Kind.MISSED))], [], Level.CRITICAL),
        ([found(notice(Kind.EMPTY))], [GapSource.JOBS], Level.CRITICAL),
        ([found(notice(Kind.UNUSUAL, severity=WARNING))], [], Level.ATTENTION),
        ([found(notice(Kind.UNUSUAL, severity=WARNING))], [GapSource.JOBS], Level.UNKNOWN),
        ([found(notice(Kind.UPGRADED, severity=Severity.INFO))], [], Level.GOOD),
        # What is muted never alarms, and hides nothing else.
        ([found(notice(Kind.MISSED), muted=MUTED)], [], Level.GOOD),
        ([found(notice(Kind.UNUSUAL, severity=WARNING), muted=MUTED)], [], Level.GOOD),
        ([found(notice(Kind.MISSED), muted=MUTED), found(notice(Kind.MISSED))], [],
         Level.CRITICAL),
        ([found(notice(Kind.MISSED), muted=MUTED)], [GapSource.POOLS], Level.ATTENTION),
    ],
)  # fmt: skip
def test_findings_decide_like_jobs(
    findings: list[Finding], gaps: list[GapSource], level: Level
) -> None:
    assert judged_with(*findings, gaps=[Gap(gap, msg("No.")) for gap in gaps]).level is level


@pytest.mark.parametrize(
    ("letter", "kind", "level"),
    [
        ("f", Kind.FAILED, Level.GOOD),
        ("E", Kind.FAILED, Level.GOOD),
        ("A", Kind.CANCELLED, Level.GOOD),
        ("W", Kind.HIDDEN_ERRORS, Level.GOOD),
        # Another thing that is known of the same job does not mute its failure.
        ("f", Kind.TOO_OLD, Level.CRITICAL),
        ("f", Kind.CANCELLED, Level.CRITICAL),
        ("A", Kind.FAILED, Level.ATTENTION),
        ("Z", Kind.FAILED, Level.ATTENTION),
    ],
)
def test_a_job_whose_failure_is_muted_does_not_alarm(letter: str, kind: Kind, level: Level) -> None:
    muted = found(notice(kind, jobids=(2,)), muted=MUTED)
    assert judged_with(muted, jobs=[made_job(1), job_of(letter, jobid=2)]).level is level
    # Unless another finding of the kind, which is not muted, tells of it too.
    both = judged_with(muted, found(notice(kind, jobids=(2,))), jobs=[job_of(letter, jobid=2)])
    assert both.level is Level.CRITICAL


def test_a_muted_failure_is_still_mentioned() -> None:
    muted = found(notice(Kind.FAILED, jobids=(2,)), muted=MUTED)
    verdict = judged_with(muted, jobs=[made_job(1), made_job(2, "f"), open_job(3)])
    assert str(verdict.sentence) == (
        "1 job succeeded on 1 server; 1 went wrong (muted), 1 not finished yet."
    )


@pytest.mark.parametrize(
    ("letters", "findings", "gaps", "sentence"),
    [
        ("TfA", [], [], "What failed is muted, but 1 job is worth a look."),
        ("TfAA", [], [], "What failed is muted, but 2 jobs are worth a look."),
        ("TfA", [notice(Kind.ROOM, severity=Severity.WARNING)], [],
         "What failed is muted, but 2 things are worth a look."),
        ("Tf", [notice(Kind.ROOM, severity=Severity.WARNING),
                notice(Kind.UNUSUAL, severity=Severity.WARNING)], [],
         "What failed is muted, but 2 things are worth a look."),
        ("Tf", [], [GapSource.POOLS],
         "What failed is muted, but not everything that was asked could be read."),
        ("Tf", [], [GapSource.JOBS],
         "What failed is muted, but the list of jobs could not be read completely."),
    ],
)  # fmt: skip
def test_where_what_failed_is_muted_it_is_not_said_that_nothing_failed(
    letters: str, findings: list[Notice], gaps: list[GapSource], sentence: str
) -> None:
    muted = found(notice(Kind.FAILED, jobids=(2,)), muted=MUTED)
    jobs = [job_of(letter, jobid=number) for number, letter in enumerate(letters, 1)]
    verdict = judged_with(muted, *(found(one) for one in findings), jobs=jobs, gaps=gaps)
    assert str(verdict.sentence) == sentence


@pytest.mark.parametrize(
    ("letters", "level", "sentence"),
    [
        ("TW", Level.ATTENTION, "Nothing failed, but 1 job is worth a look."),
        ("TWeD", Level.ATTENTION, "Nothing failed, but 3 jobs are worth a look."),
    ],
)
def test_what_is_worth_a_look_is_among_the_findings_and_a_mute_covers_it(
    letters: str, level: Level, sentence: str
) -> None:
    """Not only in the sum."""
    jobs = [job_of(letter, jobid=number) for number, letter in enumerate(letters, 1)]
    assessment = assess(made_snapshot(*jobs))
    assert (assessment.verdict.level, str(assessment.verdict.sentence)) == (level, sentence)
    told = {jobid for finding in assessment.alarms for n in finding.notices for jobid in n.jobids}
    assert told == {job.jobid for job in jobs[1:]}
    policy = Policy(mutes=(Mute("known", date.max, kind="hidden-errors"),))
    muted = assess(made_snapshot(*jobs), policy)
    assert (muted.verdict.level, muted.alarms) == (Level.GOOD, ())


def test_a_mute_of_one_job_with_warnings_leaves_the_other() -> None:
    jobs = [made_job(1, errors=2), made_job(2, errors=2, client="db01-fd"), made_job(3)]
    policy = Policy(mutes=(Mute("known", date.max, client="db01-fd"),))
    verdict = assess(made_snapshot(*jobs), policy).verdict
    assert str(verdict.sentence) == "Nothing failed, but 1 job is worth a look."


@pytest.mark.parametrize(
    ("gap", "sentence"),
    [
        (GapSource.JOBS, "No failure is known, but the list of jobs could not be read completely."),
        (GapSource.POOLS,
         "No failure is known, but not everything that was asked could be read."),
    ],
)  # fmt: skip
def test_where_nothing_failed_it_is_not_said_that_it_is_muted(
    gap: GapSource, sentence: str
) -> None:
    assert str(verdict("T", gaps=[gap]).sentence) == sentence


def test_where_everything_failed_muting_it_does_not_make_it_good() -> None:
    muted = found(notice(Kind.FAILED, jobids=(1,)), muted=MUTED)
    verdict = judged_with(muted, jobs=[made_job(1, "f")])
    assert verdict.level is Level.ATTENTION
    assert str(verdict.sentence) == "No backup finished in this period."


def test_a_backup_with_warnings_that_are_muted_did_finish() -> None:
    muted = found(notice(Kind.HIDDEN_ERRORS, jobids=(1,)), muted=MUTED)
    verdict = judged_with(muted, jobs=[made_job(1, errors=2)])
    assert verdict.level is Level.GOOD
    assert str(verdict.sentence) == "0 jobs succeeded on 0 servers; 1 went wrong (muted)."


def test_a_job_waiting_for_a_person_may_be_muted() -> None:
    muted = found(notice(Kind.NEEDS_OPERATOR, jobids=(2,)), muted=MUTED)
    waiting = open_job(2, "R")
    live = {2: live_job(2, "m")}
    jobs = [made_job(1), waiting]
    assert judged_with(jobs=jobs, live=live).level is Level.ATTENTION
    snapshot = made_snapshot(*jobs, live=live)
    case = Case(
        snapshot, tuple(judge_job(job, snapshot) for job in jobs), read_past(snapshot), Policy()
    )
    assert reach_verdict(case, (), [muted]).level is Level.GOOD


FOR_SIX = notice(Kind.TOO_OLD, "db01-fd", nights=6)
NEVER = notice(Kind.NEVER_BACKED_UP, "nas02-fd")
REFUSED = notice(Kind.FAILED, "db01-fd", cause=Cause.AUTHENTICATION, jobids=(1,))


@pytest.mark.parametrize(
    ("findings", "sentence"),
    [
        ([FOR_SIX], "1 of 4 servers is not protected: db01-fd for 6 nights."),
        ([NEVER], "1 of 4 servers is not protected: nas02-fd never."),
        ([notice(Kind.TOO_OLD, "db01-fd", nights=1)],
         "1 of 4 servers is not protected: db01-fd for 1 night."),
        ([notice(Kind.TOO_OLD, "db01-fd", since=at("15 23:00"))],
         "1 of 4 servers is not protected: db01-fd since 2026-11-15 14:00."),
        ([notice(Kind.TOO_OLD, "db01-fd")], "1 of 4 servers is not protected: db01-fd."),
        ([FOR_SIX, NEVER, REFUSED],
         "2 of 4 servers are not protected: db01-fd for 6 nights (authentication failed),"
         " nas02-fd never."),
        # Why another server fails is no reason.
        ([NEVER, REFUSED], "1 of 4 servers is not protected: nas02-fd never."),
        # The nights of the failure, where nothing better is known.
        ([notice(Kind.TOO_OLD, "db01-fd"), notice(Kind.FAILED, "db01-fd", nights=4)],
         "1 of 4 servers is not protected: db01-fd for 4 nights."),
        # Two jobs of one server are one server.
        ([FOR_SIX, notice(Kind.TOO_OLD, "db01-fd", job="db01-logs")],
         "1 of 4 servers is not protected: db01-fd for 6 nights."),
        ([notice(Kind.TOO_OLD, f"h{n}-fd", nights=9 - n) for n in range(5)],
         "5 of 9 servers are not protected: h0-fd for 9 nights, h1-fd for 8 nights,"
         " h2-fd for 7 nights, and 2 more."),
        ([notice(Kind.TOO_OLD, f"h{n}-fd", nights=9 - n) for n in range(3)],
         "3 of 7 servers are not protected: h0-fd for 9 nights, h1-fd for 8 nights,"
         " h2-fd for 7 nights."),
        ([notice(Kind.TOO_OLD, f"h{n}-fd", nights=9 - n) for n in range(4)],
         "4 of 8 servers are not protected: h0-fd for 9 nights, h1-fd for 8 nights,"
         " h2-fd for 7 nights, and 1 more."),
        # Without a server there is none to name.
        ([notice(Kind.TOO_OLD, "")], "This was found."),
    ],
)  # fmt: skip
def test_the_servers_that_are_not_protected_are_named(
    findings: list[Notice], sentence: str
) -> None:
    by_kind: dict[Kind, list[Notice]] = {}
    for one in findings:
        by_kind.setdefault(one.kind, []).append(one)
    verdict = judged_with(
        *(found(*many) for many in by_kind.values()),
        clients=["web01-fd", "db01-fd", "nas02-fd", "idle-fd"],
    )
    assert verdict.level is Level.CRITICAL
    assert str(verdict.sentence) == sentence


def test_a_server_with_another_job_that_is_well_is_named_with_its_job() -> None:
    jobs = [made_job(n, name=f"db01-{name}", client="db01-fd") for n, name in
            enumerate(["files", "logs"], 1)]  # fmt: skip
    verdict = judged_with(found(FOR_SIX), jobs=jobs)
    assert str(verdict.sentence) == (
        "1 of 1 server is not protected: db01-files on db01-fd for 6 nights."
    )


def test_a_server_whose_only_job_it_is_is_named_alone() -> None:
    jobs = [made_job(1, name="db01-files", client="db01-fd"), made_job(2, name="web01-files")]
    assert str(judged_with(found(FOR_SIX), jobs=jobs).sentence) == (
        "1 of 2 servers is not protected: db01-fd for 6 nights."
    )


def test_in_a_filtered_report_only_servers_with_jobs_are_counted() -> None:
    filters = Filters(clients=("db01-fd",))
    jobs = [made_job(1, name="db01-files", client="db01-fd")]
    verdict = judged_with(found(FOR_SIX), jobs=jobs, clients=["a-fd", "b-fd"], filters=filters)
    assert str(verdict.sentence) == "1 of 1 server is not protected: db01-fd for 6 nights."


def test_a_muted_server_is_not_named() -> None:
    verdict = judged_with(found(FOR_SIX, muted=MUTED), found(NEVER), clients=["a-fd"])
    assert "db01-fd" not in str(verdict.sentence)


FAILED_TWICE = [made_job(1, "f"), made_job(2, "f"), made_job(3, "f", client="b-fd"), made_job(4)]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"clients": ["web01-fd", "b-fd"], "protected": ["web01-fd", "b-fd"]},
         "Every server has a good backup, but 3 jobs failed on 2 servers."),
        # Not known of every server, or not known which servers there are.
        ({"clients": ["web01-fd", "b-fd"], "protected": ["web01-fd"]},
         "3 jobs failed, on 2 of 2 servers."),
        ({"clients": ["web01-fd", "b-fd", "idle-fd"], "protected": ["web01-fd", "b-fd"]},
         "3 jobs failed, on 2 of 2 servers."),
        ({"clients": None, "protected": ["web01-fd", "b-fd"]},
         "3 jobs failed, on 2 of 2 servers."),
    ],
)  # fmt: skip
def test_a_failure_among_servers_that_are_protected_is_put_in_its_place(
    changes: dict[str, Any], sentence: str
) -> None:
    assert str(judged_with(jobs=FAILED_TWICE, **changes).sentence) == sentence


def test_what_did_not_run_is_told_beside_what_failed() -> None:
    missed = found(notice(Kind.MISSED), notice(Kind.MISSED, "c-fd"))
    verdict = judged_with(missed, jobs=FAILED_TWICE)
    assert str(verdict.sentence) == (
        "3 jobs failed, on 2 of 2 servers; 2 jobs did not run though due."
    )
    nobodys = judged_with(missed, jobs=[made_job(1, "f", client="")])
    assert str(nobodys.sentence) == "1 job failed; 2 jobs did not run though due."


@pytest.mark.parametrize(
    ("letters", "findings", "sentence"),
    [
        ("T", [notice(Kind.UNUSUAL, severity=WARNING)], "This was found."),
        ("T", [notice(Kind.UNUSUAL, severity=WARNING), notice(Kind.ROOM, severity=WARNING)],
         "Nothing failed, but 2 things are worth a look."),
        ("TA", [notice(Kind.CANCELLED, severity=WARNING, jobids=(2,))],
         "Nothing failed, but 1 job is worth a look."),
        ("TA", [notice(Kind.ROOM, severity=WARNING)],
         "Nothing failed, but 2 things are worth a look."),
        ("", [notice(Kind.ROOM, severity=WARNING)], "No job ran in this period."),
    ],
)  # fmt: skip
def test_warnings_are_told_in_one_sentence(
    letters: str, findings: list[Notice], sentence: str
) -> None:
    jobs = [job_of(letter, jobid=number) for number, letter in enumerate(letters, 1)]
    verdict = judged_with(*(found(one) for one in findings), jobs=jobs)
    assert (verdict.level, str(verdict.sentence)) == (Level.ATTENTION, sentence)


# --- copies -----------------------------------------------------------------------------------


def test_good_copies_are_counted_nowhere_and_listed_with_their_originals() -> None:
    copy = made_job(3, type="C", prior_jobid=1)
    assessment = assess(made_snapshot(copy, made_job(2), made_job(1)))
    assert [(one.job.jobid, one.copy_of) for one in assessment.copies] == [(3, 1)]
    assert [one.job.jobid for one in assessment.counted] == [2, 1]
    assert assessment.counts[Outcome.SUCCESS] == 2
    assert [client.outcomes for client in assessment.clients] == [{Outcome.SUCCESS: 2}]
    assert assessment.backed_up == (20, 2_000)
    assert str(assessment.verdict.sentence) == "All 2 jobs succeeded, on 1 server."


def test_what_a_migration_wrote_is_counted_nowhere() -> None:
    began, ended = at("15 23:00"), at("15 23:30")
    written = made_job(3, type="B", prior_jobid=1, started=began, ended=ended)
    assessment = assess(made_snapshot(written, made_job(2), made_job(1, type="M")))
    assert [one.job.jobid for one in assessment.copies] == [3]
    assert assessment.backed_up == (10, 1_000)
    with_errors = replace(written, errors=2)
    assessment = assess(made_snapshot(with_errors, made_job(2), made_job(1, type="M")))
    assert (assessment.copies, assessment.counts[Outcome.WARNING]) == ((), 1)
    assert assessment.backed_up == (10, 1_000)


@pytest.mark.parametrize(("letter", "outcome"), [("f", Outcome.FAILED), ("E", Outcome.FAILED),
                                                 ("A", Outcome.CANCELLED), ("W", Outcome.WARNING),
                                                 ("R", Outcome.RUNNING)])  # fmt: skip
def test_a_copy_that_is_not_good_is_counted_as_what_it_is(letter: str, outcome: Outcome) -> None:
    assessment = assess(made_snapshot(made_job(3, letter, type="C", prior_jobid=1), made_job(1)))
    assert assessment.copies == ()
    assert assessment.counts[outcome] == 1
    assert all(one.copy_of == 0 for one in assessment.jobs)


def test_a_night_of_nothing_but_copies_says_so() -> None:
    verdict = assess(made_snapshot(made_job(3, type="C", prior_jobid=1))).verdict
    assert (verdict.level, str(verdict.sentence)) == (
        Level.GOOD, "1 copy was made; no other job ran.",
    )  # fmt: skip


@given(JOBS, st.lists(st.sampled_from("TfWAR"), max_size=4))
def test_counts_and_copies_add_up(jobs: list[Job], letters: list[str]) -> None:
    more = [
        replace(job_of(letter, jobid=500 + n), type="C", prior_jobid=n + 1)
        for n, letter in enumerate(letters)
    ]
    assessment = assess(made_snapshot(*jobs, *more))
    assert sum(assessment.counts.values()) == len(assessment.counted)
    assert len(assessment.counted) + len(assessment.copies) == len(assessment.jobs)
    assert len(assessment.copies) == letters.count("T")


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


def test_what_belongs_to_no_server_is_a_success_on_none() -> None:
    jobs = [made_job(1), made_job(2, type="D", client="")]
    assert str(judged_with(jobs=jobs).sentence) == "All 2 jobs succeeded, on 1 server."


@pytest.mark.parametrize(
    ("kind", "level"), [("B", Level.GOOD), ("M", Level.GOOD), ("V", Level.ATTENTION)]
)
def test_the_original_of_a_migration_was_a_backup_that_finished(kind: str, level: Level) -> None:
    assert judged_with(jobs=[made_job(1, type=kind)]).level is level


@pytest.mark.parametrize(
    ("ahead", "level"),
    [
        (timedelta(hours=1), Level.GOOD),
        (timedelta(hours=1, seconds=1), Level.ATTENTION),
        (timedelta(days=300), Level.ATTENTION),
    ],
)
def test_a_success_from_the_future_is_not_all_good(ahead: timedelta, level: Level) -> None:
    end = NOW + ahead
    later = made_job(2, ended=end, real_ended=end)
    assert judged_with(jobs=[made_job(1), later]).level is level


def test_it_is_said_how_many_jobs_ended_in_the_future() -> None:
    end = NOW + timedelta(days=1)
    wrong = "ended in the future: the clock of the Director or of this machine is wrong."
    for count, words in ((1, f"1 job {wrong}"), (2, f"2 jobs {wrong}")):
        later = [made_job(n, ended=end, real_ended=end) for n in range(1, count + 1)]
        assert str(judged_with(jobs=[made_job(9), *later]).sentence) == words
