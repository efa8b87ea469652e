"""The catalogue of findings: one line for each kind, with what is said when it is found often.

docs/findings.md says the same for people, and a test holds both against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.assess.finding import Cause, Kind, Notice
from app.assess.findings.hidden import DIFFERENCES, OTHER_FILE_SYSTEM
from app.assess.findings.missed import RAN_AGAIN
from app.i18n import N_, Message, msg, nmsg

TITLES = {
    Kind.NEVER_BACKED_UP: N_("Never backed up"),
    Kind.TOO_OLD: N_("Last good backup too old"),
    Kind.FAILED: N_("Failed"),
    Kind.MISSED: N_("Did not run"),
    Kind.NEEDS_OPERATOR: N_("Needs an operator now"),
    Kind.BROKEN_CHAIN: N_("Restore chain"),
    Kind.EMPTY: N_("Empty backup"),
    Kind.CATALOG_BACKUP: N_("Catalog backup"),
    Kind.POOL_FULL: N_("Pool full"),
    Kind.CANCELLED: N_("Cancelled"),
    Kind.STALLED: N_("No progress"),
    Kind.LATE: N_("Late"),
    Kind.NEVER_RUN: N_("Never run"),
    Kind.DISABLED: N_("Disabled"),
    Kind.NO_JOB: N_("Server without a job"),
    Kind.HIDDEN_ERRORS: N_("Errors in the log"),
    Kind.UNUSUAL: N_("Unusual"),
    Kind.VOLUME_ERROR: N_("Volume in error"),
    Kind.ROOM: N_("Room runs out"),
    Kind.EXPIRING: N_("Volumes expire soon"),
    Kind.UPGRADED: N_("Upgraded to Full"),
    Kind.RECOVERED: N_("Recovered"),
    Kind.SOLVED: N_("Works again"),
    Kind.NO_RESTORE_TEST: N_("No recent Restore"),
    Kind.NO_VERIFY: N_("No recent Verify"),
}

CAUSES = {
    Cause.DIRECTOR_RESTARTED: N_("the Director was restarted"),
    Cause.CANCELLED_BY_PERSON: N_("cancelled by somebody"),
    Cause.CANCELLED_BY_LIMIT: N_("cancelled by a time limit"),
    Cause.CANCELLED_AS_DUPLICATE: N_("cancelled as a duplicate"),
    Cause.AUTHENTICATION: N_("authentication failed"),
    Cause.SCRIPT: N_("a script failed"),
    Cause.NO_VOLUME: N_("no Volume to write to"),
    Cause.DISK_FULL: N_("disk full"),
    Cause.CLIENT_UNREACHABLE: N_("File Daemon not reached"),
    Cause.STORAGE: N_("Storage Daemon or device"),
    Cause.DATABASE: N_("catalog database"),
    Cause.NETWORK_LOST: N_("network connection lost"),
    Cause.FILES: N_("files unreadable or missing"),
    Cause.UNKNOWN: N_("cause not recognised"),
}
"""Each cause in a few words."""

ACTIONS = {
    Cause.DIRECTOR_RESTARTED: N_("Find out why the Director went down, and run the jobs again."),
    Cause.CANCELLED_BY_PERSON: N_("Ask who cancelled them; run those again that are needed."),
    Cause.CANCELLED_BY_LIMIT: N_("Find out why they take so long, or raise their time limits."),
    Cause.CANCELLED_AS_DUPLICATE: N_(
        "Check how the other runs went; if this happens often, schedule them further apart."
    ),
    Cause.AUTHENTICATION: N_(
        "Compare passwords, names and TLS settings on both sides, and run the jobs again."
    ),
    Cause.SCRIPT: N_(
        "Run the scripts by hand, fix what they complain about, and run the jobs again."
    ),
    Cause.NO_VOLUME: N_("Label or free Volumes, and run the jobs again."),
    Cause.DISK_FULL: N_("Make room on the disk, and run the jobs again."),
    Cause.CLIENT_UNREACHABLE: N_(
        "Look for what they share (a switch, a firewall, a power cut), start the File Daemons, and"
        " run the jobs again."
    ),
    Cause.STORAGE: N_("Check the Storage Daemon and its devices, and run the jobs again."),
    Cause.DATABASE: N_(
        "Check that the catalog's database runs, has room and is not locked; then run the jobs"
        " again."
    ),
    Cause.NETWORK_LOST: N_(
        "Look for what they share (a switch, a firewall, a restart at that time), and run the jobs"
        " again."
    ),
    Cause.FILES: N_("Check that the paths of their FileSets exist and may be read."),
    Cause.UNKNOWN: N_("Read their logs: this program does not recognise the cause."),
}
"""What to do about several jobs of one cause, where it is not the same for each."""


def _not_without_errors(count: int, detail: Message | str) -> Message:
    if detail == OTHER_FILE_SYSTEM:
        return nmsg(
            "{count} job left out what lies on other file systems.",
            "{count} jobs left out what lies on other file systems.",
            count,
        )
    if detail == DIFFERENCES:
        return nmsg(
            "{count} Verify found differences.", "{count} Verifys found differences.", count
        )
    return nmsg(
        "{count} job ended, but not without errors.",
        "{count} jobs ended, but not without errors.",
        count,
    )


def together(notices: Sequence[Notice]) -> Message:
    """Return what several notices of one kind, cause and detail say together."""
    first = notices[0]
    detail = msg(CAUSES[first.cause]) if first.cause else first.detail
    return _TOGETHER[first.kind](len(notices), detail)


_TOGETHER: dict[Kind, Callable[[int, Message | str], Message]] = {
    Kind.NEVER_BACKED_UP: lambda n, _: nmsg(
        "{count} job has never had a good backup.", "{count} jobs have never had a good backup.", n
    ),
    Kind.TOO_OLD: lambda n, _: nmsg(
        "The last good backup of {count} job is too old.",
        "The last good backups of {count} jobs are too old.",
        n,
    ),
    Kind.FAILED: lambda n, cause: nmsg(
        "{count} job failed: {cause}.", "{count} jobs failed: {cause}.", n, cause=cause
    ),
    Kind.MISSED: lambda n, detail: (
        nmsg(
            "{count} job did not run when it was due, but ran again since.",
            "{count} jobs did not run when they were due, but ran again since.",
            n,
        )
        if detail == RAN_AGAIN
        else nmsg(
            "{count} job did not run though it was due.",
            "{count} jobs did not run though they were due.",
            n,
        )
    ),
    Kind.NEEDS_OPERATOR: lambda n, _: nmsg(
        "{count} job waits for somebody to act.", "{count} jobs wait for somebody to act.", n
    ),
    Kind.BROKEN_CHAIN: lambda n, _: nmsg(
        "The restore chain of {count} job is weak or broken.",
        "The restore chains of {count} jobs are weak or broken.",
        n,
    ),
    Kind.EMPTY: lambda n, _: nmsg(
        "{count} backup is empty though it never was before.",
        "{count} backups are empty though they never were before.",
        n,
    ),
    Kind.CATALOG_BACKUP: lambda n, _: nmsg(
        "{count} backup of the catalog needs a look.",
        "{count} backups of the catalog need a look.",
        n,
    ),
    Kind.POOL_FULL: lambda n, _: nmsg(
        "{count} Pool is full or nearly full.", "{count} Pools are full or nearly full.", n
    ),
    Kind.CANCELLED: lambda n, cause: nmsg(
        "{count} job was cancelled: {cause}.",
        "{count} jobs were cancelled: {cause}.",
        n,
        cause=cause,
    ),
    Kind.STALLED: lambda n, _: nmsg(
        "{count} job makes no progress or takes far longer than usual.",
        "{count} jobs make no progress or take far longer than usual.",
        n,
    ),
    Kind.LATE: lambda n, _: nmsg(
        "{count} job began late, or has not begun yet.",
        "{count} jobs began late, or have not begun yet.",
        n,
    ),
    Kind.NEVER_RUN: lambda n, _: nmsg(
        "No run of {count} configured job is known.",
        "No runs of {count} configured jobs are known.",
        n,
    ),
    Kind.DISABLED: lambda n, _: nmsg(
        "{count} job is disabled or no longer scheduled.",
        "{count} jobs are disabled or no longer scheduled.",
        n,
    ),
    Kind.NO_JOB: lambda n, _: nmsg(
        "{count} server has no backup job at all.", "{count} servers have no backup job at all.", n
    ),
    Kind.HIDDEN_ERRORS: _not_without_errors,
    Kind.UNUSUAL: lambda n, _: nmsg(
        "{count} backup is far from its usual size or duration.",
        "{count} backups are far from their usual size or duration.",
        n,
    ),
    Kind.VOLUME_ERROR: lambda n, pool: (
        nmsg(
            "{count} Volume of Pool {pool} is in error.",
            "{count} Volumes of Pool {pool} are in error.",
            n,
            pool=pool,
        )
        if pool
        else nmsg("{count} Volume is in error.", "{count} Volumes are in error.", n)
    ),
    Kind.ROOM: lambda n, _: nmsg(
        "{count} Pool runs out of room soon.", "{count} Pools run out of room soon.", n
    ),
    Kind.EXPIRING: lambda n, _: nmsg(
        "Volumes of {count} Pool expire soon.", "Volumes of {count} Pools expire soon.", n
    ),
    Kind.UPGRADED: lambda n, _: nmsg(
        "{count} job was upgraded to a Full.", "{count} jobs were upgraded to Fulls.", n
    ),
    Kind.RECOVERED: lambda n, _: nmsg(
        "{count} job went wrong, but a later run of it succeeded.",
        "{count} jobs went wrong, but later runs of them succeeded.",
        n,
    ),
    Kind.SOLVED: lambda n, _: nmsg("{count} job works again.", "{count} jobs work again.", n),
    Kind.NO_RESTORE_TEST: lambda n, _: nmsg(
        "No recent good Restore of {count} server is known.",
        "No recent good Restore of {count} servers is known.",
        n,
    ),
    Kind.NO_VERIFY: lambda n, _: nmsg(
        "No recent good Verify of {count} server is known.",
        "No recent good Verify of {count} servers is known.",
        n,
    ),
}
