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

    assert set(instance) == {"name", "api_password", *inherited}
    for name in set(instance) - {"name"}:
        assert instance[name] == options[PREFIX + name]
    assert instance["api_password"]["no_log"] is True


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
