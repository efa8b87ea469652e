"""What docs/reliability.md says of faults is what the tests hold."""

from __future__ import annotations

from tests.faults.page import section, written


def test_the_document_has_the_table_that_is_tested() -> None:
    assert section() == written()
