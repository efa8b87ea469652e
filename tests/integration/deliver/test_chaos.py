"""Runs with faults thrown in (chaos): what was posted, accepted, kept and put aside adds up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.deliver.chaos import run

RUNS = 40


@pytest.mark.parametrize("seed", [1, 2])
def test_no_letter_is_lost_and_none_arrives_thrice(tmp_path: Path, seed: int) -> None:
    figures = run(RUNS, seed, tmp_path)
    assert figures.faults > RUNS
    assert figures.killed_after
    assert (figures.lost, figures.more, figures.twice_unexplained) == (0, 0, 0), str(figures)
    settled = figures.once + figures.twice + figures.waiting + figures.refused
    assert settled + figures.in_doubt_unseen + figures.given_up == figures.pieces == RUNS * 4
    assert figures.once > 0.7 * figures.pieces
