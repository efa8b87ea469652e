"""One host's story: from nothing to a report every morning, through changes, faults and removal.

The tests run in this order on the same host; each is one chapter.
"""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope

from app import __version__
from app.demo import Fault, FaultKind
from tests.deploy.conftest import PATIENCE, Api, Certificate, Host, wait_for
from tests.integration.deliver.mailserver import MailServer, Manners
from tests.integration.deliver.webserver import WebServer

FIRST = "first-0c7e \"q\" 'q' $HOME %h \\ #"
SECOND = "second-5b1d"
MAIL = 'mail-77aa "q" $HOME %h \\'
HOOK = "/hooks/hook-e19d"
TOKENS = (
    *("first-0c7e", "second-5b1d", base64.b64encode(FIRST.encode()).decode()[:12]),
    *("mail-77aa", "hook-e19d"),
)
REPORTS = "/var/lib/bacula-report/busan"
TEXTFILES = "/var/lib/node_exporter/textfile_collector"
TIMER = "bacula-report-main.timer"
SERVICE = "bacula-report-main.service"
AGAIN = "bacula-report-busan.deliver.service"


@pytest.fixture(scope="module")
def hook(api: Api) -> Iterator[WebServer]:
    """A web server on the machine's side of the host's network."""
    with WebServer(address=api.address) as server:
        yield server


@pytest.fixture(scope="module")
def mail_port(api: Api) -> int:
    """A free port for the mail server."""
    with socket.create_server((api.address, 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.fixture
def mail(api: Api, certificate: Certificate, mail_port: int) -> Callable[..., MailServer]:
    """Makes mail servers at this port, with STARTTLS and a login."""
    return partial(
        MailServer,
        address=api.address,
        port=mail_port,
        starttls=certificate.context(),
        login=("busan", MAIL),
    )


# --- a fresh host ---------------------------------------------------------------------------------


def test_missing_variables_stop_the_first_task_with_a_sentence_each(host: Host, api: Api) -> None:
    api.start(FIRST)
    host.set_password("")
    host.give(api_host="", api_username="", image_archive="")

    play = host.play("deploy", fails=True)

    for sentence in (
        "Set bacula_report_image (a registry's) or bacula_report_image_archive (a file), one of"
        " them.",
        "Instance main: bacula_report_api_host is not set.",
        "Instance main: bacula_report_api_username is not set.",
        "Instance main: bacula_report_api_password is not set; put it in the vault.",
    ):
        assert sentence in play.said
    assert not play.changed


def test_wrong_times_are_refused_before_anything_is_touched(
    host: Host, api: Api, archive: Path
) -> None:
    host.set_password(FIRST)
    host.give(
        api_host=api.address,
        api_port=api.port,
        api_username="report",
        image_archive=str(archive),
        on_calendar="at eight",
    )

    play = host.play("deploy", fails=True)

    assert (
        "Instance main: systemd does not understand bacula_report_on_calendar with"
        " bacula_report_timezone (at eight)." in play.said
    )
    assert not play.changed


def test_a_textfile_folder_of_somebody_else_is_refused(host: Host) -> None:
    host.give(on_calendar="*-*-* 08:00:00", textfile_dir="/etc/ssh")

    play = host.play("deploy", fails=True)

    assert "bacula_report_textfile_dir /etc/ssh is there and belongs to somebody else." in play.said
    assert not play.changed


def test_check_mode_on_a_fresh_host_foretells_the_first_run_which_is_followed_by_none(
    host: Host,
) -> None:
    # Something that is told of failures, and something to install.
    host.run(
        *("sh", "-c", 'printf "%s\\n" "$2" >"/etc/systemd/system/$1"', "-", "told@.service"),
        "[Service]\nType=oneshot\nExecStart=/bin/touch /run/told-%i",
    )
    host.give(
        packages=["podman", "bacula-report-probe"],
        textfile_dir=None,
        timezone="Asia/Seoul",
        arguments=["--fail-on=failed", '--job=*"$HOME%h\\'],
        on_failure=["told@%n.service"],
    )

    foretold = host.play("deploy", "--check", "--diff")
    first = host.play("deploy")
    second = host.play("deploy")

    # In check mode there is no timer yet that could be started.
    assert first.changed == foretold.changed | {"Start the timers"}
    assert second.changed == set()
    assert "ok installed" in host.run("dpkg-query", "--show", "-f=${Status}", "bacula-report-probe")


def test_the_timer_waits_for_eight_in_its_zone(host: Host) -> None:
    assert host.run("systemctl", "is-enabled", TIMER).strip() == "enabled"
    assert host.show(TIMER, "ActiveState") == "active"
    assert "*-*-* 08:00:00 Asia/Seoul" in host.show(TIMER, "TimersCalendar")
    assert host.show(TIMER, "Persistent") == "yes"


def test_systemd_and_quadlet_have_nothing_to_say_about_the_units(host: Host) -> None:
    generator = "/usr/lib/systemd/system-generators/podman-system-generator"
    told = host.run("sh", "-c", f"{generator} --dryrun 2>&1")

    assert "ExecStart=/usr/bin/podman run" in told
    assert "error" not in told.lower()
    assert "unsupported" not in told
    units = f"/etc/systemd/system/{TIMER} /run/systemd/generator/{SERVICE}"
    verified = host.run("sh", "-c", f"systemd-analyze verify {units} 2>&1")
    assert verified.strip() == ""


# --- runs -----------------------------------------------------------------------------------------


def test_verify_runs_the_job_and_names_its_report(host: Host) -> None:
    # Nothing of that job's name: no failure, so no news, and all words arrived as they were meant.
    play = host.play("verify")

    (report,) = host.reports()
    assert f"bacula-report-main.service works. Its report: {report}" in play.said
    document = json.loads(host.run("cat", report.replace(".html", ".json")))
    assert document["complete"] is True
    assert document["filters"]["job"] == ['*"$HOME%h\\']
    owner = host.run("stat", "--format=%U:%G %a", report, str(Path(report).parent))
    assert owner.split("\n")[:2] == [
        "bacula-report:bacula-report 640",
        "bacula-report:bacula-report 750",
    ]


def test_a_changed_time_changes_the_timer_only_and_it_really_fires(host: Host) -> None:
    before = host.reports()
    host.give(on_calendar="*:*:0/5", timezone=None, randomized_delay="0")
    assert host.play("deploy").changed == {"Write the timers", "Write the Quadlets"}

    wait_for(lambda: len(host.reports() - before) >= 2, "the timer to fire twice")


def test_news_about_backups_is_no_failure_of_the_job(host: Host) -> None:
    host.give(on_calendar="*-*-* 08:00:00", arguments=["--fail-on=failed"])
    assert host.play("deploy").changed == {"Write the timers", "Write the Quadlets"}

    assert host.service() == 1
    assert host.failed_units() == ""


def test_while_it_runs_its_password_is_nowhere_to_be_seen(host: Host, api: Api) -> None:
    assert api.server is not None
    slow = Fault("/api/", FaultKind.SLOW, times=1, seconds=8)
    api.server.faults.append(slow)
    host.run("systemctl", "start", "--no-block", SERVICE)
    wait_for(lambda: slow.seen, "the report to ask its first question")

    seen = (
        host.run("ps", "-e", "-w", "-w", "-o", "args")
        + host.run("podman", "inspect", "bacula-report-main")
        + host.run("podman", "secret", "inspect", "bacula-report-main-password")
        + host.run("systemctl", "show", SERVICE)
    )
    (inspected,) = json.loads(host.run("podman", "inspect", "bacula-report-main"))

    assert not [token for token in TOKENS if token in seen]
    assert "bacula-report-main-password" in seen
    assert inspected["HostConfig"]["ReadonlyRootfs"] is True
    assert inspected["EffectiveCaps"] in ([], None)
    assert "no-new-privileges" in inspected["HostConfig"]["SecurityOpt"]
    assert inspected["Config"]["User"] == "10001:10001"
    api.server.faults.clear()
    wait_for(lambda: host.show(SERVICE, "ActiveState") == "inactive", "the report to end")


# --- faults, and the password changed -------------------------------------------------------------


def test_a_wrong_password_fails_verify_with_the_reason_from_the_journal(
    host: Host, api: Api
) -> None:
    api.start(SECOND)

    play = host.play("verify", fails=True)

    assert "bacula-report-main.service failed: exit code 4, the API could not be used" in play.said
    assert "HTTP 401" in play.said


def test_a_failed_run_is_seen_and_told(host: Host) -> None:
    assert SERVICE in host.failed_units()
    assert host.run("ls", "/run").split().count(f"told-{SERVICE}") == 1


def test_a_new_password_changes_the_secret_only_and_the_next_run_uses_it(host: Host) -> None:
    host.set_password(SECOND)
    assert host.play("deploy", "--check").changed == {"Hand them over"}
    assert host.play("deploy").changed == {"Hand them over"}

    assert host.service() == 1
    assert host.failed_units() == ""


def test_an_api_that_is_gone_and_an_answer_with_gaps_fail_the_service(host: Host, api: Api) -> None:
    assert api.server is not None
    api.server.faults.append(Fault("joblog", FaultKind.STATUS))
    assert host.service(fails=True) == 5
    assert SERVICE in host.failed_units()

    api.stop()
    assert host.service(fails=True) == 4
    assert SERVICE in host.failed_units()

    api.start(SECOND)
    assert host.service() == 1
    assert host.failed_units() == ""


# --- a new version, and back ----------------------------------------------------------------------


def version(host: Host, tag: str = "current") -> str:
    form = '{{index .Labels "org.opencontainers.image.version"}}'
    image = f"localhost/bacula-report:{tag}"
    return host.run("podman", "image", "inspect", "--format", form, image).strip()


def test_an_upgrade_keeps_the_image_before_it(host: Host, next_archive: Path) -> None:
    host.give(image_archive=str(next_archive))

    assert host.play("deploy").changed == {
        "Copy the archive",
        "Load the archive",
        "Keep the image so far for a rollback",
        "Use the image from the next run on",
    }

    assert (version(host), version(host, "previous")) == ("99.0", __version__)
    assert "/var/tmp/bacula-report-image.tar" not in host.run("find", "/var/tmp")
    assert host.service() == 1


def test_a_rollback_returns_to_it_once(host: Host) -> None:
    assert host.play("rollback").changed == {"Use the previous image from the next run on"}
    assert version(host) == __version__
    assert host.service() == 1

    again = host.play("rollback")
    assert not again.changed
    assert f"uses the previous image, version {__version__}" in again.said


# --- several Directors, restarts, the end ---------------------------------------------------------


def test_two_directors_are_two_instances_and_one_of_them_delivers(
    host: Host, api: Api, archive: Path, certificate: Certificate, hook: WebServer, mail_port: int
) -> None:
    host.set_password(SECOND, busan_mail_password=MAIL, busan_hook=f"{hook.url}{HOOK}")
    busan = {
        "name": "busan",
        "on_calendar": "*-*-* 08:30:00",
        "environment": {"REPORT_TZ": "UTC"},
        "mail_host": api.address,
        "mail_port": mail_port,
        "mail_username": "busan",
        "mail_password": "{{ vault_bacula_report_busan_mail_password }}",
        "mail_ca_file": str(certificate.file),
        "mail_from": "Backup Busan <backup@example.com>",
        "mail_to": ["ops@example.com", "Boss <boss@example.com>"],
        "webhook_url": "{{ vault_bacula_report_busan_hook }}",
        "textfile_dir": TEXTFILES,
        "deliver_on_calendar": "",
    }
    host.give(image_archive=str(archive), retention="90d", instances=[{"name": "main"}, busan])

    play = host.play("deploy")

    assert "Load the archive" not in play.changed
    assert {"Hand them over", "Create the textfile folders"} <= play.changed
    timers = host.run("systemctl", "list-timers", "--no-pager", "bacula-report-*")
    assert "bacula-report-busan.timer" in timers
    assert TIMER in timers
    assert "REPORT_MAIL" not in host.run("cat", "/etc/bacula-report/main.env")
    kept = host.run("podman", "secret", "ls", "--format", "{{.Name}}").split()
    assert sorted(kept) == [
        "bacula-report-busan-password",
        "bacula-report-busan.mail-password",
        "bacula-report-busan.webhook-url",
        "bacula-report-main-password",
    ]


def test_a_letter_that_could_not_be_sent_fails_the_service_and_outlives_old_reports(
    host: Host, hook: WebServer, mail: Callable[..., MailServer]
) -> None:
    with mail(login=("busan", "another")) as server:
        assert host.service("busan", fails=True) == 6
    assert server.received == []
    assert len(hook.posts) == 1
    (report,) = host.reports("busan")

    old = f"{REPORTS}/mail_20200101080000.html"
    host.run("touch", old)
    host.run("find", REPORTS, "-name", "*.j*", "-exec", "touch", "--date=2020-01-01", "{}", "+")
    host.run("touch", "--date=2020-01-01", old)
    host.run("systemd-tmpfiles", "--clean")

    assert host.reports("busan") == {report}
    assert len(letters(host)) == 1


def letters(host: Host) -> list[str]:
    return host.run("find", f"{REPORTS}/outbox", "-name", "letter.json").split()


def test_the_next_run_sends_both_and_meanwhile_nothing_secret_is_to_be_seen(
    host: Host, mail: Callable[..., MailServer]
) -> None:
    reached, seen = threading.Event(), threading.Event()

    async def held(server: MailServer, _smtp: SMTP, envelope: Envelope) -> str:
        reached.set()
        await asyncio.to_thread(seen.wait, PATIENCE)
        server.take(envelope, tls=True)
        return "250 OK"

    unit = "bacula-report-busan.service"
    with mail(Manners(data=[held, "250 OK"])) as server:
        host.run("systemctl", "start", "--no-block", unit)
        assert reached.wait(PATIENCE)
        shown = (
            host.run("ps", "-e", "-w", "-w", "-o", "args")
            + host.run("podman", "inspect", "bacula-report-busan")
            + host.run("podman", "secret", "inspect", "bacula-report-busan.mail-password")
            + host.run("systemctl", "show", unit)
        )
        seen.set()
        wait_for(lambda: host.show(unit, "ActiveState") == "inactive", "the letters to be sent")

    assert "bacula-report-busan.mail-password" in shown
    assert not [token for token in TOKENS if token in shown]
    assert host.show(unit, "ExecMainStatus") == "1"
    assert letters(host) == []
    assert [one.recipients for one in server.received] == [
        ["ops@example.com", "boss@example.com"]
    ] * 2
    assert all(one.tls for one in server.received)
    numbers = f"{TEXTFILES}/bacula-report-busan.prom"
    assert host.run("stat", "--format=%U %a", numbers).strip() == "bacula-report 644"


def test_a_letter_that_is_refused_for_now_is_sent_before_the_next_report(
    host: Host, mail: Callable[..., MailServer]
) -> None:
    """A mail server that greylists refuses each letter at first."""
    with mail(Manners(data=["451 4.7.1 Try again later"])) as server:
        assert host.service("busan", fails=True) == 6
    assert len(letters(host)) == 1

    with mail() as server:
        host.give(instances=changed(host, "busan", deliver_on_calendar="*:*:0/5"))
        assert host.play("deploy").changed == {
            "Write the Quadlets that send what waits",
            "Write the timers that send what waits",
            "Start the timers that send what waits",
        }
        wait_for(lambda: not letters(host), "the letter to be sent")

    assert [one.recipients for one in server.received] == [["ops@example.com", "boss@example.com"]]
    wait_for(lambda: host.show(AGAIN, "ActiveState") == "inactive", "the sending to end")
    # Nothing waits: no container is started any more.
    wait_for(lambda: host.show(AGAIN, "ConditionResult") == "no", "the timer to fire once more")
    assert AGAIN not in host.failed_units()


def test_where_what_waits_is_left_to_the_next_report_the_timer_goes(host: Host) -> None:
    host.give(instances=changed(host, "busan", deliver_on_calendar=""))

    assert host.play("deploy").changed == {
        "Stop the timers that send what waits",
        "Remove the Quadlets that send what waits",
        "Remove the timers that send what waits",
    }
    assert host.show(AGAIN, "LoadState") == "not-found"
    assert ".deliver" not in host.run("systemctl", "list-timers", "--all", "--no-pager")

    host.give(instances=changed(host, "busan", deliver_on_calendar="*-*-* 00:00:00"))
    host.play("deploy")


def changed(host: Host, name: str, **values: str) -> list[dict[str, object]]:
    """The instances, one of them with other values."""
    given: list[dict[str, object]] = host.variables["bacula_report_instances"]
    return [{**one, **values} if one["name"] == name else one for one in given]


def test_verify_asks_each_channel(host: Host, mail: Callable[..., MailServer]) -> None:
    with mail() as server:
        play = host.play("verify")

    assert "bacula-report-busan.service works." in play.said
    assert len(server.received) == 1
    # By the run, and by the check.
    assert server.asked == ["ops@example.com", "boss@example.com"] * 2


def test_a_secret_that_is_no_longer_set_is_removed_and_nothing_else_changes(host: Host) -> None:
    main, busan = host.variables["bacula_report_instances"]
    host.give(instances=[main, {**busan, "webhook_url": ""}])

    assert host.play("deploy").changed == {
        "Write the settings",
        "Write the Quadlets",
        "Write the Quadlets that send what waits",
        "Remove secrets that are no longer set",
    }
    assert "bacula-report-busan.webhook-url" not in host.run("podman", "secret", "ls")


def test_a_restart_of_the_host_keeps_everything(host: Host) -> None:
    before = host.reports()

    host.restart()

    assert host.show(TIMER, "ActiveState") == "active"
    assert host.service() == 1
    assert len(host.reports()) == len(before) + 1


def test_an_instance_that_is_no_longer_listed_is_taken_off_and_its_reports_stay(host: Host) -> None:
    host.give(instances=[{"name": "main"}])
    host.play("deploy")

    left = host.run("find", "/etc", TEXTFILES, "-name", "*busan*")
    assert left == ""
    assert "busan" not in host.run("podman", "secret", "ls")
    assert host.reports("busan")
    assert host.failed_units() == ""


def test_the_passwords_were_never_told(host: Host) -> None:
    told = "".join(host.outputs) + host.whole_journal()

    assert "TASK [bacula_report : Hand them over]" in told
    assert f"UNIT={SERVICE}" in told
    assert not [token for token in TOKENS if token in told]
    for token in TOKENS:
        places = ["/etc", "/home", "/root", "/tmp", "/var/tmp", "/var/log", "/run/systemd"]
        places += ["/var/lib/systemd", "/var/lib/bacula-report", TEXTFILES]
        found = host.run("grep", "-rlaF", token, *places, check=False)
        assert found == ""
    # Podman's own store, which only root may read, holds the current one, encoded.
    store = "/var/lib/containers/storage/secrets"
    assert host.run("stat", "--format=%a", store).strip() == "700"
    assert host.run("grep", "-rlaF", SECOND, "/var/lib/containers/storage", check=False) == ""


def test_removal_keeps_the_reports_unless_told_otherwise(host: Host) -> None:
    reports = host.reports()
    assert host.play("remove").changed
    assert host.reports() == reports
    assert host.run("find", "/etc", "-name", "*bacula-report*", "-not", "-path", "*dpkg*") == ""
    assert host.run("podman", "secret", "ls", "--quiet") == ""
    assert host.run("podman", "images", "--quiet") == ""
    assert host.run("systemctl", "list-units", "--all", "--no-legend", "bacula-report*") == ""
    assert not host.play("remove").changed

    host.play("remove", "-e", "bacula_report_remove_reports=true")
    left = host.run("find", "/var/lib/bacula-report", "/var/log/bacula-report", check=False)
    assert left == ""
    assert "bacula-report" not in host.run("getent", "passwd")


def test_the_report_may_run_as_root_and_come_from_a_registry_and_ask_by_https(
    host: Host, api: Api, registry: str, certificate: Certificate
) -> None:
    api.start(SECOND, tls=certificate.context())
    host.run(
        *("sh", "-c", 'printf "%s\n" "$1" >/etc/containers/registries.conf.d/site.conf', "-"),
        f'[[registry]]\nlocation = "{registry.partition("/")[0]}"\ninsecure = true',
    )
    host.give(image=registry, image_archive="")
    host.give(user="root", retention="", api_scheme="https", api_ca_file=str(certificate.file))

    assert "Pull the image" in host.play("deploy").changed

    assert host.service() == 1
    (report,) = host.reports()
    assert host.run("stat", "--format=%U", report).strip() == "root"
