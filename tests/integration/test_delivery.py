"""From the report to people: the command and its pipeline against real servers on loopback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope
from prometheus_client.parser import text_string_to_metric_families

from app.deliver.desk import Patience
from app.demo import Baculum, Fault, FaultKind, told_night
from app.dispatch import Dispatch, Report
from app.period import Mode, PeriodRequest
from app.pipeline import Order, Result, run
from app.policy import Policy, read_policy
from app.report.render import Format
from app.settings import read_api, read_output
from app.settings.delivery import read_delivery
from app.snapshot import Filters
from tests.disks import Full
from tests.integration.deliver.mailserver import MailServer, Manners, hang_up
from tests.integration.deliver.webserver import Answer, WebServer
from tests.integration.test_cli import (
    NIGHT,
    PASSWORD,
    SEOUL,
    USER,
    Cli,
    Ran,
    quiet_night,
    settings_of,
)

# The server asks for a login without TLS: everything stays on loopback.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

A, B, C = "a@example.com", "b@example.com", "c@example.com"
MAIL_PASSWORD = "m4il pa$$word/비밀"
HOOK_SECRET = "s1gning-secret-0123"
SLACK = "/services/T0AAAA/B0BBBB/XxSecretXx"
HOOK = "/hook?token=0123456789abcdef"
PING = "/5b1c0ffe-0000-4000-8000-feedfacecafe"
SECRETS = (MAIL_PASSWORD, HOOK_SECRET, SLACK, HOOK, PING)


@dataclass
class Town:
    """Everybody who can be reached."""

    mail: MailServer
    web: WebServer

    @property
    def settings(self) -> dict[str, str]:
        """All channels, for everybody."""
        return {
            **self.mail_settings,
            "REPORT_SLACK_URL": self.web.url + SLACK,
            "REPORT_PING_URL": self.web.url + PING,
            "REPORT_TEXTFILE": "metrics.prom",
            "REPORT_LINK_URL": "https://backup01.example/reports/",
        }

    @property
    def mail_settings(self) -> dict[str, str]:
        return {
            "REPORT_MAIL_HOST": "127.0.0.1",
            "REPORT_MAIL_PORT": str(self.mail.port),
            "REPORT_MAIL_SECURITY": "plain",
            "REPORT_MAIL_FROM": "Backup <report@example.com>",
            "REPORT_MAIL_TO": A,
        }

    @property
    def mails(self) -> list[EmailMessage]:
        return [one.message for one in self.mail.received]

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.web.posts]


@pytest.fixture
def town() -> Iterator[Town]:
    with MailServer() as mail, WebServer() as web:
        yield Town(mail, web)


@pytest.fixture
def baculum() -> Iterator[Baculum]:
    with Baculum(NIGHT, username=USER, password=PASSWORD) as server:
        yield server


@pytest.fixture
def cli(tmp_path: Path, baculum: Baculum) -> Iterator[Cli]:
    """The command, with settings that lead to the server; at the end no secret is anywhere."""
    folder = tmp_path / "work"
    folder.mkdir()
    runner = Cli(folder, settings_of(baculum), secrets=[PASSWORD, *SECRETS])
    yield runner
    runner.check_secrets()


def pings(town: Town) -> list[str]:
    return [path.removeprefix(PING) for path in town.paths if path.startswith(PING)]


def outbox(cli: Cli) -> list[str]:
    folder = cli.folder / "reports" / "outbox"
    if not folder.is_dir():
        return []
    names = (one.name for one in folder.iterdir() if one.is_dir())
    return sorted(name for name in names if name not in ("failed", "kept"))


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def attachment(message: EmailMessage) -> tuple[str | None, bytes]:
    (found,) = message.iter_attachments()
    content = found.get_payload(decode=True)
    assert isinstance(content, bytes)
    return found.get_filename(), content


def metrics(path: Path) -> dict[tuple[str, ...], float]:
    """Every number of a textfile by its name and labels, the Director's aside."""
    return {
        (sample.name.removeprefix("bacula_report_"), *(
            value for name, value in sorted(sample.labels.items()) if name != "director"
        )): sample.value
        for family in text_string_to_metric_families(path.read_text("utf-8"))
        for sample in family.samples
    }  # fmt: skip


# --- a usual morning ----------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "verdict"), [("en", r" failed, .* ok · "), ("ko", r".+ · ")])
def test_one_run_reaches_everybody(cli: Cli, town: Town, language: str, verdict: str) -> None:
    ran = cli("--mode", "production", "--send", "--lang", language, env=town.settings)
    assert ran.code == 0
    (message,) = town.mails
    assert re.fullmatch(rf"\[\S+\] .*{verdict}\d{{4}}-\d\d-\d\d", message["Subject"])
    assert (message["From"], message["To"]) == ("Backup <report@example.com>", A)
    assert message["Content-Language"] == language
    sentence = json.loads(cli_path(cli, ran).with_suffix(".json").read_text())["verdict_sentence"]
    assert sentence in part(message, "plain")
    assert "<table" in part(message, "html")
    link = f"https://backup01.example/reports/{ran.path.name}"
    assert link in part(message, "plain")
    assert attachment(message) == (ran.path.name, cli_path(cli, ran).read_bytes())
    assert [path for path in town.paths if path.startswith("/services")] == [SLACK]
    posted = next(one for one in town.web.posts if one.path == SLACK).json
    assert sentence in json.dumps(posted, ensure_ascii=False)
    assert link in json.dumps(posted)
    assert pings(town) == ["/start", ""]
    assert town.paths[-1] == PING
    told = metrics(cli.folder / "metrics.prom")
    assert told["verdict", "critical"] == 1
    assert told["complete",] == 1
    assert told["undelivered",] == 0
    assert told["jobs", "failed"] > 0
    assert told["client_last_good_backup_timestamp_seconds", "web01-fd"] > 1_700_000_000
    assert outbox(cli) == []


def cli_path(cli: Cli, ran: Ran) -> Path:
    return cli.folder / ran.path


def test_what_is_set_up_is_used_without_being_asked_for(cli: Cli, town: Town) -> None:
    assert cli("--mode", "production", env=town.mail_settings).code == 0
    assert len(town.mails) == 1


def test_no_send_leaves_everybody_alone(cli: Cli, town: Town) -> None:
    ran = cli("--mode", "production", "--no-send", env=town.settings)
    assert ran.code == 0
    assert (town.mails, town.web.asked) == ([], [])
    assert sorted(path.name for path in cli.folder.iterdir()) == ["logs", "reports"]
    assert len(list((cli.folder / "reports").iterdir())) == 2


def test_wrong_settings_of_delivery_do_not_matter_to_who_sends_nothing(cli: Cli) -> None:
    assert cli("--mode", "test", "--no-send", env={"REPORT_MAIL_HOST": "::"}).code == 0


@pytest.mark.parametrize("option", ["--send", "--dry-run"])
def test_to_send_with_nobody_set_up_is_a_usage_error(cli: Cli, option: str) -> None:
    for env in ({}, {"REPORT_TEXTFILE": "metrics.prom"}):
        ran = cli("--mode", "test", option, env=env)
        assert (ran.code, ran.out) == (2, "")
        assert "Nobody is set up to get the report. Set REPORT_MAIL_HOST" in ran.err
    assert not (cli.folder / "reports").exists()


def test_to_send_and_not_to_send_exclude_each_other(cli: Cli) -> None:
    assert cli("--mode", "test", "--send", "--no-send").code == 2
    assert cli("--mode", "test", "--dry-run", "--no-send").code == 2


def test_wrong_settings_of_delivery_end_with_3_and_all_are_named(cli: Cli) -> None:
    wrong = {
        "REPORT_MAIL_HOST": "smtp://mail/",
        "REPORT_MAIL_PORT": "70000",
        "REPORT_MAIL_SECURITY": "ssl",
        "REPORT_MAIL_USERNAME": "report",
        "REPORT_MAIL_FROM": "nobody",
        "REPORT_MAIL_TO": "a@example.com, b(at)example.com",
        "REPORT_MAIL_CC": "@",
        "REPORT_MAIL_REPLY_TO": "c@",
        "REPORT_MAIL_WHEN": "sometimes",
        "REPORT_MAIL_CA_FILE": "/nowhere/mail.pem",
        "REPORT_SLACK_URL": SLACK,
        "REPORT_PING_URL": "ftp://example.com" + PING,
        "REPORT_TEXTFILE": "metrics.txt",
        "REPORT_LINK_URL": "reports",
        "REPORT_CA_FILE": "/nowhere/ca.pem",
        "REPORT_PROXY": "proxy:3128",
    }
    ran = cli("--mode", "test", "--lang", "en", env=wrong)
    assert ran.code == 3
    named = set(re.findall(r"^Error: (\w+)", ran.err, re.MULTILINE))
    # The user name lacks its password.
    assert named == {*wrong} - {"REPORT_MAIL_USERNAME"} | {"REPORT_MAIL_PASSWORD"}


# --- dry run ------------------------------------------------------------------------------------


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(cli: Cli, town: Town) -> None:
    ran = cli("--mode", "production", "--dry-run", "-q", env=town.settings)
    assert ran.code == 0
    assert (town.mails, town.web.asked, outbox(cli)) == ([], [], [])
    assert not (cli.folder / "metrics.prom").exists()
    assert cli_path(cli, ran).is_file()
    lines = ran.err.splitlines()
    assert lines[0] == (
        f"mail: would send a mail from report@example.com to {A}, by "
        f"127.0.0.1:{town.mail.port} (plain); every report is wanted"
    )
    assert re.fullmatch(r"    \[\S+\] .* · \d{4}-\d\d-\d\d", lines[1])
    assert lines[2].startswith(f"slack: would send a message to Slack at 127.0.0.1:{town.web.port}")
    assert not (cli.folder / "reports" / "outbox").exists()


# --- what goes wrong ----------------------------------------------------------------------------


def test_a_wrong_mail_password_ends_with_6_and_the_next_run_sends_what_waited(
    cli: Cli, town: Town
) -> None:
    with MailServer(login=("report", MAIL_PASSWORD)) as strict:
        town.mail = strict
        login = {**town.settings, "REPORT_MAIL_USERNAME": "report"}
        cli.secrets.append("Wr0ng-mail-password")
        wrong = {**login, "REPORT_MAIL_PASSWORD": "Wr0ng-mail-password"}
        ran = cli("--mode", "production", "-v", env=wrong)
        assert ran.code == 6
        assert "Check REPORT_MAIL_USERNAME and REPORT_MAIL_PASSWORD." in ran.err
        assert cli_path(cli, ran).is_file()
        assert pings(town) == ["/start", "/fail"]
        # The others are not kept from theirs.
        assert SLACK in town.paths
        assert len(outbox(cli)) == 1
        assert metrics(cli.folder / "metrics.prom")["undelivered",] == 1

        right = {**login, "REPORT_MAIL_PASSWORD": MAIL_PASSWORD}
        again = cli("--mode", "production", "-v", env=right)
        assert again.code == 0
        assert [attachment(one)[0] for one in town.mails] == [again.path.name, ran.path.name]
        assert outbox(cli) == []
        assert cli("deliver", "-v", env=right).code == 0
        assert len(town.mails) == 2


def test_one_of_three_recipients_is_refused(cli: Cli, town: Town) -> None:
    town.mail.manners = Manners(rcpt={B: ["550 5.1.1 no such user"]})
    people = {**town.mail_settings, "REPORT_MAIL_TO": f"{A}, {B}", "REPORT_MAIL_CC": C}
    ran = cli("--mode", "production", env=people)
    assert ran.code == 6
    (got,) = town.mail.received
    assert got.recipients == [A, C]
    assert f"Not delivered by mail to {B}" in ran.err
    # It was told once; from now on it lies in outbox/failed.
    assert cli("deliver", env=people).code == 0
    town.mail.manners = Manners()
    assert cli("deliver", "--again", env=people).code == 0
    assert [one.recipients for one in town.mail.received] == [[A, C], [B]]


def test_an_api_that_cannot_be_used_is_told_to_people_and_to_the_watcher(
    cli: Cli, baculum: Baculum, town: Town
) -> None:
    baculum.stop()
    assert cli("--mode", "production", env=town.settings).code == 4
    (message,) = town.mails
    assert "Not known what happened" in message["Subject"]
    assert pings(town) == ["/start", "/fail"]
    told = metrics(cli.folder / "metrics.prom")
    assert (told["complete",], told["verdict", "unknown"]) == (0, 1)


def test_what_nobody_got_counts_before_what_is_incomplete_and_after_an_unusable_api(
    cli: Cli, baculum: Baculum, town: Town
) -> None:
    town.mail.manners = Manners(mail=["550 not from here"])
    baculum.faults.append(Fault("joblog", FaultKind.STATUS, status=500))
    arguments = ("--mode", "production", "--fail-on", "failed")
    assert cli(*arguments, env=town.mail_settings).code == 6
    baculum.stop()
    assert cli(*arguments, env=town.mail_settings).code == 4


def test_a_textfile_that_cannot_be_written_ends_with_6(cli: Cli, town: Town) -> None:
    ran = cli(
        *("--mode", "production"), env={**town.settings, "REPORT_TEXTFILE": "nowhere/metrics.prom"}
    )
    assert ran.code == 6
    assert "The textfile nowhere/metrics.prom cannot be written" in ran.err
    assert len(town.mails) == 1
    assert pings(town) == ["/start", "/fail"]


def test_a_ping_that_fails_changes_nothing_but_is_told(cli: Cli, town: Town) -> None:
    with WebServer(Answer(404)) as gone:
        env = {**town.mail_settings, "REPORT_PING_URL": gone.url + PING}
        ran = cli("--mode", "production", env=env)
    assert ran.code == 0
    assert ran.err.count("Check REPORT_PING_URL") == 2


def test_a_report_that_finds_no_room_is_mailed_all_the_same(
    cli: Cli, town: Town, full: Full
) -> None:
    """It may well be about that disk."""
    ran = cli("--mode", "test", "--output", str(full.path), env=town.settings)
    assert list(full.path.glob("mail_*")) == []
    assert (ran.code, ran.out) == (7, "")
    (message,) = town.mails
    name, content = attachment(message)
    assert re.fullmatch(r"mail_\d{14}\.html", name or "")
    assert content.endswith(b"</html>\n")
    assert "backup01.example" not in part(message, "plain")
    assert pings(town) == ["/start", "/fail"]
    assert (cli.folder / "metrics.prom").is_file()


def test_a_folder_that_cannot_be_used_keeps_nobody_from_the_report(cli: Cli, town: Town) -> None:
    (cli.folder / "file").touch()
    ran = cli(*("--mode", "production", "--output", "file"), env=town.mail_settings)
    assert ran.code == 7
    assert "The report could not be written to file: Not a directory." in ran.err
    assert [one.get_filename() for mail in town.mails for one in mail.iter_attachments()]


def test_a_run_that_is_stopped_while_it_sends_says_where_the_report_is(
    cli: Cli, town: Town
) -> None:
    async def never(mail: MailServer, _smtp: SMTP, _envelope: Envelope) -> str:
        os.kill(process.pid, signal.SIGTERM)
        await mail.never.wait()
        return "451 at last"

    town.mail.manners = Manners(data=[never])
    process = cli.start("--mode", "production", env=town.mail_settings)
    ran = cli.ended(process)
    assert ran.code == 143
    (report,) = (cli.folder / "reports").glob("*.html")
    assert f"Stopped while it was being sent; the report is reports/{report.name}." in ran.err
    assert len(outbox(cli)) == 1


def test_a_run_killed_between_acceptance_and_bookkeeping_loses_nothing(
    cli: Cli, town: Town
) -> None:
    """The letter in doubt is sent once more, under its Message-ID; whatever else, never again."""

    async def kill(mail: MailServer, smtp: SMTP, envelope: Envelope) -> str:
        mail.take(envelope)
        process.send_signal(signal.SIGKILL)
        process.wait()
        hang_up(smtp)
        return "250 nobody hears it"

    town.mail.manners = Manners(data=[kill, "250 OK"])
    process: subprocess.Popen[bytes] = cli.start("--mode", "production", env=town.mail_settings)
    assert process.wait() == -signal.SIGKILL
    process.communicate()
    (doubtful,) = town.mails
    assert len(outbox(cli)) == 1
    assert cli("--mode", "production", env=town.mail_settings).code == 0
    assert cli("deliver", env=town.mail_settings).code == 0
    first, new, second = town.mails
    assert first["Message-ID"] == second["Message-ID"] == doubtful["Message-ID"]
    assert new["Message-ID"] != first["Message-ID"]
    assert outbox(cli) == []


# --- audiences ----------------------------------------------------------------------------------

AUDIENCES = """
[[audience]]
name = "dba"
clients = ["db*"]
language = "ko"
mail = { to = ["dba@example.com"] }

[[audience]]
name = "web"
clients = ["web*"]
jobs = ["*-files"]
webhook_url_env = "WEB_HOOK_URL"
webhook_secret_env = "WEB_HOOK_SECRET"
"""


def test_each_audience_gets_its_own(cli: Cli, town: Town) -> None:
    cli.write("policy.toml", AUDIENCES)
    cli.write("password.hook", f"{town.web.url}{HOOK}\n")
    env = {
        **town.mail_settings,
        "REPORT_POLICY_FILE": "policy.toml",
        "REPORT_LINK_URL": "https://backup01.example",
        "WEB_HOOK_URL_FILE": "password.hook",
        "WEB_HOOK_SECRET": HOOK_SECRET,
    }
    ran = cli("--mode", "production", "--lang", "en", env=env)
    assert ran.code == 0
    everybody, dba = sorted(town.mails, key=lambda message: message["To"])
    assert dba["To"] == "dba@example.com"
    assert dba["Content-Language"] == "ko"
    stem = ran.path.name.removesuffix(".html")
    own = cli.folder / "reports" / f"{stem}.dba.html"
    assert attachment(dba) == (own.name, own.read_bytes())
    page = own.read_text("utf-8")
    assert '<html lang="ko"' in page
    assert "db01-fd" in page
    assert "web01-fd" not in page
    assert "web01-fd" not in part(dba, "plain") + part(dba, "html")
    assert f"https://backup01.example/{own.name}" in part(dba, "plain")
    assert attachment(everybody)[0] == ran.path.name
    assert "web01-fd" in cli_path(cli, ran).read_text("utf-8")
    (posted,) = town.web.posts
    assert posted.path == HOOK
    assert posted.headers["X-Bacula-Report-Signature"].startswith("sha256=")
    told = posted.json
    assert (told["audience"], told["language"]) == ("web", "en")
    assert told["link"] == f"https://backup01.example/{stem}.web.html"
    whole = json.loads(cli_path(cli, ran).with_suffix(".json").read_text())
    mine = [
        job
        for job in whole["jobs"]
        if job["client"].startswith("web") and job["name"].endswith("-files") and not job["copy_of"]
    ]
    assert sum(told["counts"].values()) == len(mine) > 0


def test_an_audience_whose_variable_is_not_set_ends_with_3(cli: Cli, town: Town) -> None:
    cli.write("policy.toml", AUDIENCES)
    env = {"REPORT_POLICY_FILE": "policy.toml", "WEB_HOOK_URL": f"{town.web.url}{HOOK}"}
    ran = cli("--mode", "test", env=env)
    assert ran.code == 3
    assert "WEB_HOOK_SECRET is not set. The audience web of the policy file needs it" in ran.err
    assert "REPORT_MAIL_HOST is not set. Mail needs it" in ran.err


def test_what_goes_wrong_for_one_audience_does_not_stop_another(
    tmp_path: Path, baculum: Baculum, town: Town
) -> None:
    """Here its page is lost on the way; a flaw of this program must not keep all mails back."""
    policy = read_policy(AUDIENCES.partition("\n\n")[0], "policy.toml")
    office = Office(tmp_path, baculum, dict(town.mail_settings))
    assessment = office.run(datetime.now(UTC)).assessment
    dispatch = Dispatch(read_delivery(office.values, policy), tmp_path / "again")
    report = Report(assessment, policy, datetime.now(UTC), "en")
    editions = dispatch.editions(report, [Format.HTML])
    assert [edition.ending for edition in editions] == ["html", "dba.html"]
    sent = dispatch.send(report, editions, {"html": "<html></html>"}, {})
    assert not sent.complete
    assert [message["To"] for message in town.mails] == [A, A]


def test_a_report_without_a_page_is_mailed_without_one(cli: Cli, town: Town) -> None:
    assert cli("--mode", "production", "--format", "json", env=town.settings).code == 0
    (message,) = town.mails
    assert list(message.iter_attachments()) == []
    assert "backup01.example" not in part(message, "plain")
    assert "attached" not in part(message, "plain")


# --- deliver ------------------------------------------------------------------------------------


def test_deliver_sends_a_given_report_again(cli: Cli, town: Town) -> None:
    cli.write("policy.toml", AUDIENCES.partition("\n\n")[0])
    env = {**town.settings, "REPORT_POLICY_FILE": "policy.toml"}
    ran = cli("--mode", "production", env=env)
    assert ran.code == 0
    before, posts = town.mails, len(town.web.posts)
    again = cli("deliver", str(ran.path.with_suffix(".json")), env=env)
    assert (again.code, again.out) == (0, "")
    assert len(town.mails) == 4
    for first, second in zip(before, town.mails[2:], strict=True):
        assert second.as_bytes() == first.as_bytes()
    # Of the watcher nothing is asked.
    assert [one.path for one in town.web.posts[posts:]] == [SLACK]


def test_deliver_of_what_is_no_report_is_a_usage_error(cli: Cli, town: Town) -> None:
    ran = cli("deliver", "reports/mail_20261121080000.html", env=town.mail_settings)
    assert ran.code == 2
    assert "There is no report reports/mail_20261121080000.html." in ran.err
    cli.write("mail_20261121080000.html", "old")
    ran = cli("deliver", "mail_20261121080000.html", env=town.mail_settings)
    assert ran.code == 2
    assert "nothing is kept that could be sent. Make the report anew" in ran.err
    assert town.mails == []


def test_deliver_needs_no_api_but_somebody_to_send_to(cli: Cli, town: Town) -> None:
    cli.environment.clear()
    assert cli("deliver").code == 2
    ran = cli("deliver", env=town.mail_settings)
    assert ran.code == 0
    assert "Nothing waits in the outbox." in ran.err


# --- check --------------------------------------------------------------------------------------


def test_check_tries_each_channel_and_sends_nothing(cli: Cli, town: Town) -> None:
    ran = cli("check", env=town.settings)
    assert ran.code == 0
    steps = [line.split(":")[0] for line in ran.out.splitlines()]
    assert steps[-4:] == ["✓ mail", "✓ slack", "✓ ping", "✓ textfile"]
    assert (town.mails, town.web.posts, town.mail.asked) == ([], [], [A])
    assert [path.name for path in cli.folder.iterdir()] == []


def test_check_of_a_channel_that_fails_ends_with_6_and_its_cure(cli: Cli, town: Town) -> None:
    town.mail.manners = Manners(rcpt={A: ["550 no such user"]})
    env = {**town.settings, "REPORT_TEXTFILE": "nowhere/metrics.prom"}
    ran = cli("check", env=env)
    assert ran.code == 6
    marks = [line[0] for line in ran.out.splitlines()]
    assert marks[-6:] == ["✗", " ", "✓", "✓", "✗", " "]
    assert "  → Check REPORT_MAIL_TO and REPORT_MAIL_CC" in ran.out
    assert cli("check", env={**env, "BACULUM_API_PASSWORD": "wrong"}).code == 4
    assert cli("check", env={**env, "REPORT_MAIL_TO": "nobody"}).code == 3


# --- secrets ------------------------------------------------------------------------------------


def test_no_secret_is_told_whatever_a_service_answers(cli: Cli, town: Town) -> None:
    """The fixture looks for them in all that was printed and written."""
    echo = f"no: {SLACK} {HOOK} {HOOK_SECRET} {MAIL_PASSWORD} {PING}".encode()
    with (
        WebServer(Answer(400, body=echo)) as rude,
        MailServer(
            Manners(mail=[f"550 {MAIL_PASSWORD} is wrong"]), login=("report", MAIL_PASSWORD)
        ) as mail,
    ):
        env = {
            **Town(mail, rude).settings,
            "REPORT_MAIL_USERNAME": "report",
            "REPORT_MAIL_PASSWORD": MAIL_PASSWORD,
            "REPORT_SLACK_URL": f"{rude.url}{SLACK}",
            "REPORT_WEBHOOK_URL": f"{rude.url}{HOOK}",
            "REPORT_WEBHOOK_SECRET": HOOK_SECRET,
            "REPORT_PING_URL": f"{rude.url}{PING}",
        }
        assert cli("--mode", "production", "-v", env=env).code == 6
        assert cli("--mode", "production", "--dry-run", env=env).code == 0
        assert cli("deliver", "--again", "-v", env=env).code == 6
        assert cli("check", env=env).code == 6


# --- with a clock -------------------------------------------------------------------------------


class Office:
    """One reports folder, and a run whenever one is asked for."""

    def __init__(self, folder: Path, baculum: Baculum, values: dict[str, str]) -> None:
        self.folder = folder
        self.values: dict[str, Any] = values
        self.api = read_api(settings_of(baculum))

    def run(self, now: datetime, policy: Policy | None = None) -> Result:
        order = Order(
            period=PeriodRequest(Mode.PRODUCTION),
            filters=Filters(),
            formats=[Format.HTML],
            now=now,
            host_zone=UTC,
            policy=policy or Policy(),
        )
        output = read_output({}, directory=str(self.folder / "reports"), language="en")
        delivery = read_delivery(self.values, policy)
        patience = Patience(tries=1, pause=0.001, lock=5.0)
        return run(order, self.api, output, delivery, patience=patience)


def test_problems_only_is_quiet_on_good_nights_but_for_a_weekly_sign_of_life(
    tmp_path: Path, baculum: Baculum, town: Town
) -> None:
    baculum.night = quiet_night()
    office = Office(tmp_path, baculum, {**town.mail_settings, "REPORT_MAIL_WHEN": "problems"})
    now = datetime.now(UTC)
    # The first one shows that the channel works.
    for minutes in (0, 1, 2):
        assert office.run(now + timedelta(minutes=minutes)).delivered
        assert len(town.mails) == 1
    told = json.loads((tmp_path / "reports/outbox/told.json").read_text())
    told["channels"]["mail"]["sent"] = (now - timedelta(days=7)).isoformat()
    (tmp_path / "reports/outbox/told.json").write_text(json.dumps(told))
    office.run(now + timedelta(minutes=10))
    assert len(town.mails) == 2
    assert "All good" in town.mails[-1]["Subject"]
    baculum.night = told_night(now, SEOUL)
    office.run(now + timedelta(minutes=11))
    assert "failed" in town.mails[-1]["Subject"]


def test_what_waited_is_sent_by_the_next_run_marked_late(tmp_path: Path, baculum: Baculum) -> None:
    with MailServer() as server:
        values = Town(server, WebServer()).mail_settings
    office = Office(tmp_path, baculum, values)
    now = datetime.now(UTC)
    assert not office.run(now).delivered
    with MailServer() as server:
        office.values["REPORT_MAIL_PORT"] = str(server.port)
        assert office.run(now + timedelta(hours=1)).delivered
        assert office.run(now + timedelta(hours=2)).delivered
        subjects = [one.message["Subject"] for one in server.received]
    assert [subject.startswith("[late, of ") for subject in subjects] == [False, True, False]


def test_a_password_that_travels_openly_is_told(
    tmp_path: Path, baculum: Baculum, town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    values = {
        **town.mail_settings,
        "REPORT_MAIL_HOST": "mail.invalid",
        "REPORT_MAIL_USERNAME": "report",
        "REPORT_MAIL_PASSWORD": MAIL_PASSWORD,
    }
    office = Office(tmp_path, baculum, values)
    assert not office.run(datetime.now(UTC)).delivered
    assert "The mail password travels unencrypted to mail.invalid" in caplog.text
