"""A PipeWire of its own for every test that asks for one."""

from collections.abc import Iterator

import pytest

from tests.daw.pipewire import PipeWire, why_no_daw


@pytest.fixture
def pipewire() -> Iterator[PipeWire]:
    """A running PipeWire; what it wrote is printed, which pytest shows of a test that failed."""
    if why_not := why_no_daw():
        pytest.skip(why_not)
    with PipeWire() as found:
        yield found
        print(found.log())
