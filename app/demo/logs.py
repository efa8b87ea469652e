"""Job logs in Bacula's own words, written so that they agree with the catalog row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from .night import LogRow, Row, catalog_time

MONTHS = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
UNAME = "x86_64-pc-linux-gnu,debian,bookworm/sid"
RELEASE = "9.6.7 (10Dec20)"
CLIENT_UNAME = f"{RELEASE} {UNAME}"

_BUILD = "  Build OS:               x86_64-pc-linux-gnu debian bookworm/sid"
_UNITS = (("day", 86400), ("hour", 3600), ("min", 60))
_TERMINATIONS = {
    "T": "Backup OK",
    "f": "*** Backup Error ***",
    "E": "*** Backup Error ***",
    "I": "Backup failed -- Incomplete",
    "A": "Backup Canceled",
}
_DAEMON_ENDS = {"T": "OK", "f": "Error", "E": "Error", "I": "Error", "A": "Canceled"}


def commas(number: int) -> str:
    """1234567 as 1,234,567."""
    return f"{number:,}"


def suffixed(number: int) -> str:
    """Four digits and a decimal suffix, cut off and not rounded: 10485760 is "10.48 M"."""
    power = 0
    while power < 5 and number >= 1000 ** (power + 1):
        power += 1
    if power == 0:
        return f"{number} "
    places = 4 - len(str(number // 1000**power))
    cut = number * 10**places // 1000**power
    return f"{cut / 10**places:.{places}f} {' KMGTP'[power]}"


def size(number: int) -> str:
    """Bytes as a summary writes them: "3,146,561 (3.146 MB)"."""
    return f"{commas(number)} ({suffixed(number)}B)"


def elapsed(seconds: int) -> str:
    """A duration as a summary writes it, with its trailing blank: "3 mins "."""
    text = ""
    for name, length in _UNITS:
        count, seconds = divmod(seconds, length)
        if count:
            text += f"{count} {name}{'s' if count > 1 else ''} "
    if seconds or not text:
        text += f"{seconds} sec{'s' if seconds != 1 else ''}"
    return text


def long_date(time: str | None) -> str:
    """A catalog time as a summary writes it: 19-Nov-2026 02:50:24."""
    if time is None:
        return ""
    moment = datetime.fromisoformat(time)
    return f"{moment.day:02d}-{MONTHS[moment.month - 1]}-{moment.year} {moment:%H:%M:%S}"


def seconds_of(row: Row) -> int:
    """How long a job ran by its row; Bacula never says less than a second."""
    if row["starttime"] is None or row["endtime"] is None:
        return 1
    started = datetime.fromisoformat(row["starttime"])
    ended = datetime.fromisoformat(row["endtime"])
    return max(1, int((ended - started).total_seconds()))


@dataclass(frozen=True, slots=True)
class Ending:
    """What only the summary of a backup knows."""

    storage: str = "File1"
    since: str = ""
    sd_bytes: int | None = None
    sd_files: int | None = None
    sd_errors: int = 0
    fd_errors: int | None = None
    fd_status: str | None = None
    sd_status: str | None = None
    client_uname: str = CLIENT_UNAME
    volume_bytes: int = 0
    priority: int = 10
    upgraded_from: str = ""


@dataclass
class JobLog:
    """One job's log while it is being written."""

    row: Row
    zone: tzinfo
    director: str
    storage: str
    rows: list[LogRow] = field(default_factory=list)

    def say(self, at: datetime, daemon: str, text: str) -> None:
        """One row of the Log table."""
        line = f"{daemon} JobId {self.row['jobid']}: {text}"
        self.rows.append((str(catalog_time(at, self.zone)), line))

    def by_director(self, at: datetime, *texts: str) -> None:
        """Rows that the Director writes."""
        for text in texts:
            self.say(at, self.director, text)

    def by_storage(self, at: datetime, *texts: str) -> None:
        """Rows that the Storage Daemon writes."""
        for text in texts:
            self.say(at, self.storage, text)

    def by_client(self, at: datetime, *texts: str) -> None:
        """Rows that the File Daemon writes."""
        for text in texts:
            self.say(at, self.row["client"], text)

    def start(self, at: datetime, device: str = "FileDev1") -> None:
        """A backup begins."""
        row = self.row
        self.by_director(
            at,
            f"Start Backup JobId {row['jobid']}, Job={row['job']}",
            f'Using Device "{device}" to write.',
        )

    def pace(self, at: datetime) -> None:
        """How long the Storage Daemon wrote, and how fast."""
        seconds = seconds_of(self.row)
        rate = suffixed(self.row["jobbytes"] // seconds)
        self.by_storage(at, f"Elapsed time={_clock(seconds)}, Transfer rate={rate} Bytes/second")

    def transferred(self, at: datetime) -> None:
        """The Storage Daemon's last words of a good backup."""
        row = self.row
        self.pace(at)
        self.by_storage(
            at,
            "Sending spooled attrs to the Director. Despooling"
            f" {commas(row['jobfiles'] * 223)} bytes ...",
        )

    def backup_summary(self, at: datetime, ending: Ending) -> None:
        """The last row of a backup that the Director saw to its end."""
        prefix = "Error: " if self.row["jobstatus"] in "fE" else ""
        lines = (*_backup_head(self.row, ending), *_backup_numbers(self.row, ending))
        self._summary(at, lines, prefix)

    def copy_summary(self, at: datetime, original: Row, copied: Row) -> None:
        """The last row of a copy control job."""
        row = self.row
        lines = (
            f"  Prev Backup JobId:      {original['jobid']}",
            f"  Prev Backup Job:        {original['job']}",
            f"  New Backup JobId:       {copied['jobid']}",
            f"  Current JobId:          {row['jobid']}",
            f"  Current Job:            {row['job']}",
            "  Backup Level:           Full",
            f"  Client:                 {row['client']}",
            f'  FileSet:                "{copied["fileset"]}" {original["starttime"]}',
            f'  Read Pool:              "{original["pool"]}" (From Command input)',
            '  Read Storage:           "File1" (From Pool resource)',
            f'  Write Pool:             "{copied["pool"]}" (From Command input)',
            '  Write Storage:          "File2-Copy" (From Command input)',
            *_times(row),
            "  Priority:               10",
            f"  SD Files Written:       {commas(copied['jobfiles'])}",
            f"  SD Bytes Written:       {size(copied['jobbytes'])}",
            f"  Rate:                   {_rate(copied['jobbytes'], seconds_of(row))}",
            f"  Volume name(s):         {copied['firstvol']}",
            f"  Volume Session Id:      {copied['volsessionid']}",
            f"  Volume Session Time:    {copied['volsessiontime']}",
            f"  Last Volume Bytes:      {size(copied['jobbytes'] + 4457)}",
            "  SD Errors:              0",
            "  SD termination status:  OK",
            "  Termination:            Copying OK",
        )
        self._summary(at, lines)

    def verify_summary(self, at: datetime, verified: Row, level: str) -> None:
        """The last row of a Verify job."""
        row = self.row
        differs = row["jobstatus"] == "D"
        lines = (
            f"  JobId:                  {row['jobid']}",
            f"  Job:                    {row['job']}",
            f"  FileSet:                {verified['fileset']}",
            f"  Verify Level:           {level}",
            f"  Client:                 {row['client']}",
            f"  Verify JobId:           {verified['jobid']}",
            f"  Verify Job:             {verified['name']}",
            *_times(row),
            f"  Files Examined:         {commas(row['jobfiles'])}",
            "  Non-fatal FD errors:    0",
            "  FD termination status:  OK",
            f"  Termination:            Verify {'Differences' if differs else 'OK'}",
        )
        self._summary(at, lines)

    def restore_summary(self, at: datetime, where: str) -> None:
        """The last row of a Restore job."""
        row = self.row
        lines = (
            f"  JobId:                  {row['jobid']}",
            f"  Job:                    {row['job']}",
            f"  Restore Client:         {row['client']}",
            f"  Where:                  {where}",
            "  Replace:                Always",
            *_times(row),
            f"  Files Expected:         {commas(row['jobfiles'])}",
            f"  Files Restored:         {commas(row['jobfiles'])}",
            f"  Bytes Restored:         {size(row['jobbytes'])}",
            f"  Rate:                   {_rate(row['jobbytes'], seconds_of(row))}",
            "  FD Errors:              0",
            "  FD termination status:  OK",
            "  SD termination status:  OK",
            "  Termination:            Restore OK",
        )
        self._summary(at, lines)

    def admin_summary(self, at: datetime) -> None:
        """The last row of an Admin job."""
        row = self.row
        lines = (
            f"Bacula {RELEASE}: {long_date(row['endtime'])}",
            f"  JobId:                  {row['jobid']}",
            f"  Job:                    {row['job']}",
            f"  Scheduled time:         {long_date(row['schedtime'])}",
            f"  Start time:             {long_date(row['starttime'])}",
            f"  End time:               {long_date(row['endtime'])}",
            "  Termination:            Admin OK",
        )
        self.by_director(at, "\n".join(lines))

    def _summary(self, at: datetime, lines: Sequence[str], prefix: str = "") -> None:
        head = f"{prefix}Bacula {self.director} {RELEASE}:"
        self.by_director(at, "\n".join((head, _BUILD, *lines)))


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _rate(size_in_bytes: int, seconds: int) -> str:
    return f"{size_in_bytes / seconds / 1000:.1f} KB/s"


def _times(row: Row) -> tuple[str, ...]:
    return (
        f"  Start time:             {long_date(row['starttime'])}",
        f"  End time:               {long_date(row['endtime'])}",
        f"  Elapsed time:           {elapsed(seconds_of(row))}",
    )


def _level(row: Row, ending: Ending) -> str:
    match row["level"]:
        case "D":
            return f"Differential, since={ending.since}"
        case "I":
            return f"Incremental, since={ending.since}"
        case _ if ending.upgraded_from:
            return f"Full (upgraded from {ending.upgraded_from})"
        case _:
            return "Full"


def _backup_head(row: Row, ending: Ending) -> tuple[str, ...]:
    pool = str(row["pool"])
    resource = pool.replace("-", "")
    return (
        f"  JobId:                  {row['jobid']}",
        f"  Job:                    {row['job']}",
        f"  Backup Level:           {_level(row, ending)}",
        f'  Client:                 "{row["client"]}" {ending.client_uname}',
        f'  FileSet:                "{row["fileset"]}" 2024-03-04 10:04:31',
        f'  Pool:                   "{pool}" (From Job {resource} override)',
        '  Catalog:                "MyCatalog" (From Client resource)',
        f'  Storage:                "{ending.storage}" (From Pool resource)',
        f"  Scheduled time:         {long_date(row['schedtime'])}",
        *_times(row),
        f"  Priority:               {ending.priority}",
    )


def _backup_numbers(row: Row, ending: Ending) -> tuple[str, ...]:
    status = row["jobstatus"]
    ended = _DAEMON_ENDS[status]
    # On every file the Storage Daemon adds its record headers.
    overhead = row["jobfiles"] * 115
    sd_bytes = row["jobbytes"] + overhead if ending.sd_bytes is None else ending.sd_bytes
    sd_files = row["jobfiles"] if ending.sd_files is None else ending.sd_files
    fd_errors = row["joberrors"] - ending.sd_errors
    warned = status == "T" and row["joberrors"] > 0
    return (
        f"  FD Files Written:       {commas(row['jobfiles'])}",
        f"  SD Files Written:       {commas(sd_files)}",
        f"  FD Bytes Written:       {size(row['jobbytes'])}",
        f"  SD Bytes Written:       {size(sd_bytes)}",
        f"  Rate:                   {_rate(row['jobbytes'], seconds_of(row))}",
        "  Software Compression:   None",
        "  Comm Line Compression:  None",
        "  Snapshot/VSS:           no",
        "  Encryption:             no",
        "  Accurate:               no",
        f"  Volume name(s):         {row['firstvol'] or ''}",
        f"  Volume Session Id:      {row['volsessionid']}",
        f"  Volume Session Time:    {row['volsessiontime']}",
        f"  Last Volume Bytes:      {size(ending.volume_bytes or sd_bytes)}",
        f"  Non-fatal FD errors:    {fd_errors if ending.fd_errors is None else ending.fd_errors}",
        f"  SD Errors:              {ending.sd_errors}",
        f"  FD termination status:  {ended if ending.fd_status is None else ending.fd_status}",
        f"  SD termination status:  {ended if ending.sd_status is None else ending.sd_status}",
        f"  Termination:            {_TERMINATIONS[status]}{' -- with warnings' * warned}",
    )
