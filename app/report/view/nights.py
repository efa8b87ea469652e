"""The last nights put into words: the matrix of servers, and the trends as plain numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from app.assess.nights import Cell, Known, Night, Nights, NightState, Rate, ServerNights
from app.i18n import N_
from app.report.view.words import Words

SERVERS = 40
"""How many servers the matrix shows at once; the others are behind a disclosure."""
FEWEST_SERVERS = 10
"""Of many servers at least so many are shown, also where all is well."""
MOST_SERVERS = 1_000
"""How many servers the matrix has at all."""
ENOUGH = 3
"""Fewer nights than this make no trend."""
_SAME = 10
"""A difference of so many per cent from the usual is none."""

LETTERS = {
    NightState.FAILED: "F",
    NightState.MISSED: "M",
    NightState.UNKNOWN: "?",
    NightState.WARNING: "W",
    NightState.CANCELLED: "C",
    NightState.RECOVERED: "R",
    NightState.WAITING: "Q",
    NightState.RUNNING: "…",
    NightState.SUCCESS: "✓",
    NightState.NO_JOB: "",
    NightState.NOT_KNOWN: "·",
}
"""What stands in a cell; colour only repeats it."""
_NAMES = {
    NightState.FAILED: N_("Failed"),
    NightState.MISSED: N_("Did not run"),
    NightState.UNKNOWN: N_("Unknown"),
    NightState.WARNING: N_("Warnings"),
    NightState.CANCELLED: N_("Cancelled"),
    NightState.RECOVERED: N_("Recovered"),
    NightState.WAITING: N_("Waiting"),
    NightState.RUNNING: N_("Running"),
    NightState.SUCCESS: N_("Successful"),
    NightState.NO_JOB: N_("no job"),
    NightState.NOT_KNOWN: N_("not known"),
}
_COUNTED = {
    NightState.FAILED: N_("{count} failed"),
    NightState.MISSED: N_("{count} did not run"),
    NightState.UNKNOWN: N_("{count} unknown"),
    NightState.WARNING: N_("{count} with warnings"),
    NightState.CANCELLED: N_("{count} cancelled"),
    NightState.RECOVERED: N_("{count} recovered"),
    NightState.WAITING: N_("{count} waiting"),
    NightState.RUNNING: N_("{count} running"),
    NightState.SUCCESS: N_("{count} ok"),
}


@dataclass(frozen=True, slots=True)
class NightHead:
    """The head of a column: day of the week, day, and the whole of it."""

    weekday: str
    day: str
    title: str


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """One server in one night: style, letter, the same in words, and where it leads ("")."""

    kind: str
    letter: str
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One server and its nights."""

    name: str
    cells: tuple[MatrixCell, ...]


@dataclass(frozen=True, slots=True)
class MatrixView:
    """Servers and nights.

    Attributes:
        title: what it is.
        caption: what a night is, and which ones these are.
        heads: the nights, oldest first.
        rows: the servers, the worst first.
        rest: servers that are shown when asked for.
        rest_label: what to ask with.
        left_out: says how many are not there at all; "" for none.
        legend: style, letter and meaning of each state that occurs.
    """

    title: str
    caption: str
    heads: tuple[NightHead, ...]
    rows: tuple[MatrixRow, ...]
    rest: tuple[MatrixRow, ...]
    rest_label: str
    left_out: str
    legend: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One night of a trend; `share` is its height in per cent of the highest, None: not known."""

    label: str
    value: str
    share: float | None


@dataclass(frozen=True, slots=True)
class Trend:
    """One number night by night.

    Attributes:
        kind: bytes, spent or rate.
        title: what is counted.
        value: the latest.
        caption: which night, or which time, that is.
        comparison: how it stands to the usual, in words; "" when there is nothing to compare with.
        tone: better, worse, or "" where more is neither.
        bars: the nights, oldest first.
        usual: the median's height in per cent, None when there is none.
        description: all of it in one sentence, for those who do not see the bars.
    """

    kind: str
    title: str
    value: str
    caption: str
    comparison: str
    tone: str
    bars: tuple[Bar, ...]
    usual: float | None
    description: str


@dataclass(frozen=True, slots=True)
class TrendRow:
    """One night in the table beside the trends; what is not known is "–"."""

    night: str
    backups: str
    good: str
    size: str
    spent: str


@dataclass(frozen=True, slots=True)
class TrendsView:
    """The trends and the same as a table."""

    trends: tuple[Trend, ...]
    rows: tuple[TrendRow, ...]


def view_matrix(nights: Nights, words: Words) -> MatrixView | None:
    """Return the matrix; None when fewer than two nights are known, as the rest says that too."""
    told = [night for night in nights.nights if night.known is not Known.NOT]
    if len(told) < 2 or not nights.servers:
        return None
    tr, fmt = words.tr, words.fmt
    days = [fmt.day(night.day) for night in nights.nights]
    make = _Rows(days, words)
    here, rest = _split(nights.servers)
    shown = nights.servers[:MOST_SERVERS]
    states = {cell.state for server in shown for cell in server.cells}
    left = len(nights.servers) - len(shown)
    return MatrixView(
        title=tr.plural("Last {count} night", "Last {count} nights", len(days)),
        caption=tr(
            "Nights from {first} to {last}, each from noon to noon.", first=days[0], last=days[-1]
        ),
        heads=tuple(
            NightHead(
                fmt.weekday(night.day),
                str(night.day.day),
                tr("night of {night}", night=fmt.full_day(night.day)),
            )
            for night in nights.nights
        ),
        rows=tuple(make.row(server) for server in here),
        rest=tuple(make.row(server) for server in rest),
        rest_label=(
            tr.plural("{count} more server", "{count} more servers", len(rest)) if rest else ""
        ),
        left_out=tr.plural("and {count} more", "and {count} more", left) if left else "",
        legend=tuple(
            (_style(state), LETTERS[state], tr(_NAMES[state]))
            for state in NightState
            if state in states
        ),
    )


def _split(
    servers: Sequence[ServerNights],
) -> tuple[Sequence[ServerNights], Sequence[ServerNights]]:
    """Show all if there are few, else those with trouble; they come first."""
    if len(servers) <= SERVERS:
        return servers, ()
    troubled = sum(server.troubled for server in servers)
    shown = min(max(troubled, FEWEST_SERVERS), SERVERS)
    return servers[:shown], servers[shown:MOST_SERVERS]


def _style(state: NightState) -> str:
    return state.value.replace(" ", "-")


class _Rows:
    """Makes rows; most cells say the same as another, and thousands of them should cost little."""

    def __init__(self, days: Sequence[str], words: Words) -> None:
        self._days = days
        self._words = words
        self._told: dict[tuple[tuple[NightState, int], ...], str] = {}
        self._quiet: dict[tuple[str, tuple[tuple[NightState, int], ...]], MatrixCell] = {}

    def row(self, server: ServerNights) -> MatrixRow:
        cells = zip(server.cells, self._days, strict=True)
        return MatrixRow(
            server.client, tuple(self._cell(server.client, cell, day) for cell, day in cells)
        )

    def _cell(self, client: str, cell: Cell, day: str) -> MatrixCell:
        if not cell.counts:
            return _EMPTY[cell.state]
        if cell.state in _QUIET:
            # Nothing to follow up: the row's head names the server.
            quiet = self._quiet.get((day, cell.counts))
            if quiet is None:
                told = self._words.tr("{night}: {told}", night=day, told=self._tell(cell))
                quiet = MatrixCell(_style(cell.state), LETTERS[cell.state], told, "")
                self._quiet[day, cell.counts] = quiet
            return quiet
        told = self._words.tr(
            "{client}, night of {night}: {told}", client=client, night=day, told=self._tell(cell)
        )
        return MatrixCell(
            _style(cell.state), LETTERS[cell.state], told, self._words.place(cell.jobid)
        )

    def _tell(self, cell: Cell) -> str:
        told = self._told.get(cell.counts)
        if told is None:
            tr = self._words.tr
            told = ", ".join(tr(_COUNTED[one], count=count) for one, count in cell.counts)
            self._told[cell.counts] = told
        return told


_QUIET = frozenset({NightState.SUCCESS, NightState.WAITING, NightState.RUNNING})
_EMPTY = {
    NightState.NO_JOB: MatrixCell("", "", "", ""),
    NightState.NOT_KNOWN: MatrixCell(
        _style(NightState.NOT_KNOWN), LETTERS[NightState.NOT_KNOWN], "", ""
    ),
}


def view_trends(nights: Nights, words: Words) -> TrendsView | None:
    """Return the trends; None when too few nights are known to speak of any."""
    if len(nights.known) < ENOUGH or not any(night.backups for night in nights.known):
        return None
    tr, fmt = words.tr, words.fmt
    make = _Trends(nights, words)
    trends = [
        make.amount("bytes", tr("Backed up in one night"), lambda n: n.bytes, fmt.size),
        make.amount(
            "spent",
            tr("Time that backups took together"),
            lambda n: int(n.spent.total_seconds()),
            lambda seconds: fmt.span(timedelta(seconds=seconds)),
        ),
        *make.rate(),
    ]
    return TrendsView(tuple(trends), tuple(make.rows()))


class _Trends:
    """Makes trends out of nights."""

    def __init__(self, nights: Nights, words: Words) -> None:
        self._nights = nights
        self._words = words

    def amount(
        self,
        kind: str,
        title: str,
        amount: Callable[[Night], int],
        write: Callable[[float], str],
    ) -> Trend:
        tr, fmt = self._words.tr, self._words.fmt
        last = self._nights.nights[-1]
        highest = max(amount(night) for night in self._nights.known) or 1
        before = [amount(night) for night in self._nights.known if night is not last]
        usual = median(before) if len(before) >= ENOUGH - 1 else None
        known = last.known is Known.WHOLE
        value = write(amount(last)) if known else tr("not known")
        caption = tr("night of {night}", night=fmt.day(last.day))
        if known and last.open:
            caption = tr(
                "night of {night}, so far: {open} not finished",
                night=fmt.day(last.day),
                open=last.open,
            )
        comparison = (
            self._compare(amount(last), usual, write(usual), len(before))
            if known and usual is not None
            else ""
        )
        return Trend(
            kind=kind,
            title=title,
            value=value,
            caption=caption,
            comparison=comparison,
            tone="",
            bars=tuple(self._bars(amount, write, highest)),
            usual=None if usual is None else round(100 * usual / highest, 1),
            description=self._describe(amount, write),
        )

    def rate(self) -> Iterable[Trend]:
        rate, before, tr = self._nights.rate, self._nights.rate_before, self._words.tr
        if rate is None:
            return
        comparison, tone = self._compare_rates(rate, before)
        yield Trend(
            kind="rate",
            title=tr("Backups that succeeded"),
            value=self._percent(rate),
            caption=tr("{good} of {count} in this period", good=rate.good, count=rate.total),
            comparison=comparison,
            tone=tone,
            bars=tuple(self._rate_bars()),
            usual=None,
            description=tr("Share of the backups of each night that left something to restore."),
        )

    def rows(self) -> Iterable[TrendRow]:
        fmt = self._words.fmt
        for night in reversed(self._nights.nights):
            label = fmt.full_day(night.day)
            if night.known is not Known.WHOLE:
                yield TrendRow(label, *[self._words.tr("not known")] * 4)
                continue
            yield TrendRow(
                label,
                fmt.number(night.backups),
                fmt.number(night.good),
                fmt.size(night.bytes),
                fmt.span(night.spent),
            )

    def _bars(
        self, amount: Callable[[Night], int], write: Callable[[float], str], highest: int
    ) -> Iterable[Bar]:
        for night in self._nights.nights:
            label = self._words.fmt.day(night.day)
            if night.known is not Known.WHOLE:
                yield Bar(label, self._words.tr("not known"), None)
            else:
                number = amount(night)
                yield Bar(label, write(number), round(100 * number / highest, 1))

    def _rate_bars(self) -> Iterable[Bar]:
        tr = self._words.tr
        for night in self._nights.nights:
            label = self._words.fmt.day(night.day)
            if night.known is not Known.WHOLE:
                yield Bar(label, tr("not known"), None)
            elif not night.backups:
                yield Bar(label, tr("no job"), None)
            else:
                rate = Rate(night.good, night.backups)
                yield Bar(label, self._percent(rate), round(rate.percent, 1))

    def _percent(self, rate: Rate) -> str:
        """Round, but never up to everything nor down to nothing."""
        shown = round(rate.percent)
        if rate.good < rate.total:
            shown = min(shown, 99)
        if rate.good:
            shown = max(shown, 1)
        # Number and sign stay on one line.
        return self._words.tr("{share} %", share=shown).replace(" ", "\u00a0")

    def _compare(self, value: float, usual: float, written: str, count: int) -> str:
        tr = self._words.tr
        if not usual:
            return (
                tr("as usual: nothing")
                if not value
                else tr.plural(
                    "usually nothing (median of {count} night before)",
                    "usually nothing (median of {count} nights before)",
                    count,
                )
            )
        change = round(100 * (value - usual) / usual)
        if abs(change) < _SAME:
            return tr.plural(
                "as usual: {usual} (median of {count} night before)",
                "as usual: {usual} (median of {count} nights before)",
                count,
                usual=written,
            )
        if value >= 3 * usual:
            return tr.plural(
                "{factor} times the usual {usual} (median of {count} night before)",
                "{factor} times the usual {usual} (median of {count} nights before)",
                count,
                usual=written,
                factor=round(value / usual),
            )
        if change > 0:
            return tr.plural(
                "{share} % above the usual {usual} (median of {count} night before)",
                "{share} % above the usual {usual} (median of {count} nights before)",
                count,
                usual=written,
                share=change,
            )
        return tr.plural(
            "{share} % below the usual {usual} (median of {count} night before)",
            "{share} % below the usual {usual} (median of {count} nights before)",
            count,
            usual=written,
            share=-change,
        )

    def _compare_rates(self, rate: Rate, before: Rate | None) -> tuple[str, str]:
        tr = self._words.tr
        if before is None:
            return "", ""
        shown = self._percent(before)
        points = round(rate.percent) - round(before.percent)
        if not points:
            return tr("as in the period before ({before})", before=shown), ""
        if points > 0:
            return (
                tr.plural(
                    "{count} point more than in the period before ({before})",
                    "{count} points more than in the period before ({before})",
                    points,
                    before=shown,
                ),
                "better",
            )
        return (
            tr.plural(
                "{count} point less than in the period before ({before})",
                "{count} points less than in the period before ({before})",
                -points,
                before=shown,
            ),
            "worse",
        )

    def _describe(self, amount: Callable[[Night], int], write: Callable[[float], str]) -> str:
        known = self._nights.known
        low, high = min(known, key=amount), max(known, key=amount)
        fmt = self._words.fmt
        return self._words.tr(
            "From {low} (night of {when_low}) to {high} (night of {when_high}).",
            low=write(amount(low)),
            when_low=fmt.day(low.day),
            high=write(amount(high)),
            when_high=fmt.day(high.day),
        )
