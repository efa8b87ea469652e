"""The desk, the outbox and real servers: nothing is lost, and nobody gets a letter thrice."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope

from app.deliver.chat import slack
from app.deliver.desk import Delivery, Fate, Order, Outcome, Patience, deliver, plan
from app.deliver.mail.address import read_address, read_addresses
from app.deliver.mail.channel import Mail, Security, Server
from app.deliver.mail.message import Envelope as Addressees
from app.deliver.model import Cause, Channel, Letter, Parcel, Results, Trouble
from app.deliver.outbox import KEEP_FAILED, Outbox
from app.deliver.rules import When
from app.deliver.web import Address
from app.errors import ExitCode
from app.i18n import Message, msg
from app.logs import LOGGER
from tests.disks import Full
from tests.integration.deliver.mailserver import MailServer, Manners, drop, drop_after_taking
from tests.integration.deliver.webserver import Answer, WebServer
from tests.unit.deliver.made import MADE, a_good_parcel, a_parcel

A, B, C = "a@example.com", "b@example.com", "c@example.com"
DAY = timedelta(days=1)
SECRET = "/services/T000/B000/SECRETXXXX"
PASSWORD = "mail-pa55word"


def mail(server: MailServer | int, *to: str, name: str = "mail", **how: Any) -> Mail:
    port = server if isinstance(server, int) else server.port
    envelope = Addressees(read_address("report@example.com"), read_addresses(",".join(to or (A,))))
    return Mail(name, Server("127.0.0.1", port, Security.PLAIN, step=5.0, **how), envelope)


def hook(server: WebServer, name: str = "slack", timeout: float = 5.0) -> Channel:
    address = Address(server.url + SECRET, setting="REPORT_SLACK_URL", timeout=timeout)
    return slack.channel(name, address)


class Office:
    """A reports folder; each call is a run."""

    def __init__(self, folder: Path) -> None:
        self.outbox = Outbox(folder / "outbox")
        self.folder = self.outbox.folder

    def run(
        self,
        channels: Sequence[Channel],
        *parcels: Parcel,
        now: datetime = MADE,
        when: When = When.ALWAYS,
        tries: int = 1,
        lock: float = 5.0,
    ) -> Outcome:
        orders = [Order(parcel, one.name, when) for parcel in parcels for one in channels]
        patience = Patience(tries=tries, pause=0.001, longest=0.05, lock=lock)
        return deliver(orders, channels, self.outbox, now, patience)

    @property
    def waiting(self) -> list[str]:
        return [name for name in names(self.folder) if name != "failed"]

    @property
    def failed(self) -> list[str]:
        return names(self.folder / "failed")

    def reasons(self) -> list[str]:
        found = []
        for name in self.failed:
            state = json.loads((self.folder / "failed" / name / "state.json").read_text())
            found += [one["reason"] for one in state["recipients"].values() if one["reason"]]
        return found


def names(folder: Path) -> list[str]:
    if not folder.exists():
        return []
    return sorted(one.name for one in folder.iterdir() if one.is_dir())


def fates(outcome: Outcome) -> dict[str, Fate]:
    return {f"{one.channel} {one.recipient}": one.fate for one in outcome.deliveries}


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


# --- the usual morning -------------------------------------------------------------------------


def test_what_is_delivered_leaves_nothing_behind(office: Office) -> None:
    with MailServer() as server, WebServer() as web:
        outcome = office.run([mail(server, A, B), hook(web)], a_parcel())
        assert len(server.received) == 1
        assert len(web.posts) == 1
    assert outcome.delivered
    assert outcome.exit_code is ExitCode.DONE
    assert set(fates(outcome).values()) == {Fate.SENT}
    assert len(outcome.deliveries) == 3
    assert (office.waiting, office.failed) == ([], [])


def test_a_letter_is_on_disk_before_it_is_tried(office: Office) -> None:
    """Whole, with its page, and without what a chat has no use for."""
    seen: list[tuple[str, list[str], dict[str, Any]]] = []

    def look(name: str) -> None:
        for folder in office.waiting:
            files = sorted(one.name for one in (office.folder / folder).iterdir())
            letter = json.loads((office.folder / folder / "letter.json").read_text())
            if letter["channel"] == name:
                seen.append((name, files, letter))

    class Watching(Watched):
        def send(
            self, letter: Letter, recipients: Sequence[str], commit: Callable[[], None]
        ) -> Results:
            look(self.name)
            return self.channel.send(letter, recipients, commit)

    with MailServer() as server, WebServer() as web:
        assert office.run([Watching(mail(server)), Watching(hook(web))], a_parcel()).delivered
    (_, with_page, letter), (_, without_page, _) = seen
    assert with_page == ["letter.json", "page.html", "spare", "state.json"]
    assert without_page == ["letter.json", "spare", "state.json"]
    assert letter["parcel"]["subject"] == a_parcel().subject


class Watched:
    """A real channel with something in between."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    @property
    def name(self) -> str:
        return self.channel.name

    @property
    def recipients(self) -> tuple[str, ...]:
        return self.channel.recipients

    @property
    def takes_page(self) -> bool:
        return self.channel.takes_page

    def send(
        self, letter: Letter, recipients: Sequence[str], commit: Callable[[], None]
    ) -> Results:
        return self.channel.send(letter, recipients, commit)

    def probe(self) -> Message:
        return self.channel.probe()

    def describe(self) -> Message:
        return self.channel.describe()


def test_no_secret_is_written_into_the_outbox(office: Office) -> None:
    with MailServer(Manners(data=["451 later"])) as server, WebServer(Answer(500)) as web:
        channel = mail(server, password=PASSWORD, username="")
        office.run([channel, hook(web)], a_parcel())
    written = b"".join(one.read_bytes() for one in office.folder.rglob("*") if one.is_file())
    assert b"127.0.0.1" in written
    assert b"SECRET" not in written
    assert PASSWORD.encode() not in written


def test_only_the_owner_and_the_group_read_the_outbox(office: Office) -> None:
    with MailServer(Manners(data=["451 later"])) as server:
        office.run([mail(server)], a_parcel())
    modes = {one.stat().st_mode & 0o007 for one in (office.folder, *office.folder.rglob("*"))}
    assert modes == {0}


# --- failures ----------------------------------------------------------------------------------


def test_a_channel_that_fails_stops_no_other(office: Office) -> None:
    """Nor does one with a flaw."""

    class Flawed(Watched):
        def send(self, *_: Any) -> Results:
            raise ZeroDivisionError

    with WebServer(Answer(404)) as bad, WebServer() as good, MailServer() as server:
        channels = [hook(bad, "bad"), Flawed(hook(good, "flawed")), hook(good), mail(server)]
        outcome = office.run(channels, a_parcel())
        assert (len(good.posts), len(server.received)) == (1, 1)
    assert [one.fate for one in outcome.deliveries] == [
        *(Fate.WAITING, Fate.WAITING, Fate.SENT, Fate.SENT)
    ] or sorted(fates(outcome).values()) == sorted([*[Fate.SENT] * 2, *[Fate.WAITING] * 2])
    assert outcome.exit_code is ExitCode.DELIVERY
    assert len(office.waiting) == 2


def test_a_passing_failure_waits_and_is_sent_by_the_next_run_marked_late(office: Office) -> None:
    with MailServer(Manners(data=["451 later", "250 OK"])) as server:
        first = office.run([mail(server)], a_parcel())
        assert fates(first) == {f"mail {A}": Fate.WAITING}
        assert first.exit_code is ExitCode.DELIVERY
        assert len(office.waiting) == 1
        second = office.run([mail(server)], a_parcel(MADE + DAY), now=MADE + DAY)
    assert second.delivered
    assert [one.late for one in second.deliveries] == [False, True]
    new, old = (one.message for one in server.received)
    assert "2026-11-21 08:00" in old["Subject"]
    assert "2026-11-21 08:00" not in new["Subject"]
    assert old["Date"].datetime == MADE
    assert office.waiting == []


def test_the_outbox_can_be_sent_alone(office: Office) -> None:
    with MailServer(Manners(data=["451 later", "250 OK"])) as server:
        office.run([mail(server)], a_parcel())
        outcome = office.run([mail(server)], now=MADE + timedelta(minutes=5))
    assert outcome.delivered
    assert [one.late for one in outcome.deliveries] == [False]


def test_a_passing_failure_is_tried_again_at_once(office: Office) -> None:
    answers = [Answer(500), Answer(429, {"Retry-After": "0.01"}), Answer(200)]
    with WebServer(*answers) as web:
        assert office.run([hook(web)], a_parcel(), tries=3).delivered
        assert len(web.posts) == 3


def test_a_long_pause_that_is_asked_for_is_left_to_the_next_run(office: Office) -> None:
    with WebServer(Answer(429, {"Retry-After": "3600"})) as web:
        outcome = office.run([hook(web)], a_parcel(), tries=3)
        assert len(web.posts) == 1
    assert fates(outcome) == {f"slack 127.0.0.1:{web.port}": Fate.WAITING}


def test_each_recipient_is_settled_on_its_own(office: Office) -> None:
    """One is refused and told once; one waits; one has its mail and gets no second one."""
    manners = Manners(rcpt={A: ["550 no such user"], B: ["451 greylisted", "250 OK"]})
    with MailServer(manners) as server:
        first = office.run([mail(server, A, B, C)], a_parcel())
        assert fates(first) == {
            f"mail {A}": Fate.FAILED,
            f"mail {B}": Fate.WAITING,
            f"mail {C}": Fate.SENT,
        }
        second = office.run([mail(server, A, B, C)], now=MADE + DAY)
    assert fates(second) == {f"mail {B}": Fate.SENT}
    assert [one.recipients for one in server.received] == [[C], [B]]
    assert server.asked == [A, B, C, B]
    assert office.waiting == []
    assert ["550 no such user" in reason for reason in office.reasons()] == [True]
    assert office.run([mail(server)], now=MADE + DAY).delivered


def test_what_is_refused_for_good_is_put_aside_and_told_once(office: Office) -> None:
    with MailServer(Manners(data=["550 5.7.1 spam"])) as server:
        outcome = office.run([mail(server)], a_parcel())
        assert fates(outcome) == {f"mail {A}": Fate.FAILED}
        assert office.run([mail(server)], now=MADE + DAY).deliveries == ()
    assert (office.waiting, len(office.failed)) == ([], 1)


def test_a_letter_waits_until_the_settings_are_right(office: Office) -> None:
    """A wrong password says nothing against the letter."""
    with WebServer(Answer(404), Answer(200)) as web:
        first = office.run([hook(web)], a_parcel(), tries=3)
        (delivery,) = first.deliveries
        assert delivery.error is not None
        assert delivery.error.trouble is Trouble.SETTINGS
        assert office.run([hook(web)], now=MADE + DAY).delivered
        assert len(web.posts) == 2


def test_a_channel_in_trouble_is_tried_once_a_run(office: Office) -> None:
    """A hundred letters are no reason to knock a hundred times."""
    with WebServer(Answer(404)) as web:
        for day in range(5):
            office.run([hook(web)], a_parcel(MADE + day * DAY), now=MADE + day * DAY)
            assert len(web.posts) == day + 1
    assert len(office.waiting) == 5


def test_a_letter_of_a_week_is_given_up(office: Office) -> None:
    with MailServer(Manners(data=["451 later"])) as server:
        office.run([mail(server)], a_parcel())
        sixth = office.run([mail(server)], now=MADE + 6 * DAY)
        assert fates(sixth) == {f"mail {A}": Fate.WAITING}
        seventh = office.run([mail(server)], now=MADE + 7 * DAY)
    assert fates(seventh) == {f"mail {A}": Fate.FAILED}
    assert (office.waiting, len(office.failed)) == ([], 1)
    assert "given up after 7 days" in office.reasons()[0]
    assert "451 later" in office.reasons()[0]


def test_a_letter_of_a_week_has_one_more_chance(office: Office) -> None:
    """The host may have been off for so long."""
    with MailServer(Manners(data=["451 later", "250 OK"])) as server:
        office.run([mail(server)], a_parcel())
        assert office.run([mail(server)], now=MADE + 30 * DAY).delivered


def test_what_waits_for_a_channel_that_is_gone_is_told(office: Office) -> None:
    with WebServer(Answer(500)) as web:
        office.run([hook(web)], a_parcel())
    outcome = office.run([], now=MADE + DAY)
    assert [one.fate for one in outcome.deliveries] == [Fate.WAITING]
    assert "no channel slack" in str(outcome.deliveries[0].error)


def test_what_was_put_aside_is_bounded(office: Office) -> None:
    aside = office.folder / "failed"
    for number in range(KEEP_FAILED + 20):
        (aside / f"{number:04d}").mkdir(parents=True)
        at = MADE.timestamp() - number
        os.utime(aside / f"{number:04d}", (at, at))
    old = aside / "old"
    old.mkdir()
    at = (MADE - 31 * DAY).timestamp()
    os.utime(old, (at, at))
    office.run([])
    assert office.failed == [f"{number:04d}" for number in range(KEEP_FAILED)]


# --- in doubt ----------------------------------------------------------------------------------


def test_a_lost_answer_brings_one_duplicate_at_most(office: Office) -> None:
    """The server takes it and hangs up each time: two copies, then a person decides."""
    with MailServer(Manners(data=[drop_after_taking])) as server:
        first = office.run([mail(server)], a_parcel(), tries=3)
        assert (len(server.received), fates(first)) == (1, {f"mail {A}": Fate.WAITING})
        second = office.run([mail(server)], now=MADE + DAY, tries=3)
        assert fates(second) == {f"mail {A}": Fate.FAILED}
        office.run([mail(server)], now=MADE + 2 * DAY)
    assert len(server.received) == 2
    assert len({one.message["Message-ID"] for one in server.received}) == 1
    assert (office.waiting, len(office.failed)) == ([], 1)


def test_a_lost_answer_is_made_up_for(office: Office) -> None:
    with MailServer(Manners(data=[drop, "250 OK"])) as server:
        office.run([mail(server)], a_parcel())
        assert office.run([mail(server)], now=MADE + DAY).delivered
    assert len(server.received) == 1


def test_refusals_in_between_do_not_use_up_the_second_chance(office: Office) -> None:
    """Only attempts in doubt count; an honest 451 is none."""
    answers = [drop, *["451 later"] * 5, "250 OK"]
    with MailServer(Manners(data=answers)) as server:  # type: ignore[arg-type]
        for hour in range(7):
            parcels = [a_parcel()] if hour == 0 else []
            outcome = office.run([mail(server)], *parcels, now=MADE + timedelta(hours=hour))
    assert outcome.delivered
    assert len(server.received) == 1


# --- runs that are killed ----------------------------------------------------------------------

RUN = """
import sys
from datetime import timedelta
from pathlib import Path
from tests.integration.deliver.test_desk import Office, mail
from tests.unit.deliver.made import MADE, a_parcel
folder, port, day, fresh = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
parcels = [a_parcel()] if fresh == "fresh" else []
Office(folder).run([mail(port, "a@example.com", "b@example.com")], *parcels,
                   now=MADE + timedelta(days=day))
"""


def a_run(office: Office, server: MailServer, day: int, pids: list[int]) -> int:
    """A run in a process of its own; the server learns its pid."""
    fresh = "fresh" if day == 0 else "waiting"
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, office.folder.parent, str(server.port), str(day), fresh],
        cwd=Path(__file__).parents[3],
    )
    pids.append(process.pid)
    return process.wait(30)


def test_a_run_killed_after_the_server_took_the_mail_loses_nothing(office: Office) -> None:
    """And brings one duplicate at most, with the same Message-ID."""
    pids: list[int] = []

    async def take_and_kill(mail: MailServer, _smtp: SMTP, envelope: Envelope) -> str:
        mail.take(envelope)
        os.kill(pids[-1], signal.SIGKILL)
        return "250 OK"

    with MailServer(Manners(data=[take_and_kill, "250 OK"])) as server:
        assert a_run(office, server, 0, pids) == -signal.SIGKILL
        assert len(office.waiting) == 1
        assert a_run(office, server, 1, pids) == 0
        assert a_run(office, server, 2, pids) == 0
    assert (office.waiting, office.failed) == ([], [])
    assert [one.recipients for one in server.received] == [[A, B]] * 2
    assert len({one.message["Message-ID"] for one in server.received}) == 1


def test_runs_killed_again_and_again_bring_no_third_copy(office: Office) -> None:
    pids: list[int] = []

    async def take_and_kill(mail: MailServer, _smtp: SMTP, envelope: Envelope) -> str:
        mail.take(envelope)
        os.kill(pids[-1], signal.SIGKILL)
        return "250 OK"

    with MailServer(Manners(data=[take_and_kill])) as server:
        codes = [a_run(office, server, day, pids) for day in range(4)]
    assert codes == [-signal.SIGKILL, -signal.SIGKILL, 0, 0]
    assert len(server.received) == 2
    assert (office.waiting, len(office.failed)) == ([], 1)
    assert "sent twice" in office.reasons()[0]


def test_a_run_killed_before_the_mail_was_taken_brings_no_duplicate(office: Office) -> None:
    """Nor does it count as an attempt in doubt, however often it happens."""
    pids: list[int] = []
    server_ref: list[MailServer] = []

    class Killing(list[str]):
        """Kills at the first recipient, three times."""

        times = 3

        def __bool__(self) -> bool:
            if Killing.times and pids:
                Killing.times -= 1
                os.kill(pids[-1], signal.SIGKILL)
            return False

    with MailServer(Manners(rcpt={A: Killing()})) as server:
        server_ref.append(server)
        codes = [a_run(office, server, day, pids) for day in range(4)]
    assert codes == [-signal.SIGKILL] * 3 + [0]
    assert len(server.received) == 1
    assert (office.waiting, office.failed) == ([], [])


# --- runs at the same time ---------------------------------------------------------------------


def test_two_runs_never_send_the_same_letter(office: Office) -> None:
    with MailServer(Manners(data=["451 later", "250 OK"])) as server:
        office.run([mail(server)], a_parcel())
        outcomes: list[Outcome] = []

        def work() -> None:
            outcomes.append(office.run([mail(server)], now=MADE + DAY))

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert len(server.received) == 1
    assert sum(len(one.deliveries) for one in outcomes) == 1
    assert all(one.delivered for one in outcomes)


def test_a_run_that_may_not_send_says_so_and_leaves_its_letter(office: Office) -> None:
    with MailServer() as server:
        with office.outbox.locked(0) as held:
            assert held
            outcome = office.run([mail(server)], a_parcel(), lock=0.05)
            assert (server.received, len(office.waiting)) == ([], 1)
        assert outcome.exit_code is ExitCode.DELIVERY
        assert office.run([mail(server)], now=MADE + timedelta(minutes=1)).delivered


# --- what is wrong with the disk ---------------------------------------------------------------


@pytest.mark.parametrize("damage", ["letter.json", "state.json", "page.html", "all"])
@pytest.mark.parametrize("how", ["torn", "gone", "alien"])
def test_a_damaged_letter_is_set_aside_and_told_once(office: Office, damage: str, how: str) -> None:
    with MailServer(Manners(data=["451 later", "250 OK"])) as server:
        office.run([mail(server)], a_parcel())
        (name,) = office.waiting
        files = ["letter.json", "state.json", "page.html"] if damage == "all" else [damage]
        for file in files:
            path = office.folder / name / file
            if how == "gone":
                path.unlink()
            elif file == "page.html":
                # HTML is attached as it is; only its absence is noticed.
                path.unlink()
            else:
                path.write_bytes(path.read_bytes()[:20] if how == "torn" else b'{"format": 99}')
        outcome = office.run([mail(server)], a_parcel(MADE + DAY), now=MADE + DAY)
        assert len(server.received) == 1
        assert [name in str(problem) for problem in outcome.problems] == [True]
        assert outcome.exit_code is ExitCode.DELIVERY
        assert office.run([mail(server)], now=MADE + DAY).delivered
    assert (office.waiting, office.failed) == ([], [name])


@pytest.mark.parametrize("junk", ["file", "folder", "link", ".draft-1", ".done-2"])
def test_what_is_no_letter_never_stops_a_run(office: Office, tmp_path: Path, junk: str) -> None:
    office.folder.mkdir()
    path = office.folder / junk
    if junk == "file":
        path.write_text("?")
    elif junk == "link":
        path.symlink_to(tmp_path)
    else:
        path.mkdir()
    with MailServer() as server:
        office.run([mail(server)], a_parcel())
        assert len(server.received) == 1
        assert office.run([mail(server)], now=MADE + DAY).delivered
    assert (office.folder / ".done-2").exists() is False
    assert tmp_path.exists()


def test_what_was_told_is_forgotten_if_it_is_damaged(office: Office) -> None:
    """Then the next report is the first again; better twice than never."""
    with WebServer() as web:
        for content in (None, b"{", b'{"channels": 5}', b"[]", b'{"channels": {"slack": {}}}'):
            if content is not None:
                (office.folder / "told.json").write_bytes(content)
            outcome = office.run([hook(web)], a_good_parcel(), when=When.PROBLEMS)
            assert [one.fate for one in outcome.deliveries] == [Fate.SENT]


def test_a_full_disk_is_told_and_the_letter_is_sent_all_the_same(full: Full) -> None:
    """It is the only way left, and the report may well be about that disk."""
    (full.path / "much").write_bytes(b"x" * 60_000)
    office = Office(full.path)
    with MailServer() as server, WebServer(Answer(500)) as web:
        outcome = office.run([mail(server), hook(web)], a_parcel(text="x" * 70_000))
        assert len(server.received) == 1
    assert office.waiting == []
    assert any(full.reason in str(problem) for problem in outcome.problems)
    assert {one.channel: (one.fate, one.kept) for one in outcome.deliveries} == {
        "mail": (Fate.SENT, False),
        "slack": (Fate.WAITING, False),
    }
    assert outcome.exit_code is ExitCode.DELIVERY


@pytest.mark.parametrize("where", ["app.deliver.outbox.sync_folder", "shutil.rmtree"])
def test_an_interruption_while_a_sent_letter_is_cleared_away_leaves_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    sent = False
    room, _, name = where.rpartition(".")
    properly = getattr(import_module(room), name)

    def interrupted(*given: Any, **named: Any) -> None:
        nonlocal sent
        if sent and list(office.folder.glob(".done-*")):
            sent = False
            raise KeyboardInterrupt
        properly(*given, **named)

    class Sending(Watched):
        def send(
            self, letter: Letter, recipients: Sequence[str], commit: Callable[[], None]
        ) -> Results:
            nonlocal sent
            results = self.channel.send(letter, recipients, commit)
            sent = True
            return results

    monkeypatch.setattr(where, interrupted)
    with MailServer() as server:
        with pytest.raises(KeyboardInterrupt):
            office.run([Sending(mail(server))], a_parcel())
        assert len(server.received) == 1
    assert [one.name for one in office.folder.iterdir()] == [".lock"]


def test_a_letter_in_the_outbox_can_be_sent_though_the_disk_is_full_by_then(full: Full) -> None:
    """That it is about to be sent must be noted first; there is room for that note."""
    office = Office(full.path)

    class Filling(Watched):
        def send(
            self, letter: Letter, recipients: Sequence[str], commit: Callable[[], None]
        ) -> Results:
            with suppress(OSError), (full.path / "much").open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(512))
            return self.channel.send(letter, recipients, commit)

    with MailServer() as server:
        outcome = office.run([Filling(mail(server))], a_parcel(text="x" * 9_000))
        assert len(server.received) == 1
    assert fates(outcome) == {f"mail {A}": Fate.SENT}
    assert office.waiting == []


def test_a_full_disk_is_told_once(
    full: Full, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (full.path / "much").write_bytes(b"x" * 60_000)
    monkeypatch.setattr(logging.getLogger(LOGGER), "propagate", True)
    with MailServer() as server:
        channels = [mail(server, name=name) for name in ("one", "two", "three")]
        Office(full.path).run(channels, a_parcel(text="x" * 70_000))
        assert len(server.received) == 3
    wanted = f"{full.path}/outbox cannot be used"
    # By record: where several handlers listen, each hears it.
    assert len({id(record) for record in caplog.records if wanted in record.getMessage()}) == 1


def test_books_that_cannot_be_kept_are_told(office: Office) -> None:
    """The mail has gone; that it has cannot be written down, so it may come once more."""

    class Breaking(Watched):
        def send(
            self, letter: Letter, recipients: Sequence[str], commit: Callable[[], None]
        ) -> Results:
            results = self.channel.send(letter, recipients, commit)
            # Where the books were, there is something else now.
            shutil.move(office.folder, office.folder.with_name("elsewhere"))
            office.folder.write_text("")
            return results

    with MailServer() as server:
        outcome = office.run([Breaking(mail(server))], a_parcel())
        assert len(server.received) == 1
    assert fates(outcome) == {f"mail {A}": Fate.SENT}
    assert outcome.problems
    assert outcome.exit_code is ExitCode.DELIVERY


def test_what_cannot_be_noted_before_the_last_line_is_not_sent(office: Office) -> None:
    class Breaking(Watched):
        def send(
            self, letter: Letter, recipients: Sequence[str], commit: Callable[[], None]
        ) -> Results:
            shutil.move(office.folder, office.folder.with_name("elsewhere"))
            office.folder.write_text("")
            return self.channel.send(letter, recipients, commit)

    with MailServer() as server:
        outcome = office.run([Breaking(mail(server))], a_parcel())
    assert server.received == []
    assert fates(outcome) == {f"mail {A}": Fate.WAITING}


def test_an_order_for_a_channel_that_is_not_set_up_is_told(office: Office) -> None:
    orders = [Order(a_parcel(), "pager")]
    outcome = deliver(orders, [], office.outbox, MADE)
    assert ["no channel pager" in str(problem) for problem in outcome.problems] == [True]
    assert plan(orders, [], office.outbox, MADE)[0].cause is Cause.ALWAYS


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")
    office = Office(tmp_path)
    with MailServer() as server:
        outcome = office.run([mail(server)], a_parcel())
        assert len(server.received) == 1
    assert outcome.problems
    assert outcome.exit_code is ExitCode.DELIVERY


# --- when --------------------------------------------------------------------------------------


def test_a_channel_for_problems_is_quiet_in_good_times_but_lives(office: Office) -> None:
    sent = []
    with WebServer() as web:
        for day in range(16):
            made = MADE + day * DAY
            parcel = a_parcel(made) if day == 3 else a_good_parcel(made)
            outcome = office.run([hook(web)], parcel, now=made, when=When.PROBLEMS)
            sent += [day for one in outcome.deliveries if one.fate is Fate.SENT]
            assert bool(outcome.quiet) is not bool(outcome.deliveries)
            assert outcome.delivered
    assert sent == [0, 3, 10]


def test_a_channel_for_changes_hears_of_the_bad_and_of_its_end(office: Office) -> None:
    sent = []
    with WebServer() as web:
        for day in range(9):
            made = MADE + day * DAY
            parcel = a_parcel(made) if 2 <= day < 5 else a_good_parcel(made)
            outcome = office.run([hook(web)], parcel, now=made, when=When.CHANGE)
            sent += [day for one in outcome.deliveries if one.fate is Fate.SENT]
    assert sent == [0, 2, 5]


def test_news_that_wait_are_not_written_twice(office: Office) -> None:
    """What is in the outbox will be told; the same again is no change."""
    with WebServer(Answer(500)) as web:
        for day in range(3):
            made = MADE + day * DAY
            office.run([hook(web)], a_parcel(made), now=made, when=When.CHANGE)
    assert len(office.waiting) == 1


def test_what_was_never_delivered_was_never_told(office: Office) -> None:
    with WebServer(Answer(400), Answer(200)) as web:
        office.run([hook(web)], a_parcel(), when=When.CHANGE)
        made = MADE + DAY
        outcome = office.run([hook(web)], a_parcel(made), now=made, when=When.CHANGE)
    assert [one.fate for one in outcome.deliveries] == [Fate.SENT]


def test_a_late_letter_does_not_make_old_news_of_new_ones(office: Office) -> None:
    """Told last is what was made last, not what arrived last."""
    with MailServer(Manners(data=["451 later", "250 OK"])) as server:
        office.run([mail(server)], a_parcel(), when=When.CHANGE)
        made = MADE + DAY
        office.run([mail(server)], a_good_parcel(made), now=made, when=When.CHANGE)
        assert len(server.received) == 2
        third = MADE + 2 * DAY
        assert office.run(
            [mail(server)], a_good_parcel(third), now=third, when=When.CHANGE
        ).quiet == ("mail",)


def test_a_clock_that_went_wrong_silences_nobody(office: Office) -> None:
    """A run in the far future, then the clock is right again: its memory does not count."""
    sent = []
    with WebServer() as web:
        for days in (0, 4000, 1, 2, 3):
            made = MADE + days * DAY
            parcel = a_parcel(made) if days == 2 else a_good_parcel(made)
            outcome = office.run([hook(web)], parcel, now=made, when=When.CHANGE)
            sent += [days for one in outcome.deliveries if one.fate is Fate.SENT]
    assert sent == [0, 4000, 1, 2, 3]


# --- what would be -----------------------------------------------------------------------------


def test_a_plan_tells_what_would_go_where_and_does_nothing(office: Office) -> None:
    with MailServer() as server, WebServer() as web, ExitStack() as stack:
        channels = [mail(server, A, B), hook(web)]
        office.run(channels[1:], a_good_parcel())
        before = sorted(office.folder.rglob("*"))
        orders = [
            Order(a_good_parcel(), "mail"),
            Order(a_good_parcel(), "slack", When.PROBLEMS),
        ]
        stack.enter_context(office.outbox.locked(0))
        plans = plan(orders, channels, office.outbox, MADE)
        assert (server.received, len(web.posts)) == ([], 1)
    assert [(one.channel, one.cause, one.waiting) for one in plans] == [
        ("mail", Cause.ALWAYS, 0),
        ("slack", None, 0),
    ]
    told = " ".join(str(one.what) for one in plans)
    assert A in told
    assert B in told
    assert "SECRET" not in told
    assert sorted(office.folder.rglob("*")) == before


def test_a_given_report_can_be_sent_again(office: Office) -> None:
    with MailServer() as server:
        for _ in range(2):
            assert office.run([mail(server)], a_parcel()).delivered
    assert len({one.message["Message-ID"] for one in server.received}) == 1
    assert len(server.received) == 2


def test_what_was_put_aside_can_be_tried_once_more(office: Office) -> None:
    """Only for those that do not have it; also weeks later; and given up again if it fails."""
    manners = Manners(rcpt={A: ["550 no", "550 no", "250 OK"]})
    with MailServer(manners) as server:
        office.run([mail(server, A, B)], a_parcel())
        with office.outbox.locked(0):
            assert office.outbox.put_back() == 1
        again = office.run([mail(server, A, B)], now=MADE + 20 * DAY)
        assert fates(again) == {f"mail {A}": Fate.FAILED}
        with office.outbox.locked(0):
            assert office.outbox.put_back() == 1
        assert office.run([mail(server, A, B)], now=MADE + 20 * DAY).delivered
    assert [one.recipients for one in server.received] == [[B], [A]]
    assert (office.waiting, office.failed) == ([], [])


def test_a_letter_that_was_settled_but_not_yet_moved_is_not_sent_again(office: Office) -> None:
    """The run was killed between the two."""
    with WebServer(Answer(400)) as web:
        office.run([hook(web)], a_parcel())
        (name,) = office.failed
        shutil.move(office.folder / "failed" / name, office.folder / name)
        outcome = office.run([hook(web)], now=MADE + DAY)
        assert len(web.posts) == 1
    assert outcome.deliveries == ()
    assert (office.waiting, office.failed) == ([], [name])


def test_an_outcome_without_anything_is_a_good_one() -> None:
    assert Outcome().exit_code is ExitCode.DONE
    waiting = Delivery("x", "mail", A, Fate.WAITING)
    assert Outcome((waiting,)).exit_code is ExitCode.DELIVERY
    assert str(msg("x")) == "x"
