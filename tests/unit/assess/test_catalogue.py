"""The catalogue of findings is whole, and the document says the same."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from app.assess.finding import Cause, Kind, Notice, Severity
from app.assess.findings.catalogue import CAUSES, TITLES, together
from app.assess.findings.hidden import DIFFERENCES, OTHER_FILE_SYSTEM
from app.assess.findings.missed import RAN_AGAIN
from app.i18n import Translator, msg
from app.policy import Policy, read_policy

DOCUMENT = (Path(__file__).parents[3] / "docs/findings.md").read_text("utf-8")
PARTS = ("Rule", "Thresholds", "From", "Blind spots")


def section(kind: Kind) -> str:
    """What the document says of a kind."""
    found = re.search(
        rf"^### [^\n]*: `{re.escape(kind.value)}`\n(.*?)(?=^##)", DOCUMENT, re.MULTILINE | re.DOTALL
    )
    return found[1] if found else ""


def test_the_document_has_each_kind_once_in_its_order_under_its_title() -> None:
    told = re.findall(r"^### (.*): `([a-z-]+)`$", DOCUMENT, re.MULTILINE)
    assert [(TITLES[kind], kind.value) for kind in Kind] == told


@pytest.mark.parametrize("kind", Kind)
def test_the_document_says_of_each_kind_how_much_it_matters_its_rule_and_its_limits(
    kind: Kind,
) -> None:
    text = section(kind)
    assert text.lstrip().split(maxsplit=1)[0].rstrip(".;").lower() in set(Severity)
    assert re.findall(r"^- \*\*(.*?)\.\*\* \S", text, re.MULTILINE) == list(PARTS)


def test_the_document_lists_each_cause_in_order() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \| \S", section(Kind.FAILED), re.MULTILINE)
    assert told == [cause.value for cause in Cause]
    assert list(CAUSES) == list(Cause)


def test_the_document_lists_each_key_of_the_policy_with_its_default() -> None:
    """A policy that says the defaults is the default one."""
    general = DOCUMENT.partition("## The kinds")[0]
    rows = re.findall(r"^\| `([a-z_]+)` \| (\d+) \| \S", general, re.MULTILINE)
    written = "\n".join(f"{key} = {value}" for key, value in rows)
    assert read_policy(written, "policy.toml") == Policy()
    assert len(rows) == len(fields(Policy)) - len(("rules", "mutes", "audiences"))


def test_the_example_in_the_document_is_a_policy() -> None:
    found = re.search(r"^```toml\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert found is not None
    policy = read_policy(found[1], "policy.toml", [kind.value for kind in Kind])
    assert (len(policy.rules), len(policy.mutes)) == (1, 1)


@pytest.mark.parametrize("count", [1, 2, 40])
@pytest.mark.parametrize("kind", Kind)
def test_each_kind_says_how_many_there_are(kind: Kind, count: int) -> None:
    notices = [
        Notice(kind, Severity.WARNING, msg("one"), cause=Cause.SCRIPT, job=f"job-{number}")
        for number in range(count)
    ]
    told = Translator("en").text(together(notices))
    assert told.endswith(".")
    assert re.findall(r"\d+", told) == [str(count)]


@pytest.mark.parametrize(
    ("kind", "detail", "sentence"),
    [
        (Kind.HIDDEN_ERRORS, "", "2 jobs ended, but not without errors."),
        (Kind.HIDDEN_ERRORS, DIFFERENCES, "2 Verifys found differences."),
        (Kind.HIDDEN_ERRORS, OTHER_FILE_SYSTEM,
         "2 jobs left out what lies on other file systems."),
        (Kind.MISSED, "", "2 jobs did not run though they were due."),
        (Kind.MISSED, RAN_AGAIN, "2 jobs did not run when they were due, but ran again since."),
    ],
)  # fmt: skip
def test_what_is_told_apart_says_so_together(kind: Kind, detail: str, sentence: str) -> None:
    one = Notice(kind, Severity.WARNING, msg("one"), detail=detail)
    assert str(together([one, one])) == sentence
