"""Why a job failed or was cancelled, as its log tells: one table of phrases. Pure.

The first line that names a cause by itself counts; what often only follows from another failure
("Network error with FD", "Write error") counts where nothing better is said. The phrases are those
of Bacula's Director and daemons, 9.6 to 15. They are looked for as plain text, which is many times
quicker than patterns are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from app.assess.finding import Cause
from app.assess.jobs import killed
from app.assess.model import JudgedJob
from app.bacula.codes import COPIED_TYPES, Outcome
from app.bacula.joblog import JobLog, Severity, cut
from app.bacula.model import Job
from app.i18n import N_, Message, msg

MAX_EVIDENCE = 300
"""Characters of one line of evidence."""
MAX_QUOTED = 160
"""Characters of a log line that is quoted in a sentence."""
OUTPUT_LINES = 2
"""Lines of a script's output that are kept as evidence: its last ones."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why one job went wrong.

    Attributes:
        cause: the kind of cause.
        what: what happened, as a clause that goes on after "failed:" or "was cancelled:".
        action: what to do next.
        detail: the thing at fault, where the cure differs by it; "" else.
        evidence: the lines of the log that prove it.
    """

    cause: Cause
    what: Message
    action: Message
    detail: str = ""
    evidence: tuple[str, ...] = ()


def diagnose(judged: JudgedJob, cancelled_for: Mapping[int, int]) -> Diagnosis:
    """Tell why a job failed or was cancelled.

    Args:
        judged: a job that went wrong, also one that recovered.
        cancelled_for: by JobId of those cancelled as duplicates: the JobId of the run that did it.
    """
    job, log = judged.job, judged.log
    if log is None:
        return _undiagnosed(job, msg("its log could not be read"))
    if job.outcome is Outcome.CANCELLED:
        return _cancelled(job, log, cancelled_for)
    if killed(job, log):
        return _director_restarted(job, log)
    if job.type in COPIED_TYPES and log.of_job in (None, job.prior_jobid):
        return _copy_given_up(job)
    best = min(_clues(job, log), key=lambda clue: clue.rank, default=None)
    if best is not None:
        return _of_clue(best, log)
    if not log.total:
        return _undiagnosed(job, msg("its log is empty"))
    line = log.headline or (log.last[-1] if log.last else log.termination)
    if not line:
        return _undiagnosed(job, msg("its log names no cause"))
    told = msg('its log says "{line}"', line=cut(line.split("\n", 1)[0], MAX_QUOTED))
    return _undiagnosed(job, told, line)


def duplicates(jobs: Mapping[int, JobLog]) -> dict[int, int]:
    """Return which runs were cancelled as duplicates, and by which run, as the logs tell.

    It stands in the log of the run that cancels, not in that of the one that is cancelled.
    """
    return {
        int(found): jobid
        for jobid, log in jobs.items()
        for cause in log.causes
        if "duplicate jobid" in cause.text.lower()
        for found in _DUPLICATE.findall(cause.text)
    }


_DUPLICATE = re.compile(r"cancel+ing duplicate JobId=(\d{1,18})", re.IGNORECASE)
_RUNNING = re.compile(r"JobId (\d{1,18}) already running", re.IGNORECASE)
_DEVICE = re.compile(r'device "([^"]+)"', re.IGNORECASE)
_POOL = re.compile(r'\bPool[:=]\s*"?([^"\n,]+)', re.IGNORECASE)
_ADDRESS = re.compile(r"\b(?:on|at|daemon:)\s*\"?([\w.:\[\]-]{1,300}:\d+)", re.IGNORECASE)
_NAMED = re.compile(r"(?:could not|cannot) (?:stat|access|read|open|open directory) \"")
_ERR = re.compile(r"ERR=([^\n]*)")
# From the beginning of the word: else each letter of a long one would be a try of its own.
_STATUS = re.compile(r"\b(\w+) returned non-zero status=(\d+)")
_SHELL = re.compile(r'run (\w+) "([^"\s]+)')
_LIMIT = re.compile(r"(max (?:run sched|sched run|run|wait|start delay)) ?time exceeded", re.I)

_REASONS = {
    "connection refused": N_("connection refused"),
    "connection timed out": N_("no answer"),
    "operation timed out": N_("no answer"),
    "interrupted system call": N_("no answer in time"),
    "no route to host": N_("no route to it"),
    "host is down": N_("it is down"),
    "network is unreachable": N_("network unreachable"),
    "name or service not known": N_("host name not known"),
    "could not resolve": N_("host name not known"),
    "host name": N_("host name not known"),
    "connection reset": N_("the other side broke it off"),
    "broken pipe": N_("the other side broke it off"),
    "no data available": N_("the other side broke it off"),
    "no space left": N_("no space left"),
    "input/output error": N_("input/output error"),
    "permission denied": N_("permission denied"),
    "no such file": N_("no such file"),
}
"""What the operating system says, in words."""


@dataclass(frozen=True, slots=True)
class _Clue:
    """A log entry that a sign fits."""

    job: Job
    text: str
    severity: Severity
    sign: _Sign
    rank: tuple[int, int]

    @property
    def reason(self) -> Message | None:
        """What the operating system said."""
        told = _ERR.search(self.text)
        low = (told[1] if told else self.text).lower()
        return next((msg(said) for phrase, said in _REASONS.items() if phrase in low), None)

    @property
    def device(self) -> str:
        found = _DEVICE.search(self.text)
        return found[1] if found else ""

    @property
    def by_client(self) -> bool:
        """Whether the File Daemon wrote it."""
        return bool(self.job.client) and self.text.startswith(f"{self.job.client}:")


_Told = tuple[Message, Message, str]


@dataclass(frozen=True, slots=True)
class _Sign:
    """Phrases by which a cause is recognised; the first sign that fits an entry counts.

    Attributes:
        words: phrases in lower case; one of them is in the entry.
        tell: what happened, what to do, and the thing at fault.
        also: one of these is in the entry as well, unless empty.
        weak: whether it may well be the consequence of something else.
    """

    cause: Cause
    words: tuple[str, ...]
    tell: Callable[[_Clue], _Told]
    also: tuple[str, ...] = ()
    weak: bool = False

    def fits(self, low: str) -> bool:
        """Whether an entry (in lower case) tells of this cause."""
        return _any_in(self.words, low) and (not self.also or _any_in(self.also, low))


def _any_in(words: Iterable[str], low: str) -> bool:
    # A loop: any() with a generator takes three times as long, and this is asked very often.
    for word in words:  # noqa: SIM110
        if word in low:
            return True
    return False


# --- choosing ---------------------------------------------------------------------------------

_STRONG = {Severity.FATAL: 0, Severity.ERROR: 1, Severity.ACCUSING: 9, Severity.WARNING: 11}
_WEAK = {Severity.FATAL: 2, Severity.ERROR: 6, Severity.ACCUSING: 10, Severity.WARNING: 12}
_WEAKER = {Cause.STORAGE: 0, Cause.NETWORK_LOST: 1, Cause.FILES: 2}
_SCRIPT_ERROR = 5
"""A script that the job did not depend on fails without a fatal error."""


_NO_STATUS = "No Job status returned from FD"


def _clues(job: Job, log: JobLog) -> list[_Clue]:
    found = []
    for place, entry in enumerate(log.causes):
        if entry.severity is Severity.OUTPUT:
            # Scripts may say anything.
            continue
        if _NO_STATUS in entry.text:
            # Follows from nearly everything and says nothing.
            continue
        low = _said(entry.text)
        sign = _sign_of(low)
        if sign is not None:
            rank = _rank(sign, entry.severity, place)
            found.append(_Clue(job, entry.text, entry.severity, sign, rank))
            if not rank[0]:
                # Nothing explains it better.
                break
    return found


@lru_cache(maxsize=1000)
def _sign_of(low: str) -> _Sign | None:
    """Return the first sign that fits an entry; many failures of a night say the same."""
    return next((sign for sign in _SIGNS if sign.fits(low)), None)


def _said(text: str) -> str:
    """Return an entry in lower case without the daemon's name and the name of a file."""
    daemon, colon, rest = text.partition(": ")
    low = (rest if colon and " " not in daemon else text).lower()
    named = _NAMED.search(low)
    if named is None:
        return low
    reason = low.rfind("err=")
    return low[: named.end()] + (low[reason:] if reason >= 0 else "")


def _rank(sign: _Sign, severity: Severity, place: int) -> tuple[int, int]:
    """Say how well an entry explains a failure; less is better, then the earlier one."""
    if sign.weak:
        return _WEAK.get(severity, 20) + _WEAKER.get(sign.cause, 0), place
    if sign.cause is Cause.SCRIPT and severity is Severity.ERROR:
        return _SCRIPT_ERROR, place
    return _STRONG.get(severity, 20), place


def _of_clue(clue: _Clue, log: JobLog) -> Diagnosis:
    if clue.sign.cause is Cause.SCRIPT:
        return _script(clue.job, log, clue.text)
    what, action, detail = clue.sign.tell(clue)
    return Diagnosis(clue.sign.cause, what, action, detail, _evidence(clue.text))


def _evidence(*texts: str) -> tuple[str, ...]:
    lines = (cut(text.split("\n", 1)[0], MAX_EVIDENCE) for text in texts if text)
    return tuple(dict.fromkeys(lines))


def _because(what: Message, reason: Message | None) -> Message:
    if reason is None:
        return what
    return Message("{what} ({reason})", {"what": what, "reason": reason})


# --- without a line of the log ----------------------------------------------------------------


def _undiagnosed(job: Job, what: Message, line: str = "") -> Diagnosis:
    action = (
        msg(
            "Read the log of job {jobid}: this program does not recognise the cause.",
            jobid=str(job.jobid),
        )
        if line
        else msg("Read its log in bconsole: list joblog jobid={jobid}", jobid=str(job.jobid))
    )
    return Diagnosis(Cause.UNKNOWN, what, action, evidence=_evidence(line))


def _director_restarted(job: Job, log: JobLog) -> Diagnosis:
    what = (
        msg("the Director was restarted or died while the job waited")
        if job.run_start is None or not (log.causes or job.fileset)
        else msg("the Director was restarted or died while the job ran")
    )
    action = msg(
        "Find out why the Director went down, and run {job} again.",
        job=job.name,
    )
    # The last line may be anything, such as how fast it went until then.
    accusing = [cause.text for cause in log.causes if cause.severity is not Severity.OUTPUT]
    return Diagnosis(Cause.DIRECTOR_RESTARTED, what, action, evidence=_evidence(*accusing[-1:]))


def _copy_given_up(job: Job) -> Diagnosis:
    what = msg("the copy of job {jobid} was given up", jobid=str(job.prior_jobid))
    action = msg("Read the log of its copy control job; the original is not affected.")
    return Diagnosis(Cause.UNKNOWN, what, action)


# --- cancelled --------------------------------------------------------------------------------


def _cancelled(job: Job, log: JobLog, cancelled_for: Mapping[int, int]) -> Diagnosis:
    texts = [*(cause.text for cause in log.causes), *log.last]
    for text in texts:
        if limit := _LIMIT.search(text):
            return _by_limit(job, limit[1], text)
        if _NOT_ALLOWED in text.lower():
            running = _RUNNING.search(text)
            return _as_duplicate(job, running[1] if running else "", text)
    if job.jobid in cancelled_for:
        return _as_duplicate(job, str(cancelled_for[job.jobid]), "")
    return _by_person(job, log, waited=any(_WAITED_FOR_VOLUME in text.lower() for text in texts))


_NOT_ALLOWED = "duplicate job not allowed"
_WAITED_FOR_VOLUME = "cannot find any appendable volume"


def _by_limit(job: Job, limit: str, text: str) -> Diagnosis:
    directive = " ".join(word.capitalize() for word in f"{limit} time".split())
    if directive == "Max Start Delay Time":
        directive = "Max Start Delay"
    what = msg("it reached its time limit ({directive})", directive=directive)
    action = msg(
        "Find out why {job} takes so long (compare it with earlier runs), or raise {directive}.",
        job=job.name,
        directive=directive,
    )
    return Diagnosis(Cause.CANCELLED_BY_LIMIT, what, action, directive, _evidence(text))


def _as_duplicate(job: Job, other: str, text: str) -> Diagnosis:
    what = (
        msg("another run of it was under way (job {jobid})", jobid=other)
        if other
        else msg("another run of it was under way")
    )
    action = msg(
        "Check how the other run of {job} went; if this happens often, schedule the runs further"
        " apart.",
        job=job.name,
    )
    return Diagnosis(Cause.CANCELLED_AS_DUPLICATE, what, action, evidence=_evidence(text))


def _by_person(job: Job, log: JobLog, *, waited: bool) -> Diagnosis:
    evidence = _evidence(log.headline or log.termination)
    if waited:
        what = msg("somebody did so while it waited for a Volume, as far as its log tells")
        action = msg(
            "Label or free a Volume in Pool {pool}, and run {job} again.",
            pool=job.pool or "?",
            job=job.name,
        )
        return Diagnosis(Cause.CANCELLED_BY_PERSON, what, action, evidence=evidence)
    began = job.run_start is not None and job.run_end != job.run_start
    what = (
        msg("somebody did so while it ran, as far as its log tells")
        if began or job.files
        else msg("somebody did so before it began to run, as far as its log tells")
    )
    action = msg("Ask who cancelled it; run {job} again if it is needed.", job=job.name)
    return Diagnosis(Cause.CANCELLED_BY_PERSON, what, action, evidence=evidence)


# --- what the signs tell ----------------------------------------------------------------------


def _limit(clue: _Clue) -> _Told:
    found = _LIMIT.search(clue.text)
    told = _by_limit(clue.job, found[1] if found else "max run", clue.text)
    return told.what, told.action, told.detail


def _duplicate(clue: _Clue) -> _Told:
    running = _RUNNING.search(clue.text)
    told = _as_duplicate(clue.job, running[1] if running else "", clue.text)
    return told.what, told.action, ""


def _script(job: Job, log: JobLog, text: str) -> Diagnosis:
    """Tell of a script with its exit code, its name and the last that it put out."""
    said = [cause.text for cause in log.causes]
    returned = next(((m, line) for line in said if (m := _STATUS.search(line))), None)
    name, code = (returned[0][1], returned[0][2]) if returned else ("", "")
    proof = returned[1] if returned else text
    put_out = [
        cause.text
        for cause in log.causes
        if cause.severity is Severity.OUTPUT and (not name or f"{name}:" in cause.text)
    ]
    script = _program(log, name) or name
    where = job.client if name.startswith("Client") or not name else ""
    if not script:
        what = msg("a script failed")
    elif code:
        what = msg("the script {script} ended with exit code {code}", script=script, code=code)
    else:
        what = msg("the script {script} failed", script=script)
    action = (
        msg(
            "Run the script by hand on {client}, fix what it complains about, and run {job} again.",
            client=where,
            job=job.name,
        )
        if where
        else msg(
            "Run the script by hand on the Director's host, fix what it complains about, and run"
            " {job} again.",
            job=job.name,
        )
    )
    evidence = _evidence(*put_out[-OUTPUT_LINES:], proof)
    return Diagnosis(Cause.SCRIPT, what, action, code, evidence)


def _program(log: JobLog, name: str) -> str:
    """Return the program that a script runs; "" where it is but a shell with an argument."""
    runs = (_SHELL.search(line) for line in (*log.head, *log.tail) if "shell command: run" in line)
    programs = [run[2] for run in runs if run and (not name or run[1] == name)]
    if not programs or programs[-1].replace("\\", "/").rpartition("/")[2] in _INTERPRETERS:
        return ""
    return programs[-1]


_INTERPRETERS = frozenset(
    ("sh", "bash", "dash", "ksh", "zsh", "env", "sudo", "su", "perl", "python", "python3", "ruby",
     "php", "cmd", "cmd.exe", "powershell", "powershell.exe")
)  # fmt: skip


def _script_told(clue: _Clue) -> _Told:
    told = _script(clue.job, _NO_LOG, clue.text)
    return told.what, told.action, told.detail


_NO_LOG = JobLog((), "", (), (), 0, 0, "")


def _host(job: Job) -> Message | str:
    """Return the Client to go to; where the catalog does not name it, words for it."""
    return job.client or msg("its Client")


def _disk_full(clue: _Clue) -> _Told:
    low, job = clue.text.lower(), clue.job
    again = msg("Make room there, and run {job} again.", job=job.name)
    if "spool" in low:
        return msg("the spool directory of the Storage Daemon is full"), again, "spool"
    if any(word in low for word in _DATABASE_WORDS):
        return msg("the disk of the catalog database is full"), again, "catalog"
    if clue.device:
        what = msg("the disk of device {device} is full", device=clue.device)
        action = msg(
            "Make room on the disk of device {device} (prune Volumes), and run {job} again.",
            device=clue.device,
            job=job.name,
        )
        return what, action, clue.device
    if clue.by_client:
        return msg("a disk of its Client is full"), again, ""
    return msg("a disk is full"), again, ""


def _authentication(clue: _Clue) -> _Told:
    low, job = clue.text.lower(), clue.job
    if any(word in low for word in _TLS_WORDS):
        action = msg(
            "Check TLS on both sides: certificates (valid, right name, known CA) and whether both"
            " ask for it; then run {job} again.",
            job=job.name,
        )
        return msg("TLS or a certificate was refused"), action, "TLS"
    if "storage" in low:
        action = msg(
            "Compare the password and names of the Storage resource with those in bacula-sd.conf,"
            " restart the Storage Daemon, and run {job} again.",
            job=job.name,
        )
        return msg("the Storage Daemon refused the password"), action, "Storage Daemon"
    action = msg(
        "Compare the password and names of the Client resource with those in bacula-fd.conf on"
        " {client}, restart the File Daemon, and run {job} again.",
        client=_host(job),
        job=job.name,
    )
    what = msg("its File Daemon refused the password")
    return what, action, ""


def _no_volume(clue: _Clue) -> _Told:
    found = _POOL.search(clue.text)
    pool = (found[1].strip() if found else "") or clue.job.pool
    if not pool:
        action = msg("Label or free a Volume, and run {job} again.", job=clue.job.name)
        return msg("there was no Volume to write to"), action, ""
    action = msg(
        "Label or free a Volume in Pool {pool}, and run {job} again.", pool=pool, job=clue.job.name
    )
    return msg("Pool {pool} had no Volume to write to", pool=pool), action, pool


def _client(clue: _Clue) -> _Told:
    client, reason = _host(clue.job), clue.reason
    what = msg("its File Daemon cannot be reached")
    if "connection refused" in clue.text.lower():
        action = msg(
            "Start the File Daemon on {client} (bacula-fd), and run {job} again.",
            client=client,
            job=clue.job.name,
        )
    else:
        action = msg(
            "Check that {client} is switched on, that its host name resolves and that its firewall"
            " lets the Director in; then run {job} again.",
            client=client,
            job=clue.job.name,
        )
    return _because(what, reason), action, ""


def _storage(clue: _Clue) -> _Told:
    found = _ADDRESS.search(clue.text)
    address = found[1] if found else ""
    again = msg(
        "Check that the Storage Daemon runs and can be reached, and run {job} again.",
        job=clue.job.name,
    )
    if clue.by_client or "2902" in clue.text:
        what = msg("its File Daemon cannot reach the Storage Daemon")
        again = msg(
            "Check that {client} can reach the Storage Daemon at the Address of its Storage"
            " resource (name, firewall); then run {job} again.",
            client=_host(clue.job),
            job=clue.job.name,
        )
    elif address:
        what = msg("the Storage Daemon at {address} cannot be reached", address=address)
    else:
        what = msg("the Storage Daemon cannot be reached")
    return _because(what, clue.reason), again, address


def _refused_device(clue: _Clue) -> _Told:
    action = msg(
        "Compare Device and Media Type of the Storage resource with bacula-sd.conf, and run {job}"
        " again.",
        job=clue.job.name,
    )
    if clue.device:
        what = msg("the Storage Daemon did not accept device {device}", device=clue.device)
        return what, action, clue.device
    return msg("the Storage Daemon did not accept its device"), action, ""


def _device(clue: _Clue) -> _Told:
    if clue.device:
        what = msg("device {device} or its Volume had an error", device=clue.device)
        action = msg(
            "Check device {device} (mounted, writable, no hardware error) and its Volume, and run"
            " {job} again.",
            device=clue.device,
            job=clue.job.name,
        )
    else:
        what = msg("a device or Volume of the Storage Daemon had an error")
        action = msg(
            "Check the devices of the Storage Daemon (mounted, writable, no hardware error), and"
            " run {job} again.",
            job=clue.job.name,
        )
    return _because(what, clue.reason), action, clue.device


def _database(clue: _Clue) -> _Told:
    action = msg(
        "Check that the catalog's database runs, has room and is not locked; then run {job} again.",
        job=clue.job.name,
    )
    return msg("the catalog database could not be used"), action, ""


def _network(clue: _Clue) -> _Told:
    action = msg(
        "Check whether {client} or a daemon was restarted at that time, and whether a firewall cuts"
        " long connections (Heartbeat Interval); then run {job} again.",
        client=_host(clue.job),
        job=clue.job.name,
    )
    return _because(msg("the network connection was lost"), clue.reason), action, ""


def _files(clue: _Clue) -> _Told:
    action = msg(
        "Check that the paths of its FileSet exist on {client} and may be read; then run {job}"
        " again.",
        client=_host(clue.job),
        job=clue.job.name,
    )
    return _because(msg("files could not be read"), clue.reason), action, ""


# --- the table --------------------------------------------------------------------------------

_TLS_WORDS = (
    "tls ", "tls:", "tls.c", "certificate", "ssl routines", "ssl_", "openssl", "starttls",
)  # fmt: skip
_DATABASE_WORDS = (
    "catalog error", "could not open catalog", "could not open database", "open database",
    "connect to postgresql", "connect to mysql", "connect to database", "connect to server",
    "deadlock", "attribute create error", "query failed", "server has gone away",
    "lost connection to mysql", "can't fill", "sql_create.c", "sql_update.c", "sql_get.c",
    "sql_find.c", "sql_delete.c", "sql.c:", "postgresql.c", "mysql.c", "batch insert",
    "update of jobmedia", "database is locked", "too many connections", "sql error",
    "catalog request", "could not get catalog", "could not extend file", "insert into",
)  # fmt: skip

_SIGNS = (
    _Sign(
        Cause.CANCELLED_BY_LIMIT,
        ("max run time", "max wait time", "max start delay", "max run sched", "max sched run"),
        _limit,
        also=("exceeded",),
    ),
    _Sign(Cause.CANCELLED_AS_DUPLICATE, (_NOT_ALLOWED,), _duplicate),
    _Sign(Cause.NETWORK_LOST, ("socket error on runbefore", "socket error on runafter"), _network),
    _Sign(
        Cause.SCRIPT,
        ("runscript", "bad response to runbefore", "bad response to runafter"),
        _script_told,
    ),
    _Sign(
        Cause.DISK_FULL,
        (
            "no space left", "not enough space", "disk full", "disk is full", "quota exceeded",
            "out of disk space", "file system full", "filesystem full",
        ),
        _disk_full,
    ),
    _Sign(
        Cause.AUTHENTICATION,
        (
            "unable to authenticate", "authorization key rejected", "authentication failed",
            "authorization problem", "incorrect password", "bad password", "tls negotiation",
            "tls required", "requires tls", "tls is required", "tls support", "tls connection",
            "tls initialization", "certificate verif", "ca certificate", "peer certificate",
            "host certificate", "certificate has", "certificate is", "ssl routines",
            "invalid password",
            "names not the same", "incorrect authorization", "authenticate with", "tls context",
        ),
        _authentication,
    ),
    _Sign(
        Cause.NO_VOLUME,
        (
            "cannot find any appendable volume", "no appendable volume", "waiting to mount",
            "please mount", "please use the \"label\" command", "no next volume",
            "could not find a volume", "unable to mount", "intervention needed",
            "no more volumes", "maximum volumes", "pool has maxvols",
        ),
        _no_volume,
    ),
    _Sign(
        Cause.CLIENT_UNREACHABLE,
        (
            "connect to client", "connect to file daemon", "no response from client",
            "no response from fd", "client is not connected", "call back from client",
        ),
        _client,
    ),
    _Sign(
        Cause.STORAGE,
        ("connect to storage", "no response from storage"),
        _storage,
    ),
    _Sign(
        Cause.STORAGE,
        ("didn't accept device", "did not accept device", "not in sd device resources"),
        _refused_device,
    ),
    _Sign(Cause.DATABASE, _DATABASE_WORDS, _database),
    _Sign(Cause.STORAGE, ("response to storage command", "2902 bad storage"), _storage, weak=True),
    _Sign(
        Cause.STORAGE,
        (
            "block checksum mismatch", "volume data error", "volume label", "wanted volume",
            "wrong volume", "could not open device", "unable to open device", "hardware error",
            "fatal append error", "fatal device error", "bad autochanger", "autochanger error",
            "marking volume", "cannot append", "unable to append", "backspace record",
            "unable to position", "is blocked", "device is not open", "3992",
        ),
        _device,
        weak=True,
    ),
    _Sign(
        Cause.STORAGE,
        ("write error", "read error", "input/output error", "i/o error", "could not write"),
        _device,
        also=(' device "', ' device="', "on volume"),
        weak=True,
    ),
    _Sign(
        Cause.NETWORK_LOST,
        (
            "network error", "network send error", "network receive", "connection reset",
            "broken pipe", "read error from", "write error sending", "socket terminated",
            "socket error", "comm error", "data header", "connection timed out",
            "no data available", "packet size", "no route to host", "connection refused",
            "host is down", "network is unreachable", "connection closed", "connection lost",
            "lost connection", "timed out", "timeout",
        ),
        _network,
        weak=True,
    ),
    _Sign(
        Cause.FILES,
        (
            "could not stat", "could not open", "could not access", "could not read",
            "cannot open", "cannot read", "cannot stat", "cannot find", "permission denied",
            "will not descend", "read error on file", "no such file", "vss ", "shadow copy",
            "input/output error", "unable to open",
        ),
        _files,
        weak=True,
    ),
)  # fmt: skip
"""The first sign that fits an entry counts, so what is more particular stands first."""
