"""What Bacula's one-letter codes mean.

The letters are those of Bacula's own headers (src/jcr.h, 13.0). A letter that is not known here is
a value like any other: it is counted and shown as unknown, and never taken for a success.
"""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What became of a job, as an operator sees it. The order is the order of the report."""

    FAILED = "failed"
    UNKNOWN = "unknown"
    WARNING = "warning"
    CANCELLED = "cancelled"
    RECOVERED = "recovered"
    """No letter says so: it went wrong, and a later run of the same job made up for it."""
    WAITING = "waiting"
    RUNNING = "running"
    SUCCESS = "success"


FAILED_STATUS = frozenset("fEI")
WARNING_STATUS = frozenset("WeD")
RUNNING_STATUS = frozenset("RialLuw")
WAITING_STATUS = frozenset("CBFSmMsjcdtpq")
OPEN_STATUS = RUNNING_STATUS | WAITING_STATUS
NEEDS_OPERATOR_STATUS = frozenset("mM")
"""Waiting for a new Volume (m) or for a mount (M): nothing moves until a person acts."""

COPIED_TYPES = frozenset("C")
"""Rows that a Copy made: their start and end times are the original job's. (M is the *original* of
a migration, with its own times; the row that the Migration made is a B and inherits its times.)"""

VERIFY_TYPE = "V"
BACKUP_TYPE = "B"
PROOF_TYPES = "RV"
"""What proves that backups can be read: a Restore or a Verify that went well."""

TYPE_NAMES = {
    "B": "Backup",
    "R": "Restore",
    "V": "Verify",
    "D": "Admin",
    "C": "Copy",
    "c": "Copy control",
    "M": "Migrated",
    "g": "Migration control",
    "A": "Archive",
    "S": "Scan",
    "U": "Console",
    "I": "Internal",
}

LEVEL_NAMES = {
    "F": "Full",
    "D": "Differential",
    "I": "Incremental",
    "S": "Since",
    "B": "Base",
    "f": "VirtualFull",
    "V": "Verify init",
    "C": "Verify catalog",
    "O": "Verify volume",
    "d": "Verify disk",
    "A": "Verify data",
}


def outcome_of(status: str, errors: int | None) -> Outcome:
    """Return the outcome of a JobStatus letter and its JobErrors count.

    `T` with errors is "Backup OK -- with warnings": the catalog hardly ever says `W`. So `T` alone
    says too little: without its count, which may be missing or rubbish, it is no success.
    """
    if status == "T":
        if errors is None:
            return Outcome.UNKNOWN
        return Outcome.WARNING if errors else Outcome.SUCCESS
    if status in FAILED_STATUS:
        return Outcome.FAILED
    if status in WARNING_STATUS:
        return Outcome.WARNING
    if status == "A":
        return Outcome.CANCELLED
    if status in RUNNING_STATUS:
        return Outcome.RUNNING
    if status in WAITING_STATUS:
        return Outcome.WAITING
    return Outcome.UNKNOWN
