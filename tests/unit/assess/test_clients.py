"""How each server stands: by the worst of its jobs."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assess import JudgedJob
from app.assess.clients import judge_clients, protected_servers
from app.assess.history import Track
from app.assess.model import ClientState
from app.assess.protection import Protection, ProtectionState
from app.bacula.codes import Outcome
from tests.unit.made import made_job

F, U, W, C, R, WAIT, RUN, S = Outcome
JUDGED = st.lists(
    st.builds(
        lambda client, outcome: JudgedJob(made_job(client=client), outcome),
        st.sampled_from(["", "a-fd", "b-fd", "한글-fd"]),
        st.sampled_from(Outcome),
    )
)


def on(client: str, *outcomes: Outcome) -> list[JudgedJob]:
    return [JudgedJob(made_job(client=client), outcome) for outcome in outcomes]


@pytest.mark.parametrize(
    ("outcomes", "state", "worst"),
    [
        ([S], ClientState.FINE, S),
        ([S, S], ClientState.FINE, S),
        ([S, RUN], ClientState.IN_PROGRESS, RUN),
        ([S, RUN, WAIT], ClientState.IN_PROGRESS, WAIT),
        ([S, R], ClientState.FINE, R),
        ([R, RUN], ClientState.IN_PROGRESS, RUN),
        ([R, C], ClientState.TROUBLED, C),
        ([S, C], ClientState.TROUBLED, C),
        ([S, W], ClientState.TROUBLED, W),
        ([W, U], ClientState.TROUBLED, U),
        ([RUN, S, F, U], ClientState.TROUBLED, F),
    ],
)
def test_the_worst_of_its_jobs_decides(
    outcomes: list[Outcome], state: ClientState, worst: Outcome
) -> None:
    (found,) = judge_clients(on("a-fd", *outcomes))
    assert (found.state, found.worst, found.outcomes) == (state, worst, Counter(outcomes))


def test_the_worst_come_first_and_equals_by_name() -> None:
    jobs = on("d-fd", S) + on("c-fd", F) + on("b-fd", S) + on("a-fd", W)
    assert [one.name for one in judge_clients(jobs)] == ["c-fd", "a-fd", "b-fd", "d-fd"]


def test_a_job_without_a_client_is_nobodys() -> None:
    assert judge_clients(on("", F)) == ()


@given(JUDGED)
def test_every_job_with_a_client_is_counted_once(jobs: list[JudgedJob]) -> None:
    found = judge_clients(jobs)
    assert sum(sum(one.outcomes.values()) for one in found) == sum(bool(j.job.client) for j in jobs)
    assert len({one.name for one in found}) == len(found)


@given(JUDGED)
def test_a_server_is_fine_only_if_every_one_of_its_jobs_succeeded_or_was_made_up_for(
    jobs: list[JudgedJob],
) -> None:
    for one in judge_clients(jobs):
        all_well = {j.outcome for j in jobs if j.job.client == one.name} <= {S, R}
        assert (one.state is ClientState.FINE) is all_well


# --- protection -------------------------------------------------------------------------------


def protection(client: str, state: ProtectionState) -> Protection:
    track = Track("job", client, "B", ())
    return Protection(client, "job", state, {}, None, "any", None, track)


@pytest.mark.parametrize(
    ("states", "protected"),
    [
        ([], None),
        ([ProtectionState.PROTECTED], True),
        ([ProtectionState.PROTECTED, ProtectionState.PROTECTED], True),
        ([ProtectionState.PROTECTED, ProtectionState.UNKNOWN], None),
        ([ProtectionState.UNKNOWN], None),
        ([ProtectionState.PROTECTED, ProtectionState.TOO_OLD], False),
        ([ProtectionState.UNKNOWN, ProtectionState.NEVER], False),
    ],
)
def test_a_server_is_protected_if_each_of_its_jobs_is_known_to_be(
    states: list[ProtectionState], protected: bool | None
) -> None:
    known = protected_servers([protection("a-fd", state) for state in states])
    assert known.get("a-fd") is protected
    (found,) = judge_clients(on("a-fd", S), known)
    assert found.protected is protected


def test_protection_of_no_server_is_nobodys() -> None:
    assert protected_servers([protection("", ProtectionState.NEVER)]) == {}
