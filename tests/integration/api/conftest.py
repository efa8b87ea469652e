"""What holds for every test that asks an API."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="module")
def no_socket_left() -> Iterator[None]:
    """One that nobody closed is told when it is collected, and that is an error in these tests."""
    yield
    gc.collect()
