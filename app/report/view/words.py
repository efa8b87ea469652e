"""What every part of the view needs: the language, the numbers, and where a job is found."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from app.bacula.codes import Outcome
from app.i18n import N_, Translator
from app.report.format import Formatter


@dataclass(frozen=True, slots=True)
class Words:
    """One language and one page.

    Attributes:
        tr: translates sentences.
        fmt: writes numbers and times.
        web: address of the web interface, "" for none.
        cards: the JobIds that have a card of their own on the page.
    """

    tr: Translator
    fmt: Formatter
    web: str
    cards: Collection[int]

    def url(self, jobid: int) -> str:
        """Return the job's address in the web interface, "" when there is none."""
        return f"{self.web}/web/job/history/{jobid}/" if self.web else ""

    def place(self, jobid: int) -> str:
        """Return where a job is told about: its card on the page, else the web interface."""
        if jobid in self.cards:
            return f"#job-{jobid}"
        return self.url(jobid) if jobid else ""


# Bacula's own names, as in `codes`; written out once more so that they can be collected for
# translation. A test holds both against each other.
LEVELS = {
    "F": N_("Full"), "D": N_("Differential"), "I": N_("Incremental"), "S": N_("Since"),
    "B": N_("Base"), "f": N_("VirtualFull"), "V": N_("Verify init"), "C": N_("Verify catalog"),
    "O": N_("Verify volume"), "d": N_("Verify disk"), "A": N_("Verify data"),
}  # fmt: skip
OUTCOMES = {
    Outcome.FAILED: N_("Failed"),
    Outcome.UNKNOWN: N_("Unknown"),
    Outcome.WARNING: N_("Warnings"),
    Outcome.CANCELLED: N_("Cancelled"),
    Outcome.RECOVERED: N_("Recovered"),
    Outcome.WAITING: N_("Waiting"),
    Outcome.RUNNING: N_("Running"),
    Outcome.SUCCESS: N_("Successful"),
}
