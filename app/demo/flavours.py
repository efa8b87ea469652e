"""The servers the embedded Baculum can pass for, and in what they differ.

Everything here was observed on real servers unless a comment says otherwise.
"""

from dataclasses import dataclass
from enum import StrEnum


class Flavour(StrEnum):
    """A server version whose answers were recorded."""

    BACULUM_9_6 = "baculum-9.6"
    BACULUM_11 = "baculum-11.0"
    BACULUM_13 = "baculum-13.0"
    BACULUM_15 = "baculum-15.0"
    BACULARIS_6 = "bacularis-6.3"

    @property
    def traits(self) -> "Traits":
        """In what this server differs from the others."""
        return TRAITS[self]


_JOB_PARAMETERS = frozenset({"limit", "jobstatus", "level", "type", "name", "client", "clientid"})
_TIMES = ("schedtime", "starttime", "endtime", "realstarttime", "realendtime")
_TIME_PARAMETERS = frozenset(
    f"{time}_{bound}{suffix}"
    for time in _TIMES
    for bound in ("from", "to")
    for suffix in ("", "_date")
)
_BACULUM_15_PARAMETERS = (
    _JOB_PARAMETERS
    | _TIME_PARAMETERS
    | {
        "offset",
        "age",
        "order_by",
        "order_direction",
        "jobids",
        "afterjobid",
        "joberrors",
        "overview",
        "view",
        "priorjobname",
    }
)


@dataclass(frozen=True, slots=True)
class Traits:
    """What one server version honours and how it fails.

    `memory_rows` is the number of job rows PHP's 128 MB still hold;
    `dies_silently` tells whether running out of them drops the connection.
    """

    api_versions: frozenset[str]
    job_parameters: frozenset[str]
    memory_rows: int
    version_header: str = "0.2"
    dies_silently: bool = False
    bacularis: bool = False
    modern: bool = False  # Baculum 15: content, running_jobs, overview, director time
    priorjob: bool = False  # 11 and 13 add this column to every job
    maxpoolbytes: bool = True

    def honours(self, parameter: str) -> bool:
        """Whether the jobs list looks at this query parameter at all."""
        return parameter in self.job_parameters


_V1_V2 = frozenset({"v1", "v2"})

TRAITS: dict[Flavour, Traits] = {
    Flavour.BACULUM_9_6: Traits(
        api_versions=frozenset({"v1"}),
        job_parameters=_JOB_PARAMETERS,
        memory_rows=40_000,  # 10,000 went well, 100,000 did not; the limit is assumed as on 11
        version_header="0.1",
        maxpoolbytes=False,
    ),
    Flavour.BACULUM_11: Traits(
        api_versions=_V1_V2,
        job_parameters=_JOB_PARAMETERS,
        memory_rows=40_000,
        priorjob=True,
    ),
    Flavour.BACULUM_13: Traits(
        api_versions=_V1_V2,
        job_parameters=_JOB_PARAMETERS,
        memory_rows=40_000,
        priorjob=True,
    ),
    Flavour.BACULUM_15: Traits(
        api_versions=_V1_V2,
        job_parameters=_BACULUM_15_PARAMETERS,
        memory_rows=15_000,
        modern=True,
    ),
    Flavour.BACULARIS_6: Traits(
        api_versions=frozenset({"v1", "v2", "v3"}),
        job_parameters=_JOB_PARAMETERS | {"age"},
        memory_rows=25_000,
        dies_silently=True,
        bacularis=True,
    ),
}
