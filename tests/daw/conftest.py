"""A studio of its own for every test that asks for one."""

from collections.abc import Iterator

import pytest

from tests.daw.studio import Studio, why_no_daw


@pytest.fixture
def studio() -> Iterator[Studio]:
    """PipeWire and an empty home folder."""
    if why_not := why_no_daw():
        pytest.skip(why_not)
    with Studio() as found:
        yield found
