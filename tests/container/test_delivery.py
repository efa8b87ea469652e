"""The report leaves its container: a real mail server on this machine's side of the network.

The image runs as it is meant to be run: nothing can be written but the volume, and its user is
nobody here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from docker.models.containers import Container

from tests.container.conftest import PASSWORD, Ended, Rig, credentials
from tests.integration.deliver.mailserver import MailServer, Received

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
MAIL_PASSWORD = "battery-staple-31a7"
READER, BOSS = "ops@example.com", "boss@example.com"
Report = Callable[..., Ended]


@pytest.fixture(scope="module")
def gateway(rig: Rig, baculum: Container) -> str:
    """Where the containers find this machine; its address is there once one of them runs."""
    assert baculum.name
    rig.network.reload()
    (subnet,) = rig.network.attrs["IPAM"]["Config"]
    return str(subnet["Gateway"])


@pytest.fixture
def mail(gateway: str) -> Iterator[MailServer]:
    """A mail server that wants a login."""
    with MailServer(address=gateway, login=("reporter", MAIL_PASSWORD)) as server:
        yield server


@pytest.fixture(scope="module")
def both_secrets(rig: Rig) -> Mapping[str, Any]:
    """The API's password and the mail server's."""
    return rig.secrets(baculum=PASSWORD, mail=MAIL_PASSWORD)


@pytest.fixture
def report(rig: Rig, baculum: Container, both_secrets: Mapping[str, Any], gateway: str) -> Report:
    """Run the report with mail set up; `port` is the mail server's."""

    def run(
        *arguments: str,
        port: int,
        volume: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Ended:
        return rig.run(
            *(arguments or ("--mode", "test")),
            network=rig.network.name,
            environment={
                **credentials(),
                "BACULUM_API_HOST": str(baculum.name),
                "REPORT_MAIL_HOST": gateway,
                "REPORT_MAIL_PORT": str(port),
                "REPORT_MAIL_SECURITY": "plain",
                "REPORT_MAIL_USERNAME": "reporter",
                "REPORT_MAIL_PASSWORD_FILE": "/run/secrets/mail",
                "REPORT_MAIL_FROM": "Bacula <bacula@example.com>",
                "REPORT_MAIL_TO": READER,
                "REPORT_MAIL_CC": BOSS,
                **(environment or {}),
            },
            volumes={**both_secrets, (volume or rig.volume()): {"bind": "/reports", "mode": "rw"}},
        )

    return run


def attached(mail: Received) -> list[Any]:
    """What is attached to a mail."""
    return [part.get_payload(decode=True) for part in mail.message.iter_attachments()]


def test_the_report_arrives_by_mail_with_the_page_attached(
    report: Report, mail: MailServer
) -> None:
    ended = report(port=mail.port)

    assert ended.code == 0, ended.stderr
    assert ended.stdout == f"/reports/{ended.report.name}\n"
    (received,) = mail.received
    assert received.recipients == [READER, BOSS]
    text, html = (received.message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert attached(received) == [ended.report.content]
    assert ended.letters == []


def test_no_password_of_the_mail_server_is_to_be_seen(report: Report, mail: MailServer) -> None:
    ended = report("--mode", "test", "--verbose", port=mail.port)
    seen = [ended.stdout, ended.stderr, json.dumps(ended.inspected)]
    seen += [file.content.decode() for file in ended.reports]
    seen += [one.content.decode() for one in mail.received]

    assert len(mail.received) == 1
    assert not [text for text in seen if MAIL_PASSWORD in text]


def test_what_could_not_be_sent_waits_in_the_volume_and_the_next_run_sends_it(
    rig: Rig, report: Report, gateway: str
) -> None:
    volume = rig.volume()
    with MailServer(address=gateway, login=("reporter", MAIL_PASSWORD)) as gone:
        port = gone.port

    first = report(port=port, volume=volume)

    assert first.code == 6, first.stderr
    (letter,) = first.letters
    assert (letter.owner, letter.group, letter.mode) == (10001, 10001, 0o640)

    with MailServer(address=gateway, port=port, login=("reporter", MAIL_PASSWORD)) as back:
        second = report(port=port, volume=volume)

        assert second.code == 0, second.stderr
        assert second.letters == []
        assert len(back.received) == 2
        assert len({one.message["Message-ID"] for one in back.received}) == 2


def test_what_waits_can_be_sent_without_a_new_report(
    rig: Rig, report: Report, mail: MailServer
) -> None:
    volume = rig.volume()
    wrong = {"REPORT_MAIL_PASSWORD": "not-it", "REPORT_MAIL_PASSWORD_FILE": ""}
    assert report(port=mail.port, volume=volume, environment=wrong).code == 6

    ended = report("deliver", port=mail.port, volume=volume)

    assert ended.code == 0, ended.stderr
    assert len(mail.received) == 1
    assert ended.letters == []
    assert len([file for file in ended.reports if "outbox" not in file.folder]) == 2


@pytest.mark.parametrize("argument", ["--no-send", "--dry-run"])
def test_nothing_is_sent_when_told_so(report: Report, mail: MailServer, argument: str) -> None:
    ended = report("--mode", "test", argument, port=mail.port)

    assert ended.code == 0, ended.stderr
    assert mail.asked == []
    assert ended.letters == []


def test_check_asks_for_the_recipients_and_sends_nothing(report: Report, mail: MailServer) -> None:
    ended = report("check", port=mail.port)

    assert ended.code == 0, ended.stdout + ended.stderr
    assert mail.asked == [READER, BOSS]
    assert mail.received == []


def test_the_textfile_is_written_beside_the_reports(report: Report, mail: MailServer) -> None:
    ended = report(port=mail.port, environment={"REPORT_TEXTFILE": "/reports/bacula.prom"})

    assert ended.code == 0, ended.stderr
    (numbers,) = [file for file in ended.reports if file.name == "bacula.prom"]
    assert (numbers.owner, numbers.mode) == (10001, 0o644)
    assert b"bacula_report_last_run_timestamp_seconds{" in numbers.content
