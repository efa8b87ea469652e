"""Jobs that did not end without errors: with warnings, or as successes whose log tells of some.

Bacula does not always count an unreadable file as an error. Logs of successes are read for a
limited number of jobs only; of the others nothing is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.assess.case import Case
from app.assess.configuration import named
from app.assess.finding import Kind, Notice, Severity
from app.assess.history import moment_of
from app.bacula.codes import Outcome
from app.bacula.joblog import Cause, clean_line, cut
from app.bacula.joblog import Severity as Accusation
from app.bacula.model import Job
from app.i18n import Message, msg, nmsg

OTHER_FILE_SYSTEM = "other-file-system"
"""The detail of notices about directories that were left out on purpose, or perhaps not."""
DIFFERENCES = "differences"
"""The detail of notices about Verifys that found differences."""
LINES = 5
"""Lines of the log that are given as evidence."""
NAMED = 3
"""Left out directories that are named."""
LONGEST = 160
"""Characters of a path that are told."""

# "Could not stat", "Cannot open" and the like: those of Bacula's File Daemon name a file. What a
# daemon could not connect to, or an operator was asked for, came good before the job ended.
_UNREAD = re.compile(
    r"(?:could not|cannot) (?:stat|open|access|read)\b(?:\s+directory)?"
    r"(?:\s+\"(?P<quoted>.*)\"(?=: ERR=)|\s+(?P<bare>.*?)(?=: ERR=))?",
    re.IGNORECASE | re.DOTALL,
)
_ANSWERS = re.compile(r"permission denied|input/output error|no space left", re.IGNORECASE)
_LEFT_OUT = " is a different filesystem. Will not descend"
_HEADER = re.compile(r"^\S+: +")
_NO_FILES = re.compile(
    r"^/(?:proc|sys|dev|run|tmp|snap|var/(?:run|lock|tmp|snap|lib/(?:docker|containers|containerd"
    r"|kubelet|lxcfs|nfs/rpc_pipefs)))(?:/|$)"
)
"""File systems that hold nothing to be saved, or only what was made for the moment."""


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What the log of one run tells: its causes that count, and how many lines they stand for.

    Attributes:
        warned: whether it ended with warnings; else it counts as a plain success.
        others: what else its log complains of.
        read: whether its log was had.
    """

    job: Job
    causes: tuple[Cause, ...]
    warned: bool = False
    others: tuple[Cause, ...] = ()
    read: bool = True

    @property
    def differs(self) -> bool:
        """Whether it is a Verify that found differences."""
        return self.warned and self.job.status == "D"

    @property
    def evidence(self) -> tuple[str, ...]:
        """The lines that tell most."""
        causes = (*self.causes, *self.others) if self.differs else self.causes or self.others
        return tuple(cause.text for cause in causes[:LINES])

    @property
    def count(self) -> int:
        return sum(1 + cause.alike for cause in self.causes)


def notices(case: Case) -> Iterator[Notice]:
    """Tell of each job that did not end without errors, one notice a job and kind of error.

    Of several runs of a job the newest is told; the others are counted along as JobIds.
    """
    errors: dict[tuple[str, str, str], list[_Trouble]] = {}
    left_out: dict[tuple[str, str, str], list[_Trouble]] = {}
    for judged in case.jobs:
        job = judged.job
        log = case.snapshot.logs.get(job.jobid)
        causes = log.causes if log is not None else ()
        warned = judged.outcome is Outcome.WARNING
        if not warned and (judged.outcome is not Outcome.SUCCESS or not causes):
            continue
        key = (job.name, job.client, job.type)
        found = tuple(cause for cause in causes if _is_error(cause))
        outside = tuple(cause for cause in causes if _directory(cause))
        if warned:
            others = tuple(c for c in causes if c not in found and c not in outside)
            errors.setdefault(key, []).append(_Trouble(job, found, warned, others, log is not None))
        elif found:
            errors.setdefault(key, []).append(_Trouble(job, found))
        elif outside:
            left_out.setdefault(key, []).append(_Trouble(job, outside))
    for many in errors.values():
        yield _errors(many)
    for key, many in left_out.items():
        if key not in errors:
            yield _left_out(many)


def _is_error(cause: Cause) -> bool:
    """Whether a log entry tells of an error that a success should not have.

    An ordinary warning (clocks that differ, TLS, a second attempt to connect) is none, unless it
    tells of a file that could not be read.
    """
    if cause.severity >= Accusation.ERROR:
        return True
    if cause.severity is Accusation.ACCUSING:
        return bool(_UNREAD.search(cause.text) or _ANSWERS.search(cause.text))
    return cause.severity is Accusation.WARNING and _path(cause) is not None


def _path(cause: Cause) -> str | None:
    """Return the file that could not be read; None where none is named."""
    found = _UNREAD.search(cause.text)
    return (found["quoted"] or found["bare"] or None) if found else None


def _directory(cause: Cause) -> str | None:
    """Return the directory on another file system that was left out; None for one without files."""
    before, found, _ = _HEADER.sub("", cause.text).partition(_LEFT_OUT)
    path = before.lstrip()
    return path if found and path and not _NO_FILES.match(path) else None


def _newest(many: Sequence[_Trouble]) -> _Trouble:
    return max(many, key=lambda trouble: trouble.job.jobid)


def _errors(many: Sequence[_Trouble]) -> Notice:
    told = _newest(many)
    return Notice(
        Kind.HIDDEN_ERRORS,
        Severity.WARNING,
        _sentence(told),
        action=_action(told),
        client=told.job.client,
        job=told.job.name,
        jobids=_jobids(many),
        since=moment_of(told.job),
        detail=DIFFERENCES if told.differs else "",
        evidence=told.evidence,
    )


def _unread(told: _Trouble) -> bool:
    return bool(told.causes) and all(_UNREAD.search(cause.text) for cause in told.causes)


def _action(told: _Trouble) -> Message:
    if told.differs:
        return msg(
            "Read in its log what differs, and find out why if nobody changed it on purpose."
        )
    if _unread(told):
        return msg("Make these files readable, or leave them out of the FileSet.")
    return msg("Read the log of the job and put right what it complains of.")


def _sentence(told: _Trouble) -> Message:
    job, count = named(told.job.name, told.job.client), told.count
    path = next((path for cause in told.causes if (path := _path(cause))), None)
    if told.warned:
        return _warned(told, job, path)
    if not _unread(told):
        return nmsg(
            "{job} succeeded, but its log tells of {count} error.",
            "{job} succeeded, but its log tells of {count} errors.",
            count, job=job,
        )  # fmt: skip
    if path is None:
        return nmsg(
            "{job} succeeded, but could not read {count} file.",
            "{job} succeeded, but could not read {count} files.",
            count, job=job,
        )  # fmt: skip
    return nmsg(
        "{job} succeeded, but could not read {count} file: {path}.",
        "{job} succeeded, but could not read {count} files, the first of them {path}.",
        count, job=job, path=_short(path),
    )  # fmt: skip


def _warned(told: _Trouble, job: Message | str, path: str | None) -> Message:
    if told.differs:
        return msg("The Verify {job} found differences.", job=job)
    if not told.causes:
        return _counted(told, job)
    if not _unread(told):
        return nmsg(
            "{job} ended with warnings: its log tells of {count} error.",
            "{job} ended with warnings: its log tells of {count} errors.",
            told.count, job=job,
        )  # fmt: skip
    if path is None:
        return nmsg(
            "{job} ended with warnings: {count} file could not be read.",
            "{job} ended with warnings: {count} files could not be read.",
            told.count, job=job,
        )  # fmt: skip
    return nmsg(
        "{job} ended with warnings: {count} file could not be read, {path}.",
        "{job} ended with warnings: {count} files could not be read, the first of them {path}.",
        told.count, job=job, path=_short(path),
    )  # fmt: skip


def _counted(told: _Trouble, job: Message | str) -> Message:
    """Say how many errors the catalog counts, where the log names none."""
    errors = told.job.errors or 0
    if errors <= 0 or told.others:
        return msg("{job} ended with warnings.", job=job)
    if not told.read:
        return nmsg(
            "{job} ended with {count} error; its log was not read.",
            "{job} ended with {count} errors; its log was not read.",
            errors, job=job,
        )  # fmt: skip
    return nmsg(
        "{job} ended with {count} error; its log does not say which.",
        "{job} ended with {count} errors; its log does not say which.",
        errors, job=job,
    )  # fmt: skip


def _left_out(many: Sequence[_Trouble]) -> Notice:
    told = _newest(many)
    paths = sorted({path for cause in told.causes if (path := _directory(cause))})
    return Notice(
        Kind.HIDDEN_ERRORS,
        Severity.INFO,
        msg(
            "{job} left out what lies on other file systems: {paths}.",
            job=named(told.job.name, told.job.client),
            paths=", ".join(map(_short, paths[:NAMED])),
        ),
        action=msg("If they are to be saved, name them in the FileSet or set OneFS = no."),
        client=told.job.client,
        job=told.job.name,
        jobids=_jobids(many),
        since=moment_of(told.job),
        detail=OTHER_FILE_SYSTEM,
        evidence=told.evidence,
    )


def _short(path: str) -> str:
    return cut(clean_line(path), LONGEST)


def _jobids(many: Sequence[_Trouble]) -> tuple[int, ...]:
    return tuple(sorted((trouble.job.jobid for trouble in many), reverse=True))
