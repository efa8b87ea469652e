"""Every letter means what Bacula's documentation says; no other is taken for a success."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.bacula.codes import (
    FAILED_STATUS,
    LEVEL_NAMES,
    NEEDS_OPERATOR_STATUS,
    OPEN_STATUS,
    TYPE_NAMES,
    Outcome,
    outcome_of,
)
from tests import rig

# Letters as documented (JobStatus in src/jcr.h of Bacula 13.0).
DOCUMENTED = {
    Outcome.SUCCESS: "T",
    Outcome.WARNING: "WeD",
    Outcome.FAILED: "fEI",
    Outcome.CANCELLED: "A",
    Outcome.RUNNING: "RialLuw",
    Outcome.WAITING: "CBFSmMsjcdtpq",
}
LETTERS = [(letter, outcome) for outcome, letters in DOCUMENTED.items() for letter in letters]
LISTS = {"baculum-15.0": "jobs_v1_all", "bacularis-6.3": "bacularis_jobs_all_v1"}


@pytest.mark.parametrize(("letter", "outcome"), LETTERS)
def test_a_letter_has_its_documented_outcome(letter: str, outcome: Outcome) -> None:
    assert outcome_of(letter, 0) is outcome


@given(st.text().filter(lambda text: text not in dict(LETTERS)), st.none() | st.integers())
def test_any_other_string_is_unknown(status: str, errors: int | None) -> None:
    assert outcome_of(status, errors) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("errors", "outcome"),
    [
        (0, Outcome.SUCCESS),
        # Missing is not zero.
        (None, Outcome.UNKNOWN),
        (1, Outcome.WARNING),
        (10**9, Outcome.WARNING),
        (-1, Outcome.WARNING),
    ],
)
def test_a_success_is_known_to_have_had_no_errors(errors: int | None, outcome: Outcome) -> None:
    assert outcome_of("T", errors) is outcome


@given(st.sampled_from([letter for letter, _ in LETTERS if letter != "T"]), st.integers())
def test_errors_change_no_other_letter(letter: str, errors: int) -> None:
    assert outcome_of(letter, errors) is outcome_of(letter, 0)


def test_every_outcome_can_be_reached() -> None:
    told = {outcome_of(letter, 0) for letter in [*dict(LETTERS), "?"]}
    # That a job recovered is told by a later run of it.
    assert told == set(Outcome) - {Outcome.RECOVERED}


def test_open_are_exactly_the_letters_of_jobs_that_run_or_wait() -> None:
    running_or_waiting = (Outcome.RUNNING, Outcome.WAITING)
    assert {letter for letter, outcome in LETTERS if outcome in running_or_waiting} == OPEN_STATUS
    assert NEEDS_OPERATOR_STATUS <= OPEN_STATUS
    assert not FAILED_STATUS & OPEN_STATUS


@pytest.mark.parametrize(("server", "name"), LISTS.items())
def test_every_recorded_letter_has_a_name(server: str, name: str) -> None:
    rows = rig.output(name, server)
    assert {row["type"] for row in rows} <= TYPE_NAMES.keys()
    assert {row["level"].strip() for row in rows} <= LEVEL_NAMES.keys() | {""}
    assert Outcome.UNKNOWN not in {outcome_of(row["jobstatus"], 0) for row in rows}
