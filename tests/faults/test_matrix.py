"""Every fault at every call: the run ends by itself, with the documented code, and is never wrong.

CI strikes the diagonals of the matrix, which touch every call and every fault;
`FAULT_MATRIX=all` strikes everything.
"""

from __future__ import annotations

import os

import pytest

from tests.faults.table import CALLS, CASES, Cell, Expected, cells, expected, sentence, tries
from tests.faults.whole import Ran, Site

WHOLE = os.environ.get("FAULT_MATRIX") == "all"
EVERY = 23
"""Of so many diagonals, CI strikes one."""
MATRIX = [cell for diagonal, cell in cells() if WHOLE or diagonal % EVERY == 0]
HEALTHY: dict[str, Ran] = {}


def test_what_ci_strikes_touches_every_call_and_every_fault() -> None:
    assert {cell.call.name for cell in MATRIX} == {call.name for call in CALLS}
    assert {cell.case.name for cell in MATRIX} == {case.name for case in CASES}
    assert {cell.language for cell in MATRIX} == {"en", "ko"}


@pytest.mark.parametrize("cell", MATRIX, ids=str)
def test_a_fault_costs_what_its_call_brings_and_nothing_else(site: Site, cell: Cell) -> None:
    call, case = cell.call, cell.case
    fault = case.at(call)
    ran = site.run(
        [fault, *call.server],
        cell.flavour,
        paging=call.paging,
        arguments=("--mode", "production", "--lang", cell.language),
        settings=case.settings,
    )
    wanted = expected(call, case.wrong)
    assert fault.seen, "this call was not made"
    assert_expected(ran, wanted)
    if case.wrong is not None and not case.settings:
        # Three versions of the API for the first call; both ways to ask for the configuration.
        assert fault.seen <= 3 * tries(case.wrong) * 2
    reason = next((r for k, r in ran.named("gaps").items() if k == wanted.gap), None)
    if reason and case.wrong and cell.language == "en":
        assert sentence(case.wrong).fullmatch(reason) or "created before" in reason
    if ran.code != 4:
        assert_right(ran, healthy(site), cell)


def assert_expected(ran: Ran, wanted: Expected) -> None:
    """The exit code, the verdict, and what is said to be missing."""
    gaps, notes = ran.named("gaps"), ran.named("notes")
    assert (wanted.code, wanted.verdict) == (ran.code, ran.verdict), (gaps, ran.err)
    assert set(gaps) == ({wanted.gap.value} if wanted.gap else set())
    if wanted.note is not None:
        assert wanted.note.value in notes


def healthy(site: Site) -> Ran:
    """The same night without any fault."""
    if "night" not in HEALTHY:
        HEALTHY["night"] = site.run()
    return HEALTHY["night"]


def assert_right(ran: Ran, well: Ran, cell: Cell) -> None:
    """What is in the report is so, whatever is missing."""
    told = ran.outcomes()
    # Looked at alone, this job has ended; without that look it still runs, as every list says.
    assert {jobid: told[jobid] for jobid in told if jobid != 1003} == {
        jobid: outcome for jobid, outcome in well.outcomes().items() if jobid != 1003
    }
    assert told[1003] in ("running", "success")
    clients = ran.document["summary"]["clients"]["total"]
    assert clients == well.document["summary"]["clients"]["total"]
    asked = len(ran.asked) - len(well.asked)
    assert asked <= 40, ran.asked
    assert cell.case.wrong is not None or told == well.outcomes()
