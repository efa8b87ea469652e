"""One tree of errors: each knows its exit code, what happened and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from app.i18n import Message


class ExitCode(IntEnum):
    """The documented exit codes of the command."""

    DONE = 0
    FINDINGS = 1
    USAGE = 2
    SETTINGS = 3
    API = 4
    INCOMPLETE = 5
    DELIVERY = 6
    WRITE = 7


class ReportError(Exception):
    """Something that ends the run or leaves a gap, told to a person in one or two sentences.

    Attributes:
        what: what is wrong, and where.
        cure: what to do.
        detail: the server's or system's own words, for the console log only; may hold host names.
    """

    exit_code = ExitCode.USAGE

    def __init__(self, what: Message, cure: Message | None = None, detail: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.cure = cure
        self.detail = detail

    @property
    def told(self) -> Message:
        """The sentence, the cure and the server's own words, for the log."""
        parts = {"what": self.what, "cure": self.cure, "detail": self.detail}
        told = {name: part for name, part in parts.items() if part}
        return Message(" ".join(f"{{{name}}}" for name in told), told)

    @property
    def problems(self) -> Sequence[tuple[Message, Message | None]]:
        """Every problem this error stands for, as (what, cure)."""
        return ((self.what, self.cure),)

    def __str__(self) -> str:
        """Return the English sentences."""
        return " ".join(str(part) for pair in self.problems for part in pair if part is not None)


class UsageError(ReportError):
    """The command line asks for something that cannot be."""


class SettingsError(ReportError):
    """One or more settings are missing or wrong; all of them at once."""

    exit_code = ExitCode.SETTINGS

    def __init__(self, problems: Sequence[tuple[Message, Message | None]]) -> None:
        super().__init__(*problems[0])
        self._problems = tuple(problems)

    @property
    def problems(self) -> Sequence[tuple[Message, Message | None]]:
        """Every wrong setting."""
        return self._problems


class WriteError(ReportError):
    """The report could not be written."""

    exit_code = ExitCode.WRITE
