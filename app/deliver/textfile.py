"""The node exporter's textfile: what a monitoring system wants to know of the last run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from app.bacula.joblog import clean_line
from app.deliver.files import write_file
from app.deliver.model import DeliveryError, Trouble
from app.i18n import msg

MODE = 0o644
"""The node exporter is another user."""
MOST_CLIENTS = 1000
"""Clients that have numbers of their own; the others are counted."""
ENDING = ".prom"


@dataclass(frozen=True, slots=True)
class ClientNumbers:
    """One client.

    Attributes:
        name: the client's name.
        last_good: when its last good backup ended, aware; None if there is none that is known.
        size: that backup's bytes; None if not known.
    """

    name: str
    last_good: datetime | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is written.

    Attributes:
        director: the Director's name.
        finished: when the run ended, aware.
        seconds: how long it took.
        complete: whether everything that was asked for was had.
        level: the verdict's level.
        levels: every level there is.
        outcomes: jobs per outcome, every outcome among them; empty if no job is known.
        findings: findings per kind and severity, without muted ones.
        clients: every client that should have backups; None if that is not known.
        undelivered: letters that did not reach a recipient; None if nothing is delivered.
    """

    director: str
    finished: datetime
    seconds: float
    complete: bool
    level: str
    levels: Sequence[str]
    outcomes: Mapping[str, int]
    findings: Mapping[tuple[str, str], int] = field(default_factory=dict)
    clients: Sequence[ClientNumbers] | None = ()
    undelivered: int | None = None


def write_textfile(path: Path, numbers: Numbers, *, most_clients: int = MOST_CLIENTS) -> None:
    """Write the numbers of a run where the node exporter looks for them.

    Args:
        path: the file; its name must end with .prom.
        numbers: what to write.
        most_clients: clients that get numbers of their own, those with the oldest backup first.

    Raises:
        DeliveryError: if it cannot be written; the old file is still there then.
    """
    content = exposition(numbers, most_clients=most_clients)
    try:
        write_file(path, content, MODE)
    except (OSError, ValueError) as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: Exception) -> DeliveryError:
    """Return the error of a file that cannot be written."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return DeliveryError(
        msg("The textfile {path} cannot be written: {reason}.", path=str(path), reason=reason),
        msg("Check REPORT_TEXTFILE: its folder must exist and be writable."),
        trouble=Trouble.SETTINGS,
    )


def exposition(numbers: Numbers, *, most_clients: int = MOST_CLIENTS) -> bytes:
    """Return the numbers in Prometheus' text format."""
    return generate_latest(_Book(numbers, most_clients).registry)


class _Book:
    def __init__(self, numbers: Numbers, most_clients: int) -> None:
        # A registry of its own: the default one tells of this process, too.
        self.registry = CollectorRegistry(auto_describe=False)
        self._director = _label(numbers.director)
        self._run(numbers)
        self._night(numbers)
        if numbers.clients is not None:
            self._clients(numbers.clients, most_clients)

    def _run(self, numbers: Numbers) -> None:
        self._one(
            "last_run_timestamp_seconds",
            "When the last report was made, in seconds since 1970.",
            numbers.finished.timestamp(),
        )
        self._one("duration_seconds", "Seconds that the last report took.", numbers.seconds)
        self._one(
            "complete",
            "1 if everything that was asked of the Director's API was had, else 0.",
            float(numbers.complete),
        )
        if numbers.undelivered is not None:
            self._one(
                "undelivered",
                "Letters that the last run could not deliver to a recipient.",
                float(numbers.undelivered),
            )

    def _night(self, numbers: Numbers) -> None:
        self._many(
            "verdict",
            "1 for the verdict's level of the last report, 0 for the other levels.",
            ("level",),
            (((level,), float(level == numbers.level)) for level in numbers.levels),
        )
        self._many(
            "jobs",
            "Jobs of the last report per outcome.",
            ("outcome",),
            (((outcome,), float(count)) for outcome, count in numbers.outcomes.items()),
        )
        self._many(
            "findings",
            "Findings of the last report per kind and severity.",
            ("kind", "severity"),
            (((kind, how), float(count)) for (kind, how), count in numbers.findings.items()),
        )

    def _clients(self, clients: Sequence[ClientNumbers], most: int) -> None:
        named = {_label(client.name): client for client in clients}
        by_age = sorted(
            named.items(),
            key=lambda one: (one[1].last_good.timestamp() if one[1].last_good else 0.0, one[0]),
        )
        kept = by_age[: max(most, 0)]
        self._many(
            "client_last_good_backup_timestamp_seconds",
            "When the last good backup of a client ended, in seconds since 1970; "
            "a client that has none is missing here.",
            ("client",),
            (
                ((name,), client.last_good.timestamp())
                for name, client in kept
                if client.last_good is not None
            ),
        )
        self._many(
            "client_last_good_backup_bytes",
            "Bytes of the last good backup of a client.",
            ("client",),
            (((name,), float(client.size)) for name, client in kept if client.size is not None),
        )
        never = sum(client.last_good is None for client in named.values())
        self._one("clients", "Clients that should have backups.", float(len(named)))
        self._one("clients_without_backup", "Clients without a known good backup.", float(never))
        self._one(
            "clients_left_out",
            "Clients without numbers of their own here, because there are too many.",
            float(len(by_age) - len(kept)),
        )

    def _one(self, name: str, meaning: str, value: float) -> None:
        self._many(name, meaning, (), (((), value),))

    def _many(
        self,
        name: str,
        meaning: str,
        labels: tuple[str, ...],
        values: Iterable[tuple[tuple[str, ...], float]],
    ) -> None:
        gauge = Gauge(
            f"bacula_report_{name}", meaning, ("director", *labels), registry=self.registry
        )
        for told, value in values:
            gauge.labels(self._director, *map(_label, told)).set(value)


def _label(text: str) -> str:
    return clean_line(text)[:200]
