"""What can be said about the deployment without a host."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from app import __version__
from app.errors import ExitCode
from app.settings import SETTINGS
from tests.deploy.conftest import BIN, ENVIRONMENT, EXAMPLE, PLAYBOOKS, ROOT

ROLE = ROOT / "ansible/roles/bacula_report"
GUIDES = [ROOT / "docs/deployment.md", ROOT / "docs/deployment.ko.md"]
HANDOVERS = [ROOT / "docs/operations.md", ROOT / "docs/operations.ko.md"]
PREFIX = "bacula_report_"


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def defaults() -> dict[str, Any]:
    loaded: dict[str, Any] = load(ROLE / "defaults/main.yml")
    return loaded


def specs() -> dict[str, Any]:
    loaded: dict[str, Any] = load(ROLE / "meta/argument_specs.yml")["argument_specs"]
    return loaded


def run(*command: str | Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=ENVIRONMENT | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_ansible_lint_finds_nothing_by_its_strictest_profile(tmp_path: Path) -> None:
    told = run(
        *(BIN / "ansible-lint", "--offline", "--nocolor", "ansible"),
        ANSIBLE_HOME=str(tmp_path),
        XDG_CACHE_HOME=str(tmp_path),
    )
    assert "Profile 'production' was required, and it passed." in " ".join(told.split())


def test_yamllint_finds_nothing() -> None:
    assert run(BIN / "yamllint", "--strict", "ansible", ".ansible-lint", ".yamllint") == ""


def test_nothing_but_ansible_itself_is_needed() -> None:
    """No collection has to be brought to a site without a network."""
    modules = set()
    for path in [*(ROLE / "tasks").glob("*.yml"), *PLAYBOOKS.glob("*.yml")]:
        modules |= set(
            re.findall(r"^ +(?:- )?([a-z_]+\.[a-z_]+\.[a-z_]+):", path.read_text(), re.M)
        )
    assert modules
    assert {name for name in modules if not name.startswith("ansible.builtin.")} == set()


def test_every_default_is_specified_and_every_specified_variable_has_one() -> None:
    every = {name for entry in specs().values() for name in entry["options"]}
    assert every == set(defaults())


@pytest.mark.parametrize("entry", ["main", "verify", "remove"])
def test_every_default_is_of_its_type(entry: str) -> None:
    types = {"str": str, "path": str, "int": int, "bool": bool, "list": list, "dict": dict}
    for name, spec in specs()[entry]["options"].items():
        value = defaults()[name]
        assert isinstance(value, types[spec["type"]]), name
        assert value in spec.get("choices", [value]), name


def test_an_instance_may_say_what_the_variables_say() -> None:
    options = specs()["main"]["options"]
    instance = options[f"{PREFIX}instances"]["options"]
    inherited = load(ROLE / "vars/main.yml")[f"__{PREFIX}instance_defaults"]

    secret = load(ROLE / "vars/main.yml")[f"__{PREFIX}secret_defaults"]
    assert set(instance) == {"name", *secret, *inherited}
    assert not set(secret) & set(inherited)
    for name in set(instance) - {"name"}:
        assert instance[name] == options[PREFIX + name]
        assert instance[name].get("no_log", False) is (name in secret)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_the_guide_lists_every_variable_with_its_default(guide: Path) -> None:
    rows = re.findall(rf"^\| `({PREFIX}\w+)` \|(.*?)\| .+ \|$", guide.read_text("utf-8"), re.M)
    listed = {name: value.strip(" `") for name, value in rows}

    assert len(listed) == len(rows)
    assert listed == {name: _written(value) for name, value in defaults().items()}


def _written(value: Any) -> str:
    if value == "":
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value)


@pytest.mark.parametrize("guide", HANDOVERS, ids=lambda path: path.name)
def test_the_handover_tells_every_exit_code(guide: Path) -> None:
    rows = {int(code) for code in re.findall(r"^\| `(\d+)` \|", guide.read_text("utf-8"), re.M)}
    codes = load(ROLE / "vars/main.yml")[f"__{PREFIX}exit_codes"]

    assert set(ExitCode) <= rows
    assert {int(code) for code in codes} <= rows


# --- what the role makes of variables, without a host ---------------------------------------------

RENDER = """
- hosts: localhost
  connection: local
  gather_facts: false
  vars_files: ["{{ role }}/defaults/main.yml", "{{ role }}/vars/main.yml"]
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
    problems: "{{ lookup('template', role ~ '/templates/problems.j2') or '' }}"
    rendered: >-
      {%- set all = namespace(found={}) -%}
      {%- for item in __bacula_report_instances -%}
      {%- for name in ['settings.env', 'bacula-report.container'] -%}
      {%- set text = lookup('template', role ~ '/templates/' ~ name ~ '.j2',
                            template_vars={'item': item, '__bacula_report_task': 'report'}) -%}
      {%- set all.found = all.found | combine({item.name ~ ' ' ~ name: text}) -%}
      {%- endfor -%}
      {%- endfor -%}
      {{ all.found }}
  tasks:
    - ansible.builtin.copy:
        content: "{{ {'problems': problems, 'rendered': rendered} | to_json }}"
        dest: "{{ result }}"
        mode: "0600"
"""
SOUND = {
    "image": "registry.example.com/bacula-report:1.0",
    "api_host": "backup01.example.com",
    "api_username": "report",
    "api_password": "api-pa55",
}
MAILED = {
    "mail_host": "mail.example.com",
    "mail_username": "reporter",
    "mail_password": "mail-pa55",
    "mail_from": "Backup <backup@example.com>",
    "mail_to": ["ops@example.com", "Boss <boss@example.com>"],
}


def render(folder: Path, **variables: Any) -> tuple[list[str], dict[str, str]]:
    """Return the problems of variables, and the files that are made of them."""
    playbook, given, result = (folder / name for name in ("play.yml", "given.json", "result.json"))
    playbook.write_text(RENDER, "utf-8")
    told = {PREFIX + name: value for name, value in {**SOUND, **variables}.items()}
    # Not as name=value: a path may hold blanks.
    given.write_text(json.dumps({**told, "role": str(ROLE), "result": str(result)}))
    run(BIN / "ansible-playbook", "-i", "localhost,", "-e", f"@{given}", playbook)
    found = json.loads(result.read_text("utf-8"))
    return found["problems"].split("\n")[:-1], found["rendered"]


def settings(text: str) -> dict[str, str]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_without_delivery_nothing_of_it_is_deployed(tmp_path: Path) -> None:
    problems, files = render(tmp_path)

    assert problems == []
    assert list(settings(files["main settings.env"])) == [
        *("BACULUM_API_HOST", "BACULUM_API_PORT", "BACULUM_API_SCHEME", "BACULUM_API_USERNAME"),
        *("REPORT_DIR", "REPORT_LOG_DIR"),
    ]
    secrets = re.findall("(?m)^Secret=(.*)$", files["main bacula-report.container"])
    assert secrets == ["bacula-report-main-password,type=env,target=BACULUM_API_PASSWORD"]


def test_what_is_secret_goes_by_a_podman_secret_and_the_rest_by_the_settings(
    tmp_path: Path,
) -> None:
    hidden = {
        "slack_url": "https://hooks.example/slack-pa55",
        "webhook_url": "https://hooks.example/hook-pa55",
        "webhook_secret": "sign-pa55",
        "ping_url": "https://ping.example/ping-pa55",
        "proxy": "http://user:proxy-pa55@proxy.example:3128",
        "secrets": {"DBA_SLACK_URL": "https://hooks.example/dba-pa55"},
    }
    shown = {"slack_when": "problems", "textfile_dir": "/srv/textfile", "link_url": "https://x/r"}

    problems, files = render(tmp_path, **MAILED, **hidden, **shown, mail_port=2525)

    assert problems == []
    told = settings(files["main settings.env"])
    assert {name: told[name] for name in told if name.startswith("REPORT_")} == {
        "REPORT_DIR": "/reports",
        "REPORT_LOG_DIR": "/logs",
        "REPORT_MAIL_HOST": "mail.example.com",
        "REPORT_MAIL_PORT": "2525",
        "REPORT_MAIL_SECURITY": "starttls",
        "REPORT_MAIL_USERNAME": "reporter",
        "REPORT_MAIL_FROM": "Backup <backup@example.com>",
        "REPORT_MAIL_TO": "ops@example.com, Boss <boss@example.com>",
        "REPORT_MAIL_WHEN": "always",
        "REPORT_SLACK_WHEN": "problems",
        "REPORT_WEBHOOK_WHEN": "always",
        "REPORT_TEXTFILE": "/textfile/bacula-report-main.prom",
        "REPORT_LINK_URL": "https://x/r",
    }
    unit = files["main bacula-report.container"]
    assert "pa55" not in "".join(files.values())
    assert "Volume=/srv/textfile:/textfile:z\n" in unit
    assert re.findall("(?m)^Secret=bacula-report-main(.*),type=env,target=(.*)$", unit) == [
        ("-password", "BACULUM_API_PASSWORD"),
        (".mail-password", "REPORT_MAIL_PASSWORD"),
        (".slack-url", "REPORT_SLACK_URL"),
        (".webhook-url", "REPORT_WEBHOOK_URL"),
        (".webhook-secret", "REPORT_WEBHOOK_SECRET"),
        (".ping-url", "REPORT_PING_URL"),
        (".proxy", "REPORT_PROXY"),
        (".DBA_SLACK_URL", "DBA_SLACK_URL"),
    ]


def test_every_setting_the_role_writes_is_one_of_the_program(tmp_path: Path) -> None:
    services = ("slack", "mattermost", "discord", "teams", "google_chat", "webhook", "ping")
    urls = {f"{service}_url": "https://hooks.example/x" for service in services}
    file = {name: str(ROLE / "README.md") for name in ("mail_ca_file", "ca_file", "policy_file")}
    rest = {"mail_cc": ["a@example.com"], "mail_reply_to": "b@example.com", "webhook_secret": "s"}

    problems, files = render(tmp_path, **MAILED, **urls, **file, **rest, textfile_dir="/srv/text")

    assert problems == []
    names = set(settings(files["main settings.env"]))
    names |= set(re.findall(",target=(.*)", files["main bacula-report.container"]))
    known = {setting.name for setting in SETTINGS}
    assert names <= known
    delivery = {
        name for name in known if re.match("REPORT_(MAIL|PING|.*_(URL|WHEN|SECRET)$)", name)
    }
    optional = {"REPORT_MAIL_PORT", "REPORT_LINK_URL"}
    assert {name for name in delivery if not name.endswith("_FILE")} - optional <= names


def test_an_instance_may_switch_off_what_the_others_have(tmp_path: Path) -> None:
    off = {"name": "silent", "mail_host": "", "webhook_url": ""}
    problems, files = render(
        tmp_path,
        **MAILED,
        webhook_url="https://hooks.example/x",
        webhook_secret="s",
        instances=[{"name": "main"}, off],
    )

    assert problems == []
    assert "REPORT_WEBHOOK_SECRET" in files["main bacula-report.container"]
    assert "REPORT_MAIL" not in files["silent settings.env"]
    assert files["silent bacula-report.container"].count("Secret=") == 1


def test_each_contradiction_is_told_in_a_sentence_without_secrets(tmp_path: Path) -> None:
    cases: dict[str, tuple[dict[str, Any], str]] = {
        "nohost": ({"mail_to": ["a@example.com"]}, "mail_to is set, but bacula_report_mail_host"),
        "loop": ({**MAILED, "mail_host": "localhost"}, "mail_host localhost is the container"),
        "scheme": ({**MAILED, "mail_host": "smtp://m"}, "mail_host must be a host name"),
        "port": ({**MAILED, "mail_port": "smtp"}, "mail_port must be a number from 1 to 65535"),
        "login": ({**MAILED, "mail_password": ""}, "mail_username and bacula_report_mail_password"),
        "ca": (
            {**MAILED, "mail_security": "plain", "mail_ca_file": "/x"},
            "mail_ca_file is for bacula_report_mail_security starttls or tls",
        ),
        "nofile": ({**MAILED, "mail_ca_file": "/no/file"}, "mail_ca_file /no/file is no file"),
        "from": ({**MAILED, "mail_from": ""}, "mail_from is not set"),
        "to": ({**MAILED, "mail_to": []}, "mail_to is empty"),
        "address": ({**MAILED, "mail_cc": ["boss"]}, "mail_from, _to, _cc and _reply_to must be"),
        "user": ({**MAILED, "mail_username": "a\nREPORT_X=1"}, "mail_username must be one line"),
        "line": ({**MAILED, "mail_password": "pa55\npa55"}, "mail_password must be one line"),
        "url": ({"slack_url": "hooks.example/pa55"}, "slack_url must be a web address"),
        "self": ({"ping_url": "http://127.0.0.1:8000/pa55"}, "ping_url leads to the container"),
        "sign": ({"webhook_secret": "pa55"}, "webhook_secret is set, but"),
        "text": ({"textfile_dir": "textfile"}, "textfile_dir must be an absolute path"),
        "link": ({"link_url": "https://u:pa55@x"}, "link_url must be a web address without user"),
        "webca": ({"ca_file": "/no/file"}, "ca_file /no/file is no file"),
        "name": ({"secrets": {"dba": "pa55"}}, "secrets takes names of capitals"),
        "double": ({"secrets": {"REPORT_PING_URL": "pa55"}}, "secrets has REPORT_PING_URL"),
        "env": (
            {"environment": {"REPORT_PING_URL": "https://x/pa55"}},
            "environment is written to a file; REPORT_PING_URL is secret",
        ),
    }
    instances = [{"name": name, **said} for name, (said, _) in cases.items()]

    problems, _ = render(tmp_path, instances=instances)

    told = {line.split(":")[0].removeprefix("Instance "): line for line in problems}
    assert set(told) == set(cases)
    for name, (_, sentence) in cases.items():
        assert f"Instance {name}: bacula_report_{sentence}" in told[name]
    assert len(problems) == len(cases)
    assert "pa55" not in "".join(problems)


# --- the example, the playbooks -------------------------------------------------------------------


def test_the_example_inventory_names_only_variables_that_exist() -> None:
    text = (EXAMPLE / "group_vars/bacula_report/main.yml").read_text("utf-8")
    named = set(re.findall(rf"^(?:# )?({PREFIX}\w+):", text, re.M))
    vault = set(re.findall(r"\bvault_\w+", text))
    kept = set(load(EXAMPLE / "group_vars/bacula_report/vault.yml.example"))

    assert named <= set(defaults())
    assert f"dist/bacula-report-{__version__}.tar" in text
    assert kept <= vault


def test_the_playbooks_are_sound() -> None:
    for playbook in PLAYBOOKS.glob("*.yml"):
        run(BIN / "ansible-playbook", "--syntax-check", "-i", EXAMPLE, playbook)
