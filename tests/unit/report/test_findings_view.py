"""Findings on the page: the gravest first, each job found from its finding, nothing too long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from app.assess.finding import Cause, Kind, News, Notice, Severity
from app.assess.findings.catalogue import TITLES
from app.i18n import msg
from app.policy import Mute, Policy
from app.report.view import FindingsView, FindingView
from app.report.view import findings as findings_module
from app.snapshot import Gap, GapSource, Snapshot
from tests.unit.made import NOW, made_job, made_snapshot
from tests.unit.report import nights
from tests.unit.report.nights import found_in, success, text_of, unreachable, view_of


def notice(kind: Kind = Kind.FAILED, **changes: Any) -> Notice:
    base = Notice(kind, Severity.CRITICAL, msg("It failed."), action=msg("Do this."), client="a-fd")
    return replace(base, **changes)


def told(
    *notices: Notice,
    snapshot: Snapshot | None = None,
    mutes: Sequence[Mute] = (),
    web: str = "",
) -> FindingsView:
    """What is told of these notices."""
    night = snapshot or made_snapshot(success(1))
    view = view_of(found_in(night, notices, Policy(mutes=tuple(mutes))), web_url=web)
    assert view.findings is not None
    return view.findings


def only(view: FindingsView) -> FindingView:
    """The one alarm."""
    (group,) = view.alarms
    (finding,) = group.findings
    return finding


def test_critical_comes_before_warning_and_good_to_know_apart() -> None:
    view = told(
        notice(Kind.ROOM, severity=Severity.WARNING),
        notice(Kind.SOLVED, severity=Severity.INFO),
        notice(Kind.FAILED),
    )
    assert [(group.severity, group.count) for group in view.alarms] == [
        ("critical", 1),
        ("warning", 1),
    ]
    assert view.info is not None
    assert [one.kind for one in view.info.findings] == ["solved"]


def test_a_finding_alone_says_who_and_what_next() -> None:
    one = only(
        told(
            notice(
                job="a-data", jobids=(1,), since=NOW - timedelta(days=6), nights=6,
                news=News.CONTINUING, cause=Cause.AUTHENTICATION, evidence=("a: Fatal error: no",),
            )
        )
    )  # fmt: skip
    assert (one.title, one.level, one.severity) == ("Failed", "Critical", "critical")
    assert (one.sentence, one.action) == ("It failed.", "Do this.")
    assert one.badges == ("6 nights in a row", "authentication failed")
    assert (one.since, one.evidence) == ("15 Nov 08:00", ("a: Fatal error: no",))
    assert one.alone is not None
    assert (one.alone.client, one.alone.job, one.alone.sentence) == ("a-fd", "a-data", "")
    assert (one.concerns, one.more) == ((), ())


@pytest.mark.parametrize(
    ("changes", "badges"),
    [
        ({}, ()),
        ({"nights": 1}, ()),
        ({"nights": 2}, ("2 nights in a row",)),
        ({"news": News.NEW}, ("new",)),
        ({"news": News.SOLVED}, ("solved",)),
        ({"news": News.CONTINUING}, ()),
    ],
)
def test_a_badge_says_only_what_is_known(changes: dict[str, Any], badges: tuple[str, ...]) -> None:
    assert only(told(notice(**changes))).badges == badges


def test_forty_jobs_of_one_cause_are_one_finding_and_ten_are_shown_at_once() -> None:
    one = only(told(*unreachable(40)))
    assert one.sentence == "40 jobs failed: File Daemon not reached."
    assert [concern.client for concern in one.concerns] == [f"branch{n:02d}-fd" for n in range(10)]
    assert (len(one.more), one.all_label, one.left_out) == (30, "Show 30 more", "")
    assert one.concerns[0].sentence == "branch00-home failed: the File Daemon was not reached."
    assert one.concerns[0].badges == ()
    assert one.alone is None


def test_thousands_of_jobs_are_not_all_listed_but_counted() -> None:
    one = only(told(*unreachable(10_000)))
    assert len(one.concerns) + len(one.more) == findings_module.MOST
    assert one.left_out == "and 9,800 more"


def test_a_badge_that_all_share_is_told_once() -> None:
    first, *others = unreachable(3)
    one = only(told(replace(first, nights=4, news=News.CONTINUING), *others))
    assert one.badges == ("4 nights in a row", "File Daemon not reached")
    assert [concern.badges for concern in one.concerns] == [(), ("new",), ("new",)]


def test_each_job_has_its_own_next_step_where_they_differ() -> None:
    view = told(notice(job="a"), notice(job="b", action=msg("Do that.")))
    one = only(view)
    assert one.action == ""
    assert [concern.action for concern in one.concerns] == ["Do this.", "Do that."]
    same = only(told(notice(job="a"), notice(job="b")))
    assert (same.action, [concern.action for concern in same.concerns]) == ("Do this.", ["", ""])


def test_what_to_do_about_all_of_them_is_said_once() -> None:
    hosts = [
        replace(one, action=msg("Start bacula-fd on {host}.", host=one.client))
        for one in unreachable(3)
    ]
    one = only(told(*hosts))
    assert one.action.startswith("Look for what they share")
    assert [concern.action for concern in one.concerns] == ["", "", ""]


def test_where_there_is_nothing_to_do_nothing_is_said() -> None:
    assert only(told(notice(action=None))).action == ""


def test_a_job_leads_to_its_card_else_to_the_web_interface_else_nowhere() -> None:
    night = made_snapshot(made_job(1, "f"), success(2))
    one = only(told(notice(jobids=(1, 2, 77)), snapshot=night))
    assert one.alone is not None
    assert [(link.jobid, link.href) for link in one.alone.links] == [("77", ""), ("2", "")]
    assert one.alone.more_runs == "+1"
    linked = only(told(notice(jobids=(1, 77)), snapshot=night, web="https://b:9095"))
    assert linked.alone is not None
    assert [link.href for link in linked.alone.links] == [
        "https://b:9095/web/job/history/77/",
        "#job-1",
    ]
    assert linked.alone.more_runs == ""


def test_a_finding_about_a_pool_names_no_server() -> None:
    one = only(told(notice(Kind.POOL_FULL, client="", detail="Full")))
    assert (one.alone, one.concerns) == (None, ())


def test_evidence_is_short() -> None:
    lines = ("x" * 5_000, "y\n\n" * 50)
    one = only(told(notice(evidence=lines)))
    assert [len(line) for line in one.evidence] == [240, 1, 1]
    assert one.evidence[0].endswith("…")


def test_more_findings_than_one_can_read_are_folded_away() -> None:
    view = told(*(notice(Kind.UNUSUAL, detail=f"{n}") for n in range(30)))
    (group,) = view.alarms
    shown = findings_module.MOST_FINDINGS
    assert (len(group.findings), len(group.rest), group.count) == (shown, 30 - shown, 30)
    assert group.rest_label == f"{30 - shown} more findings"


MUTE = Mute("known until the move", date(2026, 12, 31), job="old-*")


def test_what_is_muted_alarms_nobody_and_says_why_and_until_when() -> None:
    view = told(notice(job="old-data"), mutes=[MUTE])
    assert view.alarms == ()
    assert view.muted is not None
    assert view.muted.findings[0].muted == "Muted until Thu 31 Dec 2026: known until the move"
    assert view.muted.findings[0].severity == "muted"
    assert view.calm == ""


def test_nothing_to_act_upon_is_said_only_where_it_could_be_judged() -> None:
    calm = "There is nothing else to act upon."
    known = nights.fortnight(2)
    assert told(snapshot=known).calm == calm
    assert told(notice(Kind.SOLVED, severity=Severity.INFO), snapshot=known).calm == calm
    assert told(notice(), snapshot=known).calm == ""
    assert told(snapshot=replace(known, notes=(NOTE,))).calm == ""
    assert told(snapshot=replace(known, gaps=(NOTE,))).calm == ""
    # Without a past, hardly anything could be judged; without a job, nothing.
    assert told(snapshot=made_snapshot(success(1))).calm == ""
    assert told(snapshot=replace(known, jobs=())).calm == ""
    assert view_of(nights.unknown()).findings is None


NOTE = Gap(GapSource.SCHEDULE, msg("It was not had."))


def test_a_note_says_what_was_not_judged_and_is_no_banner() -> None:
    view = view_of(found_in(made_snapshot(success(1), notes=(NOTE,)), []))
    assert view.banner == ()
    assert view.findings is not None
    assert view.findings.notes == ("the schedules: It was not had.",)
    assert not view.findings.empty


def test_every_kind_has_a_title_in_the_view() -> None:
    for kind in Kind:
        assert only(told(notice(kind))).title == TITLES[kind]


def test_the_text_tells_each_finding_with_its_next_step_and_its_jobs() -> None:
    lines = text_of(nights.troubled()).splitlines()
    place = lines.index("! Failed: server01-data failed: the password was refused.")
    assert lines[place + 1 : place + 5] == [
        "  -> Compare the Password of the Client resource with bacula-fd.conf.",
        "  since 15 Nov 08:00; 6 nights in a row; authentication failed",
        "    | server01-fd: Fatal error: bnet.c:884 Authorization problem: password refused",
        "    * server01-fd > server01-data, JobId 451",
    ]
    assert "    + and 4 more" in lines
    assert "== Good to know (2) ==" in lines
    assert "  - the pools: backup01:9096 did not answer within 10 seconds." in lines
    muted = [line for line in lines if line.startswith("- Last good backup too old")]
    assert muted[0].endswith("(Muted until Thu 31 Dec 2026: decommissioned at the end of the year)")
