"""Puts a `ReportView` into a mail: subject, HTML for mail clients, and a text that says the same.

A mail has to stay small (Gmail hides what is beyond 102 KB), so what it shows is cut to a `Room`:
first as much as there is, and if that is too large, less and less, until it fits. What is wrong is
told; what went well is counted; what is left out is said.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from app.bacula.joblog import clean
from app.i18n import Translator
from app.report.format import NOT_KNOWN
from app.report.render import fill_template
from app.report.view import FindingView, ReportView
from app.report.view.brief import Count
from app.report.view.findings import Concern, Group
from app.report.view.nights import MatrixCell, MatrixView, NightHead, Trend
from app.report.view.page import Card

MOST_BYTES = 97_000
"""Bytes of a mail's HTML, and of its text. Sentences that are put before a letter (that it is late,
that the page is not attached) still fit below 100,000."""
NIGHTS = 7
"""Nights of the matrix in a mail."""
SERVERS = 8
"""Servers with trouble in the matrix of a mail."""
BAR_HEIGHT = 56
"""Pixels of the highest bar."""
_NAMED = 12
"""Jobs that a finding names where each is told of below."""
_AGAIN = 8
"""Earlier failures of the same job with the same cause that are named."""
_FEWEST_HTML, _FEWEST_TEXT = 70, 20
"""Bytes that the shortest failure takes at least."""
_NAME, _SENTENCE, _LINE = 120, 600, 400
"""Characters of a name, of a sentence and of a line of a log."""
_FEW = 15
"""Gaps, notes and small findings."""
_TROUBLE = frozenset({"failed", "missed", "unknown", "warning", "cancelled"})


@dataclass(frozen=True, slots=True)
class MailText:
    """What a mail says.

    Attributes:
        subject: one line.
        html: a whole HTML document.
        text: the same as plain text.
    """

    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Room:
    """How much of what a mail shows.

    Attributes:
        lines: lines of a log under a failure.
        evidence: lines of a log under a finding.
        items: jobs of a finding.
        small: whether what is merely good to know, and what is muted, is told.
        lesser: findings that are not critical.
        others: jobs that neither failed nor succeeded.
        critical: critical findings.
        failures: failures; None for all.
        headline: characters of a failure's headline.
        bare: whether nothing else is told of a failure.
        nights: whether the last nights are shown.
    """

    lines: int = 12
    evidence: int = 4
    items: int = 200
    small: bool = True
    lesser: int = 100
    others: int = 100
    critical: int = 100
    failures: int | None = None
    headline: int = 600
    bare: bool = False
    nights: bool = True


def _rooms() -> Iterator[Room]:
    """Yield rooms, the largest first: what matters least goes first."""
    room = Room()
    yield room
    for lines in (4, 2, 1):
        room = replace(room, lines=lines)
        yield room
    for evidence in (2, 0):
        room = replace(room, evidence=evidence)
        yield room
    for items in (40, 10, 3):
        room = replace(room, items=items)
        yield room
    room = replace(room, small=False, others=20)
    yield room
    for lesser in (20, 5):
        room = replace(room, lesser=lesser, others=lesser)
        yield room
    for critical in (30, 10):
        room = replace(room, critical=critical, lines=0)
        yield room
    room = replace(room, headline=240)
    yield room
    room = replace(room, bare=True, lesser=3, others=3, items=1)
    yield room
    room = replace(room, headline=160)
    yield room
    for failures in (2400, 2000, 1600, 1300, 1000, 800, 640, 560, *range(480, 0, -20), 10, 5, 0):
        yield replace(room, failures=failures)
    yield replace(room, failures=0, critical=3, lesser=0, others=0, nights=False)
    yield replace(room, failures=0, critical=0, lesser=0, others=0, items=0, nights=False)


ROOMS = tuple(_rooms())


@dataclass(frozen=True, slots=True)
class Ref:
    """A job's run: its JobId, and where it is told about ("" for nowhere)."""

    jobid: str
    href: str


@dataclass(frozen=True, slots=True)
class Item:
    """One of the jobs that a finding is about."""

    client: str
    job: str
    refs: tuple[Ref, ...]
    more_runs: str
    badges: tuple[str, ...]
    sentence: str
    action: str


@dataclass(frozen=True, slots=True)
class Told:
    """A finding.

    Attributes:
        severity: critical, warning, info or muted, for the style.
        level: the severity in words.
        title: the kind in words.
        sentence: the finding.
        action: what to do next, "" for nothing.
        about: since when, new, the cause.
        alone: the only job; None when there are several, or none.
        items: the jobs, when there are several.
        names: the jobs by their names alone, where each is told of below.
        left: says how many jobs are not named; "" for none.
        evidence: lines of a log.
        muted: why it does not alarm; "" when it does.
    """

    severity: str
    level: str
    title: str
    sentence: str
    action: str
    about: tuple[str, ...]
    alone: Item | None
    items: tuple[Item, ...]
    names: tuple[str, ...]
    left: str
    evidence: tuple[str, ...]
    muted: str


@dataclass(frozen=True, slots=True)
class Findings:
    """The findings of one severity; `left` says how many are left out, "" for none."""

    severity: str
    title: str
    count: int
    findings: tuple[Told, ...]
    left: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed job, with earlier runs that failed alike.

    Attributes:
        ref: the newest of these runs.
        again: the others that are named; `again_more` says how many are not.
        facts: when it ran, and what it did.
        lines: what its log states.
        left: says how many lines are left out; "" for none.
    """

    client: str
    job: str
    ref: Ref
    badges: tuple[str, ...]
    headline: str
    notes: tuple[str, ...]
    facts: tuple[str, ...]
    lines: tuple[str, ...]
    left: str
    again: tuple[Ref, ...]
    again_more: str


@dataclass(frozen=True, slots=True)
class Row:
    """A job that neither failed nor succeeded, in one line."""

    client: str
    job: str
    ref: Ref
    told: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Such jobs of one outcome; `left` says how many are left out, "" for none."""

    kind: str
    title: str
    count: int
    rows: tuple[Row, ...]
    left: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A counter."""

    kind: str
    label: str
    number: str
    zero: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A night of the trend, its height in pixels; 0 where it is not known."""

    title: str
    height: int


@dataclass(frozen=True, slots=True)
class Nights:
    """The servers with trouble in the last nights."""

    title: str
    heads: tuple[NightHead, ...]
    rows: tuple[tuple[str, tuple[MatrixCell, ...]], ...]
    legend: tuple[tuple[str, str, str], ...]
    left: str


@dataclass(frozen=True, slots=True)
class Mail:
    """All that a mail shows; the templates place it.

    Attributes:
        view: the report; of it only what is short.
        subject: the subject.
        preheader: what a list of mails shows beside the subject.
        sentence: why the verdict is what it is.
        shortened: says that not everything fits; "" when it does.
        link: where the page can be read, "" for nowhere.
        where: says where everything is; "" for nowhere.
        failed: how many jobs failed.
        failures_left: says how many failures are left out; "" for none.
    """

    view: ReportView
    subject: str
    preheader: str
    sentence: str
    shortened: str
    link: str
    where: str
    banner: tuple[str, ...]
    tiles: tuple[tuple[Tile, ...], ...]
    shares: tuple[tuple[str, float], ...]
    sums: tuple[str, ...]
    alarms: tuple[Findings, ...]
    small: tuple[Findings, ...]
    calm: str
    notes: tuple[str, ...]
    failed: int
    failures: tuple[Failure, ...]
    failures_left: str
    bare: bool
    others: tuple[Rows, ...]
    trend: Trend | None
    bars: tuple[Bar, ...]
    rate: Trend | None
    nights: Nights | None
    facts: tuple[tuple[str, str], ...]


def render_mail(view: ReportView, *, attached: bool = True, link: str = "") -> MailText:
    """Put a report into a mail. Pure: the same view gives the same mail.

    Args:
        view: what to show.
        attached: whether the full page comes with the mail.
        link: where the full page can be read, "" for nowhere.

    Returns:
        Subject, HTML and text; neither of the latter has more than `MOST_BYTES` bytes in UTF-8.
    """
    source = _Source(view, attached=attached, link=_web(link))
    return MailText(
        subject=source.subject,
        html=_largest(source, _html, _FEWEST_HTML),
        text=_largest(source, _text, _FEWEST_TEXT),
    )


def _largest(source: _Source, render: Callable[[Mail], str], fewest: int) -> str:
    """Return the mail with the most room that is not too large."""
    total = len(source.failures)
    # Nobody needs to try what cannot fit.
    first = next(
        number
        for number, room in enumerate(ROOMS)
        if min(total, total if room.failures is None else room.failures) * fewest <= MOST_BYTES
    )
    rendered: dict[int, str] = {}

    def fits(number: int) -> bool:
        rendered[number] = render(source.mail(ROOMS[number], shortened=number > 0))
        return len(rendered[number].encode()) <= MOST_BYTES

    if first == 0 and fits(0):
        return rendered[0]
    last = len(ROOMS) - 1
    best = bisect_left(range(last), True, lo=max(first, 1), key=fits)
    return rendered[best] if best in rendered else render(source.mail(ROOMS[best], shortened=True))


def _html(mail: Mail) -> str:
    # Only mails need it.
    import css_inline

    page = _writable(fill_template("mail.html.j2", mail.view.language, mail=mail))
    inliner = css_inline.CSSInliner(
        keep_at_rules=True, load_remote_stylesheets=False, minify_css=True
    )
    return inliner.inline(page)


def _text(mail: Mail) -> str:
    text = fill_template("mail.txt.j2", mail.view.language, mail=mail)
    lines = [line.rstrip() for line in clean(text).split("\n")]
    kept = [line for before, line in zip(["", *lines], lines, strict=False) if line or before]
    return "\n".join(kept).strip("\n") + "\n"


class _Source:
    """All that a mail could show, made once; `mail` takes of it what there is room for."""

    def __init__(self, view: ReportView, *, attached: bool, link: str) -> None:
        self._view = view
        self._tr = Translator(view.language)
        self._attached = attached
        self._link = link
        cards = [card for section in view.sections for card in section.cards]
        self._urls = {card.jobid: _web(card.url) for card in cards}
        failed = [card for s in view.sections if s.kind == "failed" for card in s.cards]
        self._failed_ids = frozenset(card.jobid for card in failed)
        self._failed = len(failed)
        self.failures = tuple(self._failures(failed))
        self.subject = _writable(view.brief.subject)

    def mail(self, room: Room, *, shortened: bool) -> Mail:
        view, findings = self._view, self._view.findings
        sentence = _cut(view.sentence, _SENTENCE)
        alarms = findings.alarms if findings is not None else ()
        asides = (findings.info, findings.muted) if findings is not None and room.small else ()
        shown = self.failures[: room.failures]
        return Mail(
            view=view,
            subject=self.subject,
            preheader=_preheader(sentence, alarms),
            sentence=sentence,
            shortened=self._shortened() if shortened else "",
            link=self._link,
            where=self._where(),
            banner=self._few(view.banner),
            tiles=tuple(_rows_of(tuple(self._tiles()))),
            shares=tuple((tile.kind, tile.share) for tile in view.tiles if tile.share),
            sums=tuple(
                _cut(line, _SENTENCE)
                for line in (view.servers_line, view.volume_line, view.copies_line)
                if line
            ),
            alarms=tuple(
                self._group(one, room, room.critical if one.severity == "critical" else room.lesser)
                for one in alarms
            ),
            small=tuple(self._group(one, room, _FEW) for one in asides if one is not None),
            calm=findings.calm if findings is not None else "",
            notes=self._few(findings.notes) if findings is not None else (),
            failed=self._failed,
            failures=tuple(self._fit(one, room) for one in shown),
            failures_left=self._left(
                self._failed - sum(1 + len(one.again) for one in shown)
                if room.failures is not None
                else 0
            ),
            bare=room.bare,
            others=tuple(self._others(room.others)),
            trend=self._trend("bytes") if room.nights else None,
            bars=tuple(self._bars()),
            rate=self._trend("rate") if room.nights else None,
            nights=self._nights() if room.nights else None,
            facts=tuple((fact.label, _cut(fact.value, _SENTENCE)) for fact in view.facts),
        )

    # --- what is left out --------------------------------------------------------------------

    def _more(self, count: int) -> str:
        """Say how many are named elsewhere in the mail."""
        return self._tr.plural("and {count} more", "and {count} more", count) if count > 0 else ""

    def _left(self, count: int) -> str:
        """Say how many are left out."""
        if count <= 0:
            return ""
        tr = self._tr
        if self._attached:
            return tr.plural(
                "and {count} more, see the attached report",
                "and {count} more, see the attached report",
                count,
            )
        return tr.plural(
            "and {count} more, see the full report", "and {count} more, see the full report", count
        )

    def _shortened(self) -> str:
        tr = self._tr
        if self._attached:
            return tr("This is too much for one mail, and was cut. The attached report has it all.")
        return tr("This is too much for one mail, and was cut. The full report has it all.")

    def _where(self) -> str:
        tr = self._tr
        if not self._attached or not self._view.sum_line:
            return ""
        return tr("The attached report has every job and its log.")

    def _few(self, lines: Sequence[str]) -> tuple[str, ...]:
        shown = tuple(_cut(line, _SENTENCE) for line in lines[:_FEW])
        left = self._left(len(lines) - _FEW)
        return (*shown, left) if left else shown

    # --- findings ----------------------------------------------------------------------------

    def _group(self, group: Group, room: Room, most: int) -> Findings:
        found = (*group.findings, *group.rest)
        return Findings(
            severity=group.severity,
            title=group.title,
            count=group.count,
            findings=tuple(self._told(one, room) for one in found[:most]),
            left=self._left(len(found) - most),
        )

    def _told(self, one: FindingView, room: Room) -> Told:
        concerns = (*one.concerns, *one.more)
        below = self._told_below(one)
        named = below and len(concerns) > 1 and not any(concern.action for concern in concerns)
        names = [_cut(concern.client or concern.job, _NAME) for concern in concerns]
        shown = tuple(dict.fromkeys(names))[:_NAMED] if named else ()
        items = () if named else tuple(self._item(c) for c in concerns[: room.items])
        rest = one.count - len(items) if concerns else 0
        if named:
            rest = one.count - sum(name in shown for name in names)
        since = [self._tr("since {moment}", moment=one.since)] if one.since else []
        return Told(
            severity=one.severity,
            level=one.level,
            title=one.title,
            sentence=_cut(one.sentence, _SENTENCE),
            action=_cut(one.action, _SENTENCE),
            about=tuple(_cut(part, _NAME) for part in (*one.badges, *since)),
            alone=self._item(one.alone) if one.alone is not None else None,
            items=items,
            names=shown,
            left=self._more(rest) if named else self._left(rest),
            evidence=() if below else tuple(_cut(x, _LINE) for x in one.evidence[: room.evidence]),
            muted=_cut(one.muted, _SENTENCE),
        )

    def _told_below(self, one: FindingView) -> bool:
        """Say whether all of its jobs are among the failures, which show their logs."""
        concerns = (one.alone,) if one.alone is not None else (*one.concerns, *one.more)
        return bool(concerns) and all(
            any(link.jobid in self._failed_ids for link in concern.links) for concern in concerns
        )

    def _item(self, concern: Concern) -> Item:
        return Item(
            client=_cut(concern.client, _NAME),
            job=_cut(concern.job, _NAME),
            refs=tuple(self._ref(link.jobid, link.href) for link in concern.links),
            more_runs=concern.more_runs,
            badges=concern.badges,
            sentence=_cut(concern.sentence, _SENTENCE),
            action=_cut(concern.action, _SENTENCE),
        )

    def _ref(self, jobid: str, href: str = "") -> Ref:
        """Return where a job is told about: the page if it can be reached, else the interface."""
        if self._link and jobid in self._urls:
            return Ref(jobid, f"{self._link.partition('#')[0]}#job-{jobid}")
        return Ref(jobid, self._urls.get(jobid) or _web(href))

    # --- jobs --------------------------------------------------------------------------------

    def _failures(self, cards: Iterable[Card]) -> Iterator[Failure]:
        """Gather failures of the same job with the same cause; the newest of them is told."""
        alike: dict[tuple[str, str, str], list[Card]] = {}
        for card in cards:
            alike.setdefault((card.client, card.name, card.headline), []).append(card)
        for runs in alike.values():
            first, *again = sorted(runs, key=lambda card: -int(card.jobid))
            yield self._failure(first, again)

    def _failure(self, card: Card, again: Sequence[Card]) -> Failure:
        lines = [line for line in card.errors.split("\n") if line.strip()]
        if lines[:1] == [card.headline]:
            del lines[0]
        return Failure(
            client=_cut(card.client, _NAME),
            job=_cut(card.name, _NAME),
            ref=self._ref(card.jobid),
            badges=tuple(_cut(badge, _NAME) for badge in card.badges),
            headline=_cut(card.headline, _SENTENCE),
            notes=tuple(_cut(note, _SENTENCE) for note in card.notes[:_FEW]),
            facts=tuple(_facts(card)),
            lines=tuple(_cut(line, _LINE) for line in lines),
            left="",
            again=tuple(self._ref(one.jobid) for one in again),
            again_more="",
        )

    def _fit(self, one: Failure, room: Room) -> Failure:
        left = len(one.lines) - room.lines
        more = len(one.again) - _AGAIN
        return replace(
            one,
            headline=_cut(one.headline, room.headline),
            lines=one.lines[: room.lines],
            left=self._tr.plural("… {count} line left out …", "… {count} lines left out …", left)
            if left > 0
            else "",
            again=one.again[:_AGAIN],
            again_more=f"+{more:,}" if more > 0 else "",
        )

    def _others(self, most: int) -> Iterator[Rows]:
        """Yield the other jobs that are no plain success, the gravest first."""
        for section in self._view.sections:
            if section.kind == "failed" or not section.cards:
                continue
            rows = tuple(self._row(card) for card in section.cards[:most])
            most -= len(rows)
            left = len(section.cards) - len(rows)
            yield Rows(section.kind, section.title, len(section.cards), rows, self._left(left))

    def _row(self, card: Card) -> Row:
        told = card.headline or next(iter(card.notes), "")
        if not told:
            told = next((f"{fact.label}: {fact.value}" for fact in card.facts), "")
        return Row(
            client=_cut(card.client, _NAME),
            job=_cut(card.name, _NAME),
            ref=self._ref(card.jobid),
            told=_cut(" ".join(told.split()), _SENTENCE),
        )

    # --- numbers -----------------------------------------------------------------------------

    def _tiles(self) -> Iterator[Tile]:
        """Yield failures first, then what did not run, then the rest; successes always last."""
        view = self._view
        if not view.sum_line:
            return
        counts = {one.kind: one for one in view.brief.counts}
        names = {tile.kind: tile.label for tile in view.tiles}
        always = {kind: Count(kind, names[kind], 0) for kind in ("failed", "success")}
        counts = {**always, **counts}
        middle = [one for kind, one in counts.items() if kind not in always]
        for one in (counts["failed"], *view.brief.problems, *middle, counts["success"]):
            known = one.number or view.certain
            yield Tile(
                kind=one.kind,
                label=one.label,
                number=f"{one.number:,}" if known else NOT_KNOWN,
                zero=not one.number,
            )

    def _trend(self, kind: str) -> Trend | None:
        trends = self._view.trends.trends if self._view.trends is not None else ()
        return next((trend for trend in trends if trend.kind == kind), None)

    def _bars(self) -> Iterator[Bar]:
        trend = self._trend("bytes")
        for bar in trend.bars if trend is not None else ():
            height = 0
            if bar.share is not None:
                height = max(round(bar.share * BAR_HEIGHT / 100), 1)
            yield Bar(f"{bar.label}: {bar.value}", height)

    def _nights(self) -> Nights | None:
        matrix = self._view.matrix
        if matrix is None:
            return None
        rows = [
            (_cut(row.name, _NAME), row.cells[-NIGHTS:])
            for row in (*matrix.rows, *matrix.rest)
            if any(cell.kind in _TROUBLE for cell in row.cells[-NIGHTS:])
        ]
        if not rows:
            return None
        return Nights(
            title=self._tr.plural(
                "Servers with trouble in the last {count} night",
                "Servers with trouble in the last {count} nights",
                len(matrix.heads[-NIGHTS:]),
            ),
            heads=matrix.heads[-NIGHTS:],
            rows=tuple(rows[:SERVERS]),
            legend=_legend(matrix, [cells for _, cells in rows[:SERVERS]]),
            left=self._left(len(rows) - SERVERS),
        )


def _legend(
    matrix: MatrixView, rows: Iterable[Sequence[MatrixCell]]
) -> tuple[tuple[str, str, str], ...]:
    kinds = {cell.kind for cells in rows for cell in cells}
    return tuple(one for one in matrix.legend if one[0] in kinds and one[1])


def _preheader(sentence: str, alarms: Sequence[Group]) -> str:
    first = next((one.sentence for group in alarms for one in group.findings), "")
    return _cut(f"{sentence} {first}" if first and first != sentence else sentence, 200)


def _rows_of(tiles: Sequence[Tile]) -> Iterator[tuple[Tile, ...]]:
    """Yield rows of at most four that are filled evenly: a phone has room for no more."""
    if not tiles:
        return
    count = -(-len(tiles) // 4)
    width = -(-len(tiles) // count)
    for at in range(0, len(tiles), width):
        yield tuple(tiles[at : at + width])


def _facts(card: Card) -> Iterator[str]:
    """Yield when it ran and what it did; when it ended follows from its duration."""
    for number, fact in enumerate(card.facts):
        if (not number or fact.width != "wide") and fact.value != NOT_KNOWN:
            yield f"{fact.label}: {_cut(fact.value, _NAME)}"


def _web(url: str) -> str:
    """Return an address that a mail may link to, else ""."""
    return url if url.startswith(("https://", "http://")) else ""


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _writable(text: str) -> str:
    """Replace what no encoding can write."""
    return text.encode("utf-8", "replace").decode("utf-8")
