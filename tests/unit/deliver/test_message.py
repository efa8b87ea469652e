"""The mail as bytes: whatever is put in comes out again, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.deliver.mail.address import Address, read_address, read_addresses
from app.deliver.mail.message import Envelope, build
from app.deliver.model import Letter, Page
from tests.unit.deliver.made import a_letter, a_parcel

SENDER = Address("", "report", "example.com")
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=250)


def parsed(letter: Letter, envelope: Envelope | None = None) -> EmailMessage:
    content = build(letter, envelope or Envelope(SENDER, (SENDER,)))
    return BytesParser(policy=default).parsebytes(content)


def words(text: str) -> str:
    return "".join(text.split())


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_any_subject_comes_out_again(subject: str) -> None:
    """Blanks may be folded; no letter is lost and no header is made."""
    letter = a_letter(a_parcel(subject=subject, page=None))
    message = parsed(letter)
    visible = words(subject) if subject.isprintable() else None
    if visible is not None:
        assert words(str(message["Subject"])) == visible
    assert message.get_all("To") == ["report@example.com"]


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_any_name_comes_out_again(name: str) -> None:
    sender = Address(" ".join(name.split()), "report", "example.com")
    message = parsed(a_letter(a_parcel(page=None)), Envelope(sender, (SENDER,)))
    (address,) = message["From"].addresses
    assert address.addr_spec == "report@example.com"
    if name.isprintable() and "=?" not in name:
        assert words(address.display_name) == words(name)


@given(TEXTS.map(lambda text: text.replace("\r", "")), st.text(max_size=100))
@settings(max_examples=100, deadline=None)
def test_any_body_comes_out_again(text: str, hostile: str) -> None:
    """Lines that look like boundaries or ends of mails are just text."""
    body = f"{text}\n.\n\n--=_m_x\nFrom me\n{hostile}"
    message = parsed(a_letter(a_parcel(text=body, html="<p>x</p>")))
    part = message.get_body(("plain",))
    assert part is not None
    assert ".\n\n--=_m_x\nFrom me\n" in part.get_content()
    assert len(list(message.walk())) == 5


def test_the_same_letter_gives_the_same_bytes() -> None:
    """A duplicate is told by its Message-ID, and is no other mail."""
    letter = a_letter(a_parcel(page=Page("p.html", b"x" * 3_000_000)))
    envelope = Envelope(SENDER, (SENDER,))
    assert build(letter, envelope) == build(replace(letter), envelope)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", []),
        ("a@example.com", [("", "a@example.com")]),
        (" a@example.com , b@example.com,", [("", "a@example.com"), ("", "b@example.com")]),
        ("관리자 <a@example.com>", [("관리자", "a@example.com")]),
        ('"김, 관리" <a@example.com>;b@e.com', [("김, 관리", "a@example.com"), ("", "b@e.com")]),
        ("Ops <ops+bacula@example.com>", [("Ops", "ops+bacula@example.com")]),
        ("root@localhost", [("", "root@localhost")]),
        ("a@백업.example", [("", "a@xn--3h3b68o.example")]),
    ],
)
def test_addresses_are_read_as_people_write_them(
    written: str, expected: list[tuple[str, str]]
) -> None:
    assert [(one.name, one.envelope) for one in read_addresses(written)] == expected


@pytest.mark.parametrize(
    "written",
    [
        "nobody",
        "@example.com",
        "a@",
        "a b@example.com",
        "a@b@example.com>",
        "a@exa mple.com",
        "a@example..com",
        "a@-",
        ".a@example.com",
        "a..b@example.com",
        "a@example.com\r\nRCPT TO:<evil@example.com>",
        "a\nb <a@example.com>",
        "<>",
        "Name <a@example.com",
        "a@" + "x" * 300 + ".com",
    ],
)
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_address(written)


@given(st.text(max_size=60))
def test_an_address_never_holds_what_smtp_would_mistake(written: str) -> None:
    try:
        address = read_address(f"{written}@example.com")
    except ValueError:
        return
    assert not set(address.envelope) & set("\r\n\0 <>,;")
