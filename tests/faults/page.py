"""The section "The fault matrix" of docs/reliability.md, from the tables that the tests use.

`python -m tests.faults.page` writes it anew.
"""

from __future__ import annotations

import re
from pathlib import Path

from app.api.faults import ApiError
from app.api.faults import Fault as Wrong
from tests.faults.table import CALLS, CASES, Call, Expected, expected, tries

PATH = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN = "<!-- faults: begin (written by `python -m tests.faults.page`) -->"
END = "<!-- faults: end -->"
_FAILS, _REFUSED = Wrong.SERVER, Wrong.FORBIDDEN
_VERDICTS = {
    "good": "as without the fault",
    "attention": "at least *look at this*",
    "unknown": "*not known*",
}


def section() -> str:
    """Return both tables."""
    calls = [_row(call) for call in CALLS]
    faults = [_fault(wrong) for wrong in Wrong if _names(wrong)]
    harmless = ", ".join(case.name for case in CASES if case.wrong is None)
    return "\n".join(
        (
            BEGIN,
            "",
            "| If this call fails for good | Exit code | Verdict of a night without failures "
            "| Said to be missing | If it is refused or not offered |",
            "| --- | ---: | --- | --- | --- |",
            *calls,
            "",
            "| What a call meets | What the report says of it | Tries |",
            "| --- | --- | ---: |",
            *faults,
            "",
            f"These do no harm: {harmless}.",
            "",
            END,
        )
    )


def _row(call: Call) -> str:
    fails, refused = expected(call, _FAILS), expected(call, _REFUSED)
    other = "the same" if fails == refused else f"exit {refused.code}, {_said(refused)}"
    verdict = _VERDICTS[fails.verdict]
    return f"| {call.name} | {fails.code} | {verdict} | {_said(fails)} | {other} |"


def _said(one: Expected) -> str:
    if one.note is not None:
        return f"a note: {one.note.value}"
    return one.gap.value if one.gap is not None else "nothing"


def _names(wrong: Wrong) -> list[str]:
    return [case.name for case in CASES if case.wrong is wrong]


def _fault(wrong: Wrong) -> str:
    names = ", ".join(f"`{name}`" if "JSON " in name else name for name in _names(wrong))
    told = re.sub(r"\{\w+\}", "…", ApiError(wrong).what.msgid)
    return f"| {names} | {told} | {tries(wrong)} |"


def written() -> str:
    """Return the section as the document has it."""
    text = PATH.read_text("utf-8")
    return BEGIN + text.partition(BEGIN)[2].partition(END)[0] + END


def main() -> None:
    """Write the section anew, where it stands."""
    text = PATH.read_text("utf-8")
    PATH.write_text(text.replace(written(), section()), "utf-8")


if __name__ == "__main__":
    main()
