"""From notices to findings: what says the same is said once, the gravest first, mutes apart."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assess.case import Case
from app.assess.finding import Cause, Finding, Kind, News, Notice, Severity
from app.assess.findings.catalogue import ACTIONS
from app.assess.findings.gather import gather
from app.i18n import msg
from app.period import Period
from app.policy import Mute, Policy
from tests.unit.made import NIGHT, NOW, at, made_case, made_snapshot

TODAY = NOW.date()


def notice(job: str = "db01", kind: Kind = Kind.FAILED, **changes: Any) -> Notice:
    """A failure of a job, varied."""
    given = {"severity": Severity.WARNING, "sentence": msg("{job} it is.", job=job), **changes}
    return Notice(kind, **{"client": f"{job}-fd", "job": job, **given})


def case(*mutes: Mute) -> Case:
    """The case of an empty night, with such mutes."""
    return made_case(made_snapshot(), Policy(mutes=mutes))


def mute(**changes: Any) -> Mute:
    """A mute that holds until today."""
    return Mute(**{"reason": "known", "until": TODAY, **changes})


def jobs(findings: tuple[Finding, ...]) -> list[list[str]]:
    return [[one.job for one in finding.notices] for finding in findings]


def test_of_nothing_nothing_is_found() -> None:
    assert gather([], case()) == ()


def test_a_single_notice_speaks_for_itself() -> None:
    one = notice(action=msg("Look."), since=at("20 23:00"), nights=3, news=News.CONTINUING)
    (finding,) = gather([one], case())
    assert finding.sentence == one.sentence
    assert (finding.kind, finding.severity, finding.notices) == (one.kind, one.severity, (one,))
    assert (finding.action, finding.since, finding.nights) == (one.action, one.since, 3)
    assert (finding.news, finding.clients, finding.muted) == (News.CONTINUING, ("db01-fd",), None)


def test_many_that_say_the_same_are_one_finding() -> None:
    cause = Cause.CLIENT_UNREACHABLE
    (finding,) = gather([notice(f"job{n}", cause=cause) for n in range(40)], case())
    assert len(finding.notices) == 40
    assert str(finding.sentence) == "40 jobs failed: File Daemon not reached."


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": Kind.CANCELLED},
        {"severity": Severity.CRITICAL},
        {"cause": Cause.SCRIPT},
        {"detail": "Full"},
    ],
)
def test_what_does_not_say_the_same_stays_apart(changes: dict[str, Any]) -> None:
    cause = Cause.CLIENT_UNREACHABLE
    found = gather([notice("a", cause=cause), notice("b", **{"cause": cause, **changes})], case())
    assert len(found) == 2


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        (Kind.POOL_FULL, 1),
        (Kind.ROOM, 1),
        (Kind.EXPIRING, 1),
        (Kind.VOLUME_ERROR, 2),
        (Kind.NEEDS_OPERATOR, 2),
    ],
)
def test_pools_are_told_together_though_each_has_a_name(kind: Kind, count: int) -> None:
    two = [notice("", kind, detail=name) for name in ("Diff", "Full")]
    found = gather(two, case())
    assert len(found) == count
    # The name of each stays in the key, so that another pool is another finding.
    assert {name for finding in found for name in ("Diff", "Full") if name in finding.key} == {
        "Diff",
        "Full",
    }


def test_a_job_that_ran_again_tells_nothing_of_why_its_backup_is_too_old() -> None:
    old = notice("a", Kind.TOO_OLD, action=msg("Run it."))
    graver = notice("a", Kind.MISSED, severity=Severity.CRITICAL)
    mere = notice("a", Kind.MISSED, severity=Severity.INFO)
    assert str(gather([old, graver], case())[1].action) == "See the missing run below."
    assert str(gather([old, mere], case())[0].action) == "Run it."


@pytest.mark.parametrize(
    ("kind", "muted"),
    [
        (Kind.POOL_FULL, True),
        (Kind.ROOM, True),
        (Kind.EXPIRING, True),
        (Kind.VOLUME_ERROR, True),
        # Its detail is the Pool too, but it is about a job.
        (Kind.FAILED, False),
        (Kind.NEEDS_OPERATOR, False),
    ],
)
def test_a_pool_may_be_muted_alone(kind: Kind, muted: bool) -> None:
    two = [notice("", kind, detail=name) for name in ("Tape-1", "Disk")]
    found = gather(two, case(mute(pool="Tape-*")))
    quiet = {n.detail for finding in found if finding.muted for n in finding.notices}
    assert quiet == ({"Tape-1"} if muted else set())
    # What is about no pool has no name that a pattern of names could fit.
    every = gather(two, case(mute(pool="?*")))
    assert all((finding.muted is not None) is muted for finding in every)


def test_the_longest_lasting_notice_comes_first() -> None:
    found = gather(
        [
            notice("c", nights=1),
            notice("b", nights=6, since=at("15 22:00")),
            notice("d"),
            notice("a", nights=6, since=at("14 22:00")),
            notice("e", nights=6),
        ],
        case(),
    )
    assert jobs(found) == [["a", "b", "e", "c", "d"]]
    assert (found[0].nights, found[0].since) == (6, at("14 22:00"))


def test_the_gravest_finding_comes_first_then_the_order_of_kinds_then_the_larger() -> None:
    found = gather(
        [
            notice("info", Kind.EXPIRING, severity=Severity.INFO),
            notice("few", Kind.FAILED, cause=Cause.SCRIPT),
            notice("many", Kind.FAILED, cause=Cause.FILES),
            notice("more", Kind.FAILED, cause=Cause.FILES),
            notice("old", Kind.TOO_OLD),
            notice("worst", Kind.POOL_FULL, severity=Severity.CRITICAL),
        ],
        case(),
    )
    assert jobs(found) == [["worst"], ["old"], ["many", "more"], ["few"], ["info"]]


def test_of_equals_the_one_with_the_longer_streak_comes_first() -> None:
    short = notice("short", detail="a", nights=1)
    long = notice("long", detail="b", nights=4)
    assert jobs(gather([short, long], case())) == [["long"], ["short"]]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([News.NEW, News.NEW], News.NEW),
        ([News.NEW, News.CONTINUING], News.CONTINUING),
        ([None, None], None),
    ],
)
def test_a_finding_is_new_only_if_all_of_it_is(
    told: list[News | None], expected: News | None
) -> None:
    (finding,) = gather([notice(f"job{n}", news=one) for n, one in enumerate(told)], case())
    assert finding.news is expected


@pytest.mark.parametrize(
    ("changes", "muted"),
    [
        ({}, True),
        ({"job": "db*"}, True),
        ({"client": "db01-fd"}, True),
        ({"kind": "failed"}, True),
        ({"kind": "fail*", "job": "db01", "client": "*"}, True),
        ({"job": "web*"}, False),
        ({"client": "db01"}, False),
        ({"kind": "missed"}, False),
        # It holds on its last day, and not on the next.
        ({"until": TODAY}, True),
        ({"until": TODAY - timedelta(days=1)}, False),
        ({"until": date.max}, True),
    ],
)
def test_a_mute_holds_for_what_it_names_until_its_last_day(
    changes: dict[str, Any], muted: bool
) -> None:
    one = mute(**changes)
    (finding,) = gather([notice()], case(one))
    assert finding.muted == (one if muted else None)


def test_a_period_that_ends_at_midnight_is_muted_as_the_day_before() -> None:
    yesterday = mute(until=TODAY - timedelta(days=1))
    midnight = NOW.replace(hour=0)
    for minutes, muted in ((0, yesterday), (1, None)):
        period = Period(NIGHT.start, midnight + timedelta(minutes=minutes))
        snapshot = made_snapshot(period=period)
        (finding,) = gather([notice()], made_case(snapshot, Policy(mutes=(yesterday,))))
        assert finding.muted == muted


def test_a_muted_notice_never_shares_a_finding_with_one_that_is_not() -> None:
    known = mute(job="db01")
    found = gather([notice("db01"), notice("db02"), notice("db03")], case(known))
    assert [(finding.muted, len(finding.notices)) for finding in found] == [(None, 2), (known, 1)]


@pytest.mark.parametrize("kind", [Kind.TOO_OLD, Kind.NEVER_BACKED_UP])
@pytest.mark.parametrize(
    ("other", "action"),
    [
        (notice(kind=Kind.FAILED), "See the failure below."),
        (notice(kind=Kind.MISSED), "See the missing run below."),
        (notice(kind=Kind.LATE), "Run it."),
        (notice("db02", kind=Kind.FAILED), "Run it."),
    ],
)
def test_what_to_do_about_a_job_is_told_once(kind: Kind, other: Notice, action: str) -> None:
    old = notice(kind=kind, severity=Severity.CRITICAL, action=msg("Run it."))
    for told in ([old, other], [other, old]):
        assert [str(f.action) for f in gather(told, case()) if f.kind is kind] == [action]


def test_what_to_do_about_several_is_told_together_only_if_it_is_the_same() -> None:
    many = [notice(f"job{n}", action=msg("Look at {n}.", n=str(n))) for n in (1, 2)]
    assert gather(many, case())[0].action is None
    same = [notice(f"job{n}", action=msg("Look.")) for n in (1, 2)]
    assert str(gather(same, case())[0].action) == "Look."


def test_where_it_differs_from_job_to_job_the_cause_tells_what_to_do() -> None:
    cause = Cause.CLIENT_UNREACHABLE
    actions = [msg("Start it on {n}.", n=str(n)) for n in (1, 2)]
    differ = [notice(f"job{n}", cause=cause, action=one) for n, one in enumerate(actions)]
    assert gather(differ, case())[0].action == msg(ACTIONS[cause])
    same = [notice(f"job{n}", cause=cause, action=actions[0]) for n in (1, 2)]
    assert gather(same, case())[0].action == actions[0]
    assert gather(differ[:1], case())[0].action == actions[0]


def test_two_mutes_are_two_reasons() -> None:
    one, other = mute(job="db01", reason="moved"), mute(reason="holiday")
    found = gather([notice("db01"), notice("db02")], case(one, other))
    assert {finding.muted for finding in found} == {one, other}


def test_the_key_stays_while_the_same_is_wrong_with_the_same_jobs() -> None:
    (today,) = gather([notice("a", nights=1, jobids=(1,)), notice("b", nights=9)], case())
    (tomorrow,) = gather([notice("b", nights=10), notice("a", nights=2, jobids=(7,))], case())
    (other,) = gather([notice("b", nights=10), notice("c")], case())
    assert today.key == tomorrow.key != other.key


NOTICES = st.lists(
    st.builds(
        notice,
        st.sampled_from(["db01", "db02", "web01"]),
        st.sampled_from([Kind.FAILED, Kind.MISSED, Kind.ROOM]),
        severity=st.sampled_from(Severity),
        cause=st.sampled_from([None, Cause.SCRIPT]),
        detail=st.sampled_from(["", "Full"]),
        nights=st.integers(0, 3),
        since=st.sampled_from([None, at("19 22:00"), at("20 22:00")]),
        jobids=st.lists(st.integers(1, 3), max_size=2).map(tuple),
    ),
    max_size=12,
    unique_by=repr,
)
MUTES = st.lists(
    st.builds(mute, job=st.sampled_from(["*", "db01"]), kind=st.sampled_from(["*", "room"])),
    max_size=2,
)


@given(NOTICES, MUTES)
def test_every_notice_is_in_exactly_one_finding(notices: list[Notice], mutes: list[Mute]) -> None:
    found = gather(notices, case(*mutes))
    told = [one for finding in found for one in finding.notices]
    assert sorted(map(repr, told)) == sorted(map(repr, notices))


@given(NOTICES, st.randoms(use_true_random=False))
def test_the_order_in_which_finders_tell_does_not_matter(
    notices: list[Notice], dice: random.Random
) -> None:
    shuffled = list(notices)
    dice.shuffle(shuffled)
    assert gather(shuffled, case()) == gather(notices, case())
